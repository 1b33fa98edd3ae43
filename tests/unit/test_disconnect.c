// SPDX-License-Identifier: BSD-2-Clause
/* The disconnectable wrapper over loopbacks: what the frontend is told of a swap, and what becomes of
 * its ids, its frames and its packets. */
#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/cable.h"
#include "support/fields.h"
#include "support/stub_rig.h"
#include "support/wrapped.h"

/* ---- What is told -------------------------------------------------------------------------- */

Test(disconnect, connected_from_the_start_tells_nothing_and_passes_frames)
{
	struct cable r;

	cable_open(&r);
	cable_connect_to(&r, cable_loopback(CABLE_QUEUES));
	cable_get_queues(&r);
	frontend_post(&r.f, r.queues[0], 0, 64);
	cable_expect_actions(&r, "");
	cable_expect_traffic(&r);
	cable_close(&r);
}

Test(disconnect, swap_tells_down_restart_up_once_each_and_each_queue_once)
{
	struct net_endpoint *inner;
	uint32_t id;
	struct cable r;

	cable_open(&r);
	cable_connect_to(&r, cable_loopback(CABLE_QUEUES));
	cable_get_queues(&r);
	cr_assert(cable_disconnect(&r, &inner) == -ETIMEDOUT);
	cr_assert(cable_is_readable(net_endpoint_action_fd(r.ep)));
	for (int i = 0; i < CABLE_QUEUES; i++) {
		cr_assert(cable_is_readable(net_queue_ready_fd(r.queues[i])));
		cr_assert(net_queue_poll_ready(r.queues[i], &r.f.pool));
		cr_assert_str_eq(net_queue_error(r.queues[i]), "");
		cr_assert(net_queue_rx_poll(r.queues[i], &r.f.pool, &id, 1) == NET_TRY_RESTART);
		cr_assert(strstr(net_queue_error(r.queues[i]), "make them again") != NULL);
		cr_assert(net_queue_rx_poll(r.queues[i], &r.f.pool, &id, 1) == 0, "told twice");
		cr_assert(net_queue_tx_poll(r.queues[i], &r.f.pool, &id, 1) == 0, "told twice");
		cr_assert(!net_queue_poll_ready(r.queues[i], &r.f.pool));
		cr_assert(!cable_is_readable(net_queue_ready_fd(r.queues[i])));
	}
	cable_expect_actions(&r, "dr");
	cable_end_queues(&r);
	cr_assert(cable_disconnect(&r, &inner) == 0);
	cable_connect_to(&r, inner);
	cable_get_queues(&r);
	cable_expect_actions(&r, "u");
	frontend_post(&r.f, r.queues[0], 0, 64);
	cable_expect_traffic(&r);
	cable_close(&r);
}

Test(disconnect, each_of_the_three_data_calls_can_be_the_one_that_tells)
{
	struct net_endpoint *inner;
	struct cable r;
	uint32_t id;
	bool sync;

	for (int call = 0; call < 3; call++) {
		cable_open(&r);
		cable_connect_to(&r, cable_loopback(CABLE_QUEUES));
		cable_get_queues(&r);
		cr_assert(cable_disconnect(&r, &inner) == -ETIMEDOUT);
		cable_put(&r, 1);
		cr_assert((call == 0   ? net_queue_rx_poll(r.queues[0], &r.f.pool, &id, 1)
			   : call == 1 ? net_queue_tx_poll(r.queues[0], &r.f.pool, &id, 1)
				       : net_queue_tx_avail(r.queues[0], &r.f.pool, r.list.segments,
							    1, &sync)) == NET_TRY_RESTART);
		cr_assert(*net_queue_error(r.queues[0]) != '\0');
		cable_end_queues(&r);
		cr_assert(cable_disconnect(&r, &inner) == 0);
		net_endpoint_destroy(inner, NULL);
		cable_close(&r);
	}
}

