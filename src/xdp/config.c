// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"
#include "host/kept.h"
#include "host/rules.h"
#include "host/steer_plan.h"
#include "xdp/config.h"
#include "host/xdp_uapi.h"

/* What 0.2.0 has: no program that this library is loaded for knows less. */
#define CONFIG_SMALLEST (offsetof(struct net_xdp_config, release_timeout_ms) + sizeof(uint32_t))

static const struct net_xdp_config defaults = {
	.size_bytes = sizeof(struct net_xdp_config),
	.ifname = NULL,
	.max_queues = 1,
	.max_frame_bytes = 1518, /* MTU 1500, Ethernet header, one VLAN tag */
	.unaligned = true,
	.chunk_bytes = 2048,
	.private_rx_chunks = 1024,
	.private_tx_frames = 512,
	.rx_ring_frames = 2048,
	.tx_ring_frames = 2048,
	.fill_ring_frames = 2048,
	.completion_ring_frames = 2048,
	.rx_id_limit = 65536,
	.busy_poll_budget = 64,
	.tx_timer_us = 100,
	.release_timeout_ms = 10000,
};

void net_xdp_config_init(struct net_xdp_config *config, size_t size_bytes)
{
	grow_out(config, size_bytes, &defaults, sizeof(defaults));
	config->size_bytes = size_bytes;
}

static int reserved_is_set(const char *member, size_t i, struct net_error *err)
{
	return error_set(err, -EINVAL, "config",
			 "%s[%zu] is set: start from net_xdp_config_default(), or load the library "
			 "that the program was built with",
			 member, i);
}

int config_take(struct net_xdp_config *own, const struct net_xdp_config *config,
		struct net_error *err)
{
	const uint8_t *bytes = (const uint8_t *)config;
	size_t size = config ? config->size_bytes : 0;

	*own = defaults;
	if (size < CONFIG_SMALLEST)
		return error_set(err, -EINVAL, "config",
				 "size_bytes %zu: start from net_xdp_config_default()", size);
	for (size_t i = sizeof(*own); i < size; i++)
		if (bytes[i])
			return error_set(err, -EINVAL, "config",
					 "byte %zu of the configuration is set, but version %s of "
					 "the library knows %zu; load the one that the program was "
					 "built with",
					 i, net_xdp_version(), sizeof(*own));
	memcpy(own, config, size < sizeof(*own) ? size : sizeof(*own));
	own->size_bytes = sizeof(*own);
	for (size_t i = 0; i < sizeof(own->reserved); i++)
		if (own->reserved[i])
			return reserved_is_set("reserved", i, err);
	for (size_t i = 0; i < sizeof(own->reserved_end); i++)
		if (own->reserved_end[i])
			return reserved_is_set("reserved_end", i, err);
	return 0;
}

/* 0 when there is none. */
static uint32_t power_of_two(uint32_t at_least)
{
	uint32_t size = 1;

	while (size && size < at_least)
		size *= 2;
	return size;
}

uint32_t config_private_chunk_bytes(const struct net_xdp_config *c)
{
	return power_of_two(c->chunk_bytes);
}

uint32_t config_private_frame_bytes(const struct net_xdp_config *c)
{
	/* room for a VLAN tag, and for what is asked of the kernel */
	uint32_t frame = power_of_two(c->max_frame_bytes + 4 + XSK_TX_REQUEST_BYTES);
	uint32_t chunk = config_private_chunk_bytes(c);

	return frame > chunk ? frame : chunk;
}

/* Each wire packet with headers of ours has at least one descriptor. */
uint32_t config_private_headers(const struct net_xdp_config *c)
{
	return c->private_tx_frames ? c->tx_ring_frames : 0;
}

uint64_t config_private_bytes_per_queue(const struct net_xdp_config *c)
{
	uint64_t bytes = (uint64_t)c->private_rx_chunks * config_private_chunk_bytes(c) +
			 (uint64_t)c->private_tx_frames * config_private_frame_bytes(c) +
			 (uint64_t)config_private_headers(c) * CONFIG_HEADER_BYTES;

	return (bytes + 4095) / 4096 * 4096;
}

