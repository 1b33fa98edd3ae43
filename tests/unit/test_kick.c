// SPDX-License-Identifier: BSD-2-Clause
/* When a zero-copy driver is told of frames to send and of buffers, against the fake kernel: of each once,
 * and again only where a wake-up may have been lost. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/fake_kernel.h"

enum { START = (int)0xfffffff0, BYTES = 1 << 20, RING = 64, BATCH = 10, IDS = 4 };
enum { LEAST = 100, MOST = 5000 }; /* looks, until a driver that takes nothing is told again */

static uint32_t kicks;
static int answer; /* to a kick: 0 or errno */
static struct fake_kernel
	*losing; /* completes the next frame with each kick, and does not send it */

static ssize_t answer_kick(void)
{
	struct fake_packet packet;

	kicks++;
	if (losing && fake_transmit(losing, &packet)) {
		fake_complete(losing, packet.address[0]);
		fake_settle(losing); /* the call returns */
	}
	errno = answer;
	return answer ? -1 : 0;
}

/* In place of the C library's, for the fake kernel's socket only. */
ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	return fd < 0 ? answer_kick() : syscall(SYS_sendto, fd, bytes, len, flags, to, to_len);
}

ssize_t recvfrom(int fd, void *bytes, size_t len, int flags, struct sockaddr *from,
		 socklen_t *from_len)
{
	return fd < 0 ? answer_kick()
		      : syscall(SYS_recvfrom, fd, bytes, len, flags, from, from_len);
}

struct rig {
	struct frontend f;
	struct fake_kernel k;
	struct net_queue *q;
	struct frontend_list list; /* a batch */
};

/* A driver that never stops asking, and takes frames only when a test says so. */
static void rig_open(struct rig *r)
{
	struct net_xdp_config c = net_xdp_config_default();

	c.tx_ring_frames = c.completion_ring_frames = RING;
	c.rx_id_limit = IDS;
	frontend_open(&r->f, BYTES, IDS);
	frontend_layout(&r->f, 0, IDS, FRONTEND_BASE + BYTES / 2, 4096, 256, 1536);
	fake_open(&r->k, c, &r->f, (uint32_t)START);
	r->q = &r->k.queue.base;
	queue_set_zero_copy(&r->k.queue, true);
	r->k.tx.flags = XDP_RING_NEED_WAKEUP;
	frontend_list_open(&r->list, BATCH);
	for (uint32_t i = 0; i < BATCH; i++)
		frontend_list_frame(&r->list, i, FRONTEND_BASE + i * 4096, 64);
	kicks = 0;
	answer = 0;
}

static void rig_close(struct rig *r)
{
	frontend_list_close(&r->list);
	fake_close(&r->k);
	frontend_close(&r->f);
}

/* Return: how many of a batch were accepted. */
static uint32_t offer(struct rig *r)
{
	uint32_t completed = 0;

	return frontend_tx(&r->f, r->q, &r->list, 0, &completed);
}

static void look(struct rig *r, uint32_t times)
{
	uint32_t id;

	while (times--)
		cr_assert_eq(net_queue_tx_poll(r->q, &r->f.pool, &id, 1), 0);
}

/* The driver takes so many frames. */
static void take(struct rig *r, uint32_t frames)
{
	struct fake_packet packet;

	while (frames--)
		cr_assert(fake_transmit(&r->k, &packet));
}

Test(kick, driver_that_always_asks_is_told_once_per_batch)
{
	struct rig r;

	rig_open(&r);
	for (uint32_t batch = 1; batch <= 5; batch++) { /* none of which it takes */
		cr_assert_eq(offer(&r), BATCH);
		cr_assert_eq(kicks, batch);
		look(&r, 100);
		cr_assert_eq(kicks, batch, "told again of what it knows");
	}
	rig_close(&r);
}

/* Each is a call of its own, and somebody may wait for it. */
Test(kick, driver_that_always_asks_is_told_of_each_single_packet)
{
	struct rig r;

	rig_open(&r);
	for (uint32_t i = 0; i < BATCH; i++) {
		frontend_list_clear(&r.list);
		frontend_list_frame(&r.list, i, FRONTEND_BASE + i * 4096, 64);
		cr_assert_eq(offer(&r), 1);
		cr_assert_eq(kicks, i + 1);
	}
	rig_close(&r);
}

