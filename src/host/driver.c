// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <string.h>

#include "host/driver.h"
#include "host/netdev_uapi.h"

#define IGC_ROOM "igc_xdp_enable_pool(), stmmac_xdp_enable_pool(), 7.3"

/* Since when: the driver table of docs.ebpf.io, and the drivers. ixgbe's 82599 has the same units
 * as igb, but its driver drops what does not end in its buffer. */
static const struct driver drivers[] = {
	{.name = "ixgbe", .zero_copy_since = NET_XDP_KERNEL(4, 20)},
	{.name = "i40e", .zero_copy_since = NET_XDP_KERNEL(4, 20)},
	{.name = "mlx5_core", .zero_copy_since = NET_XDP_KERNEL(5, 3)},
	{.name = "ice", .zero_copy_since = NET_XDP_KERNEL(5, 5)},
	{
		.name = "igc",
		.zero_copy_since = NET_XDP_KERNEL(5, 14),
		.unit_bytes = 1024,
		.unit_source = "igc_configure_rx_ring(), igc_clean_rx_irq_zc(), 7.3",
		.least_room_bytes = 1522,
		.room_source = IGC_ROOM,
	},
	{
		.name = "st_gmac",
		.zero_copy_since = NET_XDP_KERNEL(5, 13),
		.least_room_bytes = 1522,
		.room_source = IGC_ROOM,
	},
	{.name = "nfp", .zero_copy_since = NET_XDP_KERNEL(5, 18)},
	{.name = "fsl_dpaa2_eth", .zero_copy_since = NET_XDP_KERNEL(6, 2)},
	{.name = "tsnep", .zero_copy_since = NET_XDP_KERNEL(6, 4)},
	{.name = "gve", .zero_copy_since = NET_XDP_KERNEL(6, 4)},
	{
		.name = "virtio_net",
		.zero_copy_since = NET_XDP_KERNEL(6, 13),
		.gap_bytes = 12,
		.hash_gap_bytes = 20, /* with VIRTIO_NET_F_HASH_REPORT */
		.gap_source = "virtnet_add_recvbuf_xsk(), 7.3",
	},
	{
		.name = "igb",
		.zero_copy_since = NET_XDP_KERNEL(6, 14),
		.unit_bytes = 1024,
		.unit_source = "igb_setup_srrctl(), igb_clean_rx_irq_zc(), 7.3, and tools/zc-lab "
			       "on 7.3.4",
	},
	{.name = "rvu-nicpf", .zero_copy_since = NET_XDP_KERNEL(6, 16)},
	{.name = "idpf", .zero_copy_since = NET_XDP_KERNEL(6, 18)},
	{.name = "icssg-prueth", .zero_copy_since = NET_XDP_KERNEL(6, 19)},
	{.name = "fec", .zero_copy_since = NET_XDP_KERNEL(7, 0)},
};

#define DRIVERS (sizeof(drivers) / sizeof(drivers[0]))

bool driver_is(const struct net_xdp_device *device, const char *name)
{
	return strcmp(device->driver, name) == 0;
}

const struct driver *driver_of(const struct net_xdp_device *device)
{
	static const struct driver unknown = {0};

	for (size_t i = 0; i < DRIVERS; i++)
		if (driver_is(device, drivers[i].name))
			return &drivers[i];
	return &unknown;
}

uint32_t driver_gap_bytes(const struct net_xdp_device *device)
{
	const struct driver *driver = driver_of(device);

	return device->rx_metadata_features & NETDEV_RX_METADATA_HASH ? driver->hash_gap_bytes
								      : driver->gap_bytes;
}

uint32_t driver_buffer_unit(const struct net_xdp_device *device)
{
	return driver_of(device)->unit_bytes;
}

void driver_zero_copy_names(char *out, size_t size)
{
	size_t used = 0;

	out[0] = 0;
	for (size_t i = 0; i < DRIVERS && used < size; i++)
		if (drivers[i].zero_copy_since)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
						 drivers[i].name);
}
