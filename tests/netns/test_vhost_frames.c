// SPDX-License-Identifier: BSD-2-Clause
/* xsk-vhost between a guest and a veth: every byte of every frame, in buffers of every shape. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/vhost_rig.h"

TestSuite(vhost_frames, .timeout = 60);

enum { RING = 128, ROUNDS = 200, MTU = 1500, JUMBO = 9000 };

#define BIT(feature) (1ull << (feature))
#define COMMON	     (BIT(32) | BIT(29) | BIT(28)) /* VERSION_1, EVENT_IDX, INDIRECT */
#define MERGE	     BIT(15)

static struct vhost_rig rig;
static struct vhost_guest guest;

static void start(uint32_t mtu, uint64_t features)
{
	vhost_rig_enter(&rig, 1, mtu);
	vhost_rig_start(&rig);
	vhost_guest_open(&guest, RING, features);
	vhost_guest_connect(&guest, rig.opt[0].socket_path);
	vhost_guest_start(&guest);
}

/* With empty rings: buffers of the shape before that the device had not taken would stay in them. */
static void begin_anew(void)
{
	vhost_guest_stop(&guest);
	vhost_guest_reset(&guest);
	vhost_guest_start(&guest);
}

static void stop(void)
{
	vhost_guest_stop(&guest);
	vhost_guest_close(&guest);
	vhost_rig_stop(&rig);
}

/* Post buffers, and wait until frames are taken from the host: the device's thread does that a moment later. */
static void post(uint32_t count)
{
	static uint8_t probe[60], got[FRAME_MAX_BYTES];
	struct virtio_net_hdr_v1 header;
	bool arrived = false;

	vhost_guest_post(&guest, count);
	frame_plain(probe, sizeof(probe), 0);
	for (int i = 0; i < 500 && !arrived; i++) {
		peer_send(&rig.peer, probe, sizeof(probe));
		arrived = vhost_guest_receive(&guest, &header, got, sizeof(got), 10);
	}
	cr_assert(arrived);
	while (vhost_guest_receive(&guest, &header, got, sizeof(got), 20))
		;
}

static void frames_to_guest(uint32_t count, uint32_t longest, uint64_t seed)
{
	struct frame_random random = frame_random(seed);
	static uint8_t frame[FRAME_MAX_BYTES], got[FRAME_MAX_BYTES];
	struct virtio_net_hdr_v1 header;
	char why[FRAME_WHY_BYTES];

	for (uint32_t i = 0; i < count; i++) {
		uint32_t len = 14 + frame_random_below(&random, longest - 13), n;

		frame_plain(frame, len, seed + i);
		peer_send(&rig.peer, frame, len);
		n = vhost_guest_receive(&guest, &header, got, sizeof(got), GUEST_WAIT_MS);
		cr_assert(frame_equal(got, n, frame, len, why), "frame %u: %s", i, why);
		cr_assert_eq(header.flags, 0);
		cr_assert_eq(header.gso_type, 0);
	}
}

static void frames_from_guest(uint32_t count, uint32_t longest, uint32_t pieces, uint64_t seed)
{
	struct frame_random random = frame_random(seed);
	static uint8_t frame[FRAME_MAX_BYTES];
	struct virtio_net_hdr_v1 header = {0};

	for (uint32_t i = 0; i < count; i++) {
		uint32_t len = 60 + frame_random_below(&random, longest - 59);
		uint64_t token;

		frame_plain(frame, len, seed + i);
		token = vhost_guest_send(&guest, &header, frame, len,
					 1 + frame_random_below(&random, pieces));
		peer_expect(&rig.peer, frame, len, GUEST_WAIT_MS);
		vhost_guest_sent(&guest, token);
	}
}

/* Buffers of each shape, with and without indirect tables. */
Test(vhost_frames, buffers_of_every_shape_get_every_byte)
{
	start(MTU, COMMON);
	for (uint32_t layout = GUEST_ONE; layout <= GUEST_PIECES_SMALL; layout++)
		for (uint32_t indirect = 0; indirect < 2; indirect++) {
			guest.layout = layout;
			guest.indirect = indirect;
			post(indirect ? RING : RING / 8);
			frames_to_guest(ROUNDS, MTU + 14, 1000 * layout + indirect);
			begin_anew();
		}
	stop();
}

