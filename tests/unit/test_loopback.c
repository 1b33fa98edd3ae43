// SPDX-License-Identifier: BSD-2-Clause
/* The loopback backend, and with it the test frontend and the wrapper: the contract without a NIC. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>

#include <criterion/criterion.h>

#include "support/conformance.h"
#include "support/frame.h"
#include "support/frontend.h"
#include "support/netns.h"
#include "support/wrap.h"
#include "support/wrapped.h"

#define MEMORY	(1u << 20)
#define IDS	512u
#define BUFFER	1024u /* stride of the receive buffers: 12 of header, 1000 of capacity */
#define TX_BASE (FRONTEND_BASE + 768 * 1024)

struct loop {
	struct frontend f;
	struct net_endpoint *ep;
	struct net_queue *queues[8];
	uint32_t queue_count;
	struct frontend_list list;
	uint32_t ids[IDS];
};

static void start(struct loop *x, const struct net_rss_config *rss)
{
	struct net_queue_config configs[8] = {0};
	struct net_error err = {0};

	cr_assert(net_endpoint_get_queues(x->ep, configs, x->queue_count, rss, x->queues, &err) ==
			  0,
		  "%s", err.message);
}

static void open_loop(struct loop *x, uint32_t queues, const struct net_rss_config *rss)
{
	struct net_error err = {0};

	memset(x, 0, sizeof(*x));
	x->queue_count = queues;
	frontend_open(&x->f, MEMORY, IDS);
	frontend_layout(&x->f, 0, IDS, FRONTEND_BASE, BUFFER, 12, 1000);
	frontend_list_open(&x->list, IDS);
	cr_assert(net_loopback_open(8, &x->ep, &err) == 0, "%s", err.message);
	x->ep = wrapped(x->ep);
	start(x, rss);
}

static void stop(struct loop *x)
{
	for (uint32_t i = 0; i < x->queue_count; i++) {
		if (x->queues[i])
			cr_assert(net_queue_destroy(x->queues[i], NULL) == 0);
		x->queues[i] = NULL;
	}
}

static void close_loop(struct loop *x)
{
	stop(x);
	cr_assert(net_endpoint_destroy(x->ep, NULL) == 0);
	frontend_list_close(&x->list);
	frontend_close(&x->f);
}

static struct net_queue_stats stats_of(struct net_queue *q)
{
	struct net_queue_stats stats;

	net_queue_stats(q, &stats);
	return stats;
}

/* Put a seeded frame at a place of the transmit area and name it in the list. */
static struct net_tx_metadata *put(struct loop *x, uint32_t place, uint32_t len, uint64_t seed)
{
	uint64_t addr = TX_BASE + place * 1024;

	frame_plain(frontend_at(&x->f, addr, len), len, seed);
	return frontend_list_frame(&x->list, place, addr, len);
}

static void expect_seed(struct loop *x, uint32_t id, uint32_t len, uint64_t seed)
{
	uint8_t want[2048];

	frame_plain(want, len, seed);
	frontend_expect_frame(&x->f, id, want, len);
}

Test(loopback, send_frames_arrive_in_order_exact_and_nothing_else_changes)
{
	struct loop x;

	open_loop(&x, 1, NULL);
	for (uint32_t i = 0; i < 100; i++)
		put(&x, i, 14 + i * 7, i);
	frontend_snapshot(&x.f);
	frontend_post(&x.f, x.queues[0], 0, 128);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 100);
	cr_assert(frontend_rx_wait(&x.f, x.queues[0], x.ids, IDS, 20) == 100);
	for (uint32_t i = 0; i < 100; i++) {
		cr_assert(x.ids[i] == i, "id %u at place %u", x.ids[i], i);
		expect_seed(&x, i, 14 + i * 7, i);
		frontend_allow(&x.f, frontend_frame_addr(&x.f, i), 14 + i * 7);
	}
	cr_assert(frontend_first_change(&x.f) == 0, "changed at 0x%llx",
		  (unsigned long long)frontend_first_change(&x.f));
	cr_assert(stats_of(x.queues[0]).rx_packets == 100);
	cr_assert(stats_of(x.queues[0]).tx_packets == 100);
	cr_assert(stats_of(x.queues[0]).rx_errors + stats_of(x.queues[0]).tx_errors == 0);
	close_loop(&x);
}

