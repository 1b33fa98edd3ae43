// SPDX-License-Identifier: BSD-2-Clause
/* The maps of an attached program: whose socket a queue has, and what was counted. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "program/program.h"
#include "../../bpf/net_xdp.h"

int program_set_socket(const struct program *p, uint32_t queue, int socket_fd)
{
	return bpf_map_update_elem(p->xsks_fd, &queue, &socket_fd, BPF_ANY);
}

int program_clear_socket(const struct program *p, uint32_t queue)
{
	int rc = bpf_map_delete_elem(p->xsks_fd, &queue);

	return rc == -ENOENT ? 0 : rc;
}

/* The kernel writes one value for each possible CPU, and only sysfs says how many there are. No
 * kernel is built for more than this (NR_CPUS in arch/x86/Kconfig is the largest); values that are
 * not written stay 0. */
enum { MOST_CPUS = 8192 };

int program_stats(const struct program *p, uint32_t keep_count, struct net_xdp_program_stats *out)
{
	uint64_t *total[PROGRAM_COUNTERS + KEEP_RULES] = {
		[PROGRAM_REDIRECTED] = &out->redirected,
		[PROGRAM_PASSED] = &out->passed,
		[PROGRAM_KEPT] = &out->kept,
		[PROGRAM_TOO_LONG] = &out->dropped_too_long,
	};
	uint64_t *values = calloc(MOST_CPUS, sizeof(*values));
	int rc = 0;

	if (!values)
		return -ENOMEM;
	for (uint32_t i = 0; i < keep_count; i++)
		total[PROGRAM_COUNTERS + i] = &out->kept_by[i];
	for (uint32_t i = 0; i < PROGRAM_COUNTERS + keep_count && !rc; i++) {
		*total[i] = 0;
		rc = bpf_map_lookup_elem(p->counters_fd, &i, values);
		for (int cpu = 0; cpu < MOST_CPUS && !rc; cpu++)
			*total[i] += values[cpu];
	}
	for (uint32_t i = 0; i < keep_count; i++)
		out->kept_by_rule += out->kept_by[i];
	free(values);
	return rc;
}
