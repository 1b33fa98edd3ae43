// SPDX-License-Identifier: BSD-2-Clause
/* Steps that open, make queues and end them. */
#include <errno.h>
#include <string.h>

#include "model/model.h"

enum { INITIAL = 32 };

/* ---- Endpoint ------------------------------------------------------------------------------------- */

/* Nobody waits for what the model knows to stay. */
static bool go_on(void *context, const char *sentence)
{
	(void)sentence;
	return world_objection(context) == NULL;
}

static void configure(struct model *m)
{
	struct net_xdp_config *c = &m->config;
	struct frame_random *r = &m->random;

	*c = net_xdp_config_default();
	m->regions[0] = (struct net_xdp_region){
		.guest_addr = GUEST_BASE, .size_bytes = REGION_BYTES, .fd = m->fd};
	m->regions[1] = (struct net_xdp_region){
		.guest_addr = GUEST_BASE / 2, .size_bytes = MORE_BYTES, .fd = m->more_fd};
	c->ifname = "v0";
	c->max_queues = QUEUES;
	c->regions = m->regions;
	c->region_count = 1;
	c->rx_id_limit = IDS;
	c->sealed = frame_random_below(r, 6) == 0;
	c->unaligned = frame_random_below(r, 3) != 0;
	c->chunk_bytes = c->unaligned || frame_random_below(r, 2) ? 2048 : 4096;
	c->max_frame_bytes = c->sealed || frame_random_below(r, 5) ? 1518 : 3018;
	c->private_rx_chunks = 16u << frame_random_below(r, 4);
	c->private_tx_frames = 16u << frame_random_below(r, 4);
	c->rx_ring_frames = 64u << frame_random_below(r, 4);
	c->tx_ring_frames = 64u << frame_random_below(r, 4);
	c->fill_ring_frames = 64u << frame_random_below(r, 4);
	c->completion_ring_frames = c->tx_ring_frames << frame_random_below(r, 2);
	c->attach = frame_random_below(r, 4) ? NET_XDP_ATTACH_AUTO : NET_XDP_ATTACH_GENERIC;
	if (!c->sealed)
		c->rx_checksum = (enum net_xdp_rx_checksum)frame_random_below(r, 4);
	c->tx_checksum = (enum net_xdp_tx_checksum)frame_random_below(r, 2);
	c->tx_segment_here = frame_random_below(r, 2);
	c->keep_umem = frame_random_below(r, 3) == 0;
	c->release_timeout_ms = 20000;
	c->on_wait = go_on;
	c->on_wait_context = m;
	m->wrap_capture = frame_random_below(r, 3) == 0;
	m->wrap_cable = frame_random_below(r, 3) == 0;
	m->merge = frame_random_below(r, 3) == 0;
}

struct net_endpoint *control_inner(const struct model *m)
{
	struct net_endpoint *ep = m->ep;

	for (struct net_endpoint *in; ep && (in = net_endpoint_inner(ep));)
		ep = in;
	return ep == m->cable ? NULL : ep;
}

static void wrap(struct model *m)
{
	struct net_endpoint_facts facts;
	struct net_error err;
	int rc;

	if (m->wrap_cable) {
		net_endpoint_facts(m->ep, &facts);
		rc = net_disconnectable_open(&facts, &m->cable, &err);
		cr_assert(rc == 0, "%s", err.message);
		rc = net_disconnectable_connect(m->cable, m->ep, &err);
		cr_assert(rc == 0, "%s", err.message);
		m->ep = m->cable;
	}
	if (m->wrap_capture) {
		rc = net_capture_open(m->ep, &m->ep, &err);
		cr_assert(rc == 0, "%s", err.message);
	}
}

void control_open(struct model *m)
{
	struct net_error err = {0};
	struct shortage s;
	int rc;

	if (m->ep || m->world.renamed)
		return;
	configure(m);
	s = shortage_begin(m);
	rc = net_xdp_open(&m->config, &m->ep, &err);
	shortage_end(&s, rc, &err, "open");
	if (rc) {
		m->ep = NULL;
		return;
	}
	wrap(m);
	m->disturbed = m->world.is_new = false;
	net_endpoint_facts(m->ep, &m->facts);
	m->link_told = true;
}

