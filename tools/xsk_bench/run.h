/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run: memory, ports, one worker thread per queue, and the main thread that watches the clock, the
 * signals and the endpoints' events. Workers and main share the fields marked atomic, nothing else
 * until the threads have ended.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include "flow.h"
#include "frame.h"
#include "histogram.h"
#include "interval.h"
#include "options.h"
#include "packet.h"
#include "pool.h"
#include "port.h"

#define RUN_MAX_PORTS 2

/* What a worker counted, for the table. Frames unless said otherwise. */
struct tally {
	uint64_t received;
	uint64_t received_bytes;
	uint64_t good; /* received, intact and for the first time */
	uint64_t corrupt;
	uint64_t corrupt_early; /* of these: before the first that was not */
	uint64_t bad_sums;	/* each byte right, but the checksum of IPv4, TCP or UDP */
	uint64_t bad_tags;	/* intact, but without the tag of --vlan */
	uint64_t sums_right;	/* of the good: checksums that the sender's backend filled in */
	uint64_t sums_partial;	/* the same, with TCP's or UDP's left to a NIC that is not there */
	uint64_t foreign;
	uint64_t too_old;
	uint64_t untracked;
	uint64_t duplicates;
	uint64_t generated;	  /* packets accepted by tx_avail */
	uint64_t generated_bytes; /* on the wire */
	uint64_t completed;	  /* ids that came back */
	uint64_t outstanding;	  /* at the end, after the wait for them */
	uint64_t unsent;	  /* fwd: still waiting for room at the end */
	uint64_t behind;	  /* latency: due by the schedule, and not sent by the end */
	uint64_t refused;	  /* receive ids that rx_avail did not take */
	uint64_t sleeps;	  /* in epoll_pwait2 */
	uint64_t first_ns; /* when the first and the last frame passed; of a sender: the time in
			       * which it sent */
	uint64_t last_ns;
	/* pair both ways: the time in which it sent, and the two above are of what it received; else 0 */
	uint64_t sent_first_ns;
	uint64_t sent_last_ns;
	uint64_t user_ns; /* processor time of the thread */
	uint64_t system_ns;
};

/* latency with intervals: answers on their way to the main thread. */
struct recent {
	struct histogram own; /* the worker's */
	pthread_mutex_t lock;
	struct histogram shared; /* since the main thread took it */
};

struct worker {
	struct run *run;
	uint32_t index;
	pthread_t thread;
	struct net_queue *q[RUN_MAX_PORTS];
	struct pool pools[RUN_MAX_PORTS];
	uint16_t stream;
	uint64_t received_before; /* the last wait */
	uint32_t spins;
	uint64_t published_ns;

	struct tally tally;
	struct flow_table flows;
	struct histogram *latency; /* only in latency mode */
	struct recent *recent;	   /* only in latency mode with intervals */
	int error;		   /* 0 or -errno with failure filled */
	struct net_error failure;

	/* For the live line, each written by the worker only. */
	_Alignas(64) _Atomic uint64_t live_frames; /* received; of tx: sent */
	_Atomic uint64_t live_bytes;
	_Atomic uint64_t live_drops;
	_Atomic uint64_t live_lost; /* with intervals only, see struct interval */
};

struct net_control;

/*
 * pair: when frames are sent, in CLOCK_MONOTONIC, which is the same in all processes that share this. One way the sender
 * writes it; both ways who has started the process does, and the process obeys.
 */
struct run_clock {
	_Atomic uint64_t begin_ns; /* 0: not yet; may be to come */
	_Atomic uint64_t end_ns;   /* as planned; then, when it has ended */
	uint8_t dst_mac[6];	   /* both ways: to whom; written before begin_ns */
};

struct run {
	const struct options *opt;
	uint16_t id;		    /* of the frames of this run */
	struct packet_shape packet; /* that is sent */
	struct bench_memory memory;
	struct port ports[RUN_MAX_PORTS];
	uint32_t port_count;
	struct worker *workers;
	uint32_t worker_count;
	uint32_t started; /* threads */
	uint64_t start_ns;
	uint64_t stop_ns; /* when the workers were told to end */
	uint64_t end_ns;
	struct interval_list intervals;
	bool usage; /* the backend refused the options */

	_Alignas(64) _Atomic bool stop;
	_Atomic bool began;	  /* a good frame has come */
	_Atomic uint64_t counted; /* received, towards --count */
	_Atomic uint32_t sending; /* pair both ways: workers that have not sent all yet */
	int done_fd;		  /* eventfd: a worker has ended */
	int began_fd;		  /* eventfd: see began */
	/* 0: none; who waits there for the workers reads the MAC of the first port, and of pair both ways one byte more
	 * when all is sent. */
	int ready_fd;
	struct run_clock *
		clock; /* of pair, else NULL: the sender sets it, the receiver's rows are of its time */
	struct net_control *control; /* NULL: nobody can look into this run */
	struct net_error unseen;     /* why not */
};

/* First of all. ready_fd: see struct run. */
void run_init(struct run *run, const struct options *opt, int ready_fd);
/*
 * Everything from memory to the last destroy. The tallies and what the ports told stay in *run for the
 * table. Return: 0; -EINVAL with err.step "config" for options that the backend refuses; -errno.
 */
int run_all(struct run *run, struct net_error *err);
void run_free(struct run *run);

/* When the run's time is over, UINT64_MAX without --duration. Of pair both ways it is the time of the sending, which the
 * clock says. */
static inline uint64_t run_planned_end(const struct run *run)
{
	if (!run->opt->duration_ns || run->opt->mode == BENCH_PAIR)
		return UINT64_MAX;
	return run->start_ns + run->opt->duration_ns;
}

/* Until the time is over, a signal comes, all workers have ended, or something fails. Return: 0, -errno with err
 * filled. */
int run_watch(struct run *run, int signal_fd, struct net_error *err);

/* SIGINT, SIGTERM and SIGHUP are blocked in every thread and read by the main thread from a descriptor: a run ends and
 * puts back what it has set, also when its terminal goes away. nohup has SIGHUP ignored, and one that is blocked comes
 * all the same. Return: the descriptor, which does not block; -1 and errno. */
int run_open_signals(void);

/* The body of a worker, by mode. Return: 0, -errno with w->failure filled. */
int run_rx(struct worker *w);
int run_tx(struct worker *w);
int run_fwd(struct worker *w);
int run_latency(struct worker *w);
int run_pair(struct worker *w);

#endif
