// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <string.h>

#include "support/frame.h"
#include "support/loop.h"
#include "support/wrapped.h"

void loop_start(struct loop *x, const struct net_rss_config *rss)
{
	struct net_queue_config configs[8] = {0};
	struct net_error err = {0};

	cr_assert(net_endpoint_get_queues(x->ep, configs, x->queue_count, rss, x->queues, &err) ==
			  0,
		  "%s", err.message);
}

void loop_open(struct loop *x, uint32_t queues, const struct net_rss_config *rss)
{
	struct net_error err = {0};

	memset(x, 0, sizeof(*x));
	x->queue_count = queues;
	frontend_open(&x->f, LOOP_MEMORY, LOOP_IDS);
	frontend_layout(&x->f, 0, LOOP_IDS, FRONTEND_BASE, LOOP_BUFFER, 12, 1000);
	frontend_list_open(&x->list, LOOP_IDS);
	cr_assert(net_loopback_open(8, &x->ep, &err) == 0, "%s", err.message);
	x->ep = wrapped(x->ep);
	loop_start(x, rss);
}

void loop_stop(struct loop *x)
{
	for (uint32_t i = 0; i < x->queue_count; i++) {
		if (x->queues[i])
			cr_assert(net_queue_destroy(x->queues[i], NULL) == 0);
		x->queues[i] = NULL;
	}
}

void loop_close(struct loop *x)
{
	loop_stop(x);
	cr_assert(net_endpoint_destroy(x->ep, NULL) == 0);
	frontend_list_close(&x->list);
	frontend_close(&x->f);
}

struct net_queue_stats loop_stats(struct net_queue *q)
{
	struct net_queue_stats stats;

	net_queue_stats(q, &stats);
	return stats;
}

struct net_tx_metadata *loop_put(struct loop *x, uint32_t place, uint32_t len, uint64_t seed)
{
	uint64_t addr = LOOP_TX_BASE + place * 1024;

	frame_plain(frontend_at(&x->f, addr, len), len, seed);
	return frontend_list_frame(&x->list, place, addr, len);
}

void loop_expect(struct loop *x, uint32_t id, uint32_t len, uint64_t seed)
{
	uint8_t want[2048];

	frame_plain(want, len, seed);
	frontend_expect_frame(&x->f, id, want, len);
}
