// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the metadata says of checksums. A local veth peer leaves the transport checksum to hardware
 * that does not exist: the field holds the pseudo-header's sum only, and a frontend has to be told.
 * With generic attach such a frame may be several packets joined, and nothing is claimed of it.
 */
#include <string.h>

#include "support/conformance.h"
#include "support/rx_rig.h"

enum kind { RIGHT, PARTIAL, WRONG_FIELD, WRONG_DATA, WRONG_IP, KINDS };

static void checksum_start(struct rx_rig *r, enum net_xdp_attach attach,
			   enum net_xdp_rx_checksum mode)
{
	rx_rig_prepare(r, 1, 1500);
	r->x.config.attach = attach;
	r->x.config.rx_checksum = mode;
	rx_rig_start(r, 1, 256);
}

/* Break the frame in one way and send it. */
static void send_kind(struct rx_rig *r, struct frame *f, enum kind kind)
{
	uint32_t start = f->l2_len + f->l3_len;

	switch (kind) {
	case PARTIAL:
		if (!fixture_is_veth())
			break; /* the sender's driver fills in what the NIC cannot */
		frame_write16(f->bytes, f->l4_field, frame_pseudo_sum(f));
		peer_send_partial(&r->peer, f->bytes, f->len, (uint16_t)start,
				  (uint16_t)(f->l4_field - start));
		return;
	case WRONG_FIELD:
		f->bytes[f->l4_field] ^= 0x10;
		break;
	case WRONG_DATA:
		f->bytes[start + f->l4_len - 1] ^= 0x40;
		break;
	case WRONG_IP:
		if (f->ip_field)
			f->bytes[f->ip_field + 1] ^= 0x01;
		break;
	default:
		break;
	}
	peer_send(&r->peer, f->bytes, f->len);
}

/* Receive one frame. Return: its metadata; its bytes must be these. */
static struct net_rx_metadata receive_one(struct rx_rig *r, const struct frame *f)
{
	struct net_rx_metadata metadata;
	uint32_t id;

	rx_rig_receive(r, 0, &id, 1);
	frontend_expect_frame(&r->x.f, id, f->bytes, f->len);
	metadata = *frontend_metadata(&r->x.f, id);
	frontend_post(&r->x.f, r->x.queues[0], id, 1);
	return metadata;
}

/* Anything but zeros behind the packet. */
static bool has_trailer(const struct frame *f)
{
	for (uint32_t at = f->l2_len + f->l3_len + f->l4_len; at < f->len; at++)
		if (f->bytes[at])
			return true;
	return false;
}

static uint8_t expected_l4(const struct frame *f, enum kind kind, enum net_xdp_rx_checksum mode)
{
	switch (kind) {
	case PARTIAL:
		if (!fixture_is_veth() || mode == NET_XDP_RX_CHECKSUM_COMPLETE)
			return NET_CHECKSUM_GOOD;
		return has_trailer(f) ? NET_CHECKSUM_UNKNOWN : NET_CHECKSUM_PARTIAL;
	case WRONG_FIELD:
	case WRONG_DATA:
		return NET_CHECKSUM_BAD;
	default:
		return NET_CHECKSUM_GOOD;
	}
}

/* Generic attach: only a right sum over all of the frame shows that nothing was joined. */
static bool may_be_joined(const struct rx_rig *r, const struct frame *f, enum kind kind)
{
	return r->x.config.attach == NET_XDP_ATTACH_GENERIC &&
	       (kind == PARTIAL || kind == WRONG_FIELD || kind == WRONG_DATA ||
		(f->len > 60 + f->l2_len - 14 && f->len > f->l2_len + f->l3_len + f->l4_len));
}

static void check_kind(struct rx_rig *r, const struct frame_spec *spec, enum kind kind)
{
	enum net_xdp_rx_checksum mode = r->x.config.rx_checksum;
	uint8_t ip = NET_CHECKSUM_UNKNOWN, l4 = NET_CHECKSUM_UNKNOWN, protocol = NET_L4_UNKNOWN;
	struct net_rx_metadata m;
	struct frame f;
	bool joined;

	frame_build(&f, spec);
	send_kind(r, &f, kind);
	joined = may_be_joined(r, &f, kind);
	if (mode == NET_XDP_RX_CHECKSUM_COMPLETE && kind == PARTIAL && !joined)
		frame_write16(f.bytes, f.l4_field, frame_l4_checksum(&f));
	if (mode == NET_XDP_RX_CHECKSUM_PARTIAL) {
		/* a payload that was not read is neither good nor bad */
		if (kind == PARTIAL && !joined &&
		    expected_l4(&f, kind, mode) == NET_CHECKSUM_PARTIAL) {
			l4 = NET_CHECKSUM_PARTIAL;
			protocol = spec->protocol == 6 ? NET_L4_TCP : NET_L4_UDP;
		}
	} else if (mode != NET_XDP_RX_CHECKSUM_NONE) {
		protocol = spec->protocol == 6 ? NET_L4_TCP : NET_L4_UDP;
		if (!joined)
			l4 = expected_l4(&f, kind, mode);
		if (spec->ip_version == 4 && !joined)
			ip = NET_CHECKSUM_GOOD;
		if (spec->ip_version == 4 && kind == WRONG_IP)
			ip = NET_CHECKSUM_BAD;
	}
	m = receive_one(r, &f);
	cr_assert(m.ip_checksum == ip && m.l4_checksum == l4 && m.l4_protocol == protocol,
		  "IPv%u protocol %u payload %u tags %u kind %d: ip %u, l4 %u, protocol %u; want "
		  "%u, %u, %u",
		  spec->ip_version, spec->protocol, spec->payload_bytes, spec->vlan_count, kind,
		  m.ip_checksum, m.l4_checksum, m.l4_protocol, ip, l4, protocol);
	cr_assert(!m.has_vlan);
}

