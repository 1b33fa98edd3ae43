/* SPDX-License-Identifier: BSD-2-Clause */
/* Which process has a socket open. */
#ifndef RUNNING_OWNERS_H
#define RUNNING_OWNERS_H

#include "sockets.h"

/* Fill pid and program where /proc shows them: a user sees the descriptors of his own processes alone. */
void owners_find(struct xdp_socket *sockets, uint32_t count);

#endif
