// SPDX-License-Identifier: BSD-2-Clause
/* The UMEM stays registered over get_queues, and nothing of the queues before shows in those after. */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "host/host.h"
#include "host/netdev.h"
#include "support/foreign.h"
#include "support/keep_rig.h"
#include "support/netns.h"
#include "support/traffic.h"

TestSuite(keep, .timeout = 60);

enum { FRAME = 60 };

static void restart(struct rig *r, uint32_t queues, uint32_t buffers)
{
	frontend_xdp_stop(&r->x);
	frontend_xdp_start(&r->x, queues, buffers);
}

static void expect_fresh_counters(struct rig *r)
{
	struct net_xdp_stats s = frontend_xdp_stats(&r->x, 0);

	for (uint32_t i = 0; i < NET_XDP_COUNTERS; i++)
		cr_assert(s.value[i] == 0 || i == NET_XDP_KICKS, "%s is %lu",
			  net_xdp_counter_name(i), s.value[i]);
}

Test(keep, memory_is_registered_once_whatever_the_number_of_queues)
{
	struct rig r;

	keep_open(&r, 2);
	frontend_xdp_start(&r.x, 2, 64);
	traffic_both_ways(&r.x, &r.peer);
	cr_assert_eq(keep_registrations(), 1);
	for (uint32_t i = 0; i < 20; i++) {
		restart(&r, 1 + i % 2, 32 + i);
		expect_fresh_counters(&r);
		traffic_both_ways(&r.x, &r.peer);
		cr_assert_eq(keep_registrations(), 0, "restart %u", i);
	}
	rig_close(&r);
}

/* Descriptor 0 is one like any other: a daemon may have closed it. */
Test(keep, socket_of_a_program_without_stdin_is_kept_too)
{
	socklen_t size = sizeof(int);
	struct rig r;
	int domain;

	keep_open(&r, 2);
	close(STDIN_FILENO);
	for (uint32_t i = 0; i < 3; i++) {
		if (i)
			frontend_xdp_stop(&r.x);
		frontend_xdp_start(&r.x, 2, 64);
		cr_assert_eq(getsockopt(0, SOL_SOCKET, SO_DOMAIN, &domain, &size), 0);
		cr_assert_eq(domain, AF_XDP);
		cr_assert_eq(keep_registrations(), i ? 0 : 1);
		traffic_both_ways(&r.x, &r.peer);
	}
	rig_close(&r);
}

Test(keep, queue_that_is_made_alone_shares_what_is_kept)
{
	struct net_queue_config config = {0};
	struct rig r;

	keep_open(&r, 2);
	frontend_xdp_start(&r.x, 2, 64);
	keep_registrations();
	config.pool = &r.x.f.pool;
	for (uint32_t first = 0; first < 2; first++) { /* both ways round */
		for (uint32_t i = 0; i < 2; i++)
			cr_assert_eq(net_queue_destroy(r.x.queues[first ^ i], &r.x.err), 0);
		for (uint32_t id = 0; id < r.x.f.id_count; id++)
			r.x.f.ids[id].posted = false;
		for (uint32_t i = 0; i < 2; i++)
			cr_assert_eq(net_endpoint_get_queue(r.x.ep, first ^ i, &config,
							    &r.x.queues[first ^ i], &r.x.err),
				     0, "%s", r.x.err.message);
		cr_assert_eq(keep_registrations(), 0);
		frontend_post(&r.x.f, r.x.queues[0], 0, 64);
		frontend_post(&r.x.f, r.x.queues[1], 64, 64);
		traffic_both_ways(&r.x, &r.peer);
	}
	rig_close(&r);
}

/* ---- Not kept ------------------------------------------------------------------------------- */

static void expect_registered_anew(struct rig *r, const char *what)
{
	frontend_xdp_start(&r->x, 1, 64);
	cr_assert_eq(keep_registrations(), 1, "%s", what);
	peer_drain(&r->peer);
	traffic_both_ways(&r->x, &r->peer);
	frontend_xdp_stop(&r->x);
}

