/* SPDX-License-Identifier: BSD-2-Clause */
/* The wire packets of a packet that is changed: tx_offload.c says what is to be done, tx_wire.c writes
 * them. */
#ifndef NET_XDP_TX_WIRE_H
#define NET_XDP_TX_WIRE_H

#include "base/checksum.h"
#include "base/segmenter.h"
#include "xdp/config.h"
#include "xdp/data/tx_packet.h"
#include "xdp/data/tx_payload.h"

/* What a private slot begins with. One of headers has nothing else, in a frame's the payload follows. */
struct tx_front {
	struct xsk_tx_request request;
	uint8_t headers[SEGMENTER_HEADERS_MAX];
};

_Static_assert(sizeof(struct tx_front) == CONFIG_HEADER_BYTES,
	       "a slot holds a request and headers");
_Static_assert(offsetof(struct tx_front, headers) == XSK_TX_REQUEST_BYTES, "as the kernel has it");

/* Why a wire packet is copied. */
enum tx_why { TX_WHY_REQUEST, TX_WHY_SEGMENTS, TX_WHY_PAGE, TX_WHY_SHORT, TX_WHYS };

/* A packet on its way into a record. */
struct tx_job {
	struct net_xdp_queue *q;
	const struct net_tx_metadata *meta;
	struct segmenter s;
	struct tx_walk payload;	  /* the first byte behind the headers */
	struct tx_front front;	  /* what its wire packets have in common, if they are several */
	struct segmenter_own own; /* and what not */
	bool asks;		  /* kernel or NIC add up the checksum */
	bool makes;		  /* we do */
	bool joins;		  /* headers and payload go into one buffer, whatever it costs */
	enum tx_why joins_why;
	struct tx_payload walk; /* the first byte that was not written yet */
	struct tx_draft draft;
	struct tx_need need;	   /* with TX_LATER: what has to be free */
	uint32_t bounced[TX_WHYS]; /* wire packets, to be counted when they go */
};

/* Is a copy of the payload cheaper, and possible now? Without a slot for it there is no reason to
 * wait. */
static inline bool tx_wire_is_short(const struct tx_job *j, uint32_t payload)
{
	const struct net_xdp_queue *q = j->q;

	return payload - 1 < q->tx_copy_bytes &&
	       (q->tx_private.free_count ||
		j->s.wire_header_bytes + payload <= SEGMENTER_HEADERS_MAX);
}

/* Complete the checksum in the headers of wire packet i, whose payload was copied behind them. */
static inline void tx_wire_sum(const struct tx_job *j, uint32_t i, uint8_t *headers)
{
	const uint32_t len = segmenter_piece(&j->s, i).summed_bytes;

	segmenter_complete(&j->s, headers,
			   checksum_add(0, headers + j->s.wire_header_bytes, len, 0));
}

/* Write all wire packets to the draft, with walk at the payload. There is a slot of headers for each.
 * Returns TX_SEND, or why the draft must be aborted. */
enum tx_verdict tx_wire_write(struct tx_job *j);

#endif