Test(kick, full_ring_that_is_offered_more_is_not_told_again)
{
	struct rig r;

	rig_open(&r);
	for (uint32_t room = RING; room; room -= room < BATCH ? room : BATCH)
		cr_assert_eq(offer(&r), room < BATCH ? room : BATCH);
	kicks = 0;
	for (uint32_t i = 0; i < 100; i++)
		cr_assert_eq(offer(&r), 0);
	cr_assert_eq(kicks, 0);
	take(&r, 1); /* in flight, not completed: still no room */
	cr_assert_eq(offer(&r), 0);
	cr_assert_eq(kicks, 0);
	rig_close(&r);
}

/* A driver in reset, or an interface that is down. */
Test(kick, failed_kick_is_repeated_until_one_succeeds)
{
	static const int errors[] = {EAGAIN, ENETDOWN, EINVAL};
	struct rig r;

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		rig_open(&r);
		answer = errors[i];
		cr_assert_eq(offer(&r), BATCH);
		look(&r, 5);
		cr_assert_eq(kicks, 1 + 5);
		answer = 0;
		look(&r, 100);
		cr_assert_eq(kicks, 1 + 5 + 1);
		rig_close(&r);
	}
}

/* The wake-up was lost, or the link was down when it came. */
Test(kick, driver_that_takes_nothing_is_told_again_and_again)
{
	uint32_t looks;
	struct rig r;

	rig_open(&r);
	cr_assert_eq(offer(&r), BATCH);
	for (uint32_t told = 1; told < 4; told++) {
		for (looks = 0; kicks == told && looks <= MOST; looks++)
			look(&r, 1);
		cr_assert_eq(kicks, told + 1, "not told in %u looks", looks);
		cr_assert_geq(looks, LEAST);
	}
	/* Of nothing there is nothing to tell. */
	take(&r, BATCH);
	look(&r, 4 * MOST);
	cr_assert_eq(kicks, 4);
	rig_close(&r);
}

/* Repeated after the bound, it fails: then there is no other bound to wait for. */
Test(kick, repeated_kick_that_fails_is_repeated_at_once)
{
	struct rig r;

	rig_open(&r);
	cr_assert_eq(offer(&r), BATCH);
	answer = EAGAIN;
	for (uint32_t looks = 0; kicks == 1 && looks <= MOST; looks++)
		look(&r, 1);
	look(&r, 5);
	cr_assert_eq(kicks, 2 + 5);
	rig_close(&r);
}

Test(kick, driver_that_takes_frames_now_and_then_is_left_alone)
{
	struct rig r;

	rig_open(&r);
	for (uint32_t i = 0; i < 6; i++)
		cr_assert_eq(offer(&r), BATCH);
	kicks = 0;
	for (uint32_t i = 0; i < 6 * BATCH; i++) {
		look(&r, 500);
		take(&r, 1);
	}
	cr_assert_eq(kicks, 0);
	rig_close(&r);
}

/* It was awake when the frames came, and fell asleep without them. */
Test(kick, driver_that_did_not_ask_is_told_when_it_asks)
{
	struct rig r;

	rig_open(&r);
	r.k.tx.flags = 0;
	cr_assert_eq(offer(&r), BATCH);
	look(&r, 100);
	cr_assert_eq(kicks, 0);
	r.k.tx.flags = XDP_RING_NEED_WAKEUP;
	look(&r, 100);
	cr_assert_eq(kicks, 1);
	rig_close(&r);
}

/* It was told, woke up, ran out of descriptors of its own and asks for the rest. */
Test(kick, driver_that_asks_anew_is_told_at_once)
{
	struct rig r;

	rig_open(&r);
	cr_assert_eq(offer(&r), BATCH);
	r.k.tx.flags = 0;
	take(&r, BATCH / 2);
	look(&r, 1);
	cr_assert_eq(kicks, 1);
	r.k.tx.flags = XDP_RING_NEED_WAKEUP;
	look(&r, 1);
	cr_assert_eq(kicks, 2);
	look(&r, 100);
	cr_assert_eq(kicks, 2);
	rig_close(&r);
}

