/* SPDX-License-Identifier: BSD-2-Clause */
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "look.h"

#define STOP_CHECK_NS	100000000u /* longest sleep: how late a worker may see the end */
#define PUBLISH_NS	50000000u
#define PUBLISH_ROWS_NS 10000000u /* with intervals, whose rows are to be exact to some per cent */
/* A look at a ring takes the lines that the kernel writes next. While frames come in bursts the looks are
 * this far apart, so that each finds several; a frame that comes alone is looked for all the time. */
#define SPIN_PAUSE_NS  5000u
#define SPINS_PER_LOOK 4096u

static int worker_fail(struct worker *w, int rc, const char *step, const char *message)
{
	w->failure.code = rc;
	snprintf(w->failure.step, sizeof(w->failure.step), "%s", step);
	snprintf(w->failure.message, sizeof(w->failure.message), "%s", message);
	return rc;
}

/* Pin the thread as --cpu says and tell its queues. */
static int pin(struct worker *w)
{
	const struct options *opt = w->run->opt;
	cpu_set_t set;
	uint32_t cpu;
	int rc;

	if (!opt->cpu_count)
		return 0;
	cpu = opt->cpus[w->index % opt->cpu_count];
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	rc = -pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	if (rc) {
		char text[80];

		snprintf(text, sizeof(text), "--cpu: CPU %u cannot be used: %s", cpu,
			 strerror(-rc));
		return worker_fail(w, rc, "pin", text);
	}
	for (uint32_t i = 0; i < w->run->port_count; i++)
		net_queue_update_target_vp(w->q[i], cpu);
	return 0;
}

/* What was given away and did not come back; after a failure that is a number like any other. */
static void note_rest(struct worker *w)
{
	struct tally *t = &w->tally;

	t->outstanding = t->generated - t->completed;
	if (w->run->opt->mode == BENCH_FWD)
		t->unsent = t->received - t->generated;
}

static void note_cpu_time(struct worker *w)
{
	struct rusage use;

	if (getrusage(RUSAGE_THREAD, &use))
		return;
	w->tally.user_ns = (uint64_t)use.ru_utime.tv_sec * 1000000000u +
			   (uint64_t)use.ru_utime.tv_usec * 1000u;
	w->tally.system_ns = (uint64_t)use.ru_stime.tv_sec * 1000000000u +
			     (uint64_t)use.ru_stime.tv_usec * 1000u;
}

void *worker_main(void *arg)
{
	static int (*const bodies[])(struct worker *) = {
		[BENCH_RX] = run_rx,	       [BENCH_TX] = run_tx,	[BENCH_FWD] = run_fwd,
		[BENCH_LATENCY] = run_latency, [BENCH_PAIR] = run_pair,
	};
	struct worker *w = arg;

	/* Sleeps of a paced sender end on time, not up to 50 us later. */
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	w->error = pin(w);
	if (!w->error)
		w->error = bodies[w->run->opt->mode](w);
	if (w->error)
		atomic_store(&w->run->stop, true);
	note_rest(w);
	note_cpu_time(w);
	eventfd_write(w->run->done_fd, 1);
	return NULL;
}

/* All queues of the worker. Only their thread may ask. */
static struct net_xdp_stats queue_stats(struct worker *w)
{
	struct net_xdp_stats sum = {{0}}, one;

	for (uint32_t port = 0; port < w->run->port_count; port++) {
		if (net_xdp_queue_stats(w->q[port], &one))
			continue;
		for (uint32_t i = 0; i < NET_XDP_COUNTERS; i++)
			sum.value[i] += one.value[i];
	}
	return sum;
}

/* Everything that a counter of ours or of the kernel calls lost. */
static uint64_t count_drops(const struct net_xdp_stats *stats)
{
	struct net_xdp_counter_info info;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < NET_XDP_COUNTERS; i++) {
		net_xdp_counter_info(i, &info);
		if (port_is_lost(info.value_class))
			sum += stats->value[i];
	}
	return sum;
}

void recent_publish(struct recent *r)
{
	if (!r->own.count)
		return;
	pthread_mutex_lock(&r->lock);
	histogram_merge(&r->shared, &r->own);
	pthread_mutex_unlock(&r->lock);
	memset(&r->own, 0, sizeof(r->own));
}

