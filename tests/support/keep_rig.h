/* SPDX-License-Identifier: BSD-2-Clause */
/* An endpoint with keep_umem, and how often it has registered memory. */
#ifndef SUPPORT_KEEP_RIG_H
#define SUPPORT_KEEP_RIG_H

#include "support/traffic.h"

void keep_prepare(struct rig *r, uint32_t queues);
void keep_open(struct rig *r, uint32_t queues);

/* XDP_UMEM_REG calls since the last question, of anybody in this process. */
uint32_t keep_registrations(void);

#endif
