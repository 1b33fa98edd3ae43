/* SPDX-License-Identifier: BSD-2-Clause */
/* A rig whose endpoint is in a wrapper, which is what x.ep is: an AF_XDP endpoint inside a capture that is
 * off, or inside a disconnectable that is connected. */
#ifndef SUPPORT_WRAP_RIG_H
#define SUPPORT_WRAP_RIG_H

#include "net_wrap.h"
#include "support/traffic.h"

void wrap_rig_capture(struct rig *r, uint32_t queues);
void wrap_rig_disconnectable(struct rig *r, uint32_t queues);

#endif
