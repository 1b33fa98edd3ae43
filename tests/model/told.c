// SPDX-License-Identifier: BSD-2-Clause
/* What a queue tells must be what the model knows. */
#include "model/model.h"

void data_check_stats(struct model *m, struct model_queue *q)
{
	struct net_queue_stats stats;
	struct net_xdp_stats x;
	uint64_t refused = 0;

	(void)m;
	net_queue_stats(q->q, &stats);
	cr_assert(q->completed <= q->accepted, "more completed than accepted");
	if (q->is_bare || net_xdp_queue_stats(q->q, &x))
		return;
	for (uint32_t c = NET_XDP_RX_REFUSED_ID; c <= NET_XDP_RX_REFUSED_COPY; c++)
		refused += x.value[c];
	cr_assert(x.value[NET_XDP_TX_ACCEPTED] == q->accepted, "tx_accepted %llu, not %llu",
		  (unsigned long long)x.value[NET_XDP_TX_ACCEPTED],
		  (unsigned long long)q->accepted);
	cr_assert(x.value[NET_XDP_RX_FRAMES] == q->returned_frames &&
			  stats.rx_packets == q->returned_frames,
		  "rx_frames %llu, not %llu", (unsigned long long)x.value[NET_XDP_RX_FRAMES],
		  (unsigned long long)q->returned_frames);
	cr_assert(refused == q->refused, "%llu ids refused, not %llu", (unsigned long long)refused,
		  (unsigned long long)q->refused);
	cr_assert(!x.value[NET_XDP_RX_UNKNOWN] && !x.value[NET_XDP_TX_UNKNOWN] &&
			  !x.value[NET_XDP_TX_KERNEL_INVALID] &&
			  !x.value[NET_XDP_RX_KERNEL_INVALID],
		  "addresses that were never given");
}

struct naming {
	struct model *m;
	int owner;
	uint32_t rx, tx;
	bool seen_rx[IDS], seen_tx[SLOTS];
};

static void name_one(void *context, bool is_rx, uint32_t id)
{
	struct naming *n = context;
	uint32_t slot = is_rx ? id : id & 0xffff;

	cr_assert(slot < (is_rx ? IDS : SLOTS), "%s id %u is outstanding", is_rx ? "rx" : "tx", id);
	cr_assert((is_rx ? n->m->cells[slot].owner : n->m->slots[slot].owner) == n->owner,
		  "%s id 0x%x is outstanding and not with queue %d", is_rx ? "rx" : "tx", id,
		  n->owner);
	cr_assert(!(is_rx ? n->seen_rx : n->seen_tx)[slot], "id %u is outstanding twice", id);
	(is_rx ? n->seen_rx : n->seen_tx)[slot] = true;
	n->rx += is_rx;
	n->tx += !is_rx;
}

void data_check_outstanding(struct model *m, struct model_queue *q)
{
	struct naming n = {.m = m, .owner = (int)data_index(m, q)};
	uint32_t rx = 0, tx = 0;

	net_queue_outstanding(q->q, name_one, &n);
	for (uint32_t i = 0; i < IDS; i++)
		rx += m->cells[i].owner == n.owner;
	for (uint32_t i = 0; i < SLOTS; i++)
		tx += m->slots[i].owner == n.owner;
	cr_assert(rx == n.rx && tx == n.tx, "%u rx and %u tx ids are outstanding, not %u and %u",
		  n.rx, n.tx, rx, tx);
}
