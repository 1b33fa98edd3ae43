// SPDX-License-Identifier: BSD-2-Clause
/* What net_xdp_predict() says of packets that ask for a checksum, to be cut, or for a tag: per driver. */
#include <criterion/criterion.h>
#include <linux/if_arp.h>
#include <stdio.h>
#include <string.h>

#include "host/virtio.h"
#include "host/xdp_uapi.h"
#include "net_xdp.h"

#define NATIVE		(NET_XDP_FEATURE_BASIC | NET_XDP_FEATURE_REDIRECT)
#define ZERO_COPY	(NATIVE | NET_XDP_FEATURE_ZERO_COPY)
#define SUMS		XSK_FEATURE_TX_CHECKSUM
#define V(major, minor) NET_XDP_KERNEL(major, minor)
#define NEW		V(6, 18)

#define SHORT	  "payload copied up to 2048 bytes per wire packet"
#define SPLIT	  "payload copied up to 128 bytes per wire packet"
#define COPIED	  "copied: a packet has one descriptor here"
#define WHOLE	  "kernel: whole from 8192 bytes of payload on; below, "
#define WHOLE_TCP "kernel: TCP whole from 8192 bytes of payload on; below, "
#define KERNEL	  "kernel: nothing is added up here"
#define DRIVER	  "driver: the NIC adds up"
#define WE	  "software: the payload is added up, because "
#define NO_SUM	  WE "the driver does not offer tx-checksum in its xsk-features"
#define IN_PLACE  "payload sent from where it lies"
#define NO_SUMS	  "none: its checksums cannot be made"
#define NO_SPLIT  "none: sealed, and a packet has one descriptor here"
#define OLD	  WE "the kernel takes no requests"

static struct net_xdp_prediction prediction; /* large */

struct row {
	const char *driver;
	uint64_t features, xsk_features;
	uint32_t kernel, segments, frame;
	enum net_xdp_mode mode;

	enum net_xdp_outcome outcome;
	const char *checksum, *cut, *vlan; /* what the sentences begin with */
};

#define AUTO	      NET_XDP_MODE_AUTO
#define COPY	      NET_XDP_MODE_COPY
#define GETS(outcome) NET_XDP_OUTCOME_##outcome

static struct net_xdp_device device_of(const struct row *row)
{
	struct net_xdp_device d = {.ifname = "eth1",
				   .mtu_bytes = row->frame > 1518 ? 9000 : 1000,
				   .rx_queues = 1,
				   .tx_queues = 1,
				   .up = true,
				   .carrier = true,
				   .has_features = row->kernel >= NET_XDP_KERNEL(6, 3),
				   .program_mode = "none",
				   .link_type = ARPHRD_ETHER,
				   .has_ethernet = true,
				   .kernel_release = row->kernel,
				   .zc_max_segments = row->segments,
				   .has_virtio = true,
				   .virtio_features = VIRTIO_ACCESS_PLATFORM | VIRTIO_RING_RESET |
						      VIRTIO_MERGEABLE_RX};

