// SPDX-License-Identifier: BSD-2-Clause
/* Case 62: a queue that has to end says so, whichever data call comes first, and once. */
#include <string.h>

#include "support/cable.h"
#include "support/conformance.h"
#include "support/stub_rig.h"

enum call { RX_POLL, TX_AVAIL, TX_POLL, CALLS };

/* One data call. Return: what it returned. */
static int call(enum call which, struct net_queue *q, struct frontend *f,
		const struct frontend_list *list)
{
	bool sync;
	uint32_t id;

	switch (which) {
	case RX_POLL:
		return net_queue_rx_poll(q, &f->pool, &id, 1);
	case TX_AVAIL:
		return net_queue_tx_avail(q, &f->pool, list->segments, list->count, &sync);
	default:
		return net_queue_tx_poll(q, &f->pool, &id, 1);
	}
}

/* The queue is ready to tell, tells by this call, and by none after it. */
static void expect_told(enum call which, struct net_queue *q, struct frontend *f,
			const struct frontend_list *list, int code, const char *sentence)
{
	cr_assert(cable_is_readable(net_queue_ready_fd(q)), "call %d: asleep", which);
	cr_assert_eq(net_queue_wait(q, &f->pool, 0), 1, "call %d: not ready", which);
	cr_assert_str_eq(net_queue_error(q), "");
	cr_assert_eq(call(which, q, f, list), code, "call %d", which);
	cr_assert(strstr(net_queue_error(q), sentence), "call %d: '%s'", which, net_queue_error(q));
	for (enum call again = RX_POLL; again < CALLS; again++)
		cr_assert_geq(call(again, q, f, list), 0, "told by call %d, then %d", which, again);
	cr_assert(strstr(net_queue_error(q), sentence), "the sentence is gone");
	cr_assert_eq(net_queue_wait(q, &f->pool, 0), 0, "call %d: ready for ever", which);
	cr_assert(!cable_is_readable(net_queue_ready_fd(q)), "call %d: spins", which);
}

// 62: a backend that fails says try-restart or fatal from rx_poll, tx_avail and tx_poll alike, once
CASE(62, pulled_cable_is_told_by_whichever_data_call_comes_first)
{
	struct net_endpoint *inner;
	struct cable r;

	for (enum call which = RX_POLL; which < CALLS; which++) {
		cable_open(&r);
		cable_connect_to(&r, cable_loopback(CABLE_QUEUES));
		cable_get_queues(&r);
		cable_put(&r, 1);
		cr_assert_lt(cable_disconnect(&r, &inner), 0, "a queue is alive");
		for (uint32_t i = 0; i < CABLE_QUEUES; i++)
			expect_told(which, r.queues[i], &r.f, &r.list, NET_TRY_RESTART,
				    "make them again");
		cable_close(&r);
	}
}

CASE(62, failing_backend_is_heard_through_each_wrapper)
{
	static const int codes[] = {NET_TRY_RESTART, NET_FATAL};
	struct stub_rig r;

	for (uint32_t i = 0; i < 2 * STUB_WAYS * CALLS; i++) {
		int code = codes[i % 2];

		stub_rig_open(&r, (enum stub_way)(i / 2 % STUB_WAYS));
		cr_assert_eq(net_queue_wait(r.q, &r.f.pool, 0), 0);
		stub_fail(r.stub, code);
		expect_told((enum call)(i / 2 / STUB_WAYS), r.q, &r.f, &r.list, code,
			    stub_sentence);
		stub_rig_close(&r);
	}
}

/* The queues that come after have no failure and no sentence. */
CASE(62, restart_after_a_failure_works_and_says_nothing_of_it)
{
	struct stub_rig r;

	for (enum stub_way way = STUB_BARE; way < STUB_WAYS; way++) {
		stub_rig_open(&r, way);
		stub_fail(r.stub, NET_TRY_RESTART);
		cr_assert_eq(call(TX_POLL, r.q, &r.f, &r.list), NET_TRY_RESTART);
		stub_rig_end_queue(&r);
		stub_rig_get_queue(&r);
		cr_assert_str_eq(net_queue_error(r.q), "");
		frontend_post(&r.f, r.q, 0, 4);
		stub_rig_arrive(&r, 1);
		stub_rig_expect(&r, 1, 1);
		stub_rig_close(&r);
	}
}

/* A fatal one is exchanged for another, under a frontend that only restarts. */
CASE(62, fatal_backend_is_exchanged_and_the_frontend_goes_on)
{
	struct net_endpoint *fatal;
	struct stub_rig r;

	stub_rig_open(&r, STUB_DISCONNECTABLE);
	stub_fail(r.stub, NET_FATAL);
	cr_assert_eq(call(RX_POLL, r.q, &r.f, &r.list), NET_FATAL);
	cr_assert_lt(net_disconnectable_disconnect(r.ep, 0, &fatal, NULL), 0);
	cr_assert_eq(call(TX_AVAIL, r.q, &r.f, &r.list), NET_TRY_RESTART, "the swap is news");
	cr_assert(strstr(net_queue_error(r.q), "make them again"));
	stub_rig_end_queue(&r);
	cr_assert_eq(net_disconnectable_disconnect(r.ep, 0, &fatal, NULL), 0);
	cr_assert_eq(net_endpoint_destroy(fatal, NULL), 0);
	r.stub = stub_open();
	cr_assert_eq(net_disconnectable_connect(r.ep, r.stub, NULL), 0);
	stub_rig_get_queue(&r);
	frontend_post(&r.f, r.q, 0, 4);
	stub_rig_arrive(&r, 2);
	stub_rig_expect(&r, 1, 2);
	stub_rig_close(&r);
}