Test(disconnect, swap_before_the_frontend_looks_is_one_down_one_restart_one_up)
{
	struct net_endpoint *inner;
	struct cable r;

	cable_open(&r);
	cable_connect_to(&r, cable_loopback(CABLE_QUEUES));
	cable_expect_actions(&r, "");
	for (int i = 0; i < 3; i++) {
		cr_assert(cable_disconnect(&r, &inner) == 0, "no queue, no wait");
		cable_connect_to(&r, inner);
	}
	cable_expect_actions(&r, "du");
	cable_get_queues(&r);
	cr_assert(cable_disconnect(&r, &inner) == -ETIMEDOUT);
	cable_end_queues(&r);
	cr_assert(cable_disconnect(&r, &inner) == 0);
	cable_connect_to(&r, inner);
	cable_get_queues(&r); /* the restart is done before it is asked for */
	cable_expect_actions(&r, "du");
	cable_close(&r);
}

Test(disconnect, opened_without_a_cable_tells_down_and_up_when_it_comes)
{
	struct cable r;

	cable_open(&r);
	cable_expect_actions(&r, "d");
	cable_get_queues(&r);
	cable_expect_actions(&r, "");
	cable_connect_to(&r, cable_loopback(CABLE_QUEUES));
	cable_expect_actions(&r, "ru");
	cable_close(&r);
}

/* ---- Without a cable ----------------------------------------------------------------------- */

static void note(void *context, bool is_rx, uint32_t id)
{
	uint8_t *seen = context;

	cr_assert(is_rx && id < CABLE_IDS);
	seen[id]++;
}

Test(disconnect, unplugged_ids_stay_posted_and_bad_ones_are_refused_by_name)
{
	const uint32_t ids[] = {7, 8, 7, 1000, 1u << 24, UINT32_MAX, 9};
	uint8_t seen[CABLE_IDS] = {0};
	struct net_queue_stats stats;
	struct cable r;

	cable_open(&r);
	cable_get_queues(&r);
	cr_assert(net_queue_rx_avail(r.queues[0], &r.f.pool, ids, 0) == 0);
	cr_assert(net_queue_rx_avail(r.queues[0], &r.f.pool, ids, 7) == 4);
	cr_assert(r.f.rx_refused_calls == 4 && r.f.ids[7].refused == NET_RX_REFUSED_DUPLICATE);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, CABLE_IDS) == 0);
	cr_assert(!net_queue_poll_ready(r.queues[0], &r.f.pool));
	cr_assert(net_queue_wait(r.queues[0], &r.f.pool, 10000000) == 0);
	net_queue_outstanding(r.queues[0], note, seen);
	for (uint32_t i = 0; i < CABLE_IDS; i++)
		cr_assert(seen[i] == (i == 7 || i == 8 || i == 9), "id %u", i);
	net_queue_stats(r.queues[0], &stats);
	cr_assert(stats.rx_errors == 4 && stats.rx_packets == 0);
	cable_close(&r);
}

Test(disconnect, unplugged_initial_ids_are_posted)
{
	const uint32_t ids[] = {3, 5};
	struct net_queue_config configs[CABLE_QUEUES] = {0};
	uint8_t seen[CABLE_IDS] = {0};
	struct cable r;

	cable_open(&r);
	configs[1] = (struct net_queue_config){&r.f.pool, ids, 2, false, {0}};
	cr_assert(net_endpoint_get_queues(r.ep, configs, CABLE_QUEUES, NULL, r.queues, NULL) == 0);
	net_queue_outstanding(r.queues[1], note, seen);
	cr_assert(seen[3] == 1 && seen[5] == 1 && seen[4] == 0);
	cable_close(&r);
}

Test(disconnect, unplugged_packets_are_dropped_counted_and_done_with)
{
	struct net_queue_stats stats;
	bool sync = false;
	struct cable r;

	cable_open(&r);
	cable_get_queues(&r);
	cable_put(&r, 10);
	r.list.packets[4].len_bytes = 3; /* malformed costs no more */
	cr_assert(net_queue_tx_avail(r.queues[0], &r.f.pool, r.list.segments, 10, &sync) == 10);
	cr_assert(sync && net_queue_tx_poll(r.queues[0], &r.f.pool, r.ids, CABLE_IDS) == 0);
	net_queue_stats(r.queues[0], &stats);
	cr_assert(stats.tx_errors == 10 && stats.tx_packets == 0);
	cable_close(&r);
}

