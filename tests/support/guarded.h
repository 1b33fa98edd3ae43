/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread that may make some system calls and no other: a seccomp filter refuses the rest with ENOSYS, and tells
 * which they were.
 *
 *     guarded_start(&g, work, context, allowed, count);
 *     ... what the test's own thread does meanwhile, guarded_serve(&g, 10) again and again: it answers for the filter
 *     guarded_end(&g);        g.refused[]
 */
#ifndef SUPPORT_GUARDED_H
#define SUPPORT_GUARDED_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { GUARDED_CALLS = 32, GUARDED_REFUSED = 64 };

struct guarded {
	/* Makes no assertion: those are messages to the runner. */
	void (*work)(void *context);
	void *context;
	long allowed[GUARDED_CALLS];
	uint32_t allowed_count;
	pthread_t thread;
	int listener; /* atomic; -errno if there is no filter */
	bool done;    /* atomic: the work is; what ends the thread is none of the test's business */
	long refused[GUARDED_REFUSED]; /* numbers of calls, each once */
	uint32_t refused_count;
};

void guarded_start(struct guarded *g, void (*work)(void *), void *context, const long *allowed,
		   uint32_t count);
/* Answer what the filter asks, for so long. Return: the thread runs. */
bool guarded_serve(struct guarded *g, int for_ms);
/* Serve until the thread has ended. */
void guarded_end(struct guarded *g);
bool guarded_refused(const struct guarded *g, long call);

#endif