/* One piece of 1536 bytes is what Linux posts: the kernel writes into it. */
Test(vhost_frames, a_linux_guests_buffers_are_direct)
{
	start(MTU, COMMON | MERGE);
	post(RING);
	frames_to_guest(ROUNDS, MTU + 14, 7);
	frames_from_guest(ROUNDS, MTU + 14, 1, 8);
	stop();
	cr_assert_geq(vhost_rig_counter(&rig, 0, NET_XDP_RX_DIRECT), ROUNDS);
	cr_assert_eq(vhost_rig_counter(&rig, 0, NET_XDP_RX_BOUNCED), 0);
	cr_assert_eq(vhost_rig_counter(&rig, 0, NET_XDP_TX_DIRECT), ROUNDS);
	cr_assert_eq(vhost_rig_counter(&rig, 0, NET_XDP_TX_BOUNCED), 0);
	cr_assert_eq(rig.devices[0].pairs[0].pair.counters.rx_frames,
		     vhost_rig_counter(&rig, 0, NET_XDP_RX_DIRECT));
	cr_assert_eq(rig.devices[0].pairs[0].pair.counters.tx_packets, ROUNDS);
}

Test(vhost_frames, packets_in_any_number_of_pieces_are_sent_whole)
{
	start(MTU, COMMON);
	for (uint32_t indirect = 0; indirect < 2; indirect++) {
		guest.indirect = indirect;
		frames_from_guest(ROUNDS, MTU + 14, GUEST_PIECES, 31 + indirect);
	}
	stop();
}

/* Jumbo frames over merged buffers: only the first has a header. */
Test(vhost_frames, a_frame_over_several_buffers_is_whole)
{
	start(JUMBO, COMMON | MERGE);
	for (uint32_t layout = 0; layout < GUEST_LAYOUTS; layout++) {
		guest.layout = layout;
		guest.indirect = layout != GUEST_ONE && layout != GUEST_SHORT;
		post(RING);
		frames_to_guest(ROUNDS, JUMBO + 14, 500 + layout);
		begin_anew();
	}
	frames_from_guest(ROUNDS, JUMBO + 14, GUEST_PIECES, 9);
	stop();
	cr_assert(rig.devices[0].pairs[0].pair.counters.rx_merged > ROUNDS);
}

/* MTU 9000: the kernel's parts of a frame do not lie where the guest's merged buffers are, so each is copied, once. What
 * the guest sends is not. */
Test(vhost_frames, jumbo_frames_are_copied_to_the_guest_and_sent_from_where_they_lie)
{
	start(JUMBO, COMMON | MERGE);
	post(RING);
	frames_to_guest(ROUNDS, JUMBO + 14, 7);
	frames_from_guest(ROUNDS, JUMBO + 14, 4, 8);
	stop();
	cr_assert_eq(vhost_rig_counter(&rig, 0, NET_XDP_RX_DIRECT), 0);
	cr_assert_eq(vhost_rig_counter(&rig, 0, NET_XDP_RX_BOUNCED),
		     rig.devices[0].pairs[0].pair.counters.rx_frames);
	cr_assert_eq(vhost_rig_counter(&rig, 0, NET_XDP_TX_DIRECT), ROUNDS);
	cr_assert_eq(vhost_rig_counter(&rig, 0, NET_XDP_TX_BOUNCED), 0);
}

/* A guest that has posted nothing more for a while is asked to say when it does. */
Test(vhost_frames, a_guest_that_ran_out_of_buffers_is_served_when_it_posts_more)
{
	static uint8_t frame[FRAME_MAX_BYTES], got[FRAME_MAX_BYTES];
	struct virtio_net_hdr_v1 header;

	start(JUMBO, COMMON | MERGE);
	guest.layout = GUEST_SHORT;
	frame_plain(frame, JUMBO, 4);
	for (int i = 0; i < 20; i++) {
		uint32_t frames = 0;

		post(RING);
		guest.holds = true;
		for (int k = 0; k < 20; k++)
			peer_send(&rig.peer, frame, JUMBO);
		while (vhost_guest_receive(&guest, &header, got, sizeof(got), 50) == JUMBO)
			frames++;
		cr_assert(frames > 0 && frames < 20, "%u", frames);
		guest.holds = false;
	}
	stop();
}