/* ---- Frames and packets at the moment of a swap -------------------------------------------- */

Test(disconnect, frames_that_arrived_before_the_swap_are_delivered_or_counted)
{
	struct net_endpoint *inner;
	struct cable r;
	int n;

	cable_open(&r);
	cable_connect_to(&r, cable_loopback(CABLE_QUEUES));
	cable_get_queues(&r);
	frontend_post(&r.f, r.queues[0], 0, 64);
	cable_put(&r, 40);
	cr_assert(frontend_tx_all(&r.f, r.queues[0], &r.list, NULL, 1000) == 40);
	cr_assert(cable_disconnect(&r, &inner) == -ETIMEDOUT);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, 25) == 25);
	cable_end_queues(&r);
	cr_assert(fields_number(r.ep, NULL, "disconnectable.rx_discarded") == 15);
	cable_get_queues(&r);
	cable_put(&r, 3);
	cr_assert(frontend_tx_all(&r.f, r.queues[0], &r.list, NULL, 1000) == 3);
	cr_assert(cable_disconnect(&r, &inner) == 0);
	cable_connect_to(&r, inner);
	n = net_queue_rx_poll(r.queues[0], &r.f.pool, r.ids, CABLE_IDS);
	cr_assert(n == NET_TRY_RESTART, "an unplugged queue is stale as well: %d", n);
	cable_end_queues(&r);
	cr_assert(fields_number(r.ep, NULL, "disconnectable.tx_dropped") == 3);
	cable_close(&r);
}

Test(disconnect, packet_that_was_accepted_before_the_swap_completes_before_it_is_told)
{
	struct net_endpoint *inner;
	struct stub_rig r;

	stub_rig_open(&r, STUB_DISCONNECTABLE);
	stub_complete(r.stub, 7);
	cr_assert_eq(net_disconnectable_disconnect(r.ep, 0, &inner, NULL), -ETIMEDOUT);
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, r.ids, STUB_IDS), 1);
	cr_assert_eq(r.ids[0], 7);
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, r.ids, STUB_IDS), NET_TRY_RESTART);
	stub_rig_close(&r);
}

/* A wire that never stops does not keep a queue that has to go. */
Test(disconnect, stale_queue_under_a_flood_tells_after_a_bounded_number_of_frames)
{
	struct net_endpoint *inner;
	struct net_queue *wire;
	uint32_t delivered = 0;
	bool sync;
	struct cable r;
	int n;

	cable_open(&r);
	cable_connect_to(&r, cable_loopback(CABLE_QUEUES));
	cable_get_queues(&r);
	frontend_post(&r.f, r.queues[0], 0, 256);
	cr_assert(cable_disconnect(&r, &inner) == -ETIMEDOUT);
	wire = wrapped_inner(r.queues[0]);
	cable_put(&r, 64);
	do {
		net_queue_tx_avail(wire, &r.f.pool, r.list.segments, 64, &sync);
		n = net_queue_rx_poll(r.queues[0], &r.f.pool, r.ids, 64);
		for (int i = 0; i < n; i++)
			r.f.ids[r.ids[i]].delivered = false;
		if (n > 0)
			frontend_post_ids(&r.f, r.queues[0], r.ids, (uint32_t)n);
		delivered += n > 0 ? (uint32_t)n : 0;
	} while (n > 0 && delivered < 100000);
	cr_assert(n == NET_TRY_RESTART && delivered == 4096, "%u", delivered);
	cable_close(&r);
}

/* ---- Rules --------------------------------------------------------------------------------- */

static int refused(struct cable *r, struct net_endpoint *inner, const char *word)
{
	struct net_error err = {0};
	int rc = net_disconnectable_connect(r->ep, inner, &err);

	cr_assert(strstr(err.message, word) != NULL, "%s", err.message);
	cr_assert(net_endpoint_destroy(inner, NULL) == 0, "it stays the caller's");
	return rc;
}

