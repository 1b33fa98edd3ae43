/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A lease: what is about to be changed on an interface, written to a file first, so that whoever
 * comes next can put the old values back if this process is killed:
 *
 *     /run/net_xdp/<network namespace's inode>-<its cookie>-<ifindex>-<subject>
 *
 * The subject is what is changed: the number of a queue for its NAPI (whose id is not in the name,
 * because it changes), "steer" for the interface's steering. The text between the first line and the
 * maker's pid belongs to the subject. A lease appears whole or not at all. It is alive as long as its
 * maker holds a lock on it: the kernel releases the lock when the process ends, however it ends, and no
 * process id can be mistaken for another's. A reboot empties /run, and resets what was changed.
 *
 * Leases of root, of ourselves and of the folder's owner are believed. Root made the last the owner, as
 * long as nobody else can write to /run. So a service that is not root can be given the folder (see
 * net_xdp.h), and root puts back what the service leaves.
 */
#ifndef NET_XDP_LEASE_H
#define NET_XDP_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"

#define LEASE_DIRECTORY "/run/net_xdp"

/* More than the longest text of any subject. */
#define LEASE_BYTES (64u << 10)

struct lease {
	int fd; /* open file that holds the lock; -1 if the lease is not ours */
	const char *directory;
	char path[96];
	uint32_t pid; /* the maker's, to show to a person */
};

/* Set the lease's path. directory must live as long as the lease. */
void lease_name(struct lease *l, const char *directory, const struct netns *netns, uint32_t ifindex,
		const char *subject);

/* Write text to the file and hold the lock. text: whole lines, less than LEASE_BYTES with ours.
 * Return: 0; -EEXIST there is a lease; -EACCES the directory cannot be made, or is another user's;
 * -EPERM others can write to the directory; -errno. */
int lease_make(struct lease *l, const char *text);

/* Read the lease that is there, and with take hold its lock from now on. *text (may be NULL) is its
 * maker's text, to be freed; also for -EBUSY, and NULL for all other errors. The subject judges it: a
 * lease whose text it does not know is to be left.
 * Return: 0 its maker has ended; -EBUSY its maker lives; -ENOENT there is none; -EACCES the directory
 * is closed to us; -EBADMSG the file is no lease, or somebody else could have written it; -errno. */
int lease_find(struct lease *l, bool take, char **text);

/* The same, and waits for the lock for up to a second: a process that is being killed loses its
 * sockets first and its locks soon after. */
int lease_take(struct lease *l, char **text);

/* Remove a lease that we hold, or leave it for the next process. Legal if none is held. */
void lease_remove(struct lease *l);
void lease_leave(struct lease *l);

/* Remove the leases of network namespaces that have certainly ended (netns_has_ended()). here: a
 * living one. */
void lease_sweep(const char *directory, const struct netns *here);

#endif
