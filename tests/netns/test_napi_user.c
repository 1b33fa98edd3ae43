// SPDX-License-Identifier: BSD-2-Clause
/* Deferral by who is not root, or no longer. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/deferral.h"
#include "host/undo/lease.h"

TestSuite(napi_user, .init = deferral_enter);

enum { NOBODY = 65534 };

/* Become nobody, with these capabilities: all that the manual names, or none. */
static bool become_nobody(bool capable)
{
	const uint32_t low =
		capable ? 1u << CAP_NET_RAW | 1u << CAP_NET_ADMIN | 1u << CAP_IPC_LOCK : 0;
	const uint32_t high = capable ? 1u << (CAP_BPF - 32) | 1u << (CAP_PERFMON - 32) : 0;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{low, low, 0}, {high, high, 0}};

	return prctl(PR_SET_KEEPCAPS, capable) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0 &&
	       syscall(SYS_capset, &header, data) == 0;
}

/* Return: its exit status, -1 when a signal ended it. */
static int run_in_child(int (*body)(void))
{
	int status;
	pid_t child = fork();

	if (!child)
		_exit(body());
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int drop_then_destroy(void)
{
	struct net_error err = {0};
	struct frontend_xdp x;
	int rc;

	prepare_s0(&x);
	if (!become_nobody(false))
		return 2;
	rc = net_queue_destroy(x.queues[0], &err);
	return rc == -EPERM && strstr(err.message, "its buffers are free") &&
			       strstr(err.message, "keeps defer 3, flush 50 us") &&
			       strstr(err.message, "xsk-info --restore s0") &&
			       net_endpoint_destroy(x.ep, &err) == 0
		       ? 0
		       : 1;
}

Test(napi_user, destroy_after_privileges_were_dropped_says_so_and_leaves_the_record)
{
	struct net_xdp_device_queue state;
	struct net_error err = {0};

	cr_assert_eq(run_in_child(drop_then_destroy), 0);
	expect_deferral(3, 50000);
	cr_assert_eq(net_xdp_device_queue_query("s0", 0, &state, &err), 0, "%s", err.message);
	cr_expect(state.napi_left);
	cr_assert_eq(net_xdp_device_queue_restore("s0", 0, &state, &err), 1, "%s", err.message);
	expect_deferral(0, 0);
}

/* Nobody's queue on s0. Return: 0 when its napi_state says so. */
static int nobody_reports(const char *words)
{
	struct net_xdp_report report;
	struct frontend_xdp x;

	if (!become_nobody(true))
		return 2;
	prepare_s0(&x);
	report = frontend_xdp_report(&x, 0);
	frontend_xdp_close(&x);
	return !strstr(report.napi_state, words);
}

static int nobody_without_a_folder(void)
{
	return nobody_reports("as root: install -d -m 700 -o 65534 " LEASE_DIRECTORY);
}

static int nobody_with_a_folder(void)
{
	return nobody_reports("defer 3, flush 50 us; was 0, 0 us");
}

static int nobody_is_killed(void)
{
	struct frontend_xdp x;

	if (!become_nobody(true))
		return 2;
	prepare_s0(&x);
	return raise(SIGKILL);
}

Test(napi_user, defer_not_as_root_says_what_is_to_be_done)
{
	cr_expect_eq(run_in_child(nobody_without_a_folder), 0, "no folder");
	cr_assert_eq(mkdir(LEASE_DIRECTORY, 0700), 0);
	cr_expect_eq(run_in_child(nobody_without_a_folder), 0, "root's folder");
	expect_deferral(0, 0);
}

/* Root believes the owner of the folder, whom it appointed. */
Test(napi_user, defer_not_as_root_with_a_folder_works_and_root_puts_back_after_a_crash)
{
	struct net_xdp_device_queue state;
	struct net_error err = {0};

	cr_assert_eq(mkdir(LEASE_DIRECTORY, 0700), 0);
	cr_assert_eq(chown(LEASE_DIRECTORY, NOBODY, NOBODY), 0);
	cr_expect_eq(run_in_child(nobody_with_a_folder), 0);
	expect_deferral(0, 0);
	cr_expect_eq(run_in_child(nobody_is_killed), -1);
	expect_deferral(3, 50000);
	/* Anybody could have made it. */
	cr_assert_eq(chmod("/run", 01777), 0);
	cr_assert_eq(net_xdp_device_queue_query("s0", 0, &state, &err), 0, "%s", err.message);
	cr_expect_not(state.napi_left);
	cr_expect_not_null(strstr(state.napi_state, "ignored"), "%s", state.napi_state);
	cr_assert_eq(chmod("/run", 0755), 0);
	cr_assert_eq(net_xdp_device_queue_restore("s0", 0, &state, &err), 1, "%s", err.message);
	expect_deferral(0, 0);
}
