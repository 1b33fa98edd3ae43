// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>

#include "support/wrap_rig.h"

void wrap_rig_capture(struct rig *r, uint32_t queues)
{
	rig_open(r, queues);
	cr_assert_eq(net_capture_open(r->x.ep, &r->x.ep, &r->x.err), 0);
}

void wrap_rig_disconnectable(struct rig *r, uint32_t queues)
{
	struct net_endpoint *inner;
	struct net_endpoint_facts facts;

	rig_open(r, queues);
	inner = r->x.ep;
	net_endpoint_facts(inner, &facts);
	cr_assert_eq(net_disconnectable_open(&facts, &r->x.ep, &r->x.err), 0);
	cr_assert_eq(net_disconnectable_connect(r->x.ep, inner, &r->x.err), 0);
}
