// SPDX-License-Identifier: BSD-2-Clause
#include "xsk_vhost/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/error.h"

/* The table as it shall be, beside the one that is: nothing of the latter is touched until all is well. */
struct change {
	struct guest_memory next;
	bool made[GUEST_MEMORY_REGIONS]; /* of next: mapped for it, not kept from the old one */
	bool kept[GUEST_MEMORY_REGIONS]; /* of the old one: goes on in next */
};

static void unmap(struct guest_region *r)
{
	munmap(r->memory, r->size_bytes);
	close(r->fd);
}

/* ---- Judging ---------------------------------------------------------------------------------- */

static int judge_numbers(const struct vhost_memory_region *r, uint32_t index, struct net_error *err)
{
	if (r->size_bytes == 0)
		return error_fill(err, -EINVAL, "memory",
				  "region %u: has no bytes; the front end breaks the protocol",
				  index);
	if (r->guest_addr + r->size_bytes < r->guest_addr ||
	    r->user_addr + r->size_bytes < r->user_addr || r->offset_bytes > INT64_MAX ||
	    r->size_bytes > INT64_MAX - r->offset_bytes)
		return error_fill(err, -EINVAL, "memory",
				  "region %u: %" PRIu64 " bytes at guest address 0x%" PRIx64
				  ", user address 0x%" PRIx64 ", offset 0x%" PRIx64
				  " reach beyond the last address; the front end breaks the "
				  "protocol",
				  index, r->size_bytes, r->guest_addr, r->user_addr,
				  r->offset_bytes);
	return 0;
}

static bool overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
	return b - a < a_bytes || a - b < b_bytes;
}

/* spec, Memory region description: neither guest nor user addresses of two regions overlap. */
static int judge_overlaps(const struct guest_memory *m, struct net_error *err)
{
	for (uint32_t i = 1; i < m->count; i++) {
		for (uint32_t k = 0; k < i; k++) {
			const struct guest_region *a = &m->regions[k], *b = &m->regions[i];
			bool guest = overlap(a->gpa, a->size_bytes, b->gpa, b->size_bytes);

			if (guest || overlap(a->uva, a->size_bytes, b->uva, b->size_bytes))
				return error_fill(
					err, -EINVAL, "memory",
					"regions %u and %u, at 0x%" PRIx64 " and 0x%" PRIx64
					", overlap in %s addresses; the front end breaks the "
					"protocol",
					k, i, guest ? a->gpa : a->uva, guest ? b->gpa : b->uva,
					guest ? "guest" : "user");
		}
	}
	return 0;
}

