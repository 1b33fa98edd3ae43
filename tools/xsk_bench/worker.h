/* SPDX-License-Identifier: BSD-2-Clause */
/* What the worker threads of all modes share: time, waiting, publishing. */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include <time.h>

#include "run.h"

#define WORKER_MAX_BATCH 1024
#define WORKER_NEVER	 UINT64_MAX
#define DRAIN_NS	 2000000000u /* longest wait for completions at the end */

static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Let the other hardware thread of the core work. */
static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#endif
}

static inline bool worker_stopped(const struct worker *w)
{
	return atomic_load_explicit(&w->run->stop, memory_order_relaxed);
}

/* The thread: pins itself, runs the mode, tells the main thread that it has ended. */
void *worker_main(void *arg);

/* Nothing to do: spin once, or sleep until a queue is ready or deadline_ns has come. */
void worker_wait(struct worker *w, uint64_t deadline_ns);

/* A batch has passed: time stamps for the rate, figures for the live line. */
void worker_publish(struct worker *w, uint64_t now);

/* What the worker has collected goes to the main thread. */
void recent_publish(struct recent *r);

/* Turn a result of tx_poll into the worker's error. Return: rc. */
int worker_tx_error(struct worker *w, int rc, uint32_t port);

/* The worker's share of a total, so that the shares of all workers sum to it. */
uint64_t worker_share(const struct worker *w, uint64_t total);

#endif
