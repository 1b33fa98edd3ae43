// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench met by somebody with odd names, pipes that close and signals of all kinds. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "support/command.h"
#include "support/xsk_bench.h"

TestSuite(xsk_bench_operator, .init = xsk_bench_setup, .timeout = 60);

/* ---- Names --------------------------------------------------------------------------------------- */

Test(xsk_bench_operator, names_of_any_bytes_reach_no_terminal)
{
	static const char *const names[] = {"a\033[31mX\"\\", "b\377\376\302", "d\302\233m"};
	static const char *const lines[] = {"rx -t 0.05",   "rx -t 0.05 -v", "tx -t 0.05 --json",
					    "rx -q 7",	    "rx -q 7 --json", "rx --mode zero-copy",
					    "rx --batch \033[2J"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		netns_run("ip link add '%s' type veth peer name peer%zu", names[i], i);
		for (size_t k = 0; k < sizeof(lines) / sizeof(lines[0]); k++) {
			RUN("%s -i %s", lines[k], names[i]);
			cr_expect(command_is_clean(tool.out), "%zu: %s", i, lines[k]);
			cr_expect(command_is_clean(tool.err), "%zu: %s", i, lines[k]);
			cr_expect(!strstr(lines[k], "--json") || tool_json(tool.out));
		}
	}
}

Test(xsk_bench_operator, command_to_copy_has_the_name_as_one_harmless_word)
{
	netns_run("ip link add '$(id)' type veth peer name peer");
	RUN("rx -q 7 -i $(id)");
	ENDED(2);
	SAYS("ethtool -L '$(id)' gives it more");
	RUN("rx -t 0.05 -i $(id)");
	SAYS("ip link set dev '$(id)' up");
}

Test(xsk_bench_operator, long_alternative_name_leaves_the_results_80_columns_wide)
{
	char name[101];

	memset(name, 'n', 100);
	name[100] = 0;
	netns_run("ip link property add dev v0 altname %s", name);
	RUN("rx -t 0.05 -i %s", name);
	ENDED(0);
	cr_expect_leq(tool_width(tool.out), 80, "%s", tool.out);
	SHOWS("xsk-bench rx on v0: 1 queue, copy mode, native XDP\n");
	RUN("rx -t 0.05 -v -i %s", name);
	cr_expect_leq(tool_width(tool.out), 80, "%s", tool.out);
}
