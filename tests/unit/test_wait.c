// SPDX-License-Identifier: BSD-2-Clause
/* net_queue_wait() on a queue whose readiness the test decides. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/deadline.h"
#include "net_backend.h"
#include "support/frontend.h"

struct fake {
	struct net_queue base;
	int fd;
	uint32_t looks;
	uint32_t ready_at_look; /* poll_ready is true from this look on; 0 never */
	bool drains;		/* poll_ready empties the descriptor */
};

static bool fake_poll_ready(struct net_queue *q, struct net_buffer_access *pool)
{
	struct fake *f = (struct fake *)q;
	eventfd_t value;

	(void)pool;
	f->looks++;
	if (f->drains)
		eventfd_read(f->fd, &value);
	return f->ready_at_look && f->looks >= f->ready_at_look;
}

static int fake_ready_fd(struct net_queue *q)
{
	return ((struct fake *)q)->fd;
}

static const struct net_queue_ops fake_ops = {
	.poll_ready = fake_poll_ready,
	.ready_fd = fake_ready_fd,
};

static struct fake fake(uint32_t ready_at_look)
{
	return (struct fake){
		.base.ops = &fake_ops,
		.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
		.ready_at_look = ready_at_look,
		.drains = true,
	};
}

Test(wait, wait_ready_queue_returns_at_once)
{
	struct fake f = fake(1);

	cr_assert(net_queue_wait(&f.base, NULL, -1) == 1);
	cr_assert(net_queue_wait(&f.base, NULL, 0) == 1);
	cr_assert(net_queue_wait(&f.base, NULL, INT64_MAX) == 1);
	cr_assert(f.looks == 3, "looked %u times", f.looks);
	close(f.fd);
}

Test(wait, wait_zero_timeout_only_looks)
{
	struct fake f = fake(0);
	int64_t start = frontend_now_ms();

	cr_assert(net_queue_wait(&f.base, NULL, 0) == 0);
	cr_assert(f.looks == 1 && frontend_now_ms() - start < 50);
	close(f.fd);
}

Test(wait, wait_silent_queue_sleeps_until_the_deadline)
{
	struct fake f = fake(0);
	int64_t start = frontend_now_ms(), took;

	cr_assert(net_queue_wait(&f.base, NULL, 50 * 1000000) == 0);
	took = frontend_now_ms() - start;
	cr_assert(took >= 49 && took < 1000, "slept %lld ms", (long long)took);
	cr_assert(f.looks == 2, "looked %u times while asleep", f.looks);
	close(f.fd);
}

static void *write_twice(void *arg)
{
	struct fake *f = arg;

	frontend_sleep_ms(20);
	eventfd_write(f->fd, 1);
	frontend_sleep_ms(20);
	eventfd_write(f->fd, 1);
	return NULL;
}

Test(wait, wait_spurious_wake_sleeps_on)
{
	struct fake f = fake(3); /* the first wake finds nothing, the second does */
	pthread_t thread;

	pthread_create(&thread, NULL, write_twice, &f);
	cr_assert(net_queue_wait(&f.base, NULL, -1) == 1);
	cr_assert(f.looks == 3, "looked %u times", f.looks);
	pthread_join(thread, NULL);
	close(f.fd);
}

Test(wait, wait_descriptor_that_stays_readable_ends_at_the_deadline)
{
	struct fake f = fake(0);
	int64_t start = frontend_now_ms(), took;

	f.drains = false;
	eventfd_write(f.fd, 1);
	cr_assert(net_queue_wait(&f.base, NULL, 30 * 1000000) == 0);
	took = frontend_now_ms() - start;
	cr_assert(took >= 29 && took < 1000, "%lld ms", (long long)took);
	close(f.fd);
}

Test(wait, wait_nothing_to_sleep_on_is_an_error)
{
	struct fake f = fake(0);
	int closed = f.fd;

	f.fd = -1;
	f.drains = false;
	cr_assert(net_queue_wait(&f.base, NULL, -1) == -EINVAL);
	close(closed);
	f.fd = closed;
	cr_assert(net_queue_wait(&f.base, NULL, -1) == -EBADF, "a closed descriptor");
}

static void ignore(int signal)
{
	(void)signal;
}

Test(wait, wait_signal_is_eintr)
{
	struct sigaction action = {.sa_handler = ignore};
	struct itimerval timer = {.it_value.tv_usec = 20000};
	struct fake f = fake(0);

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	cr_assert(net_queue_wait(&f.base, NULL, -1) == -EINTR);
	close(f.fd);
}

Test(wait, deadline_of_nothing_has_passed_at_once)
{
	struct deadline now = deadline_in(0), later = deadline_in(60000);

	cr_assert(deadline_passed(&now));
	cr_assert_not(deadline_passed(&later));
}
