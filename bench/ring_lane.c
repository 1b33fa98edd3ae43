// SPDX-License-Identifier: BSD-2-Clause
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring_lane.h"
#include "xdp/data/rx.h"
#include "xdp/data/tx.h"

/* ---- The frontend ----------------------------------------------------------------------------- */

uint64_t lane_addr(const struct lane *b, uint32_t id)
{
	return b->first_addr + (uint64_t)id * STRIDE + (b->o->aligned ? 0 : id % 61);
}

static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	const struct net_rx_buffer *buffers = ((struct lane *)pool)->buffers;

	for (uint32_t i = 0; i < count; i++)
		out[i] = buffers[ids[i]];
}

static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	struct lane *b = (struct lane *)pool;

	for (uint32_t i = 0; i < count; i++)
		b->metadata[ids[i]] = metadata[i];
}

static const struct net_buffer_access_ops pool_ops = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = rx_buffers,
	.rx_metadata = rx_metadata,
};

/* ---- The kernel's side ------------------------------------------------------------------------ */

static void open_ring(struct shared_ring *s, struct ring *view, uint32_t entries, size_t bytes,
		      bool producer)
{
	s->entry = calloc(entries, bytes);
	s->mask = entries - 1;
	if (!s->entry)
		exit(1);
	*view = (struct ring){
		.mask = entries - 1,
		.entries = entries,
		.entry = s->entry,
		.own = producer ? &s->producer : &s->consumer,
		.other = producer ? &s->consumer : &s->producer,
		.flags = &s->flags,
	};
}

/* IPv4 and UDP from a local sender, whose checksum is still the pseudo-header's sum. */
static void write_frame(uint8_t *frame, uint32_t len)
{
	const uint32_t ip = len - 14, udp = ip - 20;
	static const uint8_t headers[] = {
		2,    0, 0, 0, 0,  2, 2, 0, 0, 0,  0, 1, 8, 0, /* MACs, type */
		0x45, 0, 0, 0, 0,  0, 0, 0, 1, 17, 0, 0,       /* length, protocol */
		10,   0, 0, 1, 10, 0, 0, 2,		       /* addresses */
		0,    9, 0, 9, 0,  0, 0, 0,		       /* length, checksum */
	};
	uint32_t sum = 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 17 + udp;

	memset(frame, 0x5a, len);
	memcpy(frame, headers, sizeof(headers));
	frame[16] = (uint8_t)(ip >> 8);
	frame[17] = (uint8_t)ip;
	frame[38] = (uint8_t)(udp >> 8);
	frame[39] = (uint8_t)udp;
	frame[40] = (uint8_t)(sum >> 8);
	frame[41] = (uint8_t)sum;
}

/* Put a UDP packet into a buffer, as a frontend that asks for its checksum. */
static void write_packet(struct lane *b, uint32_t id, uint32_t len)
{
	const struct memory_region *r = &b->endpoint->memory.region[0];
	const uint64_t at = lane_addr(b, id) + HEADER_BYTES - r->guest_addr;

	write_frame(b->endpoint->memory.base + r->offset + at, len);
}

void lane_fill_sums(struct lane *b)
{
	enum { BYTES = 1514 };

	for (uint32_t p = 0; p < b->o->batch; p++) {
		const uint32_t id = b->next_buffer++ % b->o->buffers;

		write_packet(b, id, BYTES);
		b->packets[p] = (struct net_tx_metadata){
			.id = p,
			.len_bytes = BYTES,
			.segment_count = 1,
			.flags = NET_TX_IPV4 | NET_TX_UDP_CHECKSUM,
			.l2_len_bytes = 14,
			.l3_len_bytes = 20,
		};
		b->segments[p] = (struct net_tx_segment){
			.addr = lane_addr(b, id) + HEADER_BYTES,
			.len_bytes = BYTES,
			.head = &b->packets[p],
		};
	}
}

void lane_receive(struct lane *b, uint32_t count)
{
	const struct net_xdp_config *c = &b->endpoint->config;
	const bool is_read = c->rx_checksum != NET_XDP_RX_CHECKSUM_NONE;
	uint64_t offset = b->queue.frame_offset, *fill = b->fill.entry;
	struct xdp_desc *rx = b->rx.entry;

	while (count-- && b->fill.consumer != b->fill.producer) {
		uint64_t base = fill[b->fill.consumer++ & b->fill.mask];

		rx[b->rx.producer++ & b->rx.mask] = (struct xdp_desc){
			.addr = c->unaligned ? base | offset << 48 : base + offset,
			.len = b->o->frame_bytes,
		};
		if (is_read)
			memcpy(b->endpoint->memory.base + base + offset, b->frame,
			       b->o->frame_bytes);
	}
}

void lane_transmit(struct lane *b)
{
	const struct xdp_desc *tx = b->tx.entry;
	uint64_t *completion = b->completion.entry;

	while (b->tx.consumer != b->tx.producer)
		completion[b->completion.producer++ & b->completion.mask] =
			tx[b->tx.consumer++ & b->tx.mask].addr & ~1ull;
}

/* ---- Set-up ----------------------------------------------------------------------------------- */

static void open_floor(struct lane *b)
{
#define FLOOR(floor, shared)                                                                       \
	(floor).producer = &(shared).producer;                                                     \
	(floor).consumer = &(shared).consumer;                                                     \
	(floor).flags = &(shared).flags;                                                           \
	(floor).ring = (shared).entry;                                                             \
	(floor).mask = (shared).mask;                                                              \
	(floor).size = (shared).mask + 1
	FLOOR(b->floor_fill, b->fill);
	FLOOR(b->floor_tx, b->tx);
	FLOOR(b->floor_rx, b->rx);
	FLOOR(b->floor_completion, b->completion);
#undef FLOOR
	b->floor_fill.cached_cons = b->floor_fill.size;
	b->floor_tx.cached_cons = b->floor_tx.size;
}

