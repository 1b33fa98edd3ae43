/* SPDX-License-Identifier: BSD-2-Clause */
/* What the device offers its guest, and what it tells of itself. */
#include <string.h>

#include "device.h"

/* Checksums and segmentation, as far as the endpoint honours them. */
static uint64_t offload_features(const struct device *d)
{
	uint32_t flags = d->backend.facts.tx_flags;
	uint64_t f = VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM);

	if (!(flags & NET_TX_PARTIAL_CHECKSUM))
		return f;
	f |= VIRTIO_BIT(VIRTIO_NET_F_CSUM);
	if (flags & NET_TX_TCP_SEGMENTATION)
		f |= VIRTIO_BIT(VIRTIO_NET_F_HOST_TSO4) | VIRTIO_BIT(VIRTIO_NET_F_HOST_TSO6) |
		     VIRTIO_BIT(VIRTIO_NET_F_HOST_ECN);
	if (flags & NET_TX_UDP_SEGMENTATION)
		f |= VIRTIO_BIT(VIRTIO_NET_F_HOST_USO);
	return f;
}

static bool offers_hash(const struct device *d)
{
	return d->opt->hash_report == OPTIONS_HASH_ON ||
	       (d->opt->hash_report == OPTIONS_HASH_AUTO &&
		backend_predicts_zero_copy(&d->backend));
}

/* No control queue: the front end has that (QEMU), or there is none. */
uint64_t device_features(const struct device *d)
{
	uint64_t f = VIRTIO_BIT(VIRTIO_F_VERSION_1) | VIRTIO_BIT(VIRTIO_RING_F_INDIRECT_DESC) |
		     VIRTIO_BIT(VIRTIO_RING_F_EVENT_IDX) | VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT) |
		     VIRTIO_BIT(VIRTIO_NET_F_MRG_RXBUF) | VIRTIO_BIT(VIRTIO_NET_F_MAC) |
		     VIRTIO_BIT(VIRTIO_NET_F_STATUS) | VIRTIO_BIT(VIRTIO_NET_F_MTU) |
		     VIRTIO_BIT(VHOST_F_PROTOCOL_FEATURES);

	if (!d->opt->no_offloads)
		f |= offload_features(d);
	if (d->opt->pairs > 1)
		f |= VIRTIO_BIT(VIRTIO_NET_F_MQ);
	if (offers_hash(d))
		f |= VIRTIO_BIT(VIRTIO_NET_F_HASH_REPORT);
	return f;
}

uint64_t device_protocol_features(const struct device *d)
{
	uint64_t f = VHOST_PROTOCOL_BIT(VHOST_PROTOCOL_F_REPLY_ACK) |
		     VHOST_PROTOCOL_BIT(VHOST_PROTOCOL_F_MTU) |
		     VHOST_PROTOCOL_BIT(VHOST_PROTOCOL_F_BACKEND_REQ) |
		     VHOST_PROTOCOL_BIT(VHOST_PROTOCOL_F_CONFIG) |
		     VHOST_PROTOCOL_BIT(VHOST_PROTOCOL_F_INFLIGHT_SHMFD) |
		     VHOST_PROTOCOL_BIT(VHOST_PROTOCOL_F_RESET_DEVICE) |
		     VHOST_PROTOCOL_BIT(VHOST_PROTOCOL_F_CONFIGURE_MEM_SLOTS) |
		     VHOST_PROTOCOL_BIT(VHOST_PROTOCOL_F_STATUS);

	if (d->opt->pairs > 1)
		f |= VHOST_PROTOCOL_BIT(VHOST_PROTOCOL_F_MQ);
	return f;
}

void device_config(const struct device *d, struct virtio_net_config *out)
{
	*out = (struct virtio_net_config){
		.status = htole16(d->link_up ? VIRTIO_NET_S_LINK_UP : 0),
		.max_virtqueue_pairs = htole16((uint16_t)d->opt->pairs),
		.mtu = htole16((uint16_t)(d->backend.device.mtu_bytes < UINT16_MAX
						  ? d->backend.device.mtu_bytes
						  : UINT16_MAX)),
		.speed = htole32(UINT32_MAX), /* unknown */
		.duplex = UINT8_MAX,
	};
	memcpy(out->mac, d->opt->has_mac ? d->opt->mac : d->backend.device.mac, sizeof(out->mac));
}

void device_update_link(struct device *d)
{
	bool up = d->carrier && !d->is_stuck;

	if (up == d->link_up)
		return;
	d->link_up = up;
	device_say(d, "link %s", up ? "up" : "down");
	/* QEMU's own device does not ask for this: its guest keeps the link (docs/guests.md). */
	back_channel_config_changed(&d->back, d->channel.negotiated);
}
