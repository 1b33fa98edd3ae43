// SPDX-License-Identifier: BSD-2-Clause
/* The parts of a queue's set-up that need no kernel: the constants of the data calls, and tables. */
#include "base/error.h"
#include "host/driver.h"
#include "host/rules.h"
#include "host/rx_ways.h"
#include "xdp/config.h"
#include "xdp/data/rx.h"
#include "xdp/data/tx.h"
#include "xdp/endpoint.h"

void queue_set_zero_copy(struct net_xdp_queue *q, bool zero_copy)
{
	q->zero_copy = zero_copy;
	q->paged = zero_copy || !q->unaligned;
	/* Is a buffer of the arena direct whenever it is large enough? The guard page and the private
	 * area keep its chunk inside the UMEM. */
	q->rx_fast = !q->jumbo && !q->rx_vlan && q->memory->reservation;
	q->rx_fast_capacity = q->direct_capacity;
	q->rx_frame_chunks =
		q->jumbo ? rules_rx_pieces(q->max_frame_bytes, q->chunk_bytes, zero_copy) : 1;
	q->rx_silent_split = zero_copy && q->driver_unit_bytes;
	if (q->rx_silent_split) {
		uint32_t piece = queue_piece_bytes(q);

		q->rx_fast_capacity = piece - (piece != 0);
		q->rx_silent_end = q->frame_offset + piece;
	}
}

void queue_set_facts(struct net_xdp_queue *q, const struct net_xdp_endpoint *ep)
{
	const struct net_xdp_config *c = &ep->config;
	/* Until bind has said otherwise, chunks and the buffers posted before it obey the stricter
	 * rules. */
	bool zero_copy = rules_may_zero_copy(c, &ep->attached.device, ep->attached.program.native);

	q->memory = &ep->memory;
	q->umem_bytes = ep->memory.bytes;
	q->unaligned = c->unaligned;
	q->chunk_bytes = c->chunk_bytes;
	q->base_mask = c->unaligned ? RX_OFFSET : ~(uint64_t)(c->chunk_bytes - 1);
	q->frame_offset = XDP_FRAME_HEADROOM + rules_headroom(c, zero_copy);
	q->rx_fast_offset = (uint64_t)q->frame_offset << (c->unaligned ? 48 : 0);
	q->direct_capacity = rules_direct_capacity(c, zero_copy);
	q->rx_fast_key = rx_tag(RX_KERNEL, 0) ^ q->rx_fast_offset;
	q->max_frame_bytes = c->max_frame_bytes;
	q->driver_gap_bytes = driver_gap_bytes(&ep->attached.device);
	q->driver_unit_bytes = driver_buffer_unit(&ep->attached.device);
	q->jumbo = rules_is_jumbo(c);
	q->rx_source = rx_ways_source(&ep->attached.device, ep->attached.program.native);
	q->rx_checksum = rx_ways_checksum(c->rx_checksum, q->rx_source);
	q->rx_vlan = c->rx_vlan;
	q->inspect = c->rx_vlan || q->rx_checksum != NET_XDP_RX_CHECKSUM_NONE;
	q->timer_us = q->tx_timer_us = c->tx_timer_us;
	q->looked_ms = clock_coarse_ms();
	queue_set_zero_copy(q, zero_copy);
}

/* This queue's share of the private area: transmit slots, receive chunks, headers. Of the former two none when
 * the regions are sealed: nothing can be copied from there or to there. */
static int open_private(struct net_xdp_queue *q, const struct net_xdp_endpoint *ep)
{
	const struct net_xdp_config *c = &ep->config;
	uint32_t tx_bytes = config_private_frame_bytes(c), rx_bytes = config_private_chunk_bytes(c);
	uint64_t offset = ep->memory.private_offset + q->index * config_private_bytes_per_queue(c);
	int rc =
		bounce_open(&q->tx_private, offset, c->sealed ? 0 : c->private_tx_frames, tx_bytes);

	offset += (uint64_t)c->private_tx_frames * tx_bytes;
	if (!rc)
		rc = bounce_open(&q->rx_private, offset, c->sealed ? 0 : c->private_rx_chunks,
				 rx_bytes);
	offset += (uint64_t)c->private_rx_chunks * rx_bytes;
	return rc ? rc
		  : bounce_open(&q->tx_headers, offset, config_private_headers(c),
				CONFIG_HEADER_BYTES);
}

int queue_open_tables(struct net_xdp_queue *q, const struct net_xdp_endpoint *ep,
		      struct net_error *err)
{
	int rc = open_private(q, ep);

	if (!rc)
		rc = tx_open(q);
	if (!rc)
		rc = rx_open(q, ep->config.rx_id_limit);
	return rc ? error_set(err, rc, "queue", "queue %u: out of memory for %u receive ids",
			      q->index, ep->config.rx_id_limit)
		  : 0;
}

void queue_set_bound(struct net_xdp_queue *q, const struct net_xdp_endpoint *ep)
{
	queue_set_zero_copy(q, q->xsk.zero_copy);
	queue_set_tx(q, rules_tx_descriptors(&ep->config, &ep->attached.device, q->xsk.multi_buffer,
					     q->zero_copy));
}

void queue_set_tx(struct net_xdp_queue *q, uint32_t descriptors)
{
	struct tx_facts facts;

	q->tx_max_descriptors = descriptors;
	q->tx_piece_bytes = q->chunk_bytes - q->memory->tx_request_bytes;
	facts = queue_tx_facts(q);
	q->tx_sum = tx_ways_sum(&facts);
	q->tx_copy_bytes = tx_ways_copy_bytes(&facts);
	q->whole.flags = tx_ways_whole(&facts, NULL);
}

struct tx_facts queue_tx_facts(const struct net_xdp_queue *q)
{
	return (struct tx_facts){
		.config = &q->endpoint->config,
		.device = &q->endpoint->attached.device,
		.zero_copy = q->zero_copy,
		.has_requests = q->memory->tx_request_bytes != 0,
		.descriptors = q->tx_max_descriptors,
		.whole_error = q->whole.error,
	};
}

struct xsk_setup queue_xsk_setup(const struct net_xdp_queue *q, const struct net_xdp_endpoint *ep)
{
	return (struct xsk_setup){
		.config = &ep->config,
		.device = &ep->attached.device,
		.memory = &ep->memory,
		.hardware_queue = q->hardware_queue,
		.native = ep->attached.program.native,
		.umem_fd = ep->umem_fd,
	};
}

void queue_close_tables(struct net_xdp_queue *q)
{
	rx_close(q);
	tx_close(q);
	bounce_close(&q->rx_private);
	bounce_close(&q->tx_private);
	bounce_close(&q->tx_headers);
}
