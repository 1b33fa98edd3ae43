// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/frame.h"
#include "support/scratch.h"
#include "support/stub_rig.h"

#define MEMORY	(1u << 18)
#define BUFFER	1024u
#define TX_BASE (FRONTEND_BASE + STUB_IDS * BUFFER)

static void disconnectable(struct stub_rig *r)
{
	struct net_endpoint_facts facts;

	net_endpoint_facts(r->ep, &facts);
	cr_assert_eq(net_disconnectable_open(&facts, &r->disconnectable, NULL), 0);
	cr_assert_eq(net_disconnectable_connect(r->disconnectable, r->ep, NULL), 0);
	r->ep = r->disconnectable;
}

static void captured(struct stub_rig *r)
{
	struct net_capture_config config = net_capture_config_default();
	struct net_error err;

	scratch_path(r->path, sizeof(r->path), "stub");
	config.path = r->path;
	cr_assert_eq(net_capture_open(r->ep, &r->ep, &err), 0);
	cr_assert_eq(net_capture_start(r->ep, &config, &err), 0, "%s", err.message);
}

void stub_rig_open(struct stub_rig *r, enum stub_way way)
{
	memset(r, 0, sizeof(*r));
	frontend_open(&r->f, MEMORY, STUB_IDS);
	frontend_layout(&r->f, 0, STUB_IDS, FRONTEND_BASE, BUFFER, 12, 1000);
	frontend_list_open(&r->list, 1);
	frame_plain(frontend_at(&r->f, TX_BASE, 60), 60, 0);
	frontend_list_frame(&r->list, 0, TX_BASE, 60);
	r->ep = r->stub = stub_open();
	if (STUB_IS_DISCONNECTABLE(way))
		disconnectable(r);
	if (STUB_IS_CAPTURED(way))
		captured(r);
	stub_rig_get_queue(r);
}

void stub_rig_close(struct stub_rig *r)
{
	stub_rig_end_queue(r);
	cr_assert_eq(net_endpoint_destroy(r->ep, NULL), 0);
	frontend_list_close(&r->list);
	frontend_close(&r->f);
	if (*r->path)
		unlink(r->path);
}

void stub_rig_get_queue(struct stub_rig *r)
{
	struct net_queue_config config = {0};
	struct net_error err;

	cr_assert_eq(net_endpoint_get_queues(r->ep, &config, 1, NULL, &r->q, &err), 0, "%s",
		     err.message);
}

void stub_rig_end_queue(struct stub_rig *r)
{
	if (r->q)
		cr_assert_eq(net_queue_destroy(r->q, NULL), 0);
	r->q = NULL;
	for (uint32_t i = 0; i < STUB_IDS; i++)
		r->f.ids[i].posted = r->f.ids[i].delivered = false;
}

uint32_t stub_rig_len(uint64_t seed)
{
	return 60 + (uint32_t)seed * 17 % 900;
}

void stub_rig_arrive(struct stub_rig *r, uint64_t seed)
{
	stub_arrive(r->stub, stub_rig_len(seed), seed);
}

void stub_rig_expect(struct stub_rig *r, uint32_t count, uint64_t seed)
{
	uint8_t want[BUFFER];

	cr_assert_eq(frontend_rx_wait(&r->f, r->q, r->ids, count, 10000), count);
	for (uint32_t i = 0; i < count; i++) {
		frame_plain(want, stub_rig_len(seed + i), seed + i);
		frontend_expect_frame(&r->f, r->ids[i], want, stub_rig_len(seed + i));
	}
}
