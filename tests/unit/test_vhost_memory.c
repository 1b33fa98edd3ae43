// SPDX-License-Identifier: BSD-2-Clause
/* A guest's memory table: what is refused and why, what a change leaves alone, and where addresses lie. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
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

static int file(uint64_t bytes, unsigned int flags)
{
	int fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);

	cr_assert(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0, "%s", strerror(errno));
	return fd;
}

static struct vhost_memory_region region(uint64_t gpa, uint64_t size, uint64_t offset)
{
	return (struct vhost_memory_region){gpa, size, gpa + USER, offset};
}

static int set(const struct vhost_memory_region *regions, int fd, uint32_t count)
{
	int fds[GUEST_MEMORY_REGIONS + 1];

	for (uint32_t i = 0; i < GUEST_MEMORY_REGIONS + 1; i++)
		fds[i] = fd;
	memset(&err, 0, sizeof(err));
	return guest_memory_set(&m, regions, fds, count, &err);
}

/* ---- What is refused -------------------------------------------------------------------------- */

struct footprint_now {
	unsigned int fds, mappings;
};

static struct footprint_now now(void)
{
	return (struct footprint_now){netns_open_fds(), footprint_mappings()};
}

static void expect_unchanged(const struct guest_memory *before, struct footprint_now then,
			     const char *what)
{
	struct footprint_now after = now();

	cr_expect_eq(memcmp(before, &m, sizeof(m)), 0, "%s: the table has changed", what);
	cr_expect_eq(after.fds, then.fds, "%s: %u fds before, %u now", what, then.fds, after.fds);
	cr_expect_eq(after.mappings, then.mappings, "%s: %u mappings before, %u now", what,
		     then.mappings, after.mappings);
}

/* Refused alone, behind a good region, and as one more; with a table there and without one. */
static void check_refused(const struct vhost_memory_region *wrong, int fd, int code,
			  const char *says)
{
	int good = file(MIB, 0);
	struct vhost_memory_region was = region(64 * MIB, MIB, 0);

	for (int with_table = 0; with_table < 2; with_table++) {
		struct vhost_memory_region two[] = {region(128 * MIB, MIB / 2, 0), *wrong};
		int fds[] = {good, fd};
		struct guest_memory before;
		struct footprint_now then;

		if (with_table)
			cr_assert_eq(set(&was, good, 1), GUEST_MEMORY_OTHER);
		before = m;
		then = now();
		cr_expect_eq(guest_memory_set(&m, wrong, &fd, 1, &err), code, "%s: %s", says,
			     err.message);
		cr_expect(strstr(err.message, says), "'%s': %s", says, err.message);
		expect_unchanged(&before, then, says);
		cr_expect_eq(guest_memory_set(&m, two, fds, 2, &err), code, "%s", says);
		cr_expect(strstr(err.message, says), "'%s': %s", says, err.message);
		expect_unchanged(&before, then, says);
		cr_expect_eq(guest_memory_add(&m, wrong, fd, &err), code, "%s", says);
		cr_expect(strstr(err.message, says), "'%s': %s", says, err.message);
		expect_unchanged(&before, then, says);
		cr_expect_eq(err.code, code);
	}
	guest_memory_close(&m);
	close(good);
}

Test(guest_memory, a_region_of_wrong_numbers_is_refused)
{
	const struct {
		struct vhost_memory_region region;
		const char *says;
	} rows[] = {
		{{0, 0, 0, 0}, "no bytes"},
		{{UINT64_MAX - PAGE + 1, PAGE, 0, 0}, "last address"},
		{{UINT64_MAX - PAGE + 1, 2 * PAGE, 0, 0}, "last address"},
		{{0, PAGE, UINT64_MAX - PAGE + 1, 0}, "last address"},
		{{PAGE, UINT64_MAX - PAGE + 1, 0, 0}, "last address"},
		{{0, UINT64_MAX - PAGE + 1, 0, 0}, "last address"},
		{{0, PAGE, 0, UINT64_MAX - PAGE + 1}, "last address"},
		{{0, PAGE, 0, 1ull << 63}, "last address"},
		{{0, PAGE, 0, (1ull << 63) - PAGE}, "last address"},
		{{0, (1ull << 63) - PAGE, 0, PAGE}, "last address"},
		{{0, (1ull << 63) - 2 * PAGE, 0, PAGE}, "as long as its region"},
		{{0, MIB + PAGE, 0, 0}, "as long as its region"},
		{{0, MIB, 0, PAGE}, "as long as its region"},
		{{0, PAGE, 0, MIB}, "as long as its region"},
		{{0, PAGE + 1, 0, 0}, "not whole pages of 4096"},
		{{0, 512, 0, 0}, "not whole pages of 4096"},
		{{0, PAGE, 0, 512}, "not whole pages of 4096"},
	};
	int fd = file(MIB, 0);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_refused(&rows[i].region, fd, -EINVAL, rows[i].says);
	close(fd);
}

