// SPDX-License-Identifier: BSD-2-Clause
/* Sealed, our mapping of the frontend's memory is inaccessible: who reads a byte through it ends the test. The
 * frontend is asked for headers, and for nothing else. */
#include <string.h>

#include "support/conformance.h"
#include "support/segment_rig.h"

enum { TCP = 6, UDP = 17, PACKETS = 60, SEGMENTS = 8, NEIGHBOUR = 1000 };

static struct segment_packet packet;
static struct frame_random dice;

/* ---- The frontend --------------------------------------------------------------------------------------- */

/* Where the headers of the packet lie that is sent next, one part in each segment. */
static struct {
	uint64_t addr;
	uint32_t len;
} headers[SEGMENTS];
static uint32_t header_parts, bytes_asked, calls;
static bool refuses;

static const struct net_buffer_access_ops *ops_below;
static struct net_buffer_access_ops ops;

static void *memory(struct net_buffer_access *pool, uint64_t addr, uint32_t len)
{
	bool inside = false;

	for (uint32_t i = 0; i < header_parts; i++)
		inside |= addr >= headers[i].addr && addr + len <= headers[i].addr + headers[i].len;
	cr_assert(inside, "%u bytes at 0x%llx: not headers", len, (unsigned long long)addr);
	bytes_asked += len;
	calls++;
	return refuses ? NULL : ops_below->memory(pool, addr, len);
}

static void start(struct tx_rig *r)
{
	const char *state;

	tx_rig_prepare(r, 1, 2000);
	r->x.config.sealed = true;
	tx_rig_start(r, 1);
	dice = frame_random(70);
	ops_below = r->x.f.pool.ops;
	ops = *ops_below;
	ops.memory = memory;
	r->x.f.pool.ops = &ops;
	header_parts = bytes_asked = calls = 0;
	refuses = false;
	state = frontend_xdp_report(&r->x, 0).tx_checksum_state;
	cr_assert(strncmp(state, "kernel", 6) == 0, "%s", state);
	cr_assert(frontend_xdp_report(&r->x, 0).sealed);
}

static void finish(struct tx_rig *r)
{
	r->x.f.pool.ops = ops_below;
	tx_rig_close(r);
}

/* The list has one packet. len: how many bytes of it are headers. */
static void allow_headers(struct tx_rig *r, uint32_t len)
{
	const struct net_tx_segment *s = r->list.segments;

	for (header_parts = 0; len; header_parts++, s++) {
		const uint32_t n = s->len_bytes < len ? s->len_bytes : len;

		cr_assert(header_parts < SEGMENTS);
		headers[header_parts].addr = s->addr;
		headers[header_parts].len = n;
		len -= n;
	}
}

/* Send the packet of the list, and see it on the wire. Return: wire packets. */
static uint32_t send_one(struct tx_rig *r, uint32_t id, const struct segment_spec *spec)
{
	const uint32_t before = bytes_asked, len = segment_rig_headers(spec);
	uint64_t bytes = 0;
	uint32_t wire;

	allow_headers(r, len);
	segment_rig_send(r);
	cr_assert(bytes_asked > before && bytes_asked <= before + len,
		  "packet %u: %u bytes were asked for, %u are headers", id, bytes_asked - before,
		  len);
	wire = segment_rig_expect(r, id, spec, &bytes);
	frontend_list_clear(&r->list);
	return wire;
}

