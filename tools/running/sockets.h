/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AF_XDP sockets of this network namespace, as the kernel's sock_diag tells of them, whosever they are
 * (CONFIG_XDP_SOCKETS_DIAG, Linux 5.1; statistics from 5.9 on).
 */
#ifndef RUNNING_SOCKETS_H
#define RUNNING_SOCKETS_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

struct xdp_socket {
	uint32_t inode;
	int pid; /* of one that has it open; 0: nobody whom we may look at */
	char program[64];
	uint32_t ifindex; /* 0: not bound */
	char interface[64];
	uint32_t queue;
	uint32_t uid;
	bool has_umem;
	bool zero_copy;
	uint64_t umem_bytes;
	uint32_t umem_id; /* sockets with the same one share it */
	uint32_t chunk_bytes;
	uint32_t rx_entries; /* of the rings; 0: there is none */
	uint32_t tx_entries;
	uint32_t fill_entries;
	uint32_t completion_entries;
	bool has_stats;
	uint64_t rx_dropped;
	uint64_t rx_ring_full;
	uint64_t rx_invalid;
	uint64_t fill_ring_empty;
	uint64_t tx_invalid;
	uint64_t tx_ring_empty;
};

struct sockets {
	struct xdp_socket *list;
	uint32_t count;
	char state[160]; /* why nothing or not everything is told; "" */
};

/* Ask now. What cannot be found out is said in state. Owner: the caller, ends it with sockets_free(). */
void sockets_read(struct sockets *s);
void sockets_free(struct sockets *s);

/* One message of the answer: for mnl_cb_run(), data is a struct sockets. */
int sockets_take(const struct nlmsghdr *message, void *data);
/* What to say when the kernel answered with that -errno. */
void sockets_refused(struct sockets *s, int error);

#endif
