// SPDX-License-Identifier: BSD-2-Clause
/* The process is killed under traffic. What it held is gone with it, and the next one can begin. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/footprint.h"
#include "support/frame.h"
#include "support/netns.h"
#include "support/refused.h"
#include "support/traffic.h"

enum { KILLS = 20, MOMENTS = 12 };

/* How far the child came, written to a pipe. */
enum progress { OPENED = 1, STARTED, RECEIVED };

struct child {
	pid_t pid;
	int progress;
};

static void tell(int fd, char progress)
{
	if (write(fd, &progress, 1) != 1)
		_exit(2);
}

/* A child must make no assertion, not even one that holds: it is not the runner's. So its pool does
 * not check, and everything that does was made before the fork. */
static struct frontend *memory;
static struct frontend_list list;

static void quiet_rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
			     struct net_rx_buffer *out)
{
	(void)pool;
	for (uint32_t i = 0; i < count; i++)
		out[i] = memory->ids[ids[i]].buffer;
}

static void quiet_rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			      const struct net_rx_metadata *metadata, uint32_t count)
{
	(void)pool, (void)ids, (void)metadata, (void)count;
}

static const struct net_buffer_access_ops quiet_ops = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = quiet_rx_buffers,
	.rx_metadata = quiet_rx_metadata,
};
static struct net_buffer_access quiet = {&quiet_ops};

static void prepare(struct rig *r, uint32_t queues)
{
	rig_prepare(r, queues);
	refused_prepare(&r->x); /* regions and layout */
	memory = &r->x.f;
	frontend_list_open(&list, 8);
	for (uint32_t i = 0; i < 8; i++)
		traffic_put(&r->x, &list, i, 200);
}

static void finish(struct rig *r)
{
	frontend_list_close(&list);
	rig_close(r);
}

static void fail(const struct net_error *err)
{
	dprintf(STDERR_FILENO, "%s: %s\n", err->step, err->message);
	_exit(3);
}

/* Receive and send for ever. */
static void live(const struct net_xdp_config *config, uint32_t queues, int progress)
{
	struct net_queue_config configs[4] = {0};
	struct net_queue *queue[4];
	struct net_endpoint *ep;
	struct net_error err;
	uint32_t ids[1024], n;
	bool sync, told = false;

	for (uint32_t i = 0; i < 1024; i++)
		ids[i] = i;
	for (uint32_t i = 0; i < queues; i++)
		configs[i] = (struct net_queue_config){
			.pool = &quiet, .initial_rx = ids + i * 256, .initial_rx_count = 256};
	if (net_xdp_open(config, &ep, &err))
		fail(&err);
	tell(progress, OPENED);
	if (net_endpoint_get_queues(ep, configs, queues, NULL, queue, &err))
		fail(&err);
	tell(progress, STARTED);
	for (uint32_t i = 0;; i = (i + 1) % queues) {
		n = net_queue_rx_poll(queue[i], &quiet, ids, 64);
		net_queue_rx_avail(queue[i], &quiet, ids, n);
		net_queue_tx_avail(queue[i], &quiet, list.segments, list.count, &sync);
		net_queue_tx_poll(queue[i], &quiet, ids, 64);
		if (n && !told)
			tell(progress, RECEIVED);
		told |= n > 0;
	}
}

static void start_child(struct child *c, struct frontend_xdp *x, uint32_t queues)
{
	int pipes[2];

	cr_assert_eq(pipe(pipes), 0);
	c->pid = fork();
	cr_assert_geq(c->pid, 0);
	if (c->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the test end first */
		close(pipes[0]);
		live(&x->config, queues, pipes[1]);
	}
	close(pipes[1]);
	c->progress = pipes[0];
}

static void wait_for(struct child *c, char progress)
{
	char now = 0;

	while (now < progress)
		cr_assert_eq(read(c->progress, &now, 1), 1, "the child ended by itself after %d",
			     now);
}

/* Return when the kernel has ended the process. */
static void kill_child(struct child *c)
{
	int status;

	cr_assert_eq(kill(c->pid, SIGKILL), 0);
	cr_assert_eq(waitpid(c->pid, &status, 0), c->pid);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it ended by itself: %x",
		  (unsigned int)status);
	close(c->progress);
}

static void kill_and_open(uint32_t queues, uint32_t count)
{
	struct footprint before;
	struct flood flood;
	struct child child;
	struct rig r;

	prepare(&r, queues);
	flood_start(&flood, "v1");
	before = footprint_take();
	for (uint32_t i = 0; i < count; i++) {
		start_child(&child, &r.x, queues);
		wait_for(&child, RECEIVED);
		cr_assert_neq(netns_program_id("v0"), 0);
		kill_child(&child);
		cr_assert_eq(netns_program_id("v0"), 0, "its program is still there");
	}
	footprint_expect(&before, "children killed");
	flood_stop(&flood);
	peer_drain(&r.peer);
	/* And so can this process. */
	frontend_xdp_open(&r.x);
	frontend_xdp_start(&r.x, queues, 64);
	peer_drain(&r.peer);
	traffic_both_ways(&r.x, &r.peer);
	finish(&r);
}

Test(kill, receiving_20_times_next_open_works_at_once, .timeout = 110)
{
	kill_and_open(1, KILLS);
}

