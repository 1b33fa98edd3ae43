// SPDX-License-Identifier: BSD-2-Clause
/* The end of a queue and of its endpoint, while others have the queue or copies of our descriptors. What
 * happens while a descriptor is closed is made to happen in place of the C library's close(). */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/child.h"
#include "support/foreign.h"
#include "support/netns.h"
#include "support/traffic.h"
#include "xdp/queue.h"

/* ---- In place of the C library's -------------------------------------------------------------- */

static int closing = -1; /* the descriptor whose close is met by: */
static void (*on_close)(void);

int close(int fd)
{
	int rc = (int)syscall(SYS_close, fd);

	if (fd == closing && fd >= 0) {
		closing = -1;
		on_close();
	}
	return rc;
}

static void start(struct rig *r, uint32_t timeout_ms)
{
	rig_prepare(r, 1);
	r->x.config.release_timeout_ms = timeout_ms;
	frontend_xdp_open(&r->x);
	frontend_xdp_start(&r->x, 1, 64);
}

static int end_queue(struct rig *r)
{
	int rc = net_queue_destroy(r->x.queues[0], &r->x.err);

	r->x.queues[0] = NULL;
	frontend_xdp_stop(&r->x);
	return rc;
}

static int end_endpoint(struct rig *r)
{
	int rc = net_endpoint_destroy(r->x.ep, &r->x.err);

	r->x.ep = NULL;
	return rc;
}

/* ---- Ended, and what is there is another's ---------------------------------------------------- */

static int taken;

static void take_queue(void)
{
	taken = foreign_socket("v0", 0);
}

/* Another program is so fast that we never see the queue free. */
static void take_at_the_end(bool down)
{
	struct rig r;
	int64_t began;

	start(&r, 5000);
	traffic_both_ways(&r.x, &r.peer);
	if (down) /* then the kernel does not tell who has a socket, and a bind is tried */
		netns_run("ip link set v0 down");
	closing = queue_of(r.x.queues[0])->xsk.fd;
	on_close = take_queue;
	began = frontend_now_ms();
	cr_assert_eq(end_queue(&r), 0, "%s", r.x.err.message);
	cr_assert_lt(frontend_now_ms() - began, 3000, "it waited for the other one");
	cr_assert_eq(net_xdp_unreleased(r.x.ep, 0, &r.x.err), 0);
	close(taken);
	netns_run("ip link set v0 up");
	rig_up();
	frontend_xdp_start(&r.x, 1, 64);
	peer_drain(&r.peer);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}

Test(release, destroy_while_another_socket_takes_the_queue_is_done, .timeout = 60)
{
	take_at_the_end(false);
}

Test(release, destroy_while_another_takes_the_queue_of_a_link_that_is_down_is_done, .timeout = 60)
{
	take_at_the_end(true);
}

/* The socket that a bind is tried with may get descriptor 0, as in a daemon that closed it. */
Test(release, destroy_of_a_link_that_is_down_gives_descriptor_0_back, .timeout = 60)
{
	struct rig r;

	start(&r, 5000);
	netns_run("ip link set v0 down");
	close(STDIN_FILENO);
	cr_assert_eq(end_queue(&r), 0, "%s", r.x.err.message);
	cr_assert_lt(fcntl(STDIN_FILENO, F_GETFD), 0);
	rig_close(&r);
}

/* With the link down the kernel does not say who holds a queue, and a process without rights can make no
 * socket to try it with. */
Test(release, destroy_without_privileges_of_a_link_that_is_down_is_done, .timeout = 60)
{
	struct rig r;

	start(&r, 3000);
	netns_run("ip link set v0 down");
	cr_assert_eq(setresuid(65534, 65534, 65534), 0);
	cr_assert_eq(end_queue(&r), 0, "%s", r.x.err.message);
	rig_close(&r);
}

/* Sent frames are still on their way: the socket is closed, but who holds the queue is not known. */
Test(release, destroy_with_frames_held_is_not_taken_for_anothers_queue, .timeout = 60)
{
	struct frontend_list list;
	uint32_t completed = 0;
	struct rig r;

	start(&r, 400);
	traffic_hold("v1");
	frontend_list_open(&list, 8);
	for (uint32_t i = 0; i < 8; i++)
		traffic_put(&r.x, &list, i, 1400);
	cr_assert_eq(frontend_tx(&r.x.f, r.x.queues[0], &list, 0, &completed), 8);
	cr_assert_eq(end_queue(&r), -ETIMEDOUT);
	cr_assert_not_null(strstr(r.x.err.message, "socket is closed"), "%s", r.x.err.message);
	cr_assert_eq(net_xdp_unreleased(r.x.ep, 0, &r.x.err), 1);
	traffic_release();
	cr_assert_eq(net_xdp_unreleased(r.x.ep, 10000, &r.x.err), 0, "%s", r.x.err.message);
	frontend_list_close(&list);
	frontend_xdp_close(&r.x);
	peer_close(&r.peer);
}

