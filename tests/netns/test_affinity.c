// SPDX-License-Identifier: BSD-2-Clause
/* A queue's NAPI thread is moved to the frontend's CPU, and back when the queue ends: that thread, and only if nobody
 * else has moved it. Interrupts: tests/unit/test_affinity.c. */
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/frontend_xdp.h"
#include "support/netns.h"
#include "support/threads.h"

enum { BOTH = 3, FIRST = 1, SECOND = 2 }; /* CPUs, as masks */

static struct frontend_xdp x;
static uint32_t thread;

static void enter(void)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	netns_run("ethtool -K v0 gro on");
	thread = threads_of("v0");
	cr_assert_eq(threads_cpus(thread), BOTH, "these tests need two CPUs");
	frontend_xdp_prepare(&x, "v0");
	frontend_xdp_open(&x);
	frontend_xdp_start(&x, 1, 16);
}

TestSuite(affinity, .init = enter, .timeout = 60);

static void hint(uint32_t cpu, const char *state)
{
	struct net_xdp_report report;

	net_queue_update_target_vp(x.queues[0], cpu);
	report = frontend_xdp_report(&x, 0);
	cr_expect_eq(report.target_cpu, (int)cpu);
	cr_expect_not_null(strstr(report.target_state, state), "%s", report.target_state);
}

Test(affinity, thread_of_two_hints_is_put_back_to_what_it_was)
{
	hint(1, "moved");
	cr_expect_eq(threads_cpus(thread), SECOND);
	hint(0, "moved");
	cr_expect_eq(threads_cpus(thread), FIRST);
	frontend_xdp_close(&x);
	cr_expect_eq(threads_cpus(thread), BOTH);
}

/* As a process that sheds what it needs no more: it may have no new descriptor, nor call poll();
 * nor may Criterion. */
Test(affinity, destroy_without_a_descriptor_to_spare_puts_the_thread_back)
{
	struct rlimit limit, none;
	int rc;

	hint(1, "moved");
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	rc = net_queue_destroy(x.queues[0], &x.err);
	setrlimit(RLIMIT_NOFILE, &limit);
	x.queues[0] = NULL;
	cr_expect_eq(rc, 0, "%s", x.err.message);
	cr_expect_eq(threads_cpus(thread), BOTH);
	frontend_xdp_close(&x);
}

static void expect_bystander_is_left(void)
{
	threads_reuse(thread);
	threads_set_cpus(thread, SECOND); /* even with just the value that we set */
	frontend_xdp_stop(&x);
	cr_expect_eq(threads_cpus(thread), SECOND, "the process that has its number was moved");
	kill((pid_t)thread, SIGKILL);
}

Test(affinity, destroy_after_the_device_went_leaves_who_has_the_threads_number)
{
	hint(1, "moved");
	netns_run("ip link del v0");
	expect_bystander_is_left();
}

Test(affinity, destroy_after_threads_were_turned_off_leaves_who_has_the_threads_number)
{
	hint(1, "moved");
	threads_off("v0");
	expect_bystander_is_left();
}

Test(affinity, hint_after_the_thread_ended_leaves_who_has_its_number)
{
	hint(1, "moved");
	threads_off("v0");
	threads_reuse(thread);
	threads_set_cpus(thread, SECOND);
	hint(0, "not applicable");
	cr_expect_eq(threads_cpus(thread), SECOND);
	frontend_xdp_close(&x);
	cr_expect_eq(threads_cpus(thread), SECOND);
	kill((pid_t)thread, SIGKILL);
}

Test(affinity, destroy_leaves_a_thread_that_others_have_moved_since)
{
	hint(1, "moved");
	threads_set_cpus(thread, FIRST);
	frontend_xdp_close(&x);
	cr_expect_eq(threads_cpus(thread), FIRST);
}

/* The device's number was given to another one. */
Test(affinity, hint_after_the_device_went_leaves_who_has_its_number)
{
	unsigned int ifindex = if_nametoindex("v0");
	uint32_t stranger;

	netns_run("ip link del v0");
	netns_run("ip link add w0 index %u type veth peer name w1", ifindex);
	netns_run("ip link set w0 up && ip link set w1 up && ethtool -K w0 gro on");
	stranger = threads_of("w0");
	hint(1, "gone");
	cr_expect_eq(threads_cpus(stranger), BOTH);
	frontend_xdp_stop(&x);
	cr_expect_eq(threads_cpus(stranger), BOTH);
}

/* As a daemon does after its start. Return: did destroy say what stays? */
static bool lives_without_the_privilege(void)
{
	struct net_error err = {0};
	int rc;

	frontend_xdp_start(&x, 1, 16);
	hint(1, "moved");
	if (setgid(65534) || setuid(65534))
		return false;
	rc = net_queue_destroy(x.queues[0], &err);
	return rc == -EPERM && strstr(err.message, "stays on CPU 1");
}

Test(affinity, destroy_without_the_privilege_says_that_the_thread_stays)
{
	int status;
	pid_t child;

	frontend_xdp_stop(&x);
	child = fork();
	if (!child)
		_exit(!lives_without_the_privilege());
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%x", status);
	cr_expect_eq(threads_cpus(thread), SECOND);
}
