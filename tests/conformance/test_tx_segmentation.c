// SPDX-License-Identifier: BSD-2-Clause
/*
 * Packets that are to be cut, through a real queue: what is on the wire is the reference segmenter's, byte for
 * byte, and between them packets that ask for nothing keep their place. A checksum that the kernel left to its
 * receiver is completed by the peer.
 */
#include "support/conformance.h"
#include "support/segment_rig.h"

enum { TCP = 6, UDP = 17, PACKETS = 60, PLAIN = 1000 };

/* How a queue adds up. */
struct way {
	bool unaligned;
	enum net_xdp_tx_checksum by;
};

/* What was on the wire. */
struct sent {
	uint32_t cut, wire, plain;
	uint64_t bytes;
};

static struct frame_random dice;

static void start(struct tx_rig *r, struct way w)
{
	dice = frame_random(67);
	segment_rig_start(r, w.unaligned, w.by);
}

/* Send one packet in so many segments, a plain one behind every third, and see them on the wire. */
static void send_one(struct tx_rig *r, const struct segment_spec *spec, uint32_t segments,
		     struct sent *s)
{
	const uint32_t id = s->cut, plain = 60 + id % 1000;

	frontend_list_clear(&r->list);
	segment_rig_add(r, id, spec, (enum segment_style)(id % SEGMENT_STYLES), segments);
	if (id % 3 == 0)
		tx_rig_add(r, PLAIN + id, plain, 1 + id % 4);
	segment_rig_send(r);
	s->cut++;
	s->wire += segment_rig_expect(r, id, spec, &s->bytes);
	if (id % 3)
		return;
	segment_rig_expect_plain(r, PLAIN + id, plain);
	s->plain++;
	s->bytes += plain;
}

