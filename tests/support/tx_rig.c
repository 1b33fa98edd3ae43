// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/fixture.h"
#include "support/tx_rig.h"

void tx_rig_pin(unsigned int i)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(i % (unsigned int)cpus, &set);
	/* Where the CPU may not be chosen, order is only more at risk, not lost. */
	(void)sched_setaffinity(0, sizeof(set), &set);
}

void tx_rig_prepare(struct tx_rig *r, unsigned int queues, unsigned int mtu)
{
	memset(r, 0, sizeof(*r));
	fixture_enter(queues, mtu);
	frontend_xdp_prepare(&r->x, "v0");
	frontend_list_open(&r->list, TX_RIG_SEGMENTS);
	r->random = frame_random(queues * 100000 + mtu);
	tx_rig_pin(0);
}

void tx_rig_start(struct tx_rig *r, unsigned int queues)
{
	frontend_poison(&r->x.f, 17);
	r->cursor = frontend_xdp_tx_addr(&r->x, 0);
	frontend_xdp_open(&r->x);
	frontend_xdp_start(&r->x, queues, 0);
	r->q = r->x.queues[0];
	peer_open(&r->peer, "v1");
}

void tx_rig_open(struct tx_rig *r, uint32_t ring_frames)
{
	tx_rig_prepare(r, 1, 1500);
	r->x.config.tx_ring_frames = r->x.config.completion_ring_frames = ring_frames;
	tx_rig_start(r, 1);
}

void tx_rig_close(struct tx_rig *r)
{
	uint64_t changed;

	for (uint32_t i = 0; i < r->x.queue_count; i++)
		cr_assert(frontend_xdp_counter(&r->x, i, NET_XDP_TX_UNKNOWN) == 0,
			  "queue %u: completions of what was never sent", i);
	frontend_xdp_stop(&r->x);
	changed = frontend_first_change(&r->x.f);
	cr_assert(changed == 0, "the frontend's memory was written at 0x%llx",
		  (unsigned long long)changed);
	peer_close(&r->peer);
	frontend_list_close(&r->list);
	frontend_xdp_close(&r->x);
}

uint64_t tx_rig_place(struct tx_rig *r, const void *bytes, uint32_t len)
{
	const struct frontend_region *region = &r->x.f.regions[0];
	uint64_t end = region->guest_addr + region->size_bytes, addr;

	addr = r->cursor + frame_random_below(&r->random, 64);
	if (addr + len > end)
		addr = frontend_xdp_tx_addr(&r->x, 0) + frame_random_below(&r->random, 64);
	cr_assert(addr + len <= end, "no room for %u bytes", len);
	memcpy(frontend_at(&r->x.f, addr, len), bytes, len);
	frontend_allow(&r->x.f, addr, len);
	r->cursor = addr + len;
	return addr;
}

struct net_tx_metadata *tx_rig_scatter(struct tx_rig *r, uint32_t id, const void *bytes,
				       uint32_t len, uint32_t segments)
{
	struct net_tx_metadata *meta = frontend_list_packet(&r->list, id);
	const uint8_t *at = bytes;

	cr_assert(segments >= 1 && segments <= len, "%u bytes in %u segments", len, segments);
	while (segments > 1) {
		/* At least a byte for each of the rest, and on average an equal share. */
		uint32_t spare = len - segments, share = 2 * (spare / segments) + 1;
		uint32_t n =
			1 + frame_random_below(&r->random, share < spare + 1 ? share : spare + 1);

		frontend_list_segment(&r->list, tx_rig_place(r, at, n), n);
		at += n;
		len -= n;
		segments--;
	}
	frontend_list_segment(&r->list, tx_rig_place(r, at, len), len);
	return meta;
}

struct net_tx_metadata *tx_rig_add(struct tx_rig *r, uint32_t id, uint32_t len, uint32_t segments)
{
	uint8_t bytes[FRAME_MAX_BYTES];

	frame_plain(bytes, len, id);
	return tx_rig_scatter(r, id, bytes, len, segments);
}

void tx_rig_add_mixed(struct tx_rig *r, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t len = 30 + frame_random_below(&r->random, 1480);
		uint32_t pick = frame_random_below(&r->random, 8);

		tx_rig_add(r, i, len, pick == 6 ? 19 + i % 10 : pick == 5 ? 2 + i % 17 : 1);
	}
}

