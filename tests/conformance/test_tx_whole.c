// SPDX-License-Identifier: BSD-2-Clause
/*
 * Packets that the kernel takes whole, on a real interface. Behind its other end is a bridge with a member that cuts
 * nothing: there the kernel cuts in software, so what comes out behind it is what such a packet becomes on a wire.
 *
 *     v0, the queue ── v1, bridge, w0 without TSO ── w1, the peer
 */
#include <string.h>

#include "support/conformance.h"
#include "support/netns.h"
#include "support/segment_rig.h"

enum { TCP = 6, UDP = 17, LEAST = 8192, PACKETS = 60, PLAIN = 1000 };

static struct frame_random dice;

/* A queue with a default configuration, and the peer on this interface. */
static void start(struct tx_rig *r, const char *peer)
{
	dice = frame_random(31);
	tx_rig_prepare(r, 1, 2000);
	netns_veth("w0", "w1", 1, 2000);
	netns_run("ip link add br0 type bridge mcast_snooping 0 && ip link set br0 up && "
		  "ip link set v1 master br0 && ip link set w0 master br0 && "
		  "ethtool -K w0 tso off tx-udp-segmentation off");
	tx_rig_start(r, 1);
	peer_close(&r->peer);
	peer_open(&r->peer, peer);
	cr_assert_eq(
		strncmp(frontend_xdp_report(&r->x, 0).tx_segmentation_state, "kernel: whole", 13),
		0, "%s", frontend_xdp_report(&r->x, 0).tx_segmentation_state);
}

/* Is it one that goes whole? Random ones have all kinds of headers. */
static bool is_common(const struct segment_spec *s)
{
	return s->payload_bytes >= LEAST && !s->tag_count && !s->has_vlan && !s->extension_count &&
	       !(s->protocol == TCP && s->tcp_flags & 0x80);
}

/* Packets of every size and kind, between them others. Half of the segmented ones have plain headers. */
static void cut_by_the_kernel(uint8_t protocol)
{
	uint64_t whole = 0, cut = 0, wire = 0, bytes = 0;
	struct tx_rig r;

	start(&r, "w1");
	for (uint32_t id = 0; id < PACKETS; id++) {
		struct segment_spec spec = segment_random(
			&dice, (struct segment_wish){.segmented = true, .payload_most = 60000});

		spec.protocol = protocol;
		if (id % 2)
			spec.tag_count = 0, spec.has_vlan = false, spec.extension_count = 0;
		segment_rig_fit(&spec);
		frontend_list_clear(&r.list);
		tx_rig_add(&r, PLAIN + id, 60 + id, 1);
		segment_rig_add(&r, id, &spec, (enum segment_style)(id % SEGMENT_STYLES),
				1 + id % 40);
		tx_rig_add(&r, PLAIN + id, 600 + id, 2);
		segment_rig_send(&r);
		segment_rig_expect_plain(&r, PLAIN + id, 60 + id);
		wire += segment_rig_expect(&r, id, &spec, &bytes);
		segment_rig_expect_plain(&r, PLAIN + id, 600 + id);
		bytes += 660 + 2 * id;
		if (is_common(&spec))
			whole++;
		else
			cut++;
	}
	peer_expect_silence(&r.peer, 20);
	cr_assert(whole > 10 && cut > 10, "%lu whole, %lu cut", whole, cut);
	tx_rig_expect_counter(&r, NET_XDP_TX_WHOLE, whole);
	tx_rig_expect_counter(&r, NET_XDP_TX_SEGMENTED, cut);
	tx_rig_expect_counter(&r, NET_XDP_TX_WHOLE_REFUSED, 0);
	tx_rig_expect_counter(&r, NET_XDP_TX_PACKETS, wire + 2 * PACKETS);
	tx_rig_expect_counter(&r, NET_XDP_TX_BYTES, bytes);
	tx_rig_close(&r);
}

// 67: TCP segmentation: each wire packet equal to a reference segmenter's, one completion
CASE(67, tcp_packets_that_go_whole_are_cut_as_the_reference_cuts_them)
{
	NEEDS_VETH("an interface whose kernel side cuts packets");
	cut_by_the_kernel(TCP);
}

// 68: UDP segmentation: likewise
CASE(68, udp_packets_that_go_whole_are_cut_as_the_reference_cuts_them)
{
	NEEDS_VETH("an interface whose kernel side cuts packets");
	cut_by_the_kernel(UDP);
}

/* ---- Order ---------------------------------------------------------------------------------------- */

/* The next frame is the packet itself, its sum left open. */
static void expect_uncut(struct tx_rig *r, uint32_t id, const struct segment_spec *spec)
{
	static struct segment_packet want;
	static uint8_t got[SEGMENT_PACKET_MAX];
	char why[FRAME_WHY_BYTES];
	uint32_t n = peer_receive(&r->peer, got, sizeof(got), TX_RIG_WAIT_MS);

	segment_oracle_whole(&want, spec);
	cr_assert(n > 0, "packet %u: nothing on the wire", id);
	cr_assert(r->peer.partial, "packet %u: the checksum is not left open", id);
	frame_write16(want.bytes, want.l4_field, want.pseudo_sum);
	cr_assert(frame_equal(got, n, want.bytes, want.len, why), "packet %u: %s", id, why);
}

