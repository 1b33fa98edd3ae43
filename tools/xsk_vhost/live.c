/* SPDX-License-Identifier: BSD-2-Clause */
#include "live.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SECOND_MS 1000

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

struct live live_start(bool is_wanted)
{
	int64_t now = now_ms();

	return (struct live){.is_on = is_wanted && isatty(STDERR_FILENO),
			     .next_ms = now + SECOND_MS,
			     .last_ms = now};
}

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* What all pairs have counted until now. */
static struct live add_up(const struct device *devices, uint32_t count)
{
	struct live sum = {0};

	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < devices[i].opt->pairs; k++) {
			const struct pair_counters *c = &devices[i].pairs[k].pair.counters;

			sum.rx_frames += read_counter(&c->rx_frames);
			sum.rx_bytes += read_counter(&c->rx_bytes);
			sum.tx_packets += read_counter(&c->tx_packets);
			sum.tx_bytes += read_counter(&c->tx_bytes);
		}
	return sum;
}

void live_tick(struct live *l, const struct device *devices, uint32_t count)
{
	int64_t now;
	double seconds;
	struct live sum;

	if (!l->is_on || (now = now_ms()) < l->next_ms)
		return;
	sum = add_up(devices, count);
	seconds = (double)(now - l->last_ms) / SECOND_MS;
	if (sum.rx_frames != l->rx_frames || sum.tx_packets != l->tx_packets)
		fprintf(stderr,
			"to guests %9.1f kpps %9.1f Mbit/s   from guests %9.1f kpps %9.1f Mbit/s\n",
			(double)(sum.rx_frames - l->rx_frames) / 1e3 / seconds,
			(double)(sum.rx_bytes - l->rx_bytes) * 8 / 1e6 / seconds,
			(double)(sum.tx_packets - l->tx_packets) / 1e3 / seconds,
			(double)(sum.tx_bytes - l->tx_bytes) * 8 / 1e6 / seconds);
	sum.is_on = true;
	sum.last_ms = now;
	sum.next_ms = now + SECOND_MS;
	*l = sum;
}