static void post_all(struct lane *b)
{
	const struct options *o = b->o;

	for (uint32_t id = 0; id < o->buffers; id++)
		b->buffers[id] = (struct net_rx_buffer){
			.addr = lane_addr(b, id),
			.header_bytes = o->aligned ? 256 : HEADER_BYTES,
			.capacity_bytes = o->bounced ? 1000 : b->queue.direct_capacity,
		};
	for (uint32_t id = 0; id < b->o->buffers; id += BATCH_MAX) {
		uint32_t ids[BATCH_MAX];

		for (uint32_t i = 0; i < BATCH_MAX; i++)
			ids[i] = id + i;
		net_queue_rx_avail(&b->queue.base, &b->pool, ids, BATCH_MAX);
	}
	b->floor_fill.cached_prod = b->fill.producer;
}

int lane_open_endpoint(struct net_xdp_endpoint *ep, const struct options *o, struct net_error *err)
{
	struct net_xdp_region region = {
		.guest_addr = GUEST_BASE,
		.size_bytes = ((uint64_t)o->buffers * o->queues + 2) * STRIDE,
		.fd = memfd_create("ring-bench", MFD_CLOEXEC),
	};
	struct net_xdp_config c = net_xdp_config_default();
	int rc;

	region.size_bytes = (region.size_bytes + 4095) & ~4095ull;
	c.ifname = "none";
	c.regions = &region;
	c.region_count = 1;
	c.max_queues = o->queues;
	c.unaligned = !o->aligned;
	c.rx_checksum = o->checksum;
	if (o->software)
		c.tx_checksum = NET_XDP_TX_CHECKSUM_SOFTWARE;
	c.mode = o->zero_copy ? NET_XDP_MODE_ZERO_COPY : NET_XDP_MODE_COPY;
	/* all of them with the kernel, and the ring is not full */
	while (c.fill_ring_frames <= o->buffers && c.fill_ring_frames < 65536)
		c.fill_ring_frames *= 2;
	snprintf(err->message, sizeof(err->message), "no memory");
	rc = region.fd < 0 || ftruncate(region.fd, (off_t)region.size_bytes);
	if (!rc)
		rc = net_xdp_config_check(&c, err);
	if (!rc)
		rc = memory_open(&ep->memory, &c, err);
	/* Only a local sender leaves a checksum partial. */
	if (o->checksum != NET_XDP_RX_CHECKSUM_NONE) {
		snprintf(ep->attached.device.driver, sizeof(ep->attached.device.driver), "veth");
		ep->attached.program.native = true;
	}
	/* As if the driver could, and all of it were one huge page. */
	ep->attached.program.native |= o->zero_copy;
	if (o->zero_copy)
		ep->memory.region[0].page_bytes = 1 << 30;
	ep->config = c;
	return rc;
}

int lane_open_empty(struct lane *b, uint32_t index, struct net_xdp_endpoint *ep,
		    const struct options *o, struct net_error *err)
{
	const struct net_xdp_config *c = &ep->config;
	struct net_xdp_queue *q = &b->queue;

	b->pool.ops = &pool_ops;
	b->o = o;
	b->endpoint = ep;
	b->first_addr = GUEST_BASE + (uint64_t)index * o->buffers * STRIDE;
	b->buffers = calloc(o->buffers, sizeof(*b->buffers));
	b->metadata = calloc(o->buffers, sizeof(*b->metadata));
	if (!b->buffers || !b->metadata)
		return -1;
	q->base.ops = &queue_ops;
	q->endpoint = ep;
	q->index = index;
	q->xsk.fd = -1;
	queue_set_facts(q, ep);
	/* a kernel, and a driver, that add up */
	if (c->unaligned && !o->software)
		ep->memory.tx_request_bytes = XSK_TX_REQUEST_BYTES;
	ep->attached.device.has_features = true;
	ep->attached.device.xsk_features = XSK_FEATURE_TX_CHECKSUM;
	queue_set_tx(q, XDP_COPY_TX_DESCRIPTORS);
	open_ring(&b->fill, &q->xsk.fill, c->fill_ring_frames, 8, true);
	open_ring(&b->completion, &q->xsk.completion, c->completion_ring_frames, 8, false);
	open_ring(&b->rx, &q->xsk.rx, c->rx_ring_frames, 16, false);
	open_ring(&b->tx, &q->xsk.tx, c->tx_ring_frames, 16, true);
	if (queue_open_tables(q, ep, err))
		return -1;
	write_frame(b->frame, o->frame_bytes);
	return 0;
}

int lane_open(struct lane *b, uint32_t index, struct net_xdp_endpoint *ep, const struct options *o,
	      struct net_error *err)
{
	if (lane_open_empty(b, index, ep, o, err))
		return -1;
	open_floor(b);
	post_all(b);
	return 0;
}

double lane_bookkeeping(const struct lane *b)
{
	static struct net_xdp_queue probe;
	const uint32_t ids = b->endpoint->config.rx_id_limit;
	struct mallinfo2 before, after;

	probe = b->queue;
	before = mallinfo2();
	if (rx_open(&probe, ids))
		return -1;
	after = mallinfo2();
	rx_close(&probe);
	return (double)(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) / ids;
}
