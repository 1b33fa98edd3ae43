// SPDX-License-Identifier: BSD-2-Clause
/* The UMEM stays registered over get_queues, and nothing of the queues before shows in those after. */
#include <errno.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "host/host.h"
#include "host/netdev.h"
#include "host/xdp_uapi.h"
#include "support/foreign.h"
#include "support/netns.h"
#include "support/traffic.h"

TestSuite(keep, .timeout = 60);

enum { IDS = 256, FRAME = 60 };

static uint32_t registered;

/* In place of the C library's: counts registrations. */
int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	registered += level == SOL_XDP && option == XDP_UMEM_REG;
	return (int)syscall(SYS_setsockopt, fd, level, option, value, len);
}

static uint32_t registrations(void)
{
	uint32_t n = registered;

	registered = 0;
	return n;
}

static void prepare(struct rig *r, uint32_t queues)
{
	rig_prepare(r, queues);
	r->x.config.keep_umem = true;
}

static void open_rig(struct rig *r, uint32_t queues)
{
	prepare(r, queues);
	frontend_xdp_open(&r->x);
}

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

	open_rig(&r, 2);
	frontend_xdp_start(&r.x, 2, 64);
	traffic_both_ways(&r.x, &r.peer);
	cr_assert_eq(registrations(), 1);
	for (uint32_t i = 0; i < 20; i++) {
		restart(&r, 1 + i % 2, 32 + i);
		expect_fresh_counters(&r);
		traffic_both_ways(&r.x, &r.peer);
		cr_assert_eq(registrations(), 0, "restart %u", i);
	}
	rig_close(&r);
}

Test(keep, queue_that_is_made_alone_shares_what_is_kept)
{
	struct net_queue_config config = {0};
	struct rig r;

	open_rig(&r, 2);
	frontend_xdp_start(&r.x, 2, 64);
	registrations();
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
		cr_assert_eq(registrations(), 0);
		frontend_post(&r.x.f, r.x.queues[0], 0, 64);
		frontend_post(&r.x.f, r.x.queues[1], 64, 64);
		traffic_both_ways(&r.x, &r.peer);
	}
	rig_close(&r);
}

/* ---- What is left over ---------------------------------------------------------------------- */

/* Post some ids, send some frames, and account for each id, byte and frame. */
static void one_life(struct rig *r, struct frame_random *random, bool rings_hold_all)
{
	struct frontend *f = &r->x.f;
	uint32_t first = frame_random_below(random, IDS), posted = 0, seen = 0, polled = 0;
	uint32_t sent = frame_random_below(random, 150), ids[IDS], n;
	uint32_t initial = frame_random_below(random, 2) ? frame_random_below(random, 100) : 0;
	uint32_t later = frame_random_below(random, 100), collect;
	struct net_queue_config config = {.pool = &f->pool, .initial_rx = ids};
	bool is_posted[IDS] = {0};
	uint8_t frame[FRAME];

	frontend_poison(f, frame_random_next(random));
	for (uint32_t i = 0; i < initial + later; i++, posted++) {
		ids[i] = (first + i) % IDS;
		is_posted[ids[i]] = true;
	}
	config.initial_rx_count = initial;
	cr_assert_eq(net_endpoint_get_queues(r->x.ep, &config, 1, NULL, r->x.queues, &r->x.err), 0,
		     "%s", r->x.err.message);
	r->x.queue_count = 1;
	frontend_post_ids(f, r->x.queues[0], ids + initial, later);
	for (uint32_t i = 0; i < sent; i++) {
		frame_plain(frame, sizeof(frame), i);
		peer_send(&r->peer, frame, sizeof(frame));
	}
	collect = frame_random_below(random, 4) ? (sent < posted ? sent : posted) : 0;
	while (seen < collect) {
		n = frontend_rx_wait(f, r->x.queues[0], ids, collect - seen,
				     rings_hold_all ? 2000 : 20);
		cr_assert(n || !rings_hold_all, "%u of %u frames came, %u buffers posted", seen,
			  sent, posted);
		if (n == 0)
			break;
		for (uint32_t i = 0; i < n; i++, polled++) {
			cr_assert(is_posted[ids[i]], "id %u was not posted", ids[i]);
			frame_plain(frame, sizeof(frame), polled);
			if (rings_hold_all)
				frontend_expect_frame(f, ids[i], frame, sizeof(frame));
			is_posted[ids[i]] = false;
			f->ids[ids[i]].delivered = false;
			frontend_allow(f, f->ids[ids[i]].buffer.addr,
				       f->ids[ids[i]].buffer.capacity_bytes +
					       f->ids[ids[i]].buffer.header_bytes);
		}
		seen += n;
	}
	cr_assert_eq(frontend_xdp_counter(&r->x, 0, NET_XDP_RX_UNKNOWN), 0);
	frontend_xdp_stop(&r->x);
	/* What came and was not polled lies in buffers that were posted. */
	for (uint32_t id = 0; id < IDS; id++)
		if (is_posted[id])
			frontend_allow(f, f->ids[id].buffer.addr - 256,
				       f->ids[id].buffer.capacity_bytes + 256);
	cr_assert_eq(frontend_first_change(f), 0, "0x%lx", frontend_first_change(f));
}