/* TCP and UDP over IPv4 and IPv6, with options, inline tags and padding, odd and even lengths. */
static uint32_t check_all(struct rx_rig *r)
{
	static const uint32_t payloads[] = {1, 2, 47, 1000, 1399};
	uint32_t n = 0;

	for (uint32_t i = 0; i < 2 * 2 * 5 * 3; i++) {
		struct frame_spec spec = {
			.ip_version = i % 2 ? 4 : 6,
			.protocol = i / 2 % 2 ? 6 : 17,
			.source_port = 1000,
			.destination_port = (uint16_t)i,
			.payload_bytes = payloads[i / 4 % 5],
			.vlan_count = (uint8_t)(i / 20),
			.vlans = {5, 7},
			.ip_options_bytes = i % 2 ? 8 : 1,
			.padding_bytes = i % 4,
		};

		for (uint32_t kind = 0; kind < KINDS; kind++, n++) {
			spec.seed = n;
			check_kind(r, &spec, (enum kind)kind);
		}
	}
	return n;
}

static void check_mode(enum net_xdp_attach attach, enum net_xdp_rx_checksum mode)
{
	struct rx_rig r;

	checksum_start(&r, attach, mode);
	rx_rig_balance(&r, check_all(&r));
	rx_rig_close(&r);
}

/* 21: checksum unknown without evidence; stripped VLAN reported, untagged is none */
CASE(21, checksum_not_looked_at_is_unknown_always)
{
	check_mode(NET_XDP_ATTACH_NATIVE, NET_XDP_RX_CHECKSUM_NONE);
}

CASE(21, checksum_report_says_good_bad_or_validated_but_wrong_native)
{
	check_mode(NET_XDP_ATTACH_NATIVE, NET_XDP_RX_CHECKSUM_REPORT);
}

CASE(21, checksum_report_says_good_or_nothing_generic)
{
	NEEDS_VETH("generic attach");
	check_mode(NET_XDP_ATTACH_GENERIC, NET_XDP_RX_CHECKSUM_REPORT);
}

CASE(21, checksum_partial_says_partial_or_nothing_native)
{
	check_mode(NET_XDP_ATTACH_NATIVE, NET_XDP_RX_CHECKSUM_PARTIAL);
}

CASE(21, checksum_partial_says_nothing_generic)
{
	NEEDS_VETH("generic attach");
	check_mode(NET_XDP_ATTACH_GENERIC, NET_XDP_RX_CHECKSUM_PARTIAL);
}

CASE(21, checksum_complete_fills_in_what_the_peer_left_out_native)
{
	check_mode(NET_XDP_ATTACH_NATIVE, NET_XDP_RX_CHECKSUM_COMPLETE);
}

CASE(21, checksum_complete_fills_in_nothing_generic)
{
	NEEDS_VETH("generic attach");
	check_mode(NET_XDP_ATTACH_GENERIC, NET_XDP_RX_CHECKSUM_COMPLETE);
}

/* Packets that a local sender has not cut: one frame by generic attach, which nobody sent as such. */
CASE(21, checksum_of_joined_packets_is_unknown_and_left_alone_generic)
{
	struct frame_spec spec = {.ip_version = 4, .payload_bytes = 1200};
	struct net_rx_metadata m;
	struct rx_rig r;
	struct frame f;

	NEEDS_VETH("generic attach");
	checksum_start(&r, NET_XDP_ATTACH_GENERIC, NET_XDP_RX_CHECKSUM_COMPLETE);
	for (uint32_t i = 0; i < 20; i++) {
		spec.seed = i;
		spec.protocol = i % 2 ? 6 : 17;
		frame_build(&f, &spec);
		peer_send_joined(&r.peer, &f, 100);
		m = receive_one(&r, &f);
		cr_assert(m.l4_checksum == NET_CHECKSUM_UNKNOWN, "%u is claimed of 12 packets",
			  m.l4_checksum);
		cr_assert(m.ip_checksum == NET_CHECKSUM_UNKNOWN);
	}
	rx_rig_close(&r);
}

