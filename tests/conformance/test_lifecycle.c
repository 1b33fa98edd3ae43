// SPDX-License-Identifier: BSD-2-Clause
/* Cases 1 to 4 and 8: queues come, go and come back, and nothing is left behind. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/conformance.h"
#include "support/footprint.h"
#include "support/foreign.h"
#include "support/frame.h"
#include "support/traffic.h"

enum { CYCLES = 100, OWN_USER_BYTES = 4 << 20 };

/* ---- 01 ------------------------------------------------------------------------------------------- */

/* Frames sent through the peer's queue i arrive at our queue i, and only there. */
static void check_order(struct rig *r, uint32_t queues)
{
	uint8_t frame[100];
	uint32_t id;

	for (uint32_t i = 0; i < queues; i++) {
		cr_assert_eq(frontend_xdp_report(&r->x, i).hardware_queue, i);
		peer_use_queue(&r->peer, i);
		frame_plain(frame, sizeof(frame), i);
		peer_send(&r->peer, frame, sizeof(frame));
		cr_assert_eq(frontend_rx_wait(&r->x.f, r->x.queues[i], &id, 1, 5000), 1);
		frontend_expect_frame(&r->x.f, id, frame, sizeof(frame));
		cr_assert(id >= i * 64 && id < (i + 1) * 64, "queue %u returned id %u", i, id);
		frontend_post(&r->x.f, r->x.queues[i], id, 1);
	}
}

// 01: exactly n queues in order
CASE(01, get_queues_makes_n_in_order)
{
	static const uint32_t counts[] = {1, 2, 4, 3};
	struct rig r;

	rig_open(&r, fixture_queues(4));
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		uint32_t queues = fixture_queues(counts[i]);

		frontend_xdp_start(&r.x, queues, 64);
		check_order(&r, queues);
		frontend_xdp_stop(&r.x);
	}
	rig_close(&r);
}

// 01: n over the maximum is a clean error with nothing leaked
CASE(01, get_queues_over_the_maximum_is_refused)
{
	static const uint32_t counts[] = {0, 3, 64};
	const uint32_t queues = fixture_queues(2);
	struct footprint before;
	char leaves[16];
	struct rig r;

	snprintf(leaves, sizeof(leaves), "leaves %u", queues);
	rig_open(&r, queues);
	frontend_xdp_start(&r.x, queues, 64);
	frontend_xdp_stop(&r.x);
	before = footprint_take();
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		memset(&r.x.err, 0, sizeof(r.x.err));
		cr_assert_eq(frontend_xdp_try_start(&r.x, counts[i], 16), -EINVAL);
		cr_assert_eq(r.x.err.code, -EINVAL);
		cr_assert(strstr(r.x.err.message, "v0") && strstr(r.x.err.message, leaves), "%s",
			  r.x.err.message);
		footprint_expect(&before, r.x.err.message);
	}
	frontend_xdp_start(&r.x, queues, 64);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}

// 01: a queue that cannot be made takes the ones before it along
CASE(01, get_queues_failing_at_the_second_leaves_no_first)
{
	struct footprint before;
	struct rig r;
	int other;

	NEEDS_VETH("two queues");
	rig_prepare(&r, 2);
	r.x.config.release_timeout_ms = 1500;
	frontend_xdp_open(&r.x);
	other = foreign_socket("v0", 1);
	before = footprint_take();
	for (int i = 0; i < 3; i++) {
		int64_t start = frontend_now_ms();

		cr_assert_eq(frontend_xdp_try_start(&r.x, 2, 64), -EBUSY, "%s", r.x.err.message);
		cr_assert(strstr(r.x.err.message, "v0") && strstr(r.x.err.message, "queue 1"), "%s",
			  r.x.err.message);
		/* It waits for the queue once, not again for the other's socket to let go of it. */
		cr_assert_lt(frontend_now_ms() - start, 2900);
		if (i == 0) /* what is mapped once, at first use */
			before.mappings = footprint_take().mappings;
		footprint_expect(&before, r.x.err.message);
	}
	close(other);
	frontend_xdp_start(&r.x, 2, 64);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}

/* ---- 02, 08 --------------------------------------------------------------------------------------- */

// 02: stop before any queue, and twice
CASE(02, stop_before_queues_and_twice_is_no_error)
{
	struct rig r;

	rig_open(&r, 1);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(net_endpoint_stop(r.x.ep), 0);
	frontend_xdp_start(&r.x, 1, 64);
	traffic_both_ways(&r.x, &r.peer);
	frontend_xdp_stop(&r.x);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(net_endpoint_stop(r.x.ep), 0);
	rig_close(&r);
}

