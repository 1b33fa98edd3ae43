// SPDX-License-Identifier: BSD-2-Clause
/* Case 75: who gets the frames of a hardware queue, the host or the frontend. */
#include <string.h>

#include "support/conformance.h"
#include "support/frame.h"
#include "support/traffic.h"

enum { LEN = 100, SOON_MS = 5000 };

/* The host's side of v0 is a packet socket: it sees what the XDP program passes, and nothing else. */
struct sides {
	struct rig r;
	struct peer host;
	uint32_t sent;
};

static void open_sides(struct sides *s, uint32_t queues, uint32_t buffers)
{
	memset(s, 0, sizeof(*s));
	rig_prepare(&s->r, queues);
	frontend_xdp_open(&s->r.x);
	frontend_xdp_start(&s->r.x, queues, buffers);
	peer_open(&s->host, "v0");
}

static void close_sides(struct sides *s)
{
	peer_close(&s->host);
	rig_close(&s->r);
}

static const uint8_t *send_one(struct sides *s, uint32_t queue)
{
	static uint8_t frame[LEN];

	frame_plain(frame, LEN, ++s->sent);
	if (s->r.peer.queues > 1)
		peer_use_queue(&s->r.peer, queue);
	peer_send(&s->r.peer, frame, LEN);
	return frame;
}

static void expect_takes(struct sides *s, uint32_t queue, bool takes)
{
	struct net_xdp_report report = frontend_xdp_report(&s->r.x, queue);

	cr_assert_eq(report.takes_frames, takes, "%s", report.frames_state);
	cr_assert(strstr(report.frames_state, takes ? "taken" : "left to the host"), "%s",
		  report.frames_state);
}

static void expect_host_gets(struct sides *s, uint32_t queue)
{
	uint32_t id;

	expect_takes(s, queue, false);
	for (int i = 0; i < 5; i++)
		peer_expect(&s->host, send_one(s, queue), LEN, SOON_MS);
	cr_assert_eq(frontend_rx(&s->r.x.f, s->r.x.queues[queue], &id, 1), 0);
	cr_assert_eq(frontend_xdp_counter(&s->r.x, queue, NET_XDP_RX_KERNEL_DROPPED), 0);
}

static void expect_frontend_gets(struct sides *s, uint32_t queue)
{
	expect_takes(s, queue, true);
	for (int i = 0; i < 5; i++) {
		const uint8_t *frame = send_one(s, queue);
		uint32_t id;

		cr_assert_eq(frontend_rx_wait(&s->r.x.f, s->r.x.queues[queue], &id, 1, SOON_MS), 1,
			     "queue %u: no frame", queue);
		frontend_expect_frame(&s->r.x.f, id, frame, LEN);
		frontend_post_ids(&s->r.x.f, s->r.x.queues[queue], &id, 1);
	}
	peer_expect_silence(&s->host, 50);
}

// 75: a queue that only sends leaves the host its frames
CASE(75, sending_queue_leaves_frames_to_the_host)
{
	struct sides s;

	NEEDS_VETH("a driver that has buffers of its own");
	open_sides(&s, 1, 0);
	expect_host_gets(&s, 0);
	for (int i = 0; i < 3; i++) {
		traffic_send(&s.r.x, &s.r.peer, 0, 50);
		net_queue_wait(s.r.x.queues[0], &s.r.x.f.pool, 1000000);
		expect_host_gets(&s, 0);
	}
	/* No id is no buffer. */
	cr_assert_eq(net_queue_rx_avail(s.r.x.queues[0], &s.r.x.f.pool, NULL, 0), 0);
	expect_host_gets(&s, 0);
	close_sides(&s);
}

// 75: the first rx_avail takes them, with one buffer too
CASE(75, first_posted_buffer_takes_the_frames)
{
	struct sides s;

	NEEDS_VETH("a driver that has buffers of its own");
	open_sides(&s, 1, 0);
	expect_host_gets(&s, 0);
	frontend_post(&s.r.x.f, s.r.x.queues[0], 0, 1);
	expect_frontend_gets(&s, 0);
	close_sides(&s);
}

// 75: initial ids take them from the start
CASE(75, initial_ids_take_the_frames)
{
	struct sides s;

	open_sides(&s, 1, 64);
	expect_frontend_gets(&s, 0);
	close_sides(&s);
}

