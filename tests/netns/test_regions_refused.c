// SPDX-License-Identifier: BSD-2-Clause
/* The frontend's memory: each kind that must not be taken. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/refused.h"
#include "support/regions.h"

TestSuite(regions, .timeout = 60);

enum { BYTES = FRONTEND_XDP_BYTES };

static struct rig rig;
static struct net_xdp_config *const config = &rig.x.config;
static struct net_xdp_region *const region = &rig.x.regions[0];

/* The same configuration with the frontend's own memory works. */
static void expect_works(void)
{
	config->memory_as_is = false;
	refused_prepare(&rig.x);
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 2, 64);
	traffic_both_ways(&rig.x, &rig.peer);
	rig_close(&rig);
}

/* A file on a file system with a disk (or at least a page cache that is written back). */
static int make_disk_file(off_t bytes)
{
	static const char *const folders[] = {".", "/var/tmp", "/var/lib", "/root"};

	for (int i = 0; i < 4; i++) {
		char path[64];
		struct statfs fs;
		int fd;

		snprintf(path, sizeof(path), "%s/region-XXXXXX", folders[i]);
		fd = mkostemp(path, O_CLOEXEC);
		if (fd < 0)
			continue;
		unlink(path);
		if (fstatfs(fd, &fs) == 0 && fs.f_type != TMPFS_MAGIC && !ftruncate(fd, bytes))
			return fd;
		close(fd);
	}
	cr_assert_fail("no folder on a disk to put a file into");
	return -1;
}

Test(regions, none_or_nothing_behind_is_refused)
{
	regions_prepare(&rig);
	regions_take(region, -1, NULL);
	refused(&rig.x, -EINVAL, "config", "region 0", "neither fd nor memory");
	config->region_count = 0;
	refused(&rig.x, -EINVAL, "config", "region_count 0", "1 to 64");
	config->region_count = 65;
	refused(&rig.x, -EINVAL, "config", "region_count 65", "1 to 64");
	config->region_count = 1;
	config->regions = NULL;
	refused(&rig.x, -EINVAL, "config", "region_count 1", "regions set");
	expect_works();
}

Test(regions, file_that_cannot_be_pinned_is_refused)
{
	int disk, pipes[2];

	regions_prepare(&rig);
	disk = make_disk_file(BYTES);
	regions_take(region, disk, NULL);
	refused(&rig.x, -EINVAL, "memory", "a file on disk", "memfd_create");
	cr_assert_eq(pipe(pipes), 0);
	regions_take(region, pipes[0], NULL);
	refused(&rig.x, -EINVAL, "memory", "region 0", "memfd_create");
	regions_take(region, 9999, NULL);
	refused(&rig.x, -EBADF, "memory", "region 0", "fd 9999");
	/* A mapping of it is found out by the kernel. */
	regions_take(region, -1, regions_map(disk, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED));
	refused(&rig.x, -ENOMEM, "umem", "a file on disk", "memfd, tmpfs, hugetlb");
	config->memory_as_is = true;
	refused(&rig.x, -EFAULT, "umem", "registering", "memfd, tmpfs, hugetlb");
	expect_works();
}

/* A guest's table may name a sparse file of any size. */
Test(regions, memory_of_too_many_chunks_is_refused)
{
	regions_prepare(&rig);
	region->size_bytes = (UINT64_C(1) << 32) * config->chunk_bytes;
	regions_take(region, regions_memfd(region->size_bytes, 0), NULL);
	refused(&rig.x, -EINVAL, "umem", "2^32 chunks", "less memory");
	region->size_bytes = BYTES;
	expect_works();
}

