/* SPDX-License-Identifier: BSD-2-Clause */
/* The way back from a steering record. */
#ifndef NET_XDP_STEER_BACK_H
#define NET_XDP_STEER_BACK_H

#include "host/steer_kernel.h"

/* Put back, last change first, what is still as the record says. All is tried, also behind one that fails.
 * report: a row is appended for all that was done or left. Return: 1 something was put back; 0 there was
 * nothing; -errno the first that is still ours and cannot be put back. */
int steer_back(const struct steer_device *d, const struct steer_record *r,
	       struct net_xdp_steer_report *report);

/* The same, of an interface that may have gone: then 0. Tried again for a second where the driver refuses: the
 * kernel lets go of the sockets and the program of a process that was killed some time after its locks, and
 * until then drivers refuse other channels. -ENODEV: it is there, and cannot be reached, as in a reset. */
int steer_back_patiently(struct host *h, uint32_t ifindex, const struct steer_record *r,
			 struct net_xdp_steer_report *report);

#endif