/* ---- Forked children -------------------------------------------------------------------------- */

Test(release, endpoint_ended_while_a_forked_child_lives_leaves_no_program, .timeout = 60)
{
	struct rig r;
	pid_t child;

	start(&r, 300);
	child = child_idle();
	cr_assert_eq(end_queue(&r), -ETIMEDOUT);
	cr_assert_not_null(strstr(r.x.err.message, "forked child"), "%s", r.x.err.message);
	cr_assert_eq(end_endpoint(&r), -ETIMEDOUT);
	cr_assert_not_null(strstr(r.x.err.message, "forked child"), "%s", r.x.err.message);
	cr_assert_eq(netns_program_id("v0"), 0, "the child keeps it attached");
	frontend_xdp_open(&r.x);
	cr_assert_eq(frontend_xdp_try_start(&r.x, 1, 64), -EBUSY, "the child has the queue");
	child_kill(child);
	frontend_xdp_start(&r.x, 1, 64);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}

Test(release, queues_a_forked_child_has_are_counted_until_it_ends, .timeout = 60)
{
	struct rig r;
	pid_t child;

	start(&r, 300);
	cr_assert_eq(net_xdp_unreleased(r.x.ep, 0, NULL), 0, "a living queue does not count");
	child = child_idle();
	cr_assert_eq(end_queue(&r), -ETIMEDOUT);
	cr_assert_eq(net_xdp_unreleased(r.x.ep, 50, &r.x.err), 1);
	cr_assert_not_null(strstr(r.x.err.message, "v0 queue 0"), "%s", r.x.err.message);
	cr_assert_eq(frontend_xdp_try_start(&r.x, 1, 64), -EBUSY);
	cr_assert_not_null(strstr(r.x.err.message, "forked child"), "%s", r.x.err.message);
	child_kill(child);
	cr_assert_eq(net_xdp_unreleased(r.x.ep, 10000, &r.x.err), 0, "%s", r.x.err.message);
	cr_assert_eq(net_xdp_unreleased(NULL, 0, NULL), -EINVAL);
	frontend_xdp_start(&r.x, 1, 64);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}

Test(release, destroy_in_a_forked_child_leaves_the_parent_its_endpoint, .timeout = 60)
{
	struct rig r;
	pid_t child;

	start(&r, 2000);
	child = fork();
	if (child == 0)
		_exit(net_queue_destroy(r.x.queues[0], NULL) || net_endpoint_destroy(r.x.ep, NULL));
	cr_assert_eq(child_status(child), 0);
	cr_assert_neq(netns_program_id("v0"), 0);
	traffic_both_ways(&r.x, &r.peer);
	cr_assert_eq(end_queue(&r), 0, "%s", r.x.err.message);
	cr_assert_eq(end_endpoint(&r), 0, "%s", r.x.err.message);
	frontend_close(&r.x.f);
	peer_close(&r.peer);
}

/* What a child has given up does not keep the queue. */
Test(release, destroy_in_a_forked_child_lets_the_parent_end_the_queue, .timeout = 60)
{
	int gate[2];
	struct rig r;
	pid_t child;
	char c = 0;

	start(&r, 5000);
	cr_assert_eq(pipe(gate), 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		net_queue_destroy(r.x.queues[0], NULL);
		net_endpoint_destroy(r.x.ep, NULL);
		while (write(gate[1], &c, 1) == 1)
			pause();
	}
	cr_assert_eq(read(gate[0], &c, 1), 1);
	cr_assert_eq(end_queue(&r), 0, "%s", r.x.err.message);
	frontend_xdp_start(&r.x, 1, 64);
	traffic_both_ways(&r.x, &r.peer);
	child_kill(child);
	rig_close(&r);
}

