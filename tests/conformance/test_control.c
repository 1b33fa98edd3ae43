// SPDX-License-Identifier: BSD-2-Clause
/* Cases 53, 54 and 57 to 61: link events, statistics, facts, steering, hints and wrapping. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "support/conformance.h"
#include "support/frame.h"
#include "support/netns.h"
#include "support/traffic.h"
#include "support/waiter.h"
#include "support/wrap.h"

/* ---- 53, 54 --------------------------------------------------------------------------------------- */

static bool wait_for_event(struct net_endpoint *ep, int timeout_ms, struct net_action *out)
{
	struct pollfd pfd = {.fd = net_endpoint_action_fd(ep), .events = POLLIN};
	int64_t deadline = frontend_now_ms() + timeout_ms, left;
	int rc;

	while ((rc = net_endpoint_poll_action(ep, out)) == 0 &&
	       (left = deadline - frontend_now_ms()) > 0)
		poll(&pfd, 1, (int)left);
	cr_assert_geq(rc, 0, "poll_action: %s", strerror(-rc));
	return rc == 1;
}

/* One event, and then none. */
static void expect_link(struct net_endpoint *ep, bool up)
{
	struct net_action action;

	cr_assert(wait_for_event(ep, WAITER_PATIENCE_MS, &action), "no event");
	cr_assert_eq(action.kind, NET_ACTION_LINK);
	cr_assert_eq(action.link_up, up);
	cr_assert_not(wait_for_event(ep, 100, &action), "a second event, kind %d", action.kind);
}

// 53: link down / up: one event each, whoever takes it down
CASE(53, link_down_and_up_give_one_event_each)
{
	const char *const ends[] = {fixture_link(), "v0"};
	const uint32_t queues = fixture_queues(2);
	struct net_action action;
	struct rig r;

	rig_open(&r, queues);
	cr_assert_not(wait_for_event(r.x.ep, 100, &action), "an event without a cause");
	for (int i = 0; i < 6; i++) {
		if (i == 2) /* with queues it is the same */
			frontend_xdp_start(&r.x, queues, 64);
		netns_run("ip link set %s down", ends[i % 2]);
		expect_link(r.x.ep, false);
		netns_run("ip link set %s up", ends[i % 2]);
		expect_link(r.x.ep, true);
	}
	peer_close(&r.peer);
	peer_open(&r.peer, "v1");
	rig_up();
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}

// 53: some drivers take the link down while a program is attached or a queue is bound: each change is
// told once, and in the end it is up
CASE(53, link_reset_by_attach_and_bind_is_told_once_each)
{
	enum { QUIET_MS = 2000, MOST_MS = 30000 };
	int64_t deadline = frontend_now_ms() + MOST_MS;
	int told = -1, events = 0;
	struct net_action action;
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	while (wait_for_event(r.x.ep, told == 0 ? MOST_MS : QUIET_MS, &action)) {
		cr_assert(frontend_now_ms() < deadline, "it never comes to rest");
		cr_assert_eq(action.kind, NET_ACTION_LINK);
		cr_assert_neq(action.link_up, told, "told twice");
		told = action.link_up;
		events++;
	}
	cr_assert_neq(told, 0, "the link is up and nobody says so");
	cr_log_info("%d link events", events);
	rig_close(&r);
}

// 53: what is no change of the link is no event, on this interface and on others
CASE(53, other_changes_give_no_event)
{
	struct net_action action;
	struct rig r;

	rig_open(&r, 1);
	netns_run("ip link set v0 alias something; ip link set v0 mtu 1400; "
		  "ip link set v0 promisc on; ip link set v0 txqueuelen 500");
	netns_run("ip link add o0 type veth peer name o1; ip link set o0 up; ip link set o1 up");
	netns_run("ip link set o0 down; ip link del o0");
	netns_run("ip link set v0 up; ip link set v0 up");
	cr_assert_not(wait_for_event(r.x.ep, 300, &action), "kind %d", action.kind);
	rig_close(&r);
}

// 53: nobody looks while it flaps: no state is told twice in a row, the last one is right
CASE(53, flapping_unobserved_tells_no_state_twice)
{
	struct net_action action;
	bool up = true;
	struct rig r;

	rig_open(&r, 1);
	for (int i = 0; i < 40; i++)
		netns_run("ip link set %s down; ip link set %s up", fixture_link(), fixture_link());
	netns_run("ip link set %s down", fixture_link());
	while (wait_for_event(r.x.ep, 500, &action)) {
		cr_assert_eq(action.kind, NET_ACTION_LINK);
		cr_assert_neq(action.link_up, up, "told twice");
		up = action.link_up;
	}
	cr_assert_not(up, "the link is down");
	rig_close(&r);
}

