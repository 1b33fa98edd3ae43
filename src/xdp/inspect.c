// SPDX-License-Identifier: BSD-2-Clause
/*
 * What an endpoint and its queues tell of themselves. Each fact is told once, by whom it belongs to: driver,
 * program and configuration by the endpoint, what bind got by the queue. Numbers that a running queue changes
 * are read once, each whole; the walk as a whole is no snapshot.
 */
#include <stdio.h>

#include "backend/inspect.h"
#include "host/kept.h"
#include "xdp/endpoint.h"
#include "xdp/report.h"

const char *queue_error(struct net_queue *queue)
{
	const struct net_xdp_queue *q = queue_of(queue);

	if (!__atomic_load_n(&q->failed, __ATOMIC_RELAXED))
		return "";
	if (endpoint_is_lost(q->endpoint) && q->endpoint->program_lost)
		return "the XDP program was detached or exchanged: destroy all queues, then call "
		       "get_queues";
	return "the device is gone: it was removed, or moved to another network namespace: destroy "
	       "all queues, then call get_queues when it is back";
}

struct teller {
	net_outstanding_fn *each;
	void *context;
};

/* A packet of its own record is told once, by that. */
static void tell_entry(void *context, const struct inflight_entry *entry)
{
	const struct teller *to = context;

	if (entry->record == INFLIGHT_NO_RECORD)
		to->each(to->context, false, entry->id);
}

static void tell_record(void *context, uint32_t id)
{
	const struct teller *to = context;

	to->each(to->context, false, id);
}

void queue_outstanding(struct net_queue *queue, net_outstanding_fn *each, void *context)
{
	const struct net_xdp_queue *q = queue_of(queue);
	struct teller to = {each, context};

	for (uint32_t id = 0; id < q->rx_ids.id_limit; id++)
		if (q->rx_ids.state[id] != RX_FRONTEND)
			each(context, true, id);
	for (uint32_t i = q->done_head; i != q->done_tail; i++)
		each(context, false, q->done[i & q->done_mask]);
	inflight_each(&q->tx_inflight, tell_entry, &to);
	tx_records_each(&q->tx_records, tell_record, &to);
}

/* ---- Inspect ---------------------------------------------------------------------------------- */

static void tell_rungs(struct net_inspector *to, const struct net_xdp_rung *rung, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		inspect_enter(to, "rung", (int)i);
		inspect_text(to, "asked", rung[i].asked);
		inspect_signed(to, "error", rung[i].error, "");
		inspect_text(to, "sentence", rung[i].sentence);
		inspect_leave(to);
	}
}

/* Asked, got, why not: what net_xdp_queue_report() has of the queue itself. */
static void tell_report(struct net_queue *queue, struct net_inspector *to)
{
	struct net_xdp_report r;

	net_xdp_queue_report(queue, &r);
	inspect_text(to, "interface", r.ifname);
	inspect_number(to, "hardware_queue", r.hardware_queue, "");
	inspect_flag(to, "zero_copy", r.zero_copy);
	inspect_flag(to, "multi_buffer", r.multi_buffer);
	inspect_flag(to, "unaligned", r.unaligned);
	inspect_flag(to, "rx_merge", queue_of(queue)->rx_merge);
	inspect_number(to, "chunk_bytes", r.chunk_bytes, "bytes");
	inspect_number(to, "direct_capacity_bytes", r.direct_capacity_bytes, "bytes");
	inspect_number(to, "tx_budget_frames", r.tx_budget_frames, "frames");
	inspect_number(to, "max_tx_descriptors", r.max_tx_descriptors, "descriptors");
	inspect_flag(to, "takes_frames", r.takes_frames);
	inspect_text(to, "frames_state", r.frames_state);
	inspect_text(to, "rx_checksum_state", r.rx_checksum_state);
	inspect_text(to, "tx_checksum_state", r.tx_checksum_state);
	inspect_text(to, "tx_segmentation_state", r.tx_segmentation_state);
	inspect_text(to, "tx_vlan_state", r.tx_vlan_state);
	inspect_flag(to, "busy_poll", r.busy_poll);
	inspect_number(to, "napi_id", r.napi_id, "");
	inspect_text(to, "napi_state", r.napi_state);
	inspect_signed(to, "target_cpu", r.target_cpu, "");
	inspect_text(to, "target_state", r.target_state);
	tell_rungs(to, queue_of(queue)->xsk.rung, queue_of(queue)->xsk.rung_count);
}