/* As a daemon begins: the process that opened goes, its child goes on and ends it all. */
Test(release, destroy_in_a_child_whose_parent_has_ended_detaches, .timeout = 60)
{
	int answer[2], result[2] = {-1, -1};
	pid_t parent, maker;
	struct rig r;

	rig_prepare(&r, 1);
	cr_assert_eq(pipe(answer), 0);
	parent = fork();
	if (parent == 0) {
		start(&r, 5000);
		maker = getpid();
		if (fork())
			_exit(0);
		while (kill(maker, 0) == 0)
			usleep(1000);
		result[0] = net_queue_destroy(r.x.queues[0], NULL) ||
			    net_endpoint_destroy(r.x.ep, NULL);
		result[1] = (int)netns_program_id("v0");
		_exit(write(answer[1], result, sizeof(result)) != sizeof(result));
	}
	cr_assert_eq(child_status(parent), 0);
	cr_assert_eq(read(answer[0], result, sizeof(result)), (ssize_t)sizeof(result));
	cr_assert_eq(result[0], 0);
	cr_assert_eq(result[1], 0, "the program is still there");
	frontend_close(&r.x.f);
	peer_close(&r.peer);
}

static int open_namespace_of_pids(void)
{
	return open("/proc/self/ns/pid_for_children", O_RDONLY | O_CLOEXEC);
}

/* Its first process, which sees none of those outside, and has their numbers. */
static pid_t fork_into_namespace_of_pids(void)
{
	int here = open_namespace_of_pids(), rc = unshare(CLONE_NEWPID);
	pid_t child = rc ? -1 : fork();

	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (child == 0)
		return 0;
	cr_assert_eq(rc, 0, "%s", strerror(errno));
	cr_assert_geq(child, 0);
	cr_assert_eq(setns(here, CLONE_NEWPID), 0);
	close(here);
	return child;
}

static void destroy_in_a_child_apart(struct rig *r)
{
	pid_t child = fork_into_namespace_of_pids();

	if (child == 0)
		_exit(net_queue_destroy(r->x.queues[0], NULL) ||
		      net_endpoint_destroy(r->x.ep, NULL));
	cr_assert_eq(child_status(child), 0);
	cr_assert_neq(netns_program_id("v0"), 0, "the child has detached it");
	traffic_both_ways(&r->x, &r->peer);
}

Test(release, destroy_in_a_child_of_another_pid_namespace_leaves_the_parent_its_endpoint,
     .timeout = 60)
{
	struct rig r;

	start(&r, 2000);
	destroy_in_a_child_apart(&r);
	rig_close(&r);
}

/* As the first process of a container, whose number that of another container has as well. */
Test(release, destroy_in_a_child_of_the_same_number_leaves_the_parent_its_endpoint, .timeout = 20)
{
	pid_t first = fork_into_namespace_of_pids();
	struct rig r;

	if (first == 0) {
		start(&r, 2000);
		destroy_in_a_child_apart(&r);
		rig_close(&r);
		_exit(0);
	}
	cr_assert_eq(child_status(first), 0);
}

/* Nobody has waited for the maker yet: it has its number still. */
Test(release, destroy_in_a_child_of_an_unreaped_parent_waits_for_the_queue, .timeout = 60)
{
	struct net_xdp_device_queue state = {.has_socket = true};
	pid_t maker, itself;
	struct rig r;
	int answer[2];

	cr_assert_eq(pipe(answer), 0);
	maker = fork();
	if (maker == 0) {
		start(&r, 5000);
		itself = getpid();
		if (fork())
			_exit(0);
		while (getppid() == itself)
			usleep(1000);
		net_queue_destroy(r.x.queues[0], NULL);
		net_xdp_device_queue_query("v0", 0, &state, NULL);
		_exit(write(answer[1], &state, sizeof(state)) != sizeof(state));
	}
	cr_assert_eq(read(answer[0], &state, sizeof(state)), (ssize_t)sizeof(state));
	cr_assert(state.has_state);
	cr_assert_not(state.has_socket, "destroy has returned while the queue is in use");
	cr_assert_eq(child_status(maker), 0);
}

/* ---- Deadlines -------------------------------------------------------------------------------- */

enum { CLOSE_MS = 400 };

static void be_slow(void)
{
	frontend_sleep_ms(CLOSE_MS);
}

Test(release, destroy_that_closes_slowly_keeps_its_deadline, .timeout = 60)
{
	int64_t began;
	struct rig r;
	pid_t child;

	start(&r, 500);
	child = child_idle();
	closing = queue_of(r.x.queues[0])->xsk.fd;
	on_close = be_slow;
	began = frontend_now_ms();
	cr_assert_eq(end_queue(&r), -ETIMEDOUT);
	cr_assert_lt(frontend_now_ms() - began, 500 + CLOSE_MS / 2);
	child_kill(child);
	rig_close(&r);
}
