/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Around the calls of libbpf and libxdp that load and attach. Both keep process-wide state, and it is
 * the embedder's as much as ours.
 */
#ifndef NET_XDP_LIBBPF_VISIT_H
#define NET_XDP_LIBBPF_VISIT_H

#include <signal.h>

/*
 * libbpf asks the kernel once what it can, when it first needs to know, and keeps the answer while the
 * process lives. Whatever fails meanwhile it takes for "cannot": no descriptor or memory left, a
 * capability dropped for a moment, a filter. From then on it refuses our programs, and the embedder's.
 * So try first, without it, what it is about to do, and let it be asked only when all of that works.
 * descriptors: as many as will be open at once. Return: 0, or -errno as the kernel answered.
 */
int libbpf_try(unsigned descriptors);

/* Most descriptors that a load and an attach hold at once, and a few more. */
enum {
	LIBBPF_DESCRIPTORS = 12,
	LIBBPF_DISPATCHER_DESCRIPTORS = 32,
};

/*
 * From enter to leave nothing that this thread does is printed, and no signal interrupts it (a program
 * load ends with EAGAIN then). Other threads print as before; several threads may be inside at once. A
 * printer that the embedder sets meanwhile stays.
 */
struct libbpf_visit {
	sigset_t signals;
};

void libbpf_enter(struct libbpf_visit *v);
void libbpf_leave(struct libbpf_visit *v);

#endif
