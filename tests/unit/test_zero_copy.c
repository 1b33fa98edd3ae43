// SPDX-License-Identifier: BSD-2-Clause
/* What a zero-copy driver does differently, against the fake kernel. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/fake_kernel.h"

enum { START = (int)0xfffffff0, IDS = 64, BYTES = 1 << 20 };

#define JOIN                                                                                       \
	(FRONTEND_BASE + BYTES) /* a second region: no gap between them, here nor in the UMEM */

struct rig {
	struct frontend f;
	struct fake_kernel k;
	struct net_queue *q;
};

/* A zero-copy queue on this driver. Chunks that cross no page are direct. */
static void rig_open(struct rig *r, const char *driver, uint64_t rx_metadata_features)
{
	struct net_xdp_config c = net_xdp_config_default();
	struct net_xdp_endpoint *ep = &r->k.endpoint;

	c.rx_id_limit = IDS;
	frontend_open(&r->f, BYTES, IDS);
	frontend_add_region(&r->f, JOIN, BYTES, -1);
	fake_open(&r->k, c, &r->f, (uint32_t)START);
	r->q = &r->k.queue.base;
	snprintf(ep->attached.device.driver, sizeof(ep->attached.device.driver), "%s", driver);
	ep->attached.device.rx_metadata_features = rx_metadata_features;
	queue_set_facts(&r->k.queue, ep);
	queue_set_zero_copy(&r->k.queue, true);
}

static void rig_close(struct rig *r)
{
	fake_close(&r->k);
	frontend_close(&r->f);
}

/* Is a buffer with such a gap in front of the frame given to the driver as it is? */
static bool is_direct(struct rig *r, uint32_t id, uint32_t header_bytes)
{
	uint64_t bounced = r->k.queue.counter[NET_XDP_RX_BOUNCE_GAP];

	frontend_set_buffer(&r->f, id, FRONTEND_BASE + 8192 * (id + 1) + 1024, header_bytes, 1792);
	frontend_post(&r->f, r->q, id, 1);
	return r->k.queue.counter[NET_XDP_RX_BOUNCE_GAP] == bounced;
}

Test(zero_copy, virtio_net_needs_a_gap_for_its_own_header)
{
	struct rig r;

	rig_open(&r, "virtio_net", 0);
	cr_assert_not(is_direct(&r, 0, 0));
	cr_assert_not(is_direct(&r, 1, 11));
	cr_assert(is_direct(&r, 2, 12));
	rig_close(&r);
}

Test(zero_copy, virtio_net_with_hash_reports_needs_a_larger_gap)
{
	struct rig r;

	rig_open(&r, "virtio_net", 1 << 1);
	cr_assert_not(is_direct(&r, 0, 12));
	cr_assert_not(is_direct(&r, 1, 19));
	cr_assert(is_direct(&r, 2, 20));
	rig_close(&r);
}

Test(zero_copy, other_drivers_need_no_gap)
{
	struct rig r;

	rig_open(&r, "ice", 7);
	cr_assert(is_direct(&r, 0, 0));
	rig_close(&r);
}

Test(zero_copy, virtio_net_in_copy_mode_needs_no_gap)
{
	struct rig r;

	rig_open(&r, "virtio_net", 0);
	queue_set_zero_copy(&r.k.queue, false);
	cr_assert(is_direct(&r, 0, 0));
	rig_close(&r);
}

/* ---- Joins ------------------------------------------------------------------------------------ */

/* A buffer for frames at this guest address, posted and used for one frame. */
static void pass_at(struct rig *r, uint64_t data)
{
	static const uint8_t frame[] = "a frame for a buffer near a join";
	const struct net_xdp_queue *q = &r->k.queue;
	const uint64_t *counter = q->counter, capacity = q->direct_capacity;
	const uint64_t paged = counter[NET_XDP_RX_BOUNCE_PAGE], direct = counter[NET_XDP_RX_DIRECT];
	const uint64_t base = data - q->frame_offset, last = data + capacity - 1;
	const bool one_page = base / 4096 == last / 4096;
	const uint32_t id = 7;
	uint32_t back;

	frontend_set_buffer(&r->f, id, data, 0, (uint32_t)capacity);
	frontend_post(&r->f, r->q, id, 1);
	cr_assert_eq(counter[NET_XDP_RX_BOUNCE_PAGE] - paged, !one_page, "%ld from the join",
		     (long)(data - JOIN));
	cr_assert(fake_receive(&r->k, frame, sizeof(frame)));
	cr_assert_eq(frontend_rx(&r->f, r->q, &back, 1), 1);
	cr_assert_eq(counter[NET_XDP_RX_DIRECT] - direct, one_page);
	frontend_expect_frame(&r->f, id, frame, sizeof(frame));
}

/* Frames end at the join, begin at it, or their window reaches over it into the other region: none of
 * these windows is posted, all of these frames arrive. */
