// SPDX-License-Identifier: BSD-2-Clause
/* Several queues at once, each driven by a thread of its own. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "support/conformance.h"
#include "support/tx_rig.h"

enum { QUEUES = 4, PACKETS = 3000, FRAME_BYTES = 200, NUMBER_AT = 20 };

/* One thread, one queue, one part of the memory. */
struct sender {
	struct tx_rig *r;
	struct frontend_list list;
	uint32_t queue;
	uint32_t completed;
	pthread_t thread;
};

/* Packet i of a queue: bytes from a seed, its queue and number where the peer finds them. */
static void make_frame(uint8_t *out, uint32_t queue, uint32_t i)
{
	frame_plain(out, FRAME_BYTES, queue * PACKETS + i);
	frame_write16(out, NUMBER_AT, (uint16_t)queue);
	frame_write16(out, NUMBER_AT + 2, (uint16_t)i);
}

/* Whole, in pieces, joined: in turn. */
static void prepare(struct sender *s, struct tx_rig *r, uint32_t queue)
{
	static const uint32_t pieces[] = {1, 3, 1, 20};
	uint8_t bytes[FRAME_BYTES];

	*s = (struct sender){.r = r, .queue = queue};
	frontend_list_open(&s->list, PACKETS * 7);
	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t n = pieces[i % 4], piece = FRAME_BYTES / n, left = FRAME_BYTES;
		uint64_t addr;

		make_frame(bytes, queue, i);
		addr = tx_rig_place(r, bytes, sizeof(bytes));
		frontend_list_packet(&s->list, i);
		for (; n > 1; n--, left -= piece, addr += piece)
			frontend_list_segment(&s->list, addr, piece);
		frontend_list_segment(&s->list, addr, left);
	}
}

static void *send_all(void *argument)
{
	struct sender *s = argument;

	tx_rig_pin(s->queue);
	s->completed = frontend_tx_all(&s->r->x.f, s->r->x.queues[s->queue], &s->list, NULL,
				       TX_RIG_WAIT_MS);
	return NULL;
}

/* Every frame of every queue, exact, and each queue's in order. */
static void expect_all(struct tx_rig *r, uint32_t queues)
{
	uint8_t got[FRAME_MAX_BYTES], want[FRAME_BYTES];
	uint32_t next[QUEUES] = {0};
	char why[FRAME_WHY_BYTES];

	for (uint32_t left = queues * PACKETS; left; left--) {
		uint32_t n = peer_receive(&r->peer, got, sizeof(got), TX_RIG_WAIT_MS);
		uint32_t queue = frame_read16(got, NUMBER_AT);

		cr_assert(n > 0, "%u frames did not arrive", left);
		cr_assert(queue < queues, "a frame of queue %u", queue);
		make_frame(want, queue, next[queue]);
		cr_assert(frame_equal(got, n, want, FRAME_BYTES, why), "queue %u, frame %u: %s",
			  queue, next[queue], why);
		next[queue]++;
	}
	peer_expect_silence(&r->peer, 20);
}

static void together(uint32_t queues, bool unaligned)
{
	struct sender senders[QUEUES];
	struct tx_rig r;

	tx_rig_prepare(&r, queues, 1500);
	r.x.config.unaligned = unaligned;
	r.x.config.tx_ring_frames = r.x.config.completion_ring_frames = 256;
	tx_rig_start(&r, queues);
	for (uint32_t i = 0; i < queues; i++)
		prepare(&senders[i], &r, i);
	for (uint32_t i = 0; i < queues; i++)
		cr_assert_eq(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
	for (uint32_t i = 0; i < queues; i++) {
		cr_assert_eq(pthread_join(senders[i].thread, NULL), 0);
		cr_assert_eq(senders[i].completed, PACKETS, "queue %u: %u completions", i,
			     senders[i].completed);
		cr_assert_eq(frontend_xdp_counter(&r.x, i, NET_XDP_TX_PACKETS), PACKETS);
		cr_assert_eq(frontend_xdp_counter(&r.x, i, NET_XDP_TX_LOST), 0);
		cr_assert_eq(frontend_xdp_counter(&r.x, i, NET_XDP_TX_BOUNCE_SEGMENTS),
			     PACKETS / 4);
		frontend_list_close(&senders[i].list);
	}
	expect_all(&r, queues);
	tx_rig_close(&r);
}

CASE(26, two_queues_at_once_keep_each_its_order)
{
	NEEDS_VETH("two queues");
	together(2, true);
}

CASE(26, four_queues_at_once_keep_each_its_order)
{
	NEEDS_VETH("four queues");
	together(4, true);
}

CASE(26, four_queues_at_once_with_aligned_chunks_keep_each_its_order)
{
	NEEDS_VETH("four queues");
	together(4, false);
}

/* Each queue sends through the hardware queue of its number. */
CASE(24, queue_i_sends_through_hardware_queue_i)
{
	struct tx_rig r;

	NEEDS_VETH("four queues");
	tx_rig_prepare(&r, QUEUES, 1500);
	r.x.config.first_queue = 1;
	r.x.config.max_queues = QUEUES - 1;
	tx_rig_start(&r, QUEUES - 1);
	for (uint32_t i = 0; i < QUEUES - 1; i++) {
		cr_assert_eq(frontend_xdp_report(&r.x, i).hardware_queue, i + 1);
		tx_rig_add(&r, i, 100, 2);
		r.q = r.x.queues[i];
		tx_rig_send_all(&r);
		tx_rig_expect_wire(&r);
		frontend_list_clear(&r.list);
	}
	tx_rig_close(&r);
}