/* Frames one by one, ids back and forth, and at the end a frame for each id that is posted: all come back,
 * and nothing else is written to. */
static void one_busy_life(struct rig *r, struct frame_random *random, uint32_t ring)
{
	struct frontend *f = &r->x.f;
	uint32_t idle[IDS], idle_count = IDS, posted = 0, sent = 0, n, id, most = 0;
	uint32_t steps = frame_random_below(random, 40), patience;
	struct net_queue_config config = {.pool = &f->pool};
	uint8_t frame[FRAME];

	for (uint32_t i = 0; i < IDS; i++)
		idle[i] = i;
	if (frame_random_below(random, 2))
		config.initial_rx_count = frame_random_below(random, (ring < IDS ? ring : IDS) / 2);
	config.initial_rx = idle + IDS - config.initial_rx_count;
	idle_count -= posted = config.initial_rx_count;
	frontend_poison(f, frame_random_next(random));
	cr_assert_eq(net_endpoint_get_queues(r->x.ep, &config, 1, NULL, r->x.queues, &r->x.err), 0,
		     "%s", r->x.err.message);
	r->x.queue_count = 1;
	for (uint32_t step = 0; step < steps || posted; step++) {
		if (step < steps) {
			n = frame_random_below(random, 40);
			n = n < idle_count ? n : idle_count;
			idle_count -= n;
			frontend_post_ids(f, r->x.queues[0], idle + idle_count, n);
			posted += n;
			most = posted > most ? posted : most;
		}
		if (!posted)
			continue;
		frame_plain(frame, sizeof(frame), ++sent);
		peer_send(&r->peer, frame, sizeof(frame));
		for (patience = 0; frontend_rx(f, r->x.queues[0], &id, 1) == 0; patience++) {
			cr_assert_lt(patience, 2000, "%u posted, %u at most, frame %u", posted,
				     most, sent);
			frontend_sleep_ms(1);
		}
		frontend_expect_frame(f, id, frame, sizeof(frame));
		frontend_allow(f, frontend_frame_addr(f, id), sizeof(frame));
		f->ids[id].delivered = false;
		idle[idle_count++] = id;
		posted--;
	}
	cr_assert_eq(frontend_first_change(f), 0, "0x%lx", frontend_first_change(f));
	frontend_xdp_stop(&r->x);
}

static void many_lives(bool unaligned, uint32_t ring, uint64_t seed, uint32_t most)
{
	struct frame_random random = frame_random(seed);
	uint32_t kept = 0, lives = 150;
	struct rig r;

	prepare(&r, 1);
	r.x.config.unaligned = unaligned;
	r.x.config.fill_ring_frames = r.x.config.rx_ring_frames = ring;
	frontend_xdp_open(&r.x);
	rig_up();
	registrations();
	for (uint32_t i = 0; i < lives; i++)
		if (frame_random_below(&random, 2))
			one_life(&r, &random, ring > IDS);
		else
			one_busy_life(&r, &random, ring);
	kept = lives - registrations();
	cr_assert(kept >= most, "kept %u times of %u", kept, lives);
	rig_close(&r);
}

Test(keep, no_frame_goes_to_a_buffer_of_the_queue_before_and_no_id_is_lost)
{
	many_lives(true, 2048, 1, 100);
}

Test(keep, the_same_of_aligned_chunks)
{
	many_lives(false, 2048, 2, 100);
}

/* It is often more than half of this ring that is left over, and the RX ring overflows. */
Test(keep, the_same_where_rings_are_small)
{
	many_lives(true, 128, 3, 20);
}

/* A life that posts nothing, between two that do, and one that posts as many as were left over: the kernel has
 * read on where it was shown entries, and neither life may go back behind that. */
Test(keep, life_without_buffers_changes_nothing)
{
	const uint32_t posted[] = {64, 0, 64, 0, 0, 30, 100, 0, 64};
	uint8_t frame[FRAME];
	uint32_t id, sent = 0;
	struct rig r;

	prepare(&r, 1);
	r.x.config.fill_ring_frames = 256;
	frontend_xdp_open(&r.x);
	rig_up();
	for (uint32_t life = 0; life < 9; life++) {
		frontend_poison(&r.x.f, life);
		frontend_xdp_start(&r.x, 1, 0);
		if (posted[life])
			frontend_post(&r.x.f, r.x.queues[0], 0, posted[life]);
		cr_assert_eq(frontend_xdp_report(&r.x, 0).takes_frames, posted[life] != 0);
		for (uint32_t i = 0; i < 300 && posted[life]; i++) { /* around the ring */
			frame_plain(frame, sizeof(frame), ++sent);
			peer_send(&r.peer, frame, sizeof(frame));
			cr_assert_eq(frontend_rx_wait(&r.x.f, r.x.queues[0], &id, 1, 2000), 1,
				     "life %u, frame %u", life, i);
			frontend_expect_frame(&r.x.f, id, frame, sizeof(frame));
			frontend_allow(&r.x.f, frontend_frame_addr(&r.x.f, id), sizeof(frame));
			r.x.f.ids[id].delivered = false;
			if (i < 300 - posted[life]) /* at the end each comes back */
				frontend_post_ids(&r.x.f, r.x.queues[0], &id, 1);
		}
		cr_assert_eq(frontend_xdp_counter(&r.x, 0, NET_XDP_RX_UNKNOWN), 0);
		frontend_xdp_stop(&r.x);
		cr_assert_eq(frontend_first_change(&r.x.f), 0, "life %u: 0x%lx", life,
			     frontend_first_change(&r.x.f));
	}
	cr_assert_leq(registrations(), 2);
	rig_close(&r);
}