/* Nothing else is on the wire, and the counters agree. Each wire packet is counted by the way it went. */
static void expect_counters(struct tx_rig *r, struct way w, const struct sent *s)
{
	static const enum net_xdp_counter reasons[] = {
		NET_XDP_TX_BOUNCE_SEGMENTS,	NET_XDP_TX_BOUNCE_PAGE,	    NET_XDP_TX_BOUNCE_SHORT,
		NET_XDP_TX_BOUNCE_SEGMENTATION, NET_XDP_TX_BOUNCE_CHECKSUM, NET_XDP_TX_BOUNCE_VLAN,
	};
	uint64_t bounced = 0;

	peer_expect_silence(&r->peer, 20);
	tx_rig_expect_counter(r, NET_XDP_TX_SEGMENTED, s->cut);
	tx_rig_expect_counter(r, NET_XDP_TX_SEGMENTS, s->wire);
	tx_rig_expect_counter(r, NET_XDP_TX_ACCEPTED, s->cut + s->plain);
	tx_rig_expect_counter(r, NET_XDP_TX_PACKETS, s->wire + s->plain);
	tx_rig_expect_counter(r, NET_XDP_TX_BYTES, s->bytes);
	for (uint32_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		bounced += tx_rig_counter(r, reasons[i]);
	tx_rig_expect_counter(r, NET_XDP_TX_BOUNCED, bounced);
	cr_assert_eq(bounced + tx_rig_counter(r, NET_XDP_TX_SPLIT) +
			     tx_rig_counter(r, NET_XDP_TX_DIRECT),
		     s->wire + s->plain);
	cr_assert_eq(tx_rig_counter(r, NET_XDP_TX_SUM_ASKED) +
			     tx_rig_counter(r, NET_XDP_TX_SUM_MADE),
		     s->wire);
	/* Only a kernel that read no request is not asked: on a veth this one does. */
	if (w.by == NET_XDP_TX_CHECKSUM_SOFTWARE || !w.unaligned)
		tx_rig_expect_counter(r, NET_XDP_TX_SUM_ASKED, 0);
	else if (fixture_is_veth())
		tx_rig_expect_counter(r, NET_XDP_TX_SUM_MADE, 0);
}

static void random_packets(uint8_t protocol, struct way w)
{
	struct sent s = {0};
	struct tx_rig r;

	start(&r, w);
	for (uint32_t id = 0; id < PACKETS; id++) {
		struct segment_spec spec = segment_random(
			&dice, (struct segment_wish){.segmented = true, .payload_most = 60000});

		spec.protocol = protocol;
		segment_rig_fit(&spec);
		send_one(&r, &spec, 1 + frame_random_below(&dice, 28), &s);
	}
	expect_counters(&r, w, &s);
	tx_rig_close(&r);
}

/* Payloads around multiples of the mss: FIN, PSH and CWR have their piece, ids and sequence wrap around. */
static void lengths(struct tx_rig *r, uint8_t ip_version, uint8_t protocol, uint16_t mss,
		    struct sent *s)
{
	const uint32_t payloads[] = {
		0, 1, mss - 1u, mss, mss + 1u, 2u * mss, 40u * mss + 7 % mss,
	};

	for (uint32_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++) {
		struct segment_spec spec = segment_plain(ip_version, protocol, payloads[i], mss);

		spec.tcp_flags = 0x99; /* CWR, ACK, PSH, FIN */
		spec.has_vlan = i % 2;
		spec.vlan_tci = 0xefff;
		send_one(r, &spec, 1 + payloads[i] % 20, s);
	}
}

static void chosen_packets(uint8_t protocol, struct way w)
{
	const uint16_t sizes[] = {1, 2, 7, 536, 1447};
	struct sent s = {0};
	struct tx_rig r;

	start(&r, w);
	for (uint8_t version = 4; version <= 6; version += 2) {
		struct segment_spec spec = segment_plain(version, protocol, 100, 100);
		const uint32_t headers = segment_rig_headers(&spec);
		const uint16_t most = (uint16_t)(SEGMENT_RIG_LONGEST - headers);

		for (uint32_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
			lengths(&r, version, protocol, sizes[i] < most ? sizes[i] : most, &s);
		lengths(&r, version, protocol, most, &s);
		/* as long as IP can say */
		spec = segment_plain(version, protocol, 65535 + 14 - headers, most);
		send_one(&r, &spec, 20, &s);
	}
	expect_counters(&r, w, &s);
	tx_rig_close(&r);
}

static const struct way asked = {true, NET_XDP_TX_CHECKSUM_AUTO},
			software = {true, NET_XDP_TX_CHECKSUM_SOFTWARE},
			aligned = {false, NET_XDP_TX_CHECKSUM_AUTO},
			aligned_software = {false, NET_XDP_TX_CHECKSUM_SOFTWARE};

// 67: TCP segmentation: each wire packet equal to a reference segmenter's, one completion
CASE(67, tcp_packets_are_cut_as_the_reference_cuts_them)
{
	random_packets(TCP, asked);
}

CASE(67, tcp_packets_are_cut_with_sums_in_software)
{
	random_packets(TCP, software);
}

CASE(67, tcp_packets_are_cut_in_aligned_chunks)
{
	random_packets(TCP, aligned);
}

CASE(67, tcp_packets_around_multiples_of_the_mss)
{
	chosen_packets(TCP, asked);
}

CASE(67, tcp_packets_around_multiples_of_the_mss_with_sums_in_software)
{
	chosen_packets(TCP, software);
}

CASE(67, tcp_packets_around_multiples_of_the_mss_in_aligned_chunks)
{
	chosen_packets(TCP, aligned_software);
}

// 68: UDP segmentation: likewise
CASE(68, udp_packets_are_cut_as_the_reference_cuts_them)
{
	random_packets(UDP, asked);
}

CASE(68, udp_packets_are_cut_with_sums_in_software)
{
	random_packets(UDP, software);
}

CASE(68, udp_packets_are_cut_in_aligned_chunks)
{
	random_packets(UDP, aligned);
}

CASE(68, udp_packets_around_multiples_of_the_mss)
{
	chosen_packets(UDP, asked);
}

CASE(68, udp_packets_around_multiples_of_the_mss_with_sums_in_software)
{
	chosen_packets(UDP, software);
}

CASE(68, udp_packets_around_multiples_of_the_mss_in_aligned_chunks)
{
	chosen_packets(UDP, aligned_software);
}
