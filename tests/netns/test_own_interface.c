// SPDX-License-Identifier: BSD-2-Clause
/* An interface that changes under an endpoint: it leaves, comes back, has another name, or fewer queues than
 * the kernel binds sockets to. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include <bpf/bpf.h>

#include "support/foreign.h"
#include "support/netns.h"
#include "support/traffic.h"
#include "support/wrapped.h"
#include "xdp/endpoint.h"

/* poll() on the socket never says that its device went: the queue's descriptor has to. */
static void expect_gone(struct rig *r)
{
	struct pollfd raw = {.fd = queue_of(r->x.queues[0])->xsk.fd, .events = POLLIN};
	uint32_t id;

	cr_assert_eq(net_queue_wait(r->x.queues[0], &r->x.f.pool, 10000000000), 1);
	cr_assert_eq(net_queue_tx_poll(r->x.queues[0], &r->x.f.pool, &id, 1), NET_TRY_RESTART);
	cr_assert_eq(poll(&raw, 1, 0), 0, "the kernel does say it now: then use it");
}

static int next_action(struct rig *r, struct net_action *out)
{
	struct pollfd fd = {.fd = net_endpoint_action_fd(r->x.ep), .events = POLLIN};
	int rc;

	while ((rc = net_endpoint_poll_action(r->x.ep, out)) == 0 && poll(&fd, 1, 10000) == 1)
		;
	return rc;
}

/* The link goes down first. */
static void expect_restart(struct rig *r)
{
	struct net_action action = {.kind = NET_ACTION_LINK};

	while (action.kind == NET_ACTION_LINK)
		cr_assert_eq(next_action(r, &action), 1, "no restart is asked for");
	cr_assert_eq(action.kind, NET_ACTION_RESTART_REQUIRED);
}

/* There and back under the same index and name: the program is still attached, so nothing is attached
 * anew, and link events must go on being reported all the same. */
Test(own, interface_that_leaves_and_comes_back_restarts_and_reports_links_again, .timeout = 60)
{
	int elsewhere, here;
	struct net_action action;
	uint32_t program;
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	program = netns_program_id("v0");
	while (net_queue_poll_ready(r.x.queues[0], &r.x.f.pool))
		;
	elsewhere = netns_new();
	netns_move("v0", elsewhere);
	expect_gone(&r);
	expect_restart(&r);
	frontend_xdp_stop(&r.x);
	here = netns_switch(elsewhere);
	netns_move("v0", here);
	netns_switch(here);
	netns_up("v0");
	frontend_xdp_start(&r.x, 1, 64);
	cr_assert_eq(netns_program_id("v0"), program, "the case is about an attachment that stays");
	traffic_both_ways(&r.x, &r.peer);
	netns_down("v1");
	do
		cr_assert_eq(next_action(&r, &action), 1, "no event");
	while (action.kind == NET_ACTION_LINK && action.link_up);
	cr_assert_eq(action.kind, NET_ACTION_LINK);
	netns_up("v1");
	cr_assert_eq(next_action(&r, &action), 1);
	cr_assert(action.kind == NET_ACTION_LINK && action.link_up);
	/* and its next departure */
	netns_run("ip link del v0");
	expect_gone(&r);
	expect_restart(&r);
	frontend_xdp_close(&r.x);
	peer_close(&r.peer);
}

/* Whoever goes on without waiting for the word is told nothing afterwards. */
Test(own, interface_that_was_away_before_get_queues_asks_for_no_other_restart, .timeout = 60)
{
	int elsewhere, here;
	uint32_t id;
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	elsewhere = netns_new();
	netns_move("v0", elsewhere);
	frontend_xdp_stop(&r.x);
	here = netns_switch(elsewhere);
	netns_move("v0", here);
	close(netns_switch(here));
	netns_up("v0");
	frontend_xdp_start(&r.x, 1, 64);
	for (int64_t end = frontend_now_ms() + 1200; frontend_now_ms() < end;) {
		struct net_action action;

		cr_assert(net_endpoint_poll_action(r.x.ep, &action) == 0 ||
				  action.kind == NET_ACTION_LINK,
			  "a restart of queues that are new");
		cr_assert_eq(net_queue_tx_poll(r.x.queues[0], &r.x.f.pool, &id, 1), 0);
		net_queue_wait(r.x.queues[0], &r.x.f.pool, 50000000);
	}
	traffic_both_ways(&r.x, &r.peer);
	netns_run("ip link del v0");
	expect_gone(&r);
	expect_restart(&r);
	close(here);
	close(elsewhere);
	frontend_xdp_close(&r.x);
	peer_close(&r.peer);
}

static void rename_v0(const char *from, const char *to)
{
	netns_down(from);
	netns_run("ip link set %s name %s", from, to);
	netns_up(to);
}

