// SPDX-License-Identifier: BSD-2-Clause
/* One queue made again while its neighbour runs: 100 times, under traffic. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "support/conformance.h"
#include "support/traffic.h"

enum { BUFFERS = 64, ROUNDS = 100 };

static struct rig rig;
static uint32_t ids[BUFFERS];

static struct net_queue_config config_of(uint32_t index)
{
	for (uint32_t i = 0; i < BUFFERS; i++)
		ids[i] = index * BUFFERS + i;
	return (struct net_queue_config){
		.pool = &rig.x.f.pool, .initial_rx = ids, .initial_rx_count = BUFFERS};
}

static int make_again(uint32_t index)
{
	struct net_queue_config config = config_of(index);

	memset(&rig.x.err, 0, sizeof(rig.x.err));
	return net_endpoint_get_queue(rig.x.ep, index, &config, &rig.x.queues[index], &rig.x.err);
}

static void end(uint32_t index)
{
	cr_assert_eq(net_queue_destroy(rig.x.queues[index], &rig.x.err), 0, "%s",
		     rig.x.err.message);
	rig.x.queues[index] = NULL;
	for (uint32_t i = 0; i < BUFFERS; i++)
		rig.x.f.ids[index * BUFFERS + i].posted = false;
}

struct neighbour {
	struct net_queue *q;
	bool stop;
};

/* The neighbour's thread: takes what comes and gives it back. */
static void *drive(void *arg)
{
	uint32_t got[BUFFERS], errors = 0;
	struct neighbour *one = arg;
	struct net_queue *q = one->q;

	while (!__atomic_load_n(&one->stop, __ATOMIC_ACQUIRE)) {
		uint32_t n = frontend_rx(&rig.x.f, q, got, BUFFERS);

		if (n)
			net_queue_rx_avail(q, &rig.x.f.pool, got, n);
		errors += net_queue_tx_poll(q, &rig.x.f.pool, got, BUFFERS) < 0;
	}
	return (void *)(uintptr_t)errors;
}

/* The queue that the flood reaches: the sender's kernel chose it. */
static uint32_t flooded(void)
{
	struct net_queue_stats stats;
	uint32_t got[BUFFERS], n;

	for (uint32_t i = 0; i < 20000; i++) {
		net_queue_stats(rig.x.queues[i % 2], &stats);
		if (stats.rx_packets)
			return i % 2;
		n = frontend_rx(&rig.x.f, rig.x.queues[i % 2], got, BUFFERS);
		if (n)
			net_queue_rx_avail(rig.x.queues[i % 2], &rig.x.f.pool, got, n);
		usleep(100);
	}
	cr_assert_fail("the flood reaches no queue");
	return 0;
}

Test(conformance, case_03_one_queue_made_again_100_times_beside_its_neighbour, .timeout = 60)
{
	struct net_queue_stats before, after;
	struct flood flood;
	pthread_t thread;
	struct neighbour one = {0};
	void *errors;
	uint32_t busy;

	NEEDS_VETH("two queues of one interface");
	rig_prepare(&rig, 2);
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 2, BUFFERS);
	flood_start(&flood, "v1");
	busy = flooded();
	one.q = rig.x.queues[busy];
	cr_assert_eq(pthread_create(&thread, NULL, drive, &one), 0);
	net_queue_stats(one.q, &before);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		end(!busy);
		cr_assert_eq(make_again(!busy), 0, "round %u: %s", round, rig.x.err.message);
	}
	net_queue_stats(one.q, &after);
	__atomic_store_n(&one.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, &errors);
	flood_stop(&flood);
	cr_assert_null(errors, "the neighbour was told to restart");
	cr_assert_gt(after.rx_packets, before.rx_packets, "the neighbour stood still");
}

Test(conformance, case_03_queue_that_is_alive_or_was_never_made_is_refused_with_a_sentence)
{
	NEEDS_VETH("two queues of one interface");
	rig_prepare(&rig, 2);
	frontend_xdp_open(&rig.x);
	cr_assert_eq(make_again(0), -EINVAL);
	cr_assert(strstr(rig.x.err.message, "get_queues"), "%s", rig.x.err.message);
	frontend_xdp_start(&rig.x, 2, BUFFERS);
	cr_assert_eq(make_again(1), -EBUSY);
	cr_assert_eq(make_again(2), -EINVAL);
	end(0);
	end(1);
	cr_assert_eq(make_again(0), 0, "%s", rig.x.err.message); /* the memory is registered anew */
	cr_assert_eq(make_again(1), 0, "%s", rig.x.err.message);
	peer_open(&rig.peer, "v1");
	traffic_both_ways(&rig.x, &rig.peer);
	rig_close(&rig);
}
