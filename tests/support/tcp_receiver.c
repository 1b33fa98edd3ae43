// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/tcp_receiver.h"

enum { READ_BYTES = 256 << 10, PATIENCE_S = 20 };

void tcp_thread_time(uint64_t *user_ns, uint64_t *system_ns)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	*user_ns = (uint64_t)usage.ru_utime.tv_sec * 1000000000u +
		   (uint64_t)usage.ru_utime.tv_usec * 1000u;
	*system_ns = (uint64_t)usage.ru_stime.tv_sec * 1000000000u +
		     (uint64_t)usage.ru_stime.tv_usec * 1000u;
}

void tcp_thread_pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Read to the end. Return: 0, or an errno. */
static int take(struct tcp_receiver *r, int fd, uint8_t *buffer)
{
	for (;;) {
		ssize_t n = recv(fd, buffer, READ_BYTES, 0);
		uint64_t same;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? ETIMEDOUT : errno;
		if (n == 0)
			return 0;
		same = tcp_stream_compare(r->stream, r->received_bytes, buffer, (uint32_t)n);
		r->received_bytes += (uint64_t)n;
		if (same != r->received_bytes && r->wrong_at == UINT64_MAX)
			r->wrong_at = same;
	}
}

static void *receive(void *context)
{
	struct tcp_receiver *r = context;
	uint8_t *buffer = malloc(READ_BYTES);
	int fd;

	tcp_thread_pin(r->cpu);
	fd = buffer ? accept(r->fd, NULL, NULL) : -1;
	if (fd < 0) {
		r->error = errno == EAGAIN ? ETIMEDOUT : errno;
	} else {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = PATIENCE_S},
			   sizeof(struct timeval));
		r->error = take(r, fd, buffer);
		close(fd);
	}
	free(buffer);
	tcp_thread_time(&r->user_ns, &r->system_ns);
	return NULL;
}

static int bind_to(int fd, const struct tcp_flow *flow)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(flow->destination_port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons(flow->destination_port)};

	memcpy(&v4.sin_addr, flow->destination, 4);
	memcpy(&v6.sin6_addr, flow->destination, 16);
	return flow->ip_version == 4 ? bind(fd, (struct sockaddr *)&v4, sizeof(v4))
				     : bind(fd, (struct sockaddr *)&v6, sizeof(v6));
}

int tcp_receiver_start(struct tcp_receiver *r, const struct tcp_flow *flow)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	int one = 1, rc;

	r->received_bytes = 0;
	r->wrong_at = UINT64_MAX;
	r->error = 0;
	r->fd = socket(flow->ip_version == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (r->fd < 0)
		return -errno;
	setsockopt(r->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if ((r->buffer_bytes && setsockopt(r->fd, SOL_SOCKET, SO_RCVBUFFORCE, &r->buffer_bytes,
					   sizeof(r->buffer_bytes))) ||
	    bind_to(r->fd, flow) || listen(r->fd, 1))
		rc = -errno;
	else
		rc = -pthread_create(&r->thread, NULL, receive, r);
	if (rc)
		close(r->fd);
	return rc;
}

void tcp_receiver_join(struct tcp_receiver *r, bool is_over)
{
	/* Ends accept(); what was accepted ends with its own patience. */
	if (is_over)
		shutdown(r->fd, SHUT_RDWR);
	pthread_join(r->thread, NULL);
	close(r->fd);
}