// 53: more events than the socket holds: what was lost is asked for again
CASE(53, events_lost_in_a_storm_are_made_up_for)
{
	struct net_action action;
	struct rig r;

	NEEDS_VETH("an interface that can be deleted");
	rig_open(&r, 1);
	netns_run("ip link add o0 type veth peer name o1");
	netns_run("for i in $(seq 600); do echo link set o0 alias a$i; done | ip -batch -");
	netns_run("ip link set v1 down");
	cr_assert(wait_for_event(r.x.ep, WAITER_PATIENCE_MS, &action));
	cr_assert(action.kind == NET_ACTION_LINK && !action.link_up);
	netns_run("for i in $(seq 600); do echo link set o0 alias b$i; done | ip -batch -");
	netns_run("ip link del v0");
	peer_close(&r.peer);
	cr_assert(wait_for_event(r.x.ep, WAITER_PATIENCE_MS, &action));
	cr_assert_eq(action.kind, NET_ACTION_RESTART_REQUIRED);
	cr_assert_not(wait_for_event(r.x.ep, 300, &action), "kind %d", action.kind);
	frontend_xdp_close(&r.x);
}

// 54: action poll abandoned and re-issued 1000 times: nothing lost, nothing doubled
CASE(54, action_poll_abandoned_1000_times_loses_nothing)
{
	struct net_action action;
	struct pollfd pfd;
	struct rig r;

	rig_open(&r, 1);
	pfd = (struct pollfd){.fd = net_endpoint_action_fd(r.x.ep), .events = POLLIN};
	for (int i = 0; i < 1000; i++) {
		cr_assert_eq(net_endpoint_poll_action(r.x.ep, &action), 0);
		poll(&pfd, 1, 0);
	}
	for (int up = 0; up < 2; up++) {
		netns_run("ip link set %s %s", fixture_link(), up ? "up" : "down");
		/* Seen to be readable, and left alone. */
		cr_assert_eq(poll(&pfd, 1, WAITER_PATIENCE_MS), 1);
		for (int i = 0; i < 1000; i++)
			cr_assert_eq(poll(&pfd, 1, 0), 1, "the event is gone");
		expect_link(r.x.ep, up);
		for (int i = 0; i < 1000; i++)
			cr_assert_eq(net_endpoint_poll_action(r.x.ep, &action), 0);
	}
	rig_close(&r);
}

/* ---- 58 ------------------------------------------------------------------------------------------- */

static void expect_facts(struct net_endpoint *ep, const struct net_endpoint_facts *want)
{
	struct net_endpoint_facts now;

	memset(&now, 0, sizeof(now));
	net_endpoint_facts(ep, &now);
	cr_assert_str_eq(now.type, want->type);
	cr_assert_eq(now.is_ordered, want->is_ordered);
	cr_assert_eq(now.tx_fast_completions, want->tx_fast_completions);
	cr_assert_eq(now.tx_flags, want->tx_flags);
	cr_assert_eq(now.max_queues, want->max_queues);
	cr_assert_eq(now.rss_table_entries, want->rss_table_entries);
	cr_assert_eq(now.rss_key_bytes, want->rss_key_bytes);
	cr_assert_eq(now.link_speed_bps, want->link_speed_bps);
}

// 58: endpoint facts constant
CASE(58, facts_stay_whatever_happens)
{
	const uint32_t queues = fixture_queues(4);
	struct net_endpoint_facts facts;
	struct rig r;

	rig_open(&r, queues);
	net_endpoint_facts(r.x.ep, &facts);
	cr_assert_str_eq(facts.type, "xdp");
	cr_assert_eq(facts.max_queues, queues);
	cr_assert_eq(facts.link_speed_bps, fixture_is_veth() ? 10000000000ull : 0,
		     "a veth says 10 Gbit/s, an emulated NIC nothing");
	cr_assert(facts.tx_flags & NET_TX_TCP_CHECKSUM);
	frontend_xdp_start(&r.x, fixture_queues(2), 64);
	expect_facts(r.x.ep, &facts);
	traffic_both_ways(&r.x, &r.peer);
	netns_run("ip link set %s down", fixture_link());
	expect_facts(r.x.ep, &facts);
	frontend_xdp_stop(&r.x);
	expect_facts(r.x.ep, &facts);
	cr_assert_neq(frontend_xdp_try_start(&r.x, queues + 1, 1), 0);
	expect_facts(r.x.ep, &facts);
	rig_close(&r);
}

