/* SPDX-License-Identifier: BSD-2-Clause */
/* What the devices did, at the end: one JSON document for machines, a short table for people. */
#ifndef XSK_VHOST_REPORT_H
#define XSK_VHOST_REPORT_H

#include <stdio.h>

#include "device.h"

void report_json(FILE *out, const struct device *devices, uint32_t count, int exit_code,
		 const struct net_error *error);
void report_table(FILE *out, const struct device *devices, uint32_t count);

#endif
