// SPDX-License-Identifier: BSD-2-Clause
/* What a queue tells of itself: statistics, and asked, got, why not. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/grow.h"
#include "host/offload.h"
#include "host/rx_ways.h"
#include "xdp/endpoint.h"
#include "xdp/report.h"
#include "xdp/socket.h"

/* ---- Statistics ------------------------------------------------------------------------------- */

static uint64_t sum(const struct net_xdp_queue *q, enum net_field_class of)
{
	struct net_xdp_counter_info info;
	uint64_t total = 0;

	for (uint32_t i = 0; net_xdp_counter_info(i, &info) == 0; i++)
		total += info.value_class == of ? count_read(&q->counter[i]) : 0;
	return total;
}

/* In any thread. */
void queue_stats(struct net_queue *queue, struct net_queue_stats *out, size_t size_bytes)
{
	const struct net_xdp_queue *q = queue_of(queue);
	const uint64_t *c = q->counter;
	/* In this order: see count_lost(). */
	uint64_t lost = __atomic_load_n(&c[NET_XDP_TX_LOST], __ATOMIC_ACQUIRE);
	uint64_t ahead = __atomic_load_n(&q->tx_lost_ahead, __ATOMIC_ACQUIRE);
	const struct net_queue_stats stats = {
		.rx_packets = count_read(&c[NET_XDP_RX_FRAMES]),
		.tx_packets =
			count_read(&c[NET_XDP_TX_PACKETS]) - (lost > ahead ? lost - ahead : 0),
		.rx_errors = sum(q, NET_CLASS_RX_LOST),
		.tx_errors = sum(q, NET_CLASS_TX_LOST),
		.rx_vlan_packets = count_read(&c[NET_XDP_RX_VLAN]),
		.tx_vlan_packets = count_read(&c[NET_XDP_TX_VLAN]),
	};

	grow_out(out, size_bytes, &stats, sizeof(stats));
}

/* The queue itself, or the one inside its wrappers. NULL: none of ours. */
static struct net_queue *find_ours(struct net_queue *queue)
{
	while (queue && queue->ops != &queue_ops)
		queue = net_queue_inner(queue);
	return queue;
}

int queue_kernel_stats(const struct net_xdp_queue *q, struct xdp_statistics *out)
{
	const struct xdp_statistics *before = &q->kernel_before;
	socklen_t len = sizeof(*out);

	memset(out, 0, sizeof(*out)); /* older kernels fill in less */
	if (getsockopt(q->xsk.fd, SOL_XDP, XDP_STATISTICS, out, &len))
		return -errno;
	out->rx_dropped -= before->rx_dropped;
	out->rx_invalid_descs -= before->rx_invalid_descs;
	out->tx_invalid_descs -= before->tx_invalid_descs;
	out->rx_ring_full -= before->rx_ring_full;
	out->rx_fill_ring_empty_descs -= before->rx_fill_ring_empty_descs;
	return 0;
}

int net_xdp_queue_stats_sized(struct net_queue *queue, uint64_t *values, uint32_t count)
{
	uint64_t ours[NET_XDP_COUNTERS];
	struct xdp_statistics kernel;
	struct net_xdp_queue *q;
	int rc;

	queue = find_ours(queue);
	if (!queue)
		return -EINVAL;
	q = queue_of(queue);
	rc = queue_kernel_stats(q, &kernel);
	if (rc)
		return rc;
	for (int i = 0; i < NET_XDP_COUNTERS; i++)
		ours[i] = count_read(&q->counter[i]);
	ours[NET_XDP_RX_KERNEL_DROPPED] = kernel.rx_dropped;
	ours[NET_XDP_RX_KERNEL_RING_FULL] = kernel.rx_ring_full;
	ours[NET_XDP_RX_KERNEL_FILL_EMPTY] = kernel.rx_fill_ring_empty_descs;
	ours[NET_XDP_RX_KERNEL_INVALID] = kernel.rx_invalid_descs;
	ours[NET_XDP_TX_KERNEL_INVALID] = kernel.tx_invalid_descs;
	grow_out(values, count * sizeof(*values), ours, sizeof(ours));
	return 0;
}

