// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "net_slots.h"

/* Two slots of one loopback endpoint, through the public calls only. */
Test(slots, frame_sent_from_a_slot_arrives_in_another)
{
	struct net_slots *s;
	struct net_error err;
	struct net_endpoint *ep;
	struct net_queue *q;
	uint32_t id;
	bool sync;

	cr_assert_eq(net_slots_open(4, 2048, 12, &s, &err), 0, "%s", err.message);
	struct net_queue_config config = {
		.pool = net_slots_pool(s), .initial_rx = net_slots_ids(s), .initial_rx_count = 2};
	struct net_tx_metadata packet = {.id = 3, .len_bytes = 60, .segment_count = 1};
	struct net_tx_segment list = {net_slots_addr(s, 3), 60, &packet};

	cr_assert_eq(net_loopback_open(1, &ep, &err), 0);
	cr_assert_eq(net_endpoint_get_queues(ep, &config, 1, NULL, &q, &err), 0);
	memset(net_slots_frame(s, 3), 0x5a, 60);
	cr_assert_eq(net_queue_tx_avail(q, net_slots_pool(s), &list, 1, &sync), 1);
	cr_assert_eq(net_queue_rx_poll(q, net_slots_pool(s), &id, 1), 1);
	cr_assert_eq(id, 0);
	cr_assert_eq(net_slots_metadata(s, id)->len_bytes, 60);
	cr_assert_eq(memcmp(net_slots_frame(s, id), net_slots_frame(s, 3), 60), 0);
	cr_assert_eq(net_queue_destroy(q, &err), 0);
	cr_assert_eq(net_endpoint_destroy(ep, &err), 0);
	net_slots_close(s);
}

Test(slots, id_that_does_not_exist_is_refused_and_its_memory_is_none)
{
	struct net_slots *s;
	struct net_rx_buffer buffer;
	uint32_t id = 4;

	cr_assert_eq(net_slots_open(4, 4096, 0, &s, NULL), 0);
	struct net_buffer_access *pool = net_slots_pool(s);

	pool->ops->rx_buffers(pool, &id, 1, &buffer);
	cr_assert_eq(buffer.capacity_bytes, 0);
	cr_assert_eq(net_slots_bytes(s), 4 * 4096);
	cr_assert(pool->ops->memory(pool, 4 * 4096 - 1, 1) != NULL);
	cr_assert(pool->ops->memory(pool, 4 * 4096 - 1, 2) == NULL);
	cr_assert(pool->ops->memory(pool, UINT64_MAX, 2) == NULL);
	cr_assert(pool->ops->memory(pool, 0, UINT32_MAX) == NULL);
	net_slots_close(s);
}

Test(slots, open_with_impossible_sizes_is_refused_with_a_sentence)
{
	static const uint32_t rows[][3] = {
		{0, 2048, 0}, {1, 63, 0}, {1, 65537, 0}, {1, 2048, 2048}, {(1u << 24) + 1, 64, 0}};
	struct net_slots *s;
	struct net_error err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		err.message[0] = '\0';
		cr_assert_eq(net_slots_open(rows[i][0], rows[i][1], rows[i][2], &s, &err), -EINVAL);
		cr_assert(err.message[0], "row %zu", i);
	}
	net_slots_close(NULL);
}
