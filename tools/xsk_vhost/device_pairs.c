/* SPDX-License-Identifier: BSD-2-Clause */
/* Queue pairs come and go with what is set up. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "common/options_say.h"
#include "device.h"

static const char *const ring_names[DEVICE_RINGS] = {"receive", "transmit"};

static bool is_ready(const struct device *d, const struct device_ring *r)
{
	/* Without the protocol's own features a ring is enabled as it is started (vhost-user.rst, "Ring states"). A
	 * front end that disables it all the same may free it then. */
	bool enabled = r->is_enabled ||
		       (!(d->features & VIRTIO_BIT(VHOST_F_PROTOCOL_FEATURES)) && !r->is_disabled);

	return r->is_started && enabled && r->has_addresses && r->size;
}

static const void *translate(void *context, uint64_t gpa, uint64_t bytes)
{
	return guest_at(context, gpa, bytes);
}

static int open_ring(struct device *d, uint32_t index, uint32_t which, struct net_error *err)
{
	struct device_pair *p = &d->pairs[index];
	const struct device_ring *r = &p->set_up[which];
	struct inflight_queue *inflight = NULL;
	struct ring_config config;

	if (d->inflight.memory) {
		inflight = &p->inflight[which];
		int rc = inflight_queue_open(inflight, &d->inflight, index * DEVICE_RINGS + which,
					     r->size, err);

		if (rc)
			return rc;
	}
	config = (struct ring_config){
		.descriptors = guest_at_user(&d->memory, r->descriptors, r->size * 16ull),
		.avail = guest_at_user(&d->memory, r->avail, 6 + r->size * 2ull),
		.used = guest_at_user(&d->memory, r->used, 6 + r->size * 8ull),
		.size = r->size,
		.base = r->base,
		.event_idx = d->features & VIRTIO_BIT(VIRTIO_RING_F_EVENT_IDX),
		.indirect = d->features & VIRTIO_BIT(VIRTIO_RING_F_INDIRECT_DESC),
		.translate = translate,
		.translate_context = &d->memory,
		.inflight = inflight,
	};
	if (config.descriptors && config.avail && config.used)
		return ring_open(&p->ring[which], &config, err);
	err->code = -EFAULT;
	snprintf(err->step, sizeof(err->step), "ring");
	snprintf(err->message, sizeof(err->message),
		 "the %s ring of pair %u does not lie in the guest's memory", ring_names[which],
		 index);
	return -EFAULT;
}

static int start_worker(struct device *d, uint32_t index, struct net_error *err)
{
	struct device_pair *p = &d->pairs[index];
	const struct device_options *opt = d->opt;
	struct worker_config config = {
		.pair = &p->pair,
		.rx_kick_fd = p->set_up[DEVICE_RX].kick_fd,
		.tx_kick_fd = p->set_up[DEVICE_TX].kick_fd,
		.notify_fd = d->notify_fd,
		.cpu = opt->cpu_count ? (int)opt->cpus[index % opt->cpu_count] : -1,
	};
	int rc;

	p->pair.rx_call_fd = p->set_up[DEVICE_RX].call_fd;
	p->pair.tx_call_fd = p->set_up[DEVICE_TX].call_fd;
	rc = worker_start(&p->worker, &config, err);
	p->works = !rc;
	return rc;
}

static void stop_worker(struct device_pair *p)
{
	if (p->works)
		worker_stop(&p->worker);
	p->works = false;
}

/* One line about the queue that a pair got. */
static void say_start(struct device *d, uint32_t index, struct net_queue *queue)
{
	struct device_pair *p = &d->pairs[index];
	struct net_xdp_report report;

	if (net_xdp_queue_report(queue, &report))
		return;
	p->zero_copy = report.zero_copy;
	p->native = report.native;
	device_say(d, "pair %u on %s queue %u: %s, %s, buffers from %u bytes on are direct", index,
		   report.ifname, report.hardware_queue,
		   report.zero_copy ? "zero copy" : "copy mode",
		   report.native ? "native" : "generic", report.direct_capacity_bytes);
}

