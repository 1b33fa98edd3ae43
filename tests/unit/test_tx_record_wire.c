// SPDX-License-Identifier: BSD-2-Clause
/* Transmit records in a queue: what the kernel gets, what tx_poll gives back and what is counted, of
 * a record that has several wire packets. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/fake_kernel.h"
#include "xdp/data/tx.h"

enum { START = (int)0xfffffff0, BYTES = 1 << 20, RING = 64, PACKETS = 4, HEADERS = 54 };

static struct fake_kernel
	*losing; /* each kick completes the next wire packet and does not send it */

static ssize_t lose_one(void)
{
	struct fake_packet packet;

	if (!losing || !fake_transmit(losing, &packet))
		return 0;
	for (uint32_t i = 0; i < packet.descriptors; i++)
		fake_complete(losing, packet.address[i]);
	fake_settle(losing);
	errno = EBUSY;
	return -1;
}

/* In place of the C library's, for the fake kernel's socket only. */
ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	return fd < 0 ? lose_one() : syscall(SYS_sendto, fd, bytes, len, flags, to, to_len);
}

struct rig {
	struct frontend f;
	struct fake_kernel k;
	struct net_queue *q;
};

static void rig_open(struct rig *r)
{
	struct net_xdp_config c = net_xdp_config_default();

	c.tx_ring_frames = c.completion_ring_frames = RING;
	c.private_tx_frames = 8;
	frontend_open(&r->f, BYTES, 1);
	frontend_poison(&r->f, 3);
	fake_open(&r->k, c, &r->f, (uint32_t)START);
	r->q = &r->k.queue.base;
	losing = NULL;
}

static void rig_close(struct rig *r)
{
	fake_close(&r->k);
	frontend_close(&r->f);
}

static uint64_t payload_of(uint32_t packet)
{
	return FRONTEND_BASE + 4096 + packet * 1000;
}

/* A record of several wire packets: each a slot with headers and a piece of the frontend's memory. */
static void send_record(struct rig *r, uint32_t id)
{
	struct net_xdp_queue *q = &r->k.queue;
	struct tx_draft d;

	cr_assert(tx_record_open(&d, &q->tx_records, &q->xsk.tx, &q->tx_inflight, id,
				 tx_room(q, 2 * PACKETS)));
	for (uint32_t i = 0; i < PACKETS; i++) {
		uint64_t slot = bounce_take(&q->tx_private), offset;

		memset(q->memory->base + slot, (int)(0x10 + i), HEADERS);
		cr_assert(memory_offset(q->memory, &q->tx_region, payload_of(i), 1000, &offset));
		tx_record_add_slot(&d, slot);
		cr_assert(tx_record_add_descriptor(&d, slot, HEADERS));
		cr_assert(tx_record_add_descriptor(&d, offset, 1000));
		tx_record_end_packet(&d);
	}
	cr_assert(tx_record_commit(&d));
	ring_publish(&q->xsk.tx);
}

static void send_single(struct rig *r, uint32_t id, uint64_t addr)
{
	struct net_tx_metadata meta = {.id = id, .segment_count = 1, .len_bytes = 60};
	struct net_tx_segment s = {.head = &meta, .addr = addr, .len_bytes = 60};
	bool sync;

	cr_assert_eq(net_queue_tx_avail(r->q, &r->f.pool, &s, 1, &sync), 1);
}

static void expect_id(struct rig *r, uint32_t id)
{
	uint32_t got[4];

	cr_assert_eq(net_queue_tx_poll(r->q, &r->f.pool, got, 4), 1);
	cr_assert_eq(got[0], id);
}

static void expect_none(struct rig *r)
{
	uint32_t id;

	cr_assert_eq(net_queue_tx_poll(r->q, &r->f.pool, &id, 1), 0);
}

static void expect_stats(struct rig *r, uint64_t packets, uint64_t errors)
{
	struct net_queue_stats s;

	net_queue_stats(r->q, &s);
	cr_assert_eq(s.tx_packets, packets, "%lu packets", s.tx_packets);
	cr_assert_eq(s.tx_errors, errors, "%lu errors", s.tx_errors);
}

