// SPDX-License-Identifier: BSD-2-Clause
/* Received frames that are looked at: what metadata says of a frame is of this frame, whatever comes with it. */
#include <criterion/criterion.h>

#include "support/rx_fake.h"

enum { FRAMES = 2000, POSTED = 60 };

/* Each frame's checksum is right or wrong, and its protocol TCP or UDP, by its number. The fake kernel's program is a
 * generic one: of a wrong sum nothing is told, as the frame may be several packets joined. */
static void build(struct frame *f, uint32_t number)
{
	struct frame_spec spec = {.ip_version = 4,
				  .protocol = number % 3 ? 17 : 6,
				  .payload_bytes = number % 700,
				  .seed = number};

	frame_build(f, &spec);
	if (number % 5 < 2)
		f->bytes[f->l4_field] ^= 1;
}

static void expect(struct rx_fake *r, uint32_t id, uint32_t number)
{
	const struct net_rx_metadata *m = &r->f.ids[id].metadata;
	struct frame f;

	build(&f, number);
	frontend_expect_frame(&r->f, id, f.bytes, f.len);
	cr_assert_eq(m->l4_checksum, number % 5 < 2 ? NET_CHECKSUM_UNKNOWN : NET_CHECKSUM_GOOD,
		     "frame %u", number);
	cr_assert_eq(m->l4_protocol, number % 3 ? NET_L4_UDP : NET_L4_TCP, "frame %u", number);
}

/* Frames in bursts of 1 to 40, buffers direct or not. */
static void bursts(struct net_xdp_config c, uint32_t apart, uint32_t gap, uint32_t capacity)
{
	uint32_t ids[POSTED], number = 0, seen = 0;
	const bool direct = capacity >= 1518;
	struct frame f;
	struct rx_fake r;

	c.rx_checksum = NET_XDP_RX_CHECKSUM_REPORT;
	rx_fake_open(&r, c);
	frontend_layout(&r.f, 0, POSTED, FRONTEND_BASE + (c.unaligned ? 1001 : 4096), apart, gap,
			capacity);
	frontend_post(&r.f, r.q, 0, direct ? POSTED : 20);
	for (uint32_t burst = 1; number < FRAMES; burst = burst % (direct ? 40 : 20) + 1) {
		for (uint32_t i = 0; i < burst; i++) {
			build(&f, number++);
			cr_assert(fake_receive(&r.k, f.bytes, f.len));
		}
		while (seen < number) {
			uint32_t n = frontend_rx(&r.f, r.q, ids, POSTED);

			cr_assert_gt(n, 0);
			for (uint32_t i = 0; i < n; i++)
				expect(&r, ids[i], seen++);
			frontend_post_ids(&r.f, r.q, ids, n);
			fake_settle(&r.k);
		}
	}
	cr_assert_eq(rx_fake_counter(&r, direct ? NET_XDP_RX_DIRECT : NET_XDP_RX_BOUNCED), number);
	rx_fake_close(&r);
}

Test(rx_look, each_frame_of_a_burst_has_its_own)
{
	bursts(rx_fake_small_rings(), 1601, 12, 1518);
}

Test(rx_look, each_aligned_frame_of_a_burst_has_its_own)
{
	struct net_xdp_config c = rx_fake_small_rings();

	c.unaligned = false;
	bursts(c, 2048, 256, 1792);
}

Test(rx_look, each_copied_frame_of_a_burst_has_its_own)
{
	bursts(rx_fake_small_rings(), 1601, 12, 1000);
}
