/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a queue's kernel work runs: its NAPI thread or its interrupt, where the system shows them. */
#ifndef NET_XDP_AFFINITY_H
#define NET_XDP_AFFINITY_H

#include <stdint.h>

#include "host/host.h"

struct affinity {
	int cpu;	 /* last hint, -1 none */
	char state[80];	 /* what came of it, for a person */
	uint32_t irq;	 /* moved by us, 0 none */
	uint32_t thread; /* moved by us, 0 none */
	int thread_fd;	 /* pidfd of that thread: its number may become another's */
	/* The setting before we moved it, and as it was read back after: a CPU list or a CPU set. */
	char old[128], ours[128];
};

/* Move the work behind a hardware queue to cpu, or write down why not. */
void affinity_set(struct affinity *a, struct host *h, uint32_t ifindex, uint32_t queue,
		  uint32_t cpu);

/* Put the old setting back where it is still ours: the same thread, the interrupt of the same queue, with
 * the value that we set. Return: 0; -errno it is ours and stays so, as the kernel refuses. */
int affinity_restore(struct affinity *a, struct host *h, uint32_t ifindex, uint32_t queue);

/* Put nothing back: somebody else does that. */
void affinity_leave(struct affinity *a);

#endif
