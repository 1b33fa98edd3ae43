// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/capture_rig.h"
#include "support/frame.h"
#include "support/scratch.h"

#define MEMORY	(1u << 20)
#define BUFFER	1024u /* 12 of header, CAPTURE_RIG_CAPACITY behind */
#define TX_BASE (FRONTEND_BASE + 768 * 1024)

void capture_rig_open(struct capture_rig *r, uint32_t queues)
{
	struct net_queue_config configs[CAPTURE_RIG_QUEUES] = {0};
	struct net_endpoint *inner;
	struct net_error err = {0};

	memset(r, 0, sizeof(*r));
	r->queue_count = queues;
	frontend_open(&r->f, MEMORY, CAPTURE_RIG_IDS);
	frontend_layout(&r->f, 0, CAPTURE_RIG_IDS, FRONTEND_BASE, BUFFER, 12, CAPTURE_RIG_CAPACITY);
	frontend_list_open(&r->list, CAPTURE_RIG_IDS);
	cr_assert(net_loopback_open(CAPTURE_RIG_QUEUES, &inner, &err) == 0, "%s", err.message);
	cr_assert(net_capture_open(inner, &r->ep, &err) == 0, "%s", err.message);
	cr_assert(net_endpoint_get_queues(r->ep, configs, queues, NULL, r->queues, &err) == 0, "%s",
		  err.message);
	scratch_path(r->path, sizeof(r->path), "capture");
	r->config = net_capture_config_default();
	r->config.path = r->path;
}

void capture_rig_close(struct capture_rig *r)
{
	for (uint32_t i = 0; i < r->queue_count; i++)
		if (r->queues[i])
			cr_assert(net_queue_destroy(r->queues[i], NULL) == 0);
	cr_assert(net_endpoint_destroy(r->ep, NULL) == 0);
	frontend_list_close(&r->list);
	frontend_close(&r->f);
	unlink(r->path);
}

void capture_rig_start(struct capture_rig *r)
{
	struct net_error err = {0};

	cr_assert(net_capture_start(r->ep, &r->config, &err) == 0, "%s", err.message);
}

struct net_capture_stats capture_rig_stop(struct capture_rig *r)
{
	struct net_capture_stats stats;
	int rc = net_capture_stop(r->ep);

	cr_assert(rc == 0, "stop: %s", strerror(-rc));
	cr_assert(net_capture_get_stats(r->ep, &stats) == 0);
	return stats;
}

struct net_tx_metadata *capture_rig_put(struct capture_rig *r, uint32_t place, uint32_t len,
					uint64_t seed)
{
	uint64_t addr = TX_BASE + place * 1024;

	frame_plain(frontend_at(&r->f, addr, len), len, seed);
	return frontend_list_frame(&r->list, place, addr, len);
}

void capture_rig_pass(struct capture_rig *r, uint32_t queue)
{
	struct net_queue *q = r->queues[queue];
	uint32_t n = r->list.packet_count;

	cr_assert(frontend_tx_all(&r->f, q, &r->list, NULL, 1000) == n);
	cr_assert(frontend_rx(&r->f, q, r->ids, CAPTURE_RIG_IDS) == n);
	frontend_post_ids(&r->f, q, r->ids, n);
	frontend_list_clear(&r->list);
}

void capture_rig_expect(const struct read_packet *p, uint32_t len, uint64_t seed)
{
	uint8_t want[FRAME_MAX_BYTES];
	char why[FRAME_WHY_BYTES];

	frame_plain(want, len, seed);
	cr_assert(p->original_bytes == len, "%u bytes, not %u", p->original_bytes, len);
	cr_assert(frame_equal(p->bytes, p->captured_bytes, want, p->captured_bytes, why), "%s",
		  why);
}
