// SPDX-License-Identifier: BSD-2-Clause
/* Over a loopback: wire packets and the buffers they find, and to which queue they go. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/loop.h"
#include "support/segment_loop.h"

static const struct segment_loop_buffers whole = {.capacity_bytes = SEGMENT_PACKET_MAX};

static struct segment_packet packet;
static uint8_t got[SEGMENT_PACKET_MAX];

/* ---- Buffers --------------------------------------------------------------------------------------- */

/* The first count of the oracle's wire packets arrived, and no other. */
static void expect_first(struct segment_loop *x, const struct segment_spec *spec, uint32_t count)
{
	struct segment_oracle oracle = segment_oracle_start(spec);
	static struct segment_packet want;
	char why[FRAME_WHY_BYTES];
	uint32_t len;

	for (uint32_t i = 0; i < count; i++) {
		cr_assert(segment_oracle_next(&oracle, &want));
		len = segment_loop_take(x, 0, got);
		cr_assert(frame_equal(got, len, want.bytes, want.len, why), "packet %u: %s", i,
			  why);
	}
	cr_assert(segment_loop_take(x, 0, got) == 0);
}

Test(loopback_offload, wire_packets_without_a_buffer_are_lost_and_counted)
{
	const struct segment_spec spec = segment_plain(6, 17, 1000, 100);
	struct segment_request request;
	struct net_queue_stats stats;
	struct segment_loop x;

	segment_loop_open(&x, &whole, NULL);
	segment_oracle_whole(&packet, &spec);
	request = segment_request(&packet, &spec);
	segment_loop_put(&x, packet.bytes, &request.meta, NULL, 0);
	segment_loop_send(&x, 0);
	stats = segment_loop_stats(&x, 0);
	cr_assert(stats.tx_packets == 10 && stats.rx_packets == 0 && stats.rx_errors == 10);
	frontend_post(&x.f, x.queues[0], 0, 7);
	segment_loop_send(&x, 0);
	expect_first(&x, &spec, 7);
	stats = segment_loop_stats(&x, 0);
	cr_assert(stats.tx_packets == 20 && stats.rx_packets == 7 && stats.rx_errors == 13);
	cr_assert(stats.tx_errors == 0);
	frontend_post(&x.f, x.queues[0], 7, 3);
	segment_loop_repost(&x, 0);
	segment_loop_send(&x, 0);
	segment_loop_expect(&x, 0, &spec, "with buffers");
	segment_loop_close(&x);
}

/* As many pieces as there can be, of as many segments. */
Test(loopback_offload, each_byte_a_segment_and_a_wire_packet, .timeout = 30)
{
	enum { HEADERS = 14 + 20 + 20, PAYLOAD = 65535 - 40 };
	const struct segment_spec spec = segment_plain(4, 6, PAYLOAD, 1);
	uint32_t *cuts = calloc(PAYLOAD, sizeof(*cuts));
	struct segment_request request;
	struct net_queue_stats stats;
	struct segment_loop x;

	cr_assert(cuts != NULL);
	for (uint32_t i = 0; i < PAYLOAD; i++)
		cuts[i] = HEADERS + i;
	segment_loop_open(&x, &whole, NULL);
	frontend_post(&x.f, x.queues[0], 0, SEGMENT_LOOP_IDS);
	segment_oracle_whole(&packet, &spec);
	request = segment_request(&packet, &spec);
	segment_loop_put(&x, packet.bytes, &request.meta, cuts, PAYLOAD);
	segment_loop_send(&x, 0);
	expect_first(&x, &spec, SEGMENT_LOOP_IDS);
	stats = segment_loop_stats(&x, 0);
	cr_assert(stats.tx_packets == PAYLOAD && stats.rx_errors == PAYLOAD - SEGMENT_LOOP_IDS);
	segment_loop_close(&x);
	free(cuts);
}