void tx_rig_send_all(struct tx_rig *r)
{
	uint32_t done = frontend_tx_all(&r->x.f, r->q, &r->list, NULL, TX_RIG_WAIT_MS);

	cr_assert(done == r->list.packet_count, "%u completions of %u packets", done,
		  r->list.packet_count);
}

uint32_t tx_rig_collect(struct tx_rig *r, uint32_t *ids, uint32_t count)
{
	int64_t deadline = frontend_now_ms() + TX_RIG_WAIT_MS;
	uint32_t got = 0;

	while (got < count && frontend_now_ms() < deadline) {
		int n = net_queue_tx_poll(r->q, &r->x.f.pool, ids + got, count - got);

		cr_assert(n >= 0, "tx_poll returned %d", n);
		got += (uint32_t)n;
		if (n == 0)
			net_queue_wait(r->q, &r->x.f.pool, 100000000);
	}
	return got;
}

void tx_rig_expect_collected(struct tx_rig *r)
{
	uint32_t id;

	cr_assert_eq(net_queue_tx_poll(r->q, &r->x.f.pool, &id, 1), 0, "a completion too many");
}

void tx_rig_expect_not_ready(struct tx_rig *r)
{
	(void)net_queue_poll_ready(r->q, &r->x.f.pool);
	cr_assert(!net_queue_poll_ready(r->q, &r->x.f.pool), "ready, but there is nothing to do");
}

uint32_t tx_rig_first_segment(const struct tx_rig *r, uint32_t packet)
{
	uint32_t at = 0;

	while (at < r->list.count && r->list.segments[at].head != &r->list.packets[packet])
		at++;
	return at;
}

/* The bytes of the packet that begins at segment *at, which moves on to the next one. */
static uint32_t gather(struct tx_rig *r, uint32_t *at, uint8_t *out)
{
	uint32_t len = 0;

	do {
		const struct net_tx_segment *s = &r->list.segments[(*at)++];

		if (s->len_bytes)
			memcpy(out + len, frontend_at(&r->x.f, s->addr, s->len_bytes),
			       s->len_bytes);
		len += s->len_bytes;
	} while (*at < r->list.count && !r->list.segments[*at].head);
	return len;
}

/* For the message of a failure: which packet of the list from first on these bytes are, -1 none. Lost
 * or overtaken, it is a later one. */
static int find_packet(struct tx_rig *r, uint32_t first, const uint8_t *bytes, uint32_t len)
{
	uint32_t at = tx_rig_first_segment(r, first);
	uint8_t other[FRAME_MAX_BYTES];

	for (uint32_t p = first; p < r->list.packet_count; p++)
		if (gather(r, &at, other) == len && memcmp(other, bytes, len) == 0)
			return (int)p;
	return -1;
}

void tx_rig_expect_packets(struct tx_rig *r, uint32_t first, uint32_t count)
{
	uint32_t at = tx_rig_first_segment(r, first);
	uint8_t got[FRAME_MAX_BYTES], want[FRAME_MAX_BYTES];
	char why[FRAME_WHY_BYTES];
	int came;

	for (uint32_t p = first; p < first + count; p++) {
		uint32_t len = gather(r, &at, want);
		uint32_t n = peer_receive(&r->peer, got, sizeof(got), TX_RIG_WAIT_MS);

		cr_assert(n > 0, "packet %u did not arrive", p);
		if (frame_equal(got, n, want, len, why))
			continue;
		came = find_packet(r, p, got, n);
		n = peer_receive(&r->peer, got, sizeof(got), 1000);
		cr_assert_fail("packet %u on the wire: %s; it is packet %d, and packet %d follows",
			       p, why, came, find_packet(r, p, got, n));
	}
}

void tx_rig_expect_wire(struct tx_rig *r)
{
	tx_rig_expect_packets(r, 0, r->list.packet_count);
	peer_expect_silence(&r->peer, 20);
}

uint64_t tx_rig_counter(struct tx_rig *r, enum net_xdp_counter counter)
{
	return frontend_xdp_counter(&r->x, 0, counter);
}

void tx_rig_expect_counter(struct tx_rig *r, enum net_xdp_counter counter, uint64_t value)
{
	uint64_t got = tx_rig_counter(r, counter);

	cr_assert(got == value, "%s is %llu, not %llu", net_xdp_counter_name(counter),
		  (unsigned long long)got, (unsigned long long)value);
}