Test(zero_copy, windows_over_a_join_are_bounced_and_counted)
{
	struct rig r;
	uint32_t capacity;

	rig_open(&r, "ice", 0);
	capacity = r.k.queue.direct_capacity;
	for (uint64_t data = JOIN - capacity - 5000; data <= JOIN - capacity; data++)
		pass_at(&r, data);
	for (uint64_t data = JOIN; data < JOIN + 5000; data++)
		pass_at(&r, data);
	/* The guard page in front of the first region, and the private area behind the last. */
	for (uint64_t data = FRONTEND_BASE; data < FRONTEND_BASE + 1000; data++)
		pass_at(&r, data);
	for (uint64_t data = JOIN + BYTES - capacity - 1000; data <= JOIN + BYTES - capacity;
	     data++)
		pass_at(&r, data);
	cr_assert_eq(r.k.queue.counter[NET_XDP_RX_FRAMES], 5001 + 5000 + 1000 + 1001);
	rig_close(&r);
}

Test(zero_copy, buffer_over_a_join_is_refused)
{
	const uint32_t id = 7;
	struct rig r;
	uint32_t capacity;

	rig_open(&r, "ice", 0);
	capacity = r.k.queue.direct_capacity;
	frontend_set_buffer(&r.f, id, JOIN - capacity + 1, 0, capacity);
	cr_assert_eq(net_queue_rx_avail(r.q, &r.f.pool, &id, 1), 1);
	frontend_set_buffer(&r.f, id, JOIN - 1, 0, capacity);
	cr_assert_eq(net_queue_rx_avail(r.q, &r.f.pool, &id, 1), 1);
	cr_assert_eq(r.k.queue.counter[NET_XDP_RX_REFUSED_ADDRESS], 2);
	cr_assert_eq(fake_filled(&r.k), 0);
	rig_close(&r);
}

/* Segments to send end at the join, or reach over it. */
Test(zero_copy, sent_segments_at_a_join_are_whole_or_dropped)
{
	struct fake_packet packet;
	struct frontend_list list;
	uint32_t done = 0;
	struct rig r;

	rig_open(&r, "ice", 0);
	frontend_poison(&r.f, 1);
	frontend_list_open(&list, 4);
	frontend_list_frame(&list, 1, JOIN - 1000, 1000);
	frontend_list_frame(&list, 2, JOIN, 1000);
	frontend_list_frame(&list, 3, JOIN - 1000, 1001);
	cr_assert_eq(frontend_tx(&r.f, r.q, &list, 0, &done), 3);
	cr_assert(fake_transmit(&r.k, &packet));
	cr_assert_eq(packet.len, 1000);
	cr_assert_eq(memcmp(packet.bytes, frontend_at(&r.f, JOIN - 1000, 1000), 1000), 0);
	cr_assert(fake_transmit(&r.k, &packet));
	cr_assert_eq(memcmp(packet.bytes, frontend_at(&r.f, JOIN, 1000), 1000), 0);
	cr_assert_not(fake_transmit(&r.k, &packet));
	cr_assert_eq(r.k.queue.counter[NET_XDP_TX_DIRECT], 2);
	cr_assert_eq(r.k.queue.counter[NET_XDP_TX_DROP_ADDRESS], 1);
	frontend_list_close(&list);
	rig_close(&r);
}

/* One packet at a guest address: sent from there unless it crosses a page, else from a copy. */
static void send_at(struct rig *r, struct frontend_list *list, uint64_t addr, uint32_t len)
{
	const uint64_t *counter = r->k.queue.counter;
	const uint64_t paged = counter[NET_XDP_TX_BOUNCE_PAGE];
	const bool crosses = addr / 4096 != (addr + len - 1) / 4096;
	struct fake_packet packet;
	uint32_t done = 0;

	frontend_list_clear(list);
	frontend_list_frame(list, 5, addr, len);
	cr_assert_eq(frontend_tx(&r->f, r->q, list, 0, &done), 1);
	cr_assert_eq(counter[NET_XDP_TX_BOUNCE_PAGE] - paged, crosses, "%u bytes at 0x%lx", len,
		     (unsigned long)addr);
	cr_assert(fake_transmit(&r->k, &packet));
	cr_assert_eq(packet.len, len);
	cr_assert_eq(memcmp(packet.bytes, frontend_at(&r->f, addr, len), len), 0);
	fake_complete(&r->k, packet.address[0]);
	cr_assert_eq(net_queue_tx_poll(r->q, &r->f.pool, &done, 1), 1);
	cr_assert_eq(done, 5);
}

