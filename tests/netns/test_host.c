// SPDX-License-Identifier: BSD-2-Clause
/* An endpoint asks in the network namespace that it was opened in, whatever namespace the calling thread is in. The
 * other namespace has an interface of the same number, s0, which must never be meant. */
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "support/frontend_xdp.h"
#include "support/netns.h"
#include "support/threads.h"
#include "host/netdev.h"

static int home, elsewhere;
static struct frontend_xdp x;

/* v0 with GRO: its NAPI is there, and its only one. */
static void enter(void)
{
	unsigned int ifindex;

	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	netns_run("ethtool -K v0 gro on");
	netns_run("mount -t tmpfs none /run");
	ifindex = if_nametoindex("v0");
	elsewhere = netns_new();
	home = netns_switch(elsewhere);
	netns_run("ip link add s0 index %u type veth peer name s1", ifindex);
	netns_run("ip link set s0 up && ip link set s1 up && ethtool -K s0 gro on");
	close(netns_switch(home));
	frontend_xdp_prepare(&x, "v0");
}

TestSuite(host, .init = enter);

static void go(int netns)
{
	close(netns_switch(netns));
}

static void open_and_start(void)
{
	frontend_xdp_open(&x);
	frontend_xdp_start(&x, 1, 16);
}

static struct netdev_deferral deferral_of(const char *ifname, int netns)
{
	struct netdev_napi napi = {0};
	struct host host;

	go(netns);
	cr_assert_eq(host_open(&host), 0);
	cr_assert_eq(netdev_queue_napi(&host, if_nametoindex(ifname), 0, &napi), 0);
	host_close(&host);
	return napi.deferral;
}

#define EXPECT_TEXT(text, has) cr_expect_not_null(strstr(text, has), "\"%s\"", text)

/* More events than the socket holds make it ask for the link's state. */
Test(host, poll_action_elsewhere_after_lost_events_tells_the_link_at_home)
{
	struct net_action action = {0};

	open_and_start();
	while (net_endpoint_poll_action(x.ep, &action) == 1)
		;
	netns_run("seq 1 400 | sed 's/.*/link set v1 alias a&/' | ip -batch -");
	go(elsewhere);
	cr_expect_eq(net_endpoint_poll_action(x.ep, &action), 0, "kind %d", action.kind);
	netns_run("ip link del s0");
	cr_expect_eq(net_endpoint_poll_action(x.ep, &action), 0, "kind %d", action.kind);
	go(home);
	netns_run("seq 1 400 | sed 's/.*/link set v1 alias a&/' | ip -batch -");
	netns_down("v0");
	go(elsewhere);
	cr_expect_eq(net_endpoint_poll_action(x.ep, &action), 1);
	cr_expect_eq(action.kind, NET_ACTION_LINK);
	cr_expect_not(action.link_up);
	go(home);
	frontend_xdp_close(&x);
}

Test(host, get_queues_elsewhere_is_refused_with_a_sentence_and_takes_no_queue)
{
	struct net_xdp_device_queue queue;

	frontend_xdp_open(&x);
	go(elsewhere);
	cr_expect_eq(frontend_xdp_try_start(&x, 1, 16), -EXDEV);
	cr_expect_str_eq(x.err.step, "get_queues");
	EXPECT_TEXT(x.err.message, "v0: this thread is in another network namespace");
	cr_assert_eq(net_xdp_device_queue_query("s0", 0, &queue, NULL), 0);
	cr_expect_not(queue.has_socket);
	cr_expect_eq(netns_program_id("s0"), 0);
	go(home);
	frontend_xdp_start(&x, 1, 16);
	frontend_xdp_close(&x);
}

