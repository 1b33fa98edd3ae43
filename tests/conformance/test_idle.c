// SPDX-License-Identifier: BSD-2-Clause
/* Cases 50 to 52: long silences of the frontend, of the network and of the driver. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "support/conformance.h"
#include "support/fake_kernel.h"
#include "support/netns.h"
#include "support/traffic.h"
#include "support/waiter.h"

/* ---- 50 ------------------------------------------------------------------------------------------- */

/* Every frame that the program sent to the socket is accounted for. */
static void expect_rx_balance(struct rig *r, uint64_t sent)
{
	struct net_xdp_program_stats program;
	struct net_xdp_stats s;
	uint64_t sum = 0;

	cr_assert_eq(net_xdp_queue_stats(r->x.queues[0], &s), 0);
	cr_assert_eq(net_xdp_program_stats(r->x.ep, &program), 0);
	for (int i = NET_XDP_RX_DROP_CAPACITY; i <= NET_XDP_RX_UNKNOWN; i++)
		cr_assert_eq(s.value[i], 0, "%s", net_xdp_counter_name((enum net_xdp_counter)i));
	sum = s.value[NET_XDP_RX_FRAMES] + s.value[NET_XDP_RX_KERNEL_DROPPED] +
	      s.value[NET_XDP_RX_KERNEL_RING_FULL];
	cr_assert_eq(sum, program.redirected, "%llu of %llu frames are accounted for",
		     (unsigned long long)sum, (unsigned long long)program.redirected);
	cr_assert_leq(program.redirected, sent);
	cr_assert_gt(program.redirected, 0);
}

// 50: seconds without any call: the counters still balance
CASE(50, two_seconds_without_a_call_balance)
{
	uint32_t ids[64], n, got = 0;
	struct flood flood;
	uint64_t sent;
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 1024);
	flood_start(&flood, "v1");
	frontend_sleep_ms(2000);
	sent = flood_stop(&flood);
	frontend_sleep_ms(100); /* the last ones are on their way */
	while ((n = frontend_rx(&r.x.f, r.x.queues[0], ids, 64)))
		got += n;
	cr_assert_eq(got, 1024);
	expect_rx_balance(&r, sent);
	rig_close(&r);
}

// 50: all data calls but never poll_ready, both ways under a flood
CASE(50, two_seconds_of_traffic_without_poll_ready_balance)
{
	enum { BATCH = 16, TX_LIMIT = 20000 };
	uint32_t ids[64], n, accepted = 0, completed = 0;
	int64_t end = 0, deadline;
	struct frontend_list list;
	struct flood flood;
	uint64_t sent, lost;
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 1024);
	frontend_list_open(&list, BATCH);
	for (uint32_t i = 0; i < BATCH; i++)
		traffic_put(&r.x, &list, i, 100 + i);
	flood_start(&flood, "v1");
	for (end = frontend_now_ms() + 2000; frontend_now_ms() < end;) {
		n = frontend_rx(&r.x.f, r.x.queues[0], ids, 64);
		frontend_post_ids(&r.x.f, r.x.queues[0], ids, n);
		if (accepted < TX_LIMIT)
			accepted += frontend_tx(&r.x.f, r.x.queues[0], &list, 0, &completed);
		completed += (uint32_t)net_queue_tx_poll(r.x.queues[0], &r.x.f.pool, ids, 64);
	}
	sent = flood_stop(&flood);
	for (deadline = frontend_now_ms() + WAITER_PATIENCE_MS; completed < accepted;) {
		cr_assert(frontend_now_ms() < deadline, "%u of %u completed", completed, accepted);
		completed += (uint32_t)net_queue_tx_poll(r.x.queues[0], &r.x.f.pool, ids, 64);
	}
	cr_assert_eq(completed, accepted);
	frontend_sleep_ms(100);
	while (frontend_rx(&r.x.f, r.x.queues[0], ids, 64))
		;
	expect_rx_balance(&r, sent);
	lost = frontend_xdp_counter(&r.x, 0, NET_XDP_TX_LOST);
	cr_assert_eq(frontend_xdp_counter(&r.x, 0, NET_XDP_TX_PACKETS), accepted);
	cr_assert_eq(peer_drain(&r.peer) + lost, accepted);
	frontend_list_close(&list);
	rig_close(&r);
}

/* ---- 51 ------------------------------------------------------------------------------------------- */