Test(tx_record_wire, record_is_so_many_packets_on_the_wire_and_one_id)
{
	const uint64_t *c;
	struct fake_packet packet[PACKETS];
	struct rig r;

	rig_open(&r);
	c = r.k.queue.counter;
	for (uint32_t ordered = 0; ordered < 2; ordered++) {
		send_record(&r, 7 + ordered);
		for (uint32_t i = 0; i < PACKETS; i++) {
			cr_assert(fake_transmit(&r.k, &packet[i]));
			cr_assert_eq(packet[i].descriptors, 2);
			cr_assert_eq(packet[i].len, HEADERS + 1000);
			cr_assert_eq(packet[i].bytes[HEADERS - 1], 0x10 + i);
			cr_assert_eq(memcmp(packet[i].bytes + HEADERS,
					    frontend_at(&r.f, payload_of(i), 1000), 1000),
				     0);
		}
		for (uint32_t i = 0; i < PACKETS; i++) {
			const struct fake_packet *p = &packet[ordered ? i : PACKETS - 1 - i];

			expect_none(&r);
			fake_complete(&r.k, p->address[0]);
			fake_complete(&r.k, p->address[1]);
		}
		cr_assert_eq(c[NET_XDP_TX_PACKETS], ordered * PACKETS, "not read yet");
		expect_id(&r, 7 + ordered);
		cr_assert_eq(c[NET_XDP_TX_PACKETS], (ordered + 1) * PACKETS, "wire packets");
		cr_assert_eq(r.k.queue.tx_private.free_count, 8);
	}
	expect_stats(&r, 2 * PACKETS, 0);
	rig_close(&r);
}

/* The kernel loses wire packets, not records. What is lost is known at the kick, and counted as
 * neither sent nor twice when its completion is read. */
Test(tx_record_wire, lost_packets_of_a_record_are_counted_one_by_one)
{
	struct fake_packet packet;
	struct rig r;

	rig_open(&r);
	r.k.tx.flags = XDP_RING_NEED_WAKEUP;
	send_record(&r, 9);
	cr_assert(fake_transmit(&r.k, &packet)); /* this one is sent */
	fake_settle(&r.k);
	losing = &r.k;
	tx_push(&r.k.queue);
	losing = NULL;
	cr_assert_eq(r.k.queue.counter[NET_XDP_TX_LOST], PACKETS - 1);
	expect_stats(&r, 0, PACKETS - 1);
	expect_none(&r);
	expect_stats(&r, 0, PACKETS - 1);
	fake_complete(&r.k, packet.address[0]);
	fake_complete(&r.k, packet.address[1]);
	expect_id(&r, 9);
	expect_stats(&r, 1, PACKETS - 1);
	cr_assert_eq(r.k.queue.tx_lost_ahead, 0);
	send_single(&r, 10, FRONTEND_BASE);
	cr_assert(fake_transmit(&r.k, &packet));
	fake_complete(&r.k, packet.address[0]);
	expect_id(&r, 10);
	expect_stats(&r, 2, PACKETS - 1);
	rig_close(&r);
}

Test(tx_record_wire, packet_that_waits_for_several_slots_fits_when_all_are_back)
{
	struct net_xdp_queue *q;
	struct fake_packet packet;
	struct rig r;

	rig_open(&r);
	q = &r.k.queue;
	send_record(&r, 1);
	send_record(&r, 2);
	cr_assert_eq(q->tx_private.free_count, 0);
	q->tx_blocked = 2 * PACKETS;
	q->tx_blocked_frames = PACKETS;
	for (uint32_t i = 0; i < PACKETS; i++) {
		fake_settle(&r.k);
		expect_none(&r);
		cr_assert_not(tx_has_room(q));
		cr_assert(fake_transmit(&r.k, &packet));
		fake_complete(&r.k, packet.address[0]);
		fake_complete(&r.k, packet.address[1]);
	}
	expect_id(&r, 1);
	cr_assert(tx_has_room(q));
	q->tx_blocked_frames++;
	cr_assert_not(tx_has_room(q));
	rig_close(&r);
}

/* The record is done with when its descriptors are, whatever else is sent from the same memory. */
Test(tx_record_wire, memory_of_a_record_that_is_sent_once_more_is_the_other_packets)
{
	struct fake_packet packet;
	uint32_t ids[16];
	struct rig r;

	rig_open(&r);
	send_record(&r, 1);
	send_single(&r, 2, payload_of(0));
	while (fake_transmit(&r.k, &packet))
		for (uint32_t i = 0; i < packet.descriptors; i++)
			fake_complete(&r.k, packet.address[i]);
	fake_settle(&r.k);
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, 16), 2);
	cr_assert(ids[0] == 1 && ids[1] == 2, "%u, %u", ids[0], ids[1]);
	expect_none(&r);
	expect_stats(&r, PACKETS + 1, 0);
	rig_close(&r);
}
