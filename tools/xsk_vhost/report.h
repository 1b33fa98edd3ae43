/* SPDX-License-Identifier: BSD-2-Clause */
/* What the devices did, at the end: one JSON document for machines, a short table for people; and while it runs. */
#ifndef XSK_VHOST_REPORT_H
#define XSK_VHOST_REPORT_H

#include <stdio.h>

#include "device.h"

void report_json(FILE *out, struct device *devices, uint32_t count, int exit_code,
		 const struct net_error *error);
void report_table(FILE *out, struct device *devices, uint32_t count);

struct report {
	struct device *devices;
	uint32_t count;
};

/* For net_control_tell(), with a struct report: the same of each device, on any thread. */
void report_tell(void *context, struct net_inspector *to);

#endif
