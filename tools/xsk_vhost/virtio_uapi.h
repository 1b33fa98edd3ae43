/* SPDX-License-Identifier: BSD-2-Clause */
/* Constants of virtio that the headers of Linux 6.1 do not have yet. */
#ifndef XSK_VHOST_VIRTIO_UAPI_H
#define XSK_VHOST_VIRTIO_UAPI_H

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

#ifndef VIRTIO_NET_F_HOST_USO
#define VIRTIO_NET_F_HOST_USO 56
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

#define VIRTIO_BIT(feature) (UINT64_C(1) << (feature))

#endif
