/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets that are to be cut, through a real queue to a peer that compares each wire packet with the reference
 * segmenter's.
 *
 *     segment_rig_start(&r, true, NET_XDP_TX_CHECKSUM_AUTO);
 *     segment_rig_fit(&spec);                          at most 60 wire packets, none too long
 *     segment_rig_add(&r, 7, &spec, SEGMENT_ZERO, 3);  into the list, in 3 segments
 *     segment_rig_send(&r);                            each id comes back once
 *     segment_rig_expect(&r, 7, &spec, &bytes);        on the wire, byte for byte
 */
#ifndef SUPPORT_SEGMENT_RIG_H
#define SUPPORT_SEGMENT_RIG_H

#include "support/segment_case.h"
#include "support/tx_rig.h"

enum {
	SEGMENT_RIG_LONGEST = 1518, /* a wire packet without the tag that is inserted */
	SEGMENT_RIG_PIECES = 60,    /* no queue on the way is shorter, so none is lost */
};

/* One queue, whose facts offer both kinds of segmentation, and which cuts itself. */
void segment_rig_start(struct tx_rig *r, bool unaligned, enum net_xdp_tx_checksum by);

/* At most one tag, addresses of single hosts, and an mss for which the wire packets fit. */
void segment_rig_fit(struct segment_spec *spec);
/* How many bytes of headers a packet has. */
uint32_t segment_rig_headers(const struct segment_spec *spec);

/* A packet into the list, in so many segments. Return: its metadata, to be spoiled. */
struct net_tx_metadata *segment_rig_add(struct tx_rig *r, uint32_t id,
					const struct segment_spec *spec, enum segment_style style,
					uint32_t segments);
/* Bytes of the test's own, with its own request. */
struct net_tx_metadata *segment_rig_add_bytes(struct tx_rig *r, struct net_tx_metadata asked,
					      const struct segment_packet *bytes,
					      uint32_t segments);

/* Send the whole list: each id comes back once, and none that is not in the list. */
void segment_rig_send(struct tx_rig *r);

/* The wire packets of this packet are what the peer gets next. Return: how many; *bytes grows by theirs. */
uint32_t segment_rig_expect(struct tx_rig *r, uint32_t id, const struct segment_spec *spec,
			    uint64_t *bytes);
/* So is the packet that tx_rig_add() made. */
void segment_rig_expect_plain(struct tx_rig *r, uint32_t id, uint32_t len);

#endif
