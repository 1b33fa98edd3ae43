// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the lab's guest proves of zero copy, over the public headers alone. Each case opens its own
 * endpoints, prints what it saw and what it expected otherwise, and is the process's exit code.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(char **arg);
		int arguments;
		const char *usage;
	} cases[] = {
		{"direct", case_direct, 3, "IF IF FRAMES"},
		{"pages", case_pages, 3, "IF IF FRAMES"},
		{"sealed-pages", case_sealed_pages, 3, "IF IF FRAMES"},
		{"joins", case_joins, 3, "IF IF FRAMES"},
		{"iommu", case_iommu, 3, "IF IF FRAMES"},
		{"split", case_split, 3, "IF IF FRAMES"},
		{"starved", case_starved, 2, "IF IF"},
		{"link", case_link, 2, "IF IF"},
		{"cycles", case_cycles, 3, "IF IF COUNT"},
		{"napi", case_napi, 2, "IF IF"},
		{"steer", case_steer, 1, "IF"},
		{"refused", case_refused, 2, "IF IF"},
		{"mtu", case_mtu, 2, "IF REMEDY"},
		{"dispatcher", case_dispatcher, 3, "IF IF COMMAND"},
		{"occupied", case_occupied, 3, "IF link|dispatcher PROGRAM"},
	};
	const unsigned count = sizeof(cases) / sizeof(*cases);

	for (unsigned i = 0; i < count; i++) {
		if (argc < 2 || strcmp(argv[1], cases[i].name) || argc != 2 + cases[i].arguments)
			continue;
		cases[i].run(argv + 2);
		return failures != 0;
	}
	for (unsigned i = 0; i < count; i++)
		fprintf(stderr, "%s zc-check %s %s\n", i ? "      " : "usage:", cases[i].name,
			cases[i].usage);
	return 2;
}
