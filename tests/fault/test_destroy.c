// SPDX-License-Identifier: BSD-2-Clause
/* Each system call of an end fails once: whatever the result says, the queue and the endpoint are gone, nothing of the
 * process is left, and the next life works. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/fault.h"
#include "support/fault_rig.h"
#include "support/footprint.h"
#include "support/netns.h"
#include "support/traffic.h"

enum { BUFFERS = 64 };

static uint32_t deferral(void)
{
	struct net_xdp_device_queue q;
	struct net_error err;

	cr_assert_eq(net_xdp_device_queue_query("v0", 0, &q, &err), 0, "%s", err.message);
	cr_assert(q.has_deferral);
	return q.napi_defer_hard_irqs;
}

static void deferring(struct net_xdp_config *c)
{
	c->napi_defer_hard_irqs = 2;
	c->gro_flush_timeout_ns = 200000;
}

/* End it with the k-th call failing. Return: what failed first, its error in x->err. */
static int end(struct frontend_xdp *x, const char *call, unsigned int k, int error,
	       const char **hit)
{
	struct net_error err = {0};
	int rc = 0, first = 0;

	fault_arm_only(call, k, error);
	for (uint32_t i = 0; i < x->config.max_queues; i++) {
		rc = net_queue_destroy(x->queues[i], &err);
		if (rc && !first) {
			first = rc;
			x->err = err;
		}
		x->queues[i] = NULL;
	}
	x->queue_count = 0;
	rc = net_endpoint_destroy(x->ep, &err);
	*hit = fault_disarm();
	x->ep = NULL;
	if (rc && !first) {
		first = rc;
		x->err = err;
	}
	for (uint32_t i = 0; i < x->f.id_count; i++)
		x->f.ids[i].posted = x->f.ids[i].delivered = false;
	return first;
}

static void fail_each_call(const char *call, int error, uint32_t queues,
			   void (*configure)(struct net_xdp_config *))
{
	const char *hit = "";
	unsigned int hits = 0, told = 0;
	struct frontend_xdp x;
	struct peer peer;

	fault_rig_prepare(&x, queues, configure);
	for (unsigned int k = 1; hit; k++) {
		int rc;

		frontend_xdp_open(&x);
		frontend_xdp_start(&x, x.config.max_queues, BUFFERS);
		memset(&x.err, 0, sizeof(x.err));
		rc = end(&x, call, k, error, &hit);
		hits += hit != NULL;
		told += rc != 0;
		/* What could not be put back is told, and the record stays for the next one. */
		if (rc && footprint_leases())
			cr_expect_eq(fault_rig_life(&x), 0, "%s", x.err.message);
		fault_rig_expect(&x, rc, hit ? hit : "none", k);
		if (configure)
			cr_expect_eq(deferral(), 0, "call %u leaves the NAPI deferred", k);
	}
	cr_assert_gt(hits, 3, "only %u calls were made", hits);
	cr_log_info("%u calls failed, %u were told of", hits, told);
	peer_open(&peer, "v1");
	frontend_xdp_open(&x);
	frontend_xdp_start(&x, x.config.max_queues, BUFFERS);
	traffic_both_ways(&x, &peer);
	peer_close(&peer);
	frontend_xdp_close(&x);
}

Test(destroy, each_call_enomem_leaves_nothing, .timeout = 100)
{
	fail_each_call(NULL, ENOMEM, 2, NULL);
}

Test(destroy, each_call_eperm_leaves_nothing, .timeout = 100)
{
	fail_each_call(NULL, EPERM, 2, NULL);
}

Test(destroy, each_call_eintr_leaves_nothing, .timeout = 100)
{
	fail_each_call(NULL, EINTR, 2, NULL);
}

Test(destroy, each_call_eio_puts_the_deferral_back, .timeout = 100)
{
	fail_each_call(NULL, EIO, 1, deferring);
}

Test(destroy, each_call_eperm_puts_the_deferral_back, .timeout = 100)
{
	fail_each_call(NULL, EPERM, 1, deferring);
}
