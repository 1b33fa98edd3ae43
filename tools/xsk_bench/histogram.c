/* SPDX-License-Identifier: BSD-2-Clause */
#include "histogram.h"

/* Below 128 a bucket per value; above, 128 per power of two. */
static uint32_t bucket_of(uint64_t ns)
{
	uint32_t shift, at;

	if (ns < HISTOGRAM_STEPS)
		return (uint32_t)ns;
	shift = 63u - (uint32_t)__builtin_clzll(ns) - 7u;
	at = (shift + 1) * HISTOGRAM_STEPS + (uint32_t)(ns >> shift) - HISTOGRAM_STEPS;
	return at < HISTOGRAM_BUCKETS ? at : HISTOGRAM_BUCKETS - 1;
}

/* Largest value of a bucket: a percentile is never reported better than it was. */
static uint64_t bucket_top(uint32_t at)
{
	uint32_t shift;

	if (at < HISTOGRAM_STEPS)
		return at;
	shift = at / HISTOGRAM_STEPS - 1;
	return (((uint64_t)at % HISTOGRAM_STEPS + HISTOGRAM_STEPS + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
	if (!h->count || ns < h->min_ns)
		h->min_ns = ns;
	if (ns > h->max_ns)
		h->max_ns = ns;
	h->count++;
	h->sum_ns += ns;
	h->bucket[bucket_of(ns)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	if (!from->count)
		return;
	if (!into->count || from->min_ns < into->min_ns)
		into->min_ns = from->min_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
	into->count += from->count;
	into->sum_ns += from->sum_ns;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
}

uint64_t histogram_percentile(const struct histogram *h, uint32_t per_mille)
{
	/* Rounded up: of 10 samples, p99 is the largest. */
	uint64_t rank = h->count / 1000 * per_mille + (h->count % 1000 * per_mille + 999) / 1000;
	uint64_t seen = 0;

	if (!h->count)
		return 0;
	/* The last bucket also holds what is beyond it: its top is the maximum. */
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		seen += h->bucket[i];
		if (seen >= rank && seen)
			return bucket_top(i) < h->max_ns ? bucket_top(i) : h->max_ns;
	}
	return h->max_ns;
}

void histogram_glance(struct histogram *into, const struct histogram *from)
{
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t n = __atomic_load_n(&from->bucket[i], __ATOMIC_RELAXED);

		into->bucket[i] += n;
		into->count += n;
	}
	into->sum_ns += __atomic_load_n(&from->sum_ns, __ATOMIC_RELAXED);
}

uint32_t histogram_limits(const struct histogram *h, struct net_bucket out[HISTOGRAM_LIMITS])
{
	uint64_t seen = 0, most = (1u << 9) - 1;
	uint32_t n = 0;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS && n < HISTOGRAM_LIMITS; i++) {
		seen += h->bucket[i];
		if (bucket_top(i) != most)
			continue;
		out[n++] = (struct net_bucket){most, seen};
		/* 2^k - 1, then 1.5 * 2^k - 1 */
		most = n % 2 ? (most + 1) / 2 * 3 - 1 : (most + 1) / 3 * 4 - 1;
	}
	return n;
}
