// SPDX-License-Identifier: BSD-2-Clause
/* What a guest of xsk-vhost leaves to its device, and what is left to the guest. */
#include <string.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/vhost_rig.h"

TestSuite(vhost_offload, .timeout = 60);

enum { RING = 128, MTU = 1500 };

#define BIT(feature) (1ull << (feature))
#define BASE	     (BIT(32) | BIT(28))
#define CSUM	     BIT(0)
#define GUEST_CSUM   BIT(1)
#define TSO	     (BIT(11) | BIT(12))
#define USO	     BIT(56)

static struct vhost_rig rig;
static struct vhost_guest guest;
static struct frame frame;
static uint8_t got[FRAME_MAX_BYTES];

static void start(uint64_t features)
{
	vhost_rig_enter(&rig, 1, MTU);
	rig.opt[0].segment_here = true;
	vhost_rig_start(&rig);
	vhost_guest_open(&guest, RING, features);
	vhost_guest_connect(&guest, rig.opt[0].socket_path);
	cr_assert_eq(guest.features & features, features, "not all is offered: 0x%llx",
		     (unsigned long long)guest.features);
	vhost_guest_start(&guest);
}

static void stop(void)
{
	vhost_guest_stop(&guest);
	vhost_guest_close(&guest);
	vhost_rig_stop(&rig);
}

/* As Linux leaves it: the pseudo-header's sum in the field. */
static struct virtio_net_hdr_v1 leave_checksum(struct frame *f)
{
	uint32_t l4 = f->l2_len + f->l3_len;

	frame_write16(f->bytes, f->l4_field, frame_pseudo_sum(f));
	return (struct virtio_net_hdr_v1){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = htole16((uint16_t)l4),
		.csum_offset = htole16((uint16_t)(f->l4_field - l4)),
	};
}

Test(vhost_offload, a_checksum_that_the_guest_leaves_out_is_right_on_the_wire)
{
	static const struct frame_spec specs[] = {
		{.ip_version = 4, .protocol = 6, .payload_bytes = 900},
		{.ip_version = 4, .protocol = 17, .payload_bytes = 1, .ip_options_bytes = 8},
		{.ip_version = 6, .protocol = 6, .payload_bytes = 1400, .vlan_count = 1},
		{.ip_version = 6, .protocol = 17, .payload_bytes = 333},
	};

	start(BASE | CSUM);
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		for (uint32_t pieces = 1; pieces < 4; pieces++) {
			struct virtio_net_hdr_v1 header;
			struct frame want;
			char why[FRAME_WHY_BYTES];
			uint64_t token;
			uint32_t n;

			frame_build(&want, &specs[i]);
			frame = want;
			header = leave_checksum(&frame);
			token = vhost_guest_send(&guest, &header, frame.bytes, frame.len, pieces);
			n = peer_receive(&rig.peer, got, sizeof(got), GUEST_WAIT_MS);
			peer_complete(&rig.peer, got, n);
			cr_assert(frame_equal(got, n, want.bytes, want.len, why), "row %zu: %s", i,
				  why);
			vhost_guest_sent(&guest, token);
		}
	stop();
}

/* The pieces of one packet: the payload in order, every checksum right. */
static void expect_pieces(const struct frame *whole, uint32_t header_bytes, uint32_t mss)
{
	uint32_t payload = whole->len - header_bytes, done = 0;

	while (done < payload) {
		uint32_t n = peer_receive(&rig.peer, got, sizeof(got), GUEST_WAIT_MS), part;

		part = payload - done < mss ? payload - done : mss;
		peer_complete(&rig.peer, got, n);
		cr_assert_eq(n, header_bytes + part, "a piece of %u bytes at %u", n, done);
		cr_assert_eq(memcmp(got + header_bytes, whole->bytes + header_bytes + done, part),
			     0, "payload at %u", done);
		memcpy(frame.bytes, got, n);
		frame.len = n;
		frame.l4_len = n - frame.l2_len - frame.l3_len;
		cr_assert_eq(frame_read16(got, frame.l4_field), frame_l4_checksum(&frame));
		done += part;
	}
	peer_expect_silence(&rig.peer, 5);
}