/* Native attach has the peer's stack cut them: twelve frames, each completed. */
CASE(21, checksum_of_packets_that_the_peer_cut_is_completed_native)
{
	struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 1200};
	uint32_t ids[12];
	struct rx_rig r;
	struct frame f;

	NEEDS_VETH("a local sender");
	checksum_start(&r, NET_XDP_ATTACH_NATIVE, NET_XDP_RX_CHECKSUM_COMPLETE);
	frame_build(&f, &spec);
	peer_send_joined(&r.peer, &f, 100);
	rx_rig_receive(&r, 0, ids, 12);
	for (uint32_t i = 0; i < 12; i++) {
		const struct net_rx_metadata *m = frontend_metadata(&r.x.f, ids[i]);

		cr_assert(m->len_bytes == 14 + 20 + 8 + 100);
		cr_assert(m->ip_checksum == NET_CHECKSUM_GOOD &&
			  m->l4_checksum == NET_CHECKSUM_GOOD);
	}
	rx_rig_close(&r);
}

/* The same of frames that are copied by us, and of frames put together from pieces. */
CASE(21, checksum_of_bounced_frames)
{
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	r.x.config.rx_checksum = NET_XDP_RX_CHECKSUM_COMPLETE;
	frontend_layout(&r.x.f, 0, 256, FRONTEND_BASE + 1, 2001, FRONTEND_XDP_HEADER_BYTES, 1517);
	rx_rig_start(&r, 1, 256);
	rx_rig_balance(&r, check_all(&r));
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_DIRECT) == 0);
	rx_rig_close(&r);
}

CASE(21, checksum_of_jumbo_frames)
{
	struct frame_spec spec = {.ip_version = 4, .protocol = 6, .payload_bytes = 8901};
	uint32_t n = 0;
	struct rx_rig r;

	NEEDS_VETH("frames over one chunk");
	rx_rig_prepare(&r, 1, 9000);
	r.x.config.rx_checksum = NET_XDP_RX_CHECKSUM_COMPLETE;
	r.x.config.max_frame_bytes = 9018;
	frontend_layout(&r.x.f, 0, 256, FRONTEND_BASE + 1, 9216, FRONTEND_XDP_HEADER_BYTES, 9018);
	rx_rig_start(&r, 1, 256);
	for (; n < 10 * KINDS; n++) {
		spec.seed = n;
		spec.protocol = n / KINDS % 2 ? 6 : 17;
		spec.ip_version = n / KINDS % 3 ? 4 : 6;
		check_kind(&r, &spec, (enum kind)(n % KINDS));
	}
	rx_rig_balance(&r, n);
	rx_rig_close(&r);
}

/* No evidence, no claim: no checksum to check, no transport header, no IP, a header that lies. */
CASE(21, checksum_without_evidence_is_unknown)
{
	struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 100};
	struct net_rx_metadata m;
	struct rx_rig r;
	struct frame f;

	checksum_start(&r, NET_XDP_ATTACH_NATIVE, NET_XDP_RX_CHECKSUM_COMPLETE);
	for (spec.ip_version = 4; spec.ip_version <= 6; spec.ip_version += 2) {
		frame_build(&f, &spec);
		frame_write16(f.bytes, f.l4_field, 0); /* UDP without a checksum */
		peer_send(&r.peer, f.bytes, f.len);
		m = receive_one(&r, &f);
		cr_assert(m.l4_checksum == NET_CHECKSUM_UNKNOWN && m.l4_protocol == NET_L4_UDP);

		frame_build(&f, &spec); /* longer, says its header, than the frame is */
		frame_write16(f.bytes, f.l2_len + f.l3_len + 4, (uint16_t)(f.l4_len + 1));
		peer_send(&r.peer, f.bytes, f.len);
		m = receive_one(&r, &f);
		cr_assert(m.l4_checksum != NET_CHECKSUM_GOOD, "good over bytes that are not there");
	}
	spec = (struct frame_spec){.ip_version = 4, .protocol = 1, .payload_bytes = 64};
	frame_build(&f, &spec);
	peer_send(&r.peer, f.bytes, f.len);
	m = receive_one(&r, &f);
	cr_assert(m.ip_checksum == NET_CHECKSUM_GOOD && m.l4_checksum == NET_CHECKSUM_UNKNOWN);
	cr_assert(m.l4_protocol == NET_L4_UNKNOWN);

	spec.protocol = 17;
	frame_build(&f, &spec);
	f.bytes[f.l2_len + 6] = 0x20; /* a fragment has only a part of what was summed up */
	frame_write16(f.bytes, f.ip_field, 0);
	frame_write16(f.bytes, f.ip_field, frame_ip_checksum(&f));
	peer_send(&r.peer, f.bytes, f.len);
	m = receive_one(&r, &f);
	cr_assert(m.ip_checksum == NET_CHECKSUM_GOOD && m.l4_checksum == NET_CHECKSUM_UNKNOWN);

	for (f.len = 14; f.len < 80; f.len++) { /* no IP, down to nothing behind the addresses */
		frame_plain(f.bytes, f.len, f.len);
		peer_send(&r.peer, f.bytes, f.len);
		m = receive_one(&r, &f);
		cr_assert(m.ip_checksum == NET_CHECKSUM_UNKNOWN);
		cr_assert(m.l4_checksum == NET_CHECKSUM_UNKNOWN && m.l4_protocol == NET_L4_UNKNOWN);
	}
	rx_rig_close(&r);
}
