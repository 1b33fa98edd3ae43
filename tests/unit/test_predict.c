// SPDX-License-Identifier: BSD-2-Clause
/* net_xdp_predict(): an interface and a configuration in, what an endpoint would get out. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <stdio.h>
#include <string.h>

#include "host/driver.h"
#include "host/virtio.h"
#include "net_xdp.h"

#define NATIVE	  (NET_XDP_FEATURE_BASIC | NET_XDP_FEATURE_REDIRECT)
#define ZERO_COPY (NATIVE | NET_XDP_FEATURE_ZERO_COPY)

static struct net_xdp_prediction prediction; /* large */

static struct net_xdp_device device_of(const char *driver, uint64_t features)
{
	struct net_xdp_device d = {.ifname = "eth1",
				   .mtu_bytes = 1500,
				   .rx_queues = 1,
				   .tx_queues = 1,
				   .up = true,
				   .carrier = true,
				   .has_features = true,
				   .xdp_features = features,
				   .zc_max_segments = 8,
				   .program_mode = "none",
				   .link_type = ARPHRD_ETHER,
				   .has_ethernet = true,
				   .kernel_release = NET_XDP_KERNEL(6, 18)};

	snprintf(d.driver, sizeof(d.driver), "%s", driver);
	return d;
}

struct row {
	const char *driver;
	uint64_t features;
	uint32_t mtu, chunk, frame;
	enum net_xdp_mode mode;
	enum net_xdp_attach attach;

	enum net_xdp_outcome outcome;
	bool native;
	enum net_xdp_reason reason;
};

#define AUTO	   NET_XDP_MODE_AUTO, NET_XDP_ATTACH_AUTO
#define FORCED	   NET_XDP_MODE_ZERO_COPY, NET_XDP_ATTACH_AUTO
#define COPY_ASKED NET_XDP_MODE_COPY, NET_XDP_ATTACH_AUTO
#define GETS_ZC	   NET_XDP_OUTCOME_ZERO_COPY, true
#define GETS_COPY  NET_XDP_OUTCOME_COPY, true
#define GETS_SLOW  NET_XDP_OUTCOME_COPY, false
#define R(reason)  NET_XDP_REASON_##reason

