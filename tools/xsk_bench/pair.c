/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting both ends, and ending them: who receives a little after who sends, whose last frames are on their way. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live.h"
#include "pair_end.h"
#include "say.h"
#include "worker.h"

/* Longest wait for ends that have to send no more, after their own for completions. */
#define FINISH_MS 4000

/* Of the two ends; the second is that on --to. */
enum { NEAR, FAR, ENDS };

/* The list goes on where the other end's threads end. */
static void go_on_cpus(struct options *o, const struct options *opt)
{
	for (uint32_t i = 0; i < opt->cpu_count; i++)
		o->cpus[i] = opt->cpus[(i + opt->queue_count) % opt->cpu_count];
}

/* What only one of two processes can have is the near one's: a path that was given. */
static void leave_paths(struct options *o)
{
	o->capture_path = NULL;
	if (o->control)
		o->control = "off";
}

/* The receiver's options; its rows are those that are shown. */
static struct options receiver_options(const struct options *opt)
{
	struct options o = *opt;

	pair_end_receives(&o);
	o.ifname = opt->to_ifname;
	o.from_ifname = opt->ifname;
	o.to_ifname = NULL;
	leave_paths(&o);
	go_on_cpus(&o, opt);
	return o;
}

static struct options sender_options(const struct options *opt)
{
	struct options o = *opt;

	pair_end_sends(&o);
	o.to_ifname = NULL;
	o.silent = o.rows;
	o.rows = o.csv = false;
	o.plot_path = NULL;
	o.interval_ns = 0;
	return o;
}

/* Of an end that does both; its rows are of what it receives. A plot is of the forward direction. */
static struct options end_options(const struct options *opt, int which)
{
	struct options o = *opt;

	o.to_ifname = NULL;
	o.direction = BENCH_REVERSE;
	if (which == NEAR) {
		o.plot_path = NULL;
		return o;
	}
	o.direction = BENCH_FORWARD;
	o.ifname = opt->to_ifname;
	o.from_ifname = opt->ifname;
	o.ip_src = opt->ip_dst;
	o.ip_dst = opt->ip_src;
	leave_paths(&o);
	go_on_cpus(&o, opt);
	return o;
}

/* Until one of them says something. signal_fd -1: nobody asks. Return: 0; -EINTR: a signal has come; -ETIMEDOUT. */
static int listen_to(struct pair_end *ends, int signal_fd, int timeout_ms)
{
	struct pollfd fds[] = {{.fd = ends[NEAR].ready_fd, .events = POLLIN},
			       {.fd = ends[FAR].ready_fd, .events = POLLIN},
			       {.fd = signal_fd, .events = POLLIN}};
	int n;

	do
		n = poll(fds, 3, timeout_ms);
	while (n < 0 && errno == EINTR);
	for (int i = 0; i < ENDS; i++)
		if (fds[i].revents)
			pair_end_hear(&ends[i]);
	return fds[2].revents ? -EINTR : n ? 0 : -ETIMEDOUT;
}

/* Return: it runs; false: it has ended, or a signal has come. */
static bool await_ready(struct pair_end *ends, int which, int signal_fd)
{
	while (!pair_end_is_ready(&ends[which]))
		if (pair_end_is_over(&ends[which]) || listen_to(ends, signal_fd, -1))
			return false;
	return true;
}

/* Return: 0; -errno: a process could not be started. */
static int run_one_way(struct pair_end *ends, int signal_fd)
{
	struct pair_end *sender = &ends[NEAR], *receiver = &ends[FAR];
	int rc = pair_end_start(receiver);

	if (rc || !await_ready(ends, FAR, signal_fd))
		return rc;
	if (pair_end_is_default_mac(sender->opt.dst_mac))
		memcpy(sender->opt.dst_mac, receiver->said, 6);
	rc = pair_end_start(sender);
	if (rc)
		return rc;
	while (!pair_end_is_over(sender) && !pair_end_is_over(receiver))
		if (listen_to(ends, signal_fd, -1))
			break;
	pair_end_stop(sender);
	poll(NULL, 0, PAIR_LAST_FRAMES_MS);
	return 0;
}

