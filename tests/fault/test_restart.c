// SPDX-License-Identifier: BSD-2-Clause
/* Each system call of a restart fails once, and each request for memory: destroy of both queues, other memory,
 * get_queues, one queue made again. What fails has its sentence, and the same endpoint starts the next time. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "support/fault.h"
#include "support/fault_rig.h"
#include "support/footprint.h"
#include "support/netns.h"
#include "support/traffic.h"

enum { QUEUES = 2, BUFFERS = 64 };

static struct frontend_xdp x;
static uint32_t ids[QUEUES * BUFFERS];

static struct net_queue_config config_of(uint32_t queue)
{
	return (struct net_queue_config){.pool = &x.f.pool,
					 .initial_rx = ids + (size_t)queue * BUFFERS,
					 .initial_rx_count = BUFFERS};
}

/* Nothing is with the backend any more. */
static void forget(uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++)
		x.f.ids[i].posted = x.f.ids[i].delivered = false;
}

static int get_queues(void)
{
	const struct net_queue_config configs[QUEUES] = {config_of(0), config_of(1)};
	int rc;

	forget(0, QUEUES * BUFFERS);
	rc = net_endpoint_get_queues(x.ep, configs, QUEUES, NULL, x.queues, &x.err);
	x.queue_count = rc ? 0 : QUEUES;
	return rc;
}

/* destroy says when something was not put back; the queue is gone all the same. */
static void destroy(uint32_t queue)
{
	net_queue_destroy(x.queues[queue], NULL);
	x.queues[queue] = NULL;
}

/* Return: of what failed first. */
static int restart(void)
{
	struct net_queue_config second = config_of(1);
	int rc;

	destroy(0);
	destroy(1);
	x.queue_count = 0;
	rc = net_xdp_set_regions(x.ep, x.regions, x.config.region_count, &x.err);
	if (!rc)
		rc = get_queues();
	if (rc)
		return rc;
	destroy(1);
	forget(BUFFERS, BUFFERS);
	rc = net_endpoint_get_queue(x.ep, 1, &second, &x.queues[1], &x.err);
	x.queue_count = rc ? 1 : QUEUES;
	return rc;
}

/* The endpoint is as it was before. */
static void mend(void)
{
	struct net_queue_config second = config_of(1);

	if (x.queue_count == 1) {
		forget(BUFFERS, BUFFERS);
		cr_assert_eq(net_endpoint_get_queue(x.ep, 1, &second, &x.queues[1], &x.err), 0,
			     "%s", x.err.message);
		x.queue_count = QUEUES;
	} else if (!x.queue_count) {
		cr_assert_eq(get_queues(), 0, "%s", x.err.message);
	}
}

static void fail_each_call(const char *which, int error, unsigned int least)
{
	unsigned int hits = 0, failed = 0;
	struct footprint before;
	const char *call = "";
	struct peer peer;

	fault_rig_enter(QUEUES);
	frontend_xdp_prepare(&x, "v0");
	x.config.max_queues = QUEUES;
	x.config.release_timeout_ms = 3000;
	x.config.keep_umem = true;
	frontend_xdp_open(&x);
	for (uint32_t i = 0; i < QUEUES * BUFFERS; i++)
		ids[i] = i;
	cr_assert(get_queues() == 0 && restart() == 0, "%s", x.err.message);
	before = footprint_take();
	for (unsigned int k = 1; call; k++) {
		int rc;

		memset(&x.err, 0, sizeof(x.err));
		fault_arm_only(which, k, error);
		rc = restart();
		call = fault_disarm();
		hits += call != NULL;
		failed += rc != 0;
		cr_expect(!rc || (x.err.code == rc && x.err.step[0] && strlen(x.err.message) > 10),
			  "call %u (%s): %d: '%s'", k, call, rc, x.err.message);
		mend();
		cr_expect_eq(netns_open_fds(), before.fds, "call %u (%s) leaves a descriptor", k,
			     call);
		cr_expect_leq(footprint_mappings(), before.mappings,
			      "call %u (%s) leaves a mapping", k, call);
	}
	cr_assert(hits > least && failed > least / 2, "only %u calls were made, %u mattered", hits,
		  failed);
	cr_log_info("%u calls failed, %u were told of", hits, failed);
	peer_open(&peer, "v1");
	traffic_both_ways(&x, &peer);
	peer_close(&peer);
	frontend_xdp_close(&x);
}

Test(restart, each_call_enomem_with_kept_memory_the_next_one_works, .timeout = 100)
{
	fail_each_call(NULL, ENOMEM, 40);
}

Test(restart, each_request_for_memory_the_next_one_works, .timeout = 100)
{
	fail_each_call(FAULT_MEMORY, ENOMEM, 10);
}
