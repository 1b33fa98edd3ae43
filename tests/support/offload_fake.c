// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <string.h>

#include "support/offload_fake.h"

#define STRIDE (1u << 19) /* from one packet of a list to the next */

void offload_open(struct offload_fake *o, struct offload_way way, struct net_xdp_config config)
{
	config.unaligned = !way.aligned;
	config.sealed = way.sealed;
	config.mode = way.zero_copy ? NET_XDP_MODE_AUTO : NET_XDP_MODE_COPY;
	if (way.software)
		config.tx_checksum = NET_XDP_TX_CHECKSUM_SOFTWARE;
	o->dice = frame_random(11);
	o->held_count = 0;
	tx_fake_open(&o->t, config);
	queue_set_zero_copy(&o->t.k.queue, way.zero_copy);
	o->t.k.endpoint.attached.device.has_features = true;
	if (way.zero_copy && !way.software) { /* a driver that adds up */
		o->t.k.endpoint.attached.device.xsk_features = XSK_FEATURE_TX_CHECKSUM;
		o->t.k.endpoint.memory.tx_request_bytes = XSK_TX_REQUEST_BYTES;
	}
	queue_set_tx(&o->t.k.queue, way.descriptors ? way.descriptors : XDP_COPY_TX_DESCRIPTORS);
}

void offload_start(struct offload_fake *o, struct offload_way way)
{
	offload_open(o, way, net_xdp_config_default());
}

/* The kernel completes all that it took, in any order. */
static void complete_all(struct offload_fake *o)
{
	while (o->held_count) {
		const uint32_t i = frame_random_below(&o->dice, o->held_count);

		fake_complete(&o->t.k, o->held[i]);
		o->held[i] = o->held[--o->held_count];
	}
}

void offload_expect_nothing_out(struct offload_fake *o)
{
	struct net_xdp_queue *q = &o->t.k.queue;

	cr_assert_eq(inflight_count(&q->tx_inflight), 0);
	cr_assert_eq(q->tx_headers.free_count, q->tx_headers.slots);
	cr_assert_eq(q->tx_private.free_count, q->tx_private.slots);
	cr_assert_eq(q->tx_records.free_count, q->tx_records.size);
}

struct net_tx_metadata *offload_place(struct offload_fake *o, uint32_t id, uint32_t segments)
{
	struct net_tx_metadata *meta = frontend_list_packet(&o->t.list, id);
	uint64_t addr = FRONTEND_BASE + STRIDE * (o->t.list.packet_count - 1) + 4096 +
			frame_random_below(&o->dice, 8192);
	uint32_t at = 0;

	for (uint32_t i = 0; i < segments; i++) {
		const uint32_t left = o->packet.len - at;
		const uint32_t most = 2 * left / (segments - i) + 1;
		const uint32_t n = i + 1 == segments ? left : frame_random_below(&o->dice, most);

		memcpy(frontend_at(&o->t.f, addr, n + 1), o->packet.bytes + at, n);
		frontend_allow(&o->t.f, addr, n + 1);
		frontend_list_segment(&o->t.list, n ? addr : UINT64_MAX, n);
		at += n;
		addr += n + frame_random_below(&o->dice, 5000);
	}
	return meta;
}

struct net_tx_metadata *offload_add(struct offload_fake *o, const struct segment_spec *spec,
				    enum segment_style style, uint32_t id, uint32_t segments)
{
	struct net_tx_metadata *meta, asked;

	segment_oracle_whole(&o->packet, spec);
	segment_apply(&o->packet, spec, style);
	asked = segment_request(&o->packet, spec).meta;
	meta = offload_place(o, id, segments);
	asked.id = id;
	asked.len_bytes = meta->len_bytes;
	asked.segment_count = meta->segment_count;
	*meta = asked;
	return meta;
}

/* Zero-copy drivers look at what lies in front of a packet whether its descriptor has XDP_TX_METADATA or not
 * (xsk_buff_get_metadata()). */
