/* SPDX-License-Identifier: BSD-2-Clause */
/* What a virtio device and its driver agreed on, which decides whether it has zero copy. Only sysfs
 * tells. */
#ifndef NET_XDP_VIRTIO_H
#define NET_XDP_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>

/* Bits of linux/virtio_net.h and linux/virtio_config.h. */
#define VIRTIO_GUEST_CSUM	   (1ull << 1)
#define VIRTIO_CTRL_GUEST_OFFLOADS (1ull << 2)
#define VIRTIO_MERGEABLE_RX	   (1ull << 15)
#define VIRTIO_ACCESS_PLATFORM	   (1ull << 33)
#define VIRTIO_RING_RESET	   (1ull << 40)
/* guest_csum, tso4, tso6, ecn, ufo, uso4, uso6 */
#define VIRTIO_GUEST_OFFLOADS                                                                      \
	(VIRTIO_GUEST_CSUM | 1ull << 7 | 1ull << 8 | 1ull << 9 | 1ull << 10 | 1ull << 54 |         \
	 1ull << 55)

/*
 * Read the features of an interface. classes: "/sys/class/net", which shows the network namespace
 * that sysfs was mounted in. That need not be the interface's, so its index has to agree.
 * Return: true and *out; false when sysfs does not show this interface, or its device is none of
 * virtio.
 */
bool virtio_read_features(const char *classes, const char *ifname, uint32_t ifindex, uint64_t *out);

#endif
