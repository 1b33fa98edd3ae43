// SPDX-License-Identifier: BSD-2-Clause
/* A frontend's transmit lists, and sending them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/frontend.h"

#define BATCH 64

void frontend_list_open(struct frontend_list *list, uint32_t max_segments)
{
	*list = (struct frontend_list){.capacity = max_segments};
	list->segments = calloc(max_segments, sizeof(*list->segments));
	list->packets = calloc(max_segments, sizeof(*list->packets));
	cr_assert(list->segments && list->packets, "memory for %u segments", max_segments);
}

void frontend_list_close(struct frontend_list *list)
{
	free(list->segments);
	free(list->packets);
	*list = (struct frontend_list){0};
}

void frontend_list_clear(struct frontend_list *list)
{
	list->count = 0;
	list->packet_count = 0;
}

struct net_tx_metadata *frontend_list_packet(struct frontend_list *list, uint32_t id)
{
	struct net_tx_metadata *meta = &list->packets[list->packet_count];

	cr_assert(list->packet_count < list->capacity, "the list is full");
	*meta = (struct net_tx_metadata){.id = id};
	list->packet_count++;
	return meta;
}

void frontend_list_segment(struct frontend_list *list, uint64_t addr, uint32_t len)
{
	struct net_tx_metadata *meta = &list->packets[list->packet_count - 1];

	cr_assert(list->count < list->capacity && list->packet_count, "the list is full");
	list->segments[list->count++] = (struct net_tx_segment){
		.addr = addr,
		.len_bytes = len,
		.head = meta->segment_count ? NULL : meta,
	};
	meta->segment_count++;
	meta->len_bytes += len;
}

struct net_tx_metadata *frontend_list_frame(struct frontend_list *list, uint32_t id, uint64_t addr,
					    uint32_t len)
{
	struct net_tx_metadata *meta = frontend_list_packet(list, id);

	frontend_list_segment(list, addr, len);
	return meta;
}

uint32_t frontend_tx(struct frontend *f, struct net_queue *q, const struct frontend_list *list,
		     uint32_t first, uint32_t *completed)
{
	uint32_t offered = list->count - first, accepted, packets = 0;
	bool sync = false;
	int rc = net_queue_tx_avail(q, &f->pool, list->segments + first, offered, &sync);

	cr_assert(rc >= 0, "tx_avail: %d: %s", rc, net_queue_error(q));
	accepted = (uint32_t)rc;
	cr_assert(accepted <= offered, "tx_avail accepted %u of %u segments", accepted, offered);
	cr_assert(accepted == offered || list->segments[first + accepted].head,
		  "tx_avail accepted %u segments: that is within a packet", accepted);
	for (uint32_t i = 0; i < accepted; i++)
		packets += list->segments[first + i].head != NULL;
	if (sync)
		*completed += packets;
	return accepted;
}

uint32_t frontend_tx_all(struct frontend *f, struct net_queue *q, const struct frontend_list *list,
			 uint32_t *ids, int timeout_ms)
{
	int64_t deadline = frontend_now_ms() + timeout_ms, left;
	uint32_t done = 0, completed = 0, collected = 0, batch[BATCH];
	int n;

	for (;;) {
		if (done < list->count)
			done += frontend_tx(f, q, list, done, &completed);
		do {
			n = net_queue_tx_poll(q, &f->pool, batch, BATCH);
			cr_assert(n >= 0 && n <= BATCH, "tx_poll returned %d", n);
			cr_assert(collected + (uint32_t)n <= list->packet_count,
				  "more completions than packets");
			if (ids && n)
				memcpy(ids + collected, batch, (uint32_t)n * sizeof(*ids));
			collected += (uint32_t)n;
		} while (n);
		left = deadline - frontend_now_ms();
		if ((done == list->count && completed + collected >= list->packet_count) ||
		    left <= 0)
			return completed + collected;
		n = net_queue_wait(q, &f->pool, left * 1000000);
		cr_assert(n >= 0 || n == -EINTR, "wait: %s", strerror(-n));
	}
}
