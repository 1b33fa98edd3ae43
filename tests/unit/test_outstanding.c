// SPDX-License-Identifier: BSD-2-Clause
/* net_queue_outstanding() names each id that the queue holds, once. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/fake_kernel.h"

enum { IDS = 64, RX = FRONTEND_BASE, TX = FRONTEND_BASE + 512 * 1024 };

struct told {
	uint32_t rx[IDS], tx[256];
};

static void note(void *context, bool is_rx, uint32_t id)
{
	struct told *t = context;

	(is_rx ? t->rx : t->tx)[id]++;
}

static struct told ask(struct net_queue *q)
{
	struct told t = {0};

	net_queue_outstanding(q, note, &t);
	return t;
}

Test(outstanding, receive_ids_with_the_kernel_parked_and_waiting_are_named_once)
{
	struct net_xdp_config c = net_xdp_config_default();
	struct frontend f;
	struct fake_kernel k;
	struct told t;
	uint8_t frame[60];
	uint32_t id;

	c.fill_ring_frames = c.rx_ring_frames = 16; /* most are parked */
	frontend_open(&f, 1 << 20, IDS);
	frontend_layout(&f, 0, IDS, RX, 2048, 12, 2000);
	for (uint32_t i = 48; i < IDS; i++) /* these wait for a copy */
		frontend_set_buffer(&f, i, RX + i * 2048, 12, 200);
	fake_open(&k, c, &f, 0);
	t = ask(&k.queue.base);
	cr_assert_eq(t.rx[0], 0);
	frontend_post(&f, &k.queue.base, 0, IDS);
	t = ask(&k.queue.base);
	for (uint32_t i = 0; i < IDS; i++)
		cr_assert_eq(t.rx[i], 1, "id %u: %u", i, t.rx[i]);
	frame_plain(frame, 60, 1);
	while (!fake_receive(&k, frame, 60))
		;
	cr_assert_eq(frontend_rx(&f, &k.queue.base, &id, 1), 1);
	t = ask(&k.queue.base);
	for (uint32_t i = 0; i < IDS; i++)
		cr_assert_eq(t.rx[i], i != id);
	fake_close(&k);
	frontend_close(&f);
}

Test(outstanding, packets_of_each_kind_are_named_until_their_id_came_back)
{
	struct net_xdp_config c = net_xdp_config_default();
	struct frontend_list list;
	struct fake_kernel k;
	struct frontend f;
	struct fake_packet packet;
	uint32_t ids[8], sent = 0;
	struct told t;
	bool sync;

	frontend_open(&f, 1 << 20, IDS);
	fake_open(&k, c, &f, 0);
	frontend_list_open(&list, 64);
	for (uint32_t id = 0; id < 6; id++) {
		struct net_tx_metadata *m = frontend_list_frame(&list, id, TX + id * 4096, 60);

		if (id == 1) { /* of two descriptors */
			frontend_list_segment(&list, TX + id * 4096 + 2048, 60);
			m->segment_count = 2;
			m->len_bytes = 120;
		}
		if (id == 2) { /* from a copy */
			m->flags = NET_TX_VLAN;
		}
		if (id == 3) /* dropped, and completed at once */
			m->len_bytes = 61;
	}
	queue_set_tx(&k.queue, 18);
	cr_assert_eq(net_queue_tx_avail(&k.queue.base, &f.pool, list.segments, list.count, &sync),
		     (int)list.count);
	t = ask(&k.queue.base);
	for (uint32_t id = 0; id < 8; id++)
		cr_assert_eq(t.tx[id], id < 6, "id %u: %u", id, t.tx[id]);
	while (fake_transmit(&k, &packet)) {
		if (sent++ == 1) /* the last but one: the first of them become strays */
			continue;
		for (uint32_t d = 0; d < packet.descriptors; d++)
			fake_complete(&k, packet.address[d]);
	}
	fake_settle(&k);
	memset(&t, 0, sizeof(t));
	for (int n; (n = net_queue_tx_poll(&k.queue.base, &f.pool, ids, 8)) > 0;)
		for (int i = 0; i < n; i++)
			t.tx[ids[i]]++;
	for (uint32_t id = 0; id < 6; id++)
		cr_assert_eq(t.tx[id] + ask(&k.queue.base).tx[id], 1, "id %u", id);
	cr_assert_eq(ask(&k.queue.base).tx[1], 1, "of two descriptors, none completed");
	frontend_list_close(&list);
	fake_close(&k);
	frontend_close(&f);
}
