// SPDX-License-Identifier: BSD-2-Clause
/* Cases 55 and 56: the interface goes away under the queues, and comes back. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "support/conformance.h"
#include "support/footprint.h"
#include "support/foreign.h"
#include "support/netns.h"
#include "support/traffic.h"
#include "support/waiter.h"

/* The ways an interface goes, and comes back under the same name. */
struct loss {
	void (*lose)(void);
	void (*restore)(uint32_t queues);
};

static void delete_it(void)
{
	netns_run("ip link del v0");
}

static void make_again(uint32_t queues)
{
	netns_veth("v0", "v1", queues, 1500);
}

static int elsewhere = -1;

static void move_it(void)
{
	if (elsewhere < 0)
		elsewhere = netns_new();
	netns_move("v0", elsewhere);
}

/* The same interface, with the index it had. */
static void move_it_back(uint32_t queues)
{
	int home = netns_switch(elsewhere);

	(void)queues;
	netns_move("v0", home);
	close(netns_switch(home));
	close(home);
	rig_up();
}

/* Another interface; the first one stays where it is. */
static void replace_it(uint32_t queues)
{
	int home;

	netns_run("ip link del v1"); /* which also ends the moved one */
	netns_veth("v0", "v1", queues, 1500);
	home = netns_switch(elsewhere);
	netns_run("! ip link show v0 2> /dev/null");
	close(netns_switch(home));
	close(home);
}

static const struct loss deleted = {delete_it, make_again};
static const struct loss moved = {move_it, move_it_back};
static const struct loss moved_and_replaced = {move_it, replace_it};

/* ---- What must be told ---------------------------------------------------------------------------- */

static bool link_told = true; /* what a frontend believes */

/* Events until there are none for a while. Return: how many asked for a restart. */
static int count_restarts(struct rig *r, int for_ms)
{
	struct pollfd pfd = {.fd = net_endpoint_action_fd(r->x.ep), .events = POLLIN};
	struct net_action action;
	int restarts = 0, rc;

	while (poll(&pfd, 1, for_ms) == 1) {
		while ((rc = net_endpoint_poll_action(r->x.ep, &action)) == 1) {
			restarts += action.kind == NET_ACTION_RESTART_REQUIRED;
			if (action.kind != NET_ACTION_LINK)
				continue;
			cr_assert_neq(action.link_up, link_told, "the same told twice");
			link_told = action.link_up;
		}
		cr_assert_eq(rc, 0, "poll_action: %s", strerror(-rc));
	}
	return restarts;
}

/* The data calls of a queue that has lost its interface. */
static void expect_lost(struct rig *r, uint32_t i)
{
	struct net_queue *q = r->x.queues[i];
	struct frontend_list list;
	uint32_t ids[8], done = 0;
	int rc, told = 0;

	frontend_list_open(&list, 8);
	for (uint32_t n = 0; n < 8; n++)
		traffic_put(&r->x, &list, i * 8 + n, 100);
	for (int n = 0; n < 50; n++) {
		cr_assert_eq(frontend_rx(&r->x.f, q, ids, 8), 0);
		rc = net_queue_tx_poll(q, &r->x.f.pool, ids, 8);
		cr_assert(rc >= 0 || rc == NET_TRY_RESTART, "tx_poll: %d", rc);
		told += rc == NET_TRY_RESTART;
		frontend_tx(&r->x.f, q, &list, 0, &done);
		net_queue_poll_ready(q, NULL);
	}
	cr_assert_gt(told, 0, "queue %u never said that it has to be made again", i);
	frontend_list_close(&list);
}

/* A link that goes and comes back is told as before. */
static void expect_link_events(struct rig *r)
{
	struct net_action action;

	cr_assert_eq(count_restarts(r, 300), 0);
	cr_assert(link_told, "nobody told that the link is up");
	for (int up = 0; up < 2; up++) {
		int64_t deadline = frontend_now_ms() + WAITER_PATIENCE_MS;

		netns_run("ip link set %s %s", fixture_link(), up ? "up" : "down");
		while (net_endpoint_poll_action(r->x.ep, &action) == 0) {
			cr_assert(frontend_now_ms() < deadline, "no link event");
			frontend_sleep_ms(5);
		}
		cr_assert(action.kind == NET_ACTION_LINK && action.link_up == up);
	}
	rig_up();
}

/* ---- The course of events ------------------------------------------------------------------------- */

static void lose(struct rig *r, const struct loss *loss)
{
	int64_t start;

	for (uint32_t i = 0; i < r->x.queue_count; i++)
		waiter_expect_pending(r->x.queues[i]);
	peer_close(&r->peer);
	loss->lose();
	for (uint32_t i = 0; i < r->x.queue_count; i++)
		waiter_sleep(r->x.queues[i]);
	for (uint32_t i = 0; i < r->x.queue_count; i++)
		expect_lost(r, i);
	cr_assert_eq(count_restarts(r, 300), 1);
	start = frontend_now_ms();
	frontend_xdp_stop(&r->x);
	cr_assert_lt(frontend_now_ms() - start, 1500, "destroy waited for a queue that is gone");
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(frontend_xdp_try_start(&r->x, 1, 64), -ENODEV);
		cr_assert(strstr(r->x.err.message, "v0"), "%s", r->x.err.message);
	}
}