Test(vhost_offload, a_large_packet_is_cut_into_right_pieces)
{
	static const struct {
		struct frame_spec spec;
		uint8_t gso;
		uint32_t l4, mss;
	} rows[] = {
		{{.ip_version = 4, .protocol = 6, .payload_bytes = 15000}, 1, 20, 1448},
		{{.ip_version = 6, .protocol = 6, .payload_bytes = 9001}, 4, 20, 1400},
		{{.ip_version = 4, .protocol = 17, .payload_bytes = 12000}, 5, 8, 1200},
		{{.ip_version = 6, .protocol = 17, .payload_bytes = 4001}, 5, 8, 1000},
	};

	start(BASE | CSUM | TSO | USO);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (uint32_t pieces = 1; pieces <= GUEST_PIECES; pieces += 6) {
			static struct frame whole;
			struct virtio_net_hdr_v1 header;
			uint64_t token;

			frame_build(&whole, &rows[i].spec);
			header = leave_checksum(&whole);
			header.gso_type = rows[i].gso;
			header.gso_size = htole16((uint16_t)rows[i].mss);
			frame = whole;
			token = vhost_guest_send(&guest, &header, whole.bytes, whole.len, pieces);
			expect_pieces(&whole, whole.l2_len + whole.l3_len + rows[i].l4,
				      rows[i].mss);
			vhost_guest_sent(&guest, token);
		}
	stop();
	cr_assert_gt(vhost_rig_counter(&rig, 0, NET_XDP_TX_SEGMENTED), 0);
}

/* A request that makes no sense costs its packet: it comes back, it is counted, the next one is sent. */
Test(vhost_offload, a_packet_with_a_bad_request_comes_back_unsent)
{
	struct frame_spec spec = {.ip_version = 4, .protocol = 6, .payload_bytes = 5000};
	struct virtio_net_hdr_v1 good = {0}, bad[5];

	start(BASE | CSUM | TSO);
	frame_build(&frame, &spec);
	for (int i = 0; i < 5; i++) {
		bad[i] = leave_checksum(&frame);
		bad[i].gso_type = 1;
		bad[i].gso_size = htole16(1448);
	}
	bad[0].flags = 0;    /* no checksum */
	bad[1].gso_type = 3; /* UFO */
	bad[2].gso_size = 0;
	bad[3].csum_start = htole16(60000);
	bad[4].csum_offset = htole16(3);
	for (int i = 0; i < 5; i++) {
		uint64_t token = vhost_guest_send(&guest, &bad[i], frame.bytes, frame.len, 2);

		vhost_guest_sent(&guest, token);
		peer_expect_silence(&rig.peer, 5);
		frame_plain(got, 100, (uint64_t)i);
		token = vhost_guest_send(&guest, &good, got, 100, 1);
		peer_expect(&rig.peer, got, 100, GUEST_WAIT_MS);
		vhost_guest_sent(&guest, token);
	}
	stop();
	cr_assert_eq(rig.devices[0].pairs[0].pair.counters.tx_bad_packets +
			     vhost_rig_counter(&rig, 0, NET_XDP_TX_DROP_OFFLOAD),
		     5);
}

/* Send a frame whose checksum a local sender left out until the guest has it. */
static struct virtio_net_hdr_v1 receive_partial(uint8_t *out, uint32_t *len)
{
	struct virtio_net_hdr_v1 header = {0};
	uint32_t l4 = frame.l2_len + frame.l3_len;

	vhost_guest_post(&guest, RING / 2);
	*len = 0;
	for (int i = 0; i < 500 && !*len; i++) {
		peer_send_partial(&rig.peer, frame.bytes, frame.len, (uint16_t)l4,
				  (uint16_t)(frame.l4_field - l4));
		*len = vhost_guest_receive(&guest, &header, out, FRAME_MAX_BYTES, 10);
	}
	return header;
}

Test(vhost_offload, a_guest_that_takes_open_checksums_is_told_of_them)
{
	struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 300};
	struct virtio_net_hdr_v1 header, want;
	char why[FRAME_WHY_BYTES];
	uint32_t n;

	start(BASE | GUEST_CSUM);
	frame_build(&frame, &spec);
	want = leave_checksum(&frame);
	header = receive_partial(got, &n);
	cr_assert(frame_equal(got, n, frame.bytes, frame.len, why), "%s", why);
	cr_assert_eq(header.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	cr_assert_eq(header.csum_start, want.csum_start);
	cr_assert_eq(header.csum_offset, want.csum_offset);
	stop();
}

Test(vhost_offload, a_guest_that_does_not_gets_them_completed)
{
	struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 300};
	struct virtio_net_hdr_v1 header;
	struct frame right;
	char why[FRAME_WHY_BYTES];
	uint32_t n;

	start(BASE);
	frame_build(&right, &spec);
	frame = right;
	leave_checksum(&frame);
	header = receive_partial(got, &n);
	cr_assert(frame_equal(got, n, right.bytes, right.len, why), "%s", why);
	cr_assert_eq(header.flags, 0);
	stop();
}

Test(vhost_offload, without_offloads_none_is_offered)
{
	vhost_rig_enter(&rig, 1, MTU);
	rig.opt[0].no_offloads = true;
	vhost_rig_start(&rig);
	vhost_guest_open(&guest, RING, UINT64_MAX);
	vhost_guest_connect(&guest, rig.opt[0].socket_path);
	cr_assert_eq(guest.features & (CSUM | GUEST_CSUM | TSO | USO), 0);
	vhost_guest_start(&guest);
	stop();
}
