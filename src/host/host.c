// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/netlink.h>

#include "host/host.h"
#include "host/netdev.h"
#include "host/netdev_uapi.h"

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
	uint64_t cookie = fd < 0 ? 0 : cookie_of(fd);
	/* Without a cookie the answer is true: the next call that makes a socket meets the same
	 * error and reports it. */
	bool here = !cookie || cookie == h->netns.cookie;

	if (fd >= 0)
		close(fd);
	return here;
}

/* ---- Namespaces that have ended --------------------------------------------------------------- */

/* Since 6.18 open_by_handle_at() opens a namespace by its id from anywhere, and a network
 * namespace's id is its cookie. Source: linux/nsfs.h, linux/exportfs.h. */
#define NSFS_ROOT   (-10003)
#define NSFS_HANDLE 0xf1

struct nsfs_handle {
	struct file_handle head;
	uint64_t id;
	uint32_t type;
	uint32_t inode;
};

/* Open and close a namespace. Return: 0; -ESTALE there is no such one, or we may not see it; -errno. */
static int open_namespace(const struct netns *netns)
{
	struct nsfs_handle handle = {
		.head = {.handle_bytes = 16, .handle_type = NSFS_HANDLE},
		.id = netns->cookie,
		.type = CLONE_NEWNET,
		.inode = (uint32_t)netns->inode,
	};
	int fd = open_by_handle_at(NSFS_ROOT, &handle.head, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Return: true with CAP_SYS_ADMIN in the initial user namespace, whose inode is PROC_USER_INIT_INO. */
static bool may_see_all_namespaces(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	struct stat s;

	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[0].effective & (1u << CAP_SYS_ADMIN)) && stat("/proc/self/ns/user", &s) == 0 &&
	       s.st_ino == 0xEFFFFFFD;
}

bool netns_has_ended(const struct netns *netns, const struct netns *here)
{
	if (netns->cookie == here->cookie || !netns->inode || !here->inode)
		return false;
	/* our namespace was given the other's inode number, so the other has ended */
	if (netns->inode == here->inode)
		return true;
	/* If the kernel opens our own namespace this way, its answer about another one counts. */
	return may_see_all_namespaces() && open_namespace(here) == 0 &&
	       open_namespace(netns) == -ESTALE;
}
