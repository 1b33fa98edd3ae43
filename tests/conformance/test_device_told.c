// SPDX-License-Identifier: BSD-2-Clause
/* Cases 55 and 62: the interface goes, and each queue is told within a second, however its frontend waits and
 * whatever the endpoint's owner reads. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/conformance.h"
#include "support/netns.h"
#include "support/traffic.h"
#include "support/waiter.h"

enum { TOLD_MS = 1000 };

static int elsewhere = -1;

static void delete_it(void)
{
	netns_run("ip link del v0");
}

static void move_it(void)
{
	elsewhere = netns_new();
	netns_move("v0", elsewhere);
}

/* Commands for ip -batch, times over. */
static void repeat(const char *commands, unsigned int times)
{
	netns_run("for i in $(seq %u); do printf '%s'; done | ip -batch -", times, commands);
}

/* More than a socket holds. */
static void many_events_of_it(void)
{
	repeat("link set v0 mtu 1400\\nlink set v0 mtu 1500\\n", 800);
}

static void many_events_of_others(void)
{
	netns_run("ip link add w0 type veth peer name w1");
	repeat("link set w0 mtu 1400\\nlink set w0 mtu 1500\\n", 800);
}

static void no_events(void)
{
}

/* ---- A frontend that sleeps ----------------------------------------------------------------------- */

static void expect_woken(uint32_t queues, void (*before)(void), void (*lose)(void))
{
	struct rig r;
	int64_t start;

	NEEDS_VETH("an interface that can be deleted");
	rig_open(&r, queues);
	frontend_xdp_start(&r.x, queues, 64);
	before();
	for (uint32_t i = 0; i < queues; i++)
		waiter_expect_pending(r.x.queues[i]);
	peer_close(&r.peer);
	lose();
	start = frontend_now_ms();
	for (uint32_t i = 0; i < queues; i++) {
		uint32_t id;
		int rc = 0;

		while (rc == 0) {
			cr_assert_eq(
				net_queue_wait(r.x.queues[i], &r.x.f.pool, TOLD_MS * 1000000ll), 1,
				"queue %u sleeps on", i);
			rc = net_queue_tx_poll(r.x.queues[i], &r.x.f.pool, &id, 1);
		}
		cr_assert_eq(rc, NET_TRY_RESTART);
		cr_assert(strstr(net_queue_error(r.x.queues[i]), "the device is gone"), "%s",
			  net_queue_error(r.x.queues[i]));
	}
	cr_assert_lt(frontend_now_ms() - start, TOLD_MS);
	frontend_xdp_close(&r.x);
}

// 55: link events that nobody collected have filled the endpoint's socket
CASE(55, removed_interface_wakes_sleepers_behind_unread_link_events)
{
	expect_woken(2, many_events_of_it, delete_it);
}

CASE(55, moved_interface_wakes_sleepers_behind_unread_link_events)
{
	expect_woken(1, many_events_of_it, move_it);
}

CASE(55, removed_interface_wakes_sleepers_behind_events_of_other_interfaces)
{
	expect_woken(1, many_events_of_others, delete_it);
}

CASE(55, removed_interface_wakes_sleepers_of_an_owner_that_polls_no_action)
{
	expect_woken(2, no_events, delete_it);
}

/* Other people's interfaces are no news. */
CASE(55, events_of_other_interfaces_wake_nobody)
{
	struct rig r;

	NEEDS_VETH("an interface that can be made");
	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	waiter_expect_pending(r.x.queues[0]);
	many_events_of_others();
	netns_run("ip link del w0");
	cr_assert_eq(net_queue_wait(r.x.queues[0], &r.x.f.pool, 100000000), 0, "woken");
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}

/* ---- A frontend that polls ------------------------------------------------------------------------ */

/* What it calls, and how long it waits between two rounds. */
struct polling {
	bool rx, tx;
	int every_ms;
	bool outstanding; /* a packet waits for its completion */
};

static int poll_round(struct rig *r, const struct polling *p)
{
	struct net_queue *q = r->x.queues[0];
	uint32_t ids[8];

	if (p->rx)
		cr_assert_eq(net_queue_rx_poll(q, &r->x.f.pool, ids, 8), 0);
	if (p->every_ms)
		frontend_sleep_ms(p->every_ms);
	return p->tx ? net_queue_tx_poll(q, &r->x.f.pool, ids, 8) : 0;
}