/* Too small to be direct: frames come through the private area. */
static void make_small(struct frontend *f)
{
	frontend_layout(f, 0, 64, FRONTEND_BASE + 4096, 2048, FRONTEND_XDP_HEADER_BYTES, LEN);
}

// 75: buffers that are bounced take them as well, posted first or later
CASE(75, bounced_buffer_takes_the_frames)
{
	struct sides s;

	NEEDS_VETH("a driver that has buffers of its own");
	open_sides(&s, 1, 0);
	make_small(&s.r.x.f);
	expect_host_gets(&s, 0);
	frontend_post(&s.r.x.f, s.r.x.queues[0], 0, 4);
	expect_frontend_gets(&s, 0);
	frontend_xdp_stop(&s.r.x);
	frontend_xdp_start(&s.r.x, 1, 4);
	expect_frontend_gets(&s, 0);
	cr_assert_gt(frontend_xdp_counter(&s.r.x, 0, NET_XDP_RX_BOUNCED), 0);
	close_sides(&s);
}

// 75: refused ids are no buffers
CASE(75, refused_ids_leave_frames_to_the_host)
{
	const uint32_t beyond = 4000000;
	struct sides s;

	NEEDS_VETH("a driver that has buffers of its own");
	open_sides(&s, 1, 0);
	frontend_set_buffer(&s.r.x.f, 0, 16, 0, 2048); /* outside the memory */
	cr_assert_eq(net_queue_rx_avail(s.r.x.queues[0], &s.r.x.f.pool, (uint32_t[]){0}, 1), 1);
	cr_assert_eq(net_queue_rx_avail(s.r.x.queues[0], &s.r.x.f.pool, &beyond, 1), 1);
	expect_host_gets(&s, 0);
	s.r.x.f.ids[0].posted = false;
	frontend_post(&s.r.x.f, s.r.x.queues[0], 1, 1);
	expect_frontend_gets(&s, 0);
	close_sides(&s);
}

// 75: each queue for itself
CASE(75, queues_take_their_own_frames_alone)
{
	struct sides s;

	NEEDS_VETH("several queues");
	open_sides(&s, 3, 0);
	frontend_post(&s.r.x.f, s.r.x.queues[1], 0, 8);
	expect_host_gets(&s, 0);
	expect_frontend_gets(&s, 1);
	expect_host_gets(&s, 2);
	frontend_post(&s.r.x.f, s.r.x.queues[2], 8, 8);
	expect_host_gets(&s, 0);
	expect_frontend_gets(&s, 1);
	expect_frontend_gets(&s, 2);
	close_sides(&s);
}

// 75: made again, a queue starts afresh; between two queues the host has all
CASE(75, restarted_queue_leaves_frames_until_it_posts)
{
	struct sides s;

	NEEDS_VETH("a driver that has buffers of its own");
	open_sides(&s, 2, 16);
	expect_frontend_gets(&s, 0);
	for (int i = 0; i < 3; i++) {
		frontend_xdp_stop(&s.r.x);
		peer_expect(&s.host, send_one(&s, 0), LEN, SOON_MS);
		frontend_xdp_start(&s.r.x, 2, 0);
		expect_host_gets(&s, 0);
		expect_host_gets(&s, 1);
		frontend_post(&s.r.x.f, s.r.x.queues[0], 0, 1);
		expect_frontend_gets(&s, 0);
		expect_host_gets(&s, 1);
	}
	close_sides(&s);
}

// 75: a frontend that once had buffers keeps the frames: they are dropped and counted (17)
CASE(75, queue_that_ran_out_of_buffers_keeps_the_frames)
{
	int64_t deadline = frontend_now_ms() + SOON_MS;
	struct sides s;
	uint32_t id;

	NEEDS_VETH("a kernel that counts what finds no buffer");
	open_sides(&s, 1, 1);
	send_one(&s, 0);
	cr_assert_eq(frontend_rx_wait(&s.r.x.f, s.r.x.queues[0], &id, 1, SOON_MS), 1);
	send_one(&s, 0);
	while (frontend_xdp_counter(&s.r.x, 0, NET_XDP_RX_KERNEL_DROPPED) == 0)
		cr_assert(frontend_now_ms() < deadline);
	peer_expect_silence(&s.host, 50);
	frontend_post_ids(&s.r.x.f, s.r.x.queues[0], &id, 1);
	expect_frontend_gets(&s, 0);
	close_sides(&s);
}
