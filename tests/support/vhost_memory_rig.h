/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory tables of xsk-vhost over files of the test's, and what the process holds of them. */
#ifndef SUPPORT_VHOST_MEMORY_RIG_H
#define SUPPORT_VHOST_MEMORY_RIG_H

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/footprint.h"
#include "support/netns.h"
#include "xsk_vhost/memory.h"

#define PAGE		4096ull
#define MIB		(1ull << 20)
#define HUGE_PAGE_BYTES (2 * MIB)
#define USER		0x7f0000000000ull /* user address = guest address + USER in most tables here */

static struct guest_memory m;
static struct net_error err;

static inline int file(uint64_t bytes, unsigned int flags)
{
	int fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);

	cr_assert(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0, "%s", strerror(errno));
	return fd;
}

static inline struct vhost_memory_region region(uint64_t gpa, uint64_t size, uint64_t offset)
{
	return (struct vhost_memory_region){gpa, size, gpa + USER, offset};
}

static inline int set(const struct vhost_memory_region *regions, int fd, uint32_t count)
{
	int fds[GUEST_MEMORY_REGIONS + 1];

	for (uint32_t i = 0; i < GUEST_MEMORY_REGIONS + 1; i++)
		fds[i] = fd;
	memset(&err, 0, sizeof(err));
	return guest_memory_set(&m, regions, fds, count, &err);
}

struct footprint_now {
	unsigned int fds, mappings;
};

static inline struct footprint_now now(void)
{
	return (struct footprint_now){netns_open_fds(), footprint_mappings()};
}

static inline void expect_unchanged(const struct guest_memory *before, struct footprint_now then,
				    const char *what)
{
	struct footprint_now after = now();

	cr_expect_eq(memcmp(before, &m, sizeof(m)), 0, "%s: the table has changed", what);
	cr_expect_eq(after.fds, then.fds, "%s: %u fds before, %u now", what, then.fds, after.fds);
	cr_expect_eq(after.mappings, then.mappings, "%s: %u mappings before, %u now", what,
		     then.mappings, after.mappings);
}

#endif