Test(guest_memory, a_file_that_cannot_be_guest_memory_is_refused)
{
	struct vhost_memory_region r = region(0, PAGE, 0);
	int fd;

	check_refused(&r, fd = eventfd(0, EFD_CLOEXEC), -EINVAL, "memfd");
	close(fd);
	check_refused(&r, fd = open("/dev/zero", O_RDWR | O_CLOEXEC), -EINVAL, "memfd");
	close(fd);
	check_refused(&r, fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC), -EINVAL, "memfd");
	close(fd);
	check_refused(&r, -1, -EBADF, "its file");
	for (int i = 0; i < 2; i++) {
		fd = file(MIB, 0);
		cr_assert_eq(fcntl(fd, F_ADD_SEALS, i ? F_SEAL_WRITE : F_SEAL_FUTURE_WRITE), 0);
		check_refused(&r, fd, -EINVAL, "sealed against writing");
		close(fd);
	}
	/* More than there are addresses. */
	r.size_bytes = 1ull << 47;
	r.user_addr = 0;
	fd = file(1ull << 47, 0);
	check_refused(&r, fd, -ENOMEM, "mapping");
	close(fd);
}

Test(guest_memory, a_file_that_may_only_be_read_is_refused)
{
	struct vhost_memory_region r = region(0, PAGE, 0);
	int fd = file(MIB, 0), reader;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reader = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(reader, 0);
	check_refused(&r, reader, -EACCES, "read-write");
	close(reader);
	close(fd);
}

Test(guest_memory, huge_pages_are_taken_whole)
{
	struct vhost_memory_region half = region(0, HUGE_PAGE_BYTES, HUGE_PAGE_BYTES / 2),
				   small = region(0, MIB, 0),
				   whole = region(0, HUGE_PAGE_BYTES, HUGE_PAGE_BYTES);
	int fd = file(2 * HUGE_PAGE_BYTES, MFD_HUGETLB | 21u << MAP_HUGE_SHIFT);
	int rc;

	check_refused(&half, fd, -EINVAL, "whole pages of 2097152");
	check_refused(&small, fd, -EINVAL, "whole pages of 2097152");
	/* Whether a huge page is free here or not, the numbers are right. */
	rc = set(&whole, fd, 1);
	cr_expect(rc == GUEST_MEMORY_OTHER || (rc == -ENOMEM && strstr(err.message, "mapping")),
		  "%d: %s", rc, err.message);
	if (rc >= 0)
		cr_expect_eq(m.regions[0].page_bytes, HUGE_PAGE_BYTES);
	guest_memory_close(&m);
	close(fd);
}

