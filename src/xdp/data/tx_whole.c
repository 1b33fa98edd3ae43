// SPDX-License-Identifier: BSD-2-Clause
/*
 * Transmit: a packet to be cut that the kernel takes whole.
 *
 *     packet socket    [virtio_net_hdr][headers, ours][payload, where it lies]     one system call
 *
 * In copy mode the kernel makes one sk_buff of each wire packet, and that is what sending costs. A packet socket
 * makes one of the whole packet. Both go through __dev_direct_xmit() to the same transmit queue, as the device has
 * just one (tx_ways_whole()), so they keep their order as long as the ring is empty when the packet goes.
 *
 * The kernel says at once whether it took the packet. If it did not (the device has stopped cutting, much is on its
 * way), no byte was sent, and tx_offload.c cuts it: nothing waits for the packet socket.
 *
 * One tx_avail() makes at most TX_CALLS system calls, those that send the ring in between counted in. The packet for
 * which none is left stays with the frontend, which may offer it again at once.
 */
#include <errno.h>

#include "base/headers.h"
#include "base/segmenter.h"
#include "host/xdp_uapi.h"
#include "xdp/data/hot.h"
#include "xdp/data/tx.h"
#include "xdp/data/tx_packet.h"
#include "xdp/endpoint.h"
#include "xdp/packet_socket.h"

enum {
	PARTS = 64, /* of a packet: virtio_net_hdr, headers, payload */
	/* With as many bytes the kernel cuts a packet itself, and PACKET_QDISC_BYPASS then drops it
	 * (gso_features_check(), packet_direct_xmit()). */
	MOST_BYTES = 65535,
	UDP_MOST_PIECES = 128, /* UDP_MAX_SEGMENTS */
	MOST_PAUSE = 1024,     /* packets */
	TCP_FLAGS_AT = 13,
	TCP_CWR = 0x80,
	NOT_OFFERED = 1, /* to the kernel */
	NO_CALLS,
};

void tx_whole_open(struct net_xdp_queue *q)
{
	if (!q->whole.flags)
		return;
	q->whole.fd =
		packet_socket_open(q->endpoint->attached.device.ifindex, q->xsk.tx.entries * 4096);
	if (q->whole.fd >= 0)
		return;
	q->whole.error = q->whole.fd;
	q->whole.flags = 0;
}

void tx_whole_close(struct net_xdp_queue *q)
{
	packet_socket_close(q->whole.fd);
	q->whole.fd = -1;
}

/* Is it a packet that any device cuts which cuts packets at all? */
static bool is_common(const struct net_tx_metadata *meta, const struct segmenter *s)
{
	const bool tcp = s->protocol == HEADERS_TCP;

	return s->pieces > 1 && meta->len_bytes <= MOST_BYTES &&
	       meta->len_bytes - s->header_bytes >= TX_WHOLE_BYTES &&
	       s->l3 == HEADERS_ETHERNET_BYTES && !s->has_tag &&
	       (s->ip_version == 4 || s->l4 - s->l3 == HEADERS_IPV6_BYTES) &&
	       (tcp ? !(s->headers[s->l4 + TCP_FLAGS_AT] & TCP_CWR) : s->pieces <= UDP_MOST_PIECES);
}

/* Has the kernel taken all that was sent before? It is asked to, by as many system calls as are left. */
static bool has_drained(struct net_xdp_queue *q)
{
	if (q->xsk.tx.mine != *q->xsk.tx.own)
		ring_publish(&q->xsk.tx);
	if (!ring_drained(&q->xsk.tx))
		q->whole.calls -= tx_kick_most(q, q->whole.calls);
	return ring_drained(&q->xsk.tx);
}

/* Name len bytes of the payload. Returns the number of parts with those, 0 when a byte lies outside of the memory
 * or there are too many. */
static uint32_t name_payload(struct net_xdp_queue *q, struct tx_walk w, uint32_t len,
			     struct iovec *parts, uint32_t count)
{
	uint64_t addr, offset;