void control_close(struct model *m)
{
	struct net_error err = {0};
	int rc;

	if (!m->ep)
		return;
	if (m->queues[0].q) {
		rc = net_endpoint_destroy(m->ep, &err);
		cr_assert(rc == -EBUSY, "destroy with a queue alive: %d", rc);
	}
	control_end_queues(m);
	if (m->capturing)
		net_capture_stop(m->ep);
	rc = net_endpoint_destroy(m->ep, &err);
	cr_assert(rc == 0, "destroy: %d: %s: %s", rc, err.step, err.message);
	rc = m->spare ? net_endpoint_destroy(m->spare, &err) : 0;
	cr_assert(rc == 0, "destroy the spare one: %d: %s: %s", rc, err.step, err.message);
	m->ep = m->cable = m->spare = NULL;
	m->capturing = false;
	m->made = 0;
}

/* ---- Queues --------------------------------------------------------------------------------------- */

static void end_queue(struct model *m, struct model_queue *q)
{
	struct net_error err = {0};
	int rc, owner = (int)data_index(m, q);

	if (!q->q)
		return;
	data_check_stats(m, q);
	data_check_outstanding(m, q);
	rc = net_queue_destroy(q->q, &err);
	cr_assert(rc == 0, "destroy of queue %d: %d: %s: %s", owner, rc, err.step, err.message);
	*q = (struct model_queue){0};
	for (uint32_t id = 0; id < IDS; id++)
		if (m->cells[id].owner == owner) {
			m->cells[id].owner = NOBODY;
			m->cells[id].delivered = false;
			guest_mark(m, id);
		}
	for (uint32_t s = 0; s < SLOTS; s++)
		if (m->slots[s].owner == owner)
			m->slots[s].owner = NOBODY;
}

void control_end_queues(struct model *m)
{
	for (uint32_t i = 0; i < QUEUES; i++)
		end_queue(m, &m->queues[i]);
}

/* Ids for a queue that is about to be made. Return: how many. */
static uint32_t give_initial(struct model *m, uint32_t index, uint32_t count, uint32_t seed,
			     uint32_t *ids)
{
	uint32_t n = 0;

	for (uint32_t id = 0; id < IDS && n < count; id++) {
		if (m->cells[id].owner != NOBODY)
			continue;
		guest_draw_buffer(m, id, seed + id);
		m->cells[id].owner = (int)index;
		ids[n++] = id;
	}
	return n;
}

static void settle_initial(struct model *m, struct model_queue *q, const uint32_t *ids,
			   uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct cell *c = &m->cells[ids[i]];

		q->refused += q->q && c->refused;
		if (c->refused || !q->q)
			c->owner = NOBODY;
		else
			c->marked = false;
		c->refused = false;
	}
}

/* Make queues first to first + count, all or one. */
static bool make_queues(struct model *m, uint32_t first, uint32_t count, uint32_t seed, bool one)
{
	struct net_queue_config configs[QUEUES] = {0};
	struct net_queue *made[QUEUES] = {0};
	uint32_t ids[QUEUES][INITIAL], n[QUEUES];
	struct net_error err = {0};
	struct shortage s;
	int rc;

	for (uint32_t i = 0; i < count; i++) {
		n[i] = give_initial(m, first + i, seed >> i * 4 & (INITIAL - 1), seed, ids[i]);
		configs[i] = (struct net_queue_config){.pool = &m->pool,
						       .initial_rx = ids[i],
						       .initial_rx_count = n[i],
						       .rx_merge = m->merge};
	}
	s = shortage_begin(m);
	rc = one ? net_endpoint_get_queue(m->ep, first, configs, made, &err)
		 : net_endpoint_get_queues(m->ep, configs, count, NULL, made, &err);
	shortage_end(&s, rc, &err, one ? "get_queue" : "get_queues");
	for (uint32_t i = 0; i < count; i++) {
		struct model_queue *q = &m->queues[first + i];

		q->q = rc ? NULL : made[i];
		q->is_bare = !rc && control_inner(m) == NULL;
		settle_initial(m, q, ids[i], n[i]);
	}
	m->world.is_new &= rc || !control_inner(m);
	return rc == 0;
}