/* The entries between the two shared words of a ring. Either may move between the two loads. */
static void tell_ring(struct net_inspector *to, const char *name, const struct ring *r,
		      bool is_producer)
{
	uint32_t ours = __atomic_load_n(r->own, __ATOMIC_RELAXED);
	uint32_t theirs = __atomic_load_n(r->other, __ATOMIC_RELAXED);
	uint32_t level = is_producer ? ours - theirs : theirs - ours;

	inspect_enter(to, name, -1);
	inspect_number(to, "entries", r->entries, "entries");
	inspect_number(to, "level", level <= r->entries ? level : 0, "entries");
	if (is_producer)
		inspect_flag(to, "need_wakeup", ring_needs_wakeup(r));
	inspect_leave(to);
}

/* A word that the queue's thread writes as it likes: whole, because it is aligned, of any moment. */
__attribute__((no_sanitize("thread"))) static uint32_t glance(const uint32_t *word)
{
	return *(const volatile uint32_t *)word;
}

static void tell_ids(const struct net_xdp_queue *q, struct net_inspector *to)
{
	inspect_enter(to, "ids", -1);
	inspect_number(to, "rx_kernel", glance(&q->rx_ids.fifo.count) + glance(&q->rx_ids.strays),
		       "ids");
	inspect_number(to, "rx_pending", glance(&q->pending.count), "ids");
	inspect_number(to, "rx_waiting", glance(&q->waiting.count), "ids");
	inspect_number(to, "rx_private_chunks", glance(&q->rx_private_out), "chunks");
	inspect_number(to, "tx_descriptors",
		       glance(&q->tx_inflight.tail) - glance(&q->tx_inflight.head) +
			       glance(&q->tx_inflight.strays),
		       "descriptors");
	inspect_number(to, "tx_done", glance(&q->done_tail) - glance(&q->done_head), "ids");
	inspect_leave(to);
}

static void tell_counters(struct net_queue *queue, struct net_inspector *to)
{
	struct net_xdp_counter_info info;
	struct net_xdp_stats stats;
	int rc = net_xdp_queue_stats(queue, &stats);

	inspect_enter(to, "counters", -1);
	for (uint32_t i = 0; net_xdp_counter_info(i, &info) == 0; i++) {
		if (rc)
			inspect_unknown(to, info.name);
		else
			inspect_counter(to, info.name, stats.value[i], info.value_class, info.unit,
					info.meaning);
	}
	inspect_leave(to);
}

void queue_inspect(struct net_queue *queue, struct net_inspector *to)
{
	const struct net_xdp_queue *q = queue_of(queue);

	tell_report(queue, to);
	inspect_text(to, "last_error", queue_error(queue));
	inspect_enter(to, "rings", -1);
	tell_ring(to, "fill", &q->xsk.fill, true);
	tell_ring(to, "rx", &q->xsk.rx, false);
	tell_ring(to, "tx", &q->xsk.tx, true);
	tell_ring(to, "completion", &q->xsk.completion, false);
	inspect_leave(to);
	tell_ids(q, to);
	tell_counters(queue, to);
}

/* ---- The endpoint ----------------------------------------------------------------------------- */

static void tell_mac(const uint8_t mac[6], int index, struct net_inspector *to)
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	inspect_enter(to, "take_mac", index);
	inspect_text(to, "address", text);
	inspect_leave(to);
}

