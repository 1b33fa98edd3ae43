// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/refused.h"
#include "support/regions.h"

void regions_prepare(struct rig *rig)
{
	rig_prepare(rig, 2);
	refused_prepare(&rig->x);
}

int regions_memfd(off_t bytes, unsigned int flags)
{
	int fd = memfd_create("region", MFD_CLOEXEC | flags);

	cr_assert(fd >= 0 && ftruncate(fd, bytes) == 0, "memfd: %s", strerror(errno));
	return fd;
}

void *regions_map(int fd, size_t bytes, int protection, int flags)
{
	void *memory = mmap(NULL, bytes, protection, flags | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	cr_assert(memory != MAP_FAILED, "mmap: %s", strerror(errno));
	return memory;
}

void regions_take(struct net_xdp_region *region, int fd, void *memory)
{
	region->fd = fd;
	region->memory = memory;
}
