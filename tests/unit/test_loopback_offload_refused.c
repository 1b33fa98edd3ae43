// SPDX-License-Identifier: BSD-2-Clause
/* Over a loopback: requests that must be refused, and a guest that changes its headers. */
#include <string.h>

#include <criterion/criterion.h>

#include "support/conformance.h"
#include "support/segment_break.h"
#include "support/segment_loop.h"

static const struct segment_loop_buffers whole = {.capacity_bytes = SEGMENT_PACKET_MAX};

static struct segment_packet packet;
static uint8_t got[SEGMENT_PACKET_MAX];

/* ---- Refused ------------------------------------------------------------------------------------- */

static void mss_zero(struct net_tx_metadata *m)
{
	m->max_segment_bytes = 0;
}

static void l2_long(struct net_tx_metadata *m)
{
	m->l2_len_bytes = 255;
}

static void l3_past_the_packet(struct net_tx_metadata *m)
{
	m->l3_len_bytes = 65535;
}

static void l3_past_the_slot(struct net_tx_metadata *m)
{
	m->l3_len_bytes = SEGMENTER_HEADERS_MAX;
}

static void l4_lies(struct net_tx_metadata *m)
{
	m->l4_len_bytes += 4;
}

static void is_no_udp(struct net_tx_metadata *m)
{
	m->flags = NET_TX_UDP_SEGMENTATION;
}

static void is_both(struct net_tx_metadata *m)
{
	m->flags |= NET_TX_UDP_CHECKSUM;
}

static void is_other_version(struct net_tx_metadata *m)
{
	m->flags |= NET_TX_IPV6;
}

static void place_elsewhere(struct net_tx_metadata *m)
{
	m->flags |= NET_TX_PARTIAL_CHECKSUM;
	m->checksum_start_bytes = 20;
}

static void too_long(struct net_tx_metadata *m)
{
	m->len_bytes = 65535 + 14 + 1;
}

static void no_such_flag(struct net_tx_metadata *m)
{
	m->flags |= 2 * NET_TX_PARTIAL_CHECKSUM;
}

static void is_fragment(struct net_tx_metadata *m)
{
	(void)m;
	packet.bytes[20] |= 0x20;
}

static void has_syn(struct net_tx_metadata *m)
{
	(void)m;
	packet.bytes[14 + 20 + 13] |= 2;
}

static void length_lies(struct net_tx_metadata *m)
{
	(void)m;
	frame_write16(packet.bytes, 16, 41);
}

static const struct {
	const char *what;
	void (*spoil)(struct net_tx_metadata *m);
} faults[] = {
	{"mss of 0", mss_zero},
	{"L2 header of 255 bytes", l2_long},
	{"L3 header past the packet", l3_past_the_packet},
	{"L3 header past what is copied", l3_past_the_slot},
	{"L4 header of another length", l4_lies},
	{"UDP segmentation of TCP", is_no_udp},
	{"TCP and UDP", is_both},
	{"IPv4 and IPv6", is_other_version},
	{"checksum in the IP header", place_elsewhere},
	{"a byte too long", too_long},
	{"no such flag", no_such_flag},
	{"fragment", is_fragment},
	{"SYN", has_syn},
	{"another length in the IP header", length_lies},
};

// 71: malformed segmentation requests cost that packet
CASE(71, malformed_requests_are_dropped_and_counted_and_the_next_packet_arrives)
{
	const struct segment_spec spec = segment_plain(4, 6, 3000, 1000);
	struct segment_request request;
	struct segment_loop x;
	uint32_t i;

	segment_loop_open(&x, &whole, NULL);
	frontend_post(&x.f, x.queues[0], 0, 3);
	for (i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		segment_oracle_whole(&packet, &spec);
		request = segment_request(&packet, &spec);
		faults[i].spoil(&request.meta);
		segment_loop_put(&x, packet.bytes, &request.meta, NULL, 0);
		segment_loop_send(&x, 0);
		cr_assert(segment_loop_take(&x, 0, got) == 0, "%s", faults[i].what);
		cr_assert(segment_loop_stats(&x, 0).tx_errors == i + 1, "%s", faults[i].what);
		cr_assert(segment_loop_stats(&x, 0).tx_packets == 3 * i, "%s", faults[i].what);

		segment_oracle_whole(&packet, &spec);
		request = segment_request(&packet, &spec);
		segment_loop_put(&x, packet.bytes, &request.meta, NULL, 0);
		segment_loop_send(&x, 0);
		segment_loop_expect(&x, 0, &spec, faults[i].what);
	}
	cr_assert(segment_loop_stats(&x, 0).rx_errors == 0, "no buffer was used up");
	segment_loop_close(&x);
}

