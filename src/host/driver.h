/* SPDX-License-Identifier: BSD-2-Clause */
/* What single drivers do that no interface of the kernel tells: the table. Combinations that go
 * wrong, with their sentences, are in known.c. */
#ifndef NET_XDP_DRIVER_H
#define NET_XDP_DRIVER_H

#include <stddef.h>

#include "net_xdp.h"

struct driver {
	const char *name;	  /* as ethtool -i has it */
	uint32_t zero_copy_since; /* NET_XDP_KERNEL(); 0 has none in any kernel that we know */

	/*
	 * A driver that tells its NIC the size of receive buffers in coarse units, rounded down,
	 * and does not look whether a frame ends in the buffer, delivers a larger frame in pieces:
	 * each fills what the NIC knows of its buffer but the last, and none says that the frame
	 * goes on. 0: delivers whole frames or none.
	 */
	uint32_t unit_bytes;
	const char *unit_source;

	/* Zero copy is refused (EOPNOTSUPP) in chunks with less room for a frame; 0 in none. */
	uint32_t least_room_bytes;
	const char *room_source;
	/* Written in front of a frame, in its chunk, by the device; with and without RX hash hints. */
	uint32_t gap_bytes, hash_gap_bytes;
	const char *gap_source;
};

/* Return: the row; one without a name for a driver of which nothing is known. */
const struct driver *driver_of(const struct net_xdp_device *device);
bool driver_is(const struct net_xdp_device *device, const char *name);

/* Bytes in front of a frame, in its chunk, that the driver has its device write in zero copy. */
uint32_t driver_gap_bytes(const struct net_xdp_device *device);
/* unit_bytes of its driver. */
uint32_t driver_buffer_unit(const struct net_xdp_device *device);

/* The names of those that have zero copy, with commas between. */
void driver_zero_copy_names(char *out, size_t size);

#endif
