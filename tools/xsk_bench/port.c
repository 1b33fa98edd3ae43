/* SPDX-License-Identifier: BSD-2-Clause */
#include "port.h"
#include "say.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SMALLEST_MAX_FRAME 64 /* of the backend; its frames may be shorter */

uint32_t port_largest_frame(const struct options *opt)
{
	uint32_t usual = net_xdp_config_default().max_frame_bytes;

	if (!opt->frame_bytes || (options_send(opt) && opt->frame_bytes < usual))
		return usual;
	return opt->frame_bytes < SMALLEST_MAX_FRAME ? SMALLEST_MAX_FRAME : opt->frame_bytes;
}

/* A line for a person who wonders why nothing happens. The signals that are blocked end the wait. */
static bool on_wait(void *unused, const char *sentence)
{
	static char last[200];
	sigset_t signals;

	(void)unused;
	if (strcmp(last, sentence)) {
		snprintf(last, sizeof(last), "%s", sentence);
		say("%s", sentence);
	}
	return sigpending(&signals) || sigisemptyset(&signals);
}

uint32_t port_macs(const struct options *opt, const uint8_t own[6],
		   uint8_t macs[NET_XDP_TAKE_MACS][6])
{
	uint32_t count = opt->take_mac_count;

	memcpy(macs, opt->take_macs, count * sizeof(macs[0]));
	if (opt->take_own_mac)
		memcpy(macs[count++], own, sizeof(macs[0]));
	return count;
}

struct net_xdp_config port_config(const struct options *opt, const struct port *p, uint32_t rx_ids,
				  struct net_xdp_region *region)
{
	struct net_xdp_config c = net_xdp_config_default();
	struct net_xdp_chunk_limits chunk;

	c.ifname = p->ifname;
	c.first_queue = opt->first_queue;
	c.max_queues = opt->queue_count;
	c.regions = region;
	c.region_count = 1;
	c.sealed = opt->sealed;
	c.unaligned = !opt->aligned;
	if (opt->chunk_bytes)
		c.chunk_bytes = opt->chunk_bytes;
	c.max_frame_bytes = port_largest_frame(opt);
	/* Jumbo frames are gathered from private chunks: as many as the fill ring holds, twice. A size of
	 * chunks that there is not is for open to refuse. */
	if (net_xdp_get_chunk_limits(c.chunk_bytes, &chunk) == 0 &&
	    c.max_frame_bytes > chunk.copy_bytes && c.private_rx_chunks < 2 * opt->ring)
		c.private_rx_chunks = 2 * opt->ring;
	c.rx_ring_frames = opt->ring;
	c.tx_ring_frames = opt->ring;
	c.fill_ring_frames = opt->ring;
	c.completion_ring_frames = opt->ring;
	c.rx_id_limit = rx_ids;
	c.mode = (enum net_xdp_mode)opt->bind_mode;
	c.attach = (enum net_xdp_attach)opt->attach;
	c.program = opt->dispatcher ? NET_XDP_PROGRAM_DISPATCHER : NET_XDP_PROGRAM_LINK;
	memcpy(c.keep, opt->keep.rules, sizeof(c.keep));
	c.keep_count = opt->keep.count;
	c.take_mac_count = port_macs(opt, p->device.mac, c.take_macs);
	c.tx_checksum = (enum net_xdp_tx_checksum)opt->sums;
	c.tx_segment_here = opt->segment_here;
	/* Where the device takes tags out of the frames, they come out of band. */
	c.rx_vlan = opt->vlan && options_receive(opt) && p->device.has_offloads &&
		    p->device.offloads & NET_XDP_OFFLOAD_RX_VLAN;
	c.busy_poll_us = opt->busy_poll_us;
	c.napi_defer_hard_irqs = opt->napi_defer;
	c.gro_flush_timeout_ns = opt->napi_flush_us * 1000;
	c.on_wait = on_wait;
	return c;
}

