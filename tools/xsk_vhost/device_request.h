/* SPDX-License-Identifier: BSD-2-Clause */
/* Handlers of messages, by what they are about: device_request.c has the table and those of features, memory and
 * configuration, device_request_ring.c the others. */
#ifndef XSK_VHOST_DEVICE_REQUEST_H
#define XSK_VHOST_DEVICE_REQUEST_H

#include "device.h"

/* Returns as device_request(). */
typedef int device_handler(struct device *d, struct vhost_message *m, struct net_error *err);

device_handler device_set_vring_num;
device_handler device_set_vring_addr;
device_handler device_set_vring_base;
device_handler device_get_vring_base;
device_handler device_set_vring_kick;
device_handler device_set_vring_call;
device_handler device_set_vring_err;
device_handler device_set_vring_enable;
device_handler device_get_inflight_fd;
device_handler device_set_inflight_fd;

#endif
