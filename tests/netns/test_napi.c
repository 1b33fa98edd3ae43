// SPDX-License-Identifier: BSD-2-Clause
/* Deferral on veth pairs, which link no NAPI to their queues. v0 has two queues: nothing can be set, nothing
 * may be lost. s0 has one, so its only NAPI is known; with GRO it is there without an XDP program too. A
 * driver that links its NAPIs is the lab's: tools/lab/case_napi.c. */
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/frontend_xdp.h"
#include "support/netns.h"
#include "support/pair.h"
#include "xdp/lease.h"

static struct host host;

static void enter(void)
{
	netns_enter();
	cr_assert_eq(host_open(&host), 0);
	netns_veth("v0", "v1", 2, 1500);
	netns_veth("s0", "s1", 1, 1500);
	netns_run("ethtool -K s0 gro on");
	netns_run("mount -t tmpfs none /run");
}

TestSuite(napi, .init = enter);

/* As a process that was killed leaves it. */
static struct lease leave(uint32_t queue)
{
	struct lease l;

	lease_name(&l, LEASE_DIRECTORY, &host.netns, if_nametoindex("v0"), queue);
	l.ours = (struct netdev_deferral){2, 200000};
	cr_assert_eq(lease_make(&l), 0);
	lease_leave(&l);
	return l;
}

/* What the report of queue 1 says. */
static struct net_xdp_report one_life(bool deferring)
{
	struct net_xdp_report report;
	struct frontend_xdp x;

	frontend_xdp_prepare(&x, "v0");
	x.config.first_queue = 1;
	if (deferring) {
		x.config.busy_poll_us = 20;
		x.config.napi_defer_hard_irqs = 2;
		x.config.gro_flush_timeout_ns = 200000;
	}
	frontend_xdp_open(&x);
	frontend_xdp_start(&x, 1, 16);
	report = frontend_xdp_report(&x, 0);
	frontend_xdp_close(&x);
	return report;
}

#define EXPECT_TEXT(text, has) cr_expect_not_null(strstr(text, has), "\"%s\"", text)

Test(napi, defer_without_a_napi_is_not_applicable_and_leaves_no_record)
{
	struct net_xdp_report report = one_life(true);

	EXPECT_TEXT(report.napi_state, "not applicable");
	EXPECT_TEXT(report.napi_state, "links no NAPI");
	cr_expect_neq(access(LEASE_DIRECTORY, F_OK), 0);
	report = one_life(false);
	cr_expect_str_eq(report.napi_state, "");
}

Test(napi, napi_set_of_none_is_enoent)
{
	cr_expect_eq(netdev_napi_set(&host, UINT32_MAX, &(struct netdev_deferral){0, 0}), -ENOENT);
}

Test(napi, restore_what_is_kept_is_ebusy_and_what_is_missing_enodev)
{
	struct lease l = leave(0);
	struct net_xdp_device_queue state;
	struct net_error err = {0};

	cr_assert_eq(lease_find(&l, true), 0);
	cr_expect_eq(net_xdp_device_queue_restore("v0", 0, &state, &err), -EBUSY);
	EXPECT_TEXT(err.message, "kept by process");
	cr_assert_eq(net_xdp_device_queue_query("v0", 0, &state, &err), 0);
	cr_expect_not(state.napi_left);
	EXPECT_TEXT(state.napi_state, "kept by process");
	lease_remove(&l);
	cr_expect_eq(net_xdp_device_queue_restore("v0", 2, &state, &err), -EINVAL);
	cr_expect_eq(net_xdp_device_queue_restore("nosuch0", 0, &state, &err), -ENODEV);
}

/* Nobody but root and ourselves is believed. */
Test(napi, record_of_another_user_is_ignored_and_said_so)
{
	struct net_xdp_device_queue state;
	struct net_xdp_report report;
	struct lease l = leave(1);
	struct net_error err;

	cr_assert_eq(chown(l.path, 12345, 12345), 0);
	cr_assert_eq(net_xdp_device_queue_query("v0", 1, &state, &err), 0);
	cr_expect_not(state.napi_left);
	EXPECT_TEXT(state.napi_state, "ignored");
	report = one_life(false);
	EXPECT_TEXT(report.napi_state, "ignored");
	cr_expect_eq(access(l.path, F_OK), 0);
}

Test(napi, every_call_leaves_no_descriptor)
{
	unsigned int before = netns_open_fds();
	struct net_xdp_device_queue state;
	struct net_error err;

	leave(1);
	for (int i = 0; i < 3; i++) {
		net_xdp_device_queue_restore("v0", 1, &state, &err);
		net_xdp_device_queue_query("v0", 1, &state, &err);
		one_life(true);
	}
	cr_assert_eq(netns_open_fds(), before);
}

static void prepare_s0(struct frontend_xdp *x)
{
	frontend_xdp_prepare(x, "s0");
	x->config.napi_defer_hard_irqs = 3;
	x->config.gro_flush_timeout_ns = 50000;
	frontend_xdp_open(x);
	frontend_xdp_start(x, 1, 16);
}

static struct netdev_napi napi_of_s0(void)
{
	struct netdev_napi napi;

	cr_assert_eq(netdev_queue_napi(&host, if_nametoindex("s0"), 0, &napi), 0);
	cr_assert(napi.has_deferral, "needs Linux 6.13");
	return napi;
}

static void expect_deferral(uint32_t hard_irqs, uint64_t timeout_ns)
{
	struct netdev_napi napi = napi_of_s0();

	cr_expect_eq(napi.deferral.hard_irqs, hard_irqs);
	cr_expect_eq(napi.deferral.timeout_ns, timeout_ns);
}

Test(napi, only_napi_of_one_queue_is_set_without_busy_polling_and_put_back)
{
	static const struct netdev_deferral old = {1, 20000};
	struct frontend_xdp x;

	cr_assert_eq(netdev_napi_set(&host, napi_of_s0().id, &old), 0);
	prepare_s0(&x);
	EXPECT_TEXT(frontend_xdp_report(&x, 0).napi_state, "defer 3, flush 50 us; was 1, 20 us");
	cr_expect_not(frontend_xdp_report(&x, 0).busy_poll);
	expect_deferral(3, 50000);
	frontend_xdp_close(&x);
	expect_deferral(1, 20000);
}

Test(napi, what_a_killed_process_left_on_the_only_napi_is_restored)
{
	struct net_xdp_device_queue state;
	struct net_error err = {0};
	int status;
	pid_t child = fork();

	if (!child) {
		struct frontend_xdp x;

		prepare_s0(&x);
		raise(SIGKILL);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	expect_deferral(3, 50000);
	cr_assert_eq(net_xdp_device_queue_restore("s0", 0, &state, &err), 1, "%s", err.message);
	expect_deferral(0, 0);
	cr_expect_eq(net_xdp_device_queue_restore("s0", 0, &state, &err), 0, "%s", err.message);
}

/* Frames that come while the interrupt is off are not lost: the kernel's timer brings them. */
Test(napi, deferred_frames_arrive_in_order, .timeout = 60)
{
	struct pair p;

	pair_prepare(&p, NET_XDP_ATTACH_NATIVE, 1500);
	p.rx.config.napi_defer_hard_irqs = 3;
	p.rx.config.gro_flush_timeout_ns = 50000;
	pair_open(&p, 256);
	EXPECT_TEXT(frontend_xdp_report(&p.rx, 0).napi_state, "defer 3, flush 50 us");
	pair_stream(&p, 4096, 64);
	pair_close(&p);
}