bool control_get_queues(struct model *m, uint32_t count, uint32_t seed)
{
	bool ok;

	control_end_queues(m);
	ok = make_queues(m, 0, count, seed, false);
	m->made = ok ? count : 0;
	if (ok)
		m->disturbed = false;
	return ok;
}

/* One queue made again. It shares what its neighbours have, and may be told to restart as they. */
static void make_one(struct model *m, uint32_t seed)
{
	for (uint32_t i = 0; i < m->made; i++) {
		if (m->queues[i].q || m->disturbed)
			continue;
		make_queues(m, i, 1, seed, true);
		return;
	}
}

/* The same memory, with or without more. It is exchanged where no queue is alive. */
static void set_regions(struct model *m, uint32_t count)
{
	struct net_error err = {0};
	bool is_alive = false;
	struct shortage s;
	int rc;

	for (uint32_t i = 0; i < QUEUES; i++)
		is_alive |= m->queues[i].q && !m->queues[i].is_bare;
	if (!control_inner(m))
		return;
	s = shortage_begin(m);
	rc = net_xdp_set_regions(m->ep, m->regions, count, &err);
	if (is_alive && rc == -EBUSY)
		s.objection = "queues are alive";
	shortage_end(&s, rc, &err, "set_regions");
	cr_assert(!is_alive || rc, "memory exchanged under a queue");
	rc = net_xdp_unreleased(m->ep, 0, &err);
	cr_assert(rc == 0, "%d queues are not released", rc);
}

static void check_facts(const struct model *m)
{
	struct net_endpoint_facts now;

	net_endpoint_facts(m->ep, &now);
	cr_assert(now.tx_flags == m->facts.tx_flags && now.max_queues == m->facts.max_queues &&
			  now.is_ordered == m->facts.is_ordered &&
			  now.link_speed_bps == m->facts.link_speed_bps &&
			  now.tx_max_pieces == m->facts.tx_max_pieces,
		  "the facts are others now");
}

void control_actions(struct model *m)
{
	struct net_action action;
	int rc;

	check_facts(m);
	while ((rc = net_endpoint_poll_action(m->ep, &action)) == 1) {
		if (action.kind == NET_ACTION_LINK)
			continue;
		cr_assert(action.kind == NET_ACTION_RESTART_REQUIRED, "action %d", action.kind);
		cr_assert(m->disturbed, "a restart is required, and nothing has happened");
	}
	cr_assert(rc == 0, "poll_action: %s", strerror(-rc));
}

void control_step(struct model *m, const struct step *step)
{
	const uint32_t count = 1 + step->a % m->queue_count;

	if (step->kind == STEP_REOPEN)
		control_close(m);
	if (!m->ep)
		control_open(m);
	if (!m->ep)
		return;
	switch (step->kind) {
	case STEP_ACTIONS:
		control_actions(m);
		break;
	case STEP_STOP:
		cr_assert(net_endpoint_stop(m->ep) == 0 || m->queues[0].q || m->queues[1].q ||
				  m->queues[2].q || m->queues[3].q,
			  "stop without a queue");
		break;
	case STEP_END_QUEUE:
		end_queue(m, &m->queues[step->a % QUEUES]);
		break;
	case STEP_ONE_QUEUE:
		make_one(m, step->b);
		break;
	case STEP_REGIONS:
		set_regions(m, 1 + step->a % 2);
		break;
	case STEP_CAPTURE_ON:
		wrap_capture_on(m, step->b);
		break;
	case STEP_CAPTURE_OFF:
		wrap_capture_off(m);
		break;
	case STEP_CABLE_OUT:
		wrap_cable_out(m);
		break;
	case STEP_CABLE_IN:
		wrap_cable_in(m);
		break;
	default:
		control_get_queues(m, count, step->b);
	}
}