Test(loopback, send_segments_arrive_joined)
{
	uint8_t want[900];
	struct loop x;
	uint32_t at = 0;

	open_loop(&x, 1, NULL);
	frontend_post(&x.f, x.queues[0], 0, 1);
	frame_plain(want, sizeof(want), 3);
	frontend_list_packet(&x.list, 0);
	for (uint32_t i = 0; at < sizeof(want); i++) {
		uint32_t n = i % 3 == 1 ? 0 : 1 + i % 40;

		if (n > sizeof(want) - at)
			n = sizeof(want) - at;
		memcpy(frontend_at(&x.f, TX_BASE + i * 100, n), want + at, n);
		/* The address of an empty segment may be anything. */
		frontend_list_segment(&x.list, n ? TX_BASE + i * 100 : 7, n);
		at += n;
	}
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, IDS) == 1);
	frontend_expect_frame(&x.f, 0, want, sizeof(want));
	close_loop(&x);
}

Test(loopback, send_bad_packets_cost_only_themselves)
{
	struct net_queue_stats stats;
	struct loop x;

	open_loop(&x, 1, NULL);
	frontend_post(&x.f, x.queues[0], 0, 16);
	put(&x, 0, 60, 0);
	put(&x, 1, 60, 1)->segment_count = 0;
	put(&x, 2, 60, 2)->segment_count = 2;
	put(&x, 3, 60, 3)->len_bytes = 59;
	put(&x, 4, 60, 4)->flags = NET_TX_TCP_CHECKSUM;
	frontend_list_frame(&x.list, 5, FRONTEND_BASE - 1, 60);
	frontend_list_frame(&x.list, 6, FRONTEND_BASE + MEMORY - 59, 60);
	frontend_list_frame(&x.list, 7, UINT64_MAX - 10, 60);
	frontend_list_frame(&x.list, 8, TX_BASE, 13);
	frontend_list_frame(&x.list, 9, TX_BASE, 0);
	put(&x, 10, 60, 10);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 11);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, IDS) == 2);
	expect_seed(&x, x.ids[0], 60, 0);
	expect_seed(&x, x.ids[1], 60, 10);
	stats = stats_of(x.queues[0]);
	cr_assert(stats.tx_packets == 2 && stats.tx_errors == 9, "%llu sent, %llu errors",
		  (unsigned long long)stats.tx_packets, (unsigned long long)stats.tx_errors);
	close_loop(&x);
}

Test(loopback, send_without_room_drops_and_keeps_the_buffer)
{
	struct loop x;

	open_loop(&x, 1, NULL);
	put(&x, 0, 60, 0);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
	cr_assert(stats_of(x.queues[0]).rx_errors == 1, "no buffer");
	frontend_post(&x.f, x.queues[0], 0, 1);
	frontend_list_clear(&x.list);
	put(&x, 0, 1001, 1);
	put(&x, 2, 1000, 2);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 2);
	cr_assert(stats_of(x.queues[0]).rx_errors == 2, "too long");
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, IDS) == 1);
	expect_seed(&x, 0, 1000, 2);
	close_loop(&x);
}

// 34: sync means the buffer may be overwritten at once
CASE(34, tx_sync_buffer_may_be_overwritten_at_once)
{
	struct loop x;
	bool sync = false;
	uint32_t id;

	open_loop(&x, 1, NULL);
	frontend_post(&x.f, x.queues[0], 0, 1);
	put(&x, 0, 900, 1);
	cr_assert(net_queue_tx_avail(x.queues[0], &x.f.pool, x.list.segments, 1, &sync) == 1);
	cr_assert(sync);
	memset(frontend_at(&x.f, TX_BASE, 900), 0, 900);
	cr_assert(net_queue_tx_poll(x.queues[0], &x.f.pool, &id, 1) == 0, "completed twice");
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, IDS) == 1);
	expect_seed(&x, 0, 900, 1);
	close_loop(&x);
}

