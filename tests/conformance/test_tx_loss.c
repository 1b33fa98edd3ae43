// SPDX-License-Identifier: BSD-2-Clause
/*
 * Frames that the kernel completes without sending: each is counted as lost, none is lost without
 * being counted. And what must not be lost: a ring's tail, and what is sent while the interface is down.
 *
 * The kernel's answers are played by setsockopt() and sendto() of this file, in front of libc's.
 */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "support/conformance.h"
#include "support/netns.h"
#include "support/tx_rig.h"
#include "support/wrapped.h"
#include "xdp/queue.h"

/* ---- In front of libc ------------------------------------------------------------------------- */

static bool no_budget;	      /* a kernel before 6.17: 32 frames per system call */
static unsigned int refusals; /* so many calls do nothing but fail */
static unsigned int sends;

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	static int (*real)(int, int, int, const void *, socklen_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "setsockopt");
	if (no_budget && level == SOL_XDP && name == XDP_MAX_TX_SKB_BUDGET) {
		errno = ENOPROTOOPT;
		return -1;
	}
	return real(fd, level, name, value, len);
}

ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	static const int errors[] = {EAGAIN, ENOBUFS, ENOMEM, EINTR};
	static ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "sendto");
	sends++;
	if (refusals) {
		errno = errors[--refusals % 4];
		return -1;
	}
	return real(fd, bytes, len, flags, to, to_len);
}

/* ---- Lost ------------------------------------------------------------------------------------- */

static void add(struct tx_rig *r, uint32_t count, uint32_t len)
{
	for (uint32_t i = 0; i < count; i++)
		tx_rig_add(r, i, len, 1 + i % 5);
}

/* What was completed arrived or is counted as lost. Return: how many were lost. */
static uint64_t balance(struct tx_rig *r, uint32_t arrived)
{
	uint64_t lost = tx_rig_counter(r, NET_XDP_TX_LOST);
	uint64_t sent = tx_rig_counter(r, NET_XDP_TX_PACKETS);
	struct net_queue_stats stats;

	cr_assert(sent == arrived + lost, "%llu sent, %u arrived, %llu lost",
		  (unsigned long long)sent, arrived, (unsigned long long)lost);
	net_queue_stats(r->q, &stats);
	cr_assert_eq(stats.tx_packets, arrived, "frames lost are no packets sent");
	cr_assert_eq(stats.tx_errors, lost);
	return lost;
}

CASE(45, peer_down_every_frame_is_completed_and_counted_as_lost)
{
	struct tx_rig r;

	NEEDS_VETH("a kernel that says what it could not send");
	tx_rig_open(&r, 2048);
	netns_down("v1");
	add(&r, 300, 100);
	tx_rig_send_all(&r);
	cr_assert_eq(balance(&r, peer_drain(&r.peer)), 300);
	netns_up("v1");
	tx_rig_send_all(&r);
	tx_rig_expect_wire(&r);
	cr_assert_eq(balance(&r, 300), 300);
	tx_rig_close(&r);
}

CASE(45, frames_over_the_peers_mtu_are_counted_as_lost_and_their_neighbours_arrive)
{
	uint32_t arrived = 0;
	struct tx_rig r;

	NEEDS_VETH("a kernel that says what it could not send");
	tx_rig_open(&r, 64);
	netns_run("ip link set v1 mtu 1000");
	/* The receiver takes its MTU, the Ethernet header and one tag. */
	for (uint32_t i = 0; i < 600; i++)
		tx_rig_add(&r, i, 1018 + (i % 3 != 0), 1 + i % 20);
	tx_rig_send_all(&r);
	for (uint32_t i = 0; i < 600; i += 3, arrived++)
		tx_rig_expect_packets(&r, i, 1);
	peer_expect_silence(&r.peer, 20);
	cr_assert_eq(balance(&r, arrived), 400);
	tx_rig_close(&r);
}

/* With a thread of its own the receiver takes frames from a ring of 256, which overflows while the
 * sender has the CPU. */
CASE(45, frames_that_the_peers_full_ring_drops_are_counted_as_lost)
{
	uint32_t arrived = 0;
	struct tx_rig r;

	NEEDS_VETH("a kernel that says what it could not send");
	tx_rig_open(&r, 2048);
	/* Only frames from a sender without TSO take that ring. */
	netns_run("ethtool -K v0 tso off && ethtool -K v1 gro on && echo 1 > "
		  "/sys/class/net/v1/threaded");
	netns_run("for p in $(pgrep napi/v1-); do taskset -pc 0 $p > /dev/null; done");
	add(&r, 8000, 60);
	tx_rig_send_all(&r);
	while (peer_receive(&r.peer, (uint8_t[64]){0}, 64, 300))
		arrived++;
	cr_assert(balance(&r, arrived) > 0, "all %u arrived: the ring was never full", arrived);
	cr_assert(arrived > 256, "only %u arrived", arrived);
	tx_rig_close(&r);
}

/* ---- Kept ------------------------------------------------------------------------------------- */

