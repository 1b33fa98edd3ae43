/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header in front of each packet of a virtio network device (virtio 1.2, 5.1.6), and what it means to a queue:
 * what the guest asks of a packet that it sends, and what it is told of one that it receives. Pure.
 */
#ifndef XSK_VHOST_REQUEST_H
#define XSK_VHOST_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "net_backend.h"
#include "virtio_uapi.h"

/* Features of virtio that change how a packet or its header looks. */
struct request_features {
	uint8_t header_bytes; /* 10, 12 or 20 */
	bool guest_csum;      /* the guest takes a checksum that is not completed */
};

/* Of what driver and device have agreed on. */
struct request_features request_features(uint64_t features);

/* How much of a packet's front request_read() wants to see: what lies behind it is not read. */
#define REQUEST_LOOK_BYTES 192

/*
 * Translate a header into the requests of meta: flags, the lengths of the headers, the places of the checksum.
 * front holds the packet's first front_bytes bytes, as many as there are up to REQUEST_LOOK_BYTES; it is looked at
 * only where segmentation is asked for. Whether the packet is what the request says is for the endpoint to judge.
 * Return: true; false: no packet that virtio allows.
 */
bool request_read(const struct virtio_net_hdr_v1 *header, const uint8_t *front,
		  uint32_t front_bytes, struct net_tx_metadata *meta);

/* Does the header ask for anything? */
static inline bool request_is_any(const struct virtio_net_hdr_v1 *header)
{
	return header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM ||
	       header->gso_type != VIRTIO_NET_HDR_GSO_NONE;
}

/* The header of a received frame over buffers buffers; written whole. The hash is none. */
void request_write(struct virtio_net_hdr_v1_hash *header, struct request_features features,
		   const struct net_rx_metadata *metadata, uint32_t buffers);

#endif
