// SPDX-License-Identifier: BSD-2-Clause
/* What a zero-copy driver does differently, against the fake kernel. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "support/fake_kernel.h"

enum { START = (int)0xfffffff0, IDS = 64, BYTES = 1 << 20 };

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
	fake_open(&r->k, c, &r->f, (uint32_t)START);
	r->q = &r->k.queue.base;
	snprintf(ep->device.driver, sizeof(ep->device.driver), "%s", driver);
	ep->device.rx_metadata_features = rx_metadata_features;
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
