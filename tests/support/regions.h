/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of several kinds to give to an endpoint as its region. */
#ifndef SUPPORT_REGIONS_H
#define SUPPORT_REGIONS_H

#include <sys/types.h>

#include "support/traffic.h"

/* A rig with 2 queues that is not open, for refused() as well. */
void regions_prepare(struct rig *rig);

/* Each ends the test on failure. fd -1: anonymous memory. */
int regions_memfd(off_t bytes, unsigned int flags);
void *regions_map(int fd, size_t bytes, int protection, int flags);

/* The region is this memory. */
void regions_take(struct net_xdp_region *region, int fd, void *memory);

#endif