static void lose_and_recover(uint32_t queues, const struct loss *loss)
{
	struct footprint before = {0};
	struct rig r;

	rig_open(&r, queues);
	frontend_xdp_start(&r.x, queues, 64);
	traffic_both_ways(&r.x, &r.peer);
	for (int i = 0; i < 4; i++) {
		lose(&r, loss);
		if (i == 1) /* now that everything has been used once */
			before = footprint_take();
		else if (i > 1)
			footprint_expect(&before, "the interface lost and found");
		loss->restore(queues);
		peer_open(&r.peer, "v1");
		frontend_xdp_start(&r.x, queues, 64);
		traffic_both_ways(&r.x, &r.peer);
		expect_link_events(&r); /* after it the peer's socket has an error to tell */
		cr_assert_eq(count_restarts(&r, 50), 0);
	}
	rig_close(&r);
	cr_assert_eq(netns_program_id("v0"), 0);
}

// 55: device removed: try-restart from the queues, restart-required once, nothing fatal; recovery
// when an interface of that name returns. 56: after it new traffic works.
CASE(55, removed_interface_one_queue_recovers)
{
	NEEDS_VETH("an interface that can be deleted");
	lose_and_recover(1, &deleted);
}

CASE(55, removed_interface_two_queues_recover)
{
	NEEDS_VETH("an interface that can be deleted");
	lose_and_recover(2, &deleted);
}

CASE(55, removed_interface_four_queues_recover)
{
	NEEDS_VETH("an interface that can be deleted");
	lose_and_recover(4, &deleted);
}

// 55: moved to another namespace and back, which keeps its index and the program
CASE(55, moved_interface_recovers_when_it_is_back)
{
	lose_and_recover(fixture_queues(2), &moved);
}

// 55: moved to another namespace, another one takes its name
CASE(55, moved_interface_recovers_on_another_of_its_name)
{
	NEEDS_VETH("an interface that can be deleted");
	lose_and_recover(4, &moved_and_replaced);
}

static void restart_after(const struct loss *loss)
{
	const uint32_t queues = fixture_queues(2);
	struct frontend_list list;
	uint32_t done = 0;
	uint8_t frame[64] = {2};
	struct rig r;

	rig_open(&r, queues);
	frontend_xdp_start(&r.x, queues, 64);
	frontend_list_open(&list, 16);
	for (uint32_t i = 0; i < 16; i++)
		traffic_put(&r.x, &list, i, 500);
	for (int i = 0; i < 3; i++) {
		for (int n = 0; n < 20; n++)
			peer_send(&r.peer, frame, sizeof(frame));
		netns_down("v0");
		for (uint32_t q = 0; q < queues; q++)
			frontend_tx(&r.x.f, r.x.queues[q], &list, 0, &done);
		peer_close(&r.peer);
		loss->lose();
		frontend_xdp_stop(&r.x);
		loss->restore(queues);
		peer_open(&r.peer, "v1");
		frontend_xdp_start(&r.x, queues, 64);
		for (uint32_t q = 0; q < queues; q++)
			cr_assert_eq(net_queue_tx_poll(r.x.queues[q], &r.x.f.pool, &done, 1), 0);
		traffic_both_ways(&r.x, &r.peer);
	}
	frontend_list_close(&list);
	rig_close(&r);
}

// 56: after try-restart new traffic works; frames that were with the lost queues do not come back
CASE(56, restart_after_removal_with_tx_and_rx_in_flight_starts_afresh)
{
	NEEDS_VETH("an interface that can be deleted");
	restart_after(&deleted);
}

CASE(56, restart_after_a_move_with_tx_and_rx_in_flight_starts_afresh)
{
	restart_after(&moved);
}

// 55: the returned interface runs another's program: refused with its name, every time, until it goes
CASE(55, returned_interface_with_a_foreign_program_is_refused)
{
	uint32_t id;
	struct rig r;

	NEEDS_VETH("an interface that can be deleted");
	rig_prepare(&r, 2);
	r.x.config.release_timeout_ms = 200;
	frontend_xdp_open(&r.x);
	frontend_xdp_start(&r.x, 2, 64);
	lose(&r, &deleted);
	netns_veth("v0", "v1", 2, 1500);
	id = foreign_program("v0", 1);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(frontend_xdp_try_start(&r.x, 2, 64), -EBUSY, "%s", r.x.err.message);
		cr_assert(strstr(r.x.err.message, "foreign_prog"), "%s", r.x.err.message);
		cr_assert_eq(netns_program_id("v0"), id);
	}
	foreign_program_detach("v0", 1);
	peer_open(&r.peer, "v1");
	frontend_xdp_start(&r.x, 2, 64);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}

// 55: a moved interface that was given up for another does not keep our program
CASE(55, moved_interface_given_up_runs_no_program_of_ours)
{
	struct rig r;
	int home;

	NEEDS_VETH("an interface that can be deleted");
	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	lose(&r, &moved);
	netns_run("ip link set v1 name old1");
	netns_veth("v0", "v1", 1, 1500);
	peer_open(&r.peer, "v1");
	frontend_xdp_start(&r.x, 1, 64);
	home = netns_switch(elsewhere);
	cr_assert_eq(netns_program_id("v0"), 0);
	close(netns_switch(home));
	close(home);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}

// 53: an interface that comes back without link is told to be down, and up when it is
CASE(53, returned_interface_without_link_is_told_down_once)
{
	struct rig r;

	NEEDS_VETH("an interface that can be deleted");
	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	lose(&r, &deleted);
	netns_run("ip link add v0 type veth peer name v1");
	frontend_xdp_start(&r.x, 1, 64);
	cr_assert_eq(count_restarts(&r, 300), 0);
	cr_assert_not(link_told, "the frontend believes in a link that is down");
	rig_up();
	peer_open(&r.peer, "v1");
	cr_assert_eq(count_restarts(&r, 300), 0);
	cr_assert(link_told);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}