/* A hostile sender names memory that is posted for receive: source and target overlap. */
Test(loopback, send_from_its_own_receive_buffer_is_harmless)
{
	uint8_t want[900];
	struct loop x;

	open_loop(&x, 1, NULL);
	frontend_post(&x.f, x.queues[0], 0, 1);
	frame_plain(frontend_at(&x.f, FRONTEND_BASE + 5, sizeof(want)), sizeof(want), 1);
	frame_plain(want, sizeof(want), 1);
	frontend_list_frame(&x.list, 0, FRONTEND_BASE + 5, sizeof(want));
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, IDS) == 1);
	frontend_expect_frame(&x.f, 0, want, sizeof(want));
	close_loop(&x);
}

Test(loopback, send_tag_arrives_beside_the_frame)
{
	const struct net_vlan vlan = {.id = 100, .priority = 3, .drop_eligible = 1};
	struct net_tx_metadata *meta;
	struct loop x;

	open_loop(&x, 1, NULL);
	frontend_post(&x.f, x.queues[0], 0, 2);
	meta = put(&x, 0, 60, 0);
	meta->flags = NET_TX_VLAN;
	meta->vlan_tci = net_vlan_tci(vlan);
	put(&x, 1, 60, 1);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 2);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, IDS) == 2);
	cr_assert(frontend_metadata(&x.f, 0)->has_vlan && !frontend_metadata(&x.f, 1)->has_vlan);
	cr_assert(frontend_metadata(&x.f, 0)->vlan_tci == net_vlan_tci(vlan));
	expect_seed(&x, 0, 60, 0);
	cr_assert(stats_of(x.queues[0]).tx_vlan_packets == 1);
	cr_assert(stats_of(x.queues[0]).rx_vlan_packets == 1);
	close_loop(&x);
}

/* ---- Posting ---------------------------------------------------------------------------------------- */

Test(loopback, post_bad_ids_are_refused_one_by_one)
{
	const uint32_t ids[] = {0, 0, 1, IDS, 65535, 65536, UINT32_MAX, 2, 3, 4, 1, 6, 5};
	struct loop x;

	open_loop(&x, 1, NULL);
	/* Where the sum of address and gap would arrive if it could wrap. */
	frontend_add_region(&x.f, 0, 4096, -1);
	frontend_set_buffer(&x.f, 6, FRONTEND_BASE, 12, 0);
	frontend_set_buffer(&x.f, 2, FRONTEND_BASE + MEMORY - 900, 12, 1000);
	frontend_set_buffer(&x.f, 3, UINT64_MAX - 5, 12, 1000);
	frontend_set_buffer(&x.f, 4, FRONTEND_BASE - 1000, 12, 1000);
	cr_assert(net_queue_rx_avail(x.queues[0], &x.f.pool, ids, 0) == 0);
	cr_assert(net_queue_rx_avail(x.queues[0], &x.f.pool, ids, 13) == 10);
	cr_assert(stats_of(x.queues[0]).rx_errors == 10);
	for (uint32_t i = 0; i < 5; i++)
		put(&x, i, 60, i);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 5);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, IDS) == 3);
	cr_assert(x.ids[0] == 0 && x.ids[1] == 1 && x.ids[2] == 5);
	/* A returned id may be posted again. */
	frontend_post(&x.f, x.queues[0], 0, 1);
	close_loop(&x);
}

Test(loopback, poll_slices_lose_nothing_and_stay_ready)
{
	struct loop x;

	open_loop(&x, 1, NULL);
	frontend_post(&x.f, x.queues[0], 0, 200);
	cr_assert(!net_queue_poll_ready(x.queues[0], &x.f.pool));
	for (uint32_t i = 0; i < 200; i++)
		put(&x, i, 60, i);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 200);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, 0) == 0);
	for (uint32_t i = 0; i < 3; i++) {
		cr_assert(net_queue_poll_ready(x.queues[0], &x.f.pool));
		cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, 1) == 1 && x.ids[0] == i);
	}
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, 64) == 64 && x.ids[63] == 66);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, IDS) == 133 && x.ids[132] == 199);
	cr_assert(!net_queue_poll_ready(x.queues[0], &x.f.pool));
	close_loop(&x);
}

