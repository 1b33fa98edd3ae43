// SPDX-License-Identifier: BSD-2-Clause
/*
 * Where the bytes of received frames land. The frontend's memory is poisoned, every buffer is used
 * once, and in the end only the bytes of the frames may differ from what was there before.
 */
#include <string.h>

#include "support/conformance.h"
#include "support/rx_rig.h"

enum {
	HEADER = FRONTEND_XDP_HEADER_BYTES,
	BATCH = 50,
	FRAMES = 10000,
};

#define NOT_BOUNCED NET_XDP_COUNTERS

struct placement {
	enum net_xdp_attach attach;
	bool aligned;
	uint32_t chunk_bytes, mtu, frames;
	uint32_t max_frame_bytes; /* 0: as the MTU says */
	uint32_t capacity_bytes;  /* 0: that of a direct buffer */
	uint32_t header_bytes;
	enum net_xdp_counter why; /* bounced for this reason, or NOT_BOUNCED */
	bool laid_out;		  /* by the endpoint's rules for aligned chunks, not at random */
	bool rx_vlan, as_is;
};

/* ---- Buffers -------------------------------------------------------------------------------------- */

/* Every id somewhere in a slot of its own, at an odd address; the first one at the first odd address
 * of the memory, the last one up to its last. */
static void scatter(struct rx_rig *r, const struct placement *p, uint32_t capacity)
{
	const struct frontend_region *region = &r->x.f.regions[0];
	uint64_t bytes = region->size_bytes - (p->as_is ? net_xdp_private_bytes(&r->x.config) : 0);
	uint64_t slot = bytes / p->frames, used = p->header_bytes + capacity, at;
	uint32_t edge = fixture_is_veth() ? 0 : net_xdp_frame_offset(&r->x.config);
	struct frame_random random = frame_random(slot);

	cr_assert(slot > used + 2, "%u buffers of %u bytes in %llu", p->frames, capacity,
		  (unsigned long long)bytes);
	for (uint32_t id = 0; id < p->frames; id++) {
		do {
			at = id * slot + frame_random_below(&random, (uint32_t)(slot - used - 1));
			at = id == 0 ? edge : id == p->frames - 1 ? bytes - used - 1 : at;
			at = region->guest_addr + (at | 1);
		} while (p->why == NOT_BOUNCED &&
			 !frontend_xdp_fits_page(&r->x, at, p->header_bytes));
		frontend_set_buffer(&r->x.f, id, at, p->header_bytes, capacity);
	}
}

static void placement_start(struct rx_rig *r, const struct placement *p)
{
	struct net_xdp_config *c = &r->x.config;
	uint32_t capacity;

	rx_rig_prepare(r, 1, p->mtu);
	rx_rig_memory(r, 64 << 20, p->frames);
	c->max_queues = 1;
	c->attach = p->attach;
	c->unaligned = !p->aligned;
	c->chunk_bytes = p->chunk_bytes;
	c->max_frame_bytes = p->max_frame_bytes ? p->max_frame_bytes : p->mtu + 14;
	c->rx_vlan = p->rx_vlan;
	capacity = p->capacity_bytes ? p->capacity_bytes : net_xdp_direct_capacity(c);
	if (p->laid_out)
		cr_assert(frontend_xdp_layout(&r->x, p->header_bytes) >= p->frames);
	else
		scatter(r, p, capacity);
}

/* ---- Frames --------------------------------------------------------------------------------------- */

static void expect_only_frames_changed(struct rx_rig *r)
{
	uint64_t at = frontend_first_change(&r->x.f);

	cr_assert(at == 0, "a byte at 0x%llx changed that belongs to no frame",
		  (unsigned long long)at);
}

/* All frames by number, each into a buffer that was not used before. */
static void run(struct rx_rig *r, const struct placement *p)
{
	uint32_t ids[BATCH], max = p->mtu + 14;
	uint64_t bytes = 0;

	frontend_poison(&r->x.f, p->frames);
	frontend_post(&r->x.f, r->x.queues[0], 0, p->frames);
	for (uint32_t n = 0; n < p->frames; n += BATCH) {
		for (uint32_t i = 0; i < BATCH; i++)
			rx_rig_send(r, rx_rig_len(n + i, 14, max), n + i);
		rx_rig_receive(r, 0, ids, BATCH);
		for (uint32_t i = 0; i < BATCH; i++) {
			uint32_t len = rx_rig_len(n + i, 14, max);

			rx_rig_expect(r, ids[i], len, n + i);
			rx_rig_allow(r, ids[i]);
			bytes += len;
		}
	}
	rx_rig_balance(r, p->frames);
	cr_assert(rx_rig_counter(r, NET_XDP_RX_FRAMES) == p->frames);
	cr_assert(rx_rig_counter(r, NET_XDP_RX_BYTES) == bytes);
}

