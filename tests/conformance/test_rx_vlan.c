// SPDX-License-Identifier: BSD-2-Clause
/* A tag that the device took out of the frame is in the metadata, and only such a tag. */
#include <string.h>

#include "support/conformance.h"
#include "support/rx_rig.h"

static const struct net_vlan tags[] = {
	{.id = 1},
	{.id = 0, .priority = 3}, /* a priority tag */
	{.id = 4095, .priority = 7, .drop_eligible = 1},
	{.id = 0x5a5, .priority = 2},
	{.id = 100, .drop_eligible = 1},
};

enum { TAGS = sizeof(tags) / sizeof(*tags), BUFFERS = 8, FRAMES = 3 * BUFFERS };

static void vlan_prepare(struct rx_rig *r)
{
	rx_rig_prepare(r, 1, 1500);
	r->x.config.rx_vlan = true;
}

/* Frames whose tag is pushed out of band, into buffers that held others before. */
static void expect_tag(struct rx_rig *r, const struct net_vlan *tag, uint32_t first)
{
	const struct net_rx_metadata *m;
	uint32_t id;

	for (uint32_t n = first; n < first + FRAMES; n++) {
		rx_rig_send(r, rx_rig_len(n, 14, 1514), n);
		rx_rig_receive(r, 0, &id, 1);
		rx_rig_expect(r, id, rx_rig_len(n, 14, 1514), n);
		m = frontend_metadata(&r->x.f, id);
		cr_assert(m->has_vlan == (tag != NULL), "frame %u: has_vlan is %u", n, m->has_vlan);
		if (tag)
			cr_assert(m->vlan_tci == net_vlan_tci(*tag), "tag %04x, want %04x",
				  m->vlan_tci, net_vlan_tci(*tag));
		frontend_post(&r->x.f, r->x.queues[0], id, 1);
	}
}

static void tagged_and_untagged(struct rx_rig *r)
{
	struct net_queue_stats stats;
	uint32_t n = 0;

	expect_tag(r, NULL, n);
	for (uint32_t i = 0; i < TAGS; i++) {
		peer_push_vlan("v1", tags[i]);
		expect_tag(r, &tags[i], n += FRAMES);
		netns_run("tc qdisc del dev v1 clsact");
		/* The tag of the frame before must not be taken for this one's. */
		expect_tag(r, NULL, n += FRAMES);
	}
	net_queue_stats(r->x.queues[0], &stats);
	cr_assert(stats.rx_vlan_packets == TAGS * FRAMES);
	cr_assert(rx_rig_counter(r, NET_XDP_RX_VLAN) == TAGS * FRAMES);
	rx_rig_balance(r, n + FRAMES);
}

/* 21: stripped VLAN is reported, untagged is none */
CASE(21, vlan_stripped_tag_is_reported_and_untagged_is_none)
{
	struct rx_rig r;

	NEEDS_VETH("a device that takes tags out");
	vlan_prepare(&r);
	rx_rig_start(&r, 1, BUFFERS);
	tagged_and_untagged(&r);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_BOUNCED) == 0);
	rx_rig_close(&r);
}

CASE(21, vlan_stripped_tag_is_reported_of_aligned_chunks)
{
	struct rx_rig r;

	NEEDS_VETH("a device that takes tags out");
	vlan_prepare(&r);
	r.x.config.unaligned = false;
	rx_rig_start(&r, 1, BUFFERS);
	tagged_and_untagged(&r);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_BOUNCED) == 0);
	rx_rig_close(&r);
}

CASE(21, vlan_stripped_tag_is_reported_of_bounced_frames)
{
	struct rx_rig r;

	NEEDS_VETH("a device that takes tags out");
	vlan_prepare(&r);
	frontend_layout(&r.x.f, 0, BUFFERS, FRONTEND_BASE + 1, 2001, FRONTEND_XDP_HEADER_BYTES,
			1517);
	rx_rig_start(&r, 1, BUFFERS);
	tagged_and_untagged(&r);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_DIRECT) == 0);
	rx_rig_close(&r);
}

