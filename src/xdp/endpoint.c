// SPDX-License-Identifier: BSD-2-Clause
/* The endpoint: opened, asked, destroyed. get_queues.c makes its queues. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/lifecycle.h"
#include "base/error.h"
#include "base/grow.h"
#include "host/netdev.h"
#include "host/rules.h"
#include "host/steer_plan.h"
#include "host/tx_ways.h"
#include "xdp/actions.h"
#include "xdp/config.h"
#include "xdp/endpoint.h"
#include "xdp/umem.h"

static const struct net_endpoint_ops endpoint_ops;

/* ---- Facts ------------------------------------------------------------------------------------ */

/* What packets may ask for, as far as is known before a bind: by the stricter rules where it may end in zero
 * copy. */
static void set_tx_facts(struct net_xdp_endpoint *ep)
{
	const struct net_xdp_config *c = &ep->config;
	const bool zero_copy =
		rules_may_zero_copy(c, &ep->attached.device, ep->attached.program.native);
	const struct tx_facts facts = {
		.config = c,
		.device = &ep->attached.device,
		.zero_copy = zero_copy,
		/* of interest where we cannot add up ourselves */
		.has_requests = c->sealed &&
				tx_ways_want_requests(c, &ep->attached.device,
						      ep->attached.program.native) &&
				umem_takes_requests(),
		.descriptors = rules_tx_descriptors(c, &ep->attached.device, true, zero_copy),
	};

	ep->facts.tx_flags = tx_ways_flags(&facts);
	ep->facts.tx_max_pieces = tx_ways_pieces(&facts);
}

static void set_facts(struct net_xdp_endpoint *ep)
{
	const struct net_xdp_device *d = &ep->attached.device;
	const struct net_xdp_config *c = &ep->config;
	/* The kernel binds to a queue that only receives, and then never sends what is in its ring. */
	uint32_t hardware = d->tx_queues;

	hardware = hardware > c->first_queue ? hardware - c->first_queue : 0;
	ep->facts = (struct net_endpoint_facts){
		.type = "xdp",
		.is_ordered = false,
		/* Copy mode completes inside the system call that sends. */
		.tx_fast_completions =
			c->mode == NET_XDP_MODE_COPY ||
			(d->has_features && !(d->xdp_features & NET_XDP_FEATURE_ZERO_COPY)),
		.max_queues = hardware < c->max_queues ? hardware : c->max_queues,
		.link_speed_bps = d->link_speed_bps,
	};
	set_tx_facts(ep);
}

static void endpoint_facts(struct net_endpoint *endpoint, struct net_endpoint_facts *out,
			   size_t size_bytes)
{
	const struct net_endpoint_facts *facts = &endpoint_of(endpoint)->facts;

	grow_out(out, size_bytes, facts, sizeof(*facts));
}

/* ---- Life -------------------------------------------------------------------------------------- */

static int stop(struct net_endpoint *endpoint)
{
	return endpoint_alive(endpoint_of(endpoint)) ? -EBUSY : 0;
}

/* The endpoint itself, or the one inside its wrappers. NULL: none of ours. */
static struct net_endpoint *find_ours(struct net_endpoint *endpoint)
{
	while (endpoint && endpoint->ops != &endpoint_ops)
		endpoint = net_endpoint_inner(endpoint);
	return endpoint;
}

int net_xdp_program_stats_sized(struct net_endpoint *endpoint, struct net_xdp_program_stats *out,
				size_t size_bytes)
{
	struct net_xdp_program_stats stats = {0};
	int rc;

	endpoint = find_ours(endpoint);
	if (!endpoint)
		return -EINVAL;
	rc = program_stats(&endpoint_of(endpoint)->attached.program,
			   endpoint_of(endpoint)->config.keep_count, &stats);
	if (!rc)
		grow_out(out, size_bytes, &stats, sizeof(stats));
	return rc;
}

/* ---- Regions ---------------------------------------------------------------------------------- */

static int replace_memory(struct net_xdp_endpoint *ep, const struct net_xdp_config *c,
			  struct net_error *err)
{
	struct memory fresh;
	int rc = net_xdp_config_check(c, err);

	if (!rc)
		rc = memory_open(&fresh, c, err);
	if (rc)
		return rc;
	fresh.dma_per_page = ep->memory.dma_per_page;
	keep_drop(ep);
	memory_close(&ep->memory);
	ep->memory = fresh;
	ep->config.region_count = c->region_count;
	return 0;
}

int net_xdp_set_regions(struct net_endpoint *endpoint, const struct net_xdp_region *regions,
			uint32_t count, struct net_error *err)
{
	struct net_endpoint *ours = find_ours(endpoint);
	struct net_xdp_endpoint *ep;
	struct net_xdp_config c;

	if (!ours)
		return error_set(err, -EINVAL, "memory", "this endpoint is not of AF_XDP");
	ep = endpoint_of(ours);
	if (endpoint_alive(ep))
		return error_set(
			err, -EBUSY, "memory",
			"%u of its queues are alive: destroy them, set the regions, then call "
			"get_queues",
			endpoint_alive(ep));
	c = ep->config;
	c.regions = regions;
	c.region_count = count;
	return replace_memory(ep, &c, err);
}

/* ---- Queues that were ended ------------------------------------------------------------------- */

