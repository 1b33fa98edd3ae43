// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the kernel's tests do not ask, and a user of AF_XDP runs into all the same. Of the surprises
 * found while this library was written, the rest is among the conformance cases: memory after destroy
 * (5, 6), held frames (7), bad and repeated ids (18, 19), losses (46), the interface's end (55, 56); and in test_own_interface.c.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_xdp.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/child.h"
#include "support/foreign.h"
#include "support/frame.h"
#include "support/netns.h"
#include "support/traffic.h"
#include "xdp/queue.h"

#ifndef SOL_XDP
#define SOL_XDP 283
#endif

/* One queue with 64 buffers; rig_prepare() came before. */
static void rig_start(struct rig *r)
{
	frontend_xdp_open(&r->x);
	frontend_xdp_start(&r->x, 1, 64);
}

/* A mapped ring keeps a socket alive behind a closed descriptor: here in a child that was forked while
 * the queue lived. The queue is not free, and destroy must say so instead of hanging or lying. */
Test(own, destroy_while_a_forked_child_has_the_socket_times_out_and_the_queue_comes_back,
     .timeout = 60)
{
	struct net_xdp_stats stats;
	struct rig r;
	pid_t child;

	rig_prepare(&r, 1);
	r.x.config.release_timeout_ms = 300;
	rig_start(&r);
	child = child_idle();
	cr_assert_eq(net_queue_destroy(r.x.queues[0], &r.x.err), -ETIMEDOUT);
	cr_assert_eq(r.x.err.code, -ETIMEDOUT);
	cr_assert_not_null(strstr(r.x.err.message, "v0"), "%s", r.x.err.message);
	r.x.queues[0] = NULL;
	frontend_xdp_stop(&r.x);
	cr_assert_eq(frontend_xdp_try_start(&r.x, 1, 64), -EBUSY);
	cr_assert_str_eq(r.x.err.step, "bind");
	child_kill(child);
	frontend_xdp_start(&r.x, 1, 64);
	traffic_both_ways(&r.x, &r.peer);
	cr_assert_eq(net_xdp_queue_stats(r.x.queues[0], &stats), 0);
	rig_close(&r);
}

static void *close_later(void *fd)
{
	frontend_sleep_ms(300);
	close(*(int *)fd);
	return NULL;
}

/* The kernel gives a queue back some time after its last socket was closed. */
Test(own, bind_of_a_queue_about_to_be_free_is_tried_again, .timeout = 60)
{
	pthread_t closer;
	struct rig r;
	int fd;

	rig_prepare(&r, 1);
	r.x.config.release_timeout_ms = 20000;
	fd = foreign_socket("v0", 0);
	cr_assert_eq(pthread_create(&closer, NULL, close_later, &fd), 0);
	rig_start(&r);
	traffic_both_ways(&r.x, &r.peer);
	pthread_join(closer, NULL);
	rig_close(&r);
}

/* A lost frame is completed by the kernel as a sent one is. Its loss is known before its completion is
 * read: in between, the statistics must neither go below 0 nor take anything back. */
Test(own, statistics_of_lost_frames_never_go_back, .timeout = 60)
{
	struct net_queue_stats stats;
	struct frontend_list list;
	uint32_t ids[8];
	struct rig r;
	bool sync;

	rig_prepare(&r, 1);
	rig_start(&r);
	frontend_list_open(&list, 8);
	traffic_send(&r.x, &r.peer, 0, 3);
	netns_run("ip link set v1 down");
	for (uint32_t i = 0; i < 8; i++)
		traffic_put(&r.x, &list, i, 64);
	cr_assert_eq(net_queue_tx_avail(r.x.queues[0], &r.x.f.pool, list.segments, 8, &sync), 8);
	cr_assert_eq(frontend_xdp_counter(&r.x, 0, NET_XDP_TX_LOST), 8);
	net_queue_stats(r.x.queues[0], &stats);
	cr_assert_eq(stats.tx_packets, 3, "%llu sent", (unsigned long long)stats.tx_packets);
	cr_assert_eq(stats.tx_errors, 8);
	cr_assert_eq(net_queue_tx_poll(r.x.queues[0], &r.x.f.pool, ids, 5), 5);
	net_queue_stats(r.x.queues[0], &stats);
	cr_assert_eq(stats.tx_packets, 3);
	cr_assert_eq(net_queue_tx_poll(r.x.queues[0], &r.x.f.pool, ids, 8), 3);
	netns_up("v1");
	peer_drain(&r.peer); /* reads that it was down */
	traffic_send(&r.x, &r.peer, 0, 4);
	net_queue_stats(r.x.queues[0], &stats);
	cr_assert_eq(stats.tx_packets, 7);
	cr_assert_eq(stats.tx_errors, 8);
	frontend_list_close(&list);
	rig_close(&r);
}

/* Nobody collects completions: the completion ring must not fill up, which would stop the kernel with
 * EAGAIN in the middle of the ring; instead packets are refused, and all goes on after tx_poll. */