Test(guest_memory, regions_that_overlap_are_refused)
{
	/* against [16 MiB, 17 MiB) */
	const struct {
		uint64_t start, size;
		bool overlaps;
	} rows[] = {
		{15 * MIB, MIB, false},	       {17 * MIB, MIB, false},
		{15 * MIB, MIB + PAGE, true},  {17 * MIB - PAGE, MIB, true},
		{16 * MIB, MIB, true},	       {16 * MIB + PAGE, PAGE, true},
		{15 * MIB, 3 * MIB, true},     {16 * MIB, PAGE, true},
		{17 * MIB - PAGE, PAGE, true}, {16 * MIB - PAGE, PAGE, false},
	};
	int fd = file(4 * MIB, 0);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int user = 0; user < 2; user++) {
			struct vhost_memory_region two[] = {region(16 * MIB, MIB, 0),
							    region(rows[i].start, rows[i].size, 0)};
			struct guest_memory before;
			struct footprint_now then;
			int rc;

			if (user)
				two[1].guest_addr = 100 * MIB;
			else
				two[1].user_addr = 100 * MIB;
			then = now();
			before = m;
			rc = set(two, fd, 2);
			cr_expect_eq(rc, rows[i].overlaps ? -EINVAL : GUEST_MEMORY_OTHER,
				     "row %zu user %d", i, user);
			if (rows[i].overlaps) {
				cr_expect(strstr(err.message, user ? "user" : "guest"), "%s",
					  err.message);
				expect_unchanged(&before, then, "overlap");
			}
			guest_memory_close(&m);
			cr_assert_eq(set(two, fd, 1), GUEST_MEMORY_OTHER);
			cr_expect_eq(guest_memory_add(&m, &two[1], fd, &err), rc, "row %zu", i);
			guest_memory_close(&m);
			memset(&m, 0, sizeof(m));
		}
	}
	close(fd);
}

Test(guest_memory, there_is_a_first_and_a_last_region)
{
	struct vhost_memory_region regions[GUEST_MEMORY_REGIONS + 1];
	int fd = file(PAGE, 0);
	struct footprint_now then;
	struct guest_memory before;

	for (uint32_t i = 0; i <= GUEST_MEMORY_REGIONS; i++)
		regions[i] = region(i * PAGE, PAGE, 0);
	cr_expect_eq(set(regions, fd, 0), -EINVAL);
	cr_expect(strstr(err.message, "share=on"), "%s", err.message);
	cr_expect_eq(set(regions, fd, GUEST_MEMORY_REGIONS), GUEST_MEMORY_OTHER, "%s", err.message);
	then = now();
	before = m;
	cr_expect_eq(set(regions, fd, GUEST_MEMORY_REGIONS + 1), -E2BIG);
	cr_expect_eq(guest_memory_add(&m, &regions[GUEST_MEMORY_REGIONS], fd, &err), -E2BIG);
	expect_unchanged(&before, then, "one too many");
	for (uint32_t i = 0; i < GUEST_MEMORY_REGIONS; i++)
		cr_expect_not_null(guest_at(&m, i * PAGE, PAGE));
	cr_expect_null(guest_at(&m, GUEST_MEMORY_REGIONS * PAGE, 1));
	guest_memory_close(&m);
	close(fd);
}

Test(guest_memory, no_fd_left_is_said)
{
	struct vhost_memory_region two[] = {region(0, PAGE, 0), region(PAGE, PAGE, 0)};
	int fd = file(PAGE, 0), next = dup(fd);
	struct footprint_now then;
	struct rlimit limit, old;

	close(next);
	then = now();
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	limit = (struct rlimit){(rlim_t)next + 1, old.rlim_max};
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_expect_eq(set(two, fd, 2), -EMFILE);
	cr_expect(strstr(err.message, "RLIMIT_NOFILE"), "%s", err.message);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	expect_unchanged(&(struct guest_memory){0}, then, "no fd");
	close(fd);
}

/* ---- What a change leaves alone --------------------------------------------------------------- */

Test(guest_memory, the_same_table_is_the_same_however_it_is_told)
{
	int fd = file(4 * MIB, 0), again = dup(fd);
	struct vhost_memory_region there[] = {region(0, MIB, 0), region(8 * MIB, MIB, MIB),
					      region(4 * MIB, 2 * MIB, 2 * MIB)};
	struct vhost_memory_region other[] = {there[2], there[0], there[1]};
	struct footprint_now then;
	uint8_t *first;

	cr_assert_eq(set(there, fd, 3), GUEST_MEMORY_OTHER);
	then = now();
	first = guest_at(&m, 0, MIB);
	cr_expect_eq(set(there, fd, 3), GUEST_MEMORY_SAME);
	cr_expect_eq(set(there, again, 3), GUEST_MEMORY_SAME);
	cr_expect_eq(set(other, fd, 3), GUEST_MEMORY_SAME);
	cr_expect_eq(guest_memory_add(&m, &there[1], again, &err), GUEST_MEMORY_SAME);
	cr_expect_eq(m.count, 3);
	other[1].user_addr = 5 * MIB;
	cr_expect_eq(set(other, fd, 3), GUEST_MEMORY_SAME);
	cr_expect_eq(guest_at_user(&m, 5 * MIB, MIB), first);
	cr_expect_null(guest_at_user(&m, USER, 1));
	cr_expect_eq(guest_at(&m, 0, MIB), first);
	cr_expect_eq(now().fds, then.fds);
	cr_expect_eq(now().mappings, then.mappings);
	guest_memory_close(&m);
	close(again);
	close(fd);
}