static void finish(struct pair_end *ends)
{
	for (int i = 0; i < ENDS; i++)
		pair_end_finish(&ends[i]);
}

/* Until both have sent all, or one has failed. */
static void await_sent(struct pair_end *ends, int signal_fd)
{
	int timeout_ms = -1;

	while (!pair_end_is_done(&ends[NEAR]) || !pair_end_is_done(&ends[FAR])) {
		bool over = pair_end_is_over(&ends[NEAR]) || pair_end_is_over(&ends[FAR]);
		int rc = over ? -EINTR : listen_to(ends, signal_fd, timeout_ms);

		if (rc == -ETIMEDOUT || (over && timeout_ms > 0))
			break;
		if (rc != -EINTR)
			continue;
		signal_fd = -1;
		timeout_ms = FINISH_MS;
		finish(ends);
	}
	finish(ends);
}

/* Return: 0; -errno: a process could not be started. */
static int run_both_ways(struct pair_end *ends, int signal_fd)
{
	uint64_t begin_ns;
	int rc = pair_end_start(&ends[FAR]);

	if (rc || !await_ready(ends, FAR, signal_fd))
		return rc;
	rc = pair_end_start(&ends[NEAR]);
	if (rc || !await_ready(ends, NEAR, signal_fd))
		return rc;
	begin_ns = now_ns() + PAIR_LEAD_NS;
	for (int i = 0; i < ENDS; i++) {
		const uint8_t *given = ends[i].opt.dst_mac;
		bool own = i == FAR || pair_end_is_default_mac(given);

		pair_end_begin(&ends[i], own ? ends[!i].said : given, begin_ns);
	}
	await_sent(ends, signal_fd);
	poll(NULL, 0, PAIR_LAST_FRAMES_MS);
	return 0;
}

static int open_ends(struct pair_end *ends, const struct options *opt)
{
	struct options near = opt->bidirectional ? end_options(opt, NEAR) : sender_options(opt);
	struct options far = opt->bidirectional ? end_options(opt, FAR) : receiver_options(opt);
	int rc = pair_end_open(&ends[NEAR], &near), other = pair_end_open(&ends[FAR], &far);

	/* The receiver's rows are of the sender's time. */
	if (!rc && !other && !opt->bidirectional)
		pair_end_share_clock(&ends[NEAR], &ends[FAR]);
	return rc ? rc : other;
}

static void collect(const struct pair_end *ends, struct pair_result *r)
{
	for (int i = 0; i < ENDS; i++) {
		pair_end_collect(&ends[i], PAIR_SENDS, &r[i].sender, &r[i].sender_text);
		pair_end_collect(&ends[!i], PAIR_RECEIVES, &r[i].receiver, &r[i].receiver_text);
	}
}

int pair_run(const struct options *opt)
{
	static struct pair_result r[ENDS];
	uint32_t directions = opt->bidirectional ? ENDS : 1;
	struct pair_end ends[ENDS];
	int signal_fd = run_open_signals();
	int rc = open_ends(ends, opt);

	if (!rc && signal_fd < 0)
		rc = -errno;
	if (!rc && opt->bidirectional)
		live_head(opt);
	if (!rc)
		rc = opt->bidirectional ? run_both_ways(ends, signal_fd)
					: run_one_way(ends, signal_fd);
	for (int i = 0; i < ENDS; i++)
		pair_end_stop(&ends[i]);
	collect(ends, r);
	for (int i = 0; i < ENDS; i++)
		pair_end_close(&ends[i]);
	if (signal_fd >= 0)
		close(signal_fd);
	if (rc)
		say("a process could not be started: %s", strerror(-rc));
	if (opt->json)
		pair_report_json(stdout, r, directions);
	else if (!opt->csv)
		pair_report(stdout, opt, r, directions);
	rc = pair_exit_code(r, directions);
	for (int i = 0; i < ENDS; i++)
		pair_result_free(&r[i]);
	return rc;
}