static bool is_ring_size(uint32_t n)
{
	return n >= 1 && n <= 65536 && (n & (n - 1)) == 0;
}

/* One line per rejected value: what is wrong, with the value, and what would do. */
#define REJECT(broken, ...)                                                                        \
	do {                                                                                       \
		if (broken)                                                                        \
			return error_set(err, -EINVAL, "config", __VA_ARGS__);                     \
	} while (0)

static int check_rings(const struct net_xdp_config *c, struct net_error *err)
{
	REJECT(!is_ring_size(c->rx_ring_frames),
	       "rx_ring_frames %u: must be a power of two from 1 to 65536; use 2048",
	       c->rx_ring_frames);
	REJECT(!is_ring_size(c->tx_ring_frames),
	       "tx_ring_frames %u: must be a power of two from 1 to 65536; use 2048",
	       c->tx_ring_frames);
	REJECT(!is_ring_size(c->fill_ring_frames),
	       "fill_ring_frames %u: must be a power of two from 1 to 65536; use 2048",
	       c->fill_ring_frames);
	REJECT(!is_ring_size(c->completion_ring_frames),
	       "completion_ring_frames %u: must be a power of two from 1 to 65536; use 2048",
	       c->completion_ring_frames);
	REJECT(c->completion_ring_frames < c->tx_ring_frames,
	       "completion_ring_frames %u: must hold the TX ring of %u, or sending stalls; use %u",
	       c->completion_ring_frames, c->tx_ring_frames, c->tx_ring_frames);
	REJECT(c->rx_id_limit == 0 || c->rx_id_limit > 1u << 24,
	       "rx_id_limit %u: must be 1 to 16777216; use the number of receive buffers",
	       c->rx_id_limit);
	return 0;
}

/* What sizes are computed from. */
static int check_ranges(const struct net_xdp_config *c, struct net_error *err)
{
	REJECT(c->max_queues < 1 || c->max_queues > 64, "max_queues %u: must be 1 to 64",
	       c->max_queues);
	REJECT(c->chunk_bytes < 2048 || c->chunk_bytes > 4096,
	       "chunk_bytes %u: the kernel takes 2048 to 4096; use 2048, or 4096 for larger frames",
	       c->chunk_bytes);
	REJECT(!c->unaligned && c->chunk_bytes != 2048 && c->chunk_bytes != 4096,
	       "chunk_bytes %u: aligned chunks are 2048 or 4096; use one of these or set unaligned",
	       c->chunk_bytes);
	REJECT(c->max_frame_bytes < 64 || c->max_frame_bytes > RULES_LARGEST_FRAME_BYTES,
	       "max_frame_bytes %u: must be 64 to %u; use the MTU plus %u", c->max_frame_bytes,
	       RULES_LARGEST_FRAME_BYTES, RULES_ETHERNET_BYTES);
	REJECT(c->private_rx_chunks > 1u << 20,
	       "private_rx_chunks %u: must be at most 1048576; 1024 is plenty",
	       c->private_rx_chunks);
	REJECT(c->private_tx_frames > 1u << 20,
	       "private_tx_frames %u: must be at most 1048576; 512 is plenty",
	       c->private_tx_frames);
	return 0;
}

