/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the kernel does a queue's work: in its NAPI thread, or in its interrupt, where the system
 * shows them. */
#ifndef NET_XDP_AFFINITY_H
#define NET_XDP_AFFINITY_H

#include <stddef.h>
#include <stdint.h>

#include "host/host.h"

/* What came of a hint. */
enum affinity_outcome {
	AFFINITY_NONE = 0, /* there was none */
	AFFINITY_GONE,	   /* the interface is gone */
	AFFINITY_HIDDEN,   /* the driver shows neither interrupt nor NAPI thread */
	AFFINITY_THREAD,   /* moved, or why not */
	AFFINITY_IRQ,	   /* likewise */
};

struct affinity {
	/* Any thread may ask for these two: atomic, each whole. */
	int cpu;	 /* CPU of the last hint, -1 none */
	uint64_t said;	 /* enum affinity_outcome, errno << 8, number of IRQ or thread << 32 */
	uint32_t irq;	 /* moved by us, 0 none */
	uint32_t thread; /* moved by us, 0 none */
	int thread_fd;	 /* pidfd of that thread; its number may become another thread's */
	/* The setting before we changed it, and as it read after: a CPU list or a CPU set. */
	char old[128], ours[128];
};

/* Move a hardware queue's work to cpu, or remember why not. */
void affinity_set(struct affinity *a, struct host *h, uint32_t ifindex, uint32_t queue,
		  uint32_t cpu);

/* Remember a hint for an interface that is gone. */
void affinity_gone(struct affinity *a, uint32_t cpu);
/* The last hint's CPU, -1 none, and into text what came of it, for a person. Threads: any. */
int affinity_say(const struct affinity *a, char *text, size_t size);

/* Put the old setting back if the present one is still ours: the same thread, or the interrupt of
 * the same queue, with the value that we set. Return: 0; -errno the setting is ours and stays,
 * because the kernel refuses. */
int affinity_restore(struct affinity *a, struct host *h, uint32_t ifindex, uint32_t queue);

/* Forget what was changed: somebody else puts it back. */
void affinity_leave(struct affinity *a);

#endif
