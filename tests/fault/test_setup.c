// SPDX-License-Identifier: BSD-2-Clause
/* Every system call of set-up fails once, and every request for memory: a negative result, a named step, and nothing
 * left behind. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "support/fault.h"
#include "support/fault_rig.h"
#include "support/frontend_xdp.h"
#include "support/netns.h"

Test(fault, setup_each_call_enomem_leaves_nothing, .timeout = 100)
{
	fault_rig_each(NULL, ENOMEM, 2, NULL, 40);
}

Test(fault, setup_each_call_eperm_leaves_nothing, .timeout = 100)
{
	fault_rig_each(NULL, EPERM, 2, NULL, 40);
}

static void sealed(struct net_xdp_config *c)
{
	c->sealed = true;
}

Test(fault, setup_sealed_each_call_einval_leaves_nothing, .timeout = 100)
{
	fault_rig_each(NULL, EINVAL, 2, sealed, 40);
}

static void deferring(struct net_xdp_config *c)
{
	c->busy_poll_us = 20;
	c->napi_defer_hard_irqs = 2;
	c->gro_flush_timeout_ns = 200000;
}

Test(fault, setup_deferring_each_call_eio_leaves_nothing, .timeout = 100)
{
	fault_rig_each(NULL, EIO, 1, deferring, 40);
}

Test(fault, setup_each_request_for_memory_leaves_nothing, .timeout = 200)
{
	fault_rig_each(FAULT_MEMORY, ENOMEM, 1, deferring, 20);
}

/* A daemon may have closed its standard input. */
Test(fault, each_call_of_a_life_may_get_descriptor_0, .timeout = 200)
{
	fault_rig_each_descriptor_0(1, deferring);
}

/* libbpf asks the kernel what it can in the first of its calls, and asks once in a process. What
 * fails meanwhile must not be its answer: the calls are tried before. */
static void fail_first_calls(int error, const char *hint)
{
	struct frontend_xdp x;

	fault_rig_enter(1);
	frontend_xdp_prepare(&x, "v0");
	for (unsigned int k = 1; k <= 12; k++) {
		int rc;

		fault_arm_only("bpf", k, error);
		rc = fault_rig_life(&x);
		fault_disarm();
		cr_expect_eq(rc, -error, "call %u: %d: %s", k, rc, x.err.message);
		cr_expect(strstr(x.err.message, hint), "call %u: %s", k, x.err.message);
	}
	cr_assert_eq(fault_rig_life(&x), 0, "afterwards: %s", x.err.message);
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
