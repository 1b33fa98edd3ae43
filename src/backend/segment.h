/* SPDX-License-Identifier: BSD-2-Clause */
/* The segment iterator for the backends' own loops: net_tx_next() with its common case inlined. */
#ifndef NET_SEGMENT_H
#define NET_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "net_backend.h"

/* Everything but a packet of one segment: walks the list, checks the count and sums the lengths.
 * it->at is not at the end. */
void segment_next_checked(struct net_tx_iterator *it, struct net_tx_packet *packet);

/* A packet of one segment needs no walk: there is no later head to run over and nothing to sum. */
static inline bool net_tx_next_inline(struct net_tx_iterator *it, struct net_tx_packet *packet)
{
	const struct net_tx_segment *first = it->at;
	const struct net_tx_metadata *meta;

	if (first == it->end)
		return false;
	meta = first->head;
	if (!meta || meta->segment_count != 1 || meta->len_bytes != first->len_bytes) {
		segment_next_checked(it, packet);
		return true;
	}
	packet->meta = meta;
	packet->segments = first;
	packet->segment_count = 1;
	packet->fault = NET_TX_OK;
	it->at = first + 1;
	return true;
}

#endif
