// SPDX-License-Identifier: BSD-2-Clause
/*
 * Configurations of any numbers, and the arena that is planned from those that are accepted: each byte of each
 * region has its place and no other, and what is outside has none.
 *
 * Subjects: src/xdp/config.c src/xdp/memory.c src/xdp/memory.h src/host/rules.c
 * Longest: 300
 */
#include <criterion/criterion.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "xdp/config.h"
#include "xdp/memory.h"

enum { REGIONS = 6, FILE_BYTES = 64 << 10, PRIVATE_MOST = 64 << 20 };

static int file = -1;
static uint8_t *given;

static void make_memory(void)
{
	if (file >= 0)
		return;
	file = memfd_create("fuzz", MFD_CLOEXEC);
	cr_assert(file >= 0 && ftruncate(file, FILE_BYTES) == 0);
	given = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(given != MAP_FAILED);
}

/* Small numbers of pages more often than any number. */
static uint64_t number(struct script *s)
{
	const uint8_t kind = script_u8(s);

	switch (kind % 4) {
	case 0:
		return kind / 4 * 4096ull;
	case 1:
		return 0 - kind / 4 * 4096ull;
	case 2:
		return script_u16(s);
	default:
		return script_u64(s);
	}
}

static uint32_t regions(struct script *s, struct net_xdp_region *out)
{
	const uint32_t count = script_u8(s) % (REGIONS + 1);

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t how = script_u8(s);

		out[i] = (struct net_xdp_region){
			.guest_addr = number(s),
			.size_bytes = how & 16 ? number(s) : 4096ull * (1 + how % 16),
			.fd = how & 32 ? -1 : file,
			.fd_offset_bytes = how & 64 ? number(s) : 0,
			.memory = how & 128 ? NULL : given,
		};
	}
	return count;
}

static void fields(struct script *s, struct net_xdp_config *c)
{
	uint32_t *const numbers[] = {
		&c->first_queue,	  &c->max_queues,
		&c->chunk_bytes,	  &c->max_frame_bytes,
		&c->rx_ring_frames,	  &c->tx_ring_frames,
		&c->fill_ring_frames,	  &c->completion_ring_frames,
		&c->private_rx_chunks,	  &c->private_tx_frames,
		&c->rx_id_limit,	  &c->take_mac_count,
		&c->busy_poll_us,	  &c->busy_poll_budget,
		&c->napi_defer_hard_irqs, &c->tx_timer_us,
		&c->release_timeout_ms,
	};
	bool *const flags[] = {&c->unaligned, &c->sealed,  &c->memory_as_is,
			       &c->keep_umem, &c->rx_vlan, &c->tx_segment_here};
	const uint32_t count = sizeof(numbers) / sizeof(*numbers);

	for (uint32_t n = script_u8(s) % 8; n; n--) {
		const uint8_t which = script_u8(s) % (count + 7 + 5);

		if (which < count)
			*numbers[which] = which % 2 ? script_u16(s) : script_u32(s);
		else if (which < count + 6)
			*flags[which - count] ^= true;
		else if (which == count + 6)
			c->gro_flush_timeout_ns = script_u64(s);
		else if (which == count + 7)
			c->mode = script_u8(s);
		else if (which == count + 8)
			c->attach = script_u8(s);
		else if (which == count + 9)
			c->program = script_u8(s);
		else if (which == count + 10)
			c->rx_checksum = script_u8(s);
		else
			c->tx_checksum = script_u8(s);
	}
}

/* ---- The arena -------------------------------------------------------------------------------- */

/* The region that holds it; NULL: none. */
static const struct net_xdp_region *holder(const struct net_xdp_config *c, uint64_t addr,
					   uint64_t len)
{
	for (uint32_t i = 0; i < c->region_count; i++) {
		const struct net_xdp_region *r = &c->regions[i];

		if (addr >= r->guest_addr && addr - r->guest_addr < r->size_bytes &&
		    len <= r->size_bytes - (addr - r->guest_addr))
			return r;
	}
	return NULL;
}

static void expect_place(const struct memory *m, const struct net_xdp_config *c, uint64_t addr,
			 uint64_t len)
{
	const struct net_xdp_region *r = holder(c, addr, len);
	uint32_t hint = (uint32_t)(addr >> 12) % m->region_count;
	uint64_t offset;

	cr_assert_eq(memory_offset(m, &hint, addr, len, &offset), r != NULL);
	if (!r)
		return;
	cr_assert(offset + len <= m->private_offset && m->private_offset <= m->bytes);
	for (uint32_t i = 0; i < m->region_count; i++)
		cr_assert((offset - m->region[i].offset < m->region[i].bytes) ==
				  (m->region[i].guest_addr == r->guest_addr),
			  "two regions in one place");
	if (len && r->fd < 0 && r->memory && !m->sealed)
		m->base[offset] ^= 1; /* it is mapped */
}

static void look_up(const struct memory *m, const struct net_xdp_config *c, struct script *s)
{
	cr_assert_eq(m->region_count, c->region_count);
	for (uint32_t i = 0; i < c->region_count; i++) {
		const struct net_xdp_region *r = &c->regions[i];

		expect_place(m, c, r->guest_addr, 1);
		expect_place(m, c, r->guest_addr, r->size_bytes);
		expect_place(m, c, r->guest_addr - 1, 2);
		expect_place(m, c, r->guest_addr + r->size_bytes - 1, 1);
		expect_place(m, c, r->guest_addr + r->size_bytes - 1, 2);
		expect_place(m, c, r->guest_addr + r->size_bytes, 1);
	}
	while (s->left) {
		const uint64_t addr = number(s);

		expect_place(m, c, addr, number(s));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct net_xdp_config c = net_xdp_config_default();
	struct script s = {data, size};
	struct net_xdp_region r[REGIONS];
	struct net_error err = {0};
	struct memory m;
	uint64_t private;
	int rc;

	make_memory();
	c.ifname = "fuzz0";
	c.private_rx_chunks = c.private_tx_frames = 16;
	c.region_count = regions(&s, r);
	c.regions = r;
	fields(&s, &c);
	rc = net_xdp_config_check(&c, &err);
	cr_assert(rc == 0 || (rc < 0 && err.code == rc && err.message[0]), "%d", rc);
	cr_assert(memchr(err.message, 0, sizeof(err.message)) &&
		  memchr(err.step, 0, sizeof(err.step)));
	private = net_xdp_private_bytes(&c);
	cr_assert(rc < 0 || (private && net_xdp_direct_capacity(&c) && net_xdp_frame_offset(&c)));
	cr_assert(rc < 0 ||
		  net_xdp_frame_offset(&c) + net_xdp_direct_capacity(&c) <= c.chunk_bytes);
	if (rc < 0 || private > PRIVATE_MOST)
		return 0;
	rc = memory_open(&m, &c, &err);
	cr_assert(rc == 0 || (rc < 0 && err.code == rc && err.message[0]), "%d", rc);
	if (rc == 0) {
		look_up(&m, &c, &s);
		memory_close(&m);
	}
	return 0;
}