/* ---- Report ----------------------------------------------------------------------------------- */

static void add_rungs(struct net_xdp_report *out, const struct net_xdp_rung *rung, uint32_t count)
{
	for (uint32_t i = 0; i < count && out->rung_count < NET_XDP_RUNGS; i++)
		out->rungs[out->rung_count++] = rung[i];
}

struct vlan_state report_vlan(const struct net_xdp_endpoint *ep)
{
	struct vlan_state state;

	offload_say_vlan(&ep->attached.device, ep->config.rx_vlan, !ep->attached.program.native,
			 state.text, sizeof(state.text));
	return state;
}

/* Who gets the frames of the hardware queue? */
static void say_frames(const struct net_xdp_queue *q, struct net_xdp_report *out)
{
	const int error = __atomic_load_n(&q->enter_error, __ATOMIC_RELAXED);

	out->takes_frames = !__atomic_load_n(&q->outside, __ATOMIC_RELAXED);
	if (out->takes_frames)
		snprintf(out->frames_state, sizeof(out->frames_state), "taken");
	else if (error)
		snprintf(out->frames_state, sizeof(out->frames_state),
			 "not taken, though buffers are posted: entering the socket in the map: "
			 "%s; it is tried again: allow bpf(), or post initial_rx",
			 strerror(-error));
	else
		snprintf(out->frames_state, sizeof(out->frames_state),
			 q->zero_copy ? "lost until a buffer is posted: in zero copy the driver "
					"has no others, and the host gets nothing either"
				      : "left to the host until a buffer is posted");
}

static void say_requests(const struct net_xdp_queue *q, struct net_xdp_report *out)
{
	const struct tx_facts facts = queue_tx_facts(q);
	struct tx_sentences sentences;

	tx_ways_say(&facts, &sentences);
	memcpy(out->tx_checksum_state, sentences.checksum, sizeof(sentences.checksum));
	memcpy(out->tx_segmentation_state, sentences.segmentation, sizeof(sentences.segmentation));
	memcpy(out->tx_vlan_state, sentences.vlan, sizeof(sentences.vlan));
}

int net_xdp_queue_report_sized(struct net_queue *queue, struct net_xdp_report *out,
			       size_t size_bytes)
{
	struct net_xdp_report report;
	const struct net_xdp_endpoint *ep;
	const struct net_xdp_queue *q;

	queue = find_ours(queue);
	if (!queue)
		return -EINVAL;
	q = queue_of(queue);
	ep = q->endpoint;
	report = (struct net_xdp_report){
		.hardware_queue = q->hardware_queue,
		.zero_copy = q->zero_copy,
		.native = ep->attached.program.native,
		.dispatcher = ep->attached.program.dispatched != NULL,
		.multi_buffer = q->jumbo,
		.unaligned = q->unaligned,
		.sealed = ep->config.sealed,
		.chunk_bytes = q->chunk_bytes,
		.direct_capacity_bytes = q->direct_capacity,
		.tx_budget_frames = q->xsk.tx_budget_frames,
		.max_tx_descriptors = q->tx_max_descriptors,
		.busy_poll = q->xsk.busy_poll,
		.napi_id = q->napi_id,
	};
	snprintf(report.ifname, sizeof(report.ifname), "%s", ep->attached.device.ifname);
	snprintf(report.driver, sizeof(report.driver), "%s", ep->attached.device.driver);
	snprintf(report.vlan_state, sizeof(report.vlan_state), "%s", report_vlan(ep).text);
	snprintf(report.rx_checksum_state, sizeof(report.rx_checksum_state), "%s",
		 rx_ways_say(ep->config.rx_checksum, q->rx_source));
	snprintf(report.napi_state, sizeof(report.napi_state), "%s", q->napi.state);
	report.target_cpu =
		affinity_say(&q->affinity, report.target_state, sizeof(report.target_state));
	say_frames(q, &report);
	say_requests(q, &report);
	add_rungs(&report, ep->attached.program.rung, ep->attached.program.rung_count);
	add_rungs(&report, q->xsk.rung, q->xsk.rung_count);
	grow_out(out, size_bytes, &report, sizeof(report));
	return 0;
}
