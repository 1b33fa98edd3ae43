// SPDX-License-Identifier: BSD-2-Clause
/* The arena, and what it must refuse. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "xdp/memory.h"

enum { MIB = 1 << 20, PAGE = 4096 };

static int make_memfd(uint64_t bytes)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_eq(ftruncate(fd, (off_t)bytes), 0, "%s", strerror(errno));
	return fd;
}

static struct net_xdp_config small(const struct net_xdp_region *regions, uint32_t count)
{
	struct net_xdp_config c = net_xdp_config_default();

	c.regions = regions;
	c.region_count = count;
	c.private_rx_chunks = c.private_tx_frames = 16;
	return c;
}

/* Sizes that add up to a small number again: the regions would be mapped over whatever lies behind
 * the small reservation. */
Test(memory, sizes_that_wrap_are_refused_and_nothing_is_overwritten)
{
	const uint64_t large = 256 * (uint64_t)MIB;
	uint8_t *given = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct net_xdp_region regions[] = {
		{.guest_addr = 1ull << 40, .size_bytes = large, .fd = make_memfd(large)},
		{.guest_addr = 0, .size_bytes = 0 - (large - MIB), .fd = -1, .memory = given},
	};
	struct net_xdp_config c = small(regions, 2);
	struct net_error err = {0};
	struct memory m;
	uint8_t *mine;

	/* The kernel places mappings from the top down: this one ends up right behind the arena. */
	mine = mmap(NULL, large, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(mine, MAP_FAILED);
	for (uint64_t at = 0; at < large; at += PAGE)
		mine[at] = 0x5a;
	cr_assert_eq(memory_open(&m, &c, &err), -EINVAL);
	cr_assert_not_null(strstr(err.message, "region 1"), "%s", err.message);
	for (uint64_t at = 0; at < large; at += PAGE)
		cr_assert_eq(mine[at], 0x5a, "overwritten at %p", (void *)(mine + at));
}

Test(memory, size_beyond_any_address_space_is_refused)
{
	uint8_t *given = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct net_xdp_region region = {
		.size_bytes = 0 - (uint64_t)PAGE, .fd = -1, .memory = given};
	struct net_xdp_config c = small(&region, 1);
	struct net_error err = {0};
	struct memory m;

	cr_assert_eq(memory_open(&m, &c, &err), -EINVAL);
	cr_assert_not_null(strstr(err.message, "region 0"), "%s", err.message);
}

Test(memory, as_it_is_wrapping_guest_address_is_refused)
{
	uint8_t *given =
		mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct net_xdp_region region = {
		.guest_addr = UINT64_MAX - 8191, .size_bytes = MIB, .fd = -1, .memory = given};
	struct net_xdp_config c = small(&region, 1);
	struct net_error err = {0};
	struct memory m;

	c.memory_as_is = true;
	cr_assert_eq(memory_open(&m, &c, &err), -EINVAL);
	cr_assert_not_null(strstr(err.message, "wrap"), "%s", err.message);
}

/* A shared mapping shorter than its region: the rest would be of other memory, or of none. */
Test(memory, region_longer_than_its_mapping_is_refused)
{
	int fd = make_memfd(2 * MIB);
	uint8_t *given = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	const struct net_xdp_region region = {.size_bytes = 2 * MIB, .fd = -1, .memory = given};
	struct net_xdp_config c = small(&region, 1);
	struct net_error err = {0};
	struct memory m;

	cr_assert_eq(memory_open(&m, &c, &err), -EINVAL);
	cr_assert_not_null(strstr(err.message, "region 0"), "%s", err.message);
}

/* Two files side by side are not one piece of memory: a second mapping of the first goes on in the
 * first file. */
Test(memory, region_of_two_mappings_is_refused)
{
	int a = make_memfd(2 * MIB), b = make_memfd(MIB);
	uint8_t *given = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, a, 0);
	const struct net_xdp_region region = {.size_bytes = 2 * MIB, .fd = -1, .memory = given};
	struct net_xdp_config c = small(&region, 1);
	struct net_error err = {0};
	struct memory m;

	cr_assert_neq(mmap(given + MIB, MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, b, 0),
		      MAP_FAILED);
	cr_assert_eq(memory_open(&m, &c, &err), -EINVAL);
	cr_assert_not_null(strstr(err.message, "region 0"), "%s", err.message);
}

/* The same file in pieces of different protection is one piece of memory. */
Test(memory, region_of_one_file_in_several_mappings_is_taken)
{
	int fd = make_memfd(2 * MIB);
	uint8_t *given = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	const struct net_xdp_region region = {.size_bytes = 2 * MIB, .fd = -1, .memory = given};
	struct net_xdp_config c = small(&region, 1);
	struct net_error err = {0};
	struct memory m;

	cr_assert_eq(mprotect(given + MIB, PAGE, PROT_NONE), 0);
	cr_assert_eq(memory_open(&m, &c, &err), 0, "%s", err.message);
	given[0] = 1;
	given[2 * MIB - 1] = 2;
	cr_assert_eq(m.base[m.region[0].offset], 1);
	cr_assert_eq(m.base[m.region[0].offset + 2 * MIB - 1], 2);
	memory_close(&m);
}

/* mremap() makes no second mapping of huge pages. */
Test(memory, huge_pages_without_their_file_are_refused_with_the_remedy)
{
	uint8_t *given = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0);
	const struct net_xdp_region region = {.size_bytes = 2 * MIB, .fd = -1, .memory = given};
	struct net_xdp_config c = small(&region, 1);
	struct net_error err = {0};
	struct memory m;

	cr_assert_neq(given, MAP_FAILED, "%s", strerror(errno));
	cr_assert_eq(memory_open(&m, &c, &err), -EINVAL);
	cr_assert_not_null(strstr(err.message, "give its fd"), "%s", err.message);
}

