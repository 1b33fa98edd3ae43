// SPDX-License-Identifier: BSD-2-Clause
/* A guest that means harm, or memory in an unusual shape: lists of random numbers, bytes that change
 * while they are read, regions scattered over the address space. */
#include <pthread.h>
#include <string.h>

#include "support/conformance.h"
#include "support/tx_rig.h"

enum { SENTINEL_BYTES = 77 };

/* ---- Random lists ----------------------------------------------------------------------------- */

/* Numbers as an attacker would choose them: mostly near a limit. */
static uint64_t nasty(struct tx_rig *r, uint64_t limit)
{
	switch (frame_random_below(&r->random, 6)) {
	case 0:
		return limit + 1;
	case 1:
		return limit - frame_random_below(&r->random, 3);
	case 2:
		return UINT64_MAX - frame_random_below(&r->random, 100);
	case 3:
		return 0;
	default:
		return frame_random_below(&r->random, (uint32_t)(limit ? limit : 1));
	}
}

static uint64_t nasty_address(struct tx_rig *r)
{
	uint64_t base = frontend_xdp_tx_addr(&r->x, 1000);

	if (frame_random_below(&r->random, 3))
		return base + frame_random_below(&r->random, 1 << 20);
	return FRONTEND_BASE + nasty(r, FRONTEND_XDP_BYTES);
}

/* One packet; its metadata is right, or broken in one place or in several. */
static void add_random(struct tx_rig *r)
{
	static const uint16_t flags[] = {
		0,	     0,
		NET_TX_VLAN, NET_TX_IP_CHECKSUM | NET_TX_IPV4,
		0xffff,	     NET_TX_TCP_CHECKSUM | NET_TX_UDP_CHECKSUM,
	};
	struct net_tx_metadata *meta = frontend_list_packet(&r->list, 1);
	uint32_t segments = 1 + frame_random_below(&r->random, 25);

	for (uint32_t i = 0; i < segments; i++) {
		uint32_t len = frame_random_below(&r->random, 3000 / segments);

		if (frame_random_below(&r->random, 50) == 0)
			len = (uint32_t)nasty(r, 1518);
		frontend_list_segment(&r->list, nasty_address(r), len);
	}
	meta->flags = flags[frame_random_below(&r->random, 6)];
	meta->l2_len_bytes = (uint8_t)nasty(r, 14);
	meta->l3_len_bytes = (uint16_t)nasty(r, 60);
	meta->l4_len_bytes = (uint8_t)nasty(r, 60);
	meta->max_segment_bytes = (uint16_t)nasty(r, 1500);
	meta->vlan_tci = (uint16_t)nasty(r, 0xffff);
	if (frame_random_below(&r->random, 20) == 0)
		meta->segment_count = (uint16_t)nasty(r, segments);
	if (frame_random_below(&r->random, 20) == 0)
		meta->len_bytes = (uint32_t)nasty(r, meta->len_bytes);
	if (frame_random_below(&r->random, 50) == 0)
		r->list.segments[r->list.count - segments].head =
			NULL; /* tails of the packet before */
}

/* Look through what arrives for the sentinels first .. first + count, in this order. */
static void expect_sentinels(struct tx_rig *r, uint32_t first, uint32_t count)
{
	uint8_t got[FRAME_MAX_BYTES], want[SENTINEL_BYTES];

	for (uint32_t i = first; i < first + count; i++) {
		uint32_t n;

		frame_plain(want, sizeof(want), i);
		do {
			n = peer_receive(&r->peer, got, sizeof(got), TX_RIG_WAIT_MS);
			cr_assert(n > 0, "sentinel %u did not arrive", i);
		} while (n != sizeof(want) || memcmp(got, want, sizeof(want)) != 0);
	}
}

/* Offer all of it, again and again from where it was refused. Return: heads accepted. */
static uint32_t offer_all(struct tx_rig *r, uint32_t *completions)
{
	uint32_t heads = 0, at = 0, ids[64];
	bool sync;

	*completions = 0;
	while (at < r->list.count || *completions < heads) {
		uint32_t n = net_queue_tx_avail(r->q, &r->x.f.pool, r->list.segments + at,
						r->list.count - at, &sync);
		int got;

		cr_assert(!sync && n <= r->list.count - at);
		for (; n; n--)
			heads += r->list.segments[at++].head != NULL;
		got = net_queue_tx_poll(r->q, &r->x.f.pool, ids, 64);
		cr_assert_geq(got, 0);
		*completions += (uint32_t)got;
		cr_assert(got || *completions == heads ||
				  net_queue_wait(r->q, &r->x.f.pool, TX_RIG_WAIT_MS * 1000000ll) ==
					  1,
			  "stuck: %u of %u segments, %u of %u completions", at, r->list.count,
			  *completions, heads);
	}
	return heads;
}