static int64_t thread_cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static long thread_sleeps(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

/* A second of waiting for nothing. CPU time is this thread's own, however busy the machine is. */
static void expect_idle(struct net_queue *q, int64_t most_us, long most_sleeps)
{
	int64_t cpu = thread_cpu_us();
	long sleeps = thread_sleeps();

	cr_assert_eq(net_queue_wait(q, NULL, 1000000000), 0, "it became ready");
	cpu = thread_cpu_us() - cpu;
	sleeps = thread_sleeps() - sleeps;
	if (!fixture_is_veth())
		most_us *= 5; /* an emulated machine is slow; how often it woke says the rest */
	cr_assert_lt(cpu, most_us, "a second of idling took %lld us", (long long)cpu);
	cr_assert_lt(sleeps, most_sleeps, "it woke %ld times", sleeps);
}

// 51: an idle queue costs no CPU: fresh, after traffic, after link events that nobody collected
CASE(51, idle_second_costs_no_cpu)
{
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	waiter_expect_pending(r.x.queues[0]);
	expect_idle(r.x.queues[0], 20000, 20);
	traffic_both_ways(&r.x, &r.peer);
	waiter_expect_pending(r.x.queues[0]);
	expect_idle(r.x.queues[0], 20000, 20);
	netns_down(fixture_link());
	rig_up();
	waiter_expect_pending(r.x.queues[0]);
	frontend_sleep_ms(1200); /* the kernel reports a carrier up to a second later */
	waiter_expect_pending(r.x.queues[0]);
	expect_idle(r.x.queues[0], 20000, 20);
	rig_close(&r);
}

// 51: a completion that does not come costs little
CASE(51, idle_second_with_tx_outstanding_costs_little_cpu)
{
	uint32_t completed = 0;
	struct frontend_list list;
	struct rig r;

	NEEDS_VETH("a receiver that holds what is sent");
	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	traffic_hold("v1");
	frontend_list_open(&list, 1);
	traffic_put(&r.x, &list, 0, 1400);
	cr_assert_eq(frontend_tx(&r.x.f, r.x.queues[0], &list, 0, &completed), 1);
	waiter_expect_pending(r.x.queues[0]);
	frontend_sleep_ms(1200); /* link events of the interfaces that hold it */
	waiter_expect_pending(r.x.queues[0]);
	expect_idle(r.x.queues[0], 100000, 300);
	traffic_release();
	frontend_list_close(&list);
	rig_close(&r);
}

/* ---- 52 ------------------------------------------------------------------------------------------- */

// 52: need_wakeup honoured: no call without the flag; a flag that is set later is seen
CASE(52, kick_only_when_the_ring_asks_for_it)
{
	struct net_xdp_config config = net_xdp_config_default();
	struct frontend_list list;
	struct fake_packet packet;
	uint32_t completed = 0;
	struct fake_kernel k;
	struct frontend f;
	uint64_t *kicks;

	frontend_open(&f, FRONTEND_XDP_BYTES, 64);
	fake_open(&k, config, &f, 0xfffffff0u);
	kicks = &k.queue.counter[NET_XDP_KICKS];
	frontend_list_open(&list, 1);
	frontend_list_frame(&list, 1, FRONTEND_BASE + 4096, 100);

	k.tx.flags = 0;
	cr_assert_eq(frontend_tx(&f, &k.queue.base, &list, 0, &completed), 1);
	net_queue_poll_ready(&k.queue.base, NULL);
	cr_assert_eq(*kicks, 0, "kicked, though the driver is awake");
	/* It falls asleep without having seen the packet. */
	k.tx.flags = XDP_RING_NEED_WAKEUP;
	net_queue_poll_ready(&k.queue.base, NULL);
	cr_assert_geq(*kicks, 1, "nobody kicked");
	cr_assert(fake_transmit(&k, &packet));
	fake_settle(&k);
	*kicks = 0;
	net_queue_poll_ready(&k.queue.base, NULL);
	cr_assert_eq(*kicks, 0, "kicked for an empty ring");
	cr_assert_eq(frontend_tx(&f, &k.queue.base, &list, 0, &completed), 1);
	cr_assert_geq(*kicks, 1, "not kicked, though the driver sleeps");
	frontend_list_close(&list);
	fake_close(&k);
	frontend_close(&f);
}

static void bring_up(struct rig *r)
{
	(void)r;
	if (system("ip link set v0 up"))
		abort();
}

// 52: a missed kick recovers: what was queued while the interface was down leaves when it is up
CASE(52, missed_kick_recovers)
{
	uint32_t completed = 0, ids[4], got = 0;
	struct frontend_list list;
	struct later later;
	uint8_t *bytes[4];
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	netns_down("v0");
	frontend_list_open(&list, 4);
	for (uint32_t i = 0; i < 4; i++)
		bytes[i] = traffic_put(&r.x, &list, i, 200);
	cr_assert_eq(frontend_tx(&r.x.f, r.x.queues[0], &list, 0, &completed), 4);
	cr_assert_geq(frontend_xdp_counter(&r.x, 0, NET_XDP_KICK_DOWN), 1);
	cr_assert_eq(net_queue_tx_poll(r.x.queues[0], &r.x.f.pool, ids, 4), 0);
	later_start(&later, &r, 300, bring_up);
	while (got < 4) {
		cr_assert_eq(net_queue_wait(r.x.queues[0], &r.x.f.pool, WAITER_PATIENCE_NS), 1);
		got += (uint32_t)net_queue_tx_poll(r.x.queues[0], &r.x.f.pool, ids, 4);
	}
	pthread_join(later.thread, NULL);
	cr_assert_eq(frontend_xdp_counter(&r.x, 0, NET_XDP_TX_PACKETS), 4);
	for (uint32_t i = 0; i < 4 - frontend_xdp_counter(&r.x, 0, NET_XDP_TX_LOST); i++)
		peer_expect(&r.peer, bytes[i], 200, WAITER_PATIENCE_MS);
	rig_up();
	traffic_both_ways(&r.x, &r.peer);
	frontend_list_close(&list);
	rig_close(&r);
}
