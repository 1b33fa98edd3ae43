// SPDX-License-Identifier: BSD-2-Clause
/* Random memory tables beside a list that is searched byte by byte: what is taken, what it is called,
 * what lies where. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/fake_kernel.h"
#include "support/footprint.h"
#include "support/frame.h"
#include "support/netns.h"
#include "xdp/memory.h"
#include "xsk_vhost/memory.h"

#define PAGE	   4096ull
#define FILES	   3
#define FILE_PAGES 16

struct naive_region {
	struct vhost_memory_region told;
	int file;
};

struct naive {
	struct naive_region regions[8];
	uint32_t count;
};

static int files[FILES];
static struct frame_random random_;
static struct guest_memory m;
static struct naive table;

static uint32_t below(uint32_t limit)
{
	return frame_random_below(&random_, limit);
}

/* The byte at an offset of a file. */
static uint8_t stamp(int file, uint64_t offset)
{
	return (uint8_t)(offset * 7 + (offset >> 8) * 31 + (uint64_t)file * 101);
}

static void make_files(void)
{
	static uint8_t bytes[FILE_PAGES * PAGE];

	for (int i = 0; i < FILES; i++) {
		files[i] = memfd_create("guest", MFD_CLOEXEC);
		cr_assert_geq(files[i], 0);
		for (uint64_t at = 0; at < sizeof(bytes); at++)
			bytes[at] = stamp(i, at);
		cr_assert_eq(write(files[i], bytes, sizeof(bytes)), sizeof(bytes));
	}
}

/* An address out of a small space, so that regions meet, or close to the last one. */
static uint64_t random_address(void)
{
	uint64_t page = below(96);

	return below(8) == 0 ? 0 - (page % 6 + 1) * PAGE : page * PAGE;
}

static struct naive_region random_region(void)
{
	struct naive_region r = {
		.told.guest_addr = random_address(),
		.told.user_addr = random_address(),
		.told.size_bytes = (below(40) ? 1 + below(6) : 0) * PAGE,
		.told.offset_bytes = below(FILE_PAGES - 4) * PAGE,
		.file = (int)below(FILES),
	};

	if (below(40) == 0)
		r.told.size_bytes++;
	if (below(3) == 0) /* as QEMU and UML do */
		r.told.user_addr = r.told.guest_addr;
	return r;
}

static bool meet(uint64_t a, uint64_t b, uint64_t a_size, uint64_t b_size)
{
	for (uint64_t at = 0; at < a_size; at += PAGE)
		for (uint64_t bt = 0; bt < b_size; bt += PAGE)
			if (a + at == b + bt)
				return true;
	return false;
}

static bool is_good(const struct naive *t)
{
	for (uint32_t i = 0; i < t->count; i++) {
		const struct vhost_memory_region *r = &t->regions[i].told;
		__extension__ typedef unsigned __int128 wide;
		const wide end = (wide)1 << 64;

		if (r->size_bytes == 0 || r->size_bytes % PAGE ||
		    r->offset_bytes + r->size_bytes > FILE_PAGES * PAGE ||
		    (wide)r->guest_addr + r->size_bytes >= end ||
		    (wide)r->user_addr + r->size_bytes >= end)
			return false;
		for (uint32_t k = 0; k < i; k++) {
			const struct vhost_memory_region *o = &t->regions[k].told;

			if (meet(r->guest_addr, o->guest_addr, r->size_bytes, o->size_bytes) ||
			    meet(r->user_addr, o->user_addr, r->size_bytes, o->size_bytes))
				return false;
		}
	}
	return t->count > 0;
}

static bool has(const struct naive *t, const struct naive_region *r, bool user_too)
{
	for (uint32_t i = 0; i < t->count; i++) {
		const struct naive_region *o = &t->regions[i];

		if (o->file == r->file && o->told.guest_addr == r->told.guest_addr &&
		    o->told.size_bytes == r->told.size_bytes &&
		    o->told.offset_bytes == r->told.offset_bytes &&
		    (!user_too || o->told.user_addr == r->told.user_addr))
			return true;
	}
	return false;
}

/* The same bytes at the same guest addresses? */
static bool is_same(const struct naive *a, const struct naive *b)
{
	bool same = a->count == b->count;

	for (uint32_t i = 0; i < a->count && same; i++)
		same = has(b, &a->regions[i], false);
	return same;
}

/* Return: does the list have the byte at an address? Then *out is it, and *run how far its region goes on. */
static bool naive_byte(uint64_t address, bool user, uint8_t *out, uint64_t *run)
{
	for (uint32_t i = 0; i < table.count; i++) {
		const struct vhost_memory_region *r = &table.regions[i].told;
		uint64_t start = user ? r->user_addr : r->guest_addr;

		if (address >= start && address <= start + (r->size_bytes - 1)) {
			*run = start + (r->size_bytes - 1) - address + 1;
			*out = stamp(table.regions[i].file, r->offset_bytes + (address - start));
			return true;
		}
	}
	return false;
}

