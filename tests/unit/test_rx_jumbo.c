// SPDX-License-Identifier: BSD-2-Clause
/* Receive of frames that come in several chunks because they are larger than one. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/rx_fake.h"

static struct net_xdp_config jumbo(void)
{
	struct net_xdp_config c = rx_fake_small_rings();

	c.max_frame_bytes = 9018;
	return c;
}

/* The kernel splits by chunk: all pieces but the last are full. first: how many bytes the first one has. */
static void receive_split(struct rx_fake *r, const uint8_t *frame, uint32_t len, uint32_t first)
{
	const uint32_t most = 2048 - 256;
	uint64_t fill;

	for (uint32_t at = 0, n = first; at < len; at += n, n = most) {
		n = len - at < n ? len - at : n;
		cr_assert(fake_take_fill(&r->k, &fill));
		cr_assert(fake_receive_into(&r->k, fill, frame + at, n,
					    at + n < len ? XDP_PKT_CONTD : 0, 0));
	}
}

static void receive_pieces(struct rx_fake *r, const uint8_t *frame, uint32_t len)
{
	receive_split(r, frame, len, 2048 - 256);
}

Test(rx, jumbo_is_gathered_into_one_buffer)
{
	uint8_t frame[9018];
	struct rx_fake r;
	uint32_t id;

	rx_fake_open(&r, jumbo());
	frontend_layout(&r.f, 0, 16, FRONTEND_BASE + 3, 9100, 12, 9018);
	frontend_post(&r.f, r.q, 0, 16);
	for (uint32_t i = 0; i < 500; i++) {
		uint32_t len = 14 + i * 977 % 9005;

		rx_fake_frame(frame, len, i);
		receive_pieces(&r, frame, len);
		/* one at a time: a call may end in the middle of a frame */
		for (uint32_t calls = 0; frontend_rx(&r.f, r.q, &id, 1) == 0; calls++)
			cr_assert_lt(calls, 6);
		frontend_expect_frame(&r.f, id, frame, len);
		frontend_post(&r.f, r.q, id, 1);
	}
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_FRAMES), 500);
	rx_fake_close(&r);
}

/* Zero copy leaves less of each chunk to the NIC: one buffer alone has chunks enough for its frame. */
Test(rx, jumbo_in_zero_copy_has_the_chunks_that_one_frame_takes)
{
	struct net_xdp_config c = jumbo();
	struct rx_fake r;

	c.max_frame_bytes = 9216;
	rx_fake_open(&r, c);
	queue_set_zero_copy(&r.k.queue, true);
	frontend_layout(&r.f, 0, 1, FRONTEND_BASE + 3, 9300, 12, 9216);
	frontend_post(&r.f, r.q, 0, 1);
	cr_assert_eq(fake_filled(&r.k), 7, "9216 bytes in chunks with room for 1408");
	rx_fake_close(&r);
}

Test(rx, jumbo_too_large_for_its_buffer_is_dropped_whole)
{
	uint8_t frame[9018];
	struct rx_fake r;
	uint32_t ids[8];

	rx_fake_open(&r, jumbo());
	frontend_layout(&r.f, 0, 2, FRONTEND_BASE + 3, 9100, 12, 4000);
	frontend_post(&r.f, r.q, 0, 2);
	rx_fake_frame(frame, 9018, 1);
	receive_pieces(&r, frame, 9018);
	cr_assert_eq(frontend_rx(&r.f, r.q, ids, 8), 0);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
	rx_fake_frame(frame, 4000, 2);
	receive_pieces(&r, frame, 4000);
	cr_assert_eq(frontend_rx(&r.f, r.q, ids, 8), 1);
	frontend_expect_frame(&r.f, ids[0], frame, 4000);
	rx_fake_close(&r);
}

/* Mode partial looks at the first part, whatever driver has cut it where, and the frame is what it was. */
Test(rx, jumbo_partial_is_told_if_its_first_part_has_the_headers)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 6, .payload_bytes = 5000};
	const uint32_t headers = 14 + 20 + 20;
	struct net_xdp_config c = jumbo();
	struct rx_fake r;
	struct frame f;
	uint32_t id;

	c.rx_checksum = NET_XDP_RX_CHECKSUM_PARTIAL;
	rx_fake_open(&r, c);
	strcpy(r.k.endpoint.attached.device.driver, "veth");
	r.k.endpoint.attached.program.native = true;
	queue_set_facts(&r.k.queue, &r.k.endpoint);
	frontend_layout(&r.f, 0, 16, FRONTEND_BASE + 3, 9100, 12, 9018);
	frontend_post(&r.f, r.q, 0, 16);
	frame_build(&f, &spec);
	frame_write16(f.bytes, f.l4_field, frame_pseudo_sum(&f));
	for (uint32_t first = 1; first <= 100; first++) {
		receive_split(&r, f.bytes, f.len, first);
		cr_assert_eq(frontend_rx(&r.f, r.q, &id, 1), 1);
		frontend_expect_frame(&r.f, id, f.bytes, f.len);
		cr_assert_eq(frontend_metadata(&r.f, id)->l4_checksum,
			     first < headers ? NET_CHECKSUM_UNKNOWN : NET_CHECKSUM_PARTIAL,
			     "first part of %u bytes", first);
		frontend_post(&r.f, r.q, id, 1);
	}
	rx_fake_close(&r);
}

Test(rx, jumbo_of_too_many_pieces_is_dropped_whole_and_chunks_come_back)
{
	struct rx_fake r;
	uint32_t ids[8];
	uint64_t fill;

	rx_fake_open(&r, jumbo());
	frontend_layout(&r.f, 0, 16, FRONTEND_BASE + 3, 9100, 12, 9018);
	frontend_post(&r.f, r.q, 0, 16);
	for (int i = 0; i < 12; i++) {
		cr_assert(fake_take_fill(&r.k, &fill));
		cr_assert(fake_receive_into(&r.k, fill, "piece", 5, i < 11 ? XDP_PKT_CONTD : 0, 0));
	}
	cr_assert_eq(frontend_rx(&r.f, r.q, ids, 8), 0);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_DROP_SPLIT), 1);
	cr_assert_eq(fake_filled(&r.k), 32, "all private chunks are with the kernel again");
	rx_fake_pass(&r, 1000, 3);
	rx_fake_close(&r);
}