	d.peer_mtu_bytes = d.mtu_bytes;
	if (d.has_features) {
		d.xdp_features = row->features;
		d.xsk_features = row->xsk_features;
	}
	snprintf(d.driver, sizeof(d.driver), "%s", row->driver);
	return d;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void expect_row(size_t i, const struct row *row)
{
	cr_expect_eq(prediction.outcome, row->outcome, "row %zu, %s: %s", i, row->driver,
		     prediction.findings[0].sentence);
	cr_expect(begins(prediction.tx_checksum_state, row->checksum), "row %zu, %s: %s", i,
		  row->driver, prediction.tx_checksum_state);
	cr_expect(begins(prediction.tx_segmentation_state, row->cut), "row %zu, %s: %s", i,
		  row->driver, prediction.tx_segmentation_state);
	cr_expect(begins(prediction.tx_vlan_state, row->vlan), "row %zu, %s: %s", i, row->driver,
		  prediction.tx_vlan_state);
}

Test(predict_requests, driver_kernel_and_configuration_give_who_does_it_and_why_not_better)
{
	static const struct row rows[] = {
		/* copy mode: the kernel, but for virtio_net and old ones */
		{"veth", NATIVE, 0, NEW, 1, 1518, AUTO, GETS(COPY), KERNEL, WHOLE, SHORT},
		{"ice", ZERO_COPY, 0, NEW, 8, 1518, COPY, GETS(COPY), KERNEL, WHOLE, SHORT},
		{"virtio_net", ZERO_COPY, 0, NEW, 1, 1518, COPY, GETS(COPY),
		 WE "virtio_net's copy mode may not read the request", WHOLE, SHORT},
		{"veth", NATIVE, 0, 0, 1, 1518, COPY, GETS(COPY), KERNEL, WHOLE_TCP, SHORT},
		{"veth", NATIVE, 0, V(6, 11), 1, 1518, AUTO, GETS(COPY), KERNEL, WHOLE, SHORT},
		{"veth", NATIVE, 0, V(6, 10), 1, 1518, AUTO, GETS(COPY), OLD, WHOLE, SHORT},
		{"veth", NATIVE, 0, V(6, 7), 1, 1518, AUTO, GETS(COPY), OLD, WHOLE, SHORT},
		{"veth", NATIVE, 0, V(6, 5), 1, 1518, AUTO, GETS(COPY), OLD, WHOLE, COPIED},
		{"veth", NATIVE, 0, V(6, 1), 1, 1518, COPY, GETS(COPY), OLD, WHOLE_TCP, COPIED},
		{"veth", NATIVE, 0, V(6, 1), 1, 1518, AUTO, GETS(COPY), OLD, WHOLE_TCP, COPIED},
		/* zero copy: the NIC where the driver says so */
		{"mlx5_core", ZERO_COPY, SUMS, NEW, 1, 1518, AUTO, GETS(ZERO_COPY), DRIVER, COPIED,
		 COPIED},
		{"idpf", ZERO_COPY, SUMS, NEW, 1, 1518, AUTO, GETS(ZERO_COPY), DRIVER, COPIED,
		 COPIED},
		{"mlx5_core", ZERO_COPY, SUMS, V(6, 10), 1, 1518, AUTO, GETS(ZERO_COPY), OLD,
		 COPIED, COPIED},
		{"mlx5_core", ZERO_COPY, 0, NEW, 1, 1518, AUTO, GETS(ZERO_COPY), NO_SUM, COPIED,
		 COPIED},
		/* several descriptors: of a jumbo endpoint only */
		{"ice", ZERO_COPY, 0, NEW, 8, 1518, AUTO, GETS(ZERO_COPY), NO_SUM, COPIED, COPIED},
		{"ice", ZERO_COPY, 0, NEW, 8, 9018, AUTO, GETS(ZERO_COPY), NO_SUM, SPLIT, SPLIT},
		{"i40e", ZERO_COPY, 0, NEW, 8, 1518, AUTO, GETS(ZERO_COPY), NO_SUM, COPIED, COPIED},
		{"i40e", ZERO_COPY, 0, NEW, 8, 9018, AUTO, GETS(ZERO_COPY), NO_SUM, SPLIT, SPLIT},
		{"igb", ZERO_COPY, 0, NEW, 1, 1518, AUTO, GETS(ZERO_COPY), NO_SUM, COPIED, COPIED},
		{"virtio_net", ZERO_COPY, 0, NEW, 1, 1518, AUTO, GETS(ZERO_COPY), NO_SUM, COPIED,
		 COPIED},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct net_xdp_device d = device_of(row);
		struct net_xdp_config c = net_xdp_config_default();

		c.max_frame_bytes = row->frame;
		c.mode = row->mode;
		cr_assert_eq(net_xdp_predict(&d, &c, &prediction), 0);
		expect_row(i, row);
	}
}

/* The memory was registered for zero copy, by a driver that reads no request. */
Test(predict_requests, copy_mode_after_a_zero_copy_that_is_refused_is_software)
{
	static const struct row row = {"ice", ZERO_COPY,  0,	NEW,  8,   1518,
				       AUTO,  GETS(COPY), NULL, NULL, NULL};
	struct net_xdp_device d = device_of(&row);
	struct net_xdp_config c = net_xdp_config_default();

	d.mtu_bytes = 1511;
	net_xdp_predict(&d, &c, &prediction);
	cr_assert_eq(prediction.outcome, NET_XDP_OUTCOME_COPY);
	cr_expect(begins(prediction.tx_checksum_state, WE "zero copy was expected"), "%s",
		  prediction.tx_checksum_state);
	c.mode = NET_XDP_MODE_COPY;
	net_xdp_predict(&d, &c, &prediction);
	cr_expect(begins(prediction.tx_checksum_state, KERNEL), "%s", prediction.tx_checksum_state);
}

Test(predict_requests, configuration_that_rules_a_way_out_is_named)
{
	static const struct row row = {"veth", NATIVE,	   0,	 NEW,  1,   1518,
				       AUTO,   GETS(COPY), NULL, NULL, NULL};
	const struct net_xdp_device d = device_of(&row);
	struct net_xdp_config c = net_xdp_config_default();

	c.tx_checksum = NET_XDP_TX_CHECKSUM_SOFTWARE;
	net_xdp_predict(&d, &c, &prediction);
	cr_expect_str_eq(prediction.tx_checksum_state, WE "tx_checksum is software");
	c = net_xdp_config_default();
	c.private_tx_frames = 0;
	net_xdp_predict(&d, &c, &prediction);
	cr_expect_str_eq(prediction.tx_checksum_state, "none: private_tx_frames is 0");
	cr_expect_str_eq(prediction.tx_vlan_state, "none: private_tx_frames is 0");
}

/* Sealed memory can neither be added up nor copied. */
Test(predict_requests, sealed_memory_has_what_kernel_or_nic_do_without_a_copy)
{
	static const struct row rows[] = {
		{"veth", NATIVE, 0, NEW, 1, 1518, AUTO, GETS(COPY), KERNEL, IN_PLACE, IN_PLACE},
		{"veth", NATIVE, 0, V(6, 7), 1, 1518, AUTO, GETS(COPY),
		 "none: sealed, and the kernel takes no requests", NO_SUMS, IN_PLACE},
		{"mlx5_core", ZERO_COPY, SUMS, NEW, 1, 1518, AUTO, GETS(ZERO_COPY), NO_SPLIT,
		 NO_SPLIT, NO_SPLIT},
		{"igb", ZERO_COPY, 0, NEW, 1, 1518, AUTO, GETS(ZERO_COPY), NO_SPLIT, NO_SPLIT,
		 NO_SPLIT},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct net_xdp_device d = device_of(row);
		struct net_xdp_config c = net_xdp_config_default();

		c.sealed = true;
		cr_assert_eq(net_xdp_predict(&d, &c, &prediction), 0);
		expect_row(i, row);
	}
}

Test(predict_requests, nothing_is_said_of_what_fails)
{
	static const struct row row = {"veth", NATIVE,	   0,	 NEW,  1,   1518,
				       AUTO,   GETS(COPY), NULL, NULL, NULL};
	struct net_xdp_device d = device_of(&row);
	struct net_xdp_config c = net_xdp_config_default();

	d.has_ethernet = false;
	net_xdp_predict(&d, &c, &prediction);
	cr_assert_eq(prediction.outcome, NET_XDP_OUTCOME_FAILS);
	cr_expect_str_empty(prediction.tx_checksum_state);
	cr_expect_str_empty(prediction.tx_segmentation_state);
	cr_expect_str_empty(prediction.tx_vlan_state);
	d.has_ethernet = true;
	c.chunk_bytes = 2000;
	net_xdp_predict(&d, &c, &prediction);
	cr_assert_eq(prediction.outcome, NET_XDP_OUTCOME_FAILS);
	cr_expect_str_empty(prediction.tx_checksum_state);
}