/* For the rows of --interval. */
static void show_lost(struct worker *w, uint64_t drops)
{
	const struct tally *t = &w->tally;
	uint64_t lost = drops;

	if (w->run->opt->mode == BENCH_RX || w->run->opt->mode == BENCH_PAIR)
		lost = flow_gaps(&w->flows);
	else if (w->run->opt->mode == BENCH_LATENCY)
		lost = t->generated - t->good;
	atomic_store_explicit(&w->live_lost, lost, memory_order_relaxed);
	if (w->recent)
		recent_publish(w->recent);
}

/* Figures for the live line, when it is time for new ones. */
static void show(struct worker *w, uint64_t now)
{
	struct tally *t = &w->tally;
	uint64_t frames = t->received, bytes = t->received_bytes;
	bool rows = w->run->opt->interval_ns;
	struct net_xdp_stats stats;
	uint64_t drops;

	if (now - w->published_ns < (rows ? PUBLISH_ROWS_NS : PUBLISH_NS))
		return;
	w->published_ns = now;
	stats = queue_stats(w);
	if (w->run->opt->mode == BENCH_TX) {
		frames = port_sent(&stats);
		bytes = t->generated ? frames / w->run->packet.pieces *
					       (t->generated_bytes / t->generated)
				     : 0;
	}
	atomic_store_explicit(&w->live_frames, frames, memory_order_relaxed);
	atomic_store_explicit(&w->live_bytes, bytes, memory_order_relaxed);
	drops = count_drops(&stats);
	atomic_store_explicit(&w->live_drops, drops, memory_order_relaxed);
	if (rows)
		show_lost(w, drops);
}

void worker_publish(struct worker *w, uint64_t now)
{
	struct tally *t = &w->tally;

	if (!t->first_ns)
		t->first_ns = now;
	t->last_ns = now;
	show(w, now);
}

static void pause_for(uint64_t ns)
{
	uint64_t end = now_ns() + ns;

	while (now_ns() < end)
		relax();
}

void worker_wait(struct worker *w, uint64_t deadline_ns)
{
	uint64_t fresh = w->tally.received - w->received_before;
	struct timespec sleep = {.tv_nsec = STOP_CHECK_NS};
	struct pollfd fds[RUN_MAX_PORTS];

	w->received_before = w->tally.received;
	/* Frames may be dropped though none comes through. Spinning, the clock is not asked each time. */
	if (w->run->opt->wait != BENCH_WAIT_SPIN || !(w->spins++ % SPINS_PER_LOOK))
		show(w, now_ns());
	if (w->run->opt->wait == BENCH_WAIT_SPIN) {
		if (fresh > 1)
			pause_for(SPIN_PAUSE_NS);
		else
			relax();
		return;
	}
	if (w->run->opt->moderate_us && fresh) {
		/* One wake-up for many frames, as a device's interrupt moderation does it: the next ones
		 * are waited for by the clock. */
		w->tally.sleeps++;
		sleep.tv_nsec = w->run->opt->moderate_us * 1000l;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &sleep, NULL);
		return;
	}
	for (uint32_t i = 0; i < w->run->port_count; i++) {
		if (net_queue_poll_ready(w->q[i], NULL))
			return;
		fds[i] = (struct pollfd){.fd = net_queue_ready_fd(w->q[i]), .events = POLLIN};
	}
	if (deadline_ns != WORKER_NEVER) {
		uint64_t now = now_ns();

		if (deadline_ns <= now)
			return;
		if (deadline_ns - now < STOP_CHECK_NS)
			sleep.tv_nsec = (long)(deadline_ns - now);
	}
	w->tally.sleeps++;
	ppoll(fds, w->run->port_count, &sleep, NULL);
}

int worker_tx_error(struct worker *w, int rc, uint32_t port)
{
	const struct port *p = &w->run->ports[port];
	char text[200];

	if (rc == NET_TRY_RESTART)
		return look_at_restart(p, rc, &w->failure);
	snprintf(text, sizeof(text), "%s: the endpoint has failed for good (%s)", p->ifname,
		 strerror(-rc));
	return worker_fail(w, rc, "tx", text);
}

uint64_t worker_share(const struct worker *w, uint64_t total)
{
	uint32_t n = w->run->worker_count;

	return total / n + (w->index < total % n);
}
