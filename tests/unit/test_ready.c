// SPDX-License-Identifier: BSD-2-Clause
/* Going to sleep, against the fake kernel: the timer, and wake-ups that the driver asks for. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_xdp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "support/fake_kernel.h"
#include "xdp/data/ready.h"

enum { START = (int)0xfffffff0, IDS = 64, BYTES = 1 << 20 };

static int answer; /* to a wake-up: 0 or errno */

/* In place of the C library's, for wake-ups only. */
ssize_t recvfrom(int fd, void *bytes, size_t len, int flags, struct sockaddr *from,
		 socklen_t *from_len)
{
	if (bytes)
		return syscall(SYS_recvfrom, fd, bytes, len, flags, from, from_len);
	errno = answer;
	return answer ? -1 : 0;
}

struct rig {
	struct frontend f;
	struct fake_kernel k;
	struct net_queue *q;
	int events[2];
};

static void rig_open(struct rig *r, uint32_t tx_timer_us)
{
	struct net_xdp_config c = net_xdp_config_default();

	c.rx_id_limit = IDS;
	c.tx_timer_us = tx_timer_us;
	frontend_open(&r->f, BYTES, IDS);
	fake_open(&r->k, c, &r->f, (uint32_t)START);
	r->q = &r->k.queue.base;
	/* Pipes stand for the socket and the link events: nothing ever comes. */
	cr_assert_eq(pipe(r->events), 0);
	r->k.queue.xsk.fd = dup(r->events[0]);
	cr_assert_eq(ready_open(&r->k.queue, r->events[0]), 0);
	while (net_queue_poll_ready(r->q, NULL))
		;
}

static void rig_close(struct rig *r)
{
	ready_close(&r->k.queue);
	close(r->k.queue.xsk.fd);
	close(r->events[0]);
	close(r->events[1]);
	fake_close(&r->k);
	frontend_close(&r->f);
}

static bool timer_runs(struct rig *r)
{
	struct itimerspec left;

	cr_assert_eq(timerfd_gettime(r->k.queue.timer_fd, &left), 0);
	return left.it_value.tv_sec || left.it_value.tv_nsec;
}

static void send_one(struct rig *r)
{
	struct frontend_list list;
	uint32_t done = 0;

	frontend_list_open(&list, 1);
	frontend_list_frame(&list, 1, FRONTEND_BASE, 64);
	cr_assert_eq(frontend_tx(&r->f, r->q, &list, 0, &done), 1);
	frontend_list_close(&list);
}

/* The timer backs off, but never below what the configuration asks for. */
Test(ready, timer_never_runs_faster_than_configured)
{
	struct rig r;

	rig_open(&r, 50000);
	send_one(&r);
	cr_assert_not(net_queue_poll_ready(r.q, NULL));
	cr_assert(timer_runs(&r));
	cr_assert_geq(r.k.queue.timer_us, 50000);
	rig_close(&r);
}

Test(ready, timer_backs_off_to_ten_milliseconds)
{
	struct rig r;

	rig_open(&r, 6000);
	send_one(&r);
	cr_assert_not(net_queue_poll_ready(r.q, NULL));
	cr_assert_eq(r.k.queue.timer_us, 10000);
	rig_close(&r);
}

/* NET_XDP_LOOKS is what a frontend that sleeps too often sees: all of them, and nothing else. */
Test(ready, each_system_call_of_a_look_is_counted)
{
	const struct {
		const char *what;
		uint32_t calls;
	} looks[] = {
		{"the socket becomes a member", 2}, {"just a look", 1},
		{"a packet is out: the timer", 2},  {"it runs", 1},
		{"it has expired, and is set", 3},
	};
	struct rig r;
	uint64_t *counter = &r.k.queue.counter[NET_XDP_LOOKS];

	rig_open(&r, 20000);
	r.q->ops = &queue_ops;
	cr_assert_eq(epoll_ctl(r.k.queue.ready_fd, EPOLL_CTL_DEL, r.k.queue.xsk.fd, NULL), 0);
	r.k.queue.socket_watched = false; /* as before the first sleep */
	for (uint32_t i = 0; i < 5; i++) {
		const uint64_t before = *counter;

		if (i == 2)
			send_one(&r);
		if (i == 4)
			frontend_sleep_ms(40);
		cr_assert_not(net_queue_poll_ready(r.q, NULL));
		cr_assert_eq(*counter - before, looks[i].calls, "%s: %u calls", looks[i].what,
			     (uint32_t)(*counter - before));
	}
	rig_close(&r);
}

/* A packet waits for room; everything before it is sent, completed and collected, and only the index that
 * would show the room is still missing. No completion will ever come. */
