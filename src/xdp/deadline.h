/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for the kernel, or for another process: up to a time on the clock. The rounds of a wait are not
 * counted, because on a loaded machine each takes as long as it takes. */
#ifndef NET_XDP_DEADLINE_H
#define NET_XDP_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static inline int64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

struct deadline {
	int64_t start_ms, end_ms;
	bool told;
};

static inline struct deadline deadline_in(uint32_t ms)
{
	int64_t now = clock_ms();

	return (struct deadline){now, now + ms, false};
}

static inline bool deadline_passed(const struct deadline *d)
{
	return clock_ms() >= d->end_ms;
}

/* Milliseconds since it was set. */
static inline uint32_t deadline_spent(const struct deadline *d)
{
	return (uint32_t)(clock_ms() - d->start_ms);
}

/* Return: true once, when the wait has become long enough for a person to ask what it is for. */
static inline bool deadline_tell(struct deadline *d)
{
	bool tell = !d->told && deadline_spent(d) >= 100;

	d->told |= tell;
	return tell;
}

#endif