/* Reserved without a single huge page: nothing is touched. */
Test(memory, as_it_is_anonymous_huge_pages_are_taken)
{
	uint8_t *given = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0);
	const struct net_xdp_region region = {.size_bytes = 2 * MIB, .fd = -1, .memory = given};
	struct net_xdp_config c = small(&region, 1);
	struct net_error err = {0};
	struct memory m;

	cr_assert_neq(given, MAP_FAILED, "%s", strerror(errno));
	c.memory_as_is = true;
	cr_assert_eq(memory_open(&m, &c, &err), 0, "%s", err.message);
	cr_assert_eq(m.base, given);
	cr_assert_eq(m.region[0].page_bytes, 2 * MIB);
	cr_assert_eq(memory_contiguous(&m, 3 * PAGE + 1, 4096), 4096);
	memory_close(&m);
}

/* Where small pages follow huge ones, all count as small. */
Test(memory, as_it_is_memory_of_both_page_sizes_counts_as_small)
{
	uint8_t *given = mmap(NULL, 6 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct net_xdp_region region = {.size_bytes = 3 * MIB, .fd = -1};
	struct net_xdp_config c = small(&region, 1);
	struct net_error err = {0};
	struct memory m;

	region.memory = given = (uint8_t *)(((uintptr_t)given + 2 * MIB - 1) & -(2ul * MIB));
	cr_assert_eq(mmap(given, 2 * MIB, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE | MAP_FIXED, -1,
			  0),
		     given, "%s", strerror(errno));
	cr_assert_eq(mmap(given + 2 * MIB, MIB, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		     given + 2 * MIB);
	c.memory_as_is = true;
	cr_assert_eq(memory_open(&m, &c, &err), 0, "%s", err.message);
	cr_assert_eq(m.region[0].page_bytes, PAGE);
	memory_close(&m);
}

Test(memory, as_it_is_private_file_is_refused)
{
	int fd = make_memfd(MIB);
	uint8_t *given = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	const struct net_xdp_region region = {.size_bytes = MIB, .fd = -1, .memory = given};
	struct net_xdp_config c = small(&region, 1);
	struct net_error err = {0};
	struct memory m;

	c.memory_as_is = true;
	cr_assert_eq(memory_open(&m, &c, &err), -EINVAL);
	cr_assert_not_null(strstr(err.message, "MAP_PRIVATE"), "%s", err.message);
}

/* ---- Joins: where one region ends and the next one, ours or nobody's begins ---------------------- */

enum { LARGE = 2 * MIB };

/* An arena of two regions with these page sizes, as memory_open() lays it out, that is only looked at. */
static struct memory two_regions(uint64_t first_page, uint64_t second_page)
{
	uint64_t second = PAGE + LARGE + PAGE; /* an odd number of small pages is in front of it */
	struct memory m = {
		.base = (uint8_t *)(1ull << 40) - PAGE,
		.region_count = 2,
	};

	if (second_page > PAGE)
		second = PAGE + 2 * LARGE;
	m.region[0] = (struct memory_region){
		.bytes = first_page > PAGE ? LARGE : LARGE + PAGE,
		.offset = PAGE,
		.page_bytes = first_page,
	};
	m.region[1] = (struct memory_region){
		.guest_addr = 1ull << 32,
		.bytes = LARGE,
		.offset = second,
		.page_bytes = second_page,
	};
	m.private_offset = second + LARGE;
	m.bytes = m.private_offset + 16 * PAGE;
	return m;
}

/* Is every byte of the window in one page of one backing? Counted page by page, not computed. */
static bool in_one_page(const struct memory *m, uint64_t offset, uint64_t len)
{
	for (uint32_t i = 0; i < m->region_count; i++) {
		const struct memory_region *r = &m->region[i];

		for (uint64_t page = r->offset; page < r->offset + r->bytes; page += r->page_bytes)
			if (offset >= page && offset + len <= page + r->page_bytes)
				return true;
	}
	for (uint64_t page = 0; page < m->bytes; page += PAGE) /* guard, filler, private area */
		if (offset >= page && offset + len <= page + PAGE)
			return true;
	return false;
}

/* Windows that begin at each byte around a place where something ends. */
static void check_windows(const struct memory *m, uint64_t place, uint64_t len)
{
	uint64_t from = place > 4200 ? place - 4200 : 0;

	for (uint64_t at = from; at < place + 4200 && at + len <= m->bytes; at++)
		cr_assert_eq(memory_contiguous(m, at, len) == len, in_one_page(m, at, len),
			     "%lu bytes at %lu, %ld from the join", len, at, (long)(at - place));
}

Test(memory, window_over_a_join_is_never_contiguous)
{
	static const uint64_t pages[] = {PAGE, LARGE}, lens[] = {1, 2048, 3000, 4096};

	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < 2; j++) {
			struct memory m = two_regions(pages[i], pages[j]);

			for (int k = 0; k < 4; k++) {
				check_windows(&m, m.region[0].offset, lens[k]);
				check_windows(&m, m.region[0].offset + m.region[0].bytes, lens[k]);
				check_windows(&m, m.region[1].offset, lens[k]);
				check_windows(&m, m.private_offset, lens[k]);
			}
		}
	}
}

Test(memory, dma_per_page_makes_all_pages_small)
{
	struct memory m = two_regions(LARGE, LARGE);

	cr_assert_eq(memory_contiguous(&m, PAGE + 2049, 2048), 2048);
	m.dma_per_page = true;
	cr_assert_eq(memory_contiguous(&m, PAGE + 2049, 2048), 2047);
	cr_assert_eq(memory_contiguous(&m, PAGE + 2048, 2048), 2048);
}