static void tell_config(const struct net_xdp_config *c, struct net_inspector *to)
{
	static const char *const modes[] = {"auto", "zero-copy", "copy"};
	static const char *const attaches[] = {"auto", "native", "generic"};
	static const char *const programs[] = {"link", "dispatcher"};
	static const char *const checksums[] = {"none", "report", "complete", "partial"};
	static const char *const tx_checksums[] = {"auto", "software"};

	inspect_enter(to, "config", -1);
	inspect_number(to, "first_queue", c->first_queue, "");
	inspect_number(to, "max_queues", c->max_queues, "queues");
	inspect_text(to, "mode", modes[c->mode]);
	inspect_text(to, "attach", attaches[c->attach]);
	inspect_text(to, "program", programs[c->program]);
	inspect_number(to, "max_frame_bytes", c->max_frame_bytes, "bytes");
	inspect_flag(to, "unaligned", c->unaligned);
	inspect_flag(to, "memory_as_is", c->memory_as_is);
	inspect_flag(to, "sealed", c->sealed);
	inspect_flag(to, "keep_umem", c->keep_umem);
	inspect_number(to, "chunk_bytes", c->chunk_bytes, "bytes");
	inspect_number(to, "private_rx_chunks", c->private_rx_chunks, "chunks");
	inspect_number(to, "private_tx_frames", c->private_tx_frames, "frames");
	inspect_number(to, "rx_ring_frames", c->rx_ring_frames, "frames");
	inspect_number(to, "tx_ring_frames", c->tx_ring_frames, "frames");
	inspect_number(to, "fill_ring_frames", c->fill_ring_frames, "frames");
	inspect_number(to, "completion_ring_frames", c->completion_ring_frames, "frames");
	inspect_number(to, "rx_id_limit", c->rx_id_limit, "ids");
	inspect_number(to, "take_mac_count", c->take_mac_count, "addresses");
	inspect_number(to, "keep_count", c->keep_count, "rules");
	inspect_text(to, "rx_checksum", checksums[c->rx_checksum]);
	inspect_flag(to, "rx_vlan", c->rx_vlan);
	inspect_text(to, "tx_checksum", tx_checksums[c->tx_checksum]);
	inspect_flag(to, "tx_segment_here", c->tx_segment_here);
	inspect_number(to, "busy_poll_us", c->busy_poll_us, "us");
	inspect_number(to, "busy_poll_budget", c->busy_poll_budget, "frames");
	inspect_number(to, "napi_defer_hard_irqs", c->napi_defer_hard_irqs, "polls");
	inspect_number(to, "gro_flush_timeout_ns", c->gro_flush_timeout_ns, "ns");
	inspect_number(to, "tx_timer_us", c->tx_timer_us, "us");
	inspect_number(to, "release_timeout_ms", c->release_timeout_ms, "ms");
	for (uint32_t i = 0; i < c->take_mac_count; i++)
		tell_mac(c->take_macs[i], (int)i, to);
	inspect_leave(to);
}

static void tell_device(const struct net_xdp_device *d, struct net_inspector *to)
{
	inspect_enter(to, "device", -1);
	inspect_text(to, "interface", d->ifname);
	inspect_number(to, "ifindex", d->ifindex, "");
	inspect_text(to, "driver", d->driver);
	inspect_number(to, "mtu_bytes", d->mtu_bytes, "bytes");
	inspect_number(to, "rx_queues", d->rx_queues, "queues");
	inspect_number(to, "tx_queues", d->tx_queues, "queues");
	if (d->has_features) {
		inspect_number(to, "xdp_features", d->xdp_features, "");
		inspect_number(to, "xsk_features", d->xsk_features, "");
	} else {
		inspect_unknown(to, "xdp_features");
		inspect_unknown(to, "xsk_features");
	}
	inspect_flag(to, "dma_per_page", d->dma_per_page);
	if (d->has_offloads)
		inspect_number(to, "offloads", d->offloads, "");
	else
		inspect_unknown(to, "offloads");
	inspect_leave(to);
}