Test(kill, receiving_on_four_queues_next_open_works_at_once, .timeout = 60)
{
	kill_and_open(4, 5);
}

/* At any moment of set-up: after so many microseconds, wherever that is. */
Test(kill, during_setup_next_open_works_at_once, .timeout = 60)
{
	struct frame_random random = frame_random(9);
	struct child child;
	struct rig r;

	prepare(&r, 2);
	for (int i = 0; i < MOMENTS; i++) {
		start_child(&child, &r.x, 2);
		usleep(frame_random_below(&random, 60000));
		kill_child(&child);
		cr_assert_eq(netns_program_id("v0"), 0, "its program is still there");
	}
	frontend_xdp_open(&r.x);
	frontend_xdp_start(&r.x, 2, 64);
	peer_drain(&r.peer);
	traffic_both_ways(&r.x, &r.peer);
	finish(&r);
}

/* Not reaped, not even dead yet: the next one waits for the program and the queue. */
Test(kill, next_open_does_not_wait_for_the_parent, .timeout = 60)
{
	struct child child;
	struct rig r;

	prepare(&r, 1);
	r.x.config.release_timeout_ms = 20000;
	for (int i = 0; i < 5; i++) {
		start_child(&child, &r.x, 1);
		wait_for(&child, STARTED);
		cr_assert_eq(kill(child.pid, SIGKILL), 0);
		frontend_xdp_open(&r.x);
		frontend_xdp_start(&r.x, 1, 64);
		kill_child(&child);
		peer_drain(&r.peer);
		traffic_both_ways(&r.x, &r.peer);
		frontend_xdp_stop(&r.x);
		cr_assert_eq(net_endpoint_destroy(r.x.ep, &r.x.err), 0);
		r.x.ep = NULL;
	}
	finish(&r);
}

/* ---- Under load ------------------------------------------------------------------------------- */

enum { HOGS = 8, RESTARTS = 30 };

/* The even ones make and remove interfaces, so that whoever needs the kernel's lock of the network's set-up
 * has to queue; the odd ones want all of every CPU. */
static void hog(int i)
{
	char loop[128];

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the test end first */
	snprintf(loop, sizeof(loop),
		 "while ip link add x%d type veth peer name y%d; do ip link del x%d; done", i, i,
		 i);
	if (i % 2 == 0)
		execl("/bin/sh", "sh", "-c", loop, NULL);
	for (;;)
		;
}

static void hogs_start(pid_t *hogs)
{
	for (int i = 0; i < HOGS; i++) {
		hogs[i] = fork();
		cr_assert_geq(hogs[i], 0);
		if (hogs[i] == 0)
			hog(i);
	}
}

static void hogs_stop(const pid_t *hogs)
{
	for (int i = 0; i < HOGS; i++) {
		kill(hogs[i], SIGKILL);
		waitpid(hogs[i], NULL, 0);
	}
}

/* Return: did the child get there, and the longest time that took so far? */
static bool reach(struct child *c, char progress, int64_t *longest_ms)
{
	int64_t began = frontend_now_ms(), took;
	char now = 0;

	while (now < progress && read(c->progress, &now, 1) == 1)
		;
	took = frontend_now_ms() - began;
	*longest_ms = took > *longest_ms ? took : *longest_ms;
	return now >= progress;
}

/* Each begins in the moment in which the one before is killed: its program, its queue and what it had set
 * on the NAPI are still there. NET_XDP_RESTARTS=600 is the long form. */
Test(kill, restarted_at_once_under_load_never_fails, .timeout = 3000)
{
	const char *asked = getenv("NET_XDP_RESTARTS");
	int rounds = asked ? atoi(asked) : RESTARTS, failed = 0, status;
	int64_t open_ms = 0, queue_ms = 0, first_ms = 0;
	struct child child, before = {0};
	struct flood flood;
	pid_t hogs[HOGS];
	struct rig r;

	prepare(&r, 1);
	netns_run("ethtool -K v0 gro on");
	r.x.config.napi_defer_hard_irqs = 2;
	r.x.config.gro_flush_timeout_ns = 40000;
	hogs_start(hogs);
	flood_start(&flood, "v1");
	for (int i = 0; i < rounds; i++) {
		start_child(&child, &r.x, 1);
		failed += !(reach(&child, OPENED, &open_ms) && reach(&child, STARTED, &queue_ms) &&
			    reach(&child, RECEIVED, &first_ms));
		if (before.pid)
			waitpid(before.pid, &status, 0);
		kill(child.pid, SIGKILL);
		close(child.progress);
		before = child;
	}
	waitpid(before.pid, &status, 0);
	hogs_stop(hogs);
	flood_stop(&flood);
	fprintf(stderr, "%d restarts, %d failed; longest: open %d ms, queue %d ms, frame %d ms\n",
		rounds, failed, (int)open_ms, (int)queue_ms, (int)first_ms);
	cr_assert_eq(failed, 0);
	peer_drain(&r.peer);
	frontend_xdp_open(&r.x);
	frontend_xdp_start(&r.x, 1, 64);
	peer_drain(&r.peer);
	traffic_both_ways(&r.x, &r.peer);
	finish(&r);
}
