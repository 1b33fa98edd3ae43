// SPDX-License-Identifier: BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

#include "host/elsewhere.h"

/* ---- Which one is it? ------------------------------------------------------------------------- */

static int on_number(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NETNSA_NSID)
		*(uint32_t *)data = netlink_u32(attr);
	return MNL_CB_OK;
}

static int on_answer(const struct nlmsghdr *header, void *data)
{
	return header->nlmsg_type == RTM_NEWNSID
		       ? netlink_attributes(header, MNL_ALIGN(sizeof(struct rtgenmsg)), on_number,
					    data)
		       : MNL_CB_OK;
}

/* Return: true if the open namespace has this number. A namespace without one has -1. */
static bool has_number(struct host *from, int netns_fd, uint32_t netnsid)
{
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	uint32_t number = (uint32_t)NETNSA_NSID_NOT_ASSIGNED;

	request->nlmsg_type = RTM_GETNSID;
	mnl_nlmsg_put_extra_header(request, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(request, NETNSA_FD, (uint32_t)netns_fd);
	return netlink_request(&from->route, request, on_answer, &number) == 0 && number == netnsid;
}

/* Open the namespace if it is this one. Return: its descriptor; -1. */
static int try(struct host *from, int folder, const char *name, uint32_t netnsid)
{
	int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat s;

	if (fd >= 0 &&
	    (fstat(fd, &s) || s.st_ino == from->netns.inode || !has_number(from, fd, netnsid))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* below: what follows an entry's name in the path of its namespace. */
static int find_in(struct host *from, const char *path, const char *below, uint32_t netnsid)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	char name[sizeof(entry->d_name) + 8];
	int found = -1;

	while (folder && found < 0 && (entry = readdir(folder))) {
		snprintf(name, sizeof(name), "%s%s", entry->d_name, below);
		if (entry->d_name[0] != '.')
			found = try(from, dirfd(folder), name, netnsid);
	}
	if (folder)
		closedir(folder);
	return found;
}

/* ---- In it ------------------------------------------------------------------------------------ */

struct visit {
	int netns_fd;
	struct host *there;
	int rc;
};

static void *visit(void *visit_)
{
	struct visit *v = visit_;

	v->rc = setns(v->netns_fd, CLONE_NEWNET) ? -errno : host_open(v->there);
	return NULL;
}

/* A thread of its own goes there: one that could not come back would be lost to the caller. Signals are the
 * caller's. */
static int open_in(struct host *there, int netns_fd)
{
	struct visit v = {.netns_fd = netns_fd, .there = there};
	sigset_t all, before;
	pthread_t thread;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = -pthread_create(&thread, NULL, visit, &v);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc)
		return rc;
	pthread_join(thread, NULL);
	return v.rc;
}

int elsewhere_open(struct host *there, struct host *from, uint32_t netnsid)
{
	int fd = find_in(from, "/proc", "/ns/net", netnsid), rc;

	if (fd < 0)
		fd = find_in(from, "/run/netns", "", netnsid);
	if (fd < 0)
		return -ENOENT;
	rc = open_in(there, fd);
	close(fd);
	return rc;
}
