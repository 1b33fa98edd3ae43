// SPDX-License-Identifier: BSD-2-Clause
/* Memory in several pieces: the library maps them behind each other, the frontend's addresses lie far
 * apart. What is at the end of one piece must never reach into the next. */
#include <string.h>

#include "support/conformance.h"
#include "support/rx_rig.h"

enum { HEADER = FRONTEND_XDP_HEADER_BYTES, CAPACITY = 1536, REGION = 2 << 20, REGIONS = 4 };

static uint64_t region_addr(uint32_t i)
{
	return FRONTEND_BASE +
	       ((uint64_t)(REGIONS - i) << 32); /* from high addresses to low ones */
}

/* Id 3 * i at the first byte of region i, + 1 somewhere in it, + 2 up to its last byte. */
static uint32_t lay_out(struct rx_rig *r)
{
	struct frame_random random = frame_random(REGIONS);

	for (uint32_t i = 0; i < REGIONS; i++) {
		uint64_t addr = r->x.f.regions[i].guest_addr;
		uint32_t middle = 4096 + (frame_random_below(&random, REGION / 2) | 1);

		frontend_set_buffer(&r->x.f, 3 * i, addr, HEADER, CAPACITY);
		frontend_set_buffer(&r->x.f, 3 * i + 1, addr + middle, HEADER, CAPACITY);
		frontend_set_buffer(&r->x.f, 3 * i + 2, addr + REGION - HEADER - CAPACITY, HEADER,
				    CAPACITY);
	}
	return 3 * REGIONS;
}

static void receive_everywhere(struct rx_rig *r, uint32_t count)
{
	uint32_t n = 0, id, len;

	frontend_poison(&r->x.f, 4);
	for (uint32_t round = 0; round < 100; round++) {
		for (uint32_t i = 0; i < count; i++, n++) {
			len = round ? rx_rig_len(n, 14, 1514) : 1514;
			rx_rig_send(r, len, n);
			rx_rig_receive(r, 0, &id, 1);
			rx_rig_expect(r, id, len, n);
			rx_rig_allow(r, id);
			frontend_post(&r->x.f, r->x.queues[0], id, 1);
		}
		cr_assert(frontend_first_change(&r->x.f) == 0, "round %u: 0x%llx was changed",
			  round, (unsigned long long)frontend_first_change(&r->x.f));
	}
	/* Zero copy cannot have chunks over the edge of a page, which is the region's own here. */
	cr_assert(rx_rig_counter(r, NET_XDP_RX_DIRECT) == n || !fixture_is_veth());
	cr_assert(rx_rig_counter(r, NET_XDP_RX_DIRECT) > 0);
	cr_assert(rx_rig_counter(r, NET_XDP_RX_DIRECT) + rx_rig_counter(r, NET_XDP_RX_BOUNCED) ==
		  n);
	rx_rig_balance(r, n);
}

static void regions_prepare(struct rx_rig *r)
{
	rx_rig_prepare(r, 1, 1500);
	rx_rig_memory(r, 0, 64);
	for (uint32_t i = 0; i < REGIONS; i++)
		frontend_add_region(&r->x.f, region_addr(i), REGION, -1);
}

CASE(11, four_regions_are_used_from_the_first_byte_to_the_last)
{
	struct rx_rig r;
	uint32_t count;

	regions_prepare(&r);
	count = lay_out(&r);
	rx_rig_start(&r, 1, count);
	receive_everywhere(&r, count);
	rx_rig_close(&r);
}

/* 19: behind the end of a region lies, in the library's mapping, the next one */
CASE(19, buffers_over_the_end_of_a_region_are_refused)
{
	uint32_t ids[REGIONS], count;
	struct rx_rig r;

	regions_prepare(&r);
	count = lay_out(&r);
	for (uint32_t i = 0; i < REGIONS; i++) {
		ids[i] = count + i;
		frontend_set_buffer(&r.x.f, ids[i],
				    region_addr(i) + REGION - HEADER - CAPACITY + 1 + i * 500,
				    HEADER, CAPACITY);
	}
	rx_rig_start(&r, 1, count);
	cr_assert(net_queue_rx_avail(r.x.queues[0], &r.x.f.pool, ids, REGIONS) == REGIONS);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_REFUSED_ADDRESS) == REGIONS);
	receive_everywhere(&r, count);
	rx_rig_close(&r);
}

/* Memory without a file descriptor: the library makes its own mapping of the same pages. */
CASE(11, region_given_by_pointer_is_used_in_place)
{
	struct rx_rig r;
	struct net_xdp_region region;
	int rc;

	NEEDS_VETH("pages that can be mapped again by their address");
	rx_rig_prepare(&r, 1, 1500);
	region = (struct net_xdp_region){
		.guest_addr = FRONTEND_BASE,
		.size_bytes = FRONTEND_XDP_BYTES,
		.fd = -1,
		.memory = r.x.f.regions[0].bytes,
	};
	r.x.config.regions = &region;
	r.x.config.region_count = 1;
	frontend_layout(&r.x.f, 0, 16, FRONTEND_BASE, 1531, HEADER, CAPACITY);
	rc = net_xdp_open(&r.x.config, &r.x.ep, &r.x.err);
	cr_assert(rc == 0, "%s: %s", r.x.err.step, r.x.err.message);
	frontend_xdp_start(&r.x, 1, 16);
	receive_everywhere(&r, 16);
	rx_rig_close(&r);
}
