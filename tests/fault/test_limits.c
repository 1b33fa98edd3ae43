// SPDX-License-Identifier: BSD-2-Clause
/* Limits from nothing up, one after the other in the same process: each life works or says why it cannot, leaves
 * nothing, and with the limit lifted everything works. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/fault_rig.h"
#include "support/footprint.h"
#include "support/netns.h"
#include "support/traffic.h"

enum {
	MOST_FDS = 64,
	ADDRESS_STEPS = 96,
	LOCKED_STEPS = 64,
	MIB = 1 << 20,
	LOCKED_STEP_BYTES = 65536
};

static struct rlimit before;

/* The hard limit stays, so that the soft one can be lifted again. */
static void limit(int resource, rlim_t value)
{
	struct rlimit few = before;

	few.rlim_cur = value;
	cr_assert_eq(setrlimit(resource, &few), 0, "%s", strerror(errno));
}

static void lift(int resource)
{
	cr_assert_eq(setrlimit(resource, &before), 0, "%s", strerror(errno));
}

static void hold(int resource)
{
	cr_assert_eq(getrlimit(resource, &before), 0);
}

static int life_within(struct frontend_xdp *x, int resource, rlim_t value)
{
	int rc;

	memset(&x->err, 0, sizeof(x->err));
	limit(resource, value);
	rc = fault_rig_life(x);
	lift(resource);
	return rc;
}

static void expect_words(const struct frontend_xdp *x, const char *word, const char *other,
			 rlim_t value)
{
	cr_expect(strstr(x->err.message, word) || strstr(x->err.message, other),
		  "at %llu: %s: %s: says neither '%s' nor '%s'", (unsigned long long)value,
		  x->err.step, x->err.message, word, other);
}

/* Frames go through as if nothing had been. */
static void expect_life(struct frontend_xdp *x)
{
	struct peer peer;

	peer_open(&peer, "v1");
	frontend_xdp_open(x);
	frontend_xdp_start(x, x->config.max_queues, 64);
	traffic_both_ways(x, &peer);
	peer_close(&peer);
	frontend_xdp_close(x);
}

static void deferring(struct net_xdp_config *c)
{
	c->napi_defer_hard_irqs = 2;
	c->gro_flush_timeout_ns = 200000;
}

Test(limits, each_count_of_descriptors_works_or_says_so, .timeout = 100)
{
	unsigned int worked = 0, failed = 0;
	struct frontend_xdp x;
	int free_fd;

	fault_rig_prepare(&x, 1, deferring);
	hold(RLIMIT_NOFILE);
	free_fd = dup(0);
	close(free_fd);
	/* The limit is on numbers: those below it that are taken do not count. */
	for (unsigned int k = 0; k <= MOST_FDS; k++) {
		int rc = life_within(&x, RLIMIT_NOFILE, k);

		failed += rc != 0;
		worked += rc == 0;
		fault_rig_expect(&x, rc, "with a limit of descriptors", k);
		if (rc) {
			cr_expect_eq(worked, 0, "%u descriptors do not do, fewer did: %s", k,
				     x.err.message);
			expect_words(&x, "open-files limit", "open files", k);
		}
	}
	cr_assert(failed > (unsigned int)free_fd && worked > 0, "%u failed, %u worked", failed,
		  worked);
	expect_life(&x);
}

/* A sanitizer has shadow memory of many terabytes. */
#ifndef __SANITIZE_ADDRESS__
static rlim_t address_space(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	cr_assert_not_null(f);
	cr_assert_eq(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

Test(limits, each_size_of_the_address_space_works_or_says_so, .timeout = 100)
{
	unsigned int worked = 0, failed = 0;
	struct frontend_xdp x;
	rlim_t now;

	fault_rig_prepare(&x, 1, deferring);
	hold(RLIMIT_AS);
	now = address_space();
	for (unsigned int k = 0; k <= ADDRESS_STEPS; k++) {
		int rc = life_within(&x, RLIMIT_AS, k < 2 ? k * now : now + (k - 2) * MIB / 2);

		failed += rc != 0;
		worked += rc == 0;
		fault_rig_expect(&x, rc, "with a limit of addresses", k);
		if (rc)
			expect_words(&x, "memory", "RLIMIT_AS", k);
	}
	cr_assert(failed > 4 && worked > 0, "%u failed, %u worked", failed, worked);
	expect_life(&x);
}
#endif

/* So small that an ordinary limit has room for it. */
static void small(struct net_xdp_config *c)
{
	c->private_rx_chunks = c->private_tx_frames = 64;
}

/* The kernel counts the UMEM's pages. */
Test(limits, each_size_of_locked_memory_works_or_says_so, .timeout = 100)
{
	unsigned int worked = 0, failed = 0;
	struct frontend_xdp x;

	fault_rig_enter(2);
	footprint_own_user((rlim_t)LOCKED_STEPS * LOCKED_STEP_BYTES);
	fault_rig_here(&x, 2 * MIB, small);
	hold(RLIMIT_MEMLOCK);
	for (unsigned int k = 0; k <= LOCKED_STEPS; k++) {
		int rc = life_within(&x, RLIMIT_MEMLOCK, (rlim_t)k * LOCKED_STEP_BYTES);

		failed += rc != 0;
		worked += rc == 0;
		fault_rig_expect(&x, rc, "with 64 KiB of locked memory times", k);
		if (rc) {
			cr_expect_eq(worked, 0, "%u times 64 KiB do not do, less did", k);
			expect_words(&x, "locked-memory limit", "CAP_IPC_LOCK", k);
		}
	}
	cr_assert(failed > 4 && worked > 0, "%u failed, %u worked", failed, worked);
	expect_life(&x);
}