static bool is_readable(struct net_queue *q)
{
	struct pollfd pfd = {.fd = net_queue_ready_fd(q), .events = POLLIN};

	return poll(&pfd, 1, 0) == 1;
}

Test(loopback, wait_frame_on_another_queue_wakes)
{
	const uint16_t table[1] = {1};
	const uint8_t key[40] = {1};
	const struct net_rss_config rss = {key, 40, table, 1};
	struct loop x;

	open_loop(&x, 2, &rss);
	frontend_post(&x.f, x.queues[1], 0, 4);
	for (int round = 0; round < 3; round++) {
		cr_assert(net_queue_wait(x.queues[1], &x.f.pool, 1000000) == 0, "round %d", round);
		cr_assert(!is_readable(x.queues[1]), "round %d: readable but not ready", round);
		frontend_list_clear(&x.list);
		put(&x, 0, 60, 0);
		cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
		cr_assert(is_readable(x.queues[1]), "round %d: ready but not readable", round);
		cr_assert(net_queue_wait(x.queues[1], &x.f.pool, -1) == 1);
		cr_assert(net_queue_wait(x.queues[0], &x.f.pool, 0) == 0);
		cr_assert(frontend_rx(&x.f, x.queues[1], x.ids, IDS) == 1);
	}
	close_loop(&x);
}

/* ---- Steering --------------------------------------------------------------------------------------- */

// 59: RSS table entries out of range fall back to queue 0
CASE(59, rss_bad_entries_mean_queue_zero_and_flows_keep_their_queue)
{
	const uint16_t table[8] = {0, 1, 2, 3, 9, 1, 2, 0xffff};
	uint32_t got[4] = {0}, per_flow = 4, flows = 60;
	struct net_rss_config rss = {.key_bytes = 40, .table = table, .table_entries = 8};
	struct frame_random r = frame_random(7);
	uint8_t key[40];
	struct loop x;

	frame_random_bytes(&r, key, sizeof(key));
	rss.key = key;
	open_loop(&x, 4, &rss);
	for (uint32_t q = 0; q < 4; q++)
		frontend_post(&x.f, x.queues[q], q * 100, 100);
	memset(key, 0, sizeof(key)); /* the endpoint has its own copy */
	for (uint32_t flow = 0; flow < flows; flow++) {
		uint32_t home = UINT32_MAX;

		for (uint32_t i = 0; i < per_flow; i++) {
			/* The same seed gives the same addresses; only the payload's length differs,
			 * and where the headers are split. */
			const struct frame_spec spec = {.ip_version = flow & 1 ? 4 : 6,
							.protocol = 17,
							.source_port = (uint16_t)(1000 + flow),
							.payload_bytes = i * 250,
							.seed = 1};
			struct frame frame;

			frame_build(&frame, &spec);
			memcpy(frontend_at(&x.f, TX_BASE, frame.len), frame.bytes, frame.len);
			frontend_list_clear(&x.list);
			frontend_list_packet(&x.list, 0);
			frontend_list_segment(&x.list, TX_BASE, 1 + 9 * i);
			frontend_list_segment(&x.list, TX_BASE + 1 + 9 * i, frame.len - 1 - 9 * i);
			cr_assert(frontend_tx_all(&x.f, x.queues[flow % 4], &x.list, NULL, 100) ==
				  1);
			for (uint32_t q = 0; q < 4; q++) {
				if (frontend_rx(&x.f, x.queues[q], x.ids, IDS) == 0)
					continue;
				cr_assert(home == UINT32_MAX || home == q, "flow %u on %u and %u",
					  flow, home, q);
				home = q;
				got[q]++;
				frontend_post(&x.f, x.queues[q], x.ids[0], 1);
			}
		}
	}
	cr_assert(got[0] + got[1] + got[2] + got[3] == flows * per_flow);
	/* Three of eight entries mean queue 0, two queue 1, two queue 2, one queue 3. */
	cr_assert(got[0] && got[1] && got[2] && got[3], "%u %u %u %u", got[0], got[1], got[2],
		  got[3]);
	close_loop(&x);
}

