// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "xdp/memory.h"

/* less than half of a process's address space, so that a reservation finds room */
#define ADDRESS_SPACE (1ull << 46)
#define PAGE	      MEMORY_PAGE_BYTES

static uint64_t round_up(uint64_t value, uint64_t multiple)
{
	return (value + multiple - 1) / multiple * multiple;
}

/* Check that the kernel can pin a region's file for good. Return: the file's page size, or -errno. */
static int64_t backing_page_bytes(const struct net_xdp_region *r, unsigned index,
				  struct net_error *err)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(r->fd, &fs) || fstat(r->fd, &st))
		return error_set(err, -errno, "memory", "region %u: fd %d: %s%s", index, r->fd,
				 strerror(errno), error_hint(-errno, CALL_OTHER).text);
	if (fs.f_type != TMPFS_MAGIC && fs.f_type != HUGETLBFS_MAGIC)
		return error_set(err, -EINVAL, "memory",
				 "region %u: fd %d is a file on disk, which the kernel will not "
				 "pin; use memfd_create, tmpfs or hugetlbfs",
				 index, r->fd);
	if ((uint64_t)st.st_size < r->fd_offset_bytes ||
	    (uint64_t)st.st_size - r->fd_offset_bytes < r->size_bytes)
		return error_set(err, -EINVAL, "memory",
				 "region %u: fd %d has %lld bytes, the region ends at %" PRIu64
				 "; make the file as long as its region",
				 index, r->fd, (long long)st.st_size,
				 r->fd_offset_bytes + r->size_bytes);
	return fs.f_type == HUGETLBFS_MAGIC ? (int64_t)fs.f_bsize : PAGE;
}

/* A mapping: one line of /proc/self/maps. Each mapping in smaps begins with such a line too. */
struct mapping {
	uint64_t start, end, offset;
	unsigned long inode; /* 0 for anonymous memory */
	char device[16];
	bool shared;
};

static bool parse_mapping(const char *line, struct mapping *m)
{
	struct mapping got;
	char share;
	int path = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*3c%c %" SCNx64 " %15s %lu %n", &got.start,
		   &got.end, &share, &got.offset, got.device, &got.inode, &path) != 6)
		return false;
	got.shared = share == 's';
	/* Anonymous huge pages have an inode all the same (fs/hugetlbfs/inode.c). */
	if (!got.shared && strncmp(line + path, "/anon_hugepage", 14) == 0)
		got.inode = 0;
	*m = got;
	return true;
}

static bool next_mapping(FILE *maps, struct mapping *m)
{
	char line[512];

	/* What does not parse is the rest of a path that is longer than line[]. */
	while (fgets(line, sizeof(line), maps))
		if (parse_mapping(line, m))
			return true;
	return false;
}

/* Return: the smallest page size (KernelPageSize) of the mappings of [start, start + bytes).
 * Transparent huge pages come and go, and do not count. */
static uint64_t mapped_page_bytes(uint64_t start, uint64_t bytes)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	uint64_t kib, least = UINT64_MAX;
	struct mapping m = {0};
	char line[512];

	if (!smaps)
		return PAGE;
	while (fgets(line, sizeof(line), smaps) && m.start < start + bytes)
		if (!parse_mapping(line, &m) &&
		    sscanf(line, "KernelPageSize: %" SCNu64 " kB", &kib) == 1 && m.end > start &&
		    kib * 1024 < least)
			least = kib * 1024;
	fclose(smaps);
	return least == UINT64_MAX ? PAGE : least;
}

/* Return: true if part of [start, start + bytes) is a private mapping of a file. Pinning would copy
 * its pages, and the frontend's other mappings would not see what the NIC writes. */
static bool is_private_file(uint64_t start, uint64_t bytes)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	struct mapping m;
	bool found = false;

	if (!maps)
		return false;
	while (!found && next_mapping(maps, &m))
		found = m.start < start + bytes && start < m.end && !m.shared && m.inode != 0;
	fclose(maps);
	return found;
}

/* Return: true if [start, start + bytes) is one contiguous piece of one shared file. mremap() makes
 * the second mapping from the file of the first byte, whatever is mapped behind that byte. */
static bool is_one_shared_file(uint64_t start, uint64_t bytes)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	struct mapping m, first = {0};
	uint64_t at = start;

	if (!maps)
		return true;
	while (at < start + bytes && next_mapping(maps, &m)) {
		if (m.end <= at)
			continue;
		if (at == start)
			first = m;
		if (m.start > at || !m.shared || m.inode != first.inode ||
		    strcmp(m.device, first.device) != 0 ||
		    m.offset - first.offset != m.start - first.start)
			break;
		at = m.end;
	}
	fclose(maps);
	return at >= start + bytes;
}

