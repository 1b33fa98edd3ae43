/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests that start xsk-bench (XSK_BENCH is its path) and look at what it said and how it ended. */
#ifndef SUPPORT_XSK_BENCH_H
#define SUPPORT_XSK_BENCH_H

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/tool.h"

static struct tool tool;

/* A network with the veth pair v0, v1, and nobody who is logged in over it. */
static inline void xsk_bench_setup(void)
{
	unsetenv("SSH_CONNECTION");
	netns_enter();
	netns_veth("v0", "v1", 2, 1500);
}

#define RUN(...)      tool_run(&tool, XSK_BENCH " " __VA_ARGS__)
#define SAYS(words)   cr_assert(strstr(tool.err, words), "stderr: %s", tool.err)
#define SILENT(words) cr_assert(!strstr(tool.err, words), "stderr: %s", tool.err)
#define SHOWS(words)  cr_assert(strstr(tool.out, words), "stdout: %s", tool.out)
#define HIDES(words)  cr_assert(!strstr(tool.out, words), "stdout: %s", tool.out)
#define ENDED(code)                                                                                \
	cr_assert(tool.status == (code), "ended with %d: %s%s", tool.status, tool.err, tool.out)

#endif