/* The program stays attached to it meanwhile. */
Test(own, interface_that_was_renamed_is_found_by_get_queues, .timeout = 60)
{
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	rename_v0("v0", "renamed");
	traffic_both_ways(&r.x, &r.peer);
	frontend_xdp_stop(&r.x);
	frontend_xdp_start(&r.x, 1, 64);
	cr_assert_str_eq(frontend_xdp_report(&r.x, 0).ifname, "renamed");
	traffic_both_ways(&r.x, &r.peer);
	frontend_xdp_stop(&r.x);
	/* Another one that is called so now is what was asked for. */
	netns_veth("v0", "other", 1, 1500);
	frontend_xdp_start(&r.x, 1, 64);
	cr_assert_str_eq(frontend_xdp_report(&r.x, 0).ifname, "v0");
	cr_assert_eq(netns_program_id("renamed"), 0);
	netns_run("ip link del v0");
	frontend_xdp_stop(&r.x);
	cr_assert_eq(frontend_xdp_try_start(&r.x, 1, 64), -ENODEV);
	frontend_xdp_close(&r.x);
	peer_close(&r.peer);
}

static void lose_program(struct rig *r)
{
	const struct program *p = &endpoint_of(wrapped_inner_endpoint(r->x.ep))->attached.program;

	cr_assert_eq(bpf_link_detach(p->link_fd), 0);
}

/* It is still the one, also when the program has gone meanwhile, or could not be attached again at first. */
Test(own, renamed_interface_that_lost_its_program_is_found_by_get_queues, .timeout = 60)
{
	struct rig r;

	rig_open(&r, 1);
	for (int i = 0; i < 2; i++) {
		frontend_xdp_start(&r.x, 1, 64);
		rename_v0(i ? "renamed" : "v0", i ? "again" : "renamed");
		lose_program(&r);
		frontend_xdp_stop(&r.x);
	}
	foreign_program("again", 1);
	cr_assert_eq(frontend_xdp_try_start(&r.x, 1, 64), -EBUSY, "%s", r.x.err.message);
	rename_v0("again", "renamed");
	foreign_program_detach("renamed", 1);
	frontend_xdp_start(&r.x, 1, 64);
	cr_assert_str_eq(frontend_xdp_report(&r.x, 0).ifname, "renamed");
	traffic_both_ways(&r.x, &r.peer);
	/* An interface in its place that only has its number is another one. */
	frontend_xdp_stop(&r.x);
	peer_close(&r.peer);
	netns_run("i=$(cat /sys/class/net/renamed/ifindex); ip link del renamed; "
		  "ip link add stranger index $i type veth peer name v1");
	cr_assert_eq(frontend_xdp_try_start(&r.x, 1, 64), -ENODEV, "%s", r.x.err.message);
	cr_assert_eq(netns_program_id("stranger"), 0);
	frontend_xdp_close(&r.x);
}

/* The kernel binds a socket to a queue that only receives, and then sends nothing without a word. */
Test(own, queues_that_cannot_send_are_not_offered, .timeout = 60)
{
	struct net_endpoint_facts facts;
	struct frontend_xdp x;
	struct peer peer;

	netns_enter();
	netns_run("ip link add v0 numrxqueues 2 numtxqueues 1 type veth "
		  "peer name v1 numrxqueues 2 numtxqueues 2");
	netns_run("ip link set v1 up");
	netns_up("v0");
	frontend_xdp_prepare(&x, "v0");
	x.config.max_queues = 2;
	frontend_xdp_open(&x);
	net_endpoint_facts(x.ep, &facts);
	cr_assert_eq(facts.max_queues, 1);
	cr_assert_eq(frontend_xdp_try_start(&x, 2, 64), -EINVAL);
	cr_assert_not_null(strstr(x.err.message, "2 RX and 1 TX"), "%s", x.err.message);
	frontend_xdp_start(&x, 1, 64);
	peer_open(&peer, "v1");
	peer_use_queue(&peer, 0);
	traffic_both_ways(&x, &peer);
	peer_close(&peer);
	frontend_xdp_close(&x);
}

/* The same, after the facts were told. */
Test(own, queues_that_can_no_longer_send_are_refused, .timeout = 60)
{
	struct rig r;

	rig_prepare(&r, 2);
	frontend_xdp_open(&r.x);
	netns_run("ethtool -L v0 tx 1");
	cr_assert_eq(frontend_xdp_try_start(&r.x, 2, 32), -EINVAL);
	cr_assert_not_null(strstr(r.x.err.message, "2 RX and 1 TX"), "%s", r.x.err.message);
	netns_run("ethtool -L v0 tx 2");
	frontend_xdp_start(&r.x, 2, 32);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}