/* What the file says: its kind, its seals, its length. Fills page_bytes, may_shrink and which file it is. */
static int judge_file(struct guest_region *r, int fd, uint32_t index, struct net_error *err)
{
	struct statfs fs;
	struct stat st;
	int seals;

	if (fstat(fd, &st) || fstatfs(fd, &fs))
		return error_fill(err, -errno, "memory", "region %u: its file: %s", index,
				  strerror(errno));
	if (!S_ISREG(st.st_mode) || (fs.f_type != TMPFS_MAGIC && fs.f_type != HUGETLBFS_MAGIC))
		return error_fill(err, -EINVAL, "memory",
				  "region %u: is not on a memfd, tmpfs or hugetlbfs, so the kernel "
				  "will not pin it; give the guest memory of that kind (QEMU: "
				  "memory-backend-memfd,share=on)",
				  index);
	seals = fcntl(fd, F_GET_SEALS); /* both kinds have them (mm/memfd.c) */
	if (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return error_fill(err, -EINVAL, "memory",
				  "region %u: its file is sealed against writing; leave that seal "
				  "away",
				  index);
	r->page_bytes = fs.f_type == HUGETLBFS_MAGIC ? (uint64_t)fs.f_bsize
						     : (uint64_t)sysconf(_SC_PAGESIZE);
	if (r->size_bytes % r->page_bytes || r->offset_bytes % r->page_bytes)
		return error_fill(err, -EINVAL, "memory",
				  "region %u: %" PRIu64 " bytes at offset %" PRIu64
				  " of its file are not whole pages of %" PRIu64
				  " bytes; align the guest's memory",
				  index, r->size_bytes, r->offset_bytes, r->page_bytes);
	if ((uint64_t)st.st_size < r->offset_bytes + r->size_bytes)
		return error_fill(err, -EINVAL, "memory",
				  "region %u: ends at %" PRIu64 " in a file of %" PRIu64
				  " bytes; make the file as long as its region",
				  index, r->offset_bytes + r->size_bytes, (uint64_t)st.st_size);
	r->may_shrink = !(seals & F_SEAL_SHRINK);
	r->device = st.st_dev;
	r->inode = st.st_ino;
	return 0;
}

/* ---- Changing --------------------------------------------------------------------------------- */

static int map(struct guest_region *r, int fd, uint32_t index, struct net_error *err)
{
	void *got;
	int rc;

	r->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (r->fd < 0)
		return error_fill(err, -errno, "memory",
				  "region %u: no file descriptor: %s; raise RLIMIT_NOFILE", index,
				  strerror(errno));
	got = mmap(NULL, r->size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		   (off_t)r->offset_bytes);
	if (got == MAP_FAILED) {
		rc = error_fill(err, -errno, "memory", "region %u: mapping %" PRIu64 " bytes: %s%s",
				index, r->size_bytes, strerror(errno),
				errno == EACCES ? "; open the file read-write" : "");
		close(r->fd);
		return rc;
	}
	/* A guest's memory has no place in our core dump; where that cannot be had it is no reason to fail. */
	(void)madvise(got, r->size_bytes, MADV_DONTDUMP);
	r->memory = got;
	return 0;
}

/* Return: the place in m of a region over the same bytes of the same file that nothing in next goes on with, at
 * the same guest address if there is one; GUEST_MEMORY_REGIONS: none. */
static uint32_t find_same_bytes(const struct guest_memory *m, const struct change *change,
				const struct guest_region *r)
{
	uint32_t found = GUEST_MEMORY_REGIONS;

	for (uint32_t i = 0; i < m->count; i++) {
		const struct guest_region *old = &m->regions[i];

		if (change->kept[i] || old->device != r->device || old->inode != r->inode ||
		    old->offset_bytes != r->offset_bytes || old->size_bytes != r->size_bytes)
			continue;
		found = i;
		if (old->gpa == r->gpa)
			break;
	}
	return found;
}

/* One more region of the table that shall be. */
static int plan_region(const struct guest_memory *m, struct change *change,
		       const struct vhost_memory_region *told, int fd, struct net_error *err)
{
	uint32_t index = change->next.count, old;
	struct guest_region *r = &change->next.regions[index];
	int rc = judge_numbers(told, index, err);

	if (rc)
		return rc;
	*r = (struct guest_region){
		.gpa = told->guest_addr,
		.size_bytes = told->size_bytes,
		.uva = told->user_addr,
		.offset_bytes = told->offset_bytes,
	};
	rc = judge_file(r, fd, index, err);
	if (rc)
		return rc;
	old = find_same_bytes(m, change, r);
	if (old < GUEST_MEMORY_REGIONS) {
		change->kept[old] = true;
		r->memory = m->regions[old].memory;
		r->fd = m->regions[old].fd;
	} else {
		rc = map(r, fd, index, err);
		if (rc)
			return rc;
		change->made[index] = true;
	}
	change->next.count++;
	return 0;
}

static int largest_first(const void *a, const void *b)
{
	const struct guest_region *x = a, *y = b;

	if (x->size_bytes != y->size_bytes)
		return x->size_bytes < y->size_bytes ? 1 : -1;
	return (x->gpa > y->gpa) - (x->gpa < y->gpa);
}

/* Both are in largest_first() order, which is the same for the same regions. */
static enum guest_memory_change compare(const struct guest_memory *a, const struct guest_memory *b)
{
	if (a->count != b->count)
		return GUEST_MEMORY_OTHER;
	for (uint32_t i = 0; i < a->count; i++)
		if (a->regions[i].memory != b->regions[i].memory ||
		    a->regions[i].gpa != b->regions[i].gpa)
			return GUEST_MEMORY_OTHER;
	return GUEST_MEMORY_SAME;
}

/* rc 0: next is the table from now on. Else it goes, and the table is as it was. */
static int finish(struct guest_memory *m, struct change *change, int rc)
{
	struct guest_memory *next = &change->next;

	if (rc) {
		for (uint32_t i = 0; i < next->count; i++)
			if (change->made[i])
				unmap(&next->regions[i]);
		return rc;
	}
	qsort(next->regions, next->count, sizeof(next->regions[0]), largest_first);
	rc = (int)compare(m, next);
	for (uint32_t i = 0; i < m->count; i++)
		if (!change->kept[i])
			unmap(&m->regions[i]);
	*m = *next;
	return rc;
}

int guest_memory_set(struct guest_memory *m, const struct vhost_memory_region *regions,
		     const int *fds, uint32_t count, struct net_error *err)
{
	struct change change = {0};
	int rc = 0;

	if (count == 0)
		return error_fill(err, -EINVAL, "memory",
				  "no region; give the guest shared memory (QEMU: share=on)");
	if (count > GUEST_MEMORY_REGIONS)
		return error_fill(err, -E2BIG, "memory",
				  "%u regions, at most %u can be had; give the guest fewer pieces "
				  "of memory",
				  count, GUEST_MEMORY_REGIONS);
	for (uint32_t i = 0; i < count && !rc; i++)
		rc = plan_region(m, &change, &regions[i], fds[i], err);
	if (!rc)
		rc = judge_overlaps(&change.next, err);
	return finish(m, &change, rc);
}

/* Return: is the region there already, to the last number and over the same file? */
static bool is_known(const struct guest_memory *m, const struct vhost_memory_region *told, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		const struct guest_region *r = &m->regions[i];

		if (r->gpa == told->guest_addr && r->uva == told->user_addr &&
		    r->size_bytes == told->size_bytes && r->offset_bytes == told->offset_bytes &&
		    r->device == st.st_dev && r->inode == st.st_ino)
			return true;
	}
	return false;
}

