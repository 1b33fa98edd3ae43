/* SPDX-License-Identifier: BSD-2-Clause */
/* What fits where, and what a zero-copy bind would run into: rules about frames, chunks and
 * drivers. Pure: nothing is asked of the kernel. bind obeys them, and predict.c tells them
 * beforehand. */
#ifndef NET_XDP_RULES_H
#define NET_XDP_RULES_H

#include "net_xdp.h"

/* A frame beyond the MTU: Ethernet header and one VLAN tag. max_frame_bytes counts them. */
#define RULES_ETHERNET_BYTES 18
/* veth_xdp_set(): one page less headroom, skb_shared_info and Ethernet header. Other drivers have
 * about the same limit for a program that knows frames in one buffer only. */
#define RULES_SINGLE_BUFFER_MTU	  3506
#define RULES_LARGEST_FRAME_BYTES 9216 /* of max_frame_bytes */
#define RULES_LARGEST_CHUNK_BYTES 4096
#define RULES_MULTI_BUFFER_SINCE  NET_XDP_KERNEL(6, 6)

/* ---- Sizes ------------------------------------------------------------------------------------ */

/* Are frames larger than a chunk wanted? Then every frame is gathered through the private area. */
bool rules_is_jumbo(const struct net_xdp_config *c);
/* What a chunk must hold behind its headroom so that a zero-copy bind takes such frames. */
uint32_t rules_zero_copy_bytes(uint32_t max_frame_bytes);
/* The UMEM's headroom: what is between the kernel's own 256 bytes and the frame. */
uint32_t rules_headroom(const struct net_xdp_config *c, bool zero_copy);
/* What a chunk holds behind all headroom: the capacity of a direct buffer. */
uint32_t rules_direct_capacity(const struct net_xdp_config *c, bool zero_copy);
/* How many chunks a frame of this size may come in. In zero copy the kernel keeps the end of each for
 * itself and gives the NIC whole steps of 128 bytes (xsk_pool_get_rx_frame_size()). */
uint32_t rules_rx_pieces(uint32_t max_frame_bytes, uint32_t chunk_bytes, bool zero_copy);
/* Most descriptors of a frame with a tag that is copied together, from a slot that begins with a page: each page is
 * cut where the page ends, and where a chunk does that has room for a request. 1 unless frames are jumbo. */
uint32_t rules_tx_pieces(const struct net_xdp_config *c);
/* Descriptors of one sent packet. multi_buffer: the kernel knows XDP_USE_SG (6.6). */
uint32_t rules_tx_descriptors(const struct net_xdp_config *c, const struct net_xdp_device *device,
			      bool multi_buffer, bool zero_copy);
/* The largest frame that is received whole, and the largest MTU up to which neither a frame nor
 * this mode is lost. */
uint32_t rules_largest_frame(const struct net_xdp_config *c, const struct net_xdp_device *device,
			     bool zero_copy);
uint32_t rules_largest_mtu(const struct net_xdp_config *c, const struct net_xdp_device *device,
			   bool zero_copy);

/* ---- Zero copy -------------------------------------------------------------------------------- */

/* May a bind end in zero copy? Until it has said so, chunks obey that mode's stricter rules. native: the
 * program runs in the driver. */
bool rules_may_zero_copy(const struct net_xdp_config *c, const struct net_xdp_device *device,
			 bool native);

/* What is to be said against zero copy before the kernel is asked. */
struct objection {
	int error;  /* 0: none, or no more than a remark; else the -errno of a rung not tried */
	bool tried; /* with an error: zero copy was forced, and is tried all the same */
	enum net_xdp_reason reason;
	const char *source; /* as in struct net_xdp_finding */
	char why[112];	    /* "" nothing to say */
	char remedy[112];   /* "" none known */
};

/* page_bytes: the largest pages of the memory, 4096 when that is not known. */
void rules_zero_copy(const struct net_xdp_config *c, const struct net_xdp_device *device,
		     bool native, uint32_t page_bytes, struct objection *out);

/* Why bind() failed, for a person: what it means, and what to do. goes_on: mode auto tries copy
 * next, and is no advice then. */
const char *rules_bind_hint(int error, bool zero_copy, bool goes_on,
			    const struct net_xdp_device *device);

#endif