/* The next wire packets of s are those that arrived. Return: how many. */
static uint32_t expect_wire(struct segment_loop *x, const struct segmenter *s, uint32_t round)
{
	static uint8_t want[SEGMENT_PACKET_MAX];
	char why[FRAME_WHY_BYTES];
	uint32_t n = 0, len, got_len;

	for (; (got_len = segment_loop_take(x, 0, got)) != 0; n++) {
		cr_assert(n < s->pieces, "round %u: more than %u", round, n);
		len = segment_wire(s, packet.bytes, n, false, want);
		cr_assert(frame_equal(got, got_len, want, len, why), "round %u, packet %u: %s",
			  round, n, why);
	}
	segment_loop_repost(x, 0);
	return n;
}

static void expect_judged(struct segment_loop *x, struct frame_random *r,
			  struct segment_request *request, uint32_t round)
{
	const struct net_queue_stats before = segment_loop_stats(x, 0);
	struct net_queue_stats now;
	enum segmenter_verdict verdict;
	uint32_t pieces = 0, arrived;
	struct segmenter s = {0};

	request->max_frame_bytes = UINT32_MAX - 4;
	verdict = segment_judge_packet(&packet, request);
	if (!verdict) {
		segmenter_judge(&s, packet.bytes, packet.len, &request->meta,
				request->max_frame_bytes);
		pieces = s.pieces;
	}
	segment_loop_put_random(x, r, packet.bytes, &request->meta);
	segment_loop_send(x, 0);
	arrived = expect_wire(x, &s, round);
	now = segment_loop_stats(x, 0);
	cr_assert(arrived == (pieces < SEGMENT_LOOP_IDS ? pieces : SEGMENT_LOOP_IDS),
		  "round %u: %u of %u", round, arrived, pieces);
	cr_assert(now.tx_errors - before.tx_errors == (verdict != SEGMENTER_OK), "round %u", round);
	cr_assert(now.tx_packets - before.tx_packets == pieces, "round %u", round);
	cr_assert(now.rx_errors - before.rx_errors == pieces - arrived, "round %u", round);
}

// 71: lengths that lie, headers past the data: at random
CASE(71, packets_broken_at_random_arrive_as_the_segmenter_judges_or_not_at_all)
{
	struct frame_random r = frame_random(71);
	struct segment_loop x;
	uint32_t dropped;

	segment_loop_open(&x, &whole, NULL);
	frontend_post(&x.f, x.queues[0], 0, SEGMENT_LOOP_IDS);
	for (uint32_t round = 0; round < 6000; round++) {
		const struct segment_wish wish = {.segmented = round % 4 != 0,
						  .payload_most = round % 100 ? 300 : 4000};
		const struct segment_spec spec = segment_random(&r, wish);
		struct segment_request request;

		segment_oracle_whole(&packet, &spec);
		request = segment_request(&packet, &spec);
		segment_break_bytes(&packet, &r);
		segment_break_request(&packet, &r, &request);
		expect_judged(&x, &r, &request, round);
	}
	dropped = (uint32_t)segment_loop_stats(&x, 0).tx_errors;
	cr_assert(dropped > 1000 && dropped < 5000, "%u of 6000", dropped);
	segment_loop_close(&x);
}

/* ---- A guest that changes its headers -------------------------------------------------------------- */

static struct {
	void *(*memory)(struct net_buffer_access *pool, uint64_t addr, uint32_t len);
	uint64_t headers_addr;
	uint32_t headers_bytes, headers_asked;
} guest;

/* The headers were asked for twice, to see whether they are in the memory and to copy them: from then on each
 * look at the payload changes them. */
static void *changing_memory(struct net_buffer_access *pool, uint64_t addr, uint32_t len)
{
	uint8_t *headers = guest.memory(pool, guest.headers_addr, guest.headers_bytes);

	if (addr == guest.headers_addr)
		guest.headers_asked++;
	else if (guest.headers_asked >= 2)
		memset(headers, 0xff, guest.headers_bytes);
	return guest.memory(pool, addr, len);
}

Test(loopback_offload, headers_that_change_after_they_were_copied_change_nothing)
{
	const struct segment_spec spec = segment_plain(4, 6, 3000, 1000);
	struct net_buffer_access_ops ops;
	struct segment_request request;
	struct segment_loop x;
	uint32_t completed = 0;

	segment_loop_open(&x, &whole, NULL);
	frontend_post(&x.f, x.queues[0], 0, 3);
	segment_oracle_whole(&packet, &spec);
	request = segment_request(&packet, &spec);
	guest.headers_bytes = packet.l2_len + packet.l3_len + packet.l4_len;
	segment_loop_put(&x, packet.bytes, &request.meta, &guest.headers_bytes, 1);
	guest.headers_addr = x.list.segments[0].addr;
	ops = *x.f.pool.ops;
	guest.memory = ops.memory;
	ops.memory = changing_memory;
	x.f.pool.ops = &ops;
	cr_assert(frontend_tx(&x.f, x.queues[0], &x.list, 0, &completed) == 2 && completed == 1);
	cr_assert(*frontend_at(&x.f, guest.headers_addr, 1) == 0xff, "the guest changed nothing");
	segment_loop_expect(&x, 0, &spec, "changed");
	segment_loop_close(&x);
}
