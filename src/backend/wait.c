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

/* Sleep until fd is readable or left_ns are over; left_ns < 0 sleeps without a deadline. Return: 0
 * or -errno. */
static int sleep_on(int fd, int64_t left_ns)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	struct timespec left = {
		.tv_sec = left_ns / NSEC_PER_SEC,
		.tv_nsec = left_ns % NSEC_PER_SEC,
	};

	if (ppoll(&pfd, 1, left_ns < 0 ? NULL : &left, NULL) < 0)
		return -errno;
	/* ppoll() returns at once for a closed descriptor, and always would. */
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
	/* A backend without a ready fd is one that is always ready. This one is not, so nothing
	 * could wake us. */
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
		/* What woke us may give the frontend nothing. poll_ready says whether it does, and
		 * re-arms the descriptor. */
		if (net_queue_poll_ready(q, pool))
			return 1;
	}
}
