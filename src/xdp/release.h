/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How we know that the kernel has let go of a queue that was ended.
 *
 * The kernel ends a socket with the last reference to it; a descriptor that a forked child inherited or
 * that was passed on counts, and so does a mapped ring. Some time after that the queue is free. While
 * it is not, somebody has it, and the kernel does not say who: we do, because a copy of our socket
 * lives or the driver has not finished; or another program does, which was faster to bind. The
 * *witness* tells these cases apart. It is an XSKMAP that no program uses, with our sockets in it. The
 * kernel takes a socket out of its maps when the last reference goes (xsk_release(),
 * xsk_delete_from_maps()), and at no other time.
 */
#ifndef NET_XDP_RELEASE_H
#define NET_XDP_RELEASE_H

#include "net_xdp.h"
#include "base/deadline.h"
#include "host/host.h"

/* What release_wait() has to know of one queue. */
struct release {
	struct host *host;
	uint32_t ifindex, hardware_queue;
	uint32_t index;	   /* index of its socket in the witness */
	bool kernel_tells; /* netdev_queue_has_socket() was seen to work here */
	bool witnessed;	   /* its socket is in the witness */
	/* buffers may be in use after the socket has ended, until the queue is free: in zero-copy
	 * mode the driver's, else those of packets whose sending was under way */
	bool lingers;
	bool pending; /* the release is not confirmed yet */
	int64_t ended_ms;
};

struct witness {
	int map_fd;
	/* a socket to ask with, made while the process still may make one */
	int probe_fd;
};

/* Make a witness for so many queues. Return: 0; -errno with err filled. */
int witness_open(struct witness *w, uint32_t queues, struct net_error *err);
/* Close the witness. Legal on {-1, -1}. */
void witness_close(struct witness *w);

/* Put a queue's socket into the witness, once it is bound. Return: true if it is there. */
bool witness_enter(const struct witness *w, uint32_t index, int socket_fd);

/*
 * In copy mode the kernel writes to a buffer only while it handles a frame that the program sent to our
 * socket. Once the socket is out of the program's map, what was being handled is done when every CPU has
 * passed through a quiescent state, which this call waits for (synchronize_rcu()). Return: false where
 * membarrier() is refused.
 */
bool release_frames_done(void);

/*
 * Wait until nothing touches the queue's buffers any more: no socket has the queue, or another
 * program's has it. Asks at least once, also past the deadline.
 * Return: 0; -ETIMEDOUT, and why says what is known of the reason.
 */
int release_wait(const struct release *r, const struct witness *w, const struct deadline *until,
		 char *why, size_t size);

#endif