struct mixed {
	struct segment_spec spec[32];
	uint8_t payload[32][50000];
	bool segmented[32], whole[32];
};

/* A list of packets of all ways: plain, cut, whole. */
static void add_mixed(struct tx_rig *r, struct mixed *m, uint32_t round)
{
	frontend_list_clear(&r->list);
	for (uint32_t i = 0; i < 32; i++) {
		const uint32_t id = round * 32 + i, roll = frame_random_below(&dice, 3);
		const uint32_t payload = roll == 1 ? 3000 : 9000 + frame_random_below(&dice, 40000);

		m->segmented[i] = roll > 0;
		m->whole[i] = roll == 2;
		if (!m->segmented[i]) {
			tx_rig_add(r, id, 60 + id % 1400, 1 + id % 3);
			continue;
		}
		m->spec[i] = segment_plain(id % 2 ? 4 : 6, id % 4 < 2 ? TCP : UDP, payload, 1000);
		/* segment_plain()'s lasts until its next call */
		m->spec[i].payload = memcpy(m->payload[i], m->spec[i].payload, payload);
		segment_rig_fit(&m->spec[i]);
		segment_rig_add(r, id, &m->spec[i], SEGMENT_PSEUDO, 1 + id % 5);
	}
}

static void expect_mixed(struct tx_rig *r, const struct mixed *m, uint32_t round, bool device_cuts)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < 32; i++) {
		const uint32_t id = round * 32 + i;

		if (!m->segmented[i])
			segment_rig_expect_plain(r, id, 60 + id % 1400);
		else if (m->whole[i] && device_cuts)
			expect_uncut(r, id, &m->spec[i]);
		else
			segment_rig_expect(r, id, &m->spec[i], &bytes);
	}
}

// 26: order on the wire is the order sent
CASE(26, packets_of_the_ring_and_whole_ones_keep_their_order)
{
	static struct mixed m;
	struct tx_rig r;

	NEEDS_VETH("an interface whose kernel side cuts packets");
	start(&r, "v1");
	for (uint32_t round = 0; round < 30; round++) {
		add_mixed(&r, &m, round);
		segment_rig_send(&r);
		expect_mixed(&r, &m, round, true);
	}
	peer_expect_silence(&r.peer, 20);
	cr_assert_gt(tx_rig_counter(&r, NET_XDP_TX_WHOLE), 200);
	cr_assert_gt(tx_rig_counter(&r, NET_XDP_TX_SEGMENTED), 200);
	tx_rig_close(&r);
}

CASE(26, order_is_kept_while_the_interface_stops_and_begins_to_cut)
{
	static struct mixed m;
	uint64_t whole = 0;
	struct tx_rig r;

	NEEDS_VETH("an interface whose kernel side cuts packets");
	start(&r, "v1");
	for (uint32_t round = 0; round < 40; round++) {
		const bool cuts = round % 20 < 10;

		if (round % 10 == 0) {
			netns_run("ethtool -K v0 tso %s tx-udp-segmentation %s",
				  cuts ? "on" : "off", cuts ? "on" : "off");
			whole = tx_rig_counter(&r, NET_XDP_TX_WHOLE);
		}
		add_mixed(&r, &m, round);
		segment_rig_send(&r);
		/* When it begins again, that is found out after a while. */
		if (round < 10)
			expect_mixed(&r, &m, round, true);
		else if (!cuts)
			expect_mixed(&r, &m, round, false);
		else
			frontend_sleep_ms(10), peer_drain(&r.peer);
		if (!cuts)
			tx_rig_expect_counter(&r, NET_XDP_TX_WHOLE, whole);
	}
	cr_assert_gt(tx_rig_counter(&r, NET_XDP_TX_WHOLE_REFUSED), 3);
	tx_rig_expect_counter(&r, NET_XDP_TX_LOST, 0);
	tx_rig_close(&r);
}

CASE(26, nothing_goes_whole_where_it_could_overtake)
{
	struct tx_rig r;

	NEEDS_VETH("several queues");
	tx_rig_prepare(&r, 2, 1500);
	tx_rig_start(&r, 2);
	cr_assert_not_null(strstr(frontend_xdp_report(&r.x, 0).tx_segmentation_state,
				  "none whole by the kernel, because with several"),
			   "%s", frontend_xdp_report(&r.x, 0).tx_segmentation_state);
	tx_rig_close(&r);
}

/* The pieces that the interface below loses are counted by nobody, unless they are sent one by one. */
// 45: packets, not descriptors, are counted
CASE(45, nothing_goes_whole_where_its_loss_would_not_be_told)
{
	struct tx_rig r;

	NEEDS_VETH("an interface on another");
	tx_rig_prepare(&r, 1, 1500);
	netns_run("ip link add m0 link v0 type macvlan && ip link set m0 up");
	r.x.config.ifname = "m0";
	tx_rig_start(&r, 1);
	cr_assert_not_null(strstr(frontend_xdp_report(&r.x, 0).tx_segmentation_state,
				  "none whole by the kernel, because what the interface below"),
			   "%s", frontend_xdp_report(&r.x, 0).tx_segmentation_state);
	tx_rig_close(&r);
}