static void tell_memory(const struct memory *m, struct net_inspector *to)
{
	inspect_enter(to, "memory", -1);
	inspect_number(to, "umem_bytes", m->bytes, "bytes");
	inspect_flag(to, "sealed", m->sealed);
	for (uint32_t i = 0; i < m->region_count; i++) {
		inspect_enter(to, "region", (int)i);
		inspect_number(to, "guest_addr", m->region[i].guest_addr, "");
		inspect_number(to, "bytes", m->region[i].bytes, "bytes");
		inspect_number(to, "umem_offset", m->region[i].offset, "bytes");
		inspect_number(to, "page_bytes", m->region[i].page_bytes, "bytes");
		inspect_leave(to);
	}
	inspect_leave(to);
}

/* The rules, and what each has kept; kept_by is NULL where nobody knows. */
static void tell_keep(const struct net_xdp_config *c, const uint64_t *kept_by,
		      struct net_inspector *to)
{
	char list[200], state[240] = "";

	kept_words(c, list, sizeof(list));
	if (c->keep_count)
		snprintf(state, sizeof(state), "%s: these frames go to the host", list);
	inspect_text(to, "keep_state", state);
	for (uint32_t i = 0; i < c->keep_count; i++) {
		char word[KEPT_WORD_BYTES];

		kept_word(&c->keep[i], word);
		inspect_enter(to, "keep", (int)i);
		inspect_text(to, "rule", word);
		if (kept_by)
			inspect_counter(to, "kept", kept_by[i], NET_CLASS_NOTE, "frames",
					"frames to the host: the first rule that they meet");
		else
			inspect_unknown(to, "kept");
		inspect_leave(to);
	}
}

static void tell_program(struct net_xdp_endpoint *ep, struct net_inspector *to)
{
	struct net_xdp_program_stats s;
	int rc = net_xdp_program_stats(&ep->base, &s);
	const struct {
		const char *name, *meaning;
		uint64_t value;
		enum net_field_class value_class;
	} counters[] = {
		{"redirected", "frames to a socket", s.redirected, NET_CLASS_TRAFFIC},
		{"passed", "frames to the host: their queue has no socket", s.passed,
		 NET_CLASS_NOTE},
		{"kept", "frames to the host: not for take_macs", s.kept, NET_CLASS_NOTE},
		{"dropped_too_long", "frames over max_frame_bytes", s.dropped_too_long,
		 NET_CLASS_RX_LOST},
		{"kept_by_rule", "frames to the host: they meet a rule of keep", s.kept_by_rule,
		 NET_CLASS_NOTE},
	};

	inspect_enter(to, "program", -1);
	inspect_flag(to, "native", ep->attached.program.native);
	inspect_flag(to, "dispatcher", ep->attached.program.dispatched != NULL);
	inspect_text(to, "vlan_state", report_vlan(ep).text);
	tell_rungs(to, ep->attached.program.rung, ep->attached.program.rung_count);
	for (unsigned i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
		if (rc)
			inspect_unknown(to, counters[i].name);
		else
			inspect_counter(to, counters[i].name, counters[i].value,
					counters[i].value_class, "frames", counters[i].meaning);
	}
	tell_keep(&ep->config, rc ? NULL : s.kept_by, to);
	inspect_leave(to);
}

void endpoint_inspect(struct net_endpoint *endpoint, struct net_inspector *to)
{
	struct net_xdp_endpoint *ep = endpoint_of(endpoint);

	inspect_facts(endpoint, to);
	tell_device(&ep->attached.device, to);
	tell_config(&ep->config, to);
	tell_memory(&ep->memory, to);
	tell_program(ep, to);
	inspect_text(to, "steer_state", ep->attached.steer_state);
	inspect_number(to, "queues_alive", __atomic_load_n(&ep->queues_alive, __ATOMIC_RELAXED),
		       "queues");
	inspect_flag(to, "link_up", __atomic_load_n(&ep->link_up, __ATOMIC_RELAXED));
}