int port_open(struct port *p, const struct net_xdp_config *config, struct net_error *err)
{
	int rc = net_xdp_open(config, &p->ep, err);

	if (rc) {
		p->ep = NULL;
		return rc;
	}
	net_endpoint_facts(p->ep, &p->facts);
	return 0;
}

int port_capture(struct port *p, const struct options *opt, struct net_error *err)
{
	struct net_capture_config config = net_capture_config_default();
	struct net_endpoint *outer;
	int rc = net_capture_open(p->ep, &outer, err);

	if (rc)
		return rc;
	p->ep = outer;
	config.path = opt->capture_path;
	config.interface = p->ifname;
	rc = net_capture_start(p->ep, &config, err);
	p->capturing = !rc;
	return rc;
}

int port_capture_end(struct port *p, const struct options *opt, struct net_error *err)
{
	int rc;

	if (!p->capturing)
		return 0;
	p->capturing = false;
	rc = net_capture_stop(p->ep);
	net_capture_get_stats(p->ep, &p->captured);
	if (rc) {
		err->code = rc;
		snprintf(err->step, sizeof(err->step), "capture");
		snprintf(
			err->message, sizeof(err->message),
			"--capture %.80s: writing ended early: %s; %llu frames are not in the file",
			opt->capture_path, strerror(-rc), (unsigned long long)p->captured.missed);
	}
	return rc;
}

int port_program(struct port *p, struct net_xdp_program_stats *out)
{
	const struct net_xdp_program_stats *base = &p->program_base;

	*out = (struct net_xdp_program_stats){0};
	if (!p->program_error)
		p->program_error = net_xdp_program_stats(p->ep, out);
	if (p->program_error) {
		*out = (struct net_xdp_program_stats){0};
		return p->program_error;
	}
	out->redirected -= base->redirected;
	out->passed -= base->passed;
	out->kept -= base->kept;
	out->kept_by_rule -= base->kept_by_rule;
	out->dropped_too_long -= base->dropped_too_long;
	return 0;
}

int port_start(struct port *p, struct pool *const *pools, uint32_t count, struct net_error *err)
{
	struct net_queue_config configs[BENCH_MAX_QUEUES] = {0};
	struct net_queue *queues[BENCH_MAX_QUEUES] = {0};
	struct net_xdp_program_stats now;
	int rc;

	for (uint32_t i = 0; i < count; i++) {
		configs[i].pool = &pools[i]->access;
		configs[i].initial_rx = pools[i]->ids;
		configs[i].initial_rx_count = pools[i]->shape.rx_count;
	}
	rc = net_endpoint_get_queues(p->ep, configs, count, NULL, queues, err);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < count; i++) {
		p->queues[i] = queues[i];
		/* From here on the stack holds free send buffers only. */
		pools[i]->free_count = pools[i]->shape.tx_count;
		for (uint32_t k = 0; k < pools[i]->shape.tx_count; k++)
			pools[i]->ids[k] = pools[i]->shape.rx_count + k;
	}
	p->queue_count = count;
	/* What reached a socket before the last queue was there will be received all the same. */
	if (!port_program(p, &now)) {
		p->program_base = now;
		p->program_base.redirected = 0;
	}
	return 0;
}

void port_tell(struct port *p)
{
	told_free(&p->told);
	told_take(&p->told, p->ep, p->queues, p->queue_count, &bench_options);
}

int port_close(struct port *p, struct net_error *err)
{
	struct net_error other;
	int rc, first = 0;

	if (!p->ep)
		return 0;
	port_tell(p);
	port_program(p, &p->program);
	for (uint32_t i = 0; i < p->queue_count; i++) {
		if (!p->queues[i])
			continue;
		rc = net_queue_destroy(p->queues[i], first ? &other : err);
		p->queues[i] = NULL;
		first = first ? first : rc;
	}
	rc = net_endpoint_destroy(p->ep, first ? &other : err);
	p->ep = NULL;
	return first ? first : rc;
}
