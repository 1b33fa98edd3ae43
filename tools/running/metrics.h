/* SPDX-License-Identifier: BSD-2-Clause */
/* xsk-info --metrics: one OpenMetrics text of all that runs on this machine. */
#ifndef RUNNING_METRICS_H
#define RUNNING_METRICS_H

#include <stdint.h>
#include <stdio.h>

#include "net_xdp.h"

/* Why a program is left out of a text. */
enum scrape_error {
	SCRAPE_TIMEOUT, /* it has not answered in time */
	SCRAPE_REFUSED, /* it cannot be asked */
	SCRAPE_INVALID, /* what it answers is no OpenMetrics, or does not go with that of others */
	SCRAPE_TOO_LONG,
	SCRAPE_ERRORS,
};

struct metrics {
	const char *folder;		/* of the sockets */
	uint64_t errors[SCRAPE_ERRORS]; /* so far; the text has them too */
};

/* Ask all programs, and write the text. say_why: a line on stderr for each that is left out. Return: 0; -errno and
 * *err: the folder cannot be looked into, and nothing was written. */
int metrics_write(struct metrics *m, FILE *out, bool say_why, struct net_error *err);

/* Serve it at http://ADDRESS:PORT/metrics (listen.h) until SIGTERM or SIGINT. Return: 0; -errno and *err. */
int metrics_serve(struct metrics *m, const char *address, struct net_error *err);

#endif