Test(disconnect, endpoint_that_cannot_keep_the_promises_is_refused_and_stays_the_callers)
{
	struct net_endpoint_facts facts;
	struct net_endpoint *null;
	struct cable r;

	cable_open(&r);
	cr_assert(refused(&r, cable_loopback(1), "2 were promised") == -EINVAL);
	cr_assert(net_null_open(&null, NULL) == 0);
	cr_assert(refused(&r, null, "table") == -EINVAL, "no steering");
	cable_connect_to(&r, cable_loopback(CABLE_QUEUES));
	cr_assert(refused(&r, cable_loopback(CABLE_QUEUES), "disconnect it first") == -EBUSY);
	net_endpoint_facts(r.ep, &facts);
	cr_assert(facts.max_queues == CABLE_QUEUES && strcmp(facts.type, "loopback") == 0);
	cable_close(&r);

	cable_open(&r);
	net_endpoint_destroy(r.ep, NULL);
	facts.tx_flags |= 2 * NET_TX_PARTIAL_CHECKSUM; /* none such */
	cr_assert(net_disconnectable_open(&facts, &r.ep, NULL) == 0);
	cr_assert(refused(&r, cable_loopback(CABLE_QUEUES), "flags 0x200") == -EINVAL);
	cable_close(&r);
}

Test(disconnect, facts_stay_the_same_whatever_is_connected)
{
	struct net_endpoint_facts before, after;
	struct cable r;

	cable_open(&r);
	memset(&before, 0, sizeof(before));
	memset(&after, 0, sizeof(after));
	net_endpoint_facts(r.ep, &before);
	cable_connect_to(&r, cable_loopback(64));
	net_endpoint_facts(r.ep, &after);
	cr_assert(memcmp(&before, &after, sizeof(before)) == 0);
	cable_close(&r);
}

Test(disconnect, lifecycle_rules_are_those_of_the_contract_with_and_without_a_cable)
{
	struct net_queue_config configs[CABLE_QUEUES + 1] = {0};
	struct net_queue *queues[CABLE_QUEUES + 1];
	struct net_endpoint *inner;
	struct net_error err = {0};
	struct cable r;

	for (int plugged = 0; plugged < 2; plugged++) {
		cable_open(&r);
		if (plugged)
			cable_connect_to(&r, cable_loopback(CABLE_QUEUES));
		else
			cr_assert(cable_disconnect(&r, &inner) == -ENOENT);
		cr_assert(net_endpoint_stop(r.ep) == 0 && net_endpoint_stop(r.ep) == 0);
		cr_assert(net_endpoint_get_queue(r.ep, 0, configs, queues, &err) == -EINVAL);
		cr_assert(net_endpoint_get_queues(r.ep, configs, 0, NULL, queues, &err) == -EINVAL);
		cr_assert(net_endpoint_get_queues(r.ep, configs, CABLE_QUEUES + 1, NULL, queues,
						  &err) == -EINVAL);
		cable_get_queues(&r);
		cr_assert(net_endpoint_stop(r.ep) == -EBUSY);
		cr_assert(net_endpoint_destroy(r.ep, &err) == -EBUSY);
		cr_assert(net_endpoint_get_queues(r.ep, configs, 1, NULL, queues, &err) == -EBUSY);
		cr_assert(net_endpoint_get_queue(r.ep, 1, configs, queues, &err) == -EBUSY);
		cr_assert(net_queue_destroy(r.queues[1], NULL) == 0);
		cr_assert(net_endpoint_get_queue(r.ep, 1, configs, &r.queues[1], &err) == 0);
		frontend_post(&r.f, r.queues[1], 0, 1);
		cable_close(&r);
	}
}

Test(disconnect, single_queue_of_another_generation_is_refused)
{
	struct net_queue_config config = {0};
	struct net_endpoint *inner;
	struct net_error err = {0};
	struct cable r;

	cable_open(&r);
	cable_connect_to(&r, cable_loopback(CABLE_QUEUES));
	cable_get_queues(&r);
	cr_assert(cable_disconnect(&r, &inner) == -ETIMEDOUT);
	cr_assert(net_queue_destroy(r.queues[1], NULL) == 0);
	r.queues[1] = NULL;
	cr_assert(net_endpoint_get_queue(r.ep, 1, &config, &r.queues[1], &err) == -EBUSY);
	cr_assert(strstr(err.message, "get_queues") != NULL, "%s", err.message);
	cable_close(&r);
}