CASE(58, facts_stay_when_the_interface_returns_with_other_queues)
{
	struct net_endpoint_facts facts;
	struct rig r;

	NEEDS_VETH("an interface that can be deleted");
	rig_open(&r, 4);
	net_endpoint_facts(r.x.ep, &facts);
	frontend_xdp_start(&r.x, 2, 64);
	frontend_xdp_stop(&r.x);
	peer_close(&r.peer);
	netns_run("ip link del v0");
	expect_facts(r.x.ep, &facts);
	netns_veth("v0", "v1", 2, 1500);
	peer_open(&r.peer, "v1");
	frontend_xdp_start(&r.x, 2, 64);
	expect_facts(r.x.ep, &facts);
	frontend_xdp_stop(&r.x);
	cr_assert_lt(frontend_xdp_try_start(&r.x, 4, 16), 0);
	expect_facts(r.x.ep, &facts);
	frontend_xdp_start(&r.x, 1, 64);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}

/* ---- 60, 61 --------------------------------------------------------------------------------------- */

// 60: target CPU hints any time, any number of times, right or wrong
CASE(60, hints_any_time_change_no_result)
{
	static const uint32_t cpus[] = {0, 1, 63, 64, 1023, 1024, 4096, 65535, 0x7fffffff};
	const uint32_t queues = fixture_queues(2);
	struct net_xdp_report report;
	struct rig r;

	rig_open(&r, queues);
	frontend_xdp_start(&r.x, queues, 64);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(cpus) / sizeof(*cpus); i++) {
			for (uint32_t q = 0; q < queues; q++) {
				net_queue_update_target_vp(r.x.queues[q], cpus[i] + q);
				net_queue_update_target_vp(r.x.queues[q], cpus[i]);
			}
			traffic_both_ways(&r.x, &r.peer);
			report = frontend_xdp_report(&r.x, queues - 1);
			cr_assert_eq(report.target_cpu, (int)cpus[i]);
			cr_assert_gt(strlen(report.target_state), 10, "\"%s\"",
				     report.target_state);
		}
		if (round == 1) /* now there are threads to move */
			netns_run("echo 1 > /sys/class/net/v0/threaded");
	}
	rig_close(&r);
}

CASE(60, hint_after_the_interface_is_gone_is_harmless)
{
	struct rig r;

	NEEDS_VETH("an interface that can be deleted");
	rig_open(&r, 2);
	frontend_xdp_start(&r.x, 2, 64);
	netns_run("ip link del v0");
	for (uint32_t q = 0; q < 2; q++)
		net_queue_update_target_vp(r.x.queues[q], 0);
	peer_close(&r.peer);
	frontend_xdp_close(&r.x);
}

// 61: wrapped queue i is inner queue i, stats forwarded
CASE(61, wrapped_queue_i_is_inner_queue_i)
{
	const uint32_t queues = fixture_queues(4);
	struct net_xdp_report report;
	struct net_queue_stats outer, inner;
	struct wrap_queue *w;
	uint8_t frame[100];
	struct rig r;
	uint32_t id;

	rig_open(&r, queues);
	r.x.ep = wrap_open(r.x.ep);
	frontend_xdp_start(&r.x, queues, 64);
	for (uint32_t i = 0; i < queues; i++) {
		w = (struct wrap_queue *)r.x.queues[i];
		cr_assert_eq(net_xdp_queue_report(w->inner, &report), 0);
		cr_assert_eq(report.hardware_queue, i);
		cr_assert_eq(net_xdp_queue_report(&w->base, &report), -EINVAL,
			     "the wrapper is no queue of ours");
		peer_use_queue(&r.peer, i);
		for (uint32_t n = 0; n <= i; n++) {
			frame_plain(frame, sizeof(frame), n);
			peer_send(&r.peer, frame, sizeof(frame));
			cr_assert_eq(frontend_rx_wait(&r.x.f, &w->base, &id, 1, 5000), 1);
			frontend_expect_frame(&r.x.f, id, frame, sizeof(frame));
		}
		traffic_send(&r.x, &r.peer, i, 2 * i + 1);
	}
	for (uint32_t i = 0; i < queues; i++) {
		w = (struct wrap_queue *)r.x.queues[i];
		net_queue_stats(&w->base, &outer);
		net_queue_stats(w->inner, &inner);
		cr_assert(memcmp(&outer, &inner, sizeof(outer)) == 0);
		cr_assert_eq(outer.rx_packets, i + 1);
		cr_assert_eq(outer.tx_packets, 2 * i + 1);
		cr_assert_eq(w->stats, 1);
	}
	rig_close(&r);
}
