/* SPDX-License-Identifier: BSD-2-Clause */
/* Building a run and taking it down. */
#include "run.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/error.h"
#include "look.h"
#include "offload.h"
#include "report.h"
#include "say.h"
#include "shown.h"
#include "worker.h"

/* Twice the ring each: one ring's worth with the kernel, one in our hands. A packet that is cut takes as many
 * entries as it has pieces, or more. */
static struct pool_shape shape_for(const struct run *run, const struct net_xdp_config *config)
{
	const struct options *opt = run->opt;
	uint32_t rx = options_receive(opt) ? 2 * opt->ring : 0;
	uint32_t tx = options_send(opt) ? 2 * opt->ring / run->packet.pieces : 0;

	if (options_send(opt) && tx < 2)
		tx = 2;
	return pool_shape_of(config, rx, tx, run->packet.len_bytes);
}

static int open_workers(struct run *run, const struct pool_shape *shape, struct net_error *err)
{
	uint64_t offset = 0;
	int rc;

	run->workers = aligned_alloc(64, run->opt->queue_count * sizeof(*run->workers));
	if (!run->workers)
		return error_errno(err, -ENOMEM, "memory", "the workers");
	memset(run->workers, 0, run->opt->queue_count * sizeof(*run->workers));
	for (uint32_t i = 0; i < run->opt->queue_count; i++) {
		struct worker *w = &run->workers[i];

		w->run = run;
		w->index = i;
		w->stream = (uint16_t)i;
		run->worker_count++;
		if (run->opt->mode == BENCH_LATENCY && run->opt->interval_ns) {
			w->recent = calloc(1, sizeof(*w->recent));
			if (!w->recent)
				return error_errno(err, -ENOMEM, "memory", "the workers");
			pthread_mutex_init(&w->recent->lock, NULL);
		}
		for (uint32_t k = 0; k < run->port_count; k++) {
			rc = pool_open(&w->pools[k], &run->memory, offset, shape, err);
			if (rc)
				return rc;
			offset += pool_bytes(shape);
		}
	}
	return 0;
}

static int open_ports(struct run *run, struct net_xdp_config *configs, struct net_error *err)
{
	struct pool *pools[BENCH_MAX_QUEUES];

	for (uint32_t k = 0; k < run->port_count; k++) {
		int rc = port_open(&run->ports[k], &configs[k], err);

		if (!rc)
			rc = offload_check(run->opt, &run->ports[k], &run->packet, err);
		if (!rc && k == 0 && run->opt->capture_path)
			rc = port_capture(&run->ports[k], run->opt, err);
		if (rc)
			return rc;
		for (uint32_t i = 0; i < run->worker_count; i++)
			pools[i] = &run->workers[i].pools[k];
		rc = port_start(&run->ports[k], pools, run->worker_count, err);
		if (rc)
			return rc;
		for (uint32_t i = 0; i < run->worker_count; i++)
			run->workers[i].q[k] = run->ports[k].queues[i];
	}
	return 0;
}

static int start_workers(struct run *run, struct net_error *err)
{
	run->start_ns = now_ns();
	if (run->clock && run->opt->mode == BENCH_TX) {
		run->clock->end_ns = run_planned_end(run);
		run->clock->begin_ns = run->start_ns;
	}
	run->sending = run->worker_count;
	shown_begin(run);
	for (uint32_t i = 0; i < run->worker_count; i++) {
		int rc = -pthread_create(&run->workers[i].thread, NULL, worker_main,
					 &run->workers[i]);

		if (rc)
			return error_errno(err, rc, "thread", "starting a queue's thread");
		run->started++;
	}
	for (uint32_t k = 0; k < run->port_count; k++) {
		port_tell(&run->ports[k]);
		look_at_mode(&run->ports[k], run->opt);
	}
	if (run->ready_fd && write(run->ready_fd, run->ports[0].device.mac, 6) != 6)
		return error_errno(err, -errno, "setup", "telling that the run has begun");
	/* Scripts wait for this line before they start the other side. */
	report_running(run);
	return 0;
}

static int join_workers(struct run *run, struct net_error *err)
{
	int rc = 0;

	run->stop_ns = now_ns();
	if (run->clock && run->opt->mode == BENCH_TX)
		run->clock->end_ns = run->stop_ns;
	atomic_store(&run->stop, true);
	for (uint32_t i = 0; i < run->started; i++) {
		struct worker *w = &run->workers[i];

		pthread_join(w->thread, NULL);
		if (w->error && !rc) {
			rc = w->error;
			*err = w->failure;
		}
	}
	run->end_ns = now_ns();
	return rc;
}

/* Can the threads be pinned as --cpu says? Only trying tells: cpusets are not in the mask. */
static int check_cpus(const struct options *opt, struct net_error *err)
{
	cpu_set_t before, one;
	int rc = 0;

	if (opt->cpu_count && sched_getaffinity(0, sizeof(before), &before))
		return error_errno(err, -errno, "cpu", "asking for the CPUs of this process");
	for (uint32_t i = 0; i < opt->cpu_count && !rc; i++) {
		CPU_ZERO(&one);
		CPU_SET(opt->cpus[i], &one);
		rc = sched_setaffinity(0, sizeof(one), &one) ? -errno : 0;
		if (rc) {
			err->code = rc;
			snprintf(err->step, sizeof(err->step), "cpu");
			snprintf(err->message, sizeof(err->message),
				 "--cpu: there is no CPU %u that this process may use; nproc and "
				 "taskset -p show which there are",
				 opt->cpus[i]);
		}
	}
	if (opt->cpu_count)
		sched_setaffinity(0, sizeof(before), &before);
	return rc;
}

