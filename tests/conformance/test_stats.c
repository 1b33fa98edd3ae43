// SPDX-License-Identifier: BSD-2-Clause
/* Case 57: each counter says exactly what happened. Case 59: receive steering. */
#include <errno.h>
#include <string.h>

#include "support/conformance.h"
#include "support/frame.h"
#include "support/netns.h"
#include "support/traffic.h"
#include "support/waiter.h"

struct expected {
	enum net_xdp_counter counter;
	uint64_t value;
};

static void expect_counters(struct rig *r, const struct expected *want, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t got = frontend_xdp_counter(&r->x, 0, want[i].counter);

		cr_expect_eq(got, want[i].value, "%s is %llu, not %llu",
			     net_xdp_counter_name(want[i].counter), (unsigned long long)got,
			     (unsigned long long)want[i].value);
	}
}

// 57: stats exact for scripted traffic, receiving
CASE(57, rx_script_counters_are_exact)
{
	enum { DIRECT = 30, BOUNCED = 4, OVER = 3, LEN = 500 };
	/* What finds no buffer is dropped and counted on veth; it stays on a NIC's wire. */
	const uint32_t late = fixture_is_veth() ? 5 : 0;
	const uint32_t bad[] = {0, 4095, 5000, FRONTEND_XDP_IDS + 7};
	const struct expected want[] = {
		{NET_XDP_RX_FRAMES, DIRECT + BOUNCED},
		{NET_XDP_RX_BYTES, (DIRECT + BOUNCED) * LEN},
		{NET_XDP_RX_DIRECT, DIRECT},
		{NET_XDP_RX_BOUNCED, BOUNCED},
		{NET_XDP_RX_BOUNCE_CAPACITY, BOUNCED},
		{NET_XDP_RX_BOUNCE_WINDOW, 0},
		{NET_XDP_RX_DROP_CAPACITY, OVER},
		{NET_XDP_RX_KERNEL_DROPPED, late},
		{NET_XDP_RX_REFUSED_DUPLICATE, 1},
		{NET_XDP_RX_REFUSED_ADDRESS, 1},
		{NET_XDP_RX_REFUSED_ID, 2},
		{NET_XDP_RX_UNKNOWN, 0},
		{NET_XDP_RX_KERNEL_RING_FULL, 0},
	};
	uint8_t frame[1500];
	struct net_xdp_program_stats program;
	struct net_queue_stats stats;
	uint32_t ids[64];
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, DIRECT);
	frontend_set_buffer(&r.x.f, 4095, 0, 0, 2000); /* an address outside */
	cr_assert_eq(net_queue_rx_avail(r.x.queues[0], &r.x.f.pool, bad, 4), 4);
	frame_plain(frame, sizeof(frame), 57);
	for (int i = 0; i < DIRECT; i++)
		peer_send(&r.peer, frame, LEN);
	cr_assert_eq(frontend_rx_wait(&r.x.f, r.x.queues[0], ids, DIRECT, 5000), DIRECT);
	for (uint32_t i = 0; i < late; i++) /* nothing is posted */
		peer_send(&r.peer, frame, LEN);

	for (uint32_t i = 0; i < BOUNCED; i++)
		frontend_set_buffer(&r.x.f, 100 + i, FRONTEND_BASE + 8192 + i * 700, 0, 600);
	frontend_post(&r.x.f, r.x.queues[0], 100, BOUNCED);
	for (int i = 0; i < OVER; i++)
		peer_send(&r.peer, frame, 1400);
	/* Dropping gives their private chunks back, so do it before the rest comes. */
	while (frontend_xdp_counter(&r.x, 0, NET_XDP_RX_DROP_CAPACITY) < OVER)
		cr_assert_eq(frontend_rx(&r.x.f, r.x.queues[0], ids, 8), 0);
	for (int i = 0; i < BOUNCED; i++)
		peer_send(&r.peer, frame, LEN);
	cr_assert_eq(frontend_rx_wait(&r.x.f, r.x.queues[0], ids, BOUNCED, 5000), BOUNCED);

	expect_counters(&r, want, sizeof(want) / sizeof(*want));
	net_queue_stats(r.x.queues[0], &stats);
	cr_assert_eq(stats.rx_packets, DIRECT + BOUNCED);
	cr_assert_eq(stats.rx_errors, OVER);
	cr_assert(!stats.tx_packets && !stats.tx_errors && !stats.rx_vlan_packets);
	cr_assert_eq(net_xdp_program_stats(r.x.ep, &program), 0);
	cr_assert_eq(program.redirected, DIRECT + BOUNCED + OVER + late);
	cr_assert(!program.passed && !program.kept && !program.dropped_too_long);
	rig_close(&r);
}

