/* SPDX-License-Identifier: BSD-2-Clause */
/* Deferral on veth pairs, which link no NAPI to their queues. v0 has two queues: nothing can be set, nothing
 * may be lost. s0 has one, so its only NAPI is known; with GRO it is there without an XDP program too. A
 * driver that links its NAPIs is the lab's: tools/lab/case_napi.c. */
#ifndef SUPPORT_DEFERRAL_H
#define SUPPORT_DEFERRAL_H

#include <net/if.h>

#include <criterion/criterion.h>

#include "support/frontend_xdp.h"
#include "support/netns.h"
#include "host/netdev.h"

static struct host host;

static inline void deferral_enter(void)
{
	netns_enter();
	cr_assert_eq(host_open(&host), 0);
	netns_veth("v0", "v1", 2, 1500);
	netns_veth("s0", "s1", 1, 1500);
	netns_run("ethtool -K s0 gro on");
	netns_run("mount -t tmpfs -o mode=755 none /run");
}

/* A queue on s0 that defers: 3 looks, 50 us. */
static inline void prepare_s0(struct frontend_xdp *x)
{
	frontend_xdp_prepare(x, "s0");
	x->config.napi_defer_hard_irqs = 3;
	x->config.gro_flush_timeout_ns = 50000;
	frontend_xdp_open(x);
	frontend_xdp_start(x, 1, 16);
}

static inline struct netdev_napi napi_of_s0(void)
{
	struct netdev_napi napi;

	cr_assert_eq(netdev_queue_napi(&host, if_nametoindex("s0"), 0, &napi), 0);
	cr_assert(napi.has_deferral, "needs Linux 6.13");
	return napi;
}

/* What s0 has now. */
static inline void expect_deferral(uint32_t hard_irqs, uint64_t timeout_ns)
{
	struct netdev_napi napi = napi_of_s0();

	cr_expect_eq(napi.deferral.hard_irqs, hard_irqs);
	cr_expect_eq(napi.deferral.timeout_ns, timeout_ns);
}

#endif
