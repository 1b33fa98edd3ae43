// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/fault.h"
#include "support/fault_rig.h"
#include "support/footprint.h"
#include "support/netns.h"

enum { BUFFERS = 64 };

/* Of the life in which nothing failed. */
static unsigned int fds, maps;
static uint32_t queues;

/* frontend_xdp_try_start() without a request for memory of its own. */
static int start(struct frontend_xdp *x)
{
	struct net_queue_config configs[FRONTEND_XDP_QUEUES] = {0};
	uint32_t ids[FRONTEND_XDP_QUEUES * BUFFERS];
	int rc;

	for (uint32_t i = 0; i < queues * BUFFERS; i++)
		ids[i] = i;
	for (uint32_t i = 0; i < queues; i++)
		configs[i] = (struct net_queue_config){.pool = &x->f.pool,
						       .initial_rx = ids + (size_t)i * BUFFERS,
						       .initial_rx_count = BUFFERS};
	rc = net_endpoint_get_queues(x->ep, configs, queues, NULL, x->queues, &x->err);
	x->queue_count = rc ? 0 : queues;
	return rc;
}

/* What is armed is so until the queues are there, or to the end. */
static int live(struct frontend_xdp *x, bool to_the_end)
{
	int rc = frontend_xdp_try_open(x);

	if (rc)
		return rc;
	rc = start(x);
	if (!to_the_end)
		fault_disarm();
	frontend_xdp_stop(x);
	cr_assert_eq(net_endpoint_destroy(x->ep, &x->err), 0);
	x->ep = NULL;
	return rc;
}

int fault_rig_life(struct frontend_xdp *x)
{
	return live(x, false);
}

void fault_rig_enter(uint32_t queue_count)
{
	queues = queue_count;
	netns_enter();
	netns_run("mount -t tmpfs -o mode=755 none /run");
	netns_veth("v0", "v1", queues, 1500);
	if (queues == 1)
		netns_run("ethtool -K v0 gro on");
}

void fault_rig_prepare(struct frontend_xdp *x, uint32_t queue_count,
		       void (*configure)(struct net_xdp_config *))
{
	fault_rig_enter(queue_count);
	fault_rig_here(x, FRONTEND_XDP_BYTES, configure);
}

void fault_rig_here(struct frontend_xdp *x, uint64_t bytes,
		    void (*configure)(struct net_xdp_config *))
{
	frontend_xdp_prepare(x, "v0");
	if (bytes != FRONTEND_XDP_BYTES) {
		frontend_close(&x->f);
		frontend_open(&x->f, bytes, FRONTEND_XDP_IDS);
	}
	x->config.max_queues = queues;
	x->config.release_timeout_ms = 3000;
	if (configure)
		configure(&x->config);
	cr_assert_eq(fault_rig_life(x), 0, "%s", x->err.message);
	fds = netns_open_fds();
	maps = footprint_mappings();
}

void fault_rig_expect(struct frontend_xdp *x, int rc, const char *what, unsigned int k)
{
	if (rc) {
		cr_expect_lt(rc, 0, "%s %u gave %d", what, k, rc);
		cr_expect_eq(x->err.code, rc, "%s %u: %d, and %d in the sentence", what, k, rc,
			     x->err.code);
		cr_expect_gt(strlen(x->err.step), 0, "%s %u names no step", what, k);
		cr_expect_gt(strlen(x->err.message), 10, "%s %u has no sentence", what, k);
	}
	cr_expect_eq(netns_open_fds(), fds, "%s %u leaves a descriptor", what, k);
	cr_expect_leq(footprint_mappings(), maps, "%s %u leaves a mapping", what, k);
	cr_expect_eq(netns_program_id("v0"), 0, "%s %u leaves a program", what, k);
	cr_expect_eq(footprint_leases(), 0, "%s %u leaves a lease", what, k);
}

void fault_rig_each(const char *call, int error, uint32_t queue_count,
		    void (*configure)(struct net_xdp_config *), unsigned int least)
{
	struct frontend_xdp x;
	unsigned int failed = 0;
	const char *hit = "";

	fault_rig_prepare(&x, queue_count, configure);
	for (unsigned int k = 1; hit; k++) {
		int rc;

		memset(&x.err, 0, sizeof(x.err));
		fault_arm_only(call, k, error);
		rc = fault_rig_life(&x);
		hit = fault_disarm();
		failed += rc != 0;
		fault_rig_expect(&x, rc, hit ? hit : "none", k);
	}
	cr_assert_gt(failed, least, "only %u mattered: is the fault in front of them?", failed);
	cr_assert_eq(fault_rig_life(&x), 0, "afterwards: %s", x.err.message);
	frontend_xdp_close(&x);
}

static void take_descriptor_0(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	cr_assert(fd >= 0 && (fd == 0 || (dup2(fd, 0) == 0 && close(fd) == 0)), "descriptor 0");
}

void fault_rig_each_descriptor_0(uint32_t queue_count, void (*configure)(struct net_xdp_config *))
{
	struct frontend_xdp x;
	const char *hit = "";

	take_descriptor_0();
	fault_rig_prepare(&x, queue_count, configure);
	for (unsigned int k = 1; hit; k++) {
		int rc;

		memset(&x.err, 0, sizeof(x.err));
		fault_arm_close(k, 0);
		rc = live(&x, true);
		hit = fault_disarm();
		cr_assert_eq(rc, 0, "%s %u: %s", hit ? hit : "none", k, x.err.message);
		if (hit)
			cr_assert_lt(fcntl(0, F_GETFD), 0, "%s %u keeps descriptor 0", hit, k);
		take_descriptor_0();
		fault_rig_expect(&x, rc, hit ? hit : "none", k);
	}
	frontend_xdp_close(&x);
}
