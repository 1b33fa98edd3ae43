// SPDX-License-Identifier: BSD-2-Clause
/* What is claimed of frames that may be several packets joined, and what is counted. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/fake_kernel.h"
#include "base/checksum.h"

enum { START = (int)0xfffffff0, IDS = 64, BYTES = 1 << 20 };

static struct net_rx_metadata inspect(struct frame *f, enum checksum_source source, bool *longer)
{
	struct net_rx_metadata m = {0};

	*longer = checksum_inspect(f->bytes, f->len, source, true, &m);
	return m;
}

/* Nothing is claimed, nothing is written. */
static void expect_nothing(struct frame *f, const char *what)
{
	struct frame before = *f;
	struct net_rx_metadata m;
	bool longer;

	m = inspect(f, CHECKSUM_JOINED, &longer);
	cr_assert(m.ip_checksum == NET_CHECKSUM_UNKNOWN && m.l4_checksum == NET_CHECKSUM_UNKNOWN,
		  "%s: IP %u, L4 %u", what, m.ip_checksum, m.l4_checksum);
	cr_assert_eq(memcmp(f->bytes, before.bytes, f->len), 0, "%s: written to", what);
}

/* TCP and UDP over IPv4 and IPv6, of every length. */
static struct frame_spec spec_of(uint32_t i)
{
	return (struct frame_spec){
		.ip_version = i % 2 ? 4 : 6,
		.protocol = i / 2 % 2 ? 6 : 17,
		.vlan_count = (uint8_t)(i / 4 % 3),
		.payload_bytes = 20 + i,
		.seed = i,
	};
}

Test(joined, pseudo_header_sum_claims_nothing)
{
	for (uint32_t i = 0; i < 1000; i++) {
		struct frame_spec spec = spec_of(i);
		struct frame f;

		frame_build(&f, &spec);
		frame_write16(f.bytes, f.l4_field, frame_pseudo_sum(&f));
		expect_nothing(&f, "GRO, or a local sender");
	}
}

/* rx-gro-list: the lengths are of all packets, the sum is the first one's. */
Test(joined, sum_of_the_first_packet_claims_nothing)
{
	for (uint32_t i = 0; i < 1000; i++) {
		struct frame_spec spec = spec_of(i);
		struct frame first, all;

		frame_build(&first, &spec);
		spec.payload_bytes *= 2;
		frame_build(&all, &spec);
		memcpy(all.bytes + all.l4_field, first.bytes + first.l4_field, 2);
		expect_nothing(&all, "rx-gro-list");
	}
}

Test(joined, right_sum_is_good)
{
	for (uint32_t i = 0; i < 1000; i++) {
		struct frame_spec spec = spec_of(i);
		struct net_rx_metadata m;
		struct frame f;
		bool longer;

		frame_build(&f, &spec);
		m = inspect(&f, CHECKSUM_JOINED, &longer);
		cr_assert_eq(m.l4_checksum, NET_CHECKSUM_GOOD);
		cr_assert_eq(m.ip_checksum,
			     spec.ip_version == 4 ? NET_CHECKSUM_GOOD : NET_CHECKSUM_UNKNOWN);
		cr_assert_not(longer);
	}
}

Test(joined, wrong_ip_header_is_bad)
{
	struct frame_spec spec = spec_of(1);
	struct net_rx_metadata m;
	struct frame f;
	bool longer;

	frame_build(&f, &spec);
	f.bytes[f.ip_field] ^= 1;
	m = inspect(&f, CHECKSUM_JOINED, &longer);
	cr_assert_eq(m.ip_checksum, NET_CHECKSUM_BAD);
}

/* The packets behind the first one are not in the headers' lengths: its sum is right. */
Test(joined, frame_longer_than_its_headers_say_claims_nothing)
{
	for (uint32_t i = 0; i < 1000; i++) {
		struct frame_spec spec = spec_of(i);
		struct net_rx_metadata m;
		struct frame f;
		bool longer;

		spec.payload_bytes += 20;
		spec.padding_bytes = 1 + i % 100;
		frame_build(&f, &spec);
		expect_nothing(&f, "longer than its headers say");
		m = inspect(&f, CHECKSUM_WIRE, &longer);
		cr_assert(longer);
		cr_assert_eq(m.l4_checksum, NET_CHECKSUM_GOOD, "a trailer is none of its bytes");
	}
}

