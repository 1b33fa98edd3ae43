// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net_xdp.h"
#include "host/rules.h"
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

/* Its descriptors, of which it has not opened all then, are not mistaken for the program's. */
Test(config, open_that_fails_leaves_the_programs_descriptors)
{
	struct net_xdp_region own = {.size_bytes = 1 << 20};
	struct net_xdp_config c = valid();
	struct net_endpoint *ep;
	struct net_error err = {0};

	own.fd = memfd_create("region", MFD_CLOEXEC);
	cr_assert_eq(ftruncate(own.fd, 1 << 20), 0);
	c.ifname = "none7";
	c.regions = &own;
	cr_assert_geq(fcntl(STDIN_FILENO, F_GETFD), 0);
	cr_assert_lt(net_xdp_open(&c, &ep, &err), 0);
	cr_assert_str_eq(err.step, "query", "%s: %s", err.step, err.message);
	cr_assert_geq(fcntl(STDIN_FILENO, F_GETFD), 0);
	close(own.fd);
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
	ROW(fill_ring_frames, 4, c.max_frame_bytes = 9018);
	ROW(rx_ring_frames, 4, c.max_frame_bytes = 9018);
	ROW(tx_ring_frames, 4, c.max_frame_bytes = 9018);
	ROW(fill_ring_frames, 1, c.max_frame_bytes = 1793);
	ROW(fill_ring_frames, 2, c.max_frame_bytes = 9018, c.chunk_bytes = 4096);
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
	ROW(rx_checksum, 4);
	ROW(tx_checksum, 2);
	ROW(take_mac_count, 17);
	ROW(keep_count, NET_XDP_KEEP_RULES + 1);
	ROW(busy_poll_us, 1000001);
	ROW(busy_poll_budget, 0, c.busy_poll_us = 20);
	ROW(busy_poll_budget, 65536, c.busy_poll_us = 20);
	ROW(napi_defer_hard_irqs, 2);
	ROW(napi_defer_hard_irqs, 101, c.gro_flush_timeout_ns = 200000);
	ROW(gro_flush_timeout_ns, 200000);
	ROW(gro_flush_timeout_ns, 10000001, c.napi_defer_hard_irqs = 2);
	ROW(tx_timer_us, 9);
	ROW(tx_timer_us, 100001);
	ROW(release_timeout_ms, 0);
	ROW(release_timeout_ms, 60001);
	ROW(sealed, true, c.max_frame_bytes = 9000);
	ROW(sealed, true, c.rx_checksum = NET_XDP_RX_CHECKSUM_REPORT);
	ROW(sealed, true, c.rx_checksum = NET_XDP_RX_CHECKSUM_PARTIAL);
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

/* With __VA_ARGS__ done to a valid configuration, it is one still. */
#define GOOD(...)                                                                                  \
	do {                                                                                       \
		struct net_xdp_config c = valid();                                                 \
		struct net_error err = {0};                                                        \
		__VA_ARGS__;                                                                       \
		cr_assert_eq(net_xdp_config_check(&c, &err), 0, #__VA_ARGS__ ": %s", err.message); \
	} while (0)

/* What check_each_bad_value_is_named goes beyond by one. */
Test(config, check_takes_each_limit_itself)
{
	struct net_xdp_region many[64];
	char a_name_of_127[NET_XDP_NAME_BYTES] = "";

	for (int i = 0; i < 64; i++)
		many[i] = region;
	memset(a_name_of_127, 'x', NET_XDP_NAME_BYTES - 1);
	GOOD(c.ifname = a_name_of_127);
	GOOD(c.ifname = "x");
	GOOD(c.first_queue = 4095);
	GOOD(c.max_queues = 1);
	GOOD(c.max_queues = 64);
	GOOD(c.max_frame_bytes = 64);
	GOOD(c.max_frame_bytes = 9216);
	GOOD(c.regions = many, c.region_count = 64);
	GOOD(c.chunk_bytes = 2049);
	GOOD(c.chunk_bytes = 4096);
	GOOD(c.private_rx_chunks = c.private_tx_frames = 0);
	GOOD(c.private_rx_chunks = c.private_tx_frames = 1u << 20);
	GOOD(c.private_rx_chunks = 8, c.max_frame_bytes = 9000);
	GOOD(c.fill_ring_frames = c.rx_ring_frames = 8, c.max_frame_bytes = 9018);
	GOOD(c.rx_ring_frames = c.fill_ring_frames = 1);
	GOOD(c.rx_ring_frames = c.fill_ring_frames = 65536);
	GOOD(c.tx_ring_frames = c.completion_ring_frames = 1);
	GOOD(c.tx_ring_frames = c.completion_ring_frames = 65536);
	GOOD(c.rx_id_limit = 1);
	GOOD(c.rx_id_limit = 1u << 24);
	GOOD(c.mode = NET_XDP_MODE_COPY);
	GOOD(c.attach = NET_XDP_ATTACH_GENERIC);
	GOOD(c.program = NET_XDP_PROGRAM_DISPATCHER);
	GOOD(c.rx_checksum = NET_XDP_RX_CHECKSUM_PARTIAL);
	GOOD(c.tx_checksum = NET_XDP_TX_CHECKSUM_SOFTWARE);
	GOOD(c.take_mac_count = NET_XDP_TAKE_MACS);
	GOOD(c.busy_poll_us = 1000000);
	GOOD(c.busy_poll_us = 1, c.busy_poll_budget = 1);
	GOOD(c.busy_poll_us = 1, c.busy_poll_budget = 65535);
	GOOD(c.busy_poll_us = 0, c.busy_poll_budget = 0);
	GOOD(c.napi_defer_hard_irqs = 1, c.gro_flush_timeout_ns = 1);
	GOOD(c.napi_defer_hard_irqs = 100, c.gro_flush_timeout_ns = 10000000);
	GOOD(c.tx_timer_us = 10);
	GOOD(c.tx_timer_us = 100000);
	GOOD(c.release_timeout_ms = 1);
	GOOD(c.release_timeout_ms = 60000);
}

/* Each piece of a frame that spans chunks has an entry; the sentence says how many there must be. */
Test(config, check_jumbo_rings_hold_a_frame)
{
	static const uint32_t chunks[] = {2048, 3000, 4096};

	for (uint32_t i = 0; i < 3; i++) {
		for (uint32_t bytes = chunks[i] - 255; bytes <= 9216; bytes++) {
			struct net_xdp_config c = valid();
			struct net_error err = {0};
			uint32_t needed = 1;

			c.chunk_bytes = chunks[i];
			c.max_frame_bytes = bytes;
			c.mode = NET_XDP_MODE_COPY; /* there a chunk keeps 256 bytes only */
			while (needed * (chunks[i] - 256) < bytes)
				needed *= 2;
			c.fill_ring_frames = c.rx_ring_frames = needed;
			cr_assert_eq(net_xdp_config_check(&c, &err), 0, "%u in chunks of %u: %s",
				     bytes, chunks[i], err.message);
			c.fill_ring_frames = needed / 2;
			cr_assert_eq(net_xdp_config_check(&c, &err), -EINVAL);
			snprintf(err.step, sizeof(err.step), "at least %u", needed);
			cr_assert(strstr(err.message, err.step), "not %s: %s", err.step,
				  err.message);
		}
	}
}

/* Before the check anything may be in a configuration. */
Test(config, sizes_of_an_invalid_configuration_are_0)
{
	static const uint32_t values[] = {
		0, 1, 63, 255, 9217, 65536, 1u << 31, UINT32_MAX - 2, UINT32_MAX};

	for (uint32_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		for (uint32_t field = 0; field < 5; field++) {
			struct net_xdp_config c = valid();
			uint32_t *at[] = {&c.max_frame_bytes, &c.chunk_bytes, &c.max_queues,
					  &c.private_rx_chunks, &c.private_tx_frames};
			struct net_error err;

			*at[field] = values[i];
			if (net_xdp_config_check(&c, &err) == 0)
				continue;
			cr_assert_eq(net_xdp_private_bytes(&c), 0);
			cr_assert_eq(net_xdp_frame_offset(&c), 0);
			cr_assert_eq(net_xdp_direct_capacity(&c), 0);
		}
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
	cr_assert(rules_is_jumbo(&c));
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

/* ---- Programs that were built with another header --------------------------------------------- */

struct newer_config {
	struct net_xdp_config known;
	uint64_t unknown;
};

Test(config, init_writes_no_more_than_the_caller_knows)
{
	struct newer_config c;

	memset(&c, 0xa5, sizeof(c));
	net_xdp_config_init(&c.known, sizeof(c.known));
	cr_assert(c.known.size_bytes == sizeof(c.known));
	cr_assert(c.unknown == 0xa5a5a5a5a5a5a5a5, "wrote behind the caller's struct");
}

Test(config, init_of_a_newer_program_zeroes_what_is_unknown_here)
{
	struct newer_config c;

	memset(&c, 0xa5, sizeof(c));
	net_xdp_config_init(&c.known, sizeof(c));
	cr_assert(c.known.size_bytes == sizeof(c) && c.unknown == 0);
}

Test(config, newer_program_is_refused_only_if_it_asks_for_what_is_unknown_here)
{
	struct newer_config c = {.known = valid()};
	struct net_error err;

	c.known.size_bytes = sizeof(c);
	cr_assert_eq(net_xdp_config_check(&c.known, &err), 0);
	c.unknown = 1;
	cr_assert_eq(net_xdp_config_check(&c.known, &err), -EINVAL);
	cr_assert(strstr(err.message, net_xdp_version()), "\"%s\"", err.message);
}

Test(config, config_without_a_size_is_refused)
{
	struct net_xdp_config c = valid();
	struct net_error err;

	c.size_bytes = 0;
	cr_assert_eq(net_xdp_config_check(&c, &err), -EINVAL);
	cr_assert(strstr(err.message, "net_xdp_config_default"), "\"%s\"", err.message);
	cr_assert_eq(net_xdp_private_bytes(&c), 0);
	cr_assert_eq(net_xdp_config_check(NULL, &err), -EINVAL);
}

/* A newer program's field may stand where this library has reserved bytes. */
Test(config, reserved_byte_that_is_set_is_refused)
{
	struct net_xdp_config c = valid();
	struct net_error err;

	for (size_t i = 0; i < sizeof(c.reserved); i++) {
		c.reserved[i] = 1;
		cr_assert_eq(net_xdp_config_check(&c, &err), -EINVAL);
		cr_assert(strstr(err.message, "reserved["), "%s", err.message);
		c.reserved[i] = 0;
	}
	for (size_t i = 0; i < sizeof(c.reserved_end); i++) {
		c.reserved_end[i] = 1;
		cr_assert_eq(net_xdp_config_check(&c, &err), -EINVAL);
		cr_assert(strstr(err.message, "reserved_end["), "%s", err.message);
		c.reserved_end[i] = 0;
	}
	cr_assert_eq(net_xdp_config_check(&c, &err), 0);
}

/* Padding behind the last member would be where a later field stands, and older programs leave it unset within
 * the same size. */
Test(config, structure_ends_with_its_last_member)
{
	cr_assert_eq(sizeof(struct net_xdp_config) % sizeof(void *), 0);
	cr_assert_eq(offsetof(struct net_xdp_config, steer) +
			     sizeof(((struct net_xdp_config *)0)->steer),
		     sizeof(struct net_xdp_config));
}
