// SPDX-License-Identifier: BSD-2-Clause
/*
 * Memory tables of any numbers over small files. A table that is taken has no two regions in one place, each of
 * its addresses leads to the file's bytes, a change that is refused changes nothing, and no fd stays behind.
 *
 * Subjects: tools/xsk_vhost/memory.c tools/xsk_vhost/memory.h
 * Longest: 400
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "xsk_vhost/memory.h"

enum { FILES = 3, FILE_PAGES = 8, PAGE = 4096, STEPS = 24, TABLE = 8 };

static int files[FILES];
static uint8_t *bytes[FILES];

static void make_files(void)
{
	if (bytes[0])
		return;
	for (uint32_t i = 0; i < FILES; i++) {
		files[i] = memfd_create("guest", MFD_CLOEXEC);
		cr_assert(files[i] >= 0 && ftruncate(files[i], FILE_PAGES * PAGE) == 0);
		bytes[i] = mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
				files[i], 0);
		cr_assert(bytes[i] != MAP_FAILED);
		for (uint32_t at = 0; at < FILE_PAGES * PAGE; at++)
			bytes[i][at] = (uint8_t)(at * 7 + (at >> 8) * 31 + i * 101);
	}
}

static int lowest_fd(void)
{
	int fd = fcntl(files[0], F_DUPFD, 0);

	cr_assert_geq(fd, 0);
	close(fd);
	return fd;
}

/* Small numbers of pages more often than any number. */
static uint64_t number(struct script *s)
{
	const uint8_t kind = script_u8(s);

	if (kind < 200)
		return kind % 40 * (uint64_t)PAGE;
	if (kind < 220)
		return 0 - (kind - 200) * (uint64_t)PAGE;
	return kind < 240 ? script_u16(s) : script_u64(s);
}

static struct vhost_memory_region region(struct script *s, int *fd)
{
	struct vhost_memory_region r = {.guest_addr = number(s), .user_addr = number(s)};
	const uint8_t how = script_u8(s);

	r.size_bytes = how & 0x80 ? number(s) : (1 + how % 6) * (uint64_t)PAGE;
	r.offset_bytes = how & 0x40 ? number(s) : how / 8 % 4 * (uint64_t)PAGE;
	*fd = files[how % FILES];
	return r;
}

/* ---- What is known of a table ----------------------------------------------------------------- */

static bool overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
	return a - b < b_bytes || b - a < a_bytes;
}

static void expect_sound(const struct guest_memory *m)
{
	struct net_xdp_region told[GUEST_MEMORY_REGIONS];
	uint64_t run = 0;

	cr_assert_leq(m->count, GUEST_MEMORY_REGIONS);
	cr_assert_eq(guest_memory_regions(m, told), m->count);
	for (uint32_t i = 0; i < m->count; i++) {
		const struct guest_region *r = &m->regions[i];

		cr_assert(r->size_bytes && r->gpa + r->size_bytes - 1 >= r->gpa);
		cr_assert(r->offset_bytes + r->size_bytes <= FILE_PAGES * PAGE);
		cr_assert_eq(guest_run(m, r->gpa, &run), r->memory);
		cr_assert_eq(run, r->size_bytes);
		cr_assert_eq(guest_at(m, r->gpa + 1, r->size_bytes), NULL);
		cr_assert_eq(guest_at_user(m, r->uva, r->size_bytes), r->memory);
		cr_assert_eq(r->memory[r->size_bytes - 1],
			     guest_at(m, r->gpa + r->size_bytes - 1, 1)
				     ? *(uint8_t *)guest_at(m, r->gpa + r->size_bytes - 1, 1)
				     : 0);
		for (uint32_t k = 0; k < i; k++) {
			const struct guest_region *o = &m->regions[k];

			cr_assert(!overlap(r->gpa, r->size_bytes, o->gpa, o->size_bytes));
			cr_assert(!overlap(r->uva, r->size_bytes, o->uva, o->size_bytes));
		}
	}
}

/* Bytes are the file's, one by one; a copy that reaches over a gap is refused. */
static void copy(const struct guest_memory *m, struct script *s)
{
	const uint64_t gpa = number(s) + script_u16(s);
	const uint32_t len = script_u16(s) % (3 * PAGE);
	uint8_t *to = malloc(len + 1);
	bool inside = true;

	for (uint32_t i = 0; i < len && inside; i++)
		inside = guest_region_of(m, gpa + i) != NULL;
	cr_assert_eq(guest_read(m, gpa, to, len), inside, "%u bytes", len);
	for (uint32_t i = 0; inside && i < len; i++)
		cr_assert_eq(to[i], *(uint8_t *)guest_at(m, gpa + i, 1));
	if (inside)
		cr_assert(guest_write(m, gpa, to, len));
	free(to);
}

static int change(struct guest_memory *m, uint8_t what, struct script *s, struct net_error *err)
{
	struct vhost_memory_region table[TABLE];
	const uint32_t count = what / 8u % (TABLE + 1);
	int fds[TABLE];

	switch (what % 4) {
	case 0:
		for (uint32_t i = 0; i < count; i++)
			table[i] = region(s, &fds[i]);
		return guest_memory_set(m, table, fds, count, err);
	case 1:
		table[0] = region(s, &fds[0]);
		return guest_memory_add(m, &table[0], fds[0], err);
	default:
		if (!m->count)
			return 0;
		table[0] = (struct vhost_memory_region){
			.guest_addr = m->regions[what / 4 % m->count].gpa,
			.user_addr = m->regions[what / 4 % m->count].uva,
			.size_bytes = m->regions[what / 4 % m->count].size_bytes,
		};
		if (what & 0x80)
			table[0].size_bytes = number(s);
		return guest_memory_remove(m, &table[0], err);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct guest_memory m, before;
	struct script s = {data, size};
	int fd;

	make_files();
	memset(&m, 0, sizeof(m));
	fd = lowest_fd();
	for (uint32_t i = 0; i < STEPS && s.left; i++) {
		const uint8_t what = script_u8(&s);
		struct net_error err = {0};
		int rc;

		if (what % 4 == 3) {
			copy(&m, &s);
			continue;
		}
		before = m;
		rc = change(&m, what, &s, &err);
		if (rc < 0) {
			cr_assert(err.code == rc && err.message[0], "%d", rc);
			cr_assert_eq(memcmp(&before, &m, sizeof(m)), 0, "the table has changed");
		}
		expect_sound(&m);
	}
	guest_memory_close(&m);
	cr_assert_eq(lowest_fd(), fd, "an fd stayed behind");
	return 0;
}
