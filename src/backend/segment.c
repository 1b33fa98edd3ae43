// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "net_backend.h"

bool net_tx_next(struct net_tx_iterator *it, struct net_tx_packet *packet)
{
	const struct net_tx_segment *s = it->at;
	const struct net_tx_metadata *meta;
	uint32_t claimed, count = 0;
	/* 65535 lengths of 32 bits fit, so a guest cannot make the sum wrap */
	uint64_t sum = 0;

	if (s == it->end)
		return false;
	meta = s->head;
	/* 0 is never reached by count: then all tails that follow are of this packet */
	claimed = meta ? meta->segment_count : 0;
	packet->meta = meta;
	packet->segments = s;
	do {
		sum += s++->len_bytes;
		count++;
	} while (count != claimed && s != it->end && !s->head);
	it->at = s;
	packet->segment_count = count;
	if (!meta)
		packet->fault = NET_TX_ORPHAN;
	else if (count != claimed)
		packet->fault = NET_TX_COUNT;
	else
		packet->fault = sum == meta->len_bytes ? NET_TX_OK : NET_TX_LENGTH;
	return true;
}

uint32_t net_tx_keep(struct net_tx_segment *segments, uint32_t count,
		     struct net_tx_metadata *packets, uint32_t accepted)
{
	const uint32_t left = count - accepted;
	uint32_t first = 0, kept = 0;

	if (accepted == 0)
		return count;
	for (uint32_t i = 0; i < accepted; i++)
		first += segments[i].head != NULL;
	memmove(segments, segments + accepted, left * sizeof(*segments));
	for (uint32_t i = 0; i < left; i++)
		if (segments[i].head)
			segments[i].head = &packets[kept++];
	memmove(packets, packets + first, kept * sizeof(*packets));
	return left;
}