int net_xdp_unreleased(struct net_endpoint *endpoint, uint32_t timeout_ms, struct net_error *err)
{
	struct deadline until = deadline_in(timeout_ms);
	struct net_xdp_endpoint *ep;
	char why[168];
	int left = 0;

	endpoint = find_ours(endpoint);
	if (!endpoint)
		return -EINVAL;
	ep = endpoint_of(endpoint);
	for (uint32_t i = 0; i < ep->config.max_queues; i++) {
		struct release *r = &ep->ended[i];

		if (!r->pending)
			continue;
		r->pending = release_wait(r, &ep->attached.witness, &until, why, sizeof(why)) != 0;
		left += r->pending;
		if (r->pending)
			error_set(err, -ETIMEDOUT, "release",
				  "%s queue %u is not free since its end: %s; keep its buffers out "
				  "of use",
				  ep->attached.device.ifname, r->hardware_queue, why);
	}
	return left;
}

/* ---- Open and destroy ------------------------------------------------------------------------- */

static void endpoint_free(struct net_xdp_endpoint *ep)
{
	attach_close(&ep->attached);
	actions_close(ep);
	memory_close(&ep->memory);
	pthread_mutex_destroy(&ep->sockets_lock);
	free(ep);
}

static int destroy(struct net_endpoint *endpoint, struct net_error *err)
{
	struct net_xdp_endpoint *ep = endpoint_of(endpoint);
	int rc = lifecycle_destroy(endpoint_alive(ep), err);
	struct netdev_left left;
	uint32_t patience;
	bool is_ours;
	int kept;

	/* libxdp detaches from the interface of that number in the caller's namespace. */
	if (!rc && ep->attached.program.dispatched)
		rc = attach_check_namespace(&ep->attached, "destroy", err);
	if (rc)
		return rc;
	patience = keep_drop(ep) ? ep->config.release_timeout_ms : 0;
	is_ours = maker_is_us(&ep->attached.program.maker);
	if (is_ours && net_xdp_unreleased(endpoint, patience, err) > 0)
		rc = -ETIMEDOUT;
	kept = attach_end(&ep->attached, is_ours && actions_left(ep, &left) ? &left : NULL,
			  rc ? NULL : err);
	endpoint_free(ep);
	return rc ? rc : kept;
}

static struct net_xdp_endpoint *endpoint_new(const struct net_xdp_config *config)
{
	struct net_xdp_endpoint *ep = aligned_alloc(XSK_LINE_BYTES, sizeof(*ep));

	if (!ep)
		return NULL;
	memset(ep, 0, sizeof(*ep));
	ep->base.ops = &endpoint_ops;
	ep->config = *config;
	snprintf(ep->name, sizeof(ep->name), "%s", config->ifname);
	ep->config.ifname = ep->name;
	if (config->steer && steer_take(&ep->steer, config->steer, NULL) == 0)
		ep->config.steer = &ep->steer;
	ep->umem_fd = ep->kept.xsk.fd = -1;
	pthread_mutex_init(&ep->sockets_lock, NULL);
	for (uint32_t i = 0; i < ENDPOINT_QUEUES; i++)
		ep->sockets[i] = -1;
	ep->action_fd = ep->events_fd = ep->removal_fd = ep->pulse_fd = ep->lost_fd = -1;
	attach_init(&ep->attached);
	return ep;
}

/* Watch the interface from now on, and read its state: in this order, no change in between is missed. */
static int watch(struct net_xdp_endpoint *ep, struct net_error *err)
{
	int rc = actions_watch(ep, err);

	if (rc)
		return rc;
	rc = netdev_link(&ep->attached.host, ep->attached.device.ifindex);
	ep->link_up = rc == 1;
	ep->link_lost = rc < 0; /* poll_action asks again */
	return 0;
}

/* The three phases are attach, memory, and bind, which is get_queues. Memory does not need to know what is
 * attached to: the frontend's mistakes there show before an interface is touched. */
int net_xdp_open(const struct net_xdp_config *config, struct net_endpoint **out,
		 struct net_error *err)
{
	struct net_xdp_config own;
	struct net_xdp_endpoint *ep;
	int rc = config_take(&own, config, err);

	if (!rc)
		rc = net_xdp_config_check(&own, err);
	if (rc)
		return rc;
	ep = endpoint_new(&own);
	if (!ep)
		return error_set(err, -ENOMEM, "open", "out of memory");
	rc = actions_open(ep);
	if (rc)
		error_set(err, rc, "events", "epoll and timer: %s%s", strerror(-rc),
			  error_hint(rc, CALL_OTHER).text);
	if (!rc)
		rc = memory_open(&ep->memory, &ep->config, err);
	if (!rc)
		rc = attach_open(&ep->attached, &ep->config, err);
	if (!rc)
		rc = watch(ep, err);
	if (rc) {
		endpoint_free(ep);
		return rc;
	}
	ep->memory.dma_per_page = ep->attached.device.dma_per_page;
	ep->config.regions = NULL; /* need not outlive this call */
	set_facts(ep);
	*out = &ep->base;
	return 0;
}

static const struct net_endpoint_ops endpoint_ops = {
	.size_bytes = sizeof(struct net_endpoint_ops),
	.facts = endpoint_facts,
	.get_queues = endpoint_get_queues,
	.get_queue = endpoint_get_queue,
	.stop = stop,
	.poll_action = actions_poll,
	.action_fd = actions_fd,
	.inspect = endpoint_inspect,
	.destroy = destroy,
};