Test(own, completions_left_alone_never_fill_the_kernels_ring, .timeout = 60)
{
	struct frontend_list list;
	uint32_t accepted = 0, done = 0, n, ids[64];
	struct rig r;
	bool sync;

	rig_prepare(&r, 1);
	r.x.config.tx_ring_frames = r.x.config.completion_ring_frames = 16;
	rig_start(&r);
	frontend_list_open(&list, 256);
	for (uint32_t i = 0; i < 256; i++)
		traffic_put(&r.x, &list, i, 64);
	do {
		n = net_queue_tx_avail(r.x.queues[0], &r.x.f.pool, list.segments + accepted,
				       256 - accepted, &sync);
		accepted += n;
	} while (n);
	cr_assert(accepted >= 16 && accepted < 256, "%u accepted", accepted);
	cr_assert_eq(frontend_xdp_counter(&r.x, 0, NET_XDP_KICK_AGAIN), 0);
	cr_assert(net_queue_poll_ready(r.x.queues[0], &r.x.f.pool));
	while (done < 256) {
		int got = net_queue_tx_poll(r.x.queues[0], &r.x.f.pool, ids, 64);

		cr_assert_geq(got, 0);
		done += (uint32_t)got;
		accepted += net_queue_tx_avail(r.x.queues[0], &r.x.f.pool, list.segments + accepted,
					       256 - accepted, &sync);
		cr_assert(done == 256 ||
			  net_queue_wait(r.x.queues[0], &r.x.f.pool, 10000000000) == 1);
	}
	cr_assert_eq(frontend_xdp_counter(&r.x, 0, NET_XDP_KICK_AGAIN), 0);
	cr_assert_eq(peer_drain(&r.peer), 256);
	frontend_list_close(&list);
	rig_close(&r);
}

/* The kernel keeps the front of a packet whose end is not in the ring. It never sees one. */
Test(own, packet_that_does_not_fit_whole_is_not_begun, .timeout = 60)
{
	struct frontend_list list;
	uint8_t frame[192];
	uint32_t ids[8];
	struct rig r;
	bool sync;

	rig_prepare(&r, 1);
	r.x.config.tx_ring_frames = r.x.config.completion_ring_frames = 8;
	rig_start(&r);
	frontend_list_open(&list, 16);
	frame_plain(frame, sizeof(frame), 5);
	for (uint32_t i = 0; i < 3; i++) {
		frontend_list_packet(&list, i);
		for (uint32_t k = 0; k < 3; k++) {
			uint64_t at = frontend_xdp_tx_addr(&r.x, 3 * i + k);

			memcpy(frontend_at(&r.x.f, at, 64), frame + 64 * k, 64);
			frontend_list_segment(&list, at, 64);
		}
	}
	netns_run("ip link set v0 down"); /* nothing leaves the ring */
	cr_assert_eq(net_queue_tx_avail(r.x.queues[0], &r.x.f.pool, list.segments, 9, &sync), 6);
	cr_assert_eq(*queue_of(r.x.queues[0])->xsk.tx.own, 6,
		     "two packets, and no piece of the third");
	netns_up("v0");
	cr_assert_eq(net_queue_tx_poll(r.x.queues[0], &r.x.f.pool, ids, 8), 2);
	cr_assert_eq(net_queue_tx_avail(r.x.queues[0], &r.x.f.pool, list.segments + 6, 3, &sync),
		     3);
	for (uint32_t i = 0; i < 3; i++)
		peer_expect(&r.peer, frame, sizeof(frame), TRAFFIC_DEADLINE_MS);
	peer_expect_silence(&r.peer, 100);
	frontend_list_close(&list);
	rig_close(&r);
}

Test(own, report_says_what_the_kernel_says_about_zero_copy, .timeout = 60)
{
	struct xdp_options options = {.flags = ~0u};
	socklen_t len = sizeof(options);
	struct rig r;

	rig_prepare(&r, 1);
	rig_start(&r);
	cr_assert_eq(
		getsockopt(queue_of(r.x.queues[0])->xsk.fd, SOL_XDP, XDP_OPTIONS, &options, &len),
		0);
	cr_assert_eq(options.flags & XDP_OPTIONS_ZEROCOPY, 0);
	cr_assert_not(frontend_xdp_report(&r.x, 0).zero_copy);
	rig_close(&r);
}

Test(own, zero_copy_on_a_driver_without_is_eopnotsupp_and_says_so, .timeout = 60)
{
	struct rig r;

	rig_prepare(&r, 1);
	r.x.config.mode = NET_XDP_MODE_ZERO_COPY;
	frontend_xdp_open(&r.x);
	cr_assert_eq(frontend_xdp_try_start(&r.x, 1, 64), -EOPNOTSUPP);
	cr_assert_str_eq(r.x.err.step, "bind");
	cr_assert_not_null(strstr(r.x.err.message, "no zero copy"), "%s", r.x.err.message);
	rig_close(&r);
}

/* The process is gone, and with its descriptors the program and the queue. */
Test(own, sigkill_leaves_no_program_and_no_busy_queue, .timeout = 60)
{
	int64_t deadline = frontend_now_ms() + 10000;
	struct rig r;
	int gate[2];
	pid_t child;
	char c = 0;

	rig_prepare(&r, 1);
	cr_assert_eq(pipe(gate), 0);
	child = fork();
	if (child == 0) {
		rig_start(&r);
		while (write(gate[1], &c, 1) == 1)
			pause();
		_exit(1);
	}
	cr_assert_eq(read(gate[0], &c, 1), 1);
	cr_assert_neq(netns_program_id("v0"), 0);
	child_kill(child);
	while (netns_program_id("v0") && frontend_now_ms() < deadline)
		frontend_sleep_ms(1);
	cr_assert_eq(netns_program_id("v0"), 0);
	rig_start(&r);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}