static void expect_no_stale_request(struct offload_fake *o, const char *what)
{
	struct xsk_tx_request request;

	memcpy(&request, o->t.k.endpoint.memory.base + o->t.packet.address[0] - sizeof(request),
	       sizeof(request));
	cr_assert_eq(request.flags, o->t.packet.requests ? XDP_TXMD_FLAGS_CHECKSUM : 0, "%s", what);
}

/* The next packet on the wire is the oracle's; what the kernel adds up to 0 is the same as 0xffff. */
static void expect_wire(struct offload_fake *o, struct segment_oracle *oracle, const char *what)
{
	const struct fake_packet *got = &o->t.packet;
	char why[FRAME_WHY_BYTES];

	cr_assert(segment_oracle_next(oracle, &o->want), "%s: more than there should be", what);
	cr_assert(
		fake_transmit(&o->t.k, &o->t.packet),
		"%s: less than there should be; dropped: list %lu, size %lu, address %lu, request %lu, "
		"sealed %lu",
		what, tx_fake_counter(&o->t, NET_XDP_TX_DROP_MALFORMED),
		tx_fake_counter(&o->t, NET_XDP_TX_DROP_SIZE),
		tx_fake_counter(&o->t, NET_XDP_TX_DROP_ADDRESS),
		tx_fake_counter(&o->t, NET_XDP_TX_DROP_OFFLOAD),
		tx_fake_counter(&o->t, NET_XDP_TX_DROP_SEALED));
	if (got->requests && frame_read16(o->want.bytes, o->want.l4_field) == 0)
		frame_write16(o->want.bytes, o->want.l4_field, 0xffff);
	cr_assert(frame_equal(got->bytes, got->len, o->want.bytes, o->want.len, why), "%s: %s",
		  what, why);
	expect_no_stale_request(o, what);
	cr_assert_leq(o->held_count + got->descriptors, OFFLOAD_FAKE_HELD);
	for (uint32_t i = 0; i < got->descriptors; i++)
		o->held[o->held_count++] = got->address[i];
}

static void expect_id(struct offload_fake *o, uint32_t id)
{
	uint32_t ids[4];
	const int count = net_queue_tx_poll(o->t.q, &o->t.f.pool, ids, 4);

	cr_assert_eq(count, 1, "packet %u: %d completions", id, count);
	cr_assert_eq(ids[0], id);
}

uint32_t offload_send(struct offload_fake *o, const struct segment_spec *spec,
		      enum segment_style style, uint32_t id, uint32_t segments)
{
	struct segment_oracle oracle = segment_oracle_start(spec);
	char what[32];
	uint32_t pieces = 0;

	snprintf(what, sizeof(what), "packet %u", id);
	frontend_list_clear(&o->t.list);
	offload_add(o, spec, style, id, segments);
	cr_assert_eq(tx_fake_offer(&o->t, 0), o->t.list.count, "%s is left", what);
	for (; !oracle.is_done; pieces++)
		expect_wire(o, &oracle, what);
	cr_assert_not(fake_transmit(&o->t.k, &o->t.packet), "%s: more on the wire", what);
	complete_all(o);
	expect_id(o, id);
	return pieces;
}

void offload_expect_dropped(struct offload_fake *o, enum net_xdp_counter why, uint32_t id)
{
	const uint64_t before = tx_fake_counter(&o->t, why);

	cr_assert_eq(tx_fake_offer(&o->t, 0), o->t.list.count);
	cr_assert_not(fake_transmit(&o->t.k, &o->t.packet), "it was sent");
	cr_assert_eq(tx_fake_counter(&o->t, why), before + 1);
	expect_id(o, id);
	offload_expect_nothing_out(o);
}

void offload_expect_completed(struct offload_fake *o, uint32_t id)
{
	while (fake_transmit(&o->t.k, &o->t.packet))
		tx_fake_complete(&o->t);
	fake_settle(&o->t.k);
	expect_id(o, id);
}