/* The dead entries count: more than the rest of the ring is parked, and nothing is overwritten. */
Test(keep, buffers_beyond_the_room_that_is_left_wait)
{
	uint8_t frame[FRAME];
	uint32_t id;
	struct rig r;

	prepare(&r, 1);
	r.x.config.fill_ring_frames = 256;
	frontend_xdp_open(&r.x);
	rig_up();
	frontend_xdp_start(&r.x, 1, 128);
	frontend_xdp_stop(&r.x);
	registrations();
	frontend_poison(&r.x.f, 1);
	frontend_xdp_start(&r.x, 1, 1);
	cr_assert_eq(registrations(), 0);
	frontend_post(&r.x.f, r.x.queues[0], 1, 250);
	for (uint32_t i = 0; i < 251; i++) {
		frame_plain(frame, sizeof(frame), i);
		peer_send(&r.peer, frame, sizeof(frame));
		cr_assert_eq(frontend_rx_wait(&r.x.f, r.x.queues[0], &id, 1, 2000), 1, "frame %u",
			     i);
		frontend_expect_frame(&r.x.f, id, frame, sizeof(frame));
		frontend_allow(&r.x.f, frontend_frame_addr(&r.x.f, id), sizeof(frame));
	}
	cr_assert_eq(frontend_xdp_counter(&r.x, 0, NET_XDP_RX_UNKNOWN), 0);
	cr_assert_eq(frontend_first_change(&r.x.f), 0);
	rig_close(&r);
}

/* ---- Not kept ------------------------------------------------------------------------------- */

static void expect_registered_anew(struct rig *r, const char *what)
{
	frontend_xdp_start(&r->x, 1, 64);
	cr_assert_eq(registrations(), 1, "%s", what);
	peer_drain(&r->peer);
	traffic_both_ways(&r->x, &r->peer);
	frontend_xdp_stop(&r->x);
}

Test(keep, socket_whose_rx_ring_was_full_is_closed)
{
	uint8_t frame[FRAME];
	struct rig r;

	prepare(&r, 1);
	r.x.config.rx_ring_frames = 64;
	frontend_xdp_open(&r.x);
	rig_up();
	frontend_xdp_start(&r.x, 1, 200);
	frame_plain(frame, sizeof(frame), 0);
	while (frontend_xdp_counter(&r.x, 0, NET_XDP_RX_KERNEL_RING_FULL) == 0)
		peer_send(&r.peer, frame, sizeof(frame));
	frontend_xdp_stop(&r.x);
	registrations();
	expect_registered_anew(&r, "a full ring");
	rig_close(&r);
}

Test(keep, socket_of_an_interface_that_was_made_again_is_not_used)
{
	struct rig r;

	open_rig(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	frontend_xdp_stop(&r.x);
	peer_close(&r.peer);
	netns_run("ip link del v0");
	netns_veth("v0", "v1", 1, 1500);
	rig_up();
	peer_open(&r.peer, "v1");
	registrations();
	expect_registered_anew(&r, "another interface");
	rig_close(&r);
}

Test(keep, socket_that_takes_frames_of_several_chunks_is_closed)
{
	struct rig r;

	prepare(&r, 1);
	r.x.config.max_frame_bytes = 4000;
	frontend_xdp_open(&r.x);
	rig_up();
	frontend_xdp_start(&r.x, 1, 64);
	frontend_xdp_stop(&r.x);
	registrations();
	expect_registered_anew(&r, "multi-buffer");
	rig_close(&r);
}

Test(keep, nothing_is_kept_unless_it_is_asked_for)
{
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	frontend_xdp_stop(&r.x);
	registrations();
	expect_registered_anew(&r, "keep_umem is off");
	rig_close(&r);
}

Test(keep, queues_that_could_not_be_made_leave_nothing_registered)
{
	unsigned int fds;
	int foreign;
	struct rig r;

	prepare(&r, 2);
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

	open_rig(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	frontend_xdp_stop(&r.x);
	registrations();
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

	open_rig(&r, 1);
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
