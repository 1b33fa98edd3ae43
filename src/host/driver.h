/* SPDX-License-Identifier: BSD-2-Clause */
/* What single drivers do in zero copy that no interface of the kernel tells. */
#ifndef NET_XDP_DRIVER_H
#define NET_XDP_DRIVER_H

#include "net_xdp.h"

/* Bytes in front of a frame, in its chunk, that the driver has its device write. */
uint32_t driver_gap_bytes(const struct net_xdp_device *device);

/*
 * A driver that tells its NIC the size of receive buffers in coarse units, rounded down, and does not
 * look whether a frame ends in the buffer, delivers a larger frame in pieces: each fills what the NIC
 * knows of its buffer but the last, and none says that the frame goes on.
 * Return: the unit in bytes; 0 for a driver that delivers whole frames or none.
 */
uint32_t driver_buffer_unit(const struct net_xdp_device *device);

#endif
