// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

#define TRACEFS "/sys/kernel/tracing/"

/* Not with stdio, which looks for the end of what it appends to: these files have none. */
static int write_line(const char *path, int flags, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags), rc;

	if (fd < 0)
		return -errno;
	rc = write(fd, line, strlen(line)) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

/* The symbol of a function, which may have got a suffix when it was compiled (".constprop.0"). */
static int find_symbol(const char *function, char *symbol, size_t size)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	size_t len = strlen(function);
	char line[512], name[128];
	int rc = -ENOENT;

	if (!file)
		return -errno;
	while (rc && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*s %*c %127s", name) != 1 || strncmp(name, function, len) ||
		    (name[len] && name[len] != '.'))
			continue;
		snprintf(symbol, size, "%s", name);
		rc = 0;
	}
	fclose(file);
	return rc;
}

int calls_open(void)
{
	static const struct {
		const char *event, *function;
	} probes[] = {
		{"rx_zero_copy", "__xsk_rcv_zc"},
		{"rx_copy", "__xsk_rcv"},
		{"tx_zero_copy", "xsk_tx_peek_release_desc_batch"},
	};

	for (unsigned i = 0; i < sizeof(probes) / sizeof(*probes); i++) {
		char symbol[128], line[256];
		int rc = find_symbol(probes[i].function, symbol, sizeof(symbol));

		snprintf(line, sizeof(line), "p:lab/%s %s\n", probes[i].event, symbol);
		if (!rc)
			rc = write_line(TRACEFS "kprobe_events", O_APPEND, line);
		if (rc && rc != -EEXIST) /* of a run before */
			return rc;
	}
	return write_line(TRACEFS "events/lab/enable", 0, "1\n");
}

int calls_read(struct calls *out)
{
	FILE *file = fopen(TRACEFS "kprobe_profile", "re");
	uint64_t hits;
	char name[64];

	memset(out, 0, sizeof(*out));
	if (!file)
		return -errno;
	while (fscanf(file, "%63s %" SCNu64 " %*u", name, &hits) == 2) {
		if (strcmp(name, "rx_zero_copy") == 0)
			out->rx_zero_copy = hits;
		else if (strcmp(name, "rx_copy") == 0)
			out->rx_copy = hits;
		else if (strcmp(name, "tx_zero_copy") == 0)
			out->tx_zero_copy = hits;
	}
	fclose(file);
	return 0;
}