CASE(28, interface_down_packets_are_kept_and_sent_after_it_is_up)
{
	uint32_t completed = 0, ids[300];
	struct tx_rig r;

	tx_rig_open(&r, 2048);
	netns_down("v0");
	add(&r, 300, 200);
	cr_assert_eq(frontend_tx(&r.x.f, r.q, &r.list, 0, &completed), r.list.count);
	for (int i = 0; i < 5; i++) {
		cr_assert_eq(net_queue_tx_poll(r.q, &r.x.f.pool, ids, 300), 0);
		net_queue_wait(r.q, &r.x.f.pool, 20000000);
	}
	cr_assert(tx_rig_counter(&r, NET_XDP_KICK_DOWN) > 0, "the kernel never said ENETDOWN");
	netns_up("v0");
	cr_assert_eq(tx_rig_collect(&r, ids, 300), 300);
	for (uint32_t i = 0; i < 300; i++)
		cr_assert_eq(ids[i], i);
	tx_rig_expect_wire(&r);
	cr_assert_eq(balance(&r, 300), 0);
	tx_rig_close(&r);
}

CASE(28, portions_of_32_leave_no_tail_behind)
{
	enum { PACKETS = 1000 };
	uint32_t completed = 0, ids[PACKETS];
	struct tx_rig r;

	NEEDS_VETH("copy mode's budget of a system call");
	no_budget = true;
	tx_rig_open(&r, 2048);
	cr_assert_eq(frontend_xdp_report(&r.x, 0).tx_budget_frames, 32);
	for (uint32_t i = 0; i < PACKETS; i++)
		tx_rig_add(&r, i, 100, 1);
	sends = 0;
	cr_assert_eq(frontend_tx(&r.x.f, r.q, &r.list, 0, &completed), PACKETS);
	/* One call of ours, and nothing after it: all of it is on its way. */
	tx_rig_expect_wire(&r);
	cr_assert(sends >= PACKETS / 32 && sends <= 64, "%u system calls for %u frames", sends,
		  PACKETS);
	cr_assert_eq(tx_rig_collect(&r, ids, PACKETS), PACKETS);
	tx_rig_close(&r);
}

/* More than one bounded kick can send: waiting is enough for the rest. */
CASE(28, ring_larger_than_a_kick_is_sent_by_waiting)
{
	enum { PACKETS = 6000 };
	uint32_t completed = 0, arrived = 0;
	uint8_t got[128];
	struct tx_rig r;

	NEEDS_VETH("copy mode's budget of a system call");
	no_budget = true;
	tx_rig_open(&r, 8192);
	for (uint32_t i = 0; i < PACKETS; i++)
		tx_rig_add(&r, i, 100, 1);
	sends = 0;
	cr_assert_eq(frontend_tx(&r.x.f, r.q, &r.list, 0, &completed), PACKETS);
	cr_assert(sends <= 64, "%u system calls in one kick", sends);
	for (int64_t end = frontend_now_ms() + TX_RIG_WAIT_MS; frontend_now_ms() < end;) {
		while (peer_receive(&r.peer, got, sizeof(got), 0))
			arrived++;
		if (arrived == PACKETS)
			break;
		/* Ready at once, for completions are there: that alone must not end the sending. */
		net_queue_wait(r.q, &r.x.f.pool, 1000000);
		cr_assert_leq(net_queue_tx_poll(r.q, &r.x.f.pool, (uint32_t[1]){0}, 1), 1);
	}
	cr_assert(arrived == PACKETS, "%u of %u frames arrived", arrived, PACKETS);
	tx_rig_close(&r);
}

CASE(28, kernel_that_refuses_for_a_while_gets_everything_later)
{
	struct tx_rig r;

	tx_rig_open(&r, 64);
	add(&r, 500, 90);
	for (uint32_t k = 1; k <= 64; k *= 4) {
		refusals = k;
		tx_rig_send_all(&r);
		tx_rig_expect_wire(&r);
		cr_assert_eq(refusals, 0, "the kernel was asked too rarely");
	}
	cr_assert_eq(balance(&r, 2000), 0);
	cr_assert(tx_rig_counter(&r, NET_XDP_KICK_AGAIN) >= 85, "refusals are counted");
	tx_rig_close(&r);
}

/* ---- Invalid ---------------------------------------------------------------------------------- */

// 46: a rising invalid-descriptor count is surfaced, never a stuck tx id
CASE(46, descriptor_that_the_kernel_calls_invalid_is_counted_and_completed)
{
	struct net_xdp_queue *q;
	struct tx_rig r;

	NEEDS_VETH("frames over one chunk");
	tx_rig_prepare(&r, 1, 9000);
	r.x.config.max_frame_bytes = 9018;
	tx_rig_start(&r, 1);
	/* The library hands over nothing invalid, so one of its limits has to be broken: descriptors
	 * of 4096 bytes where chunks are 2048. */
	q = queue_of(wrapped_inner(r.q));
	for (uint32_t i = 0; i < 300; i++)
		tx_rig_add(&r, i, i % 3 ? 1000 : 3000, 1);
	q->tx_piece_bytes += 2048;
	tx_rig_send_all(&r);
	for (uint32_t i = 0; i < 300; i++) {
		if (i % 3)
			tx_rig_expect_packets(&r, i, 1);
	}
	peer_expect_silence(&r.peer, 20);
	tx_rig_expect_counter(&r, NET_XDP_TX_KERNEL_INVALID, 100);
	q->tx_piece_bytes -= 2048;
	tx_rig_send_all(&r);
	tx_rig_expect_wire(&r);
	tx_rig_expect_counter(&r, NET_XDP_TX_KERNEL_INVALID, 100);
	tx_rig_close(&r);
}
