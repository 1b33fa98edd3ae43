/* SPDX-License-Identifier: BSD-2-Clause */
/* The deferral of interrupts on a queue's NAPI: set on request, and put back in any case. */
#ifndef NET_XDP_NAPI_H
#define NET_XDP_NAPI_H

#include "host/netdev.h"
#include "host/undo/lease.h"

/* What a lease of a queue's NAPI says. */
struct napi_record {
	struct netdev_deferral old, ours;
};

#define NAPI_TEXT_BYTES 96

/* As the text of a lease, and back. Return of the second: true; false the text is not of the first. */
void napi_record_format(const struct napi_record *r, char text[NAPI_TEXT_BYTES]);
bool napi_record_parse(struct napi_record *r, const char *text);

/* The lease of a queue's NAPI. */
void napi_lease_name(struct lease *l, const char *directory, const struct netns *netns,
		     uint32_t ifindex, uint32_t queue);

/* Where the interface is when its queue ends. */
enum napi_place {
	NAPI_HERE,
	NAPI_ELSEWHERE, /* in another network namespace, with its values */
	NAPI_GONE,	/* removed, and its values with it */
};

struct napi {
	struct host *host;
	uint32_t ifindex, queue;
	struct lease lease; /* held while values of ours are set */
	struct napi_record record;
	char state[160]; /* what came of the request, for a person */
};

/* Append what came of something to state. */
void napi_say(struct napi *n, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Put back what a process that has ended left on this queue's NAPI, and say so in state. If the old
 * values are set already (those of a NAPI that was made again) or the NAPI has gone, there is nothing
 * to put back or to say.
 * Return: 1 put back; 0 there was nothing; -EBUSY the maker of the lease lives; -errno.
 */
int napi_open(struct napi *n, struct host *h, const char *directory, uint32_t ifindex,
	      uint32_t queue);

/* Set these values, or say in state why not. */
void napi_defer(struct napi *n, uint32_t hard_irqs, uint32_t timeout_ns);

/*
 * Put the old values back if the present ones are still ours. Legal without napi_defer().
 * Return: 0; also if the present values cannot be told now (the interface is down or elsewhere), and then the
 * lease stays for whoever opens the queue next. -errno the values are ours and stay, because the kernel
 * refuses: state says why.
 */
int napi_close(struct napi *n, enum napi_place place);

/* Say in state who has changed the values. Return: true if a process that has ended left them set. */
bool napi_look(struct host *h, const char *directory, uint32_t ifindex, uint32_t queue, char *state,
	       size_t size);

#endif
