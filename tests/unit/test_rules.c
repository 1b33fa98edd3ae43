// SPDX-License-Identifier: BSD-2-Clause
/* Rules about frames, chunks and drivers, at their edges. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/driver.h"
#include "host/rules.h"

static struct net_xdp_device device_of(const char *driver, uint32_t mtu)
{
	struct net_xdp_device d = {.mtu_bytes = mtu,
				   .has_features = true,
				   .xdp_features = NET_XDP_FEATURE_BASIC |
						   NET_XDP_FEATURE_REDIRECT |
						   NET_XDP_FEATURE_ZERO_COPY};

	snprintf(d.driver, sizeof(d.driver), "%s", driver);
	return d;
}

static struct net_xdp_config config_of(uint32_t chunk_bytes, uint32_t max_frame_bytes)
{
	struct net_xdp_config c = net_xdp_config_default();

	c.chunk_bytes = chunk_bytes;
	c.max_frame_bytes = max_frame_bytes;
	return c;
}

static int error_of(const struct net_xdp_config *c, const char *driver, uint32_t mtu)
{
	struct net_xdp_device d = device_of(driver, mtu);
	struct objection o;

	rules_zero_copy(c, &d, true, 4096, &o);
	return o.error;
}

/* Numbers that do not come from the code: the drivers' and the kernel's. */
Test(rules, largest_mtu_and_the_next_one)
{
	static const struct {
		const char *driver;
		uint32_t chunk, frame, largest_frame, mtu;
		int error; /* of the next MTU; 0: the mode stays, its frames are too large */
	} rows[] = {
		{"ice", 2048, 1518, 1518, 1500, 0},
		{"ice", 2048, 1528, 1528, 1510, -EINVAL}, /* 1536 - 26 */
		{"ice", 2048, 1792, 1792, 1766, -EINVAL}, /* 1792 - 26 */
		{"ice", 4096, 3840, 3840, 3814, -EINVAL}, /* 3840 - 26 */
		{"ice", 4096, 3832, 3832, 3814, -EINVAL},
		{"igb", 2048, 1518, 1023, 1005, -EMSGSIZE}, /* one KiB less a byte */
		{"igc", 2048, 1792, 1023, 1005, -EMSGSIZE},
		{"igb", 4096, 2040, 2040, 2022, -EINVAL}, /* two KiB, of 2048 */
		{"igb", 4096, 2047, 2047, 2029, -EMSGSIZE},
		{"igb", 4096, 3071, 3071, 3053, -EMSGSIZE}, /* three KiB: no chunk has four */
		{"igb", 4096, 3840, 3071, 3053, -EMSGSIZE},
		{"igb", 2048, 1016, 1016, 998, -EINVAL},
		{"virtio_net", 2048, 1518, 1518, 1500, 0},
		{"virtio_net", 2048, 1528, 1528, 1510, -EINVAL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_xdp_config c = config_of(rows[i].chunk, rows[i].frame);
		struct net_xdp_device d = device_of(rows[i].driver, 0);

		cr_expect_eq(rules_largest_frame(&c, &d, true), rows[i].largest_frame,
			     "row %zu: %u", i, rules_largest_frame(&c, &d, true));
		cr_expect_eq(rules_largest_mtu(&c, &d, true), rows[i].mtu, "row %zu: %u", i,
			     rules_largest_mtu(&c, &d, true));
		cr_expect_eq(error_of(&c, rows[i].driver, rows[i].mtu), 0, "row %zu", i);
		cr_expect_eq(error_of(&c, rows[i].driver, rows[i].mtu + 1), rows[i].error,
			     "row %zu", i);
		/* Copy mode knows neither steps nor units. */
		cr_expect_eq(rules_largest_frame(&c, &d, false), rows[i].frame, "row %zu", i);
		cr_expect_eq(rules_largest_mtu(&c, &d, false), rows[i].frame - 18, "row %zu", i);
	}
}

/* What the limits say is what is objected to, for each size. */
Test(rules, limits_and_objections_agree_for_every_size)
{
	static const char *const drivers[] = {"ice", "igb", "virtio_net"};
	static const uint32_t chunks[] = {2048, 3000, 4096};

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++)
			for (uint32_t frame = 64; frame <= chunks[k] - 256; frame++) {
				struct net_xdp_config c = config_of(chunks[k], frame);
				struct net_xdp_device d = device_of(drivers[i], 0);
				uint32_t mtu = rules_largest_mtu(&c, &d, true);
				uint32_t largest = rules_largest_frame(&c, &d, true);

				if (!largest)
					continue; /* no MTU at all: chunks under the unit */
				cr_assert_leq(mtu + 18, largest, "%s %u %u", drivers[i], chunks[k],
					      frame);
				cr_assert_eq(error_of(&c, drivers[i], mtu), 0, "%s %u %u",
					     drivers[i], chunks[k], frame);
				cr_assert(error_of(&c, drivers[i], mtu + 1) || mtu + 19 > largest,
					  "%s %u %u", drivers[i], chunks[k], frame);
			}
}