Test(loopback_offload, nothing_but_the_frames_changes)
{
	const struct segment_spec spec = segment_plain(6, 6, 5000, 536);
	struct net_tx_metadata *meta;
	struct loop x;

	loop_open(&x, 1, NULL);
	frontend_poison(&x.f, 1);
	segment_oracle_whole(&packet, &spec);
	memcpy(frontend_at(&x.f, LOOP_TX_BASE, packet.len), packet.bytes, packet.len);
	meta = frontend_list_packet(&x.list, 0);
	*meta = segment_request(&packet, &spec).meta;
	meta->len_bytes = 0;
	frontend_list_segment(&x.list, LOOP_TX_BASE, packet.len);
	frontend_snapshot(&x.f);
	frontend_post(&x.f, x.queues[0], 0, 16);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, LOOP_IDS) == 10);
	for (uint32_t i = 0; i < 10; i++) {
		cr_assert(frontend_metadata(&x.f, i)->len_bytes == (i < 9 ? 74 + 536 : 74 + 176));
		frontend_allow(&x.f, frontend_frame_addr(&x.f, i),
			       frontend_metadata(&x.f, i)->len_bytes);
	}
	cr_assert(frontend_first_change(&x.f) == 0, "changed at 0x%llx",
		  (unsigned long long)frontend_first_change(&x.f));
	loop_close(&x);
}

/* ---- Steering ---------------------------------------------------------------------------------------- */

/* Return: on which queue frames arrived, all of them: count. */
static uint32_t queue_of(struct segment_loop *x, uint32_t count)
{
	uint32_t found = SEGMENT_LOOP_QUEUES, n;

	for (uint32_t q = 0; q < SEGMENT_LOOP_QUEUES; q++) {
		for (n = 0; segment_loop_take(x, q, got); n++)
			;
		segment_loop_repost(x, q);
		if (!n)
			continue;
		cr_assert(n == count && found == SEGMENT_LOOP_QUEUES, "%u of %u on queue %u", n,
			  count, q);
		found = q;
	}
	cr_assert(found < SEGMENT_LOOP_QUEUES, "none came");
	return found;
}

/* In the frontend's packet the IP header's length is 0, so that it would have no ports. */
Test(loopback_offload, wire_packets_go_where_the_flow_goes_that_was_cut_before)
{
	const uint16_t table[SEGMENT_LOOP_QUEUES] = {0, 1, 2, 3};
	uint32_t flows[SEGMENT_LOOP_QUEUES] = {0};
	struct frame_random r = frame_random(8);
	struct net_rss_config rss = {.key_bytes = 40, .table = table, .table_entries = 4};
	struct segment_request request;
	struct segment_loop x;
	uint8_t key[40];

	frame_random_bytes(&r, key, sizeof(key));
	rss.key = key;
	segment_loop_open(&x, &whole, &rss);
	for (uint32_t q = 0; q < SEGMENT_LOOP_QUEUES; q++)
		frontend_post(&x.f, x.queues[q], 100 * q, 100);
	for (uint32_t flow = 0; flow < 32; flow++) {
		struct segment_spec spec = segment_plain(flow % 2 ? 4 : 6, 17, 3000, 1000);
		uint32_t home;

		spec.ports[0] = (uint16_t)frame_random_next(&r);
		segment_oracle_whole(&packet, &spec);
		segment_apply(&packet, &spec, SEGMENT_ZERO);
		request = segment_request(&packet, &spec);
		segment_loop_put(&x, packet.bytes, &request.meta, NULL, 0);
		segment_loop_send(&x, flow % 4);
		home = queue_of(&x, 3);
		flows[home]++;

		spec.mss = 0;
		spec.payload_bytes = 1000;
		segment_oracle_whole(&packet, &spec);
		request.meta = (struct net_tx_metadata){.len_bytes = packet.len};
		segment_loop_put(&x, packet.bytes, &request.meta, NULL, 0);
		segment_loop_send(&x, flow % 3);
		cr_assert(queue_of(&x, 1) == home, "flow %u", flow);
	}
	for (uint32_t q = 0; q < SEGMENT_LOOP_QUEUES; q++)
		cr_assert(flows[q], "queue %u got none", q);
	segment_loop_close(&x);
}

Test(loopback_offload, facts_offer_each_flag)
{
	struct net_endpoint_facts facts;
	struct segment_loop x;

	segment_loop_open(&x, &whole, NULL);
	net_endpoint_facts(x.ep, &facts);
	cr_assert_eq(facts.tx_flags, 2 * NET_TX_PARTIAL_CHECKSUM - 1);
	cr_assert_geq(facts.tx_max_pieces, 65495); /* of one byte each, IPv4 and TCP */
	segment_loop_close(&x);
}
