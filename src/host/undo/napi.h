/* SPDX-License-Identifier: BSD-2-Clause */
/* The deferral of interrupts on a queue's NAPI: set on request, and put back whatever happens. */
#ifndef NET_XDP_NAPI_H
#define NET_XDP_NAPI_H

#include "host/undo/lease.h"

struct napi {
	struct host *host;
	uint32_t ifindex, queue;
	struct lease lease; /* held while values of ours are set */
	char state[160];    /* what came of it, for a person */
};

/* Write down what came of something, behind what is there. */
void napi_say(struct napi *n, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* First put back what a process that has ended left on this queue's NAPI; state says so. Where the
 * old values are set already (a NAPI that was made anew has them) or the NAPI has gone, there is nothing to
 * put back and nothing to say.
 * Return: 1 put back, 0 nothing to put back, -EBUSY its maker lives, -errno. */
int napi_open(struct napi *n, struct host *h, const char *directory, uint32_t ifindex,
	      uint32_t queue);

/* Set these values, or write down why not. */
void napi_defer(struct napi *n, uint32_t hard_irqs, uint32_t timeout_ns);

/* Put the old values back if the present ones are still ours; gone: the interface has gone, and they with
 * it. Legal without napi_defer().
 * Return: 0, also where that cannot be told now (the interface is down): the lease stays for whoever
 * opens the queue next; -errno they are ours and stay so, as the kernel refuses: state says why. */
int napi_close(struct napi *n, bool gone);

/* Who has changed the values, into state. Return: has a process that has ended left them so? */
bool napi_look(struct host *h, const char *directory, uint32_t ifindex, uint32_t queue, char *state,
	       size_t size);

#endif
