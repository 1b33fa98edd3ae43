/* SPDX-License-Identifier: BSD-2-Clause */
/* What newer kernels have and the oldest supported headers (6.1) lack: all of AF_XDP and its
 * sockets. host/netdev_uapi.h has what interfaces and network namespaces are asked. Each use is
 * probed at run time. */
#ifndef NET_XDP_UAPI_H
#define NET_XDP_UAPI_H

#include <linux/if_xdp.h>
#include <stdint.h>
#include <sys/socket.h>

#ifndef XDP_USE_SG
#define XDP_USE_SG (1 << 4) /* 6.6 */
#endif
#ifndef XDP_PKT_CONTD
#define XDP_PKT_CONTD (1 << 0) /* 6.6 */
#endif
#ifndef XDP_TX_METADATA
#define XDP_TX_METADATA (1 << 1) /* 6.8 */
#endif
#ifndef XDP_TXMD_FLAGS_CHECKSUM
#define XDP_TXMD_FLAGS_CHECKSUM (1 << 1) /* 6.8 */
#endif
#ifndef XDP_UMEM_TX_METADATA_LEN
#define XDP_UMEM_TX_METADATA_LEN (1 << 2) /* 6.11, and stable 6.10.3 */
#endif
#ifndef XDP_MAX_TX_SKB_BUDGET
#define XDP_MAX_TX_SKB_BUDGET 9 /* 6.17 */
#endif
#ifndef BPF_F_XDP_DEV_BOUND_ONLY
#define BPF_F_XDP_DEV_BOUND_ONLY (1U << 6) /* 6.3 */
#endif
#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69 /* 5.11 */
#endif
#ifndef SO_BUSY_POLL_BUDGET
#define SO_BUSY_POLL_BUDGET 70 /* 5.11 */
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* 6.2 */
#endif
#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif

/* The kernel puts XDP_PACKET_HEADROOM bytes in front of each received frame in its chunk. */
#define XDP_FRAME_HEADROOM 256
/* In zero-copy mode with several buffers a chunk ends with a struct skb_shared_info. */
#define XDP_SHARED_INFO_BYTES 320
/* The largest headroom: behind it skb_shared_info and the shortest frame must fit (xdp_umem.c). */
#define XDP_UMEM_HEADROOM_MAX(chunk) ((chunk)-256 - XDP_SHARED_INFO_BYTES - 128)

/* struct xdp_umem_reg with its last field, which 6.8 put where padding was. */
struct xsk_umem_reg {
	uint64_t addr, len;
	uint32_t chunk_size, headroom, flags, tx_metadata_len;
};

/* struct xsk_tx_metadata as of 6.15, of which we ask for checksums only. It lies right in front of the
 * bytes of a packet's first descriptor, if that has XDP_TX_METADATA. */
struct xsk_tx_request {
	uint64_t flags; /* XDP_TXMD_FLAGS_* */
	uint16_t csum_start, csum_offset;
	uint32_t zero;
	uint64_t launch_time;
};
#define XSK_TX_REQUEST_BYTES 24

/* Bit of a driver's xsk-features: fills in checksums in zero copy. */
#define XSK_FEATURE_TX_CHECKSUM (1 << 1)

/* Most descriptors of one packet in copy mode: MAX_SKB_FRAGS + 1, with the smallest MAX_SKB_FRAGS
 * that a kernel can be built with. */
#define XDP_COPY_TX_DESCRIPTORS 18

#endif
