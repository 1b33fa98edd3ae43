/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of xsk-bench pair on two machines: a server beside the test. */
#ifndef SUPPORT_XSK_BENCH_SERVER_H
#define SUPPORT_XSK_BENCH_SERVER_H

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "support/xsk_bench.h"

static struct tool server;
static unsigned int server_port;
static char server_name[80]; /* for --client */

/* Listening at address, whose port is 0: one that is free. */
static inline void server_start_at(const char *address, const char *words)
{
	static const char listening[] = "listening on ";
	const char *at;

	tool_start(&server, XSK_BENCH " pair --server %s %s", address, words);
	tool_await(&server, ", for runs on ");
	at = strstr(server.err, listening) + strlen(listening);
	snprintf(server_name, sizeof(server_name), "%.*s", (int)strcspn(at, ","), at);
	cr_assert_eq(sscanf(strrchr(server_name, ':'), ":%u", &server_port), 1, "%s", server.err);
}

static inline void server_start(const char *words)
{
	server_start_at("0", words);
}

/* It has been told to end, and does. */
static inline void server_end(void)
{
	tool_end(&server, SIGTERM);
}

static inline void server_await(const char *words)
{
	tool_await(&server, words);
}

static inline void server_await_free(const char *ifname)
{
	for (int i = 0; i < 100 && netns_program_id(ifname); i++)
		usleep(50000);
	cr_assert_eq(netns_program_id(ifname), 0, "%s", server.err);
}

/* So many tables have been printed, and nothing hangs on v1. */
static inline void server_await_idle(int tables)
{
	char out[1 << 14];
	int found = 0;

	for (int i = 0; i < 200 && found < tables; i++) {
		ssize_t n = pread(server.fds[0], out, sizeof(out) - 1, 0);

		out[n > 0 ? n : 0] = 0;
		found = 0;
		for (const char *at = out; (at = strstr(at, "\n  account ")); at++)
			found++;
		usleep(20000);
	}
	cr_assert_geq(found, tables, "%s", out);
	server_await_free("v1");
}

#define CLIENT(words) RUN("pair --client %s " words, server_name)

#endif
