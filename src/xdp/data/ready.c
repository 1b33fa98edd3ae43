// SPDX-License-Identifier: BSD-2-Clause
/*
 * Readiness. While there is work the rings are looked at in memory; the file descriptor is only for
 * sleeping. It is an epoll instance over
 *
 *     the socket     RX, level-triggered; a member from the first sleep on
 *     a timer        armed while TX is outstanding: the kernel wakes nobody for completions
 *     link events    edge-triggered: the endpoint's netlink socket, which its owner reads
 *     losses         edge-triggered: the endpoint's removal_fd and lost_fd, which nobody reads
 *
 * Members stay readable until they are served, so nothing that happens between the last look and the
 * sleep is missed. Link events are no proof against that: when their reader is late the kernel drops them.
 *
 * The socket itself never says that its device went: poll() stays silent, and so do the rings. A queue
 * that sleeps is woken by the losses, one that polls asks the socket a few times a second.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "xdp/endpoint.h"
#include "xdp/data/hot.h"
#include "xdp/queue.h"
#include "xdp/socket.h"
#include "xdp/data/ready.h"
#include "xdp/data/rx.h"
#include "xdp/data/tx.h"

/* A completion that never comes (a receiver may hold a frame for ever) must not keep us awake: the
 * interval grows up to this, or to what was configured if that is more. */
#define TIMER_MAX_US 10000

enum { MEMBER_SOCKET, MEMBER_TIMER, MEMBER_EVENTS };

static int add_member(struct net_xdp_queue *q, int fd, uint32_t events, uint32_t member)
{
	struct epoll_event event = {.events = events, .data.u32 = member};

	return epoll_ctl(q->ready_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int ready_open(struct net_xdp_queue *q, int events_fd)
{
	int rc;

	q->ready_fd = epoll_create1(EPOLL_CLOEXEC);
	q->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (q->ready_fd < 0 || q->timer_fd < 0)
		return -errno;
	rc = add_member(q, q->timer_fd, EPOLLIN, MEMBER_TIMER);
	return rc ? rc : ready_watch(q, events_fd);
}

int ready_watch(struct net_xdp_queue *q, int fd)
{
	return add_member(q, fd, EPOLLIN | EPOLLET, MEMBER_EVENTS);
}

void ready_close(struct net_xdp_queue *q)
{
	if (q->timer_fd >= 0)
		close(q->timer_fd);
	if (q->ready_fd >= 0)
		close(q->ready_fd);
	q->timer_fd = q->ready_fd = -1;
}

int queue_ready_fd(struct net_queue *queue)
{
	return queue_of(queue)->ready_fd;
}

/* ---- Is everything still there? --------------------------------------------------------------- */

/* Nothing here waits for the RTNL lock, as asking the kernel for the program would: the endpoint's owner
 * does that (poll_action), and what it has found is read here. */
static void look_around(struct net_xdp_queue *q)
{
	q->looked_ms = clock_coarse_ms();
	count_up(q, NET_XDP_LOOKS, 1);
	if (xsk_is_gone(&q->xsk) || endpoint_is_lost(q->endpoint))
		q->failed = true;
}

/* Posting the buffers should have let the frames in. Return: is that still to be done? */
static bool must_enter(struct net_xdp_queue *q)
{
	return q->outside && rx_held(q) && queue_enter(q);
}

void queue_look_now(struct net_xdp_queue *q)
{
	if (clock_coarse_ms() - q->looked_ms < LOOK_MS)
		return;
	look_around(q);
	must_enter(q);
}

/* ---- Sleep ------------------------------------------------------------------------------------ */

/* Anything that a data call would find now. No system call. */
static bool has_work(struct net_xdp_queue *q)
{
	return ring_available(&q->xsk.rx, 1) || q->gather.left || q->done_head != q->done_tail ||
	       ring_available(&q->xsk.completion, 1) || (q->tx_blocked && tx_has_room(q)) ||
	       (q->failed && !q->failure_told);
}

/* The kernel calls every waiter of a socket for each frame it receives and each that it has sent, at the
 * expense of who sends them (a seventh of a veth sender's time), asleep or not. So a frontend that polls
 * has none. Return: is the socket a member now? */
static bool watch_socket(struct net_xdp_queue *q)
{
	if (!q->socket_watched) {
		count_up(q, NET_XDP_LOOKS, 1);
		q->socket_watched = add_member(q, q->xsk.fd, EPOLLIN, MEMBER_SOCKET) == 0;
	}
	return q->socket_watched;
}

static void arm_timer(struct net_xdp_queue *q)
{
	struct itimerspec when = {.it_value.tv_nsec = q->timer_us * 1000};
	uint32_t most = q->tx_timer_us > TIMER_MAX_US ? q->tx_timer_us : TIMER_MAX_US;

	if (q->timer_armed)
		return;
	count_up(q, NET_XDP_LOOKS, 1);
	q->timer_armed = timerfd_settime(q->timer_fd, 0, &when, NULL) == 0;
	q->timer_us = q->timer_us * 2 < most ? q->timer_us * 2 : most;
}

static void timer_fired(struct net_xdp_queue *q)
{
	uint64_t times;

	count_up(q, NET_XDP_LOOKS, 1);
	q->timer_armed = read(q->timer_fd, &times, sizeof(times)) < 0;
}

/* Take what the members have. Return: is there something for the frontend? */
static bool harvest(struct net_xdp_queue *q)
{
	struct epoll_event event[3];
	bool ready = false;
	int n;

	count_up(q, NET_XDP_LOOKS, 1);
	n = epoll_wait(q->ready_fd, event, 3, 0);
	for (int i = 0; i < n; i++) {
		switch (event[i].data.u32) {
		case MEMBER_SOCKET:
			ready = true;
			break;
		case MEMBER_TIMER:
			timer_fired(q);
			break;
		case MEMBER_EVENTS:
			look_around(q);
			ready = true;
			break;
		}
	}
	return ready;
}

bool queue_poll_ready(struct net_queue *queue, struct net_buffer_access *pool)
{
	struct net_xdp_queue *q = queue_of(queue);
	bool again;

	(void)pool;
	if (has_work(q)) {
		q->timer_us = q->tx_timer_us;
		return true;
	}
	/* About to sleep: leave nothing in the TX and fill rings that only we can push. Whether that
	 * worked is seen the next time. */
	q->tx_patience = 0;
	tx_push(q);
	again = rx_push(q);
	/* The look into the epoll instance sends as well, in copy mode, and nobody hears what it could not
	 * send (xsk_poll()). What is lost is completed, so nothing is left in the ring unless it has to wait. */
	if (has_work(q) || !watch_socket(q) || harvest(q) || has_work(q))
		return true;
	/* Nothing in flight and still no room: the TX ring's index is late. */
	if (again || inflight_count(&q->tx_inflight) || q->tx_blocked || unlikely(must_enter(q)))
		arm_timer(q);
	return false;
}