Test(regions, hole_beyond_the_end_of_the_file_is_refused)
{
	int fd;

	regions_prepare(&rig);
	fd = regions_memfd(BYTES - 4096, 0);
	regions_take(region, fd, NULL);
	refused(&rig.x, -EINVAL, "memory", "has 16773120 bytes", "ends at 16777216");
	region->fd_offset_bytes = 4096;
	region->size_bytes = BYTES - 4096;
	refused(&rig.x, -EINVAL, "memory", "has 16773120 bytes", "ends at 16777216");
	region->fd_offset_bytes = 0;
	region->size_bytes = BYTES;
	regions_take(region, -1, regions_map(fd, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED));
	refused(&rig.x, -ENOMEM, "umem", "registering", "unmapped");
	config->memory_as_is = true;
	refused(&rig.x, -ENOMEM, "umem", "registering", "unmapped");
	expect_works();
}

Test(regions, size_place_and_overlap_are_checked)
{
	static const uint64_t sizes[] = {0, 1, 4095, BYTES - 1, BYTES - 2048};

	regions_prepare(&rig);
	for (int i = 0; i < 5; i++) {
		region->size_bytes = sizes[i];
		refused(&rig.x, -EINVAL, "memory", "region 0: size", "multiples of the 4096-byte");
	}
	region->size_bytes = BYTES - 4096;
	region->fd_offset_bytes = 2048;
	refused(&rig.x, -EINVAL, "memory", "offset 2048", "multiples of the 4096-byte");
	region->fd_offset_bytes = 0;
	region->guest_addr = UINT64_MAX - 4095;
	refused(&rig.x, -EINVAL, "memory", "region 0", "not wrap");
	region->guest_addr = FRONTEND_BASE;
	region[1] = region[0];
	config->region_count = 2;
	refused(&rig.x, -EINVAL, "memory", "0x100000000", "overlap");
	region[1].guest_addr += region->size_bytes - 4096;
	refused(&rig.x, -EINVAL, "memory", "0x100ffe000", "overlap");
	region[1].guest_addr = region->guest_addr - 4096;
	refused(&rig.x, -EINVAL, "memory", "0xfffff000", "overlap");
	expect_works();
}

Test(regions, memory_that_is_not_shared_is_refused)
{
	int fd;

	regions_prepare(&rig);
	regions_take(region, -1, regions_map(-1, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	refused(&rig.x, -EINVAL, "memory", "MAP_SHARED mapping", "give its fd");
	fd = regions_memfd(BYTES, 0);
	regions_take(region, -1, regions_map(fd, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	refused(&rig.x, -EINVAL, "memory", "MAP_SHARED mapping", "give its fd");
	config->memory_as_is = true;
	refused(&rig.x, -EINVAL, "memory", "MAP_PRIVATE file", "map it MAP_SHARED");
	expect_works();
}

Test(regions, memory_that_is_read_only_is_refused)
{
	char path[64];
	int fd, read_only;

	regions_prepare(&rig);
	fd = regions_memfd(BYTES, 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_only = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(read_only, 0);
	regions_take(region, read_only, NULL);
	refused(&rig.x, -EACCES, "memory", "region 0", "open it read-write");
	regions_take(region, -1, regions_map(fd, BYTES, PROT_READ, MAP_SHARED));
	refused(&rig.x, -ENOMEM, "umem", "read-only", "writable");
	config->memory_as_is = true;
	refused(&rig.x, -EFAULT, "umem", "registering", "writable");
	expect_works();
}

Test(regions, memory_as_is_wrong_is_refused)
{
	uint8_t *memory;

	regions_prepare(&rig);
	memory = regions_map(-1, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	config->memory_as_is = true;
	refused(&rig.x, -EINVAL, "config", "memory_as_is", "fd -1");
	regions_take(region, -1, memory + 100);
	region->size_bytes = BYTES - 4096;
	refused(&rig.x, -EINVAL, "memory", "16773120 bytes", "page-aligned");
	regions_take(region, -1, memory);
	region->size_bytes = net_xdp_private_bytes(config);
	refused(&rig.x, -EINVAL, "memory", "private area of", "hold more");
	region->size_bytes = BYTES;
	config->sealed = true;
	refused(&rig.x, -EINVAL, "config", "sealed with memory_as_is", "give the region by fd");
	config->sealed = false;
	munmap(memory, BYTES);
	refused(&rig.x, -EFAULT, "umem", "registering", "memory");
	expect_works();
}