Test(guest_memory, the_same_bytes_twice_are_the_same_again)
{
	int fd = file(MIB, 0);
	struct vhost_memory_region there[] = {region(0, MIB, 0), region(8 * MIB, MIB, 0)};
	struct vhost_memory_region other[] = {there[1], there[0]};
	uint8_t *first, *second;

	cr_assert_eq(set(there, fd, 2), GUEST_MEMORY_OTHER);
	first = guest_at(&m, 0, MIB);
	second = guest_at(&m, 8 * MIB, MIB);
	cr_expect_neq(first, second);
	cr_expect_eq(set(other, fd, 2), GUEST_MEMORY_SAME);
	cr_expect_eq(guest_at(&m, 0, MIB), first);
	cr_expect_eq(guest_at(&m, 8 * MIB, MIB), second);
	first[5] = 55;
	cr_expect_eq(second[5], 55);
	guest_memory_close(&m);
	close(fd);
}

Test(guest_memory, another_table_is_another_and_what_stays_keeps_its_place)
{
	int fd = file(4 * MIB, 0), twin = file(4 * MIB, 0);
	struct vhost_memory_region a = region(0, MIB, 0), b = region(8 * MIB, MIB, MIB);
	struct vhost_memory_region both[] = {a, b};
	uint8_t *first;

	cr_assert_eq(set(&a, fd, 1), GUEST_MEMORY_OTHER);
	first = guest_at(&m, 0, MIB);
	cr_expect_eq(set(both, fd, 2), GUEST_MEMORY_OTHER);
	cr_expect_eq(guest_at(&m, 0, MIB), first);
	both[0].guest_addr = 32 * MIB;
	cr_expect_eq(set(both, fd, 2), GUEST_MEMORY_OTHER);
	cr_expect_eq(guest_at(&m, 32 * MIB, MIB), first);
	cr_expect_null(guest_at(&m, 0, 1));
	cr_expect_eq(set(both, twin, 2), GUEST_MEMORY_OTHER);
	both[0].offset_bytes = PAGE;
	cr_expect_eq(set(both, twin, 2), GUEST_MEMORY_OTHER);
	both[1].size_bytes /= 2;
	cr_expect_eq(set(both, twin, 2), GUEST_MEMORY_OTHER);
	cr_expect_eq(set(both, twin, 1), GUEST_MEMORY_OTHER);
	cr_expect_eq(set(both, twin, 1), GUEST_MEMORY_SAME);
	guest_memory_close(&m);
	close(twin);
	close(fd);
}

Test(guest_memory, the_table_outlives_the_fds_and_is_the_files_memory)
{
	unsigned int fds = netns_open_fds();
	unsigned int mappings = footprint_mappings();
	int fd = file(MIB, 0);
	struct vhost_memory_region r = region(7 * PAGE, 2 * PAGE, 3 * PAGE);
	uint8_t *at;

	cr_assert_eq(set(&r, fd, 1), GUEST_MEMORY_OTHER);
	cr_assert_eq(pwrite(fd, "guest", 5, 3 * PAGE + 100), 5);
	at = guest_at(&m, 7 * PAGE + 100, 5);
	cr_assert_not_null(at);
	cr_expect_arr_eq(at, "guest", 5);
	cr_expect_eq(guest_at_user(&m, USER + 7 * PAGE + 100, 5), at);
	at[0] = 'G';
	close(fd);
	cr_expect_eq(pread(m.regions[0].fd, at + 50, 1, 3 * PAGE + 100), 1);
	cr_expect_eq(at[50], 'G');
	cr_expect_eq(fcntl(m.regions[0].fd, F_GETFD), FD_CLOEXEC);
	guest_memory_close(&m);
	guest_memory_close(&m);
	cr_expect_eq(netns_open_fds(), fds);
	cr_expect_eq(footprint_mappings(), mappings);
}

