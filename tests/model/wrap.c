// SPDX-License-Identifier: BSD-2-Clause
/* Steps of the wrappers: capture on and off, the cable out and in. */
#include <errno.h>
#include <string.h>

#include "model/model.h"

void wrap_capture_on(struct model *m, uint32_t seed)
{
	struct net_capture_config config = net_capture_config_default();
	struct net_error err = {0};
	struct shortage s;
	int rc;

	if (!m->wrap_capture)
		return;
	config.path = "/dev/null";
	config.buffer_bytes = 65536u << seed % 3;
	config.snap_bytes = 14 + seed % 2000;
	if (m->capturing) {
		rc = net_capture_start(m->ep, &config, &err);
		cr_assert(rc == -EBUSY, "a second start: %d", rc);
		return;
	}
	s = shortage_begin(m);
	rc = net_capture_start(m->ep, &config, &err);
	shortage_end(&s, rc, &err, "capture");
	m->capturing = rc == 0;
}

void wrap_capture_off(struct model *m)
{
	int rc;

	if (!m->wrap_capture)
		return;
	rc = net_capture_stop(m->ep);
	cr_assert(rc == (m->capturing ? 0 : -ENOENT), "the end of a capture: %d", rc);
	m->capturing = false;
}

static void take_spare(struct model *m)
{
	struct net_error err = {0};
	int rc;

	if (m->spare)
		return;
	rc = net_disconnectable_disconnect(m->cable, 0, &m->spare, &err);
	if (!rc)
		return;
	m->spare = NULL;
	cr_assert(rc == -ETIMEDOUT, "disconnect: %d: %s", rc, err.message);
}

void wrap_cable_out(struct model *m)
{
	if (!m->cable)
		return;
	m->disturbed = true;
	for (uint32_t i = 0; i < QUEUES; i++)
		m->queues[i].is_bare = true;
	take_spare(m);
}

void wrap_cable_in(struct model *m)
{
	struct net_error err = {0};
	int rc;

	if (!m->cable || control_inner(m))
		return;
	take_spare(m);
	if (!m->spare)
		return; /* the queues on it must go first */
	rc = net_disconnectable_connect(m->cable, m->spare, &err);
	if (rc == -EBUSY)
		return;
	cr_assert(rc == 0, "connect: %d: %s", rc, err.message);
	m->spare = NULL;
	m->disturbed = true;
}