static void keep_one_outstanding(struct rig *r)
{
	struct frontend_list list;
	uint32_t done = 0;

	traffic_hold("v1");
	frontend_list_open(&list, 1);
	traffic_put(&r->x, &list, 0, 1400);
	cr_assert_eq(frontend_tx(&r->x.f, r->x.queues[0], &list, 0, &done), 1);
	frontend_list_close(&list);
}

static void expect_told(const struct polling *p, void (*lose)(void))
{
	int64_t start, end;
	struct rig r;
	uint32_t id;
	int rc = 0;

	NEEDS_VETH("an interface that can be deleted");
	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	if (p->outstanding)
		keep_one_outstanding(&r);
	for (end = frontend_now_ms() + 300; frontend_now_ms() < end;)
		cr_assert_eq(poll_round(&r, p), 0);
	peer_close(&r.peer);
	lose();
	start = frontend_now_ms();
	while (rc == 0 && frontend_now_ms() - start < TOLD_MS)
		rc = poll_round(&r, p);
	if (!p->tx) /* receiving never ends a queue, but has found out */
		rc = net_queue_tx_poll(r.x.queues[0], &r.x.f.pool, &id, 1);
	cr_assert_eq(rc, NET_TRY_RESTART, "not told");
	if (p->outstanding)
		traffic_release();
	frontend_xdp_close(&r.x);
}

// 55: a frontend that never sleeps and never asks poll_ready
CASE(55, removed_interface_is_told_to_a_frontend_that_polls)
{
	expect_told(&(struct polling){.rx = true, .tx = true}, delete_it);
}

CASE(55, moved_interface_is_told_to_a_frontend_that_polls)
{
	expect_told(&(struct polling){.rx = true, .tx = true}, move_it);
}

CASE(55, removed_interface_is_told_to_a_frontend_that_polls_tx_alone)
{
	expect_told(&(struct polling){.tx = true}, delete_it);
}

CASE(55, removed_interface_is_found_by_a_frontend_that_polls_rx_alone)
{
	expect_told(&(struct polling){.rx = true}, delete_it);
}

CASE(55, removed_interface_is_told_to_a_frontend_that_polls_now_and_then)
{
	expect_told(&(struct polling){.rx = true, .tx = true, .every_ms = 10}, delete_it);
}

CASE(55, removed_interface_is_told_to_a_frontend_that_polls_seldom)
{
	expect_told(&(struct polling){.tx = true, .every_ms = 100}, delete_it);
}

CASE(55, removed_interface_is_told_while_a_completion_is_outstanding)
{
	expect_told(&(struct polling){.rx = true, .tx = true, .outstanding = true}, delete_it);
}

/* ---- What is told --------------------------------------------------------------------------------- */

/* Each data call once; only tx_poll may end the queue. Return: what it said. */
static int call_all(struct rig *r, const struct frontend_list *list)
{
	struct net_queue *q = r->x.queues[0];
	struct net_buffer_access *pool = &r->x.f.pool;
	uint32_t ids[8];
	bool sync;

	cr_assert_geq(net_queue_rx_poll(q, pool, ids, 8), 0);
	cr_assert_geq(net_queue_tx_avail(q, pool, list->segments, list->count, &sync), 0);
	return net_queue_tx_poll(q, pool, ids, 8);
}

// 62: of an AF_XDP queue tx_poll says it, with a sentence
CASE(62, removed_interface_is_told_by_tx_poll_with_a_sentence_and_by_no_other_call)
{
	struct frontend_list list;
	int64_t deadline;
	struct rig r;
	int rc = 0;

	NEEDS_VETH("an interface that can be deleted");
	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	frontend_list_open(&list, 1);
	traffic_put(&r.x, &list, 0, 100);
	cr_assert_geq(call_all(&r, &list), 0);
	cr_assert_str_eq(net_queue_error(r.x.queues[0]), "");
	peer_close(&r.peer);
	delete_it();
	for (deadline = frontend_now_ms() + TOLD_MS; rc >= 0 && frontend_now_ms() < deadline;)
		rc = call_all(&r, &list);
	cr_assert_eq(rc, NET_TRY_RESTART);
	cr_assert_neq(*net_queue_error(r.x.queues[0]), '\0', "no sentence");
	for (int i = 0; i < 100; i++) {
		rc = call_all(&r, &list);
		cr_assert(rc >= 0 || rc == NET_TRY_RESTART, "tx_poll: %d", rc);
		cr_assert_neq(*net_queue_error(r.x.queues[0]), '\0', "the sentence is gone");
	}
	frontend_list_close(&list);
	frontend_xdp_close(&r.x);
}
