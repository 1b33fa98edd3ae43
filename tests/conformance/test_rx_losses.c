// SPDX-License-Identifier: BSD-2-Clause
/* Every frame that was sent is received or in a counter that names why not. */
#include <string.h>

#include "support/conformance.h"
#include "support/rx_rig.h"

enum { QUEUES = 2, RING = 16, BATCH = 32, LARGEST = 1614, SMALL = 700 };

struct script {
	struct frame_random random;
	uint32_t sent;
	uint32_t kept, too_long;   /* as the script knows */
	uint32_t received[QUEUES]; /* as ids came back */
	uint64_t bytes[QUEUES];
};

/* One in eight frames is for another host; with random lengths, one in sixteen is too long. */
static void send_next(struct rx_rig *r, struct script *s)
{
	uint32_t n = s->sent++, len = rx_rig_len(n, 14, LARGEST);
	uint8_t frame[LARGEST];

	rx_rig_frame(frame, len, n);
	if (frame_random_below(&s->random, 8) == 0) {
		frame[5] ^= 0x80;
		s->kept++;
	} else if (len > r->x.config.max_frame_bytes) {
		s->too_long++;
	}
	peer_send(&r->peer, frame, len);
}

/* Take what is there, check it, and give the buffers back. */
static void poll_queue(struct rx_rig *r, struct script *s, uint32_t q)
{
	uint32_t ids[BATCH], n, len, last = 0;

	for (uint32_t count; (count = frontend_rx(&r->x.f, r->x.queues[q], ids, BATCH));) {
		for (uint32_t i = 0; i < count; i++) {
			n = rx_rig_number(r, ids[i]);
			len = rx_rig_len(n, 14, LARGEST);
			cr_assert(n < s->sent && (n > last || n == 0), "frame %u after %u", n,
				  last);
			last = n;
			rx_rig_expect(r, ids[i], len, n);
			s->received[q]++;
			s->bytes[q] += len;
		}
		frontend_post_ids(&r->x.f, r->x.queues[q], ids, count);
	}
}

/* Queue 0 has more buffers than its RX ring has entries, some of them too small for most frames;
 * queue 1 has few buffers. Both are polled now and then. */
static void losses_start(struct rx_rig *r, enum net_xdp_attach attach)
{
	const uint8_t ours[6] = {2, 0, 0, 0, 0, 2};

	rx_rig_prepare(r, QUEUES + (attach == NET_XDP_ATTACH_GENERIC), LARGEST - 14);
	r->x.config.attach = attach;
	r->x.config.rx_ring_frames = RING;
	r->x.config.take_mac_count = 1;
	memcpy(r->x.config.take_macs[0], ours, 6);
	frontend_xdp_layout(&r->x, FRONTEND_XDP_HEADER_BYTES);
	for (uint32_t id = 0; id < 64; id += 2)
		r->x.f.ids[id].buffer.capacity_bytes = SMALL;
	rx_rig_start(r, QUEUES, 0);
	frontend_post(&r->x.f, r->x.queues[0], 0, 64);
	frontend_post(&r->x.f, r->x.queues[1], 100, 5);
}

static void expect_all_kinds(struct rx_rig *r, const struct script *s)
{
	static const struct {
		uint32_t queue;
		enum net_xdp_counter counter;
	} expected[] = {
		{0, NET_XDP_RX_DIRECT},		{0, NET_XDP_RX_BOUNCED},
		{0, NET_XDP_RX_DROP_CAPACITY},	{0, NET_XDP_RX_KERNEL_RING_FULL},
		{1, NET_XDP_RX_KERNEL_DROPPED}, {1, NET_XDP_RX_DIRECT},
	};
	struct net_xdp_program_stats p = rx_rig_program(r);
	struct net_queue_stats stats;

	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
		cr_assert(frontend_xdp_counter(&r->x, expected[i].queue, expected[i].counter) > 0,
			  "queue %u: %s is 0: the script did not reach it", expected[i].queue,
			  net_xdp_counter_name(expected[i].counter));
	cr_assert(p.kept == s->kept && p.dropped_too_long == s->too_long && p.passed == 0,
		  "kept %llu of %u, too long %llu of %u", (unsigned long long)p.kept, s->kept,
		  (unsigned long long)p.dropped_too_long, s->too_long);
	for (uint32_t q = 0; q < QUEUES; q++) {
		net_queue_stats(r->x.queues[q], &stats);
		cr_assert(stats.rx_packets == s->received[q]);
		cr_assert(frontend_xdp_counter(&r->x, q, NET_XDP_RX_FRAMES) == s->received[q]);
		cr_assert(frontend_xdp_counter(&r->x, q, NET_XDP_RX_BYTES) == s->bytes[q]);
		cr_assert(stats.rx_errors ==
			  frontend_xdp_counter(&r->x, q, NET_XDP_RX_DROP_CAPACITY));
	}
}

static void losses(enum net_xdp_attach attach)
{
	struct script s = {.random = frame_random(57)};
	struct rx_rig r;

	losses_start(&r, attach);
	for (uint32_t turn = 0; turn < 20; turn++) {
		uint32_t q = turn % QUEUES;

		rx_rig_use_queue(&r, q);
		for (uint32_t burst = 0; burst < 20; burst++) {
			for (uint32_t n = frame_random_below(&s.random, 30); n; n--)
				send_next(&r, &s);
			poll_queue(&r, &s, q);
		}
	}
	/* What a busy machine delivers late. */
	for (int64_t until = frontend_now_ms() + RX_RIG_DEADLINE_MS;
	     !rx_rig_is_balanced(&r, s.sent) && frontend_now_ms() < until;)
		for (uint32_t q = 0; q < QUEUES; q++)
			poll_queue(&r, &s, q);
	rx_rig_balance(&r, s.sent);
	expect_all_kinds(&r, &s);
	rx_rig_close(&r);
}

/* 57: stats exact for scripted traffic */
CASE(57, rx_losses_of_every_kind_add_up_native)
{
	NEEDS_VETH("two queues");
	losses(NET_XDP_ATTACH_NATIVE);
}

CASE(57, rx_losses_of_every_kind_add_up_generic)
{
	NEEDS_VETH("generic attach");
	losses(NET_XDP_ATTACH_GENERIC);
}