/* An IPv4 UDP frame of 100 bytes payload that asks for something. Return: its length. */
static uint32_t put_asking(struct rig *r, struct frontend_list *list, uint32_t place,
			   uint16_t flags)
{
	const struct frame_spec spec = {
		.ip_version = 4, .protocol = 17, .payload_bytes = 100, .seed = place};
	uint64_t addr = frontend_xdp_tx_addr(&r->x, place);
	struct net_tx_metadata *meta;
	struct frame frame;

	frame_build(&frame, &spec);
	memcpy(frontend_at(&r->x.f, addr, frame.len), frame.bytes, frame.len);
	meta = frontend_list_frame(list, place, addr, frame.len);
	*meta = frame_metadata(&frame, place, flags);
	meta->segment_count = 1;
	meta->len_bytes = frame.len;
	return frame.len;
}

// 57: stats exact for scripted traffic, sending
CASE(57, tx_script_counters_are_exact)
{
	enum { SIMPLE = 10, PIECES = 2, CHECKSUM = 3, VLAN = 2, SENT = 17, BAD = 5 };
	uint32_t place = 0, bytes = 0, joined, sums_asked;
	struct frontend_list list;
	struct net_queue_stats stats;
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 16);
	frontend_list_open(&list, 64);
	for (int i = 0; i < SIMPLE; i++, bytes += 200)
		traffic_put(&r.x, &list, place++, 200);
	for (int i = 0; i < PIECES; i++, bytes += 300) {
		frontend_list_packet(&list, place);
		for (uint32_t s = 0; s < 3; s++)
			frontend_list_segment(&list, frontend_xdp_tx_addr(&r.x, place) + s * 1000,
					      100);
		place++;
	}
	for (int i = 0; i < CHECKSUM; i++)
		bytes += put_asking(&r, &list, place++, NET_TX_UDP_CHECKSUM);
	for (int i = 0; i < VLAN; i++)
		bytes += 4 + put_asking(&r, &list, place++, NET_TX_VLAN);
	/* A packet in pieces is joined where the kernel takes one descriptor for a packet. */
	joined = frontend_xdp_report(&r.x, 0).max_tx_descriptors < 3 ? PIECES : 0;
	sums_asked =
		strncmp(frontend_xdp_report(&r.x, 0).tx_checksum_state, "kernel", 6) ? 0 : CHECKSUM;
	frontend_list_frame(&list, 90, FRONTEND_BASE, 13);
	frontend_list_frame(&list, 91, FRONTEND_BASE, 1519);
	frontend_list_frame(&list, 92, FRONTEND_BASE - 50, 100);
	frontend_list_frame(&list, 93, FRONTEND_BASE, 100)->len_bytes = 99;
	frontend_list_frame(&list, 94, FRONTEND_BASE, 100)->flags = NET_TX_TCP_SEGMENTATION;
	cr_assert_eq(frontend_tx_all(&r.x.f, r.x.queues[0], &list, NULL, WAITER_PATIENCE_MS),
		     SENT + BAD);
	const struct expected want[] = {
		{NET_XDP_TX_ACCEPTED, SENT + BAD},
		{NET_XDP_TX_PACKETS, SENT},
		{NET_XDP_TX_BYTES, bytes},
		{NET_XDP_TX_DIRECT, SIMPLE + PIECES - joined},
		{NET_XDP_TX_BOUNCED,
		 CHECKSUM + VLAN + joined}, /* short ones, or the driver's limit */
		{NET_XDP_TX_SPLIT, 0},
		{NET_XDP_TX_VLAN, VLAN},
		{NET_XDP_TX_BOUNCE_SEGMENTS, joined},
		{NET_XDP_TX_BOUNCE_CHECKSUM, joined ? CHECKSUM : 0},
		{NET_XDP_TX_BOUNCE_VLAN, joined ? VLAN : 0},
		{NET_XDP_TX_BOUNCE_SHORT, joined ? 0 : CHECKSUM + VLAN},
		{NET_XDP_TX_SUM_ASKED, sums_asked},
		{NET_XDP_TX_SUM_MADE, CHECKSUM - sums_asked},
		{NET_XDP_TX_SEGMENTED, 0},
		{NET_XDP_TX_DROP_ADDRESS, 1},
		{NET_XDP_TX_DROP_MALFORMED, 1},
		{NET_XDP_TX_DROP_SIZE, 2},
		{NET_XDP_TX_DROP_OFFLOAD, 1},
		{NET_XDP_TX_DROP_SEALED, 0},
		{NET_XDP_TX_LOST, 0},
		{NET_XDP_TX_KERNEL_INVALID, 0},
		{NET_XDP_TX_UNKNOWN, 0},
		{NET_XDP_TX_NO_ROOM, 0},
	};

	expect_counters(&r, want, sizeof(want) / sizeof(*want));
	net_queue_stats(r.x.queues[0], &stats);
	cr_assert_eq(stats.tx_packets, SENT);
	cr_assert_eq(stats.tx_errors, BAD);
	cr_assert_eq(stats.tx_vlan_packets, VLAN);
	cr_assert(!stats.rx_packets && !stats.rx_errors);
	frontend_sleep_ms(50);
	cr_assert_eq(peer_drain(&r.peer), SENT);
	frontend_list_close(&list);
	rig_close(&r);
}

