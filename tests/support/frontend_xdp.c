// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/fixture.h"
#include "support/frontend_xdp.h"
#include "support/wrapped.h"

enum { TX_PLACE_BYTES = 4096, RX_START_BYTES = 4096 };

void frontend_xdp_prepare(struct frontend_xdp *x, const char *ifname)
{
	memset(x, 0, sizeof(*x));
	frontend_open(&x->f, FRONTEND_XDP_BYTES, FRONTEND_XDP_IDS);
	x->config = net_xdp_config_default();
	x->config.ifname = ifname;
	x->config.mode = fixture_mode();
	x->config.max_queues = FRONTEND_XDP_QUEUES;
	if (x->config.rx_id_limit < FRONTEND_XDP_IDS)
		x->config.rx_id_limit = FRONTEND_XDP_IDS;
}

uint32_t frontend_xdp_layout(struct frontend_xdp *x, uint32_t header_bytes)
{
	uint32_t chunk = x->config.chunk_bytes, gap = 0, capacity = chunk - header_bytes;
	uint64_t room = x->f.regions[0].size_bytes / 2 - RX_START_BYTES;
	uint32_t count = (uint32_t)(room / chunk);

	if (count > x->f.id_count)
		count = x->f.id_count;
	if (!x->config.unaligned || !fixture_is_veth()) {
		/* The kernel decides where in its chunk a frame begins; none may cross a page. */
		gap = net_xdp_frame_offset(&x->config) - header_bytes;
		capacity = net_xdp_direct_capacity(&x->config);
	}
	frontend_layout(&x->f, 0, count, x->f.regions[0].guest_addr + RX_START_BYTES + gap, chunk,
			header_bytes, capacity);
	return count;
}

bool frontend_xdp_fits_page(const struct frontend_xdp *x, uint64_t addr, uint32_t header_bytes)
{
	uint64_t chunk =
		addr - x->f.regions[0].guest_addr + header_bytes - net_xdp_frame_offset(&x->config);

	return fixture_is_veth() ||
	       chunk % FIXTURE_HUGE_PAGE + x->config.chunk_bytes <= FIXTURE_HUGE_PAGE;
}

int frontend_xdp_try_open(struct frontend_xdp *x)
{
	int rc;

	if (!x->f.ids[0].buffer.capacity_bytes)
		frontend_xdp_layout(x, FRONTEND_XDP_HEADER_BYTES);
	for (uint32_t i = 0; i < x->f.region_count; i++)
		x->regions[i] = (struct net_xdp_region){
			.guest_addr = x->f.regions[i].guest_addr,
			.size_bytes = x->f.regions[i].size_bytes,
			.fd = x->f.regions[i].fd,
		};
	x->config.regions = x->regions;
	x->config.region_count = x->f.region_count;
	rc = net_xdp_open(&x->config, &x->ep, &x->err);
	if (!rc)
		x->ep = wrapped(x->ep);
	return rc;
}

void frontend_xdp_open(struct frontend_xdp *x)
{
	int rc = frontend_xdp_try_open(x);

	cr_assert(rc == 0, "open %s: %d: %s: %s", x->config.ifname, rc, x->err.step,
		  x->err.message);
}

int frontend_xdp_try_start(struct frontend_xdp *x, uint32_t queues, uint32_t buffers)
{
	struct net_queue_config configs[64] = {0};
	uint32_t *ids = calloc((size_t)queues * buffers + 1, sizeof(*ids));
	int rc;

	cr_assert(ids != NULL && queues <= 64 && (uint64_t)queues * buffers <= x->f.id_count,
		  "%u queues of %u buffers", queues, buffers);
	for (uint32_t i = 0; i < queues * buffers; i++)
		ids[i] = i;
	for (uint32_t i = 0; i < queues; i++)
		configs[i] = (struct net_queue_config){
			.pool = &x->f.pool,
			.initial_rx = ids + (size_t)i * buffers,
			.initial_rx_count = buffers,
			.rx_merge = x->rx_merge,
		};
	rc = net_endpoint_get_queues(x->ep, configs, queues, NULL, x->queues, &x->err);
	x->queue_count = rc ? 0 : queues;
	free(ids);
	return rc;
}

void frontend_xdp_start(struct frontend_xdp *x, uint32_t queues, uint32_t buffers)
{
	int rc = frontend_xdp_try_start(x, queues, buffers);

	cr_assert(rc == 0, "%u queues on %s: %d: %s: %s", queues, x->config.ifname, rc, x->err.step,
		  x->err.message);
}

void frontend_xdp_stop(struct frontend_xdp *x)
{
	int rc;

	for (uint32_t i = 0; i < x->queue_count; i++) {
		if (!x->queues[i])
			continue;
		rc = net_queue_destroy(x->queues[i], &x->err);
		cr_assert(rc == 0, "destroy queue %u: %d: %s: %s", i, rc, x->err.step,
			  x->err.message);
		x->queues[i] = NULL;
	}
	x->queue_count = 0;
	/* Nothing is with the backend any more, so any id may be posted again. */
	for (uint32_t i = 0; i < x->f.id_count; i++) {
		x->f.ids[i].posted = false;
		x->f.ids[i].delivered = false;
	}
}

void frontend_xdp_close(struct frontend_xdp *x)
{
	int rc;

	frontend_xdp_stop(x);
	rc = x->ep ? net_endpoint_destroy(x->ep, &x->err) : 0;
	cr_assert(rc == 0, "destroy the endpoint: %d: %s: %s", rc, x->err.step, x->err.message);
	x->ep = NULL;
	frontend_close(&x->f);
}

uint64_t frontend_xdp_tx_addr(const struct frontend_xdp *x, uint32_t i)
{
	const struct frontend_region *r = &x->f.regions[0];
	uint64_t at = r->size_bytes / 2 + (uint64_t)i * TX_PLACE_BYTES;

	cr_assert(at + TX_PLACE_BYTES <= r->size_bytes, "no place %u for a frame", i);
	return r->guest_addr + at;
}

struct net_xdp_stats frontend_xdp_stats(struct frontend_xdp *x, uint32_t queue)
{
	struct net_xdp_stats stats;

	cr_assert(net_xdp_queue_stats(x->queues[queue], &stats) == 0, "stats of queue %u", queue);
	if (!fixture_is_veth())
		stats.value[NET_XDP_RX_KERNEL_FILL_EMPTY] = 0;
	return stats;
}

uint64_t frontend_xdp_counter(struct frontend_xdp *x, uint32_t queue, enum net_xdp_counter counter)
{
	struct net_xdp_stats stats;

	cr_assert(net_xdp_queue_stats(x->queues[queue], &stats) == 0, "stats of queue %u", queue);
	return stats.value[counter];
}

struct net_xdp_report frontend_xdp_report(struct frontend_xdp *x, uint32_t queue)
{
	struct net_xdp_report report;

	cr_assert(net_xdp_queue_report(x->queues[queue], &report) == 0, "report of queue %u",
		  queue);
	return report;
}
