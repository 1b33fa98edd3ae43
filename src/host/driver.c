// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "host/driver.h"
#include "host/netdev_uapi.h"

static bool is_driver(const struct net_xdp_device *device, const char *name)
{
	return strcmp(device->driver, name) == 0;
}

/* virtio_net has the device write its header in front of the frame, which in zero copy is in front of
 * the frontend's: with VIRTIO_NET_F_HASH_REPORT, without which it has no RX hash hint, 20 bytes, else
 * 12. No other driver does that. Source: virtnet_add_recvbuf_xsk() in drivers/net/virtio_net.c. */
uint32_t driver_gap_bytes(const struct net_xdp_device *device)
{
	if (!is_driver(device, "virtio_net"))
		return 0;
	return device->rx_metadata_features & NETDEV_RX_METADATA_HASH ? 20 : 12;
}

/* igb: igb_setup_srrctl() and igb_clean_rx_irq_zc(), 6.14 to 7.3, and seen in the lab. igc:
 * igc_configure_rx_ring() and igc_clean_rx_irq_zc(), 7.3, not run. ixgbe's 82599 has the same units,
 * but the driver drops what does not end in its buffer. */
uint32_t driver_buffer_unit(const struct net_xdp_device *device)
{
	return is_driver(device, "igb") || is_driver(device, "igc") ? 1024 : 0;
}
