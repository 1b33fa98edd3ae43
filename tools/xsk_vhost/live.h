/* SPDX-License-Identifier: BSD-2-Clause */
/* A line each second on a terminal: what goes through all devices. */
#ifndef XSK_VHOST_LIVE_H
#define XSK_VHOST_LIVE_H

#include "device.h"

struct live {
	bool is_on;
	int64_t next_ms, last_ms;
	uint64_t rx_frames, rx_bytes, tx_packets, tx_bytes;
};

struct live live_start(bool is_wanted);
/* Print the line when its time has come. A second without traffic has none. */
void live_tick(struct live *l, const struct device *devices, uint32_t count);

#endif