Test(loopback, steer_after_a_restart_without_a_table_stays_on_the_queue)
{
	const uint16_t table[1] = {1};
	const uint8_t key[40] = {1};
	const struct net_rss_config rss = {key, 40, table, 1};
	struct loop x;

	open_loop(&x, 2, &rss);
	stop(&x);
	start(&x, NULL);
	frontend_post(&x.f, x.queues[0], 0, 1);
	frontend_post(&x.f, x.queues[1], 1, 1);
	put(&x, 0, 60, 0);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, IDS) == 1 && x.ids[0] == 0);
	close_loop(&x);
}

Test(loopback, steer_to_a_destroyed_queue_is_an_error_of_the_sender)
{
	const uint16_t table[1] = {1};
	const uint8_t key[40] = {1};
	const struct net_rss_config rss = {key, 40, table, 1};
	struct loop x;

	open_loop(&x, 2, &rss);
	cr_assert(net_queue_destroy(x.queues[1], NULL) == 0);
	x.queues[1] = NULL;
	put(&x, 0, 60, 0);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
	cr_assert(stats_of(x.queues[0]).tx_errors == 1);
	cr_assert(stats_of(x.queues[0]).tx_packets == 0);
	close_loop(&x);
}

/* ---- Lifecycle -------------------------------------------------------------------------------------- */

Test(loopback, open_bad_queue_count_is_refused)
{
	struct net_endpoint *ep = NULL;
	struct net_error err = {0};

	cr_assert(net_loopback_open(0, &ep, &err) == -EINVAL);
	cr_assert(net_loopback_open(65, &ep, &err) == -EINVAL);
	cr_assert(strstr(err.message, "65") != NULL, "%s", err.message);
	cr_assert(ep == NULL);
}

Test(loopback, lifecycle_rules_are_those_of_the_contract)
{
	struct net_queue_config configs[9] = {0};
	struct net_error err = {0};
	struct net_queue *queues[9];
	struct net_action action;
	struct loop x;

	open_loop(&x, 2, NULL);
	cr_assert(net_endpoint_stop(x.ep) == -EBUSY);
	cr_assert(net_endpoint_destroy(x.ep, &err) == -EBUSY);
	cr_assert(net_endpoint_get_queues(x.ep, configs, 1, NULL, queues, &err) == -EBUSY);
	stop(&x);
	cr_assert(net_endpoint_stop(x.ep) == 0 && net_endpoint_stop(x.ep) == 0);
	cr_assert(net_endpoint_get_queues(x.ep, configs, 0, NULL, queues, &err) == -EINVAL);
	cr_assert(net_endpoint_get_queues(x.ep, configs, 9, NULL, queues, &err) == -EINVAL);
	cr_assert(strstr(err.message, "9 queues") != NULL, "%s", err.message);
	cr_assert(net_endpoint_poll_action(x.ep, &action) == 0);
	cr_assert(net_endpoint_action_fd(wrapped_inner_endpoint(x.ep)) == -1);
	close_loop(&x);
}

Test(loopback, restart_ids_are_free_again_and_no_descriptor_leaks)
{
	unsigned int fds;
	struct loop x;

	open_loop(&x, 4, NULL);
	fds = netns_open_fds();
	for (uint32_t round = 0; round < 100; round++) {
		frontend_post(&x.f, x.queues[round % 4], 0, 64);
		frontend_list_clear(&x.list);
		put(&x, 0, 60, round);
		cr_assert(frontend_tx_all(&x.f, x.queues[round % 4], &x.list, NULL, 1000) == 1);
		if (round & 1)
			cr_assert(frontend_rx(&x.f, x.queues[round % 4], x.ids, IDS) == 1);
		stop(&x);
		if (round & 2)
			cr_assert(net_endpoint_stop(x.ep) == 0);
		start(&x, NULL);
		cr_assert(stats_of(x.queues[0]).rx_packets == 0);
		for (uint32_t i = 0; i < IDS; i++)
			x.f.ids[i].delivered = false;
	}
	cr_assert(netns_open_fds() == fds);
	close_loop(&x);
}

