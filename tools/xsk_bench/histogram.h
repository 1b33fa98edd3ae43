/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log-linear histogram of nanoseconds: every power of two is cut into 128 equal steps, so a value is
 * known to better than 0.8 %, over 1 ns to 18 minutes, in 35 KiB.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#include "net_inspect.h"

#define HISTOGRAM_STEPS	  128
#define HISTOGRAM_BUCKETS (34 * HISTOGRAM_STEPS)

struct histogram {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t min_ns;
	uint64_t max_ns;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t ns);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* Add what another thread's has by now, as far as can be seen: each number whole, count that of the buckets. */
void histogram_glance(struct histogram *into, const struct histogram *from);

/* Limits from 512 ns to 1 s, two for each power of two: each is the largest value of a bucket, so the counts are exact. */
#define HISTOGRAM_LIMITS 43
/* Return: how many of out were filled. */
uint32_t histogram_limits(const struct histogram *h, struct net_bucket out[HISTOGRAM_LIMITS]);

/* The value that a share of per_mille of the samples does not exceed. 0 when there are none. */
uint64_t histogram_percentile(const struct histogram *h, uint32_t per_mille);

#endif
