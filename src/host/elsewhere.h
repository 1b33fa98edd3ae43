/* SPDX-License-Identifier: BSD-2-Clause */
/* Another network namespace than the caller's, to which an interface was moved. */
#ifndef NET_XDP_ELSEWHERE_H
#define NET_XDP_ELSEWHERE_H

#include "host/host.h"

/*
 * Open a host in the namespace that from's namespace knows by this number (IFLA_NEW_NETNSID). The calling thread
 * stays where it is. The kernel opens no namespace by such a number: it is looked for among those of the processes
 * that /proc shows, and the named ones of iproute2.
 * Return: 0; -ENOENT none of these is it; -EPERM without CAP_SYS_ADMIN; -errno; and nothing is open.
 */
int elsewhere_open(struct host *there, struct host *from, uint32_t netnsid);

#endif