/* The ports first: where netlink is refused, the library says by whom. */
static int find_ports(struct run *run, struct host_net *net, struct net_error *err)
{
	int rc = 0;

	for (uint32_t k = 0; k < run->port_count && !rc; k++)
		rc = look_at_port(&run->ports[k], run->opt, err);
	if (rc)
		return rc;
	rc = host_net_read(net);
	if (rc)
		return error_errno(err, rc, "query", "asking for the interfaces of the host");
	return 0;
}

static int configure(struct run *run, struct net_xdp_config *configs, struct net_xdp_region *region,
		     struct net_error *err)
{
	int rc = offload_shape(run->opt, &run->ports[0], &run->packet, err);

	for (uint32_t k = 0; k < run->port_count && !rc; k++) {
		/* The number of receive ids decides the size, the size is part of the region. */
		configs[k] = port_config(run->opt, &run->ports[k], 2 * run->opt->ring, region);
		if (configs[k].max_frame_bytes < offload_wire_bytes(&run->packet))
			configs[k].max_frame_bytes = offload_wire_bytes(&run->packet);
		rc = net_xdp_config_check(&configs[k], err);
	}
	return rc;
}

/* What changes nothing: are the options right, and what should the person know? */
static int look(struct run *run, struct net_xdp_config *configs, struct net_xdp_region *region,
		struct net_error *err)
{
	struct host_net net = {0};
	int rc = check_cpus(run->opt, err);

	if (!rc)
		rc = find_ports(run, &net, err);
	if (!rc)
		rc = configure(run, configs, region, err);
	run->usage = rc == -EINVAL;
	for (uint32_t k = 0; k < run->port_count && !rc; k++)
		rc = look_at_host(&run->ports[k], run->opt, &net, err);
	host_net_free(&net);
	return rc;
}

static int set_up(struct run *run, struct net_error *err)
{
	struct net_xdp_region region = {.fd = 0};
	struct net_xdp_config configs[RUN_MAX_PORTS];
	struct pool_shape shape;
	int rc = look(run, configs, &region, err);

	if (rc)
		return rc;
	shape = shape_for(run, &configs[0]);
	rc = bench_memory_open(&run->memory,
			       pool_bytes(&shape) * run->opt->queue_count * run->port_count,
			       (enum bench_pages)run->opt->pages, err);
	if (rc)
		return rc;
	region.guest_addr = run->memory.guest_addr;
	region.size_bytes = run->memory.size_bytes;
	region.fd = run->memory.fd;
	rc = open_workers(run, &shape, err);
	return rc ? rc : open_ports(run, configs, err);
}

int run_open_signals(void)
{
	struct sigaction hangup;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Nobody else is to blame for a wait that a signal has ended. */
static int name_signal(int signal_fd, int rc, struct net_error *err)
{
	struct signalfd_siginfo signal;

	if (rc != -EBUSY || read(signal_fd, &signal, sizeof(signal)) != sizeof(signal))
		return rc;
	err->code = -EINTR;
	snprintf(err->step, sizeof(err->step), "signal");
	snprintf(err->message, sizeof(err->message),
		 "SIG%s came before the run began; all is as it was",
		 sigabbrev_np((int)signal.ssi_signo));
	return err->code;
}

void run_init(struct run *run, const struct options *opt, int ready_fd)
{
	memset(run, 0, sizeof(*run));
	run->opt = opt;
	run->ready_fd = ready_fd;
	run->memory.fd = run->done_fd = run->began_fd = -1;
}

int run_all(struct run *run, struct net_error *err)
{
	/* Who reads our lines may go away; the run ends in its own way. */
	void (*pipe_before)(int) = signal(SIGPIPE, SIG_IGN);
	const struct options *opt = run->opt;
	struct net_error late = {0};
	int signal_fd = run_open_signals();
	int rc, closed;

	run->id = (uint16_t)(now_ns() / 1000 ^ (uint64_t)getpid() << 8);
	run->port_count = options_port_count(opt);
	run->ports[0].ifname = opt->ifname;
	run->ports[1].ifname = opt->to_ifname;
	run->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	run->began_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (signal_fd < 0 || run->done_fd < 0 || run->began_fd < 0)
		rc = error_errno(err, -errno, "setup", "signalfd or eventfd");
	else
		rc = shown_open(run, err);
	if (!rc)
		rc = name_signal(signal_fd, set_up(run, err), err);
	if (!rc)
		rc = start_workers(run, err);
	if (!rc)
		rc = run_watch(run, signal_fd, err);
	closed = join_workers(run, rc ? &late : err);
	rc = rc ? rc : closed;
	closed = port_capture_end(&run->ports[0], opt, rc ? &late : err);
	rc = rc ? rc : closed;
	for (uint32_t k = 0; k < run->port_count; k++) {
		run->ports[k].link_up = look_at_link(&run->ports[k]);
		shown_end(run, &run->ports[k]);
		closed = port_close(&run->ports[k], rc ? &late : err);
		rc = rc ? rc : closed;
		look_at_losses(&run->ports[k], opt);
	}
	shown_close(run);
	if (signal_fd >= 0)
		close(signal_fd);
	signal(SIGPIPE, pipe_before);
	return rc;
}

void run_free(struct run *run)
{
	for (uint32_t k = 0; k < run->port_count; k++)
		told_free(&run->ports[k].told);
	for (uint32_t i = 0; i < run->worker_count; i++) {
		struct worker *w = &run->workers[i];

		for (uint32_t k = 0; k < run->port_count; k++)
			pool_close(&w->pools[k]);
		flow_free(&w->flows);
		free(w->latency);
		free(w->recent);
	}
	free(run->workers);
	interval_free(&run->intervals);
	bench_memory_close(&run->memory);
	if (run->done_fd >= 0)
		close(run->done_fd);
	if (run->began_fd >= 0)
		close(run->began_fd);
}
