// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "net_xdp.h"
#include "xdp/config.h"

static const struct net_xdp_region region = {.guest_addr = 0, .size_bytes = 1 << 20, .fd = 3};

static struct net_xdp_config valid(void)
{
	struct net_xdp_config c = net_xdp_config_default();

	c.ifname = "eth7";
	c.regions = &region;
	c.region_count = 1;
	return c;
}

Test(config, check_default_is_valid)
{
	struct net_xdp_config c = valid();
	struct net_error err;

	cr_assert_eq(net_xdp_config_check(&c, &err), 0);
	c.unaligned = false;
	cr_assert_eq(net_xdp_config_check(&c, &err), 0);
	c.chunk_bytes = 4096;
	cr_assert_eq(net_xdp_config_check(&c, &err), 0);
	c.max_frame_bytes = 9018;
	cr_assert_eq(net_xdp_config_check(&c, &err), 0);
}

/* Each row breaks one thing; the sentence has to name it. */
#define ROW(field, value, ...)                                                                     \
	{                                                                                          \
		struct net_xdp_config c = valid();                                                 \
		struct net_error err = {0};                                                        \
		c.field = value;                                                                   \
		__VA_ARGS__;                                                                       \
		cr_expect_eq(net_xdp_config_check(&c, &err), -EINVAL, #field " = " #value);        \
		cr_expect_str_eq(err.step, "config");                                              \
		cr_expect(strstr(err.message, #field), #field " is not in: %s", err.message);      \
		cr_expect_eq(err.code, -EINVAL);                                                   \
	}

Test(config, check_each_bad_value_is_named)
{
	struct net_xdp_region none = {.size_bytes = 4096, .fd = -1};
	char a_name_of_128[NET_XDP_NAME_BYTES + 1] = "";

	memset(a_name_of_128, 'x', NET_XDP_NAME_BYTES);
	ROW(ifname, NULL);
	ROW(ifname, "");
	ROW(ifname, a_name_of_128);
	ROW(first_queue, 4096);
	ROW(max_queues, 0);
	ROW(max_queues, 65);
	ROW(max_frame_bytes, 63);
	ROW(max_frame_bytes, 9217);
	ROW(region_count, 0);
	ROW(region_count, 65);
	ROW(regions, NULL);
	ROW(memory_as_is, true);
	ROW(chunk_bytes, 2047);
	ROW(chunk_bytes, 4097);
	ROW(chunk_bytes, 3000, c.unaligned = false);
	ROW(private_rx_chunks, (1u << 20) + 1);
	ROW(private_tx_frames, (1u << 20) + 1);
	ROW(private_rx_chunks, 7, c.max_frame_bytes = 9000);
	ROW(rx_ring_frames, 0);
	ROW(rx_ring_frames, 3);
	ROW(rx_ring_frames, 131072);
	ROW(tx_ring_frames, 100);
	ROW(fill_ring_frames, 2049);
	ROW(completion_ring_frames, 7);
	ROW(completion_ring_frames, 1024);
	ROW(rx_id_limit, 0);
	ROW(rx_id_limit, (1u << 24) + 1);
	ROW(mode, 3);
	ROW(attach, 3);
	ROW(program, 2);
	ROW(rx_checksum, 3);
	ROW(take_mac_count, 17);
	ROW(busy_poll_us, 1000001);
	ROW(busy_poll_budget, 0, c.busy_poll_us = 20);
	ROW(napi_defer_hard_irqs, 2);
	ROW(napi_defer_hard_irqs, 101, c.gro_flush_timeout_ns = 200000);
	ROW(gro_flush_timeout_ns, 200000);
	ROW(gro_flush_timeout_ns, 10000001, c.napi_defer_hard_irqs = 2);
	ROW(tx_timer_us, 9);
	ROW(tx_timer_us, 100001);
	ROW(release_timeout_ms, 0);
	ROW(sealed, true, c.max_frame_bytes = 9000);
	ROW(sealed, true, c.rx_checksum = NET_XDP_RX_CHECKSUM_REPORT);
	ROW(sealed, true, c.rx_vlan = true);
	ROW(rx_vlan, true, c.program = NET_XDP_PROGRAM_DISPATCHER);
	ROW(rx_vlan, true, c.attach = NET_XDP_ATTACH_GENERIC);
	ROW(rx_vlan, true, c.max_frame_bytes = 9000);
	ROW(mode, NET_XDP_MODE_ZERO_COPY, c.attach = NET_XDP_ATTACH_GENERIC);
	{
		struct net_xdp_config c = valid();
		struct net_error err = {0};

		c.regions = &none;
		cr_assert_eq(net_xdp_config_check(&c, &err), -EINVAL);
		cr_assert(strstr(err.message, "region 0"));
		c.memory_as_is = c.sealed = true;
		cr_assert_eq(net_xdp_config_check(&c, &err), -EINVAL);
		cr_assert(strstr(err.message, "sealed"));
	}
}

/* In unaligned mode a direct buffer needs just the frame's room: the headroom takes the rest. */
Test(config, sizes_unaligned_chunk_is_as_large_as_its_frame)
{
	struct net_xdp_config c = valid();

	c.mode = NET_XDP_MODE_COPY;
	cr_assert_eq(net_xdp_direct_capacity(&c), 1518);
	cr_assert_eq(net_xdp_frame_offset(&c), 2048 - 1518);
	c.max_frame_bytes = 64; /* the kernel bounds the headroom at 1344 */
	cr_assert_eq(net_xdp_direct_capacity(&c), 448);
	c.unaligned = false;
	cr_assert_eq(net_xdp_direct_capacity(&c), 1792);
	cr_assert_eq(net_xdp_frame_offset(&c), 256);
	c.unaligned = true;
	c.max_frame_bytes = 9018;
	cr_assert(config_is_jumbo(&c));
	cr_assert_eq(net_xdp_frame_offset(&c), 256);
	cr_assert_eq(config_private_frame_bytes(&c), 16384);
}

/* Zero copy: whole steps of 128 bytes that hold the MTU, 1500 here, and 26 bytes around it. */
Test(config, sizes_unaligned_zero_copy_chunk_holds_what_bind_demands)
{
	struct net_xdp_config c = valid();

	cr_assert_eq(net_xdp_direct_capacity(&c), 1536);
	cr_assert_eq(net_xdp_frame_offset(&c), 2048 - 1536);
	c.mode = NET_XDP_MODE_ZERO_COPY;
	cr_assert_eq(net_xdp_direct_capacity(&c), 1536);
	c.max_frame_bytes = 1784; /* the largest that 2048 holds: 1792 */
	cr_assert_eq(net_xdp_direct_capacity(&c), 1792);
	c.max_frame_bytes = 1785; /* a larger one has the whole chunk, and bind decides */
	cr_assert_eq(net_xdp_direct_capacity(&c), 1792);
	cr_assert_eq(net_xdp_frame_offset(&c), 256);
}

Test(config, counters_all_have_name_and_meaning)
{
	for (int i = 0; i < NET_XDP_COUNTERS; i++) {
		cr_assert_not_null(net_xdp_counter_name(i));
		cr_assert_not_null(net_xdp_counter_meaning(i));
		for (int j = 0; j < i; j++)
			cr_assert_str_neq(net_xdp_counter_name(i), net_xdp_counter_name(j));
	}
	cr_assert_null(net_xdp_counter_name(NET_XDP_COUNTERS));
	cr_assert_null(net_xdp_counter_meaning(NET_XDP_COUNTERS));
}