	while (len) {
		const uint32_t n = tx_walk(&w, len, &addr);

		if (count == PARTS || !memory_offset(q->memory, &q->tx_region, addr, n, &offset))
			return 0;
		parts[count++] = (struct iovec){q->memory->base + offset, n};
		len -= n;
	}
	return count;
}

/* The headers of the packet as it is, with all that a frontend may have left open. */
static void write_headers(const struct segmenter *s, uint8_t *out)
{
	struct segmenter whole = *s;

	whole.pieces = 1;
	whole.piece_bytes = s->len_bytes - s->header_bytes;
	segmenter_write(&whole, 0, out);
}

static struct virtio_net_hdr how_to_cut(const struct segmenter *s)
{
	const uint8_t tcp =
		s->ip_version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;

	return (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = s->protocol == HEADERS_TCP ? tcp : VIRTIO_NET_HDR_GSO_UDP_L4,
		.hdr_len = s->header_bytes,
		.gso_size = (uint16_t)s->piece_bytes,
		.csum_start = s->checksum_start_bytes,
		.csum_offset = s->checksum_field_bytes,
	};
}

/* Returns 0; NO_CALLS, NOT_OFFERED, or -errno of the kernel that refused it. */
static int send_whole(struct net_xdp_queue *q, const struct segmenter *s,
		      const struct tx_walk *payload)
{
	const struct virtio_net_hdr how = how_to_cut(s);
	uint8_t headers[SEGMENTER_HEADERS_MAX];
	struct iovec parts[PARTS];
	uint32_t count;

	parts[1] = (struct iovec){headers, s->header_bytes};
	count = name_payload(q, *payload, s->len_bytes - s->header_bytes, parts, 2);
	if (!count)
		return NOT_OFFERED;
	if (!has_drained(q) && q->whole.calls)
		return NOT_OFFERED;
	if (!q->whole.calls)
		return NO_CALLS;
	write_headers(s, headers);
	q->whole.calls--;
	count_up(q, NET_XDP_KICKS, 1);
	return packet_socket_send(q->whole.fd, &how, parts, count);
}

/* The kernel did not take a packet. The device may have stopped cutting, and each attempt costs a copy: after every
 * refusal in a row twice as many packets are cut here. */
static void note_refusal(struct tx_whole *whole, int error)
{
	whole->refused = true;
	if (error == -EAGAIN)
		return;
	whole->pause = whole->pause < MOST_PAUSE / 2 ? 2 * whole->pause + 1 : MOST_PAUSE;
	whole->skip = whole->pause;
}

/* As drivers count: the wire packets that come of it, each with its headers. */
static void count_sent(struct net_xdp_queue *q, const struct segmenter *s)
{
	count_up(q, NET_XDP_TX_ACCEPTED, 1);
	count_up(q, NET_XDP_TX_BYTES, s->len_bytes + (s->pieces - 1) * (uint64_t)s->header_bytes);
	count_up(q, NET_XDP_TX_PACKETS, s->pieces);
	count_up(q, NET_XDP_TX_WHOLE, 1);
}

ALONE enum tx_whole_result tx_whole_send(struct net_xdp_queue *q,
					 const struct net_tx_metadata *meta,
					 const struct segmenter *s, const struct tx_walk *payload)
{
	int rc;

	if (!is_common(meta, s) || tx_done_count(q) > q->done_mask)
		return TX_WHOLE_CUT;
	if (q->whole.skip) {
		q->whole.skip--;
		return TX_WHOLE_CUT;
	}
	rc = send_whole(q, s, payload);
	if (rc < 0)
		note_refusal(&q->whole, rc);
	if (rc)
		return rc == NO_CALLS ? TX_WHOLE_AGAIN : TX_WHOLE_CUT;
	q->whole.refused = false;
	q->whole.pause = 0;
	tx_done_push(q, meta->id);
	count_sent(q, s);
	return TX_WHOLE_SENT;
}

void tx_whole_count_refused(struct net_xdp_queue *q, bool is_cut)
{
	q->whole.refused = false;
	count_up(q, NET_XDP_TX_WHOLE_REFUSED, is_cut);
}