Test(loopback, get_queues_without_descriptors_left_gives_everything_back)
{
	struct net_queue_config configs[8] = {0};
	struct net_error err = {0};
	struct rlimit limit, none;
	unsigned int fds;
	struct loop x;

	open_loop(&x, 8, NULL);
	stop(&x);
	fds = netns_open_fds();
	getrlimit(RLIMIT_NOFILE, &limit);
	/* netns_open_fds() counts ".", ".." and its own descriptor too. */
	none = (struct rlimit){.rlim_cur = fds - 3 + 5, .rlim_max = limit.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	cr_assert(net_endpoint_get_queues(x.ep, configs, 8, NULL, x.queues, &err) == -EMFILE);
	setrlimit(RLIMIT_NOFILE, &limit);
	cr_assert(err.code == -EMFILE && strcmp(err.step, "get_queues") == 0);
	cr_assert(strstr(err.message, "ulimit -n") != NULL, "%s", err.message);
	cr_assert(netns_open_fds() == fds);
	cr_assert(net_endpoint_stop(x.ep) == 0, "a queue is alive");
	start(&x, NULL);
	close_loop(&x);
}

Test(loopback, get_queues_posts_the_initial_ids)
{
	const uint32_t ids[3] = {7, 8, 9};
	struct net_queue_config config = {.initial_rx = ids, .initial_rx_count = 3};
	struct loop x;

	open_loop(&x, 1, NULL);
	stop(&x);
	config.pool = &x.f.pool;
	cr_assert(net_endpoint_get_queues(x.ep, &config, 1, NULL, x.queues, NULL) == 0);
	put(&x, 0, 60, 0);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, IDS) == 1 && x.ids[0] == 7);
	close_loop(&x);
}

// 59: a wrong key size is an error
CASE(59, rss_wrong_key_size_is_an_error_and_makes_nothing)
{
	const struct net_rss_config rss = {.key = (const uint8_t *)"short", .key_bytes = 5};
	struct net_queue_config config = {0};
	struct net_error err = {0};
	struct loop x;

	open_loop(&x, 1, NULL);
	stop(&x);
	cr_assert(net_endpoint_get_queues(x.ep, &config, 1, &rss, x.queues, &err) == -EINVAL);
	cr_assert(strcmp(err.step, "rss") == 0 && net_endpoint_stop(x.ep) == 0);
	start(&x, NULL);
	close_loop(&x);
}

Test(loopback, wrapped_queue_forwards_each_call)
{
	struct net_queue_config configs[2] = {0};
	struct wrap_endpoint *wrap;
	struct net_queue_stats stats;
	struct wrap_queue *q;
	struct loop x;

	open_loop(&x, 2, NULL);
	stop(&x);
	x.ep = wrap_open(x.ep);
	wrap = (struct wrap_endpoint *)x.ep;
	cr_assert(net_endpoint_get_queues(x.ep, configs, 2, NULL, x.queues, NULL) == 0);
	frontend_post(&x.f, x.queues[1], 0, 4);
	put(&x, 0, 60, 5);
	cr_assert(frontend_tx_all(&x.f, x.queues[1], &x.list, NULL, 1000) == 1);
	cr_assert(frontend_rx_wait(&x.f, x.queues[1], x.ids, 1, 1000) == 1);
	expect_seed(&x, x.ids[0], 60, 5);
	net_queue_stats(x.queues[1], &stats);
	cr_assert(stats.rx_packets == 1 && stats.tx_packets == 1);
	q = (struct wrap_queue *)x.queues[1];
	cr_assert(q->rx_avail == 1 && q->tx_avail == 1 && q->rx_poll >= 1 && q->stats == 1);
	cr_assert(wrap->get_queues == 1 && net_endpoint_stop(x.ep) == -EBUSY);
	close_loop(&x);
}
