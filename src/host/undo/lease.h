/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was changed on a queue's NAPI, on record before it is changed, so that the old values can be put
 * back by whoever comes next if this process is killed:
 *
 *     /run/net_xdp/<network namespace's inode>-<its cookie>-<ifindex>-<queue>
 *
 * not by the NAPI's id, which changes. A lease appears whole or not at all, and is alive for as long as
 * its maker's lock on it: the kernel lets go of that when the process ends, however it ends, and no
 * process id can be mistaken for another's. /run is empty after a boot, and so are the NAPIs' settings.
 *
 * Who is believed: root, ourselves, and the owner of the folder, whom root appointed as long as nobody else
 * can write to /run. So a service that is not root can be given the folder (see net_xdp.h), and root puts
 * back what it leaves.
 */
#ifndef NET_XDP_LEASE_H
#define NET_XDP_LEASE_H

#include "host/netdev.h"

#define LEASE_DIRECTORY "/run/net_xdp"

struct lease {
	int fd; /* holds the lock; -1: not ours */
	const char *directory;
	char path[96];
	uint32_t pid; /* of its maker, for a person */
	struct netdev_deferral old, ours;
};

/* Which file it is; directory stays the caller's. */
void lease_name(struct lease *l, const char *directory, const struct netns *netns, uint32_t ifindex,
		uint32_t queue);

/* Record old and ours, and hold the lock. Return: 0; -EEXIST there is one, -EACCES the directory cannot
 * be made or is another user's, -EPERM others can write to it, -errno. */
int lease_make(struct lease *l);

/* Read the one that is there; with take, hold its lock from now on.
 * Return: 0 its maker has ended; -EBUSY its maker lives; -ENOENT none; -EACCES the directory is closed to us;
 * -EBADMSG it is no lease, or one that somebody else could have written; -errno. */
int lease_find(struct lease *l, bool take);

/* Remove one that is held, or leave it for the next. Legal when none is held. */
void lease_remove(struct lease *l);
void lease_leave(struct lease *l);

/* Remove what is left of namespaces that have ended for certain (netns_has_ended()). here: a living one. */
void lease_sweep(const char *directory, const struct netns *here);

#endif