/* Every sender pads to 60 bytes; a switch may add its tag to that. */
Test(joined, padding_to_the_least_frame_is_not_longer)
{
	for (uint32_t tags = 0; tags <= 2; tags++) {
		for (uint32_t len = 43 + 4 * tags; len <= 64 + 4 * tags; len++) {
			struct frame_spec spec = {.ip_version = 4, .protocol = 17};
			struct frame f;
			bool longer;

			spec.payload_bytes = 1;
			spec.vlan_count = (uint8_t)tags;
			spec.padding_bytes = len - 43 - 4 * tags;
			frame_build(&f, &spec);
			cr_assert_eq(f.len, len);
			cr_assert_eq(inspect(&f, CHECKSUM_JOINED, &longer).l4_checksum,
				     len <= 60 + 4 * tags ? NET_CHECKSUM_GOOD
							  : NET_CHECKSUM_UNKNOWN);
			cr_assert_eq(longer, len > 60 + 4 * tags, "%u bytes, %u tags", len, tags);
		}
	}
}

/* ---- Which queues may get them ------------------------------------------------------------------ */

/* A frame with the pseudo-header's sum through a queue. Return: what is claimed. */
static uint8_t claim(const char *driver, bool native, enum net_xdp_rx_checksum mode)
{
	struct net_xdp_config c = net_xdp_config_default();
	struct frame_spec spec = spec_of(3);
	struct frontend f;
	struct fake_kernel k;
	struct frame frame;
	uint8_t claimed;
	uint32_t id;

	c.rx_id_limit = IDS;
	c.mode = NET_XDP_MODE_COPY;
	c.rx_checksum = mode;
	frontend_open(&f, BYTES, IDS);
	fake_open(&k, c, &f, (uint32_t)START);
	snprintf(k.endpoint.attached.device.driver, sizeof(k.endpoint.attached.device.driver), "%s",
		 driver);
	k.endpoint.attached.program.native = native;
	queue_set_facts(&k.queue, &k.endpoint);
	frontend_layout(&f, 0, IDS, FRONTEND_BASE + 4096, 4096, 0, 1518);
	frontend_post(&f, &k.queue.base, 0, 2);
	frame_build(&frame, &spec);
	frame_write16(frame.bytes, frame.l4_field, frame_pseudo_sum(&frame));
	cr_assert(fake_receive(&k, frame.bytes, frame.len));
	frame.len += 100; /* the rest of the last frame's bytes: a trailer */
	cr_assert(fake_receive(&k, frame.bytes, frame.len));
	cr_assert_eq(frontend_rx(&f, &k.queue.base, &id, 1), 1);
	claimed = frontend_metadata(&f, id)->l4_checksum;
	cr_assert_eq(k.queue.counter[NET_XDP_RX_LONGER], 0);
	cr_assert_eq(frontend_rx(&f, &k.queue.base, &id, 1), 1);
	cr_assert_eq(k.queue.counter[NET_XDP_RX_LONGER], k.queue.inspect);
	/* Where no frame can be partial, mode partial reads none. */
	cr_assert_eq(k.queue.inspect,
		     mode != NET_XDP_RX_CHECKSUM_PARTIAL || claimed == NET_CHECKSUM_PARTIAL);
	fake_close(&k);
	frontend_close(&f);
	return claimed;
}

Test(joined, generic_attach_and_tun_complete_nothing)
{
	const enum net_xdp_rx_checksum complete = NET_XDP_RX_CHECKSUM_COMPLETE;

	cr_assert_eq(claim("veth", true, complete), NET_CHECKSUM_GOOD);
	cr_assert_eq(claim("ice", true, complete), NET_CHECKSUM_BAD);
	cr_assert_eq(claim("veth", false, complete), NET_CHECKSUM_UNKNOWN);
	cr_assert_eq(claim("ice", false, complete), NET_CHECKSUM_UNKNOWN);
	cr_assert_eq(claim("", false, complete), NET_CHECKSUM_UNKNOWN, "lo");
	cr_assert_eq(claim("tun", true, complete), NET_CHECKSUM_UNKNOWN);
}

/* A field that holds the pseudo-header's sum on a frame from a wire is wrong, or right by chance. */
Test(joined, only_a_local_senders_frame_is_partial)
{
	const enum net_xdp_rx_checksum partial = NET_XDP_RX_CHECKSUM_PARTIAL;

	cr_assert_eq(claim("veth", true, partial), NET_CHECKSUM_PARTIAL);
	cr_assert_eq(claim("ice", true, partial), NET_CHECKSUM_UNKNOWN);
	cr_assert_eq(claim("veth", false, partial), NET_CHECKSUM_UNKNOWN);
	cr_assert_eq(claim("ice", false, partial), NET_CHECKSUM_UNKNOWN);
	cr_assert_eq(claim("", false, partial), NET_CHECKSUM_UNKNOWN, "lo");
	cr_assert_eq(claim("tun", true, partial), NET_CHECKSUM_UNKNOWN);
}
