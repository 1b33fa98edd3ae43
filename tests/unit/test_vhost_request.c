// SPDX-License-Identifier: BSD-2-Clause
/* The virtio header: what it asks of a packet, what it tells of a frame. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/frame.h"
#include "xsk_vhost/request.h"

static struct frame frame;
static struct net_tx_metadata meta;

static struct virtio_net_hdr_v1 header_for(uint8_t flags, uint8_t gso, uint16_t start,
					   uint16_t offset, uint16_t size)
{
	return (struct virtio_net_hdr_v1){
		.flags = flags,
		.gso_type = gso,
		.gso_size = htole16(size),
		.csum_start = htole16(start),
		.csum_offset = htole16(offset),
	};
}

static bool read_frame(const struct virtio_net_hdr_v1 *h, uint32_t front_bytes)
{
	uint8_t front[REQUEST_LOOK_BYTES];

	if (front_bytes > sizeof(front))
		front_bytes = sizeof(front);
	memcpy(front, frame.bytes, front_bytes);
	meta = (struct net_tx_metadata){.len_bytes = frame.len};
	return request_read(h, front, front_bytes, &meta);
}

Test(vhost_request, headers_have_the_length_that_was_agreed_on)
{
	cr_expect_eq(request_features(0).header_bytes, 10);
	cr_expect_eq(request_features(VIRTIO_BIT(VIRTIO_NET_F_MRG_RXBUF)).header_bytes, 12);
	cr_expect_eq(request_features(VIRTIO_BIT(VIRTIO_F_VERSION_1)).header_bytes, 12);
	cr_expect_eq(request_features(VIRTIO_BIT(VIRTIO_F_VERSION_1) |
				      VIRTIO_BIT(VIRTIO_NET_F_HASH_REPORT))
			     .header_bytes,
		     20);
	cr_expect(request_features(VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM)).guest_csum);
	cr_expect_not(request_features(VIRTIO_BIT(VIRTIO_NET_F_CSUM)).guest_csum);
}

Test(vhost_request, a_header_of_zeros_asks_for_nothing)
{
	struct virtio_net_hdr_v1 h = {0};

	cr_expect_not(request_is_any(&h));
	cr_expect(read_frame(&h, 0));
	cr_expect_eq(meta.flags, 0);
	h.flags = VIRTIO_NET_HDR_F_DATA_VALID; /* means nothing on transmit */
	cr_expect_not(request_is_any(&h));
}

Test(vhost_request, a_checksum_is_asked_for_by_start_and_offset)
{
	struct virtio_net_hdr_v1 h = header_for(VIRTIO_NET_HDR_F_NEEDS_CSUM, 0, 34, 16, 0);

	cr_expect(request_is_any(&h));
	cr_expect(read_frame(&h, 0));
	cr_expect_eq(meta.flags, NET_TX_PARTIAL_CHECKSUM);
	cr_expect_eq(meta.checksum_start_bytes, 34);
	cr_expect_eq(meta.checksum_field_bytes, 16);
}

/* IPv4 and IPv6, with options and tags: lengths of the headers are found in the packet. */
Test(vhost_request, segmentation_names_all_headers)
{
	static const struct {
		struct frame_spec spec;
		uint8_t gso;
		uint32_t flags, l4;
	} rows[] = {
		{{.ip_version = 4, .protocol = 6},
		 VIRTIO_NET_HDR_GSO_TCPV4,
		 NET_TX_TCP_SEGMENTATION | NET_TX_IPV4,
		 20},
		{{.ip_version = 4, .protocol = 6, .ip_options_bytes = 12, .vlan_count = 1},
		 VIRTIO_NET_HDR_GSO_TCPV4,
		 NET_TX_TCP_SEGMENTATION | NET_TX_IPV4,
		 20},
		{{.ip_version = 6, .protocol = 6, .vlan_count = 2},
		 VIRTIO_NET_HDR_GSO_TCPV6 | VIRTIO_NET_HDR_GSO_ECN,
		 NET_TX_TCP_SEGMENTATION | NET_TX_IPV6,
		 20},
		{{.ip_version = 4, .protocol = 17},
		 VIRTIO_NET_HDR_GSO_UDP_L4,
		 NET_TX_UDP_SEGMENTATION | NET_TX_IPV4,
		 8},
		{{.ip_version = 6, .protocol = 17, .ip_options_bytes = 8},
		 VIRTIO_NET_HDR_GSO_UDP_L4,
		 NET_TX_UDP_SEGMENTATION | NET_TX_IPV6,
		 8},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame_spec spec = rows[i].spec;
		struct virtio_net_hdr_v1 h;
		uint32_t l4;

		spec.payload_bytes = 4000;
		frame_build(&frame, &spec);
		l4 = frame.l2_len + frame.l3_len;
		h = header_for(VIRTIO_NET_HDR_F_NEEDS_CSUM, rows[i].gso, (uint16_t)l4,
			       (uint16_t)(frame.l4_field - l4), 1448);
		cr_expect(read_frame(&h, frame.len), "row %zu", i);
		cr_expect_eq(meta.flags, rows[i].flags | NET_TX_PARTIAL_CHECKSUM, "row %zu", i);
		cr_expect_eq(meta.l2_len_bytes, frame.l2_len, "row %zu", i);
		cr_expect_eq(meta.l3_len_bytes, frame.l3_len, "row %zu", i);
		cr_expect_eq(meta.l4_len_bytes, rows[i].l4, "row %zu", i);
		cr_expect_eq(meta.max_segment_bytes, 1448, "row %zu", i);
	}
}

