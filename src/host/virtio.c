// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/virtio.h"

/* The first line of a file. */
static bool read_line(const char *classes, const char *ifname, const char *file, char *out,
		      size_t size)
{
	char path[256];
	FILE *from;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s/%s", classes, ifname, file);
	from = fopen(path, "re");
	if (!from)
		return false;
	ok = fgets(out, (int)size, from);
	fclose(from);
	return ok;
}

bool virtio_read_features(const char *classes, const char *ifname, uint32_t ifindex, uint64_t *out)
{
	char index[16], bits[160];

	if (!read_line(classes, ifname, "ifindex", index, sizeof(index)) ||
	    strtoul(index, NULL, 10) != ifindex ||
	    !read_line(classes, ifname, "device/features", bits, sizeof(bits)))
		return false;
	/* One character per bit, the lowest first. */
	if (strspn(bits, "01") < 64)
		return false;
	*out = 0;
	for (size_t i = 0; i < 64; i++)
		*out |= (uint64_t)(bits[i] == '1') << i;
	return true;
}