/* On pages of 4096 bytes the driver reads a frame of one descriptor from one page. */
Test(zero_copy, sent_packets_that_cross_a_page_are_bounced)
{
	struct frontend_list list;
	struct rig r;

	rig_open(&r, "ice", 0);
	r.k.queue.tx_max_descriptors = 1; /* zc-max-segs 1 */
	frontend_poison(&r.f, 1);
	frontend_list_open(&list, 1);
	for (uint64_t addr = FRONTEND_BASE; addr < FRONTEND_BASE + 8192; addr++)
		send_at(&r, &list, addr, 1514);
	for (uint32_t len = 14; len <= 1518; len++)
		send_at(&r, &list, FRONTEND_BASE + 8192 - 700, len);
	frontend_list_close(&list);
	rig_close(&r);
}

/* Two segments that each cross a multiple of 4096. Return: descriptors of the packet. */
static uint32_t send_two(struct rig *r, uint64_t region_of_first, uint64_t region_of_second)
{
	struct fake_packet packet;
	struct frontend_list list;
	uint32_t done = 0;

	frontend_list_open(&list, 2);
	frontend_list_packet(&list, 1);
	frontend_list_segment(&list, region_of_first + 4000, 200);
	frontend_list_segment(&list, region_of_second + 4000, 200);
	cr_assert_eq(frontend_tx(&r->f, r->q, &list, 0, &done), 2);
	cr_assert(fake_transmit(&r->k, &packet));
	frontend_list_close(&list);
	return packet.descriptors;
}

Test(zero_copy, sent_pieces_are_cut_by_the_pages_of_their_own_region)
{
	struct rig r;

	rig_open(&r, "ice", 0);
	r.k.endpoint.memory.region[1].page_bytes = 1ull << 62; /* all of it is one huge page */
	cr_assert_eq(send_two(&r, FRONTEND_BASE, FRONTEND_BASE), 4);
	cr_assert_eq(send_two(&r, FRONTEND_BASE, JOIN), 3);
	cr_assert_eq(send_two(&r, JOIN, FRONTEND_BASE), 3);
	cr_assert_eq(send_two(&r, JOIN, JOIN), 2);
	cr_assert_eq(send_two(&r, JOIN, JOIN), 2, "again, in the region used last");
	r.k.endpoint.memory.dma_per_page = true;
	cr_assert_eq(send_two(&r, JOIN, JOIN), 4, "an IOMMU maps small pages");
	rig_close(&r);
}

/* ---- Frames further back than usual ------------------------------------------------------------- */

/* Two buffers whose capacities differ; the driver shifts the first one's frame. Other drivers than igb
 * do so as well, and an XDP program that moves the frame's start. */
static void expect_shift(bool unaligned, uint32_t shift, uint32_t more)
{
	static const uint8_t frame[600] = "a frame that lies further back";
	struct net_xdp_config c = net_xdp_config_default();
	struct net_rx_metadata metadata;
	const uint32_t ids[] = {0, 1};
	struct net_xdp_queue *q;
	uint32_t back[2];
	uint64_t fill;
	struct rig r;

	c.unaligned = unaligned;
	c.chunk_bytes = unaligned ? 4096 : 2048;
	frontend_open(&r.f, BYTES, 2);
	fake_open(&r.k, c, &r.f, (uint32_t)START);
	q = &r.k.queue;
	queue_set_zero_copy(q, true);
	for (uint32_t id = 0; id < 2; id++)
		frontend_set_buffer(&r.f, id, FRONTEND_BASE + 8192 * id + q->frame_offset, 0,
				    q->direct_capacity + (id == 0 ? more : 0));
	frontend_post_ids(&r.f, &q->base, ids, 2);
	cr_assert_eq(fake_filled(&r.k), 2, "both are direct");
	cr_assert(fake_take_fill(&r.k, &fill));
	cr_assert(fake_receive_into(&r.k, fill, frame, sizeof(frame), 0, shift));
	cr_assert(fake_receive(&r.k, frame, sizeof(frame)));
	cr_assert_eq(frontend_rx(&r.f, &q->base, back, 2), 2);
	metadata = *frontend_metadata(&r.f, 0);
	cr_assert_eq(metadata.offset_bytes, shift, "offset %u of a frame at %u, capacity + %u",
		     metadata.offset_bytes, shift, more);
	cr_assert_eq(metadata.len_bytes, sizeof(frame));
	cr_assert_eq(memcmp(frontend_frame(&r.f, 0), frame, sizeof(frame)), 0);
	frontend_expect_frame(&r.f, 1, frame, sizeof(frame));
	rig_close(&r);
}

Test(zero_copy, shift_is_reported_whatever_the_capacities_differ_in)
{
	for (uint32_t shift = 0; shift <= 256; shift += shift ? shift : 1)
		for (uint32_t more = 0; more <= 4096; more += more ? more : 1) {
			expect_shift(true, shift, more);
			expect_shift(false, shift, more);
		}
	expect_shift(true, 16, 16 + 32);
	expect_shift(true, 48, 16);
}