/* Whoever does what the remedy says gets zero copy, in one step. */
Test(rules, remedy_in_bytes_works_for_every_mtu)
{
	static const char *const drivers[] = {"ice", "igb"};
	static const uint32_t most[] = {3814, 3053};

	for (size_t i = 0; i < 2; i++)
		for (uint32_t mtu = 68; mtu <= most[i]; mtu++) {
			struct net_xdp_config c = config_of(2048, 600);
			struct net_xdp_device d = device_of(drivers[i], mtu);
			uint32_t frame = 0, chunk = 2048;
			struct objection o;

			rules_zero_copy(&c, &d, true, 4096, &o);
			if (!o.error)
				continue;
			cr_assert(sscanf(o.remedy, "use max_frame_bytes %u", &frame) == 1 ||
					  sscanf(o.remedy,
						 "use chunk_bytes %u and max_frame_bytes %u",
						 &chunk, &frame) == 2,
				  "%s %u: %s", drivers[i], mtu, o.remedy);
			c = config_of(chunk, frame);
			cr_assert_not(rules_is_jumbo(&c), "%s %u: %s", drivers[i], mtu, o.remedy);
			cr_assert_geq(rules_largest_frame(&c, &d, true), mtu + 18, "%s %u: %s",
				      drivers[i], mtu, o.remedy);
			cr_assert_eq(error_of(&c, drivers[i], mtu), 0, "%s %u: %s", drivers[i], mtu,
				     o.remedy);
		}
	/* And where no size would do none is named. */
	for (size_t i = 0; i < 2; i++) {
		struct net_xdp_config c = config_of(2048, 1518);
		struct net_xdp_device d = device_of(drivers[i], most[i] + 1);
		struct objection o;
		char remedy[32];

		snprintf(remedy, sizeof(remedy), "lower the MTU to %u", most[i]);
		rules_zero_copy(&c, &d, true, 4096, &o);
		cr_expect(o.error && strstr(o.remedy, remedy), "%s: %s", drivers[i], o.remedy);
	}
}

Test(rules, nothing_is_said_where_no_zero_copy_is_tried)
{
	struct net_xdp_config c = config_of(2048, 1000);
	struct net_xdp_device d = device_of("igb", 1500);
	struct objection o;

	cr_expect(rules_may_zero_copy(&c, &d, true));
	cr_expect_not(rules_may_zero_copy(&c, &d, false));
	rules_zero_copy(&c, &d, false, 4096, &o);
	cr_expect_eq(o.error, -EOPNOTSUPP);
	cr_expect_eq(o.reason, NET_XDP_REASON_NATIVE);
	d.xdp_features = NET_XDP_FEATURE_BASIC;
	cr_expect_not(rules_may_zero_copy(&c, &d, true));
	rules_zero_copy(&c, &d, true, 4096, &o);
	cr_expect_eq(o.error, 0, "the kernel says it: %s", o.why);
	d.has_features = false;
	cr_expect(rules_may_zero_copy(&c, &d, true));
	c.mode = NET_XDP_MODE_COPY;
	cr_expect_not(rules_may_zero_copy(&c, &d, true));
}

