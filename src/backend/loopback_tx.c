// SPDX-License-Identifier: BSD-2-Clause
/* Loopback, transmit: each packet is read where the frontend has it, and copied to its receiver. */
#include <string.h>
#include <unistd.h>

#include "backend/count.h"
#include "backend/loopback.h"
#include "base/headers.h"

enum {
	/* The RSS hash looks at no header behind so many bytes of a frame. */
	LOOPBACK_HEADERS_BYTES = 256,
};

/* A packet, as a frame to be read. */
struct source {
	struct loopback_frame frame;
	const struct net_tx_packet *packet;
	struct net_buffer_access *pool;
};

static bool source_is_valid(const struct source *src)
{
	const struct net_tx_segment *s = src->packet->segments;

	for (uint32_t i = 0; i < src->packet->segment_count; i++) {
		if (s[i].len_bytes && !src->pool->ops->memory(src->pool, s[i].addr, s[i].len_bytes))
			return false;
	}
	return true;
}

/* Copy bytes of the packet from offset at on, at most limit. memmove(), because a sender may name a
 * buffer that is posted for receive. Return: how many bytes. */
static uint32_t gather(const struct loopback_frame *frame, uint32_t at, uint8_t *to, uint32_t limit)
{
	const struct source *src = (const struct source *)frame;
	const struct net_tx_segment *s = src->packet->segments;
	uint32_t done = 0, n;

	for (uint32_t i = 0; i < src->packet->segment_count && done < limit; i++) {
		if (at >= s[i].len_bytes) {
			at -= s[i].len_bytes;
			continue;
		}
		n = s[i].len_bytes - at < limit - done ? s[i].len_bytes - at : limit - done;
		memmove(to + done, src->pool->ops->memory(src->pool, s[i].addr + at, n), n);
		done += n;
		at = 0;
	}
	return done;
}

static struct loopback_queue *destination_of(struct loopback_queue *from, const struct source *src)
{
	struct loopback *ep = from->endpoint;
	uint8_t head[LOOPBACK_HEADERS_BYTES];
	uint32_t hash, present;

	if (!ep->table_entries)
		return from;
	present = gather(&src->frame, 0, head, sizeof(head));
	hash = rss_hash(ep->key, head, present, src->packet->meta->len_bytes);
	return ep->queues[ep->table[hash % ep->table_entries]];
}

static void wake(struct loopback_queue *q)
{
	uint64_t one = 1;

	if (!q->armed)
		return;
	q->armed = false;
	/* write() cannot fail: the counter is 0 or 1 and the descriptor is ours. */
	if (write(q->ready_fd, &one, sizeof(one)) < 0)
		q->armed = true;
}

static bool send_packet(struct loopback_queue *q, struct source *src)
{
	const struct net_tx_packet *packet = src->packet;
	struct loopback_queue *to;

	if (packet->fault != NET_TX_OK || packet->meta->flags & ~LOOPBACK_TX_FLAGS ||
	    packet->meta->len_bytes < HEADERS_ETHERNET_BYTES || !source_is_valid(src))
		return false;
	src->frame = (struct loopback_frame){packet->meta->len_bytes, packet->meta, gather};
	to = destination_of(q, src);
	if (!to)
		return false; /* the queue was destroyed */
	if (loopback_deliver(to, &src->frame))
		wake(to);
	return true;
}

int loopback_tx_avail(struct net_queue *base, struct net_buffer_access *pool,
		      const struct net_tx_segment *segments, uint32_t count, bool *sync)
{
	struct loopback_queue *q = loopback_queue_of(base);
	struct net_tx_iterator it = {.at = segments, .end = segments + count};
	struct net_tx_packet packet;
	struct source src = {.packet = &packet, .pool = pool};

	while (net_tx_next(&it, &packet)) {
		if (!send_packet(q, &src)) {
			count_add(&q->stats.tx_errors, 1);
			continue;
		}
		count_add(&q->stats.tx_packets, 1);
		if (packet.meta->flags & NET_TX_VLAN)
			count_add(&q->stats.tx_vlan_packets, 1);
	}
	*sync = true;
	return (int)count;
}
