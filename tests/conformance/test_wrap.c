// SPDX-License-Identifier: BSD-2-Clause
/* Cases 61 and 72 on real packets: the queues of a wrapper around an AF_XDP endpoint, and what they tell. */
#include <errno.h>
#include <string.h>

#include "support/conformance.h"
#include "support/fields.h"
#include "support/frame.h"
#include "support/wrap_rig.h"
#include "support/wrapped.h"

enum { BUFFERS = 256 };

/* ---- 61 ------------------------------------------------------------------------------------ */

/* Queue i of the wrapper is hardware queue i, and its statistics are those of the queue inside. */
static void expect_wrapped(struct rig *r, uint32_t queues)
{
	struct net_queue_stats outer, inner;
	struct net_xdp_report report;
	struct net_endpoint_facts facts[2];
	uint8_t frame[100];
	uint32_t id;

	memset(facts, 0, sizeof(facts));
	net_endpoint_facts(r->x.ep, &facts[0]);
	net_endpoint_facts(wrapped_inner_endpoint(r->x.ep), &facts[1]);
	cr_assert_eq(memcmp(&facts[0], &facts[1], sizeof(facts[0])), 0);
	frontend_xdp_start(&r->x, queues, 64);
	for (uint32_t i = 0; i < queues; i++) {
		cr_assert_eq(net_xdp_queue_report(r->x.queues[i], &report), 0);
		cr_assert_eq(report.hardware_queue, i);
		peer_use_queue(&r->peer, i);
		for (uint32_t n = 0; n <= i; n++) {
			frame_plain(frame, sizeof(frame), n);
			peer_send(&r->peer, frame, sizeof(frame));
			cr_assert_eq(frontend_rx_wait(&r->x.f, r->x.queues[i], &id, 1, 5000), 1);
			frontend_expect_frame(&r->x.f, id, frame, sizeof(frame));
		}
		traffic_send(&r->x, &r->peer, i, 2 * i + 1);
	}
	for (uint32_t i = 0; i < queues; i++) {
		net_queue_stats(r->x.queues[i], &outer);
		net_queue_stats(wrapped_inner(r->x.queues[i]), &inner);
		cr_assert_eq(memcmp(&outer, &inner, sizeof(outer)), 0);
		cr_assert_eq(outer.rx_packets, i + 1);
		cr_assert_eq(outer.tx_packets, 2 * i + 1);
	}
}

// 61: wrapped queue i is inner queue i, stats forwarded
CASE(61, captured_queue_i_is_inner_queue_i)
{
	struct net_capture_config config = net_capture_config_default();
	struct net_capture_stats stats;
	struct rig r;

	config.path = "/dev/null";
	wrap_rig_capture(&r, fixture_queues(4));
	cr_assert_eq(net_capture_start(r.x.ep, &config, &r.x.err), 0);
	expect_wrapped(&r, fixture_queues(4));
	cr_assert_eq(net_capture_stop(r.x.ep), 0);
	net_capture_get_stats(r.x.ep, &stats);
	cr_assert(stats.frames > 0 && stats.missed == 0);
	rig_close(&r);
}

CASE(61, disconnectable_queue_i_is_inner_queue_i)
{
	struct rig r;

	wrap_rig_disconnectable(&r, fixture_queues(4));
	expect_wrapped(&r, fixture_queues(4));
	rig_close(&r);
}

/* ---- 72 ------------------------------------------------------------------------------------ */

/* Frames both ways while another thread inspects; then what it would read is what the counters say.
 * Return: how often traffic_both_ways() was. */
static uint64_t expect_inspect(struct rig *r)
{
	struct net_queue_stats stats;
	struct fields_reader reader;
	uint64_t received, rounds;

	frontend_xdp_start(&r->x, 1, BUFFERS);
	fields_reader_start(&reader, r->x.ep, r->x.queues[0]);
	for (rounds = 0; rounds < 40 || fields_reader_needs_load(&reader); rounds++)
		traffic_both_ways(&r->x, &r->peer);
	fields_reader_stop(&reader);
	net_queue_stats(r->x.queues[0], &stats);
	cr_assert_eq(stats.rx_packets, rounds * 20);
	cr_assert(fields_received(reader.q, &received) && received == stats.rx_packets);
	cr_assert_eq(fields_number(NULL, reader.q, "counters.tx_packets"), stats.tx_packets);
	return rounds;
}

// 72: inspect agrees with counters and report, from another thread under load
CASE(72, captured_queue_tells_its_counters_and_the_captures)
{
	struct net_capture_config config = net_capture_config_default();
	struct net_capture_stats stats;
	uint64_t rounds;
	struct rig r;

	config.path = "/dev/null";
	wrap_rig_capture(&r, 1);
	cr_assert_eq(fields_number(r.x.ep, NULL, "capture.on"), 0);
	cr_assert_eq(net_capture_start(r.x.ep, &config, &r.x.err), 0);
	rounds = expect_inspect(&r);
	cr_assert_eq(fields_number(r.x.ep, NULL, "capture.on"), 1);
	cr_assert_eq(fields_number(NULL, r.x.queues[0], "capture.on"), 1);
	cr_assert_eq(fields_number(NULL, r.x.queues[0], "capture.missed"), 0);
	cr_assert_eq(net_capture_stop(r.x.ep), 0);
	net_capture_get_stats(r.x.ep, &stats);
	cr_assert_eq(stats.frames, rounds * 25);
	cr_assert_eq(fields_number(r.x.ep, NULL, "capture.frames"), stats.frames);
	cr_assert_eq(fields_number(r.x.ep, NULL, "capture.written"), stats.bytes);
	cr_assert_eq(fields_number(NULL, r.x.queues[0], "capture.on"), 0);
	rig_close(&r);
}

CASE(72, disconnectable_queue_tells_its_counters_and_the_swaps)
{
	struct net_endpoint *inner;
	struct rig r;

	wrap_rig_disconnectable(&r, 1);
	expect_inspect(&r);
	cr_assert_eq(fields_number(r.x.ep, NULL, "disconnectable.connected"), 1);
	cr_assert_eq(net_disconnectable_disconnect(r.x.ep, 0, &inner, &r.x.err), -ETIMEDOUT);
	cr_assert_eq(fields_number(r.x.ep, NULL, "disconnectable.connected"), 0);
	cr_assert_eq(fields_number(r.x.ep, NULL, "disconnectable.disconnects"), 1);
	rig_close(&r);
}
