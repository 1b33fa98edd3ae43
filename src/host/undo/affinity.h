/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the kernel does a queue's work: in its NAPI thread, or in its interrupt, where the system
 * shows them. */
#ifndef NET_XDP_AFFINITY_H
#define NET_XDP_AFFINITY_H

#include <stdint.h>

#include "host/host.h"

struct affinity {
	int cpu;	 /* CPU of the last hint, -1 none */
	char state[80];	 /* what came of the hint, for a person */
	uint32_t irq;	 /* moved by us, 0 none */
	uint32_t thread; /* moved by us, 0 none */
	int thread_fd;	 /* pidfd of that thread; its number may become another thread's */
	/* The setting before we changed it, and as it read after: a CPU list or a CPU set. */
	char old[128], ours[128];
};

/* Move a hardware queue's work to cpu, or write into state why not. */
void affinity_set(struct affinity *a, struct host *h, uint32_t ifindex, uint32_t queue,
		  uint32_t cpu);

/* Put the old setting back if the present one is still ours: the same thread, or the interrupt of
 * the same queue, with the value that we set. Return: 0; -errno the setting is ours and stays,
 * because the kernel refuses. */
int affinity_restore(struct affinity *a, struct host *h, uint32_t ifindex, uint32_t queue);

/* Forget what was changed: somebody else puts it back. */
void affinity_leave(struct affinity *a);

#endif