Test(keep, socket_whose_rx_ring_was_full_is_closed)
{
	uint8_t frame[FRAME];
	struct rig r;

	keep_prepare(&r, 1);
	r.x.config.rx_ring_frames = 64;
	frontend_xdp_open(&r.x);
	rig_up();
	frontend_xdp_start(&r.x, 1, 200);
	frame_plain(frame, sizeof(frame), 0);
	while (frontend_xdp_counter(&r.x, 0, NET_XDP_RX_KERNEL_RING_FULL) == 0)
		peer_send(&r.peer, frame, sizeof(frame));
	frontend_xdp_stop(&r.x);
	keep_registrations();
	expect_registered_anew(&r, "a full ring");
	rig_close(&r);
}

Test(keep, socket_of_an_interface_that_was_made_again_is_not_used)
{
	struct rig r;

	keep_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	frontend_xdp_stop(&r.x);
	peer_close(&r.peer);
	netns_run("ip link del v0");
	netns_veth("v0", "v1", 1, 1500);
	rig_up();
	peer_open(&r.peer, "v1");
	keep_registrations();
	expect_registered_anew(&r, "another interface");
	rig_close(&r);
}

Test(keep, socket_that_takes_frames_of_several_chunks_is_closed)
{
	struct rig r;

	keep_prepare(&r, 1);
	r.x.config.max_frame_bytes = 4000;
	frontend_xdp_open(&r.x);
	rig_up();
	frontend_xdp_start(&r.x, 1, 64);
	frontend_xdp_stop(&r.x);
	keep_registrations();
	expect_registered_anew(&r, "multi-buffer");
	rig_close(&r);
}

Test(keep, nothing_is_kept_unless_it_is_asked_for)
{
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	frontend_xdp_stop(&r.x);
	keep_registrations();
	expect_registered_anew(&r, "keep_umem is off");
	rig_close(&r);
}

Test(keep, queues_that_could_not_be_made_leave_nothing_registered)
{
	unsigned int fds;
	int foreign;
	struct rig r;

	keep_prepare(&r, 2);
	r.x.config.release_timeout_ms = 50;
	frontend_xdp_open(&r.x);
	fds = netns_open_fds();
	foreign = foreign_socket("v0", 1);
	cr_assert_eq(frontend_xdp_try_start(&r.x, 2, 64), -EBUSY);
	close(foreign);
	cr_assert_eq(netns_open_fds(), fds);
	rig_close(&r);
}

Test(keep, socket_of_other_regions_is_not_used)
{
	struct rig r;

	keep_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	frontend_xdp_stop(&r.x);
	keep_registrations();
	cr_assert_eq(net_xdp_set_regions(r.x.ep, r.x.regions, 1, &r.x.err), 0);
	expect_registered_anew(&r, "other regions");
	rig_close(&r);
}

/* ---- Meanwhile ------------------------------------------------------------------------------ */

Test(keep, host_has_its_frames_meanwhile_and_the_queue_is_free_with_the_endpoint)
{
	struct net_xdp_program_stats before, after;
	uint8_t frame[FRAME];
	struct host host;
	uint32_t index;
	struct rig r;

	keep_open(&r, 1);
	cr_assert_eq(host_open(&host), 0);
	index = if_nametoindex("v0");
	frontend_xdp_start(&r.x, 1, 64);
	traffic_both_ways(&r.x, &r.peer);
	frontend_xdp_stop(&r.x);
	cr_assert_eq(net_xdp_unreleased(r.x.ep, 0, &r.x.err), 0);
	cr_assert_eq(net_xdp_program_stats(r.x.ep, &before), 0);
	frame_plain(frame, sizeof(frame), 0);
	for (int i = 0; i < 10; i++)
		peer_send(&r.peer, frame, sizeof(frame));
	cr_assert_eq(net_xdp_program_stats(r.x.ep, &after), 0);
	cr_assert_geq(after.passed - before.passed, 10);
	cr_assert_eq(after.redirected, before.redirected);
	cr_assert_eq(net_endpoint_destroy(r.x.ep, &r.x.err), 0, "%s", r.x.err.message);
	r.x.ep = NULL;
	cr_assert_eq(netdev_queue_has_socket(&host, index, 0), 0);
	host_close(&host);
	rig_close(&r);
}