static void close_rings(struct device_pair *p)
{
	for (uint32_t i = 0; i < DEVICE_RINGS; i++) {
		if (p->ring[i].size)
			p->set_up[i].base = ring_base(&p->ring[i]);
		ring_close(&p->ring[i]);
	}
}

/* A NIC drops frames to other stations by itself; a veth does not. */
static const uint8_t *only_mac(const struct device *d)
{
	if (d->opt->promiscuous || !d->backend.device.is_virtual)
		return NULL;
	return d->opt->has_mac ? d->opt->mac : d->backend.device.mac;
}

static int start_pair(struct device *d, uint32_t index, struct net_error *err)
{
	struct device_pair *p = &d->pairs[index];
	struct pair_config config = {
		.memory = &d->memory,
		.rx = &p->ring[DEVICE_RX],
		.tx = &p->ring[DEVICE_TX],
		.features = d->features,
		.rx_call_fd = p->set_up[DEVICE_RX].call_fd,
		.tx_call_fd = p->set_up[DEVICE_TX].call_fd,
		.only_mac = only_mac(d),
	};
	bool has_queue, is_open = false;
	int rc = backend_start(&d->backend, index, &config.queue, err);

	has_queue = !rc;
	if (!rc)
		rc = pair_open(&p->pair, &config, err);
	is_open = !rc;
	if (!rc) {
		/* The report reads what the worker's data calls write. */
		say_start(d, index, config.queue);
		rc = start_worker(d, index, err);
	}
	if (!rc) {
		pthread_mutex_lock(&p->told);
		p->runs = true;
		p->starts++;
		pthread_mutex_unlock(&p->told);
		return 0;
	}
	if (has_queue)
		backend_stop(&d->backend, index, NULL);
	if (is_open)
		pair_close(&p->pair);
	close_rings(p);
	return rc;
}

/* The rings are the guest's affair, the queue is the interface's. Return: 0; -errno with err filled. */
static int start_rings(struct device *d, uint32_t index, struct net_error *err)
{
	struct device_pair *p = &d->pairs[index];
	int rc = open_ring(d, index, DEVICE_RX, err);

	if (!rc)
		rc = open_ring(d, index, DEVICE_TX, err);
	if (!rc)
		return 0;
	close_rings(p);
	p->is_over = true;
	d->broken_rings++;
	device_say(d, "pair %u does not start: %s", index, err->message);
	return rc;
}

static bool can_start(struct device *d, uint32_t index)
{
	struct device_pair *p = &d->pairs[index];

	if (p->is_ending)
		device_stop_pair(d, index);
	return !p->runs && !p->is_ending && !p->is_over && is_ready(d, &p->set_up[DEVICE_RX]) &&
	       is_ready(d, &p->set_up[DEVICE_TX]);
}

void device_start_pairs(struct device *d)
{
	struct net_error err = {0};
	int rc = 0;

	if (!d->has_memory || device_is_waiting(d))
		return;
	for (uint32_t i = 0; i < d->opt->pairs && !rc; i++) {
		if (!can_start(d, i) || start_rings(d, i, &err))
			continue;
		backend_set_guest(&d->backend, d->features & VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM),
				  d->features & VIRTIO_BIT(VIRTIO_NET_F_MRG_RXBUF));
		rc = start_pair(d, i, &err);
	}
	d->is_stuck = rc != 0;
	if (rc)
		options_say(&vhost_options, err.message, sizeof(err.message));
	if (rc && strncmp(d->said, err.message, sizeof(d->said) - 1))
		device_say(d, "the guest has no network: %s: %s", err.step, err.message);
	snprintf(d->said, sizeof(d->said), "%s", rc ? err.message : "");
	device_update_link(d);
}

