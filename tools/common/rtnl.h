/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions to rtnetlink, and to sock_diag, in the caller's network namespace. */
#ifndef COMMON_RTNL_H
#define COMMON_RTNL_H

#include <libmnl/libmnl.h>
#include <stdint.h>

struct rtnl {
	struct mnl_socket *nl;
	char *buffer;
	uint32_t seq;
};

/* Return: 0, then rtnl_close() it; -errno. */
int rtnl_open(struct rtnl *r);
/* The same to sock_diag, which tells of sockets. */
int rtnl_open_diag(struct rtnl *r);
void rtnl_close(struct rtnl *r);

/* Send a request, and callback each message of the answer. Return: 0; -errno, -EINTR: a change
 * interrupted a dump, then the socket is of no more use. */
int rtnl_ask(struct rtnl *r, struct nlmsghdr *request, mnl_cb_t callback, void *data);

/* All links, addresses or routes: RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE. Return: as rtnl_ask(). */
int rtnl_dump(struct rtnl *r, uint16_t type, uint8_t family, mnl_cb_t callback, void *data);

#endif