Test(guest_memory, a_region_that_stays_but_whose_file_was_cut_is_refused)
{
	int fd = file(MIB, 0);
	struct vhost_memory_region r = region(0, MIB, 0);
	struct guest_memory before;

	cr_assert_eq(set(&r, fd, 1), GUEST_MEMORY_OTHER);
	before = m;
	cr_assert_eq(ftruncate(fd, (off_t)(MIB - PAGE)), 0);
	cr_expect_eq(set(&r, fd, 1), -EINVAL);
	cr_expect_eq(memcmp(&before, &m, sizeof(m)), 0);
	guest_memory_close(&m);
	close(fd);
}

Test(guest_memory, slots_come_and_go)
{
	unsigned int fds = netns_open_fds(), mappings = footprint_mappings();
	int fd = file(4 * MIB, 0);
	struct vhost_memory_region a = region(0, MIB, 0), b = region(MIB, 2 * MIB, MIB), wrong;
	uint8_t *first;

	cr_expect_eq(guest_memory_remove(&m, &a, &err), -ENOENT);
	cr_expect_eq(guest_memory_add(&m, &a, fd, &err), GUEST_MEMORY_OTHER);
	first = guest_at(&m, 0, MIB);
	cr_expect_eq(guest_memory_add(&m, &b, fd, &err), GUEST_MEMORY_OTHER);
	cr_expect_eq(guest_at(&m, 0, MIB), first);
	cr_expect_not_null(guest_at(&m, MIB, 2 * MIB));
	wrong = b, wrong.guest_addr += PAGE;
	cr_expect_eq(guest_memory_remove(&m, &wrong, &err), -ENOENT);
	wrong = b, wrong.user_addr += PAGE;
	cr_expect_eq(guest_memory_remove(&m, &wrong, &err), -ENOENT);
	wrong = b, wrong.size_bytes += PAGE;
	cr_expect_eq(guest_memory_remove(&m, &wrong, &err), -ENOENT);
	cr_expect_eq(err.code, -ENOENT);
	wrong = b, wrong.offset_bytes += 1; /* "The mmap offset is ignored" */
	cr_expect_eq(guest_memory_remove(&m, &wrong, &err), GUEST_MEMORY_OTHER);
	cr_expect_null(guest_at(&m, MIB, 1));
	cr_expect_eq(guest_at(&m, 0, MIB), first);
	/* known to the last number, but of another file */
	close(fd);
	fd = file(MIB, 0);
	cr_expect_eq(guest_memory_add(&m, &a, fd, &err), -EINVAL);
	cr_expect_eq(guest_memory_remove(&m, &a, &err), GUEST_MEMORY_OTHER);
	cr_expect_eq(m.count, 0);
	close(fd);
	cr_expect_eq(netns_open_fds(), fds);
	cr_expect_eq(footprint_mappings(), mappings);
}

/* ---- Looking up ------------------------------------------------------------------------------- */

