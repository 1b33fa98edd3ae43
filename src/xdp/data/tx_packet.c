// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "xdp/data/tx.h"
#include "xdp/data/tx_packet.h"

static const enum net_xdp_counter drop_counter[] = {
	[TX_BAD_LIST] = NET_XDP_TX_DROP_MALFORMED,  [TX_BAD_SIZE] = NET_XDP_TX_DROP_SIZE,
	[TX_BAD_ADDRESS] = NET_XDP_TX_DROP_ADDRESS, [TX_BAD_OFFLOAD] = NET_XDP_TX_DROP_OFFLOAD,
	[TX_SEALED] = NET_XDP_TX_DROP_SEALED,
};

const struct memory_region tx_private_area = {.page_bytes = MEMORY_PAGE_BYTES};

bool tx_drop(struct net_xdp_queue *q, const struct net_tx_metadata *meta, enum tx_verdict why)
{
	if (meta) {
		if (tx_done_count(q) > q->done_mask)
			return tx_later(q, (struct tx_need){.descriptors = 1});
		tx_done_push(q, meta->id);
		count_up(q, NET_XDP_TX_ACCEPTED, 1);
	}
	count_up(q, drop_counter[why], 1);
	return true;
}

bool tx_later(struct net_xdp_queue *q, struct tx_need need)
{
	count_up(q, NET_XDP_TX_NO_ROOM, 1);
	q->tx_blocked = need.descriptors;
	q->tx_blocked_frames = need.frames;
	q->tx_blocked_headers = need.headers;
	return false;
}

bool tx_again(struct net_xdp_queue *q)
{
	q->tx_blocked = 1;
	q->tx_blocked_frames = q->tx_blocked_headers = 0;
	return false;
}

bool tx_copy(struct net_xdp_queue *q, struct tx_walk *w, uint32_t len, uint8_t *out)
{
	uint64_t addr, offset;

	while (len) {
		const uint32_t n = tx_walk(w, len, &addr);

		if (!memory_offset(q->memory, &q->tx_region, addr, n, &offset))
			return false;
		memcpy(out, q->memory->base + offset, n);
		out += n;
		len -= n;
	}
	return true;
}
