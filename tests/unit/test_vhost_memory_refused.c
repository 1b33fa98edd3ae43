// SPDX-License-Identifier: BSD-2-Clause
/* Memory tables that are refused, each with a sentence, and leave all as it was. */
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include "support/vhost_memory_rig.h"

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

Test(guest_memory_refused, a_region_of_wrong_numbers_is_refused)
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

Test(guest_memory_refused, a_file_that_cannot_be_guest_memory_is_refused)
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

Test(guest_memory_refused, a_file_that_may_only_be_read_is_refused)
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

Test(guest_memory_refused, huge_pages_are_taken_whole)
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

Test(guest_memory_refused, regions_that_overlap_are_refused)
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

Test(guest_memory_refused, there_is_a_first_and_a_last_region)
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

Test(guest_memory_refused, no_fd_left_is_said)
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
