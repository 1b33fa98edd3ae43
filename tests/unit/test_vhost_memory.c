// SPDX-License-Identifier: BSD-2-Clause
/* A guest's memory table: what a change leaves alone, and where addresses lie. */
#include <inttypes.h>
#include <stdio.h>

#include "support/vhost_memory_rig.h"

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
	wrong = b, wrong.offset_bytes += PAGE; /* there, but not with these bytes */
	cr_expect_eq(guest_memory_add(&m, &wrong, fd, &err), -EINVAL);
	wrong = b, wrong.size_bytes -= PAGE;
	cr_expect_eq(guest_memory_add(&m, &wrong, fd, &err), -EINVAL);
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

/* Is the mapping of this address left out of core dumps (VmFlags "dd" in smaps)? */
static bool is_left_out_of_dumps(const void *address)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	uint64_t start, end, at = (uintptr_t)address;
	bool here = false, found = false;
	char line[512];

	cr_assert_not_null(smaps);
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2)
			here = at >= start && at < end;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, " dd") != NULL;
	}
	fclose(smaps);
	return found;
}

Test(guest_memory, a_guests_bytes_are_in_no_core_dump)
{
	int fd = file(MIB, 0);
	struct vhost_memory_region r = region(0, MIB, 0);
	void *plain = mmap(NULL, MIB, PROT_READ, MAP_SHARED, fd, 0);

	cr_assert_neq(plain, MAP_FAILED);
	cr_assert_eq(set(&r, fd, 1), GUEST_MEMORY_OTHER);
	cr_expect(is_left_out_of_dumps(guest_at(&m, 0, MIB)));
	cr_expect(!is_left_out_of_dumps(plain));
	guest_memory_close(&m);
	munmap(plain, MIB);
	close(fd);
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
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	cr_assert_eq(set(two, fd, 2), GUEST_MEMORY_SAME);
	cr_expect(guest_memory_may_shrink(&m), "the other seal");
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	cr_assert_eq(set(two, fd, 2), GUEST_MEMORY_SAME);
	cr_expect(!guest_memory_may_shrink(&m), "sealed since");
	guest_memory_close(&m);
	close(sealed);
	close(fd);
}
