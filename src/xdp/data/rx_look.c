// SPDX-License-Identifier: BSD-2-Clause
/* Receive: what metadata tells of a frame's bytes. */
#include "base/checksum.h"
#include "program/vlan_hint.h"
#include "xdp/data/rx_burst.h"

/* Return: as checksum_inspect(). */
static bool look_at_checksums(const struct net_xdp_queue *q, struct net_rx_metadata *metadata,
			      uint8_t *frame, uint32_t present)
{
	const bool complete = q->rx_checksum == NET_XDP_RX_CHECKSUM_COMPLETE;
	const uint32_t len = metadata->len_bytes;

	if (q->rx_checksum == NET_XDP_RX_CHECKSUM_PARTIAL)
		return checksum_partial(frame, present, len, metadata);
	return rx_needs_all(q) && present == len &&
	       checksum_inspect(frame, len, q->rx_source, complete, metadata);
}

bool rx_find_out(const struct net_xdp_queue *q, struct net_rx_metadata *metadata, uint8_t *frame,
		 uint32_t present, const uint8_t *hint)
{
	struct vlan_hint vlan;

	if (q->rx_vlan) {
		memcpy(&vlan, hint, sizeof(vlan));
		if (vlan.state == VLAN_HINT_PRESENT) {
			metadata->has_vlan = 1;
			metadata->vlan_tci = vlan.tci;
		}
	}
	return look_at_checksums(q, metadata, frame, present);
}

void rx_count_told(struct net_xdp_queue *q, const struct net_rx_metadata *metadata, bool longer)
{
	if (metadata->has_vlan)
		count_up(q, NET_XDP_RX_VLAN, 1);
	if (longer)
		count_up(q, NET_XDP_RX_LONGER, 1);
}

void rx_look_at(struct net_xdp_queue *q, struct net_rx_metadata *metadata, uint8_t *frame,
		uint32_t present, const uint8_t *hint)
{
	rx_count_told(q, metadata, rx_find_out(q, metadata, frame, present, hint));
}

/* Where the frame of a descriptor starts, in our mapping. See deliver_one(). */
static inline uint8_t *frame_of(const struct net_xdp_queue *q, const struct xdp_desc *d)
{
	return q->memory->base + (d->addr & RX_OFFSET) + (d->addr >> 48);
}

void rx_look_at_last(struct net_xdp_queue *q, struct net_rx_metadata *metadata, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *frame = frame_of(q, ring_descriptor(&q->xsk.rx, q->xsk.rx.mine - n + i));

		rx_look_at(q, &metadata[i], frame, metadata[i].len_bytes,
			   frame - sizeof(struct vlan_hint));
	}
}

void rx_prefetch(const struct net_xdp_queue *q, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		__builtin_prefetch(frame_of(q, ring_descriptor(&q->xsk.rx, q->xsk.rx.mine + i)));
}
