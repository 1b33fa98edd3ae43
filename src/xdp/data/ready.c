// SPDX-License-Identifier: BSD-2-Clause
/*
 * Readiness. While there is work, poll_ready looks at the rings in memory. The file descriptor is for
 * sleeping only. It is an epoll instance with these members:
 *
 *     the socket     RX, level-triggered; a member from the first sleep on
 *     a timer        armed while packets are outstanding: the kernel wakes nobody for completions
 *     link events    edge-triggered: the endpoint's netlink socket, which the endpoint's owner reads
 *     losses         edge-triggered: the endpoint's removal_fd and lost_fd, which nobody reads
 *
 * Members stay readable until they are served, so a sleeper misses nothing that happens between its
 * last look and its sleep. (But for link events: the kernel drops them when their reader is late.)
 *
 * The socket never says that its device has gone: neither poll() nor the rings do. A queue that sleeps
 * is woken by the losses; a queue that polls asks the socket a few times a second (queue_look()).
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

/* The longest interval of the timer, unless tx_timer_us is longer: a receiver may hold a frame for
 * ever, and a completion that never comes must not keep us awake. */
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

/* Find out whether device and program are still there. This takes no lock: asking the kernel for the
 * program would wait for RTNL, so the endpoint's poll_action does that and this reads what
 * poll_action found. */
static void look_around(struct net_xdp_queue *q)
{
	q->looked_ms = clock_coarse_ms();
	count_up(q, NET_XDP_LOOKS, 1);
	if (xsk_is_gone(&q->xsk) || endpoint_is_lost(q->endpoint))
		queue_fail(q);
}

/* Frames should have been let in when buffers were posted. Return: true if that failed and has to be
 * tried again. */
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

/* Return: true if a data call would find something to do. No system call. */
static bool has_work(struct net_xdp_queue *q)
{
	return ring_available(&q->xsk.rx, 1) || q->gather.left || q->done_head != q->done_tail ||
	       ring_available(&q->xsk.completion, 1) || (q->tx_blocked && tx_has_room(q)) ||
	       (q->failed && !q->failure_told);
}

/* Make the socket a member of the epoll instance, at the first sleep. A member costs the sender
 * time: for each frame that was received (sock_def_readable()) or sent (sock_wfree()) the kernel
 * calls the socket's waiters, asleep or not, which takes a seventh of a veth sender's time. So a
 * frontend that polls has no member. Return: true if the socket is a member now. */
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

/* Serve the members that are readable. Return: true if there is something for the frontend. */
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
	/* The frontend is about to sleep, so wake the kernel for all that is in the TX and fill
	 * rings. If a wake-up fails, the timer comes back to it. */
	q->tx_patience = 0;
	tx_push(q);
	again = rx_push(q);
	/* epoll_wait() calls xsk_poll(), which sends too in copy mode and tells nobody of its
	 * errors. A packet that was lost there is completed, which the last has_work() finds; one
	 * that has to wait stays in the ring. */
	if (has_work(q) || !watch_socket(q) || harvest(q) || has_work(q))
		return true;
	/* tx_blocked without packets in flight: the kernel has not published the TX ring's consumer
	 * index yet, and nothing but the timer comes back to it. */
	if (again || inflight_count(&q->tx_inflight) || q->tx_blocked || unlikely(must_enter(q)))
		arm_timer(q);
	return false;
}
