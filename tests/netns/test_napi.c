// SPDX-License-Identifier: BSD-2-Clause
/* Deferral on veth pairs: what is set, recorded, left behind and put back. */
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/deferral.h"
#include "support/pair.h"
#include "host/undo/napi.h"

TestSuite(napi, .init = deferral_enter);

/* As a process that was killed leaves it. */
static struct lease leave_in(const struct host *h, const char *ifname, uint32_t queue)
{
	const struct napi_record record = {.ours = {2, 200000}};
	char text[NAPI_TEXT_BYTES];
	struct lease l;

	napi_record_format(&record, text);
	napi_lease_name(&l, LEASE_DIRECTORY, &h->netns, if_nametoindex(ifname), queue);
	cr_assert_eq(lease_make(&l, text), 0);
	lease_leave(&l);
	return l;
}

static struct lease leave(const char *ifname, uint32_t queue)
{
	return leave_in(&host, ifname, queue);
}

/* What the report of the queue says. */
static struct net_xdp_report life_on(const char *ifname, uint32_t queue, bool deferring)
{
	struct net_xdp_report report;
	struct frontend_xdp x;

	frontend_xdp_prepare(&x, ifname);
	x.config.first_queue = queue;
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

static struct net_xdp_report one_life(bool deferring)
{
	return life_on("v0", 1, deferring);
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

/* While the interface is down nobody can tell. */
Test(napi, left_record_of_a_down_interface_stays_until_it_is_up)
{
	struct net_xdp_device_queue state;
	struct net_error err = {0};
	struct lease l;

	netns_down("v0");
	l = leave("v0", 1);
	cr_assert_eq(net_xdp_device_queue_query("v0", 1, &state, &err), 0, "%s", err.message);
	cr_expect_not(state.napi_left, "nothing can be put back now");
	EXPECT_TEXT(state.napi_state, "defer 2, flush 200 us; was 0, 0 us");
	EXPECT_TEXT(state.napi_state, "is the interface down?");
	cr_assert_eq(net_xdp_device_queue_restore("v0", 1, &state, &err), -EOPNOTSUPP);
	cr_expect_str_eq(err.step, "restore");
	EXPECT_TEXT(err.message, "v0 queue 1: left by process");
	EXPECT_TEXT(err.message, "is the interface down?");
	cr_expect_eq(access(l.path, F_OK), 0);
	netns_up("v0");
	cr_assert_eq(net_xdp_device_queue_restore("v0", 1, &state, &err), 0, "%s", err.message);
	cr_expect_neq(access(l.path, F_OK), 0);
}

Test(napi, restore_what_is_kept_is_ebusy_and_what_is_missing_enodev)
{
	struct lease l = leave("v0", 0);
	struct net_xdp_device_queue state;
	struct net_error err = {0};

	cr_assert_eq(lease_find(&l, true, NULL), 0);
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
	struct lease l = leave("v0", 1);
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

	leave("v0", 1);
	for (int i = 0; i < 3; i++) {
		net_xdp_device_queue_restore("v0", 1, &state, &err);
		net_xdp_device_queue_query("v0", 1, &state, &err);
		one_life(true);
	}
	cr_assert_eq(netns_open_fds(), before);
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

/* ---- What is nothing to put back --------------------------------------------------------------- */

static void expect_nothing_left(const char *ifname, const struct lease *l, const char *state)
{
	struct net_xdp_device_queue queue;
	struct net_error err = {0};

	cr_assert_eq(net_xdp_device_queue_query(ifname, 0, &queue, &err), 0, "%s", err.message);
	cr_expect_not(queue.napi_left);
	cr_expect_str_eq(queue.napi_state, "");
	cr_expect_eq(net_xdp_device_queue_restore(ifname, 0, &queue, &err), 0, "%s", err.message);
	cr_expect_str_eq(queue.napi_state, state);
	cr_expect_neq(access(l->path, F_OK), 0, "it stays");
}

/* As it is with GRO off after a crash: the NAPI ended with the program. */
Test(napi, left_record_whose_napi_is_gone_is_nothing_to_say_and_removed)
{
	struct lease l = leave("s1", 0), v = leave("v0", 0);
	struct net_xdp_report report;

	expect_nothing_left("s1", &l, "");
	expect_nothing_left("v0", &v, "");
	l = leave("s1", 0);
	report = life_on("s1", 0, false); /* makes a NAPI anew */
	cr_expect_str_eq(report.napi_state, "");
	cr_expect_neq(access(l.path, F_OK), 0, "it stays");
}

Test(napi, left_record_that_others_have_overwritten_is_nothing_left)
{
	struct lease l = leave("s0", 0);
	char state[160];

	cr_assert_eq(netdev_napi_set(&host, napi_of_s0().id, &(struct netdev_deferral){7, 9000}),
		     0);
	snprintf(state, sizeof(state), "left by process %d: %s; changed by others since", getpid(),
		 "defer 2, flush 200 us; was 0, 0 us");
	expect_nothing_left("s0", &l, state);
	expect_deferral(7, 9000);
}

/* In a namespace of its own, which lives while *netns is open. */
static struct lease leave_elsewhere(int *netns)
{
	struct host there;
	struct lease l;
	int before;

	*netns = netns_new();
	before = netns_switch(*netns);
	cr_assert_eq(host_open(&there), 0);
	l = leave_in(&there, "lo", 0);
	host_close(&there);
	close(netns_switch(before));
	close(before);
	return l;
}

static bool kernel_is(unsigned int wanted_major, unsigned int wanted_minor)
{
	unsigned int major, minor;
	struct utsname name;

	cr_assert_eq(uname(&name), 0);
	cr_assert_eq(sscanf(name.release, "%u.%u", &major, &minor), 2);
	return major > wanted_major || (major == wanted_major && minor >= wanted_minor);
}

/* Whether another namespace has ended can be asked since 6.18. */
Test(napi, record_of_another_namespace_is_removed_by_anybody_once_that_has_ended, .timeout = 60)
{
	bool stays = true;
	struct lease l;
	int netns;

	l = leave_elsewhere(&netns);
	one_life(false);
	cr_expect_eq(access(l.path, F_OK), 0, "its namespace lives");
	close(netns);
	for (int i = 0; i < 50 && stays && kernel_is(6, 18); i++) {
		usleep(20000); /* it ends some time after its last user */
		one_life(false);
		stays = access(l.path, F_OK) == 0;
	}
	cr_expect_eq(stays, !kernel_is(6, 18));
}

/* Even if it has just the values that we set. */
Test(napi, destroy_after_the_device_went_leaves_who_has_its_number)
{
	unsigned int ifindex = if_nametoindex("s0");
	struct netdev_napi napi;
	struct frontend_xdp x;

	prepare_s0(&x);
	netns_run("ip link del s0");
	netns_run("ip link add w0 index %u type veth peer name w1", ifindex);
	netns_run("ip link set w0 up && ip link set w1 up && ethtool -K w0 gro on");
	cr_assert_eq(netdev_queue_napi(&host, ifindex, 0, &napi), 0);
	cr_assert_eq(netdev_napi_set(&host, napi.id, &(struct netdev_deferral){3, 50000}), 0);
	frontend_xdp_close(&x);
	cr_assert_eq(netdev_queue_napi(&host, ifindex, 0, &napi), 0);
	cr_expect_eq(napi.deferral.hard_irqs, 3, "a stranger's were changed");
	cr_expect_eq(rmdir(LEASE_DIRECTORY), 0, "the record stays");
}

/* A NIC's NAPI has its values there too, and when it is back (tools/lab/case_napi.c); veth makes its NAPI anew. */
Test(napi, destroy_after_the_device_was_moved_leaves_the_record_for_when_it_is_back)
{
	int home = netns_current(), other = netns_new(), before;
	struct frontend_xdp x;
	struct lease l;

	prepare_s0(&x);
	napi_lease_name(&l, LEASE_DIRECTORY, &host.netns, if_nametoindex("s0"), 0);
	cr_assert_eq(access(l.path, F_OK), 0);
	netns_move("s0", other);
	frontend_xdp_close(&x);
	cr_expect_eq(access(l.path, F_OK), 0, "the record is lost");
	before = netns_switch(other);
	netns_move("s0", home);
	netns_switch(before);
	netns_run("ip link set s0 up");
	cr_expect_str_eq(life_on("s0", 0, false).napi_state, "");
	cr_expect_neq(access(l.path, F_OK), 0, "it stays");
}