bool device_is_free(struct device *d)
{
	struct net_error err;

	return backend_is_free(&d->backend, 0, &err);
}

static void keep_stats(struct device_pair *p)
{
	struct net_xdp_stats now;

	if (net_xdp_queue_stats(p->pair.queue, &now))
		return;
	for (uint32_t i = 0; i < NET_XDP_COUNTERS; i++)
		p->ended.value[i] += now.value[i];
}

int device_stop_pair(struct device *d, uint32_t index)
{
	struct device_pair *p = &d->pairs[index];
	struct net_error err = {0};

	if (p->runs) {
		stop_worker(p);
		pthread_mutex_lock(&p->told);
		keep_stats(p);
		p->runs = false;
		pthread_mutex_unlock(&p->told);
		if (backend_stop(&d->backend, index, &err) && err.code != -ETIMEDOUT)
			device_say(d, "%s: %s", err.step, err.message);
		p->is_ending = true;
	}
	if (!device_is_free(d))
		return DEVICE_NOT_YET;
	/* Only now are the buffers the guest's again. */
	if (p->is_ending) {
		pair_close(&p->pair);
		close_rings(p);
	}
	p->is_ending = false;
	return 0;
}

int device_stop_pairs(struct device *d)
{
	for (uint32_t i = 0; i < d->opt->pairs; i++)
		device_stop_pair(d, i);
	return device_is_free(d) ? 0 : DEVICE_NOT_YET;
}

void device_pause_pair(struct device *d, uint32_t index)
{
	stop_worker(&d->pairs[index]);
}

void device_resume_pair(struct device *d, uint32_t index)
{
	struct device_pair *p = &d->pairs[index];
	struct net_error err = {0};

	if (!p->runs || p->pair.end || start_worker(d, index, &err) == 0)
		return;
	device_say(d, "%s: %s", err.step, err.message);
	device_stop_pair(d, index);
}

void device_restart_pairs(struct device *d)
{
	device_stop_pairs(d);
	device_start_pairs(d);
}

/* A ring that is broken stays so until the guest has set it up anew. */
static void end_broken(struct device *d, uint32_t index)
{
	struct device_pair *p = &d->pairs[index];

	if (p->pair.end == PAIR_RING_BROKEN) {
		d->broken_rings++;
		device_say(d, "pair %u stops: %s", index, p->pair.sentence);
		for (uint32_t i = 0; i < DEVICE_RINGS; i++)
			if (ring_broken(&p->ring[i]) && p->set_up[i].error_fd >= 0)
				eventfd_write(p->set_up[i].error_fd, 1);
	}
	p->is_over = true;
	device_stop_pair(d, index);
}

void device_look_after_pairs(struct device *d)
{
	bool restart = false;

	for (uint32_t i = 0; i < d->opt->pairs; i++) {
		struct device_pair *p = &d->pairs[i];

		if (!p->runs || !worker_has_ended(&p->worker))
			continue;
		stop_worker(p);
		if (p->pair.end == PAIR_RING_BROKEN || p->pair.end == PAIR_RING_WITHDRAWN) {
			end_broken(d, i);
			continue;
		}
		device_say(d, "pair %u: %s", i, p->pair.sentence);
		restart = true;
	}
	if (restart)
		device_restart_pairs(d);
}

void device_pair_tell(struct device *d, uint32_t index, struct device_pair_told *out)
{
	struct device_pair *p = &d->pairs[index];
	struct net_xdp_stats now;

	/* The lock keeps the queue alive. */
	pthread_mutex_lock(&p->told);
	*out = (struct device_pair_told){.runs = p->runs, .starts = p->starts, .stats = p->ended};
	if (p->runs && !net_xdp_queue_stats(p->pair.queue, &now))
		for (uint32_t i = 0; i < NET_XDP_COUNTERS; i++)
			out->stats.value[i] += now.value[i];
	pthread_mutex_unlock(&p->told);
}
