/* SPDX-License-Identifier: BSD-2-Clause */
/* In front of what takes an interface's frames: a machine that needs them for itself is not cut off unasked. */
#ifndef COMMON_HOST_GUARD_H
#define COMMON_HOST_GUARD_H

#include <stdbool.h>

#include "host_way.h"
#include "keep_words.h"
#include "net_backend.h"

struct host_claim {
	uint32_t ifindex;
	struct host_taken taken;
	const struct keep_list *keep; /* what the host keeps of them */
	const char *taker;	      /* who would have the frames: "rx", "the guest" */
	const char *other;	      /* in a refusal: what to do in place of it */
	const char *leave;	      /* in a warning: which options leave the host something */
	bool offer_keep; /* whoever takes them can live without ARP: a refusal offers --keep */
	bool force;
	bool quiet; /* warns of nothing */
};

/* Say on stderr what the host loses and keeps. Return: 0; -EPERM with err filled when it would be cut off
 * (host_keep_missing()), and nobody forced it. */
int host_guard(const struct host_net *net, const struct host_claim *claim, struct net_error *err);

#endif