/* ---- 59 ------------------------------------------------------------------------------------------- */

enum { RSS_QUEUES = 4, RSS_FLOWS = 64 };

/* Send a frame of each flow through queue 0. got: how many arrived on each queue. */
static void steer(struct frontend *f, struct net_queue **queues, uint32_t *got)
{
	struct frontend_list list;

	frontend_list_open(&list, 1);
	for (uint32_t flow = 0; flow < RSS_FLOWS; flow++) {
		const struct frame_spec spec = {
			.ip_version = 4, .protocol = 17, .payload_bytes = 10, .seed = flow};
		uint64_t addr = FRONTEND_BASE + (1 << 20);
		struct frame frame;
		uint32_t id;

		frame_build(&frame, &spec);
		memcpy(frontend_at(f, addr, frame.len), frame.bytes, frame.len);
		frontend_list_clear(&list);
		frontend_list_frame(&list, flow, addr, frame.len);
		cr_assert_eq(frontend_tx_all(f, queues[0], &list, NULL, 1000), 1);
		for (uint32_t q = 0; q < RSS_QUEUES; q++) {
			if (!frontend_rx(f, queues[q], &id, 1))
				continue;
			frontend_expect_frame(f, id, frame.bytes, frame.len);
			frontend_post(f, queues[q], id, 1);
			got[q]++;
		}
	}
	frontend_list_close(&list);
}

// 59: RSS table entries out of range fall back to queue 0; a wrong key size is an error
CASE(59, loopback_bad_table_entries_mean_queue_zero)
{
	const uint16_t good[4] = {0, 1, 2, 3}, bad[4] = {4, 0xffff, 64, 1000};
	struct net_rss_config rss = {.key_bytes = 40, .table_entries = 4};
	struct net_queue *queues[RSS_QUEUES];
	struct net_queue_config configs[RSS_QUEUES] = {0};
	uint32_t got[2][RSS_QUEUES] = {0};
	struct net_endpoint *ep;
	struct frame_random random = frame_random(59);
	struct net_error err = {0};
	struct frontend f;
	uint8_t key[64];

	frame_random_bytes(&random, key, sizeof(key));
	rss.key = key;
	frontend_open(&f, 2 << 20, RSS_QUEUES * 8);
	frontend_layout(&f, 0, RSS_QUEUES * 8, FRONTEND_BASE, 2048, 0, 2048);
	cr_assert_eq(net_loopback_open(RSS_QUEUES, &ep, &err), 0);
	for (uint32_t size = 0; size <= 64; size++) {
		rss.key_bytes = size;
		rss.table = good;
		if (size == 40)
			continue;
		cr_assert_eq(net_endpoint_get_queues(ep, configs, 4, &rss, queues, &err), -EINVAL);
		cr_assert(strstr(err.message, "40"), "%s", err.message);
	}
	rss.key_bytes = 40;
	for (int round = 0; round < 2; round++) {
		rss.table = round ? bad : good;
		cr_assert_eq(net_endpoint_get_queues(ep, configs, 4, &rss, queues, &err), 0, "%s",
			     err.message);
		for (uint32_t q = 0; q < RSS_QUEUES; q++)
			frontend_post(&f, queues[q], q * 8, 8);
		steer(&f, queues, got[round]);
		for (uint32_t q = 0; q < RSS_QUEUES; q++) {
			cr_assert_eq(net_queue_destroy(queues[q], &err), 0);
			cr_assert_gt(got[0][q], 0, "queue %u got none of %d flows", q, RSS_FLOWS);
		}
	}
	cr_assert_eq(got[1][0], RSS_FLOWS, "%u of %d flows on queue 0", got[1][0], RSS_FLOWS);
	cr_assert_eq(net_endpoint_destroy(ep, &err), 0);
	frontend_close(&f);
}

// 59: an endpoint whose NIC steers by itself refuses a table, and works without
CASE(59, xdp_refuses_what_it_cannot_steer)
{
	const uint32_t queues = fixture_queues(2);
	const uint16_t table[4] = {0, 1, 0, 1};
	const uint8_t key[40] = {1};
	const struct net_rss_config rss = {
		.key = key, .key_bytes = 40, .table = table, .table_entries = 4};
	struct net_queue_config configs[2] = {0};
	struct net_endpoint_facts facts;
	struct net_queue *made[2];
	struct rig r;

	rig_open(&r, queues);
	net_endpoint_facts(r.x.ep, &facts);
	cr_assert(facts.rss_key_bytes == 0 && facts.rss_table_entries == 0);
	cr_assert_eq(net_endpoint_get_queues(r.x.ep, configs, queues, &rss, made, &r.x.err),
		     -EINVAL);
	cr_assert(r.x.err.step[0] && strlen(r.x.err.message) > 20, "%s", r.x.err.message);
	frontend_xdp_start(&r.x, queues, 64);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}