Test(predict, configuration_and_interface_give_outcome_and_reason)
{
	static const struct row rows[] = {
		{"ice", ZERO_COPY, 1500, 2048, 1518, AUTO, GETS_ZC, R(NONE)},
		{"ice", ZERO_COPY, 1500, 2048, 1518, COPY_ASKED, GETS_COPY, R(NONE)},
		{"ice", ZERO_COPY, 1510, 2048, 1518, AUTO, GETS_ZC, R(NONE)},
		{"ice", ZERO_COPY, 1511, 2048, 1518, AUTO, GETS_COPY, R(ROOM)},
		{"ice", ZERO_COPY, 1511, 2048, 1518, FORCED, NET_XDP_OUTCOME_FAILS, true, R(ROOM)},
		{"ice", ZERO_COPY, 9000, 2048, 9018, AUTO, GETS_ZC, R(NONE)},
		{"igb", ZERO_COPY, 1005, 2048, 1518, AUTO, GETS_ZC, R(NONE)},
		{"igb", ZERO_COPY, 1006, 2048, 1518, AUTO, GETS_COPY, R(CUT)},
		{"igb", ZERO_COPY, 1006, 2048, 1518, FORCED, GETS_ZC, R(NONE)}, /* and drops */
		{"igb", ZERO_COPY, 400, 2048, 500, FORCED, NET_XDP_OUTCOME_FAILS, true, R(CUT)},
		{"igb", ZERO_COPY, 2022, 4096, 2040, AUTO, GETS_ZC, R(NONE)},
		{"igb", ZERO_COPY, 2029, 4096, 2047, AUTO, GETS_ZC, R(NONE)},
		{"igb", ZERO_COPY, 2030, 4096, 2047, AUTO, GETS_COPY, R(CUT)},
		{"st_gmac", ZERO_COPY, 1000, 2048, 1401, AUTO, GETS_ZC, R(NONE)},
		{"st_gmac", ZERO_COPY, 1000, 2048, 1400, AUTO, GETS_COPY, R(DRIVER)},
		{"veth", NATIVE, 1500, 2048, 1518, FORCED, NET_XDP_OUTCOME_FAILS, true,
		 R(ZERO_COPY)},
		{"veth", NATIVE, 1500, 2048, 1518, AUTO, GETS_COPY, R(ZERO_COPY)},
		{"e1000e", 0, 1500, 2048, 1518, AUTO, GETS_SLOW, R(NATIVE)},
		{"e1000e", 0, 1500, 2048, 1518, NET_XDP_MODE_AUTO, NET_XDP_ATTACH_NATIVE,
		 NET_XDP_OUTCOME_FAILS, false, R(NATIVE)},
		{"ice", ZERO_COPY, 1500, 2048, 1518, NET_XDP_MODE_AUTO, NET_XDP_ATTACH_GENERIC,
		 GETS_SLOW, R(NATIVE)},
		{"ice", ZERO_COPY, 1500, 2048, 1518, NET_XDP_MODE_COPY, NET_XDP_ATTACH_GENERIC,
		 GETS_SLOW, R(NONE)},
		/* What net_xdp_config_check() refuses. */
		{"ice", ZERO_COPY, 1500, 2000, 1518, AUTO, NET_XDP_OUTCOME_FAILS, false, R(CONFIG)},
		{"ice", ZERO_COPY, 1500, 2048, 1518, NET_XDP_MODE_ZERO_COPY, NET_XDP_ATTACH_GENERIC,
		 NET_XDP_OUTCOME_FAILS, false, R(CONFIG)},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct net_xdp_device d = device_of(row->driver, row->features);
		struct net_xdp_config c = net_xdp_config_default();

		d.mtu_bytes = d.peer_mtu_bytes = row->mtu;
		c.chunk_bytes = row->chunk;
		c.max_frame_bytes = row->frame;
		c.mode = row->mode;
		c.attach = row->attach;
		cr_assert_eq(net_xdp_predict(&d, &c, &prediction), 0);
		cr_expect_eq(prediction.outcome, row->outcome, "row %zu: %d %s", i,
			     prediction.outcome, prediction.findings[0].sentence);
		cr_expect_eq(prediction.native, row->native, "row %zu", i);
		cr_expect_eq(prediction.reason, row->reason, "row %zu: %s, %s", i,
			     net_xdp_reason_name(prediction.reason),
			     prediction.findings[0].sentence);
		cr_expect(prediction.sure, "row %zu", i);
		/* Each reason comes with its words. */
		cr_expect(!row->reason || prediction.findings[0].sentence[0], "row %zu", i);
		for (uint32_t k = 1; k < prediction.finding_count; k++)
			cr_expect_leq(prediction.findings[k - 1].kind, prediction.findings[k].kind,
				      "row %zu: what decides comes first", i);
	}
}

Test(predict, frames_over_one_chunk_need_a_driver_and_a_kernel_that_take_several)
{
	struct net_xdp_device d = device_of("virtio_net", ZERO_COPY);
	struct net_xdp_config c = net_xdp_config_default();

	c.max_frame_bytes = 9018;
	d.has_virtio = true;
	d.virtio_features = VIRTIO_ACCESS_PLATFORM | VIRTIO_RING_RESET | VIRTIO_MERGEABLE_RX;
	d.zc_max_segments = 2;
	net_xdp_predict(&d, &c, &prediction);
	cr_expect_eq(prediction.outcome, NET_XDP_OUTCOME_ZERO_COPY, "%s",
		     prediction.findings[0].sentence);
	cr_expect(prediction.gathers);
	cr_expect_eq(prediction.max_tx_descriptors, 2);
	d.zc_max_segments = 1;
	net_xdp_predict(&d, &c, &prediction);
	cr_expect_eq(prediction.outcome, NET_XDP_OUTCOME_COPY);
	cr_expect_eq(prediction.reason, NET_XDP_REASON_SEGMENTS);
	d.zc_max_segments = 0;
	net_xdp_predict(&d, &c, &prediction);
	cr_expect_not(prediction.sure);
	d.kernel_release = NET_XDP_KERNEL(6, 5);
	net_xdp_predict(&d, &c, &prediction);
	cr_expect_eq(prediction.outcome, NET_XDP_OUTCOME_FAILS);
	cr_expect_eq(prediction.reason, NET_XDP_REASON_KERNEL);
	c.max_frame_bytes = 1518;
	net_xdp_predict(&d, &c, &prediction);
	cr_expect_neq(prediction.outcome, NET_XDP_OUTCOME_FAILS);
}