/* In front of the frame only the tag's 8 bytes are written, in the gap that the frontend left. */
CASE(21, vlan_hint_stays_in_the_header_gap)
{
	uint32_t id, len;
	struct rx_rig r;

	NEEDS_VETH("a device that takes tags out");
	vlan_prepare(&r);
	frontend_layout(&r.x.f, 0, 100, FRONTEND_BASE + 1, 2001, 8, 1518);
	rx_rig_start(&r, 1, 100);
	frontend_poison(&r.x.f, 21);
	peer_push_vlan("v1", tags[2]);
	for (uint32_t n = 0; n < 100; n++) {
		len = rx_rig_len(n, 14, 1514);
		rx_rig_send(&r, len, n);
		rx_rig_receive(&r, 0, &id, 1);
		rx_rig_expect(&r, id, len, n);
		frontend_allow(&r.x.f, frontend_frame_addr(&r.x.f, id) - 8, len + 8);
	}
	cr_assert(frontend_first_change(&r.x.f) == 0, "more than the gap was written");
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_DIRECT) == 100);
	rx_rig_close(&r);
}

/* A tag in the frame's bytes stays there, with and without another one out of band. */
static void inline_tags(struct rx_rig *r, const struct net_vlan *pushed)
{
	const struct net_rx_metadata *m;
	struct frame f;
	uint32_t id;

	for (uint32_t n = 0; n < 60; n++) {
		const struct frame_spec spec = {
			.ip_version = n % 2 ? 4 : 6,
			.protocol = 17,
			.vlan_count = (uint8_t)(1 + n / 2 % 2),
			.vlans = {(uint16_t)(0x2000 | n), (uint16_t)(0x5000 | n)},
			.payload_bytes = n * 20,
			.seed = n,
		};

		frame_build(&f, &spec);
		peer_send(&r->peer, f.bytes, f.len);
		rx_rig_receive(r, 0, &id, 1);
		frontend_expect_frame(&r->x.f, id, f.bytes, f.len);
		m = frontend_metadata(&r->x.f, id);
		cr_assert(m->has_vlan == (pushed != NULL), "frame %u: has_vlan %u", n, m->has_vlan);
		cr_assert(!pushed || m->vlan_tci == net_vlan_tci(*pushed));
		frontend_post(&r->x.f, r->x.queues[0], id, 1);
	}
}

CASE(21, vlan_inline_tag_is_untouched)
{
	struct rx_rig r;

	vlan_prepare(&r);
	rx_rig_start(&r, 1, BUFFERS);
	inline_tags(&r, NULL);
	rx_rig_balance(&r, 60);
	rx_rig_close(&r);
}

CASE(21, vlan_inline_tag_behind_a_stripped_one_is_untouched)
{
	struct rx_rig r;

	NEEDS_VETH("a device that takes tags out");
	vlan_prepare(&r);
	rx_rig_start(&r, 1, BUFFERS);
	peer_push_vlan("v1", tags[3]);
	inline_tags(&r, &tags[3]);
	rx_rig_balance(&r, 60);
	rx_rig_close(&r);
}

static void inline_tags_without_rx_vlan(enum net_xdp_attach attach)
{
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	r.x.config.attach = attach;
	rx_rig_start(&r, 1, BUFFERS);
	inline_tags(&r, NULL);
	rx_rig_balance(&r, 60);
	rx_rig_close(&r);
}

CASE(21, vlan_inline_tag_is_untouched_without_rx_vlan_native)
{
	inline_tags_without_rx_vlan(NET_XDP_ATTACH_NATIVE);
}

CASE(21, vlan_inline_tag_is_untouched_without_rx_vlan_generic)
{
	NEEDS_VETH("generic attach");
	inline_tags_without_rx_vlan(NET_XDP_ATTACH_GENERIC);
}

/* Tag and checksum together: two things the library looks at the frame for. */
CASE(21, vlan_and_checksum_are_reported_together)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 333};
	const struct net_rx_metadata *m;
	struct rx_rig r;
	struct frame f;
	uint32_t id;

	NEEDS_VETH("a device that takes tags out");
	vlan_prepare(&r);
	r.x.config.rx_checksum = NET_XDP_RX_CHECKSUM_REPORT;
	rx_rig_start(&r, 1, BUFFERS);
	peer_push_vlan("v1", tags[4]);
	frame_build(&f, &spec);
	frame_write16(f.bytes, f.l4_field, frame_pseudo_sum(&f));
	peer_send_partial(&r.peer, f.bytes, f.len, (uint16_t)(f.l2_len + f.l3_len), 6);
	rx_rig_receive(&r, 0, &id, 1);
	frontend_expect_frame(&r.x.f, id, f.bytes, f.len);
	m = frontend_metadata(&r.x.f, id);
	cr_assert(m->has_vlan && m->vlan_tci == net_vlan_tci(tags[4]));
	cr_assert(m->l4_checksum == NET_CHECKSUM_PARTIAL && m->l4_protocol == NET_L4_UDP);
	cr_assert(m->ip_checksum == NET_CHECKSUM_GOOD);
	rx_rig_close(&r);
}