Test(guest_memory, addresses_are_found_to_the_last_byte)
{
	const uint64_t high = UINT64_MAX - 4 * PAGE + 1;
	int fd = file(MIB, 0);
	struct vhost_memory_region three[] = {region(2 * PAGE, PAGE, 0),
					      region(3 * PAGE, 2 * PAGE, 8 * PAGE),
					      {high, PAGE, 0, 0}};
	uint64_t run_bytes;
	uint8_t *a, *b;

	cr_assert_eq(set(three, fd, 3), GUEST_MEMORY_OTHER, "%s", err.message);
	a = guest_at(&m, 2 * PAGE, PAGE);
	b = guest_at(&m, 3 * PAGE, 2 * PAGE);
	cr_assert(a && b && b != a + PAGE);
	cr_expect_null(guest_at(&m, 2 * PAGE - 1, 1));
	cr_expect_null(guest_at(&m, 2 * PAGE - 1, 2));
	cr_expect_null(guest_at(&m, 2 * PAGE, PAGE + 1));
	cr_expect_null(guest_at(&m, 3 * PAGE - 1, 2));
	cr_expect_null(guest_at(&m, 2 * PAGE + 1, UINT64_MAX));
	cr_expect_null(guest_at(&m, 5 * PAGE, 0));
	cr_expect_eq(guest_at(&m, 3 * PAGE - 1, 1), a + PAGE - 1);
	cr_expect_eq(guest_at(&m, 5 * PAGE - 1, 1), b + 2 * PAGE - 1);
	cr_expect_eq(guest_at(&m, 3 * PAGE, 0), b);
	cr_expect_not_null(guest_at(&m, high + PAGE - 1, 1));
	cr_expect_null(guest_at(&m, high + PAGE - 1, 2));
	cr_expect_null(guest_at(&m, UINT64_MAX, 1));
	cr_expect_eq(guest_run(&m, 4 * PAGE + 10, &run_bytes), b + PAGE + 10);
	cr_expect_eq(run_bytes, PAGE - 10);
	cr_expect_null(guest_run(&m, 0, &run_bytes));
	cr_expect_eq(guest_at_user(&m, USER + 3 * PAGE - 1, 1), a + PAGE - 1);
	cr_expect_eq(guest_at_user(&m, USER + 3 * PAGE, 2 * PAGE), b);
	cr_expect_null(guest_at_user(&m, USER + 3 * PAGE, 2 * PAGE + 1));
	cr_expect_null(guest_at_user(&m, USER + 3 * PAGE - 1, 2));
	cr_expect_null(guest_at_user(&m, USER + 3 * PAGE + 8, UINT64_MAX - 4));
	cr_expect_null(guest_at_user(&m, USER + 5 * PAGE, 0));
	cr_expect_not_null(guest_at_user(&m, 0, PAGE));
	guest_memory_close(&m);
	close(fd);
}

Test(guest_memory, bytes_are_copied_over_the_border_of_two_regions)
{
	int fd = file(MIB, 0);
	struct vhost_memory_region two[] = {region(0, PAGE, 4 * PAGE), region(PAGE, PAGE, 0)};
	uint8_t bytes[3 * PAGE];

	cr_assert_eq(set(two, fd, 2), GUEST_MEMORY_OTHER);
	cr_expect(guest_write(&m, PAGE - 3, "border", 6));
	cr_expect_arr_eq((uint8_t *)guest_at(&m, PAGE - 3, 3), "bor", 3);
	cr_expect_arr_eq((uint8_t *)guest_at(&m, PAGE, 3), "der", 3);
	cr_expect(guest_read(&m, PAGE - 3, bytes, 6));
	cr_expect_arr_eq(bytes, "border", 6);
	cr_expect(guest_read(&m, 0, bytes, 2 * PAGE));
	cr_expect_arr_eq(bytes + PAGE - 3, "border", 6);
	cr_expect(!guest_read(&m, 0, bytes, 2 * PAGE + 1));
	cr_expect(!guest_read(&m, 2 * PAGE, bytes, 1));
	cr_expect(!guest_write(&m, 2 * PAGE - 1, bytes, 2));
	cr_expect(!guest_write(&m, UINT64_MAX, bytes, 2), "goes on at 0");
	cr_expect(guest_read(&m, 77 * PAGE, bytes, 0));
	guest_memory_close(&m);
	close(fd);
}

Test(guest_memory, a_file_without_the_seal_may_shrink)
{
	int sealed = file(MIB, 0), fd = file(MIB, 0);
	struct vhost_memory_region two[] = {region(0, MIB, 0), region(MIB, MIB, 0)};

	cr_assert_eq(fcntl(sealed, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	cr_expect(!guest_memory_may_shrink(&m));
	cr_assert_eq(set(two, sealed, 2), GUEST_MEMORY_OTHER);
	cr_expect(!guest_memory_may_shrink(&m));
	cr_assert_eq(set(two, fd, 2), GUEST_MEMORY_OTHER);
	cr_expect(guest_memory_may_shrink(&m));
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	cr_assert_eq(set(two, fd, 2), GUEST_MEMORY_SAME);
	cr_expect(!guest_memory_may_shrink(&m), "sealed since");
	guest_memory_close(&m);
	close(sealed);
	close(fd);
}