Test(predict, limits_are_those_of_the_mode)
{
	struct net_xdp_device d = device_of("virtio_net", ZERO_COPY);
	struct net_xdp_config c = net_xdp_config_default();

	d.has_virtio = d.dma_per_page = true;
	d.virtio_features = VIRTIO_ACCESS_PLATFORM | VIRTIO_RING_RESET;
	net_xdp_predict(&d, &c, &prediction);
	cr_assert_eq(prediction.outcome, NET_XDP_OUTCOME_ZERO_COPY);
	cr_expect_eq(prediction.direct_capacity_bytes, 1536);
	cr_expect_eq(prediction.header_gap_bytes, 12);
	cr_expect_eq(prediction.largest_frame_bytes, 1518);
	cr_expect_eq(prediction.largest_mtu_bytes, 1500);
	cr_expect_eq(prediction.max_tx_descriptors, 1);
	cr_expect(prediction.bounces_at_pages);
	cr_expect_not(prediction.gathers);
	c.mode = NET_XDP_MODE_COPY;
	net_xdp_predict(&d, &c, &prediction);
	cr_expect_eq(prediction.direct_capacity_bytes, 1518);
	cr_expect_eq(prediction.header_gap_bytes, 0);
	cr_expect_eq(prediction.max_tx_descriptors, 18);
	cr_expect_not(prediction.bounces_at_pages);
	d.kernel_release = NET_XDP_KERNEL(6, 1);
	net_xdp_predict(&d, &c, &prediction);
	cr_expect_eq(prediction.max_tx_descriptors, 1, "before 6.6");
}

Test(predict, other_program_blocks_unless_both_use_the_dispatcher)
{
	struct net_xdp_device d = device_of("ice", ZERO_COPY);
	struct net_xdp_config c = net_xdp_config_default();
	static const struct {
		const char *attached;
		enum net_xdp_program ours;
		bool blocked;
	} rows[] = {{"native", NET_XDP_PROGRAM_LINK, true},
		    {"native", NET_XDP_PROGRAM_DISPATCHER, true},
		    {"dispatcher", NET_XDP_PROGRAM_LINK, true},
		    {"dispatcher", NET_XDP_PROGRAM_DISPATCHER, false}};

	d.program_id = 5;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		d.program_mode = rows[i].attached;
		c.program = rows[i].ours;
		net_xdp_predict(&d, &c, &prediction);
		cr_expect_eq(prediction.outcome == NET_XDP_OUTCOME_FAILS, rows[i].blocked,
			     "row %zu", i);
		cr_expect_eq(prediction.reason == NET_XDP_REASON_PROGRAM, rows[i].blocked,
			     "row %zu", i);
	}
}

/* An older caller knows less of each struct, a newer one more. */
Test(predict, structs_of_other_sizes_are_filled_as_far_as_both_know)
{
	struct net_xdp_device d = device_of("ice", ZERO_COPY);
	struct net_xdp_config c = net_xdp_config_default();
	struct {
		struct net_xdp_prediction known;
		uint8_t unknown[16];
	} larger;
	uint8_t small[8];

	memset(&larger, 0xa5, sizeof(larger));
	cr_expect_eq(net_xdp_predict_sized(&d, sizeof(d), &c, &larger.known, sizeof(larger)), 0);
	cr_expect_eq(larger.known.outcome, NET_XDP_OUTCOME_ZERO_COPY);
	for (size_t i = 0; i < sizeof(larger.unknown); i++)
		cr_expect_eq(larger.unknown[i], 0);
	memset(small, 0xa5, sizeof(small));
	cr_expect_eq(net_xdp_predict_sized(&d, sizeof(d), &c, (void *)small, 4), 0);
	cr_expect_eq(small[0], NET_XDP_OUTCOME_ZERO_COPY);
	cr_expect_eq(small[4], 0xa5);
	/* A device that ends before kernel_release: not known, and nothing behind it is read. */
	d.kernel_release = NET_XDP_KERNEL(6, 1);
	c.max_frame_bytes = 9018;
	net_xdp_predict(&d, &c, &prediction);
	cr_expect_eq(prediction.reason, NET_XDP_REASON_KERNEL);
	net_xdp_predict_sized(&d, offsetof(struct net_xdp_device, kernel_release), &c, &prediction,
			      sizeof(prediction));
	cr_expect_eq(prediction.reason, NET_XDP_REASON_NONE);

	cr_expect_eq(net_xdp_predict(NULL, &c, &prediction), -EINVAL);
	cr_expect_eq(net_xdp_predict(&d, NULL, &prediction), -EINVAL);
	cr_expect_eq(net_xdp_predict_sized(&d, sizeof(d), &c, NULL, 0), -EINVAL);
	c.size_bytes = 1;
	cr_expect_eq(net_xdp_predict(&d, &c, &prediction), -EINVAL);
}

