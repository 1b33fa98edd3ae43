// SPDX-License-Identifier: BSD-2-Clause
#include <poll.h>

#include <criterion/criterion.h>

#include "support/waiter.h"

void waiter_expect_pending(struct net_queue *q)
{
	struct pollfd pfd = {.fd = net_queue_ready_fd(q), .events = POLLIN};
	int64_t deadline = frontend_now_ms() + WAITER_PATIENCE_MS;

	/* A descriptor may tell of things that came to nothing. */
	do {
		cr_assert(frontend_now_ms() < deadline, "never pending");
		while (net_queue_poll_ready(q, NULL))
			cr_assert(frontend_now_ms() < deadline, "always ready");
	} while (poll(&pfd, 1, 0) != 0);
}

uint32_t waiter_sleep(struct net_queue *q)
{
	struct pollfd pfd = {.fd = net_queue_ready_fd(q), .events = POLLIN};
	uint32_t woken = 0;

	do {
		cr_assert_eq(poll(&pfd, 1, WAITER_PATIENCE_MS), 1, "nothing woke the waiter");
		woken++;
	} while (!net_queue_poll_ready(q, NULL));
	return woken;
}

static void *later_thread(void *arg)
{
	struct later *l = arg;

	frontend_sleep_ms(l->after_ms);
	l->act(l->rig);
	return NULL;
}

void later_start(struct later *l, struct rig *r, int after_ms, void (*act)(struct rig *r))
{
	*l = (struct later){.after_ms = after_ms, .act = act, .rig = r};
	cr_assert(pthread_create(&l->thread, NULL, later_thread, l) == 0);
}
