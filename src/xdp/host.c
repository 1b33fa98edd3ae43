// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "xdp/host.h"
#include "xdp/netdev.h"
#include "xdp/uapi.h"

/* ---- Open and close --------------------------------------------------------------------------- */

static uint64_t cookie_of(int socket_fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	return getsockopt(socket_fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) ? 0 : cookie;
}

int host_open(struct host *h)
{
	struct stat s;
	int rc;

	*h = (struct host){.route.fd = -1, .generic.fd = -1};
	rc = netlink_open(&h->route, NETLINK_ROUTE);
	if (!rc)
		rc = netlink_open(&h->generic, NETLINK_GENERIC);
	if (!rc)
		rc = netdev_family(h);
	if (rc)
		goto fail;
	h->netns.cookie = cookie_of(h->route.fd);
	if (stat("/proc/thread-self/ns/net", &s) == 0)
		h->netns.inode = s.st_ino;
	return 0;

fail:
	host_close(h);
	return rc;
}

void host_close(struct host *h)
{
	netlink_close(&h->route);
	netlink_close(&h->generic);
	h->family = 0;
}

bool host_is_here(const struct host *h)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	/* Whoever makes sockets next meets the same error, and names it. */
	bool here = fd < 0 || cookie_of(fd) == h->netns.cookie;

	if (fd >= 0)
		close(fd);
	return here;
}
