/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread that takes one connection from the kernel's TCP and compares each byte with a stream's. No
 * assertions: in a test they are the test's thread's. */
#ifndef SUPPORT_TCP_RECEIVER_H
#define SUPPORT_TCP_RECEIVER_H

#include <pthread.h>

#include "support/tcp_packet.h"
#include "support/tcp_stream.h"

struct tcp_receiver {
	/* Of tcp_receiver_start(). */
	const struct tcp_stream *stream;
	uint32_t buffer_bytes; /* SO_RCVBUF; 0: as the system has it */
	int cpu;	       /* to run on, -1: any */

	/* Of tcp_receiver_join(). */
	uint64_t received_bytes;
	uint64_t wrong_at; /* the first byte that is not the stream's, UINT64_MAX: all are */
	int error;	   /* errno; ETIMEDOUT: nothing came for long */
	uint64_t user_ns, system_ns;

	int fd;
	pthread_t thread;
};

/* Listen at the flow's destination and start the thread, in the caller's network namespace.
 * Return: 0, or -errno. */
int tcp_receiver_start(struct tcp_receiver *r, const struct tcp_flow *flow);
/* Wait until the stream has ended. is_over: nobody sends any more, do not wait for what is to come. */
void tcp_receiver_join(struct tcp_receiver *r, bool is_over);

/* Processor time of the calling thread. */
void tcp_thread_time(uint64_t *user_ns, uint64_t *system_ns);
/* Run the calling thread there alone; -1: as it is. */
void tcp_thread_pin(int cpu);

#endif
