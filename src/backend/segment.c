// SPDX-License-Identifier: BSD-2-Clause
#include "backend/segment.h"

/* How many tails follow from at, up to limit: the run ends at a head or at the list's end. */
static uint32_t tails_from(const struct net_tx_segment *at, const struct net_tx_segment *end,
			   uint32_t limit)
{
	uint32_t n = 0;

	while (n < limit && at + n < end && !at[n].head)
		n++;
	return n;
}

/* 64 bits hold the sum of 65535 lengths of 32 bits, so a guest cannot wrap it to what we expect. */
static uint64_t length_of(const struct net_tx_segment *segments, uint32_t count)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += segments[i].len_bytes;
	return sum;
}

void segment_next_checked(struct net_tx_iterator *it, struct net_tx_packet *packet)
{
	const struct net_tx_segment *first = it->at;
	const struct net_tx_metadata *meta = first->head;
	uint32_t claimed, count;

	packet->meta = meta;
	packet->segments = first;
	if (!meta) {
		count = tails_from(first, it->end, UINT32_MAX);
		packet->fault = NET_TX_ORPHAN;
	} else {
		claimed = meta->segment_count;
		count = 1 + tails_from(first + 1, it->end, claimed ? claimed - 1 : UINT32_MAX);
		if (count != claimed)
			packet->fault = NET_TX_COUNT;
		else if (length_of(first, count) != meta->len_bytes)
			packet->fault = NET_TX_LENGTH;
		else
			packet->fault = NET_TX_OK;
	}
	packet->segment_count = count;
	it->at = first + count;
}

bool net_tx_next(struct net_tx_iterator *it, struct net_tx_packet *packet)
{
	return net_tx_next_inline(it, packet);
}