/* Bounced for this one reason, or not at all. */
static void expect_reason(struct rx_rig *r, const struct placement *p)
{
	bool bounced = p->why != NOT_BOUNCED;

	for (int c = NET_XDP_RX_BOUNCE_CAPACITY; c <= NET_XDP_RX_BOUNCE_JUMBO; c++) {
		uint64_t want = (enum net_xdp_counter)c == p->why ? p->frames : 0;

		cr_assert(rx_rig_counter(r, (enum net_xdp_counter)c) == want,
			  "%s is %llu, not %llu", net_xdp_counter_name((enum net_xdp_counter)c),
			  (unsigned long long)rx_rig_counter(r, (enum net_xdp_counter)c),
			  (unsigned long long)want);
	}
	cr_assert(rx_rig_counter(r, NET_XDP_RX_BOUNCED) == (bounced ? p->frames : 0));
	cr_assert(rx_rig_counter(r, NET_XDP_RX_DIRECT) == (bounced ? 0 : p->frames));
}

static void expect_report(struct rx_rig *r, const struct placement *p)
{
	struct net_xdp_report report = frontend_xdp_report(&r->x, 0);

	cr_assert(report.native == (p->attach == NET_XDP_ATTACH_NATIVE));
	cr_assert(report.unaligned == !p->aligned && report.chunk_bytes == p->chunk_bytes);
	cr_assert(report.zero_copy == !fixture_is_veth() && !report.multi_buffer && !report.sealed);
}

static void place(const struct placement *p)
{
	struct rx_rig r;

	placement_start(&r, p);
	rx_rig_start(&r, 1, 0);
	expect_report(&r, p);
	run(&r, p);
	expect_only_frames_changed(&r);
	expect_reason(&r, p);
	rx_rig_close(&r);
}

static void place_generic(struct placement p)
{
	NEEDS_VETH("generic attach");
	p.attach = NET_XDP_ATTACH_GENERIC;
	place(&p);
}

/* The MTU whose frames fill a chunk: to its last byte, or, where zero copy's bind has a say, to its
 * last step of 128 bytes with 26 around the MTU. */
static uint32_t whole_chunk_mtu(uint32_t chunk_bytes)
{
	uint32_t room = chunk_bytes - 256;

	return fixture_is_veth() ? room - 14 : room / 128 * 128 - 26;
}

/* ---- Direct --------------------------------------------------------------------------------------- */

static const struct placement unaligned = {
	.attach = NET_XDP_ATTACH_NATIVE,
	.chunk_bytes = 2048,
	.mtu = 1500,
	.frames = FRAMES,
	.header_bytes = HEADER,
	.why = NOT_BOUNCED,
};

/* 11: ids returned are from those posted, distinct; bytes, length, offset exact */
CASE(11, unaligned_10000_frames_at_odd_addresses_are_exact_native)
{
	place(&unaligned);
}

CASE(11, unaligned_10000_frames_at_odd_addresses_are_exact_generic)
{
	place_generic(unaligned);
}

/* Chunks that are filled to their end. */
static struct placement whole_chunks(bool aligned, uint32_t chunk_bytes)
{
	return (struct placement){
		.attach = NET_XDP_ATTACH_NATIVE,
		.aligned = aligned,
		.chunk_bytes = chunk_bytes,
		.mtu = whole_chunk_mtu(chunk_bytes),
		.frames = 5000,
		.header_bytes = HEADER,
		.why = NOT_BOUNCED,
		.laid_out = aligned,
	};
}

/* A chunk size that is no power of two. */
CASE(11, unaligned_chunks_of_3000_are_used_to_the_last_byte_native)
{
	const struct placement p = whole_chunks(false, 3000);

	place(&p);
}

CASE(11, unaligned_chunks_of_3000_are_used_to_the_last_byte_generic)
{
	place_generic(whole_chunks(false, 3000));
}

CASE(11, aligned_chunks_of_2048_are_exact_native)
{
	const struct placement p = whole_chunks(true, 2048);

	place(&p);
}

CASE(11, aligned_chunks_of_2048_are_exact_generic)
{
	place_generic(whole_chunks(true, 2048));
}

CASE(11, aligned_chunks_of_4096_are_exact_native)
{
	struct placement p = whole_chunks(true, 4096);

	p.mtu = 3500; /* native XDP on veth ends at 3506 */
	place(&p);
}

CASE(11, aligned_chunks_of_4096_are_exact_generic)
{
	place_generic(whole_chunks(true, 4096));
}

/* ---- Bounced -------------------------------------------------------------------------------------- */

/* Enough for these frames, not for what the kernel may write. */
static struct placement too_small(void)
{
	struct placement p = unaligned;

	p.max_frame_bytes = 1518;
	p.capacity_bytes = 1514;
	p.why = NET_XDP_RX_BOUNCE_CAPACITY;
	return p;
}

CASE(11, too_small_buffers_bounce_10000_frames_exactly_and_are_counted_native)
{
	const struct placement p = too_small();

	place(&p);
}

CASE(11, too_small_buffers_bounce_10000_frames_exactly_and_are_counted_generic)
{
	place_generic(too_small());
}