int guest_memory_add(struct guest_memory *m, const struct vhost_memory_region *region, int fd,
		     struct net_error *err)
{
	struct change change = {.next = *m};
	int rc;

	if (is_known(m, region, fd))
		return GUEST_MEMORY_SAME;
	if (m->count == GUEST_MEMORY_REGIONS)
		return error_fill(err, -E2BIG, "memory",
				  "%u regions are the most that can be had; give the guest fewer "
				  "pieces of memory",
				  GUEST_MEMORY_REGIONS);
	for (uint32_t i = 0; i < m->count; i++)
		change.kept[i] = true;
	rc = plan_region(m, &change, region, fd, err);
	if (!rc)
		rc = judge_overlaps(&change.next, err);
	return finish(m, &change, rc);
}

int guest_memory_remove(struct guest_memory *m, const struct vhost_memory_region *region,
			struct net_error *err)
{
	for (uint32_t i = 0; i < m->count; i++) {
		struct guest_region *r = &m->regions[i];

		if (r->gpa != region->guest_addr || r->uva != region->user_addr ||
		    r->size_bytes != region->size_bytes)
			continue;
		unmap(r);
		m->count--;
		memmove(r, r + 1, (m->count - i) * sizeof(*r));
		return GUEST_MEMORY_OTHER;
	}
	return error_fill(err, -ENOENT, "memory",
			  "no region of %" PRIu64 " bytes at guest address 0x%" PRIx64
			  " and user address 0x%" PRIx64 "; the front end breaks the protocol",
			  region->size_bytes, region->guest_addr, region->user_addr);
}

void guest_memory_close(struct guest_memory *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		unmap(&m->regions[i]);
	m->count = 0;
}

/* ---- Looking up ------------------------------------------------------------------------------- */

uint32_t guest_memory_regions(const struct guest_memory *m,
			      struct net_xdp_region out[GUEST_MEMORY_REGIONS])
{
	for (uint32_t i = 0; i < m->count; i++)
		out[i] = (struct net_xdp_region){
			.guest_addr = m->regions[i].gpa,
			.size_bytes = m->regions[i].size_bytes,
			.fd = m->regions[i].fd,
			.fd_offset_bytes = m->regions[i].offset_bytes,
		};
	return m->count;
}

bool guest_memory_may_shrink(const struct guest_memory *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (m->regions[i].may_shrink)
			return true;
	return false;
}

void *guest_at_user(const struct guest_memory *m, uint64_t uva, uint64_t size_bytes)
{
	for (uint32_t i = 0; i < m->count; i++) {
		uint64_t at = uva - m->regions[i].uva;

		if (at < m->regions[i].size_bytes)
			return size_bytes <= m->regions[i].size_bytes - at
				       ? m->regions[i].memory + at
				       : NULL;
	}
	return NULL;
}

bool guest_read(const struct guest_memory *m, uint64_t gpa, void *to, size_t size_bytes)
{
	for (size_t done = 0; done < size_bytes;) {
		uint64_t run_bytes;
		const uint8_t *at = guest_run(m, gpa + done, &run_bytes);

		if (!at)
			return false;
		if (run_bytes > size_bytes - done)
			run_bytes = size_bytes - done;
		memcpy((uint8_t *)to + done, at, run_bytes);
		done += run_bytes;
	}
	return true;
}

bool guest_write(const struct guest_memory *m, uint64_t gpa, const void *from, size_t size_bytes)
{
	for (size_t done = 0; done < size_bytes;) {
		uint64_t run_bytes;
		uint8_t *at = guest_run(m, gpa + done, &run_bytes);

		if (!at)
			return false;
		if (run_bytes > size_bytes - done)
			run_bytes = size_bytes - done;
		memcpy(at, (const uint8_t *)from + done, run_bytes);
		done += run_bytes;
	}
	return true;
}
