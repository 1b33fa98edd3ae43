/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for the kernel or for another process until a time on the clock. The rounds of a wait are
 * not counted, because on a loaded machine each takes as long as it takes. */
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

#define DEADLINE_TELL_MS 100

struct deadline {
	int64_t start_ms, end_ms, tell_ms;
};

static inline struct deadline deadline_in(uint32_t ms)
{
	int64_t now = clock_ms();

	return (struct deadline){now, now + ms, now + DEADLINE_TELL_MS};
}

static inline bool deadline_passed(const struct deadline *d)
{
	return clock_ms() >= d->end_ms;
}

/* Return: milliseconds since deadline_in(). */
static inline uint32_t deadline_spent(const struct deadline *d)
{
	return (uint32_t)(clock_ms() - d->start_ms);
}

/* Return: true if it is time to tell a person what is waited for: DEADLINE_TELL_MS after the start
 * of the wait, and every DEADLINE_TELL_MS from then on. */
static inline bool deadline_tell(struct deadline *d)
{
	int64_t now = clock_ms();
	bool tell = now >= d->tell_ms;

	if (tell)
		d->tell_ms = now + DEADLINE_TELL_MS;
	return tell;
}

static inline bool deadline_told(const struct deadline *d)
{
	return d->tell_ms > d->start_ms + DEADLINE_TELL_MS;
}

/* End the wait now, because the caller's tell() said so. */
static inline void deadline_give_up(struct deadline *d)
{
	d->end_ms = d->start_ms;
}

/* Call tell, which may be NULL, with a sentence: what is waited for, and for how long at most.
 * Return: true if the wait is to go on. */
bool wait_tell(bool (*tell)(void *context, const char *sentence), void *context, uint32_t most_ms,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