/* Nothing but that was sent, all of it split, and summed by the kernel. */
static void expect_counters(struct tx_rig *r, uint32_t wire)
{
	static const enum net_xdp_counter none[] = {
		NET_XDP_TX_BOUNCED,	 NET_XDP_TX_DIRECT,	  NET_XDP_TX_SUM_MADE,
		NET_XDP_TX_DROP_ADDRESS, NET_XDP_TX_DROP_OFFLOAD, NET_XDP_TX_DROP_SEALED,
		NET_XDP_TX_DROP_SIZE,	 NET_XDP_TX_LOST,
	};

	peer_expect_silence(&r->peer, 20);
	tx_rig_expect_counter(r, NET_XDP_TX_SPLIT, wire);
	tx_rig_expect_counter(r, NET_XDP_TX_SUM_ASKED, wire);
	tx_rig_expect_counter(r, NET_XDP_TX_PACKETS, wire);
	for (uint32_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		tx_rig_expect_counter(r, none[i], 0);
}

// 70: offloaded packets leave the memory as it is; sealed: asks for headers only, reads no payload
CASE(70, sealed_packets_are_cut_and_no_byte_of_the_payload_is_read)
{
	uint32_t wire = 0;
	struct tx_rig r;

	NEEDS_VETH("a kernel that adds up");
	start(&r);
	for (uint32_t id = 0; id < PACKETS; id++) {
		struct segment_spec spec = segment_random(
			&dice, (struct segment_wish){.segmented = true, .payload_most = 65535});

		segment_rig_fit(&spec);
		spec.has_vlan = spec.tag_count == 0 && id % 2;
		segment_rig_add(&r, id, &spec, (enum segment_style)(id % SEGMENT_STYLES),
				1 + frame_random_below(&dice, 8));
		wire += send_one(&r, id, &spec);
	}
	tx_rig_expect_counter(&r, NET_XDP_TX_SEGMENTED, PACKETS);
	expect_counters(&r, wire);
	finish(&r);
}

/* The request for a checksum by its place instead of by protocol. */
static void by_place(struct net_tx_metadata *meta, const struct segment_spec *spec)
{
	segment_oracle_whole(&packet, spec);
	meta->flags &= (uint16_t) ~(NET_TX_TCP_CHECKSUM | NET_TX_UDP_CHECKSUM);
	meta->flags |= NET_TX_PARTIAL_CHECKSUM;
	meta->checksum_start_bytes = (uint16_t)(packet.l2_len + packet.l3_len);
	meta->checksum_field_bytes = (uint16_t)(packet.l4_field - meta->checksum_start_bytes);
}

CASE(70, sealed_checksums_and_tags_are_filled_in_and_no_byte_of_the_payload_is_read)
{
	uint32_t tags = 0;
	struct tx_rig r;

	NEEDS_VETH("a kernel that adds up");
	start(&r);
	for (uint32_t id = 0; id < PACKETS; id++) {
		struct segment_spec spec =
			segment_random(&dice, (struct segment_wish){.payload_most = 1200});
		struct net_tx_metadata *meta;

		segment_rig_fit(&spec);
		spec.mss = 0;
		spec.padding_bytes = 0;
		spec.has_vlan = spec.tag_count == 0 && id % 2;
		tags += spec.has_vlan;
		meta = segment_rig_add(&r, id, &spec, SEGMENT_PSEUDO,
				       1 + frame_random_below(&dice, 8));
		if (id % 3 == 0)
			by_place(meta, &spec);
		cr_assert_eq(send_one(&r, id, &spec), 1);
	}
	cr_assert_geq(tags, 5);
	tx_rig_expect_counter(&r, NET_XDP_TX_VLAN, tags);
	expect_counters(&r, PACKETS);
	finish(&r);
}

/* ---- What cannot be ------------------------------------------------------------------------------------- */

/* The packet of the list is dropped, the one behind it arrives. */
static void expect_dropped(struct tx_rig *r, const char *what, uint32_t drops)
{
	tx_rig_add(r, NEIGHBOUR, 100, 1);
	segment_rig_send(r);
	segment_rig_expect_plain(r, NEIGHBOUR, 100);
	peer_expect_silence(&r->peer, 20);
	cr_assert_eq(tx_rig_counter(r, NET_XDP_TX_DROP_SEALED), drops, "%s: %llu were dropped",
		     what, (unsigned long long)tx_rig_counter(r, NET_XDP_TX_DROP_SEALED));
	tx_rig_expect_counter(r, NET_XDP_TX_PACKETS, drops);
	tx_rig_expect_counter(r, NET_XDP_TX_SPLIT, 0);
	frontend_list_clear(&r->list);
}

/* A segment of 2000 bytes, and then of 50 each. */
static void add_in_pieces(struct tx_rig *r, uint32_t id, const struct segment_spec *spec)
{
	struct net_tx_metadata *meta = frontend_list_packet(&r->list, id), asked;

	segment_oracle_whole(&packet, spec);
	asked = segment_request(&packet, spec).meta;
	for (uint32_t at = 0, n; at < packet.len; at += n) {
		n = at ? 50 : 2000;
		n = n < packet.len - at ? n : packet.len - at;
		frontend_list_segment(&r->list, tx_rig_place(r, packet.bytes + at, n), n);
	}
	asked.id = id;
	asked.segment_count = meta->segment_count;
	*meta = asked;
}

CASE(70, sealed_packets_whose_payload_would_be_read_are_dropped)
{
	struct segment_spec padded = segment_plain(4, UDP, 100, 0),
			    cut = segment_plain(4, TCP, 4000, 1400);
	struct tx_rig r;

	NEEDS_VETH("a kernel that adds up");
	start(&r);
	padded.padding_bytes = 1; /* the kernel would add that up too */
	segment_rig_add(&r, 1, &padded, SEGMENT_PSEUDO, 1);
	allow_headers(&r, segment_rig_headers(&padded));
	expect_dropped(&r, "padding", 1);

	/* the second wire packet is in more pieces than the kernel takes: the first does not go either */
	add_in_pieces(&r, 2, &cut);
	allow_headers(&r, segment_rig_headers(&cut));
	expect_dropped(&r, "pieces", 2);
	finish(&r);
}

CASE(70, sealed_packets_whose_headers_the_frontend_does_not_serve_are_dropped)
{
	struct segment_spec cut = segment_plain(6, TCP, 60000, 1400),
			    sum = segment_plain(4, UDP, 100, 0);
	struct tx_rig r;

	NEEDS_VETH("a kernel that adds up");
	start(&r);
	refuses = true;
	segment_rig_add(&r, 1, &cut, SEGMENT_ZERO, 2);
	allow_headers(&r, segment_rig_headers(&cut));
	expect_dropped(&r, "memory() has nothing", 1);
	cr_assert_eq(calls, 1);
	ops.memory = NULL;
	segment_rig_add(&r, 2, &cut, SEGMENT_ZERO, 2);
	expect_dropped(&r, "there is no memory()", 2);
	segment_rig_add(&r, 3, &sum, SEGMENT_PSEUDO, 2);
	expect_dropped(&r, "there is no memory(), checksum", 3);
	finish(&r);
}

/* Nobody is there to add up: cutting is not offered. */
CASE(70, sealed_with_sums_in_software_offers_no_segmentation_and_drops_it)
{
	struct segment_spec cut = segment_plain(4, TCP, 20000, 1400);
	struct net_endpoint_facts facts;
	struct tx_rig r;

	tx_rig_prepare(&r, 1, 1500);
	r.x.config.sealed = true;
	r.x.config.tx_checksum = NET_XDP_TX_CHECKSUM_SOFTWARE;
	tx_rig_start(&r, 1);
	net_endpoint_facts(r.x.ep, &facts);
	cr_assert_eq(facts.tx_flags & (NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION), 0);
	segment_rig_add(&r, 1, &cut, SEGMENT_PSEUDO, 1);
	expect_dropped(&r, "sums in software", 1);
	tx_rig_close(&r);
}
