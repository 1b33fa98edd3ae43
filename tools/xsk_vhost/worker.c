/* SPDX-License-Identifier: BSD-2-Clause */
#include "worker.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "common/error.h"
#include "pace.h"

/* A guest that makes no kicks has to be looked at. */
#define LOOK_MS 1

enum { WAKE_KICK, WAKE_QUEUE, WAKE_STOP, WAKE_SOURCES = 4 };

/* A kick's counter is never read: an edge tells of each write, and a full counter keeps its writer from nothing
 * before 2^64 kicks. */
static int watch(struct worker *w, int fd, uint32_t what, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u32 = what};

	return fd < 0 || epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

static void sleep_until_woken(struct worker *w, int timeout_ms)
{
	struct epoll_event events[WAKE_SOURCES];
	int n = epoll_wait(w->epoll_fd, events, WAKE_SOURCES, timeout_ms);

	pair_count(&w->pair->counters.sleeps, 1);
	for (int i = 0; i < n; i++)
		if (events[i].data.u32 == WAKE_KICK)
			pair_count(&w->pair->counters.kicks, 1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Sleep by the clock, if frames come in a stream. Kicks, link events and a stop wait for as long. Return: was that so? */
static bool pause_in_stream(struct pair *p, struct pace *pace)
{
	const struct pair_counters *c = &p->counters;
	uint32_t filled = p->filled;
	uint64_t ns;

	p->filled = 0;
	if (!pace_is_stream(pace, pair_counted(&c->rx_frames), pair_counted(&c->tx_packets)))
		return false;
	ns = pace_ns(pace, now_ns(), filled, p->posted, p->rx->size);
	if (!ns)
		return false;
	pair_count(&p->counters.pauses, 1);
	nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL);
	return true;
}

struct start {
	struct worker *worker;
	int timeout_ms;
};

static void *worker_main(void *arg)
{
	struct start start = *(struct start *)arg;
	struct worker *w = start.worker;
	struct pace pace = {0};

	free(arg);
	prctl(PR_SET_TIMERSLACK, 1); /* else 50 us are added to each sleep by the clock */
	while (!atomic_load_explicit(&w->stop, memory_order_acquire) && !w->pair->end) {
		if (pair_pass(w->pair) || w->pair->end || pause_in_stream(w->pair, &pace) ||
		    pair_arm(w->pair))
			continue;
		sleep_until_woken(w, start.timeout_ms);
	}
	if (w->pair->end) {
		atomic_store_explicit(&w->ended, true, memory_order_release);
		eventfd_write(w->notify_fd, 1);
	}
	return NULL;
}

static int watch_all(struct worker *w, const struct worker_config *c)
{
	int queue_fd = net_queue_ready_fd(c->pair->queue);
	int rc = watch(w, c->rx_kick_fd, WAKE_KICK, EPOLLIN | EPOLLET);

	if (!rc)
		rc = watch(w, c->tx_kick_fd, WAKE_KICK, EPOLLIN | EPOLLET);
	if (!rc)
		rc = watch(w, queue_fd, WAKE_QUEUE, EPOLLIN);
	if (!rc)
		rc = watch(w, w->stop_fd, WAKE_STOP, EPOLLIN);
	return rc;
}

/* Signals are the control thread's. */
static int create(struct worker *w, const struct worker_config *c, struct start *start)
{
	sigset_t all, before;
	int rc;

	if (c->cpu >= 0)
		net_queue_update_target_vp(c->pair->queue, (uint32_t)c->cpu);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = -pthread_create(&w->thread, NULL, worker_main, start);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!rc)
		pthread_setname_np(w->thread, "xsk-vhost-pair");
	if (!rc && c->cpu >= 0) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET((uint32_t)c->cpu, &set);
		/* One that is not there any more costs the wish, not the guest's network. */
		pthread_setaffinity_np(w->thread, sizeof(set), &set);
	}
	return rc;
}

static void close_fds(struct worker *w)
{
	if (w->epoll_fd >= 0)
		close(w->epoll_fd);
	if (w->stop_fd >= 0)
		close(w->stop_fd);
	w->epoll_fd = w->stop_fd = -1;
}

int worker_start(struct worker *w, const struct worker_config *c, struct net_error *err)
{
	struct start *start = malloc(sizeof(*start));
	bool polls = c->rx_kick_fd < 0 || c->tx_kick_fd < 0;
	int rc = start ? 0 : -ENOMEM;

	w->pair = c->pair;
	w->notify_fd = c->notify_fd;
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_store(&w->stop, false);
	atomic_store(&w->ended, false);
	if (!rc && (w->epoll_fd < 0 || w->stop_fd < 0))
		rc = -errno;
	if (!rc)
		rc = watch_all(w, c);
	if (!rc) {
		*start = (struct start){w, polls ? LOOK_MS : -1};
		rc = create(w, c, start);
	}
	if (!rc)
		return 0;
	free(start);
	close_fds(w);
	return error_errno(err, rc, "thread", "the thread of a queue pair");
}

void worker_stop(struct worker *w)
{
	atomic_store_explicit(&w->stop, true, memory_order_release);
	eventfd_write(w->stop_fd, 1);
	pthread_join(w->thread, NULL);
	close_fds(w);
}
