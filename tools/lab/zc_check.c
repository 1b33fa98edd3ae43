// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the lab's guest proves of zero copy, over the public headers alone. Each case opens its own
 * endpoints, prints what it saw and what it expected otherwise, and is the process's exit code.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "common/options.h"

/* How many frames, or what else is counted: what is no number must not pass for 0, for then nothing is tried. */
static bool take_number(const char *text, uint32_t *out)
{
	uint64_t value;

	if (!option_read_number(text, &value) || value < 1 || value > UINT32_MAX) {
		fprintf(stderr, "zc-check: %s: must be a whole number from 1 to %u\n", text,
			UINT32_MAX);
		return false;
	}
	*out = (uint32_t)value;
	return true;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(char **arg);
		void (*counted)(char **arg, uint32_t number); /* in place of it */
		int arguments;
		const char *usage;
	} cases[] = {
		{"direct", NULL, case_direct, 3, "IF IF FRAMES"},
		{"pages", NULL, case_pages, 3, "IF IF FRAMES"},
		{"sealed-pages", NULL, case_sealed_pages, 3, "IF IF FRAMES"},
		{"joins", NULL, case_joins, 3, "IF IF FRAMES"},
		{"iommu", NULL, case_iommu, 3, "IF IF FRAMES"},
		{"split", NULL, case_split, 3, "IF IF FRAMES"},
		{"starved", case_starved, NULL, 2, "IF IF"},
		{"link", case_link, NULL, 2, "IF IF"},
		{"cycles", NULL, case_cycles, 3, "IF IF COUNT"},
		{"napi", case_napi, NULL, 2, "IF IF"},
		{"steer", case_steer, NULL, 1, "IF"},
		{"refused", case_refused, NULL, 2, "IF IF"},
		{"mtu", case_mtu, NULL, 2, "IF REMEDY"},
		{"dispatcher", case_dispatcher, NULL, 3, "IF IF COMMAND"},
		{"occupied", case_occupied, NULL, 3, "IF link|dispatcher PROGRAM"},
	};
	uint32_t number;
	const unsigned count = sizeof(cases) / sizeof(*cases);

	for (unsigned i = 0; i < count; i++) {
		if (argc < 2 || strcmp(argv[1], cases[i].name) || argc != 2 + cases[i].arguments)
			continue;
		if (cases[i].run)
			cases[i].run(argv + 2);
		else if (take_number(argv[argc - 1], &number))
			cases[i].counted(argv + 2, number);
		else
			return 2;
		return failures != 0;
	}
	for (unsigned i = 0; i < count; i++)
		fprintf(stderr, "%s zc-check %s %s\n", i ? "      " : "usage:", cases[i].name,
			cases[i].usage);
	return 2;
}
