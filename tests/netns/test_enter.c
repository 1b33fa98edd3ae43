// SPDX-License-Identifier: BSD-2-Clause
/* A queue may not enter the XDP program's map when it posts its first buffer: a seccomp filter that came
 * after open refuses bpf(), or the kernel is short of memory. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "support/bpf_call.h"
#include "support/frame.h"
#include "support/traffic.h"

enum { LEN = 100, SOON_MS = 1000 };

static int refusal; /* of bpf(): errno, or 0 */
static uint32_t refused;

int bpf_call(long command)
{
	(void)command;
	refused += refusal != 0;
	return refusal;
}

static void expect_frame(struct rig *r)
{
	uint8_t frame[LEN];
	uint32_t id;

	frame_plain(frame, LEN, 1);
	peer_send(&r->peer, frame, LEN);
	cr_assert_eq(frontend_rx_wait(&r->x.f, r->x.queues[0], &id, 1, SOON_MS), 1, "no frame");
	frontend_expect_frame(&r->x.f, id, frame, LEN);
	frontend_post_ids(&r->x.f, r->x.queues[0], &id, 1);
}

static void expect_takes(struct rig *r, bool takes, const char *word)
{
	struct net_xdp_report report = frontend_xdp_report(&r->x, 0);

	cr_assert_eq(report.takes_frames, takes, "%s", report.frames_state);
	cr_assert(strstr(report.frames_state, word), "%s", report.frames_state);
}

/* Post buffers while the map is out of reach. */
static void open_refused(struct rig *r, int error)
{
	refusal = refused = 0;
	rig_open(r, 1);
	frontend_xdp_start(&r->x, 1, 0);
	refusal = error;
	frontend_post(&r->x.f, r->x.queues[0], 0, 64); /* none is refused */
	cr_assert_eq(refused, 1);
	expect_takes(r, false, strerror(error));
}

Test(enter, refused_map_is_tried_again_by_a_frontend_that_polls, .timeout = 60)
{
	int64_t end;
	struct rig r;
	uint32_t id;

	open_refused(&r, EPERM);
	for (end = frontend_now_ms() + 1000; frontend_now_ms() < end;)
		cr_assert_eq(frontend_rx(&r.x.f, r.x.queues[0], &id, 1), 0);
	cr_assert_geq(refused, 3, "given up");
	cr_assert_leq(refused, 8, "%u attempts in a second", refused);
	expect_takes(&r, false, strerror(EPERM));
	refusal = 0;
	for (end = frontend_now_ms() + SOON_MS; frontend_now_ms() < end;)
		cr_assert_eq(frontend_rx(&r.x.f, r.x.queues[0], &id, 1), 0);
	expect_takes(&r, true, "taken");
	expect_frame(&r);
	rig_close(&r);
}

Test(enter, refused_map_is_tried_again_by_a_frontend_that_sleeps, .timeout = 60)
{
	struct rig r;

	open_refused(&r, ENOMEM);
	cr_assert_eq(net_queue_wait(r.x.queues[0], &r.x.f.pool, 1000000000), 0);
	cr_assert_geq(refused, 3, "given up");
	cr_assert_leq(refused, 8, "%u attempts in a second", refused);
	refusal = 0;
	cr_assert_eq(net_queue_wait(r.x.queues[0], &r.x.f.pool, SOON_MS * 1000000ll), 0);
	expect_takes(&r, true, "taken");
	expect_frame(&r);
	rig_close(&r);
}

Test(enter, refused_map_is_tried_again_by_posting_at_a_bounded_rate, .timeout = 60)
{
	struct rig r;

	open_refused(&r, EPERM);
	for (uint32_t id = 64; id < 564; id++)
		frontend_post(&r.x.f, r.x.queues[0], id, 1);
	cr_assert_leq(refused, 3, "%u attempts at once", refused);
	refusal = 0;
	frontend_sleep_ms(300);
	frontend_post(&r.x.f, r.x.queues[0], 564, 1);
	expect_takes(&r, true, "taken");
	expect_frame(&r);
	rig_close(&r);
}

/* With initial ids the queue is not made: whoever makes it is told at once. */
Test(enter, refused_map_fails_get_queues_with_initial_ids, .timeout = 60)
{
	struct rig r;

	rig_open(&r, 1);
	refusal = EPERM;
	cr_assert_eq(frontend_xdp_try_start(&r.x, 1, 64), -EPERM);
	cr_assert(strstr(r.x.err.message, "map"), "%s", r.x.err.message);
	cr_assert(strstr(r.x.err.message, "seccomp filter"), "%s", r.x.err.message);
	refusal = 0;
	frontend_xdp_start(&r.x, 1, 64);
	expect_frame(&r);
	rig_close(&r);
}
