/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A visit to libbpf and libxdp, around the calls that load and attach. Both keep process-wide state,
 * which is the embedder's as much as ours.
 */
#ifndef NET_XDP_LIBBPF_VISIT_H
#define NET_XDP_LIBBPF_VISIT_H

#include <signal.h>

/*
 * Try what libbpf is about to try, without libbpf. libbpf probes once what the kernel can, when it
 * first needs to know, and keeps the answer for the life of the process. Any failure counts as
 * "cannot": no descriptor or memory left, a capability dropped for a moment, a filter. From then on it
 * refuses our programs and the embedder's. So libbpf is entered only when all of this works.
 * descriptors: as many as will be open at once.
 * Return: 0, or -errno as the kernel answered.
 */
int libbpf_try(unsigned descriptors);

/* Most descriptors that a load and an attach have open at once, and a few more. */
enum {
	LIBBPF_DESCRIPTORS = 12,
	LIBBPF_DISPATCHER_DESCRIPTORS = 32,
};

/*
 * From enter to leave nothing that this thread does is printed, and no signal interrupts it (a signal
 * makes a program load fail with EAGAIN). Other threads print as before; several threads may be inside
 * at once. A printer that the embedder sets meanwhile stays.
 */
struct libbpf_visit {
	sigset_t signals;
};

void libbpf_enter(struct libbpf_visit *v);
void libbpf_leave(struct libbpf_visit *v);

#endif