static void check_lookups(void)
{
	uint8_t copy[3 * PAGE], byte;
	uint64_t run, run_here;

	for (int i = 0; i < 40; i++) {
		uint64_t address = random_address() + (below(2) ? below(PAGE) : 0 - 1ull);
		uint64_t size = below(2) ? 1 + below(3 * PAGE) : below(4);
		bool there = naive_byte(address, false, &byte, &run), all = true;
		uint8_t *at = guest_run(&m, address, &run_here);

		cr_assert_eq(at != NULL, there, "0x%lx", (unsigned long)address);
		if (there) {
			cr_assert_eq(*at, byte);
			cr_assert_eq(run_here, run);
		}
		cr_assert_eq(guest_at(&m, address, size), there && size <= run ? at : NULL);
		for (uint64_t k = 0; k < size && all; k++)
			all = naive_byte(address + k, false, &byte, &run);
		cr_assert_eq(guest_read(&m, address, copy, size), all);
		for (uint64_t k = 0; k < size && all; k++) {
			naive_byte(address + k, false, &byte, &run);
			cr_assert_eq(copy[k], byte);
		}
		there = naive_byte(address, true, &byte, &run);
		at = guest_at_user(&m, address, size);
		cr_assert_eq(at != NULL, there && size <= run, "0x%lx", (unsigned long)address);
		cr_assert(!at || *at == byte);
	}
}

/* What is taken here net_xdp takes too. */
static void check_net_xdp_takes_it(void)
{
	struct net_xdp_region regions[GUEST_MEMORY_REGIONS];
	struct net_xdp_config config;
	struct net_error err;
	struct memory arena;

	net_xdp_config_init(&config, sizeof(config));
	config.regions = regions;
	config.region_count = guest_memory_regions(&m, regions);
	cr_assert_eq(config.region_count, table.count);
	cr_assert_eq(memory_open(&arena, &config, &err), 0, "%s", err.message);
	for (uint32_t i = 0; i < table.count; i++) {
		const struct naive_region *r = &table.regions[i];
		uint32_t k = 0;

		cr_assert(memory_find(&arena, &k, r->told.guest_addr, r->told.size_bytes));
		cr_assert_eq(arena.base[arena.region[k].offset],
			     stamp(r->file, r->told.offset_bytes));
	}
	memory_close(&arena);
}

static void step_set(void)
{
	struct naive next = {.count = below(20) ? 1 + below(5) : 0};
	struct vhost_memory_region told[8];
	struct net_error err;
	int fds[8], rc;

	if (below(4) == 0 &&
	    table.count) { /* the one that is there, turned round, and perhaps one number of it other */
		next.count = table.count;
		for (uint32_t i = 0; i < table.count; i++)
			next.regions[i] = table.regions[table.count - 1 - i];
		if (below(2))
			*(below(2) ? &next.regions[0].told.user_addr
				   : &next.regions[0].told.guest_addr) += PAGE;
	} else {
		for (uint32_t i = 0; i < next.count; i++)
			next.regions[i] = table.count && below(3) == 0
						  ? table.regions[below(table.count)]
						  : random_region();
	}
	for (uint32_t i = 0; i < next.count; i++) {
		told[i] = next.regions[i].told;
		fds[i] = files[next.regions[i].file];
	}
	rc = guest_memory_set(&m, told, fds, next.count, &err);
	if (!is_good(&next)) {
		cr_assert_eq(rc, -EINVAL);
		return;
	}
	cr_assert_eq(rc, is_same(&table, &next) ? GUEST_MEMORY_SAME : GUEST_MEMORY_OTHER, "%d: %s",
		     rc, err.message);
	table = next;
}

static void step_add(void)
{
	struct naive next = table;
	struct naive_region r =
		table.count && below(4) == 0 ? table.regions[below(table.count)] : random_region();
	struct net_error err;
	int rc;

	if (table.count == 8)
		return;
	next.regions[next.count++] = r;
	rc = guest_memory_add(&m, &r.told, files[r.file], &err);
	if (has(&table, &r, true)) {
		cr_assert_eq(rc, GUEST_MEMORY_SAME);
	} else if (!is_good(&next)) {
		cr_assert_eq(rc, -EINVAL);
	} else {
		cr_assert_eq(rc, GUEST_MEMORY_OTHER, "%s", err.message);
		table = next;
	}
}

static void step_remove(void)
{
	uint32_t at = below(table.count + 1);
	struct naive_region r = at < table.count ? table.regions[at] : random_region();
	struct net_error err;
	uint32_t i = 0;

	r.told.offset_bytes += below(3);
	while (i < table.count && (table.regions[i].told.guest_addr != r.told.guest_addr ||
				   table.regions[i].told.user_addr != r.told.user_addr ||
				   table.regions[i].told.size_bytes != r.told.size_bytes))
		i++;
	if (i == table.count) {
		cr_assert_eq(guest_memory_remove(&m, &r.told, &err), -ENOENT);
		return;
	}
	cr_assert_eq(guest_memory_remove(&m, &r.told, &err), GUEST_MEMORY_OTHER);
	table.regions[i] = table.regions[--table.count];
}

Test(guest_memory, random_tables_are_what_a_list_says)
{
	unsigned int fds = netns_open_fds(), mappings = footprint_mappings();
	uint64_t taken = 0, steps = fake_steps(6000);

	make_files();
	random_ = frame_random(4711);
	for (uint64_t i = 0; i < steps; i++) {
		switch (below(4)) {
		case 0:
			step_add();
			break;
		case 1:
			step_remove();
			break;
		default:
			step_set();
		}
		cr_assert_eq(m.count, table.count);
		check_lookups();
		if (i % 64 == 0 && table.count)
			check_net_xdp_takes_it();
		taken += table.count;
		cr_assert_eq(netns_open_fds(), fds + FILES + table.count);
	}
	cr_expect_gt(taken, steps, "the tables are nearly empty");
	guest_memory_close(&m);
	for (int i = 0; i < FILES; i++)
		close(files[i]);
	cr_expect_eq(netns_open_fds(), fds);
	cr_expect_eq(footprint_mappings(), mappings);
}