Test(predict, reasons_have_names_of_their_own)
{
	for (uint32_t i = 0; i < NET_XDP_REASONS; i++)
		for (uint32_t k = 0; k < i; k++)
			cr_expect_str_neq(net_xdp_reason_name(i), net_xdp_reason_name(k));
	cr_expect_null(net_xdp_reason_name(NET_XDP_REASONS));
	cr_expect_str_eq(net_xdp_reason_name(NET_XDP_REASON_CUT), "cut");
}

/* Everything wrong at once keeps to the array, and no text is cut. */
Test(predict, longest_names_and_numbers_fit)
{
	struct net_xdp_device d = device_of("virtio_net", ZERO_COPY);
	struct net_xdp_config c = net_xdp_config_default();

	for (int veth = 0; veth < 2; veth++) {
		memset(d.driver, 'd', sizeof(d.driver) - 1);
		if (veth)
			snprintf(d.driver, sizeof(d.driver), "veth");
		memset(d.program_name, 'p', sizeof(d.program_name) - 1);
		d.program_id = d.tx_queues = d.link_type = d.zc_max_segments = UINT32_MAX;
		d.rx_queues = UINT32_MAX;
		c.first_queue = 4095;
		d.tx_queues = 1;
		d.mtu_bytes = d.peer_mtu_bytes = UINT32_MAX - 100;
		d.is_bond = d.dma_per_page = d.has_offloads = true;
		d.has_ethernet = d.up = false;
		d.offloads = UINT64_MAX;
		for (int features = 0; features < 2; features++) {
			d.has_features = features;
			net_xdp_predict(&d, &c, &prediction);
			cr_expect_eq(prediction.outcome, NET_XDP_OUTCOME_FAILS);
			cr_expect_lt(prediction.finding_count, NET_XDP_FINDINGS);
			for (uint32_t i = 0; i < prediction.finding_count; i++) {
				const struct net_xdp_finding *f = &prediction.findings[i];

				cr_expect_lt(strlen(f->sentence), sizeof(f->sentence) - 1,
					     "cut: %s", f->sentence);
				cr_expect_lt(strlen(f->remedy), sizeof(f->remedy) - 1, "cut: %s",
					     f->remedy);
			}
		}
	}
}

/* Cut where the room ends, whatever it is, and no byte behind it is written. */
Test(predict, names_of_drivers_keep_within_their_room)
{
	char whole[512], part[512];
	size_t len;

	driver_zero_copy_names(whole, sizeof(whole));
	len = strlen(whole);
	cr_assert(len > 80 && len < sizeof(whole) - 1);
	for (size_t size = 1; size <= len + 2; size++) {
		memset(part, '#', sizeof(part));
		driver_zero_copy_names(part, size);
		cr_assert_eq(strlen(part), size - 1 < len ? size - 1 : len, "%zu", size);
		cr_assert_eq(strncmp(part, whole, strlen(part)), 0, "%zu: %s", size, part);
		for (size_t i = size; i < sizeof(part); i++)
			cr_assert_eq(part[i], '#', "%zu: byte %zu was written", size, i);
	}
}
