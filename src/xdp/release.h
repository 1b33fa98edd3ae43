/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knowing that the kernel has let go of a queue that was ended.
 *
 * The kernel ends a socket with the last reference to it: a descriptor that a forked child inherited, or
 * that was passed on, and a mapped ring count as well. Some time after that the queue is free. As long as
 * it is not, somebody has it, and the kernel does not say who: we, because a copy of our socket lives or
 * the driver has not finished, or another program that was faster to bind. The *witness* tells these
 * apart: an XSKMAP that no program uses, with our sockets in it. The kernel takes a socket out of its
 * maps when its last reference goes (xsk_release(), xsk_delete_from_maps()), and at no other time.
 */
#ifndef NET_XDP_RELEASE_H
#define NET_XDP_RELEASE_H

#include "net_xdp.h"
#include "base/deadline.h"
#include "host/host.h"

/* What is needed to ask about one queue. */
struct release {
	struct host *host;
	uint32_t ifindex, hardware_queue;
	uint32_t index;	   /* of its socket in the witness */
	bool kernel_tells; /* netdev_queue_has_socket() was seen to work here */
	bool witnessed;	   /* its socket was entered in the witness */
	bool lingers; /* buffers may be in use after the socket has ended, up to the queue's release:
			    * in zero copy by the driver, else those whose sending was under way */
	bool pending; /* not confirmed yet */
	int64_t ended_ms;
};

struct witness {
	int map_fd;
	int probe_fd; /* a socket to ask with, made while the process may make one */
};

/* For so many queues. Return: 0, -errno with err filled. */
int witness_open(struct witness *w, uint32_t queues, struct net_error *err);
/* Legal on {-1, -1}. */
void witness_close(struct witness *w);

/* Enter a queue's socket, once it is bound. Return: was it entered? */
bool witness_enter(const struct witness *w, uint32_t index, int socket_fd);

/*
 * In copy mode the kernel writes to a buffer only while it handles a frame that the program sent to our
 * socket. Once the socket is out of the program's map, what was being handled is done when every CPU has
 * passed through a quiescent state, which this call waits for (synchronize_rcu()). Return: false where
 * membarrier() is refused.
 */
bool release_frames_done(void);

/*
 * Wait until nothing touches the queue's buffers any more: no socket holds the queue, or what holds it is
 * another's. Looks at least once, also past the deadline.
 * Return: 0; -ETIMEDOUT, and why says what is known of the reason.
 */
int release_wait(const struct release *r, const struct witness *w, const struct deadline *until,
		 char *why, size_t size);

#endif
