/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_HOST_SSH_H
#define COMMON_HOST_SSH_H

#include "host_net.h"
#include "rtnl.h"

/* Fill net->ssh_client, ssh_port and ssh_exit. */
void host_ssh_read(struct rtnl *r, struct host_net *net);

#endif
