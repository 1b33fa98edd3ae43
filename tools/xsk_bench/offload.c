/* SPDX-License-Identifier: BSD-2-Clause */
#include "offload.h"

#include <errno.h>
#include <stdio.h>

#include "common/error.h"

#define TAG_BYTES 4

uint32_t offload_frame_bytes(const struct options *opt)
{
	if (opt->frame_bytes)
		return opt->frame_bytes;
	if (opt->ipv6)
		return FRAME_MIN_BYTES6;
	return opt->checksum ? packet_least_bytes(opt->l4 == BENCH_L4_TCP) : FRAME_MIN_BYTES;
}

uint32_t offload_most_bytes(uint32_t mtu_bytes)
{
	return mtu_bytes + FRAME_IP_AT + TAG_BYTES;
}

/* The receiver finds in each piece what it needs, also in the last. */
static int check_last(const struct packet_shape *s, struct net_error *err)
{
	uint32_t last = packet_piece_bytes(s, s->pieces - 1);

	if (last >= PACKET_STAMP_BYTES)
		return 0;
	return error_fill(
		err, -EINVAL, "segment",
		"--segment: pieces of %u leave %u bytes for the last of %u, which needs %u; "
		"use --segment %u,%u",
		s->piece_bytes, last, s->len_bytes, PACKET_STAMP_BYTES, s->len_bytes - last,
		s->piece_bytes);
}

int offload_shape(const struct options *opt, const struct port *p, struct packet_shape *out,
		  struct net_error *err)
{
	bool tcp = opt->l4 == BENCH_L4_TCP;
	uint32_t header = packet_header_bytes(tcp), least = packet_least_bytes(tcp);
	uint32_t frame = p->device.mtu_bytes + FRAME_IP_AT, piece = opt->piece_bytes;

	if (!opt->segment_bytes) {
		*out = (struct packet_shape){.len_bytes = offload_frame_bytes(opt), .pieces = 1};
		if (opt->checksum)
			*out = packet_shape_of(tcp, out->len_bytes, 0);
		return 0;
	}
	if (frame > OPTIONS_MAX_FRAME)
		frame = OPTIONS_MAX_FRAME;
	if (opt->segment_bytes < least || (piece && piece < PACKET_STAMP_BYTES))
		return error_fill(err, -EINVAL, "segment",
				  "--segment: a packet has at least %u bytes and a piece at least "
				  "%u of payload, which the receiver needs",
				  least, PACKET_STAMP_BYTES);
	if (frame < least || piece > frame - header)
		return error_fill(
			err, -EINVAL, "segment",
			"--segment: pieces of %u are too long for %s, whose MTU is %u; at "
			"most %u",
			piece, p->ifname, p->device.mtu_bytes, frame < header ? 0 : frame - header);
	*out = packet_shape_of(tcp, opt->segment_bytes, piece ? piece : frame - header);
	return check_last(out, err);
}

uint32_t offload_wire_bytes(const struct packet_shape *s)
{
	return s->pieces > 1 ? s->header_bytes + s->piece_bytes : s->len_bytes;
}

uint64_t offload_all_bytes(const struct options *opt, const struct packet_shape *s)
{
	uint64_t tags = opt->vlan ? (uint64_t)s->pieces * TAG_BYTES : 0;

	return s->len_bytes + (uint64_t)(s->pieces - 1) * s->header_bytes + tags;
}

static uint16_t flags_of(const struct options *opt)
{
	bool tcp = opt->l4 == BENCH_L4_TCP;
	uint32_t flags = 0;

	/* Who cuts a packet writes each piece's checksums. */
	if (options_packet(opt))
		flags |= NET_TX_IPV4 | NET_TX_IP_CHECKSUM |
			 (tcp ? NET_TX_TCP_CHECKSUM : NET_TX_UDP_CHECKSUM);
	if (opt->segment_bytes)
		flags |= tcp ? NET_TX_TCP_SEGMENTATION : NET_TX_UDP_SEGMENTATION;
	if (opt->vlan)
		flags |= NET_TX_VLAN;
	return (uint16_t)flags;
}

struct net_tx_metadata offload_request(const struct options *opt, const struct packet_shape *s)
{
	struct net_tx_metadata m = {
		.len_bytes = s->len_bytes,
		.segment_count = 1,
		.flags = flags_of(opt),
		.vlan_tci = opt->vlan_tci,
	};

	if (options_packet(opt)) {
		m.l2_len_bytes = FRAME_IP_AT;
		m.l3_len_bytes = FRAME_L4_AT - FRAME_IP_AT;
		m.l4_len_bytes = (uint8_t)(s->header_bytes - FRAME_L4_AT);
	}
	if (opt->segment_bytes)
		m.max_segment_bytes = (uint16_t)s->piece_bytes;
	return m;
}

static int check_pieces(const struct options *opt, const struct port *p,
			const struct packet_shape *s, struct net_error *err)
{
	uint32_t most = p->facts.tx_max_pieces;

	if (opt->mode != BENCH_TX || s->pieces == 1 || s->pieces <= most)
		return 0;
	return error_fill(err, -EOPNOTSUPP, "offload",
			  "--segment: %u bytes are %u pieces of %u, and this endpoint on %s cuts a "
			  "packet into at most %u; use %sat most --segment %u,%u",
			  s->len_bytes, s->pieces, s->piece_bytes, p->ifname, most,
			  most == opt->ring ? "a larger --ring or " : "",
			  s->header_bytes + most * s->piece_bytes, s->piece_bytes);
}

int offload_check(const struct options *opt, const struct port *p, const struct packet_shape *s,
		  struct net_error *err)
{
	static const struct {
		uint32_t flag;
		const char *option, *what;
	} rows[] = {
		{NET_TX_TCP_SEGMENTATION, "--segment", "cuts no TCP packets"},
		{NET_TX_UDP_SEGMENTATION, "--segment --l4 udp", "cuts no UDP packets"},
		{NET_TX_IP_CHECKSUM, "--checksum", "fills in no IPv4 checksums"},
		{NET_TX_TCP_CHECKSUM, "--checksum --l4 tcp", "fills in no TCP checksums"},
		{NET_TX_UDP_CHECKSUM, "--checksum", "fills in no UDP checksums"},
		{NET_TX_VLAN, "--vlan", "inserts no tags"},
	};
	uint32_t missing = opt->mode == BENCH_TX ? flags_of(opt) & ~p->facts.tx_flags : 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (missing & rows[i].flag)
			return error_fill(err, -EOPNOTSUPP, "offload",
					  "%s: this endpoint on %s %s%s; leave out %s",
					  rows[i].option, p->ifname, rows[i].what,
					  opt->sealed ? " with --sealed" : "",
					  opt->sealed ? "one of the two" : rows[i].option);
	return check_pieces(opt, p, s, err);
}