/* Frames in pieces: each piece of one that arrives or is sent has an entry, all at the same time. */
static int check_jumbo(const struct net_xdp_config *c, struct net_error *err)
{
	bool zero_copy = c->mode != NET_XDP_MODE_COPY && c->attach != NET_XDP_ATTACH_GENERIC;
	uint32_t rx, tx;

	if (!rules_is_jumbo(c))
		return 0;
	rx = rules_rx_pieces(c->max_frame_bytes, c->chunk_bytes, zero_copy);
	tx = rules_tx_pieces(c);
	REJECT(c->private_rx_chunks < 8,
	       "private_rx_chunks %u: frames of %u bytes are gathered through the private area, at "
	       "least 8 chunks; use 1024, or larger chunks",
	       c->private_rx_chunks, c->max_frame_bytes);
	REJECT(c->fill_ring_frames < rx,
	       "fill_ring_frames %u: a frame of %u bytes comes in up to %u pieces, and an entry is "
	       "needed for each; use 2048, at least %u",
	       c->fill_ring_frames, c->max_frame_bytes, rx, power_of_two(rx));
	REJECT(c->rx_ring_frames < rx,
	       "rx_ring_frames %u: a frame of %u bytes comes in up to %u pieces, and an entry is "
	       "needed for each; use 2048, at least %u",
	       c->rx_ring_frames, c->max_frame_bytes, rx, power_of_two(rx));
	REJECT(c->tx_ring_frames < tx,
	       "tx_ring_frames %u: a frame of %u bytes is sent in up to %u pieces, and an entry is "
	       "needed for each; use 2048, at least %u",
	       c->tx_ring_frames, c->max_frame_bytes, tx, power_of_two(tx));
	REJECT(c->sealed,
	       "sealed with max_frame_bytes %u: frames over %u bytes are copied by us, which "
	       "sealed forbids; use frames that fit a chunk",
	       c->max_frame_bytes, c->chunk_bytes - XDP_FRAME_HEADROOM);
	return 0;
}

static int check_memory(const struct net_xdp_config *c, struct net_error *err)
{
	REJECT(c->region_count < 1 || c->region_count > 64 || !c->regions,
	       "region_count %u: must be 1 to 64, with regions set; name the memory that holds the "
	       "buffers",
	       c->region_count);
	REJECT(c->memory_as_is && (c->region_count != 1 || c->regions[0].fd >= 0),
	       "memory_as_is with %u regions: takes exactly one region, with fd -1; give that or "
	       "clear memory_as_is",
	       c->region_count);
	REJECT(c->memory_as_is && c->sealed,
	       "sealed with memory_as_is: it would lock the frontend out of its own mapping; give "
	       "the region by fd");
	for (uint32_t i = 0; i < c->region_count; i++)
		REJECT(c->regions[i].fd < 0 && !c->regions[i].memory,
		       "region %u: has neither fd nor memory; set one", i);
	return 0;
}

static int check_modes(const struct net_xdp_config *c, struct net_error *err)
{
	REJECT(c->mode > NET_XDP_MODE_COPY, "mode %d: is none of auto, zero-copy, copy", c->mode);
	REJECT(c->attach > NET_XDP_ATTACH_GENERIC, "attach %d: is none of auto, native, generic",
	       c->attach);
	REJECT(c->program > NET_XDP_PROGRAM_DISPATCHER, "program %d: is none of link, dispatcher",
	       c->program);
	REJECT(c->rx_checksum > NET_XDP_RX_CHECKSUM_PARTIAL,
	       "rx_checksum %d: is none of none, report, complete, partial", c->rx_checksum);
	REJECT(c->tx_checksum > NET_XDP_TX_CHECKSUM_SOFTWARE,
	       "tx_checksum %d: is none of auto, software", c->tx_checksum);
	REJECT(c->mode == NET_XDP_MODE_ZERO_COPY && c->attach == NET_XDP_ATTACH_GENERIC,
	       "mode zero-copy with attach generic: zero copy needs the driver's own XDP; use "
	       "attach native");
	REJECT(c->sealed && c->rx_checksum != NET_XDP_RX_CHECKSUM_NONE,
	       "sealed with rx_checksum: looking at checksums reads the frame, or its headers; use none");
	REJECT(c->sealed && c->rx_vlan, "sealed with rx_vlan: the tag is handed over in front of "
					"the frame; use one of them");
	REJECT(c->rx_vlan && c->program == NET_XDP_PROGRAM_DISPATCHER,
	       "rx_vlan with the dispatcher: a device-bound program cannot run behind libxdp's "
	       "dispatcher; use program link");
	REJECT(c->rx_vlan && c->attach == NET_XDP_ATTACH_GENERIC,
	       "rx_vlan with attach generic: a device-bound program needs native attach");
	REJECT(c->rx_vlan && rules_is_jumbo(c),
	       "rx_vlan with max_frame_bytes %u: is not offered for frames over one chunk",
	       c->max_frame_bytes);
	return 0;
}

