/* SPDX-License-Identifier: BSD-2-Clause */
/* The control thread: all devices of the process, until it is told to end. */
#ifndef XSK_VHOST_LOOP_H
#define XSK_VHOST_LOOP_H

#include "device.h"

/* Serve until stop_fd is readable; is_live: with a line each second on a terminal. Return: 0; -errno with err filled. */
int loop_run(struct device *devices, uint32_t count, int stop_fd, bool is_live,
	     struct net_error *err);

#endif