/* Return: page size of a region that has no file, which must be small pages; or -errno. */
static int64_t given_page_bytes(const struct net_xdp_region *r, unsigned index,
				struct net_error *err)
{
	if (mapped_page_bytes((uintptr_t)r->memory, r->size_bytes) <=
	    (uint64_t)sysconf(_SC_PAGESIZE))
		return PAGE;
	return error_set(
		err, -EINVAL, "memory",
		"region %u: %p is on huge pages, which the kernel maps a second time only by "
		"their file; give its fd, or set memory_as_is",
		index, r->memory);
}

/* Check a region's size, offset and address. before: bytes of the regions in front of it. All
 * regions together stay within ADDRESS_SPACE, so no later sum can wrap. */
static int check_placement(const struct net_xdp_region *r, unsigned index, uint64_t page,
			   uint64_t before, struct net_error *err)
{
	if (r->size_bytes > ADDRESS_SPACE - before)
		return error_set(err, -EINVAL, "memory",
				 "region %u: size %" PRIu64
				 ": with the regions before it that is more than there are "
				 "addresses; give its real size",
				 index, r->size_bytes);
	if (r->size_bytes == 0 || r->size_bytes % page || r->fd_offset_bytes % page ||
	    r->guest_addr + r->size_bytes < r->guest_addr)
		return error_set(err, -EINVAL, "memory",
				 "region %u: size %" PRIu64 " and offset %" PRIu64
				 " must be multiples of the %" PRIu64
				 "-byte page and not wrap; align the region",
				 index, r->size_bytes, r->fd_offset_bytes, page);
	return 0;
}

/* Map region r at its place in the arena. */
static int map_region(uint8_t *at, const struct net_xdp_region *r, unsigned index,
		      struct net_error *err)
{
	void *got;

	if (r->fd >= 0)
		got = mmap(at, r->size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, r->fd,
			   (off_t)r->fd_offset_bytes);
	else if (!is_one_shared_file((uintptr_t)r->memory, r->size_bytes))
		got = MAP_FAILED, errno = EINVAL;
	else /* an old size of 0: a second mapping of the same shared pages */
		got = mremap(r->memory, 0, r->size_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, at);
	if (got != MAP_FAILED)
		return 0;
	if (r->fd < 0)
		return error_set(err, -errno, "memory",
				 "region %u: %p is not one MAP_SHARED mapping of %" PRIu64
				 " bytes (%s); give its fd, share it, or set memory_as_is",
				 index, r->memory, r->size_bytes, strerror(errno));
	return error_set(err, -errno, "memory", "region %u: mapping fd %d: %s%s", index, r->fd,
			 strerror(errno),
			 errno == ENOMEM ? "; are enough huge pages free?"
					 : "; open it read-write");
}