static int check_rest(const struct net_xdp_config *c, struct net_error *err)
{
	REJECT(!c->ifname || !*c->ifname || strlen(c->ifname) >= NET_XDP_NAME_BYTES,
	       "ifname \"%.40s\": must name an interface in 1 to 15 characters, or 127 of an "
	       "alternative name",
	       c->ifname ? c->ifname : "(null)");
	REJECT(c->first_queue > 4095, "first_queue %u: must be at most 4095", c->first_queue);
	REJECT(c->take_mac_count > NET_XDP_TAKE_MACS, "take_mac_count %u: must be at most %d",
	       c->take_mac_count, NET_XDP_TAKE_MACS);
	REJECT(c->busy_poll_us > 1000000, "busy_poll_us %u: must be at most 1000000; 20 is usual",
	       c->busy_poll_us);
	REJECT(c->busy_poll_us && (c->busy_poll_budget < 1 || c->busy_poll_budget > 65535),
	       "busy_poll_budget %u: must be 1 to 65535; 64 is usual", c->busy_poll_budget);
	REJECT(!c->napi_defer_hard_irqs != !c->gro_flush_timeout_ns,
	       "napi_defer_hard_irqs %u, gro_flush_timeout_ns %u: go together; use 2 and 200000, "
	       "or 0 and 0",
	       c->napi_defer_hard_irqs, c->gro_flush_timeout_ns);
	REJECT(c->napi_defer_hard_irqs > 100,
	       "napi_defer_hard_irqs %u: must be at most 100; 2 is usual", c->napi_defer_hard_irqs);
	REJECT(c->gro_flush_timeout_ns > 10000000,
	       "gro_flush_timeout_ns %u: must be at most 10000000; 200000 is usual",
	       c->gro_flush_timeout_ns);
	REJECT(c->tx_timer_us < 10 || c->tx_timer_us > 100000,
	       "tx_timer_us %u: must be 10 to 100000; 100 is usual", c->tx_timer_us);
	REJECT(c->release_timeout_ms < 1 || c->release_timeout_ms > 60000,
	       "release_timeout_ms %u: must be 1 to 60000; 10000 is usual", c->release_timeout_ms);
	return 0;
}

int config_check_rules(const struct net_xdp_config *c, struct net_error *err)
{
	int rc = check_rings(c, err);

	if (!rc)
		rc = check_ranges(c, err);
	if (!rc)
		rc = check_jumbo(c, err);
	if (!rc)
		rc = check_modes(c, err);
	if (!rc)
		rc = kept_check(c, err);
	return rc;
}

int net_xdp_config_check(const struct net_xdp_config *config, struct net_error *err)
{
	struct net_xdp_steer steer;
	struct net_xdp_config c;
	int rc = config_take(&c, config, err);

	if (!rc)
		rc = check_rest(&c, err);
	if (!rc && c.steer)
		rc = steer_take(&steer, c.steer, err);
	if (!rc)
		rc = config_check_rules(&c, err);
	if (!rc)
		rc = check_memory(&c, err);
	return rc;
}

/* ---- For the frontend ------------------------------------------------------------------------- */

uint64_t net_xdp_private_bytes(const struct net_xdp_config *config)
{
	struct net_xdp_config c;

	if (config_take(&c, config, NULL) || check_ranges(&c, NULL))
		return 0;
	/* One page more: an unaligned chunk may begin at the last byte of the memory in front. */
	return c.max_queues * config_private_bytes_per_queue(&c) + 4096;
}

uint32_t net_xdp_frame_offset(const struct net_xdp_config *config)
{
	struct net_xdp_config c;

	if (config_take(&c, config, NULL) || check_ranges(&c, NULL))
		return 0;
	return XDP_FRAME_HEADROOM + rules_headroom(&c, c.mode != NET_XDP_MODE_COPY);
}

uint32_t net_xdp_direct_capacity(const struct net_xdp_config *config)
{
	struct net_xdp_config c;

	if (config_take(&c, config, NULL) || check_ranges(&c, NULL))
		return 0;
	return c.chunk_bytes - net_xdp_frame_offset(&c);
}
