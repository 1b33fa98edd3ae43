// SPDX-License-Identifier: BSD-2-Clause
/* Every system call of set-up fails once: a negative result, a named step, and nothing left behind. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "support/fault.h"
#include "support/footprint.h"
#include "support/frontend_xdp.h"
#include "support/netns.h"

/* Open and start; on success, end it again. Return: the result of what failed first. */
static int one_life(struct frontend_xdp *x, uint32_t queues)
{
	int rc = frontend_xdp_try_open(x);

	if (rc)
		return rc;
	rc = frontend_xdp_try_start(x, queues, 64);
	fault_disarm();
	frontend_xdp_stop(x);
	cr_assert_eq(net_endpoint_destroy(x->ep, &x->err), 0);
	x->ep = NULL;
	return rc;
}

static void fail_each_call(int error, void (*configure)(struct net_xdp_config *))
{
	unsigned int fds, maps, failed = 0;
	struct frontend_xdp x;
	const char *call = "";

	netns_enter();
	netns_veth("v0", "v1", 2, 1500);
	frontend_xdp_prepare(&x, "v0");
	x.config.max_queues = 2;
	x.config.release_timeout_ms = 300;
	if (configure)
		configure(&x.config);
	cr_assert_eq(one_life(&x, 2), 0, "%s", x.err.message);
	fds = netns_open_fds();
	maps = footprint_mappings();
	for (unsigned int k = 1; call; k++) {
		int rc;

		memset(&x.err, 0, sizeof(x.err));
		fault_arm(k, error);
		rc = one_life(&x, 2);
		call = fault_disarm();
		if (rc) {
			failed++;
			cr_expect_lt(rc, 0, "call %u (%s) gave %d", k, call, rc);
			cr_expect_eq(x.err.code, rc, "call %u (%s)", k, call);
			cr_expect_gt(strlen(x.err.step), 0, "call %u (%s) names no step", k, call);
			cr_expect_gt(strlen(x.err.message), 10, "call %u (%s)", k, call);
		}
		cr_expect_eq(netns_open_fds(), fds, "call %u (%s) leaves a descriptor", k, call);
		cr_expect_leq(footprint_mappings(), maps, "call %u (%s) leaves a mapping", k, call);
		cr_expect_eq(netns_program_id("v0"), 0, "call %u (%s) leaves a program", k, call);
	}
	cr_assert_gt(failed, 40, "only %u calls mattered: is the fault in front of them?", failed);
	cr_assert_eq(one_life(&x, 2), 0, "afterwards: %s", x.err.message);
	frontend_xdp_close(&x);
}

Test(fault, setup_each_call_enomem_leaves_nothing, .timeout = 100)
{
	fail_each_call(ENOMEM, NULL);
}

Test(fault, setup_each_call_eperm_leaves_nothing, .timeout = 100)
{
	fail_each_call(EPERM, NULL);
}

static void sealed(struct net_xdp_config *c)
{
	c->sealed = true;
}

Test(fault, setup_sealed_each_call_einval_leaves_nothing, .timeout = 100)
{
	fail_each_call(EINVAL, sealed);
}

static void deferring(struct net_xdp_config *c)
{
	c->busy_poll_us = 20;
	c->napi_defer_hard_irqs = 2;
	c->gro_flush_timeout_ns = 200000;
}

Test(fault, setup_deferring_each_call_eio_leaves_nothing, .timeout = 100)
{
	fail_each_call(EIO, deferring);
}

/* libbpf asks the kernel what it can in the first of its calls, and asks once in a process. What
 * fails meanwhile must not be its answer: the calls are tried before. */
static void fail_first_calls(int error, const char *hint)
{
	struct frontend_xdp x;

	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	frontend_xdp_prepare(&x, "v0");
	for (unsigned int k = 1; k <= 12; k++) {
		int rc;

		fault_arm_only("bpf", k, error);
		rc = one_life(&x, 1);
		fault_disarm();
		cr_expect_eq(rc, -error, "call %u: %d: %s", k, rc, x.err.message);
		cr_expect(strstr(x.err.message, hint), "call %u: %s", k, x.err.message);
	}
	cr_assert_eq(one_life(&x, 1), 0, "afterwards: %s", x.err.message);
	frontend_xdp_close(&x);
}

Test(fault, first_bpf_calls_enfile_are_told_and_the_next_open_works)
{
	fail_first_calls(ENFILE, "fs.file-max");
}

Test(fault, first_bpf_calls_eperm_are_told_and_the_next_open_works)
{
	fail_first_calls(EPERM, "seccomp");
}

Test(fault, first_bpf_calls_enomem_are_told_and_the_next_open_works)
{
	fail_first_calls(ENOMEM, "loading the XDP program");
}