/* Frames to another station are not this guest's; a veth hands them over all the same. */
Test(vhost_frames, only_frames_to_the_guest_and_to_groups_arrive)
{
	static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x55};
	static uint8_t frame[60], got[FRAME_MAX_BYTES];
	struct virtio_net_hdr_v1 header;

	vhost_rig_enter(&rig, 1, MTU);
	rig.opt[0].promiscuous = false;
	rig.opt[0].has_mac = true;
	memcpy(rig.opt[0].mac, mac, sizeof(mac));
	vhost_rig_start(&rig);
	vhost_guest_open(&guest, RING, COMMON | MERGE);
	vhost_guest_connect(&guest, rig.opt[0].socket_path);
	vhost_guest_start(&guest);
	vhost_guest_post(&guest, RING);
	frame_plain(frame, sizeof(frame), 3);
	memset(frame, 0xff, 6);
	for (int i = 0; i < 500; i++) {
		peer_send(&rig.peer, frame, sizeof(frame));
		if (vhost_guest_receive(&guest, &header, got, sizeof(got), 10))
			break;
	}
	while (vhost_guest_receive(&guest, &header, got, sizeof(got), 20))
		;
	for (uint32_t i = 0; i < 3 * RING; i++) {
		memcpy(frame, mac, sizeof(mac));
		frame[5] ^= (uint8_t)(i % 3 == 0);
		frame[0] ^= (uint8_t)(i % 3 == 1); /* a group */
		peer_send(&rig.peer, frame, sizeof(frame));
		if (i % 3) {
			uint32_t n = vhost_guest_receive(&guest, &header, got, sizeof(got),
							 GUEST_WAIT_MS);

			cr_assert_eq(n, sizeof(frame));
			cr_assert_eq(memcmp(got, frame, n), 0, "frame %u", i);
		}
	}
	stop();
	cr_assert_eq(rig.devices[0].pairs[0].pair.counters.rx_foreign, RING);
}

/* Chains that are no buffers, or no packets, cost themselves: the ring goes on. */
Test(vhost_frames, chains_that_are_of_no_use_come_back_at_once)
{
	static struct fake_piece many[70];
	uint64_t in, end;

	start(MTU, COMMON | MERGE);
	in = GUEST_GPA + guest.tx_at;
	end = GUEST_GPA + guest.bytes;
	const struct {
		uint32_t ring, count;
		struct fake_piece pieces[3];
		const char *what;
	} rows[] = {
		{GUEST_RX, 1, {{in, 1536, false}}, "a receive buffer that is only read"},
		{GUEST_RX, 2, {{in, 12, false}, {in + 12, 1524, true}}, "one that is read in part"},
		{GUEST_RX, 1, {{in, 12, true}}, "one with room for the header alone"},
		{GUEST_RX, 2, {{in, 3, true}, {in + 3, 4, true}}, "one with room for less"},
		{GUEST_RX, 1, {{end - 100, 1536, true}}, "one that ends outside"},
		{GUEST_RX, 1, {{end + 4096, 1536, true}}, "one that lies outside"},
		{GUEST_RX, 1, {{UINT64_MAX - 10, 1536, true}}, "one that wraps"},
		{GUEST_RX,
		 3,
		 {{in, 12, true}, {end, 5, true}, {in, 1524, true}},
		 "a piece outside"},
		{GUEST_TX, 1, {{in, 100, true}}, "a packet that is written"},
		{GUEST_TX, 2, {{in, 100, false}, {in, 100, true}}, "one that is written in part"},
		{GUEST_TX, 1, {{in, 12, false}}, "one of a header alone"},
		{GUEST_TX, 1, {{in, 5, false}}, "one of less"},
		{GUEST_TX, 1, {{end - 20, 100, false}}, "one that ends outside"},
		{GUEST_TX, 2, {{in, 12, false}, {end, 100, false}}, "data that lie outside"},
		{GUEST_TX, 2, {{UINT64_MAX, 12, false}, {in, 100, false}}, "a header that wraps"},
	};
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			vhost_guest_expect_back(&guest, rows[i].ring, rows[i].pieces, rows[i].count,
						false, rows[i].what);
		for (uint32_t ring = 0; ring < 2; ring++) {
			for (uint32_t k = 0; k < 70; k++)
				many[k] = (struct fake_piece){in + k * 50, 50, ring == GUEST_RX};
			vhost_guest_expect_back(&guest, ring, many, 70, true, "too many pieces");
		}
		post(RING);
		frames_to_guest(20, MTU + 14, 1);
		frames_from_guest(20, MTU + 14, 3, 2);
		vhost_guest_stop(&guest);
		vhost_guest_start(&guest);
	}
	stop();
	cr_assert_eq(rig.devices[0].pairs[0].pair.counters.rx_bad_buffers, 27);
	cr_assert_eq(rig.devices[0].pairs[0].pair.counters.tx_bad_packets, 24);
}