/* The interface was made anew meanwhile, so the program would be attached again. */
Test(host, get_queues_elsewhere_after_a_restart_attaches_to_nobody)
{
	unsigned int ifindex = if_nametoindex("v0");

	frontend_xdp_open(&x);
	netns_run("ip link del v0");
	netns_run("ip link add v0 index %u type veth peer name v1", ifindex);
	go(elsewhere);
	netns_run("ip link set s0 name v0");
	cr_expect_eq(frontend_xdp_try_start(&x, 1, 16), -EXDEV);
	cr_expect_eq(netns_program_id("v0"), 0);
	go(home);
	netns_run("ip link set v0 up && ip link set v1 up");
	frontend_xdp_start(&x, 1, 16);
	frontend_xdp_close(&x);
}

Test(host, destroy_elsewhere_puts_back_at_home)
{
	struct net_xdp_device_queue queue;

	x.config.napi_defer_hard_irqs = 2;
	x.config.gro_flush_timeout_ns = 50000;
	open_and_start();
	cr_assert_eq(deferral_of("v0", home).hard_irqs, 2);
	/* As if they were ours. */
	netns_switch(elsewhere);
	{
		struct netdev_napi napi;
		struct host host;

		cr_assert_eq(host_open(&host), 0);
		cr_assert_eq(netdev_queue_napi(&host, if_nametoindex("s0"), 0, &napi), 0);
		cr_assert_eq(netdev_napi_set(&host, napi.id, &(struct netdev_deferral){2, 50000}),
			     0);
		host_close(&host);
	}
	frontend_xdp_close(&x);
	cr_expect_eq(deferral_of("s0", elsewhere).hard_irqs, 2, "a stranger's were changed");
	cr_expect_eq(deferral_of("v0", home).hard_irqs, 0, "not put back");
	cr_assert_eq(net_xdp_device_queue_query("v0", 0, &queue, NULL), 0);
	cr_expect_not(queue.has_socket);
	cr_expect_str_eq(queue.napi_state, "");
}

Test(host, hint_from_elsewhere_moves_the_thread_at_home)
{
	uint32_t stranger, own;

	own = threads_of("v0");
	go(elsewhere);
	stranger = threads_of("s0");
	go(home);
	open_and_start();
	go(elsewhere);
	net_queue_update_target_vp(x.queues[0], 1);
	EXPECT_TEXT(frontend_xdp_report(&x, 0).target_state, "moved");
	cr_expect_eq(threads_cpus(stranger), 3);
	cr_expect_eq(threads_cpus(own), 2);
	frontend_xdp_close(&x);
	cr_expect_eq(threads_cpus(own), 3);
}

/* ---- Many threads ------------------------------------------------------------------------------ */

enum { ASKERS = 4, QUESTIONS = 500 };

static struct host shared;
static uint32_t ifindex_home;

/* Each thread asks about something else, and must get the answer to that. */
static void *ask(void *number)
{
	bool exists = (uintptr_t)number % 2;
	uint32_t ifindex = exists ? ifindex_home : 4000000;
	struct netdev_features features;
	struct netdev_napi napi;
	uint32_t wrong = 0;

	if ((uintptr_t)number < 2)
		netns_switch(elsewhere);
	for (int i = 0; i < QUESTIONS; i++) {
		wrong += netdev_link(&shared, ifindex) != (exists ? 1 : -ENODEV);
		wrong += netdev_features(&shared, ifindex, &features) != (exists ? 0 : -ENODEV);
		wrong += netdev_queue_napi(&shared, ifindex, 0, &napi) != (exists ? 0 : -ENODEV);
	}
	return (void *)(uintptr_t)wrong;
}

Test(host, many_threads_get_each_its_own_answers, .timeout = 60)
{
	pthread_t thread[ASKERS];
	void *wrong;

	cr_assert_eq(host_open(&shared), 0);
	ifindex_home = if_nametoindex("v0");
	for (uintptr_t i = 0; i < ASKERS; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, ask, (void *)i), 0);
	for (int i = 0; i < ASKERS; i++) {
		cr_assert_eq(pthread_join(thread[i], &wrong), 0);
		cr_expect_eq((uintptr_t)wrong, 0, "thread %d", i);
	}
	host_close(&shared);
}