static int map_filler(uint8_t *at, uint64_t bytes, struct net_error *err)
{
	if (bytes == 0 || mmap(at, bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
		return 0;
	return error_set(err, -errno, "memory", "mapping %" PRIu64 " bytes for ourselves: %s%s",
			 bytes, strerror(errno), error_hint(-errno, CALL_OTHER).text);
}

static int by_guest_addr(const void *a, const void *b)
{
	const struct memory_region *x = a, *y = b;

	return (x->guest_addr > y->guest_addr) - (x->guest_addr < y->guest_addr);
}

static int check_overlap(const struct memory *m, struct net_error *err)
{
	for (unsigned i = 1; i < m->region_count; i++) {
		const struct memory_region *a = &m->region[i - 1], *b = &m->region[i];

		if (b->guest_addr - a->guest_addr < a->bytes)
			return error_set(err, -EINVAL, "memory",
					 "regions at 0x%" PRIx64 " and 0x%" PRIx64
					 " overlap; give each guest address once",
					 a->guest_addr, b->guest_addr);
	}
	return 0;
}

/* memory_as_is: the memory of the only region is the UMEM. */
static int open_as_is(struct memory *m, const struct net_xdp_config *config, struct net_error *err)
{
	const struct net_xdp_region *r = &config->regions[0];
	uint64_t ours = net_xdp_private_bytes(config);

	if ((uintptr_t)r->memory % PAGE || !r->memory || r->size_bytes % PAGE ||
	    r->size_bytes <= ours || r->guest_addr + r->size_bytes < r->guest_addr)
		return error_set(err, -EINVAL, "memory",
				 "memory %p of %" PRIu64 " bytes at guest address 0x%" PRIx64
				 ": must be page-aligned, not wrap, and hold more than the "
				 "private area of %" PRIu64 " bytes",
				 r->memory, r->size_bytes, r->guest_addr, ours);
	if (is_private_file((uintptr_t)r->memory, r->size_bytes))
		return error_set(
			err, -EINVAL, "memory",
			"memory %p is a MAP_PRIVATE file: the NIC would write to copies of "
			"its pages; map it MAP_SHARED",
			r->memory);
	m->base = r->memory;
	m->bytes = r->size_bytes;
	m->private_offset = r->size_bytes - ours;
	m->region[0] = (struct memory_region){
		.guest_addr = r->guest_addr,
		.bytes = r->size_bytes - ours,
		.page_bytes = mapped_page_bytes((uintptr_t)r->memory, r->size_bytes),
	};
	m->region_count = 1;
	return 0;
}

/* Compute sizes: each region's page size, and its offset from the start of region 0, which is
 * aligned. */
static int plan(struct memory *m, const struct net_xdp_config *config, uint64_t *align,
		struct net_error *err)
{
	uint64_t end = 0;

	*align = PAGE;
	for (unsigned i = 0; i < config->region_count; i++) {
		const struct net_xdp_region *r = &config->regions[i];
		int64_t page =
			r->fd >= 0 ? backing_page_bytes(r, i, err) : given_page_bytes(r, i, err);
		int rc = page < 0 ? (int)page : check_placement(r, i, (uint64_t)page, end, err);

		if (rc)
			return rc;
		end = round_up(end, (uint64_t)page);
		m->region[i] = (struct memory_region){
			.guest_addr = r->guest_addr,
			.bytes = r->size_bytes,
			.offset = PAGE + end,
			.page_bytes = (uint64_t)page,
		};
		end += r->size_bytes;
		if ((uint64_t)page > *align)
			*align = (uint64_t)page;
	}
	m->region_count = config->region_count;
	m->private_offset = PAGE + end;
	m->bytes = m->private_offset + net_xdp_private_bytes(config);
	return 0;
}

int memory_open(struct memory *m, const struct net_xdp_config *config, struct net_error *err)
{
	uint64_t align, filled = 0;
	int rc;

	memset(m, 0, sizeof(*m));
	if (config->memory_as_is)
		return open_as_is(m, config, err);
	rc = plan(m, config, &align, err);
	if (rc)
		return rc;
	m->reservation_bytes = m->bytes + 2 * align + 2 * PAGE;
	m->reservation = mmap(NULL, m->reservation_bytes, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m->reservation == MAP_FAILED) {
		m->reservation = NULL;
		return error_set(err, -errno, "memory",
				 "reserving %zu bytes of address space: %s%s", m->reservation_bytes,
				 strerror(errno), error_hint(-errno, CALL_OTHER).text);
	}
	/* Region 0 is aligned. In front of it are the guard page and at least one inaccessible page. */
	m->base = (uint8_t *)round_up((uintptr_t)m->reservation + 2 * PAGE, align) - PAGE;
	for (unsigned i = 0; i < config->region_count && !rc; i++) {
		rc = map_filler(m->base + filled, m->region[i].offset - filled, err);
		if (!rc)
			rc = map_region(m->base + m->region[i].offset, &config->regions[i], i, err);
		filled = m->region[i].offset + m->region[i].bytes;
	}
	if (!rc)
		rc = map_filler(m->base + filled, m->bytes - filled, err);
	if (!rc) {
		qsort(m->region, m->region_count, sizeof(m->region[0]), by_guest_addr);
		rc = check_overlap(m, err);
	}
	if (rc)
		memory_close(m);
	return rc;
}

void memory_close(struct memory *m)
{
	if (m->reservation)
		munmap(m->reservation, m->reservation_bytes);
	memset(m, 0, sizeof(*m));
}

int memory_seal(struct memory *m, bool sealed)
{
	for (unsigned i = 0; i < m->region_count; i++)
		if (mprotect(m->base + m->region[i].offset, m->region[i].bytes,
			     sealed ? PROT_NONE : PROT_READ | PROT_WRITE))
			return -errno;
	m->sealed = sealed;
	return 0;
}

bool memory_find(const struct memory *m, uint32_t *hint, uint64_t addr, uint64_t len)
{
	for (uint32_t i = 0; i < m->region_count; i++) {
		if (region_holds(&m->region[i], addr, len)) {
			*hint = i;
			return true;
		}
	}
	return false;
}

uint64_t memory_contiguous(const struct memory *m, uint64_t offset, uint64_t len)
{
	uint64_t page = PAGE, place = (uintptr_t)m->base + offset, left;

	for (uint32_t i = 0; i < m->region_count; i++)
		if (offset - m->region[i].offset < m->region[i].bytes && !m->dma_per_page)
			page = m->region[i].page_bytes;
	left = page - place % page;
	return len < left ? len : left;
}