Test(vhost_request, what_virtio_does_not_allow_is_no_request)
{
	static const struct {
		uint8_t flags, gso;
		uint16_t start;
		uint32_t front;
		const char *what;
	} rows[] = {
		{0, VIRTIO_NET_HDR_GSO_TCPV4, 34, 192, "no checksum to complete"},
		{1, VIRTIO_NET_HDR_GSO_UDP, 34, 192, "fragmentation, which is not offered"},
		{1, 2, 34, 192, "an unknown type"},
		{1, VIRTIO_NET_HDR_GSO_TCPV4, 14, 192, "no network header"},
		{1, VIRTIO_NET_HDR_GSO_TCPV4, 3, 192, "a checksum in the Ethernet header"},
		{1, VIRTIO_NET_HDR_GSO_TCPV4, 34, 46, "a TCP header that is cut"},
		{1, VIRTIO_NET_HDR_GSO_TCPV4, 34, 13, "an Ethernet header that is cut"},
		{1, VIRTIO_NET_HDR_GSO_TCPV4, 34, 0, "nothing"},
		{1, VIRTIO_NET_HDR_GSO_UDP_L4, 34, 34, "a UDP header that is not there"},
		{1, VIRTIO_NET_HDR_GSO_TCPV4, 65535, 192, "a start behind the packet"},
		{1, VIRTIO_NET_HDR_GSO_TCPV4, 192, 192, "headers longer than are looked at"},
	};

	frame_build(&frame,
		    &(struct frame_spec){.ip_version = 4, .protocol = 6, .payload_bytes = 3000});
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct virtio_net_hdr_v1 h =
			header_for(rows[i].flags, rows[i].gso, rows[i].start, 16, 1448);

		cr_expect_not(read_frame(&h, rows[i].front), "%s", rows[i].what);
	}
	/* The same with nothing wrong. */
	cr_expect(read_frame(&(struct virtio_net_hdr_v1){.flags = 1,
							 .gso_type = 1,
							 .csum_start = htole16(34),
							 .csum_offset = htole16(16)},
			     47));
}

/* Any header over any bytes ends, and names no header beyond what a byte can say. */
Test(vhost_request, random_headers_and_packets_are_read_within_bounds)
{
	struct frame_random random = frame_random(5);
	uint32_t taken = 0;

	for (int i = 0; i < 200000; i++) {
		uint32_t front = frame_random_below(&random, REQUEST_LOOK_BYTES + 1);
		struct virtio_net_hdr_v1 h;
		uint8_t *exact = malloc(front ? front : 1);

		frame_random_bytes(&random, (uint8_t *)&h, sizeof(h));
		frame_random_bytes(&random, exact, front);
		if (front > 14 && i % 2) {
			h.flags |= VIRTIO_NET_HDR_F_NEEDS_CSUM;
			h.gso_type = (uint8_t)(frame_random_below(&random, 6));
			h.csum_start = htole16((uint16_t)frame_random_below(&random, 200));
		}
		meta = (struct net_tx_metadata){0};
		if (request_read(&h, exact, front, &meta) &&
		    meta.flags & (NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION)) {
			taken++;
			cr_assert_eq(meta.l2_len_bytes + meta.l3_len_bytes,
				     meta.checksum_start_bytes);
			cr_assert(meta.checksum_start_bytes < front);
		}
		free(exact);
	}
	cr_assert(taken > 1000, "%u", taken);
}

Test(vhost_request, a_received_frames_header_tells_what_the_guest_takes)
{
	struct request_features takes = {.header_bytes = 20, .guest_csum = true};
	struct request_features takes_not = {.header_bytes = 12};
	struct net_rx_metadata partial = {.l4_checksum = NET_CHECKSUM_PARTIAL,
					  .checksum_start_bytes = 34,
					  .checksum_field_bytes = 16};
	struct net_rx_metadata good = {.l4_checksum = NET_CHECKSUM_GOOD}, bad = good, none = {0};
	struct virtio_net_hdr_v1_hash h;

	bad.l4_checksum = NET_CHECKSUM_BAD;
	memset(&h, 0xff, sizeof(h));
	request_write(&h, takes, &partial, 3);
	cr_expect_eq(h.hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	cr_expect_eq(le16toh(h.hdr.csum_start), 34);
	cr_expect_eq(le16toh(h.hdr.csum_offset), 16);
	cr_expect_eq(le16toh(h.hdr.num_buffers), 3);
	cr_expect_eq(h.hdr.gso_type, 0);
	cr_expect_eq(h.hash_report, 0);
	cr_expect_eq(h.padding, 0);
	request_write(&h, takes, &good, 1);
	cr_expect_eq(h.hdr.flags, VIRTIO_NET_HDR_F_DATA_VALID);
	cr_expect_eq(h.hdr.csum_start, 0);
	request_write(&h, takes, &bad, 1);
	cr_expect_eq(h.hdr.flags, 0);
	request_write(&h, takes, &none, 1);
	cr_expect_eq(h.hdr.flags, 0);
	/* virtio 1.2, 5.1.6.4.1: without the feature flags are zero. */
	request_write(&h, takes_not, &partial, 1);
	cr_expect_eq(h.hdr.flags, 0);
	request_write(&h, takes_not, &good, 1);
	cr_expect_eq(h.hdr.flags, 0);
}
