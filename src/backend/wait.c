// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "net_backend.h"

#define NSEC_PER_SEC 1000000000LL

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/* Sleep until fd is readable or the time is over; left_ns < 0: no deadline. Return: 0 or -errno. */
static int sleep_on(int fd, int64_t left_ns)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	struct timespec left = {
		.tv_sec = left_ns / NSEC_PER_SEC,
		.tv_nsec = left_ns % NSEC_PER_SEC,
	};

	if (ppoll(&pfd, 1, left_ns < 0 ? NULL : &left, NULL) < 0)
		return -errno;
	/* A closed descriptor would wake us at once, for ever. */
	return pfd.revents & POLLNVAL ? -EBADF : 0;
}

int net_queue_wait(struct net_queue *q, struct net_buffer_access *pool, int64_t timeout_ns)
{
	int64_t deadline = INT64_MAX, left = -1;
	int fd, rc;

	if (net_queue_poll_ready(q, pool))
		return 1;
	if (timeout_ns == 0)
		return 0;
	/* -1 belongs to a backend that is always ready; one that is not has nothing to wake us. */
	fd = net_queue_ready_fd(q);
	if (fd < 0)
		return -EINVAL;
	if (timeout_ns > 0 && __builtin_add_overflow(monotonic_ns(), timeout_ns, &deadline))
		deadline = INT64_MAX;
	for (;;) {
		if (timeout_ns > 0) {
			left = deadline - monotonic_ns();
			if (left <= 0)
				return 0;
		}
		rc = sleep_on(fd, left);
		if (rc)
			return rc;
		/* The descriptor may have woken us for something that came to nothing: look again,
		 * which also re-arms it. */
		if (net_queue_poll_ready(q, pool))
			return 1;
	}
}