/* Nobody looks while the frontend sleeps. */
Test(kick, driver_that_left_frames_is_told_again_before_a_sleep)
{
	struct rig r;

	rig_open(&r);
	cr_assert_eq(offer(&r), BATCH);
	look(&r, 10);
	cr_assert_eq(kicks, 1);
	for (uint32_t sleep = 1; sleep <= 3; sleep++) {
		net_queue_poll_ready(r.q, NULL);
		cr_assert_eq(kicks, 1 + sleep);
		look(&r, 10);
	}
	cr_assert_eq(kicks, 4);
	r.k.tx.flags = 0;
	net_queue_poll_ready(r.q, NULL);
	r.k.tx.flags = XDP_RING_NEED_WAKEUP;
	take(&r, BATCH);
	fake_settle(&r.k);
	net_queue_poll_ready(r.q, NULL);
	cr_assert_eq(kicks, 4, "told while it is awake, or of nothing");
	rig_close(&r);
}

/* There the call does the work: sending in copy mode, the driver's poll with busy polling. */
Test(kick, copy_mode_and_busy_polling_kick_at_each_look)
{
	struct rig r;

	for (uint32_t busy = 0; busy < 2; busy++) {
		rig_open(&r);
		queue_set_zero_copy(&r.k.queue, busy);
		r.k.queue.xsk.busy_poll = busy;
		cr_assert_eq(offer(&r), BATCH);
		cr_assert_eq(kicks, 1);
		look(&r, 5);
		cr_assert_eq(kicks, 1 + 5);
		rig_close(&r);
	}
}

/* A look into the epoll instance makes the kernel send in copy mode, and what that loses is told to nobody:
 * not before everything that was lost already is collected. */
Test(kick, what_is_lost_before_a_sleep_is_collected_and_not_looked_for)
{
	struct net_xdp_queue *q;
	struct rig r;

	rig_open(&r);
	q = &r.k.queue;
	queue_set_zero_copy(q, false);
	answer = EAGAIN;
	cr_assert_eq(offer(&r), BATCH);
	answer = EBUSY;
	losing = &r.k;
	cr_assert(net_queue_poll_ready(r.q, NULL));
	cr_assert_eq(q->counter[NET_XDP_TX_LOST], BATCH);
	cr_assert_eq(q->counter[NET_XDP_LOOKS], 0);
	losing = NULL;
	rig_close(&r);
}

/* ---- Buffers ---------------------------------------------------------------------------------- */

/* Return: after how many looks that found no frame there was a kick; 0: in MOST looks there was none. */
static uint32_t look_for_frames(struct rig *r)
{
	const uint32_t before = kicks;
	uint32_t id;

	for (uint32_t looks = 1; looks <= MOST; looks++) {
		cr_assert_eq(frontend_rx(&r->f, r->q, &id, 1), 0);
		if (kicks != before)
			return looks;
	}
	return 0;
}

/* It looked for buffers just before they came and asked just afterwards. All of them are with it, and the
 * frontend does not sleep: nothing else would ever tell it. */
Test(kick, driver_that_asks_when_all_buffers_were_given_is_told_by_looks)
{
	uint64_t address;
	struct rig r;

	rig_open(&r);
	frontend_post(&r.f, r.q, 0, IDS);
	cr_assert_eq(look_for_frames(&r), 0, "told, though it does not ask");
	r.k.fill.flags = XDP_RING_NEED_WAKEUP;
	cr_assert_neq(look_for_frames(&r), 0, "left asleep");
	cr_assert_geq(look_for_frames(&r), LEAST, "told too often, or not again");
	cr_assert_eq(kicks, 2);
	while (fake_take_fill(&r.k, &address))
		;
	cr_assert_eq(look_for_frames(&r), 0, "told of nothing");
	rig_close(&r);
}

Test(kick, driver_that_asks_is_told_once_of_buffers)
{
	struct rig r;

	rig_open(&r);
	r.k.fill.flags = XDP_RING_NEED_WAKEUP;
	frontend_post(&r.f, r.q, 0, IDS);
	cr_assert_eq(kicks, 1);
	cr_assert_geq(look_for_frames(&r), LEAST);
	rig_close(&r);
}