static void random_lists(bool unaligned, bool sealed)
{
	uint8_t bytes[SENTINEL_BYTES];
	uint32_t completions, sentinel = 0;
	struct tx_rig r;

	tx_rig_prepare(&r, 1, 1500);
	r.x.config.unaligned = unaligned;
	r.x.config.sealed = sealed;
	r.x.config.tx_ring_frames = r.x.config.completion_ring_frames = 128;
	r.x.config.private_tx_frames = 16;
	tx_rig_start(&r, 1);
	for (uint32_t round = 0; round < 40; round++) {
		uint32_t first = sentinel, heads;

		frontend_list_clear(&r.list);
		for (; sentinel < first + 40; sentinel++) {
			frame_plain(bytes, sizeof(bytes), sentinel);
			frontend_list_frame(&r.list, 0, tx_rig_place(&r, bytes, sizeof(bytes)),
					    sizeof(bytes));
			for (uint32_t k = frame_random_below(&r.random, 8); k; k--)
				add_random(&r);
		}
		heads = offer_all(&r, &completions);
		cr_assert_eq(completions, heads);
		tx_rig_expect_collected(&r);
		expect_sentinels(&r, first, 40);
		peer_drain(&r.peer);
	}
	cr_assert(tx_rig_counter(&r, NET_XDP_TX_DROP_ADDRESS) > 100, "address");
	cr_assert(tx_rig_counter(&r, NET_XDP_TX_DROP_MALFORMED) > 100, "malformed");
	cr_assert(tx_rig_counter(&r, NET_XDP_TX_DROP_OFFLOAD) > 100, "offload");
	tx_rig_expect_counter(&r, NET_XDP_TX_KERNEL_INVALID, 0);
	tx_rig_close(&r);
}

CASE(37, random_lists_complete_each_head_once_and_good_packets_arrive)
{
	random_lists(true, false);
}

CASE(37, random_lists_with_aligned_chunks_complete_each_head_once)
{
	random_lists(false, false);
}

CASE(37, random_lists_on_a_sealed_endpoint_complete_each_head_once)
{
	random_lists(true, true);
}

/* ---- Memory that changes ---------------------------------------------------------------------- */

struct scribbler {
	pthread_t thread;
	uint8_t *at;
	uint32_t len;
	bool stop;
};

static void *scribble(void *argument)
{
	struct scribbler *s = argument;
	uint32_t n = 0;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		__atomic_store_n(&s->at[n % s->len], (uint8_t)(n / s->len), __ATOMIC_RELAXED);
		n++;
	}
	return NULL;
}

/* A packet is copied once, and what was copied is what is summed and sent. */
CASE(40, guest_that_writes_while_we_send_gets_a_checksum_of_what_was_sent)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 1300};
	struct scribbler s = {.len = 1300};
	struct frame f, got;
	struct tx_rig r;
	uint64_t addr;

	tx_rig_prepare(&r, 1, 1500);
	r.x.config.tx_checksum = NET_XDP_TX_CHECKSUM_SOFTWARE;
	tx_rig_start(&r, 1);
	frame_build(&f, &spec);
	addr = tx_rig_place(&r, f.bytes, f.len);
	got = f;
	s.at = frontend_at(&r.x.f, addr + f.len - s.len, s.len);
	for (uint32_t i = 0; i < 20; i++)
		*frontend_list_frame(&r.list, i, addr, f.len) =
			frame_metadata(&f, i, NET_TX_UDP_CHECKSUM);
	cr_assert_eq(pthread_create(&s.thread, NULL, scribble, &s), 0);
	for (uint32_t round = 0; round < 100; round++) {
		tx_rig_send_all(&r);
		for (uint32_t i = 0; i < 20; i++) {
			cr_assert_eq(peer_receive(&r.peer, got.bytes, f.len, TX_RIG_WAIT_MS),
				     f.len);
			cr_assert_eq(frame_read16(got.bytes, f.l4_field), frame_l4_checksum(&got),
				     "the checksum is of other bytes");
		}
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	cr_assert_eq(pthread_join(s.thread, NULL), 0);
	frontend_allow(&r.x.f, addr + f.len - s.len, s.len);
	tx_rig_close(&r);
}

/* ---- Regions ---------------------------------------------------------------------------------- */

CASE(25, segments_from_several_regions_up_to_their_first_and_last_byte)
{
	enum { REGION = 2 << 20 };
	const uint64_t regions[] = {0, FRONTEND_BASE * 4096, FRONTEND_BASE - REGION};
	struct tx_rig r;

	tx_rig_prepare(&r, 1, 1500);
	for (int i = 0; i < 3; i++)
		frontend_add_region(&r.x.f, regions[i], REGION, -1);
	tx_rig_start(&r, 1);
	for (uint32_t i = 0; i < 300; i++) {
		uint64_t a = regions[i % 3], b = regions[(i + 1) % 3] + REGION,
			 c = regions[(i + 2) % 3];

		frontend_list_packet(&r.list, i);
		frontend_list_segment(&r.list, a, 1 + i);
		frontend_list_segment(&r.list, b - 1 - i, 1 + i);
		frontend_list_segment(&r.list, c + 1000 * i + i % 7, 30);
		frontend_list_segment(&r.list, FRONTEND_BASE + i, 40);
	}
	tx_rig_send_all(&r);
	tx_rig_expect_wire(&r);
	frontend_list_clear(&r.list);
	/* One byte over each end. */
	for (int i = 0; i < 3; i++) {
		frontend_list_frame(&r.list, 1, regions[i] - 1, 60);
		if (regions[i] + REGION != FRONTEND_BASE)
			frontend_list_frame(&r.list, 1, regions[i] + REGION - 59, 60);
	}
	tx_rig_send_all(&r);
	peer_expect_silence(&r.peer, 20);
	tx_rig_expect_counter(&r, NET_XDP_TX_DROP_ADDRESS, r.list.packet_count);
	tx_rig_close(&r);
}