// 08: stop with a queue alive is a reported usage error, and so are get_queues and destroy
CASE(08, stop_with_a_queue_alive_is_ebusy_and_harmless)
{
	const uint32_t count = fixture_queues(2);
	struct net_queue *first;
	struct rig r;

	rig_open(&r, count);
	frontend_xdp_start(&r.x, count, 64);
	for (uint32_t alive = count; alive; alive--) {
		struct net_queue_config configs[2] = {0};
		struct net_queue *queues[2] = {NULL};

		cr_assert_eq(net_endpoint_stop(r.x.ep), -EBUSY);
		cr_assert_eq(net_endpoint_get_queues(r.x.ep, configs, 1, NULL, queues, &r.x.err),
			     -EBUSY);
		cr_assert(strstr(r.x.err.message, "destroy them first"), "%s", r.x.err.message);
		cr_assert_eq(net_endpoint_destroy(r.x.ep, &r.x.err), -EBUSY);
		cr_assert(strstr(r.x.err.message, "destroy them first"), "%s", r.x.err.message);
		if (alive == count) {
			traffic_both_ways(&r.x, &r.peer);
			first = r.x.queues[0];
			cr_assert_eq(net_queue_destroy(first, &r.x.err), 0, "%s", r.x.err.message);
			r.x.queues[0] = NULL;
		}
	}
	frontend_xdp_stop(&r.x);
	cr_assert_eq(net_endpoint_stop(r.x.ep), 0);
	rig_close(&r);
}

/* ---- 03, 04 --------------------------------------------------------------------------------------- */

// 03: destroy and get_queues again without stop, 100 cycles: no descriptor or pin leak, no EBUSY
CASE(03, restart_100_cycles_with_traffic_leaks_nothing)
{
	struct footprint before;
	int64_t pages, more;
	struct rig r;

	rig_open(&r, fixture_queues(2));
	before = footprint_take();
	pages = (int64_t)((FRONTEND_XDP_BYTES + net_xdp_private_bytes(&r.x.config)) / 4096);
	for (int i = 0; i < CYCLES; i++) {
		frontend_xdp_start(&r.x, fixture_queues(2), 64);
		traffic_both_ways(&r.x, &r.peer);
		frontend_xdp_stop(&r.x);
		if (i == 0) /* what is set up once, at first use */
			before.mappings = footprint_take().mappings;
	}
	footprint_expect(&before, "100 restarts");
	/* Other processes pin as well; a hundred leaks are still more than they do. */
	more = footprint_wait_unpinned(&before, 0, 10000);
	cr_assert(more < CYCLES / 2 * pages, "%lld pages are pinned, each cycle pins %lld",
		  (long long)more, (long long)pages);
	rig_close(&r);
}

static int try_life(struct rig *r)
{
	int rc = frontend_xdp_try_open(&r->x);

	cr_assert(rc == 0, "%s: %s", r->x.err.step, r->x.err.message);
	rc = frontend_xdp_try_start(&r->x, fixture_queues(2), 64);
	if (!rc)
		traffic_both_ways(&r->x, &r->peer);
	frontend_xdp_stop(&r->x);
	cr_assert_eq(net_endpoint_destroy(r->x.ep, &r->x.err), 0);
	return rc;
}

// 03: the same for the endpoint, as a user who may lock just the memory of one UMEM: a page too many
// and the kernel refuses
CASE(03, open_100_cycles_with_room_for_one_umem_leaks_no_page)
{
	struct footprint before;
	struct rig r;

	rig_prepare(&r, fixture_queues(2));
	frontend_close(&r.x.f); /* smaller memory: limits can only be lowered */
	frontend_open(&r.x.f, OWN_USER_BYTES, FRONTEND_XDP_IDS);
	footprint_own_user(4096 + OWN_USER_BYTES + net_xdp_private_bytes(&r.x.config));
	cr_assert_eq(try_life(&r), 0, "%s", r.x.err.message);
	before = footprint_take();
	for (int i = 0; i < CYCLES; i++)
		cr_assert_eq(try_life(&r), 0, "cycle %d: %s: %s", i, r.x.err.step, r.x.err.message);
	footprint_expect(&before, "100 lives");
	cr_assert_eq(before.programs, 0);
	r.x.ep = NULL;
	rig_close(&r);
}

// 04: destroy, stop, get_queues: traffic flows, counters defined
CASE(04, restart_after_stop_traffic_flows_and_counters_start_at_zero)
{
	const uint32_t queues = fixture_queues(2);
	struct net_xdp_stats counters;
	struct net_queue_stats stats;
	struct rig r;

	rig_open(&r, queues);
	for (int i = 0; i < 5; i++) {
		frontend_xdp_start(&r.x, queues, 64);
		for (uint32_t q = 0; q < queues; q++) {
			struct net_queue_stats zero = {0};

			net_queue_stats(r.x.queues[q], &stats);
			cr_assert(memcmp(&stats, &zero, sizeof(stats)) == 0);
			counters = frontend_xdp_stats(&r.x, q);
			for (uint32_t c = 0; c < NET_XDP_COUNTERS; c++)
				cr_assert_eq(counters.value[c], 0, "%s", net_xdp_counter_name(c));
		}
		traffic_both_ways(&r.x, &r.peer);
		net_queue_stats(r.x.queues[queues - 1], &stats);
		cr_assert_eq(stats.tx_packets, 5);
		frontend_xdp_stop(&r.x);
		cr_assert_eq(net_endpoint_stop(r.x.ep), 0);
	}
	rig_close(&r);
}