Test(rules, huge_pages_are_spoken_of_only_behind_an_iommu)
{
	struct net_xdp_config c = config_of(2048, 1518);
	struct net_xdp_device d = device_of("ice", 1500);
	struct objection o;

	d.dma_per_page = true;
	rules_zero_copy(&c, &d, true, 4096, &o);
	cr_expect_str_empty(o.why);
	rules_zero_copy(&c, &d, true, 2 << 20, &o);
	cr_expect_eq(o.error, 0);
	cr_expect_eq(o.reason, NET_XDP_REASON_PAGES);
	d.dma_per_page = false;
	rules_zero_copy(&c, &d, true, 2 << 20, &o);
	cr_expect_str_empty(o.why);
}

Test(rules, descriptors_of_a_sent_packet)
{
	struct net_xdp_config c = config_of(2048, 1518);
	struct net_xdp_device d = device_of("ice", 1500);

	d.zc_max_segments = 8;
	cr_expect_eq(rules_tx_descriptors(&c, &d, true, false), 18);
	cr_expect_eq(rules_tx_descriptors(&c, &d, false, false), 1, "before 6.6");
	cr_expect_eq(rules_tx_descriptors(&c, &d, true, true), 1, "no multi-buffer socket");
	c.max_frame_bytes = 9000;
	cr_expect_eq(rules_tx_descriptors(&c, &d, true, true), 8);
	d.zc_max_segments = 100;
	cr_expect_eq(rules_tx_descriptors(&c, &d, true, true), 18);
	d.zc_max_segments = 1;
	cr_expect_eq(rules_tx_descriptors(&c, &d, true, true), 1);
	c.tx_ring_frames = 16;
	cr_expect_eq(rules_tx_descriptors(&c, &d, true, false), 16, "an empty ring holds it");
}

Test(rules, chunk_limits_are_as_the_kernel_computes_them)
{
	struct net_xdp_chunk_limits limits;

	cr_assert_eq(net_xdp_get_chunk_limits(2048, &limits), 0);
	cr_expect_eq(limits.copy_bytes, 1792);
	cr_expect_eq(limits.zero_copy_bytes, 1792);
	cr_expect_eq(limits.zero_copy_multi_bytes, 1408);
	cr_assert_eq(net_xdp_get_chunk_limits(4096, &limits), 0);
	cr_expect_eq(limits.copy_bytes, 3840);
	cr_expect_eq(limits.zero_copy_multi_bytes, 3456);
	cr_assert_eq(net_xdp_get_chunk_limits(2200, &limits), 0);
	cr_expect_eq(limits.copy_bytes, 1944);
	cr_expect_eq(limits.zero_copy_bytes, 1920);
	cr_expect_eq(net_xdp_get_chunk_limits(2047, &limits), -EINVAL);
	cr_expect_eq(net_xdp_get_chunk_limits(4097, &limits), -EINVAL);
	cr_expect_eq(net_xdp_get_chunk_limits_sized(2048, NULL, 0), -EINVAL);
}

Test(rules, driver_has_its_gap_and_unit)
{
	static const struct {
		const char *driver;
		bool hash;
		uint32_t gap, unit;
	} rows[] = {{"virtio_net", false, 12, 0},
		    {"virtio_net", true, 20, 0},
		    {"igb", true, 0, 1024},
		    {"igc", false, 0, 1024},
		    {"ixgbe", false, 0, 0},
		    {"igbvf", true, 0, 0},
		    {"", true, 0, 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_xdp_device d = device_of(rows[i].driver, 1500);

		d.rx_metadata_features = rows[i].hash ? 1 << 1 : 0;
		cr_expect_eq(driver_gap_bytes(&d), rows[i].gap, "row %zu", i);
		cr_expect_eq(driver_buffer_unit(&d), rows[i].unit, "row %zu", i);
	}
}
