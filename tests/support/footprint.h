/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process holds: equal before and after says that nothing was left behind. */
#ifndef SUPPORT_FOOTPRINT_H
#define SUPPORT_FOOTPRINT_H

#include <stdint.h>

struct footprint {
	unsigned int fds;
	unsigned int mappings; /* of files, sockets and reserved addresses: not the heap's */
	unsigned int programs; /* BPF programs of this user, see footprint_own_user() */
	int64_t pinned_pages;  /* of the whole machine */
};

/* Become a user that nobody else is, with all capabilities but CAP_IPC_LOCK and this limit of locked
 * memory: what the kernel charges to the user is what this process did. Programs run by system()
 * have no privilege any more. */
void footprint_own_user(uint64_t memlock_bytes);

struct footprint footprint_take(void);
unsigned int footprint_mappings(void);
/* Files in /run/net_xdp: what was changed and is to be put back. */
unsigned int footprint_leases(void);
/* Of programs that run, or were killed. */
unsigned int footprint_control_sockets(void);

/* Descriptors, mappings and programs must be as before. what: for the message. */
void footprint_expect(const struct footprint *before, const char *what);

/* Wait until no more pages are pinned than before plus slack; the kernel unpins a little later, and
 * other processes pin as well. Return: how many more there are, 0 or less when all is well. */
int64_t footprint_wait_unpinned(const struct footprint *before, int64_t slack, int timeout_ms);

#endif