Test(ready, packet_that_waits_for_a_late_index_keeps_the_timer_running)
{
	enum { PACKETS = 2048 + 1 };
	static uint32_t ids[PACKETS];
	struct fake_packet packet;
	struct frontend_list list;
	uint32_t done = 0;
	struct rig r;

	rig_open(&r, 100);
	frontend_list_open(&list, PACKETS);
	for (uint32_t i = 0; i < PACKETS; i++)
		frontend_list_frame(&list, i, FRONTEND_BASE, 64);
	cr_assert_eq(frontend_tx(&r.f, r.q, &list, 0, &done), PACKETS - 1);
	for (uint32_t i = 0; i < PACKETS - 1; i++) {
		cr_assert(fake_transmit(&r.k, &packet));
		fake_complete(&r.k, packet.address[0]);
	}
	r.q->ops = &queue_ops; /* the stores are made here */
	r.k.any_order = false;
	cr_assert(fake_publish(&r.k), "the completion ring's");
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, PACKETS), PACKETS - 1);
	cr_assert_not(net_queue_poll_ready(r.q, NULL));
	cr_assert(timer_runs(&r));
	fake_settle(&r.k);
	cr_assert(net_queue_poll_ready(r.q, NULL));
	frontend_list_close(&list);
	rig_close(&r);
}

/* Zero copy: the driver's wish to be woken may come after the last fill entry was published, or the
 * wake-up may have failed. With every buffer in the fill ring no rx_avail will ever repeat it. */
Test(ready, driver_that_waits_for_a_wakeup_gets_it_before_the_queue_sleeps)
{
	struct rig r;
	uint64_t kicks;

	rig_open(&r, 100);
	queue_set_zero_copy(&r.k.queue, true);
	frontend_layout(&r.f, 0, 4, FRONTEND_BASE + 4096, 4096, 256 + 12, 1518);
	frontend_post(&r.f, r.q, 0, 4);
	kicks = r.k.queue.counter[NET_XDP_KICKS];
	cr_assert_not(net_queue_poll_ready(r.q, NULL));
	cr_assert_eq(r.k.queue.counter[NET_XDP_KICKS], kicks, "the driver is awake");
	cr_assert_not(timer_runs(&r));

	r.k.fill.flags = XDP_RING_NEED_WAKEUP;
	cr_assert_not(net_queue_poll_ready(r.q, NULL));
	cr_assert_eq(r.k.queue.counter[NET_XDP_KICKS], kicks + 1);
	/* It may be lost: the queue looks again, without a frame or packet to wake it. */
	cr_assert(timer_runs(&r));
	rig_close(&r);
}

/* Return: is a queue with buffers for a driver that always asks asleep, after it has looked so often? */
static bool sleeps_after(struct rig *r, uint32_t looks)
{
	while (looks--) {
		usleep(12000); /* the timer's longest interval */
		cr_assert_not(net_queue_poll_ready(r->q, NULL));
	}
	return !timer_runs(r);
}

/* Zero copy with fewer buffers than the driver wants: all are with it, it asks for more, and its index
 * does not show that it took them. */
Test(ready, driver_that_always_asks_lets_the_queue_sleep)
{
	struct rig r;

	rig_open(&r, 100);
	queue_set_zero_copy(&r.k.queue, true);
	frontend_layout(&r.f, 0, 6, FRONTEND_BASE + 4096, 4096, 256 + 12, 1518);
	frontend_post(&r.f, r.q, 0, 4);
	r.k.fill.flags = XDP_RING_NEED_WAKEUP;
	cr_assert_not(sleeps_after(&r, 1), "nobody sees whether the wake-up was lost");
	cr_assert(sleeps_after(&r, 1));
	frontend_post(&r.f, r.q, 4, 1); /* told at once */
	cr_assert(sleeps_after(&r, 1));
	r.k.fill.flags = 0;
	frontend_post(&r.f, r.q, 5, 1);
	r.k.fill.flags = XDP_RING_NEED_WAKEUP;
	cr_assert_not(sleeps_after(&r, 1), "new buffers, of which it was not told");
	cr_assert(sleeps_after(&r, 1));
	rig_close(&r);
}

/* A NIC in reset: there the next look may succeed. */
Test(ready, driver_that_cannot_be_woken_keeps_the_timer_running)
{
	struct rig r;

	rig_open(&r, 100);
	queue_set_zero_copy(&r.k.queue, true);
	frontend_layout(&r.f, 0, 4, FRONTEND_BASE + 4096, 4096, 256 + 12, 1518);
	r.k.fill.flags = XDP_RING_NEED_WAKEUP;
	answer = ENETDOWN;
	frontend_post(&r.f, r.q, 0, 4);
	cr_assert_not(net_queue_poll_ready(r.q, NULL));
	for (uint32_t i = 0; i < 10; i++)
		cr_assert_not(sleeps_after(&r, 1));
	answer = 0;
	cr_assert_not(sleeps_after(&r, 1), "its first success may be lost");
	cr_assert(sleeps_after(&r, 1));
	rig_close(&r);
}

/* Nothing to tell: the driver has taken all there was. */
Test(ready, driver_without_fill_entries_is_not_woken)
{
	struct rig r;
	uint64_t kicks;

	rig_open(&r, 100);
	queue_set_zero_copy(&r.k.queue, true);
	r.k.fill.flags = XDP_RING_NEED_WAKEUP;
	kicks = r.k.queue.counter[NET_XDP_KICKS];
	cr_assert_not(net_queue_poll_ready(r.q, NULL));
	cr_assert_eq(r.k.queue.counter[NET_XDP_KICKS], kicks);
	cr_assert_not(timer_runs(&r));
	rig_close(&r);
}
