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

int calls_open(void)
{
	static const char *const probes[] = {
		"p:lab/rx_zero_copy __xsk_rcv_zc\n",
		"p:lab/rx_copy __xsk_rcv\n",
		"p:lab/tx_zero_copy xsk_tx_peek_release_desc_batch\n",
	};

	for (unsigned i = 0; i < sizeof(probes) / sizeof(*probes); i++) {
		int rc = write_line(TRACEFS "kprobe_events", O_APPEND, probes[i]);

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
