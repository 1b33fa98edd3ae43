/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client asks a server to measure: "sends", and some of the options, by their names on the command line. Their
 * values go through the same parser and the same rules as there; whatever else a server does is its own command line's:
 * interface, queues, modes, files.
 */
#ifndef REMOTE_REQUEST_H
#define REMOTE_REQUEST_H

#include "message.h"
#include "xsk_bench/options.h"

#define REQUEST_LEAST_NS   100000000u
#define REQUEST_LONGEST_NS (86400 * UINT64_C(1000000000))

/* Who sends, bits. */
enum request_senders {
	REQUEST_CLIENT = 1,
	REQUEST_SERVER = 2,
	REQUEST_BOTH = 3,
};

enum request_senders request_senders(const struct options *opt);

/* The members of a "start". */
void request_put(struct json_object *m, const struct options *opt);

/*
 * The server's options from a "start", over those of its command line. A value beyond its limits is refused; the rules
 * between options are still to be checked. Return: 0; -EINVAL with a sentence in why.
 */
int request_get(const struct message *m, struct options *opt, enum request_senders *senders,
		char *why, size_t why_size);

#endif