CASE(11, misplaced_buffers_of_aligned_chunks_bounce_and_are_counted)
{
	place(&(struct placement){
		.attach = NET_XDP_ATTACH_NATIVE,
		.aligned = true,
		.chunk_bytes = 2048,
		.mtu = 1500,
		.frames = FRAMES,
		.header_bytes = HEADER,
		.why = NET_XDP_RX_BOUNCE_PLACE,
	});
}

/* The tag is handed over in the header gap, and this gap has no room for it. */
CASE(11, small_header_gaps_bounce_with_rx_vlan_and_are_counted)
{
	place(&(struct placement){
		.attach = NET_XDP_ATTACH_NATIVE,
		.chunk_bytes = 2048,
		.mtu = 1500,
		.frames = 4000,
		.header_bytes = 4,
		.why = NET_XDP_RX_BOUNCE_GAP,
		.rx_vlan = true,
	});
}

/* ---- Memory as it is ------------------------------------------------------------------------------ */

static void start_as_is(struct rx_rig *r)
{
	struct net_xdp_config *c = &r->x.config;
	struct net_xdp_region region = {
		.guest_addr = FRONTEND_BASE,
		.size_bytes = r->x.f.regions[0].size_bytes,
		.fd = -1,
		.memory = r->x.f.regions[0].bytes,
	};
	int rc;

	c->memory_as_is = true;
	c->regions = &region;
	c->region_count = 1;
	rc = net_xdp_open(c, &r->x.ep, &r->x.err);
	cr_assert(rc == 0, "%s: %s", r->x.err.step, r->x.err.message);
	frontend_xdp_start(&r->x, 1, 0);
}

/* On small pages, and until a bind has said otherwise, zero copy's would apply to auto as well. */
static void no_page_rule(struct net_xdp_config *c)
{
	if (fixture_is_veth())
		c->mode = NET_XDP_MODE_COPY;
}

/* The private area is in the frontend's memory, but it is ours. */
static void allow_private(struct rx_rig *r)
{
	uint64_t bytes = net_xdp_private_bytes(&r->x.config);

	frontend_allow(&r->x.f, FRONTEND_BASE + r->x.f.regions[0].size_bytes - bytes, bytes);
}

/* At the window's edge the chunk around a frame would begin in front of the UMEM: no guard page is
 * there when the memory is taken as it is. */
CASE(11, buffers_at_the_window_edge_bounce_and_are_counted)
{
	enum { COUNT = 1000 };
	uint32_t id = 0, edge, capacity;
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	rx_rig_memory(&r, 2 << 20, 16); /* little, for all of it is compared each time */
	r.x.config.max_queues = 1;
	r.x.config.private_rx_chunks = r.x.config.private_tx_frames = 64;
	no_page_rule(&r.x.config);
	edge = net_xdp_frame_offset(&r.x.config);
	capacity = net_xdp_direct_capacity(&r.x.config);
	start_as_is(&r);
	frontend_poison(&r.x.f, 1);
	for (uint32_t n = 0; n < COUNT; n++) {
		uint64_t at = n % (edge - HEADER), len = rx_rig_len(n, 14, 1514);

		frontend_set_buffer(&r.x.f, 0, FRONTEND_BASE + at, HEADER, capacity);
		frontend_post(&r.x.f, r.x.queues[0], 0, 1);
		rx_rig_send(&r, (uint32_t)len, n);
		rx_rig_receive(&r, 0, &id, 1);
		rx_rig_expect(&r, id, (uint32_t)len, n);
		rx_rig_allow(&r, id);
		allow_private(&r);
		expect_only_frames_changed(&r);
	}
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_BOUNCE_WINDOW) == COUNT);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_BOUNCED) == COUNT);
	/* One byte further on the chunk fits. */
	frontend_set_buffer(&r.x.f, 0, FRONTEND_BASE + edge - HEADER, HEADER, capacity);
	frontend_post(&r.x.f, r.x.queues[0], 0, 1);
	rx_rig_send(&r, 1514, COUNT);
	rx_rig_receive(&r, 0, &id, 1);
	rx_rig_expect(&r, id, 1514, COUNT);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_DIRECT) == 1);
	rx_rig_balance(&r, COUNT + 1);
	rx_rig_close(&r);
}

CASE(11, memory_as_it_is_takes_frames_at_odd_addresses_directly)
{
	const struct placement p = {
		.attach = NET_XDP_ATTACH_NATIVE,
		.chunk_bytes = 2048,
		.mtu = 1500,
		.frames = 5000,
		.header_bytes = HEADER,
		.why = NOT_BOUNCED,
		.as_is = true,
	};
	struct rx_rig r;

	placement_start(&r, &p);
	no_page_rule(&r.x.config);
	/* The first buffer would be the one at the edge. */
	frontend_set_buffer(&r.x.f, 0, FRONTEND_BASE + net_xdp_frame_offset(&r.x.config) - HEADER,
			    HEADER, net_xdp_direct_capacity(&r.x.config));
	start_as_is(&r);
	run(&r, &p);
	allow_private(&r);
	expect_only_frames_changed(&r);
	expect_reason(&r, &p);
	rx_rig_close(&r);
}
