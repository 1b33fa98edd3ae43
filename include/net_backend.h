/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_backend.h - the contract between a frontend and a network backend.
 *
 * A *frontend* is the guest-facing side: a virtio-net device, a vhost-user daemon, a user-space stack,
 * a benchmark. It owns the memory and names its buffers. A *backend* moves frames. An *endpoint* is one
 * NIC's backend and makes *queues*. The frontend's *buffer access* object (the "pool") tells a queue
 * where the buffer behind an id lies and takes the metadata of what arrived.
 *
 *     frontend                                   backend
 *     --------                                   -------
 *     net_queue_rx_avail(ids)       ---->        buffers may be written from now on
 *     net_queue_rx_poll(ids)        <----        frames are in place, metadata was delivered
 *     net_queue_tx_avail(segments)  ---->        bytes must stay until the id comes back
 *     net_queue_tx_poll(ids)        <----        bytes are the frontend's again
 *
 * The usual loop of a queue's thread:
 *
 *     for (;;) {
 *             net_queue_wait(q, pool, -1);             sleep until poll_ready would say yes
 *             n = net_queue_rx_poll(q, pool, ids, 64); ... use them ...
 *             net_queue_rx_avail(q, pool, ids, n);     give them back
 *             m = net_queue_tx_avail(q, pool, segments, count, &sync);
 *             count = net_tx_keep(segments, count, packets, m);   the rest, for the next time
 *             net_queue_tx_poll(q, pool, ids, 64);
 *     }
 *
 * Who only receives calls net_queue_tx_poll() as well, after each wait: there a queue of AF_XDP says that it
 * has ended, and from then on net_queue_wait() returns at once.
 *
 * Threads: one thread at a time drives a queue; queues run in parallel; endpoint calls are made by one
 * thread at a time and may run beside the queues' threads. Any thread may read a queue's statistics. No
 * call takes a lock.
 *
 * Errors: functions that return int give 0 or a count, or -errno. Setup calls also fill a struct
 * net_error that the caller owns; err may be NULL for who does not want it. A data call that returns less
 * than 0 returns NET_TRY_RESTART or NET_FATAL, and net_queue_error() has the sentence.
 *
 * Growth: a program built with an older header runs with a newer library of the same SONAME. A struct
 * that crosses the boundary alone is passed with its size by the inline calls below; tables of
 * operations begin with their size. Structs that cross it in arrays stay as they are; what they cannot
 * hold will be another operation's.
 *
 * Trust: addresses, lengths, counts and flags in a segment list come from a guest. Each bad packet
 * costs that packet: it is dropped, counted and completed. The list and its metadata themselves must be
 * the frontend's own memory (copy descriptors out of the guest before the call).
 */
#ifndef NET_BACKEND_H
#define NET_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define NET_PUBLIC __attribute__((visibility("default")))
#else
#define NET_PUBLIC
#endif

/* ---- Errors of setup calls -------------------------------------------------------------------- */

/* What went wrong, for a person. Filled only when the call fails. */
struct net_error {
	int code;	   /* -errno, the same as the call returned */
	char step[32];	   /* which step failed: "config", "bind", "attach", ... */
	char message[320]; /* one sentence: the value, the rule, what to do */
};

/* ---- Metadata --------------------------------------------------------------------------------- */

/* An 802.1Q tag, field by field. Metadata hold it as it is on the wire, as a TCI in host byte order. */
struct net_vlan {
	uint16_t id;	       /* 0..4095 */
	uint8_t priority;      /* 0..7 */
	uint8_t drop_eligible; /* 0 or 1 */
};

static inline uint16_t net_vlan_tci(struct net_vlan v)
{
	return (uint16_t)((v.priority & 7u) << 13 | (v.drop_eligible & 1u) << 12 | (v.id & 0xfffu));
}

static inline struct net_vlan net_vlan_from_tci(uint16_t tci)
{
	struct net_vlan v;

	v.id = (uint16_t)(tci & 0xfffu);
	v.priority = (uint8_t)(tci >> 13);
	v.drop_eligible = (uint8_t)((tci >> 12) & 1u);
	return v;
}

enum net_checksum {
	NET_CHECKSUM_UNKNOWN = 0, /* nobody checked it: the receiver has to */
	NET_CHECKSUM_GOOD,	  /* verified over the bytes that were delivered, and right */
	NET_CHECKSUM_BAD,	  /* verified, and wrong */
	/* The data was verified, the field is stale: frames were merged into this one (LRO, RSC) and
	 * the field is still the first one's. No backend of this library merges frames. */
	NET_CHECKSUM_VALIDATED_BUT_WRONG,
	/* The data is good, the field holds the pseudo-header's sum only, because the frame comes from
	 * a local sender whose sum was never completed. checksum_start_bytes and checksum_field_bytes
	 * say what to sum and where to put it: for a virtio frontend csum_start, csum_offset and
	 * VIRTIO_NET_HDR_F_NEEDS_CSUM. */
	NET_CHECKSUM_PARTIAL,
};

enum net_l4 {
	NET_L4_UNKNOWN = 0,
	NET_L4_TCP,
	NET_L4_UDP,
};

/* What the backend knows of one received frame. Sixteen bytes: writing it costs one store on the
 * fast path. */
struct net_rx_metadata {
	/* 1..capacity. Of a frame over several ids: in its first id's entry the length of the whole
	 * frame, in the others' what lies in their buffer (the first holds what is left) */
	uint32_t len_bytes;
	/* from where the buffer said that the frame should start; 0, but for drivers that place
	 * frames further back */
	uint16_t offset_bytes;
	uint16_t vlan_tci;   /* with has_vlan; see net_vlan_from_tci() */
	uint8_t has_vlan;    /* vlan_tci is a tag that is no longer in the frame's bytes */
	uint8_t ip_checksum; /* enum net_checksum */
	uint8_t l4_checksum; /* enum net_checksum */
	uint8_t l4_protocol; /* enum net_l4 */
	/* With l4_checksum NET_CHECKSUM_PARTIAL: offset in the frame from which the checksum covers
	 * the packet to its end (padding behind the packet is 0 and changes nothing) ... */
	uint16_t checksum_start_bytes;
	/* ... and offset of the checksum's field from there */
	uint8_t checksum_field_bytes;
	uint8_t more_ids; /* ids behind this one that hold the rest of its frame */
};

/* Requests of one transmitted packet. Only flags that the endpoint's facts offer may be set; a
 * packet with another one is dropped and counted, never sent with a wrong checksum. */
enum net_tx_flags {
	NET_TX_IP_CHECKSUM = 1 << 0,  /* fill in the IPv4 header checksum */
	NET_TX_TCP_CHECKSUM = 1 << 1, /* fill in the TCP checksum */
	NET_TX_UDP_CHECKSUM = 1 << 2, /* fill in the UDP checksum */
	NET_TX_TCP_SEGMENTATION = 1 << 3,
	NET_TX_UDP_SEGMENTATION = 1 << 4,
	NET_TX_IPV4 = 1 << 5,
	NET_TX_IPV6 = 1 << 6,
	NET_TX_VLAN = 1 << 7, /* insert the tag in vlan_tci */
	/* Fill in the checksum that metadata's checksum_start_bytes and checksum_field_bytes name, of any
	 * protocol; the field holds the pseudo-header's sum. For a virtio frontend
	 * VIRTIO_NET_HDR_F_NEEDS_CSUM with csum_start and csum_offset. */
	NET_TX_PARTIAL_CHECKSUM = 1 << 8,
};

/*
 * What the headers in a packet's bytes must say, and what is written into them:
 * - To be cut: IPv4 total length, IPv6 payload length and UDP length are 0 or those of the packet as it is. Each
 *   wire packet gets its own, with an IPv4 identification that rises by 1, TCP sequence number and flags. No
 *   checksum flag is needed: IPv4 header checksum and TCP or UDP checksum are filled in.
 * - Not to be cut: the lengths are right; padding may follow.
 * - A checksum that is filled in may have held anything: 0, the pseudo-header's sum with length or without, all of
 *   it. With NET_TX_PARTIAL_CHECKSUM alone it is the pseudo-header's sum with length.
 */
struct net_tx_metadata {
	uint32_t id;		/* the frontend's cookie; need not be unique */
	uint32_t len_bytes;	/* length of the whole packet, the sum of its segments */
	uint16_t segment_count; /* segments of this packet, the head included */
	uint16_t flags;		/* enum net_tx_flags */
	uint16_t l3_len_bytes;	/* transport header starts at l2_len + l3_len */
	/* to be cut: payload of each wire packet, of which the last may have less; no header counts in (the mss
	 * of TCP, gso_size of a virtio frontend). Not 0 */
	uint16_t max_segment_bytes;
	uint8_t l2_len_bytes;
	uint8_t l4_len_bytes;
	uint16_t vlan_tci; /* with NET_TX_VLAN; see net_vlan_tci() */
	/* with NET_TX_PARTIAL_CHECKSUM: offset in the packet from which the checksum covers it to its end ... */
	uint16_t checksum_start_bytes;
	uint16_t checksum_field_bytes; /* ... and offset of the checksum's field from there */
};

/* A piece of a packet. A list is a concatenation of packets: a head, then segment_count - 1 tails. */
struct net_tx_segment {
	uint64_t addr;	    /* guest address of the first byte */
	uint32_t len_bytes; /* 0 is skipped */
	const struct net_tx_metadata
		*head; /* the packet's metadata on its first segment, else NULL */
};

/* Keep the rest of a list: move the segments behind the first accepted ones to the front of
 * segments, their packets' metadata to the front of packets, and set the head pointers anew. packets
 * holds the metadata that the list's heads point to, in the list's order. Return: how many segments
 * are left. */
NET_PUBLIC uint32_t net_tx_keep(struct net_tx_segment *segments, uint32_t count,
				struct net_tx_metadata *packets, uint32_t accepted);

/* ---- Segment iterator: walks a list without ever trusting a count ----------------------------- */

enum net_tx_fault {
	NET_TX_OK = 0,
	NET_TX_ORPHAN, /* tails without a head: nobody to complete */
	NET_TX_COUNT,  /* segment_count is 0, runs past the list, or over a later head */
	NET_TX_LENGTH, /* the segments do not sum to len_bytes */
};

struct net_tx_iterator {
	const struct net_tx_segment *at;
	const struct net_tx_segment *end;
};

/* One packet of a list, or one fault in it. segments .. + segment_count is always inside the list. */
struct net_tx_packet {
	const struct net_tx_metadata *meta; /* NULL on NET_TX_ORPHAN */
	const struct net_tx_segment *segments;
	/* segments of the packet, or of the fault: count them as accepted */
	uint32_t segment_count;
	enum net_tx_fault fault;
};

/*
 * Step to the next packet.
 * Return: true and *packet filled, false at the end of the list.
 * Errors: none; a malformed packet is returned with its fault and the iterator stands behind it.
 * Blocks: no. Cost: one visit per segment. Source: OpenVMM's net_backend (semantics).
 */
NET_PUBLIC bool net_tx_next(struct net_tx_iterator *it, struct net_tx_packet *packet);

/* ---- Buffer access: the frontend's object ----------------------------------------------------- */

/* Where the buffer behind a receive id lies: its first contiguous piece, which is all of it unless
 * rx_pieces() names more. */
struct net_rx_buffer {
	uint64_t addr;	       /* guest address of the piece */
	uint32_t header_bytes; /* gap to leave in front of the frame, for the frontend's header */
	/* room for a frame behind the gap in this piece, without that of rx_pieces(); 0: there is no such
	 * id. A frontend whose header has a piece of its own leaves that one out. */
	uint32_t capacity_bytes;
};

/* A further piece of a receive buffer. */
struct net_rx_piece {
	uint64_t addr;
	uint32_t len_bytes;
	uint32_t reserved;
};

/* Why a receive id was refused. */
enum net_rx_refusal {
	/* the id is out of the backend's range, or the pool has no such buffer */
	NET_RX_REFUSED_ID = 1,
	NET_RX_REFUSED_DUPLICATE, /* it is posted already, or a buffer in its memory is */
	NET_RX_REFUSED_ADDRESS,	  /* a byte of the buffer lies outside the memory */
	/* its frames would have to be copied, and cannot be: sealed memory, no private area */
	NET_RX_REFUSED_COPY,
};

struct net_buffer_access;

struct net_buffer_access_ops {
	/* Describe the buffers of ids[0..count): write each out[i] whole, for ids[i]. An unknown id
	 * gets capacity 0. Called by the queue's thread: inside rx_avail, and by wrappers that look
	 * at frames again inside rx_poll and poll_ready, for ids that are posted. Must not block. */
	void (*rx_buffers)(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
			   struct net_rx_buffer *out);
	/* Take the metadata of frames that are in place, before their ids are returned: inside
	 * rx_poll or poll_ready. All ids of one frame come in one call, in order. */
	void (*rx_metadata)(struct net_buffer_access *pool, const uint32_t *ids,
			    const struct net_rx_metadata *metadata, uint32_t count);

	/* Optional: the frontend's memory as bytes: len contiguous bytes at a guest address, or NULL
	 * when any of them is outside. Backends without memory of their own need it (loopback), and
	 * wrappers that look at frames (capture); the AF_XDP backend is given the memory at
	 * creation. */
	void *(*memory)(struct net_buffer_access *pool, uint64_t addr, uint32_t len_bytes);

	/* sizeof(struct net_buffer_access_ops). 0: the table has the three operations above only,
	 * like those of 0.1. Behind this member the table may grow. */
	size_t size_bytes;

	/* ---- Optional, NULL when the frontend has none ---- */

	/* Write the pieces of a buffer behind its first one, at most max. Return: how many; 0 if the
	 * first is all. Called only when the first piece alone cannot be given to the kernel: when
	 * the id is posted, and again when a frame is copied to the buffer. */
	uint32_t (*rx_pieces)(struct net_buffer_access *pool, uint32_t id, struct net_rx_piece *out,
			      uint32_t max);
	/* Called inside rx_avail for each id that is refused: the id stays the frontend's. */
	void (*rx_refused)(struct net_buffer_access *pool, uint32_t id, enum net_rx_refusal why);
};

struct net_buffer_access {
	const struct net_buffer_access_ops *ops;
};

/* ---- Queue ------------------------------------------------------------------------------------ */

/* What rx_poll, tx_avail and tx_poll return instead of a count; net_queue_error() says why. A
 * backend may say the first of them once, or with each call until the queue is destroyed. */
#define NET_TRY_RESTART (-104) /* -ECONNRESET: destroy the queues, get_queues again */
#define NET_FATAL	(-5)   /* -EIO: this endpoint will not work again */

struct net_queue_stats {
	uint64_t rx_packets;
	uint64_t tx_packets; /* wire packets completed, however many descriptors they took */
	uint64_t rx_errors;
	uint64_t tx_errors;
	uint64_t rx_vlan_packets;
	uint64_t tx_vlan_packets;
};

struct net_queue;
struct net_inspector; /* net_inspect.h */

/* Called for an id that is with the backend: one posted for receive, or one of an accepted packet. */
typedef void net_outstanding_fn(void *context, bool is_rx, uint32_t id);

/* What a backend implements. The inline calls below document each operation; a frontend uses those. */
struct net_queue_ops {
	size_t size_bytes; /* sizeof(struct net_queue_ops) */
	uint32_t (*rx_avail)(struct net_queue *q, struct net_buffer_access *pool,
			     const uint32_t *ids, uint32_t count);
	int (*rx_poll)(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids,
		       uint32_t count);
	int (*tx_avail)(struct net_queue *q, struct net_buffer_access *pool,
			const struct net_tx_segment *segments, uint32_t count, bool *sync);
	int (*tx_poll)(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids,
		       uint32_t count);
	bool (*poll_ready)(struct net_queue *q, struct net_buffer_access *pool);
	int (*ready_fd)(struct net_queue *q);
	void (*update_target_vp)(struct net_queue *q, uint32_t cpu);
	void (*stats)(struct net_queue *q, struct net_queue_stats *out, size_t size_bytes);
	const char *(*error)(struct net_queue *q);
	void (*outstanding)(struct net_queue *q, net_outstanding_fn *each, void *context);
	void (*inspect)(struct net_queue *q, struct net_inspector *to);
	int (*destroy)(struct net_queue *q, struct net_error *err);
	struct net_queue *(*inner)(struct net_queue *q); /* of a wrapper; else NULL */
};

/* A backend embeds this as the first member of its own queue. */
struct net_queue {
	const struct net_queue_ops *ops;
};

/*
 * Hand receive buffers to the backend. Never fails as a whole; any count, 0 included. What the ring
 * cannot hold now waits inside the queue and is posted later, by rx_poll or by the next rx_avail.
 * Return: how many ids were refused: 0 normally. Each was named to the pool's rx_refused(), is counted,
 *         and stays the frontend's.
 * Owner: accepted buffers are the backend's until rx_poll returns their id or destroy returns. Two
 * ids that name the same bytes are the frontend's own race: each comes back once, with what was
 * written last.
 * Blocks: no. Syscalls: at most one wake-up, and only when the driver asks for it.
 */
static inline uint32_t net_queue_rx_avail(struct net_queue *q, struct net_buffer_access *pool,
					  const uint32_t *ids, uint32_t count)
{
	return q->ops->rx_avail(q, pool, ids, count);
}

/*
 * Collect received frames. Data and metadata are in place before an id is returned.
 * Return: number of ids written, 0..count, or NET_TRY_RESTART / NET_FATAL. Each posted id comes back at
 *         most once per posting. The ids of one frame are never split over two calls: with rx_merge offer
 *         room for those of your largest frame. One that needs more than count is left for the next call;
 *         AF_XDP drops and counts it when that one has too few as well, and a frame that needs more than
 *         64. (AF_XDP: never less than 0. What ends a queue is told by tx_poll.)
 * Owner: the returned buffers are the frontend's. It may hand one to tx_avail as it is, and post it
 * again when that packet's id has come back.
 * Blocks: no. Syscalls: see rx_avail.
 *
 * A frontend that calls this in a loop instead of sleeping takes, with each call, cache lines from the
 * processor that writes the ring. While frames come in bursts, some microseconds between two calls make
 * the sender faster (docs/performance.md, "Spinning").
 */
static inline int net_queue_rx_poll(struct net_queue *q, struct net_buffer_access *pool,
				    uint32_t *ids, uint32_t count)
{
	return q->ops->rx_poll(q, pool, ids, count);
}

/*
 * Hand packets to the backend.
 * Return: how many *segments* of the list were accepted, a prefix that ends on a packet boundary, or
 *         NET_TRY_RESTART / NET_FATAL, and none was. Offer the rest again when poll_ready says ready; see
 *         net_tx_keep().
 * sync:   true when everything accepted by this call is already done with: those ids never come
 *         back from tx_poll. False for AF_XDP, in copy mode too: completions come through a ring.
 * Owner: the list and its metadata are read inside the call only. Accepted bytes must not change until
 * the id comes back; they are only ever read.
 * Errors: a bad packet counts as accepted, is dropped, counted and completed.
 * Blocks: no. Syscalls: at most one bounded kick. Those of full batches may be left to the calls that
 * follow: one of the next tx_avail, the tx_poll after the next, poll_ready before a sleep, or destroy.
 * (AF_XDP: a kick is up to 64 system calls. Where packets to be cut go to the kernel whole each takes one of
 * these, and what is in the ring in front of it goes first; a list for which they do not suffice is accepted
 * up to there, and poll_ready says ready at once.)
 */
static inline int net_queue_tx_avail(struct net_queue *q, struct net_buffer_access *pool,
				     const struct net_tx_segment *segments, uint32_t count,
				     bool *sync)
{
	return q->ops->tx_avail(q, pool, segments, count, sync);
}

/*
 * Collect the ids of completed packets: one per accepted packet, in any order.
 * Return: number of ids written, or NET_TRY_RESTART / NET_FATAL.
 * Blocks: no. Syscalls: at most one bounded kick: for what is still in the ring and nobody was told of
 * yet, or long ago.
 */
static inline int net_queue_tx_poll(struct net_queue *q, struct net_buffer_access *pool,
				    uint32_t *ids, uint32_t count)
{
	return q->ops->tx_poll(q, pool, ids, count);
}

/*
 * Ask whether there is anything to do: a frame, a completion, room for a packet that found none, an
 * error or event. Level-triggered; a spurious true is legal. After false, ready_fd becomes readable
 * when that changes. A backend may write frames to the pool's buffers here; AF_XDP never does.
 * Return: true or false. Blocks: no. Syscalls: none when true, up to four before false.
 */
static inline bool net_queue_poll_ready(struct net_queue *q, struct net_buffer_access *pool)
{
	return q->ops->poll_ready(q, pool);
}

/*
 * The queue's one file descriptor for epoll or poll (POLLIN). Sleep on it only after poll_ready
 * returned false. Return: the descriptor, -1 when the backend is always ready.
 * Owner: the queue; do not read or close it. It is the same from get_queues to destroy, and another one
 * after a restart.
 */
static inline int net_queue_ready_fd(struct net_queue *q)
{
	return q->ops->ready_fd(q);
}

/* Hint: the frontend now runs this queue on cpu. Any number of times; never changes correctness.
 * Blocks: may write a kernel setting; call it rarely. */
static inline void net_queue_update_target_vp(struct net_queue *q, uint32_t cpu)
{
	q->ops->update_target_vp(q, cpu);
}

/* Copy the counters. Each is whole and, tx_packets aside, never goes back; two of them may be a call
 * apart. A packet counts as sent until it turns out to be lost. Threads: any, also beside the
 * queue's own, while the queue exists. Blocks: no. Syscalls: none. */
static inline void net_queue_stats(struct net_queue *q, struct net_queue_stats *out)
{
	q->ops->stats(q, out, sizeof(*out));
}

/* Why this queue last returned NET_TRY_RESTART or NET_FATAL, in a sentence; "" if it never did.
 * Owner: the queue; valid until its next data call. Threads: the queue's. */
static inline const char *net_queue_error(struct net_queue *q)
{
	return q->ops->error(q);
}

/*
 * Name every id that is with the backend: each posted receive id and the id of each accepted packet
 * that tx_poll has not returned. Made for the moment before net_queue_destroy(), which gives all of
 * them back: when it has returned 0 they are the frontend's.
 * Threads: the queue's. Blocks: no. Syscalls: none. Cost: the rings' and tables' size.
 */
static inline void net_queue_outstanding(struct net_queue *q, net_outstanding_fn *each,
					 void *context)
{
	q->ops->outstanding(q, each, context);
}

/* Show an inspector everything worth knowing of a queue; see net_inspect.h. Threads: any, while the
 * queue lives. */
static inline void net_queue_inspect(struct net_queue *q, struct net_inspector *to)
{
	q->ops->inspect(q, to);
}

/* The queue that a wrapper's queue stands before (net_wrap.h), NULL: none. Owner: the wrapper; valid
 * until q is destroyed. Threads: the queue's. */
static inline struct net_queue *net_queue_inner(struct net_queue *q)
{
	return q->ops->inner ? q->ops->inner(q) : NULL;
}

/*
 * End the queue. When it returns, with or without error, q is gone.
 * Return: 0: neither kernel nor NIC will touch any of its buffers again. -ETIMEDOUT: the kernel has
 *         not confirmed that within the deadline: keep the buffers out of use. Any other error: as 0,
 *         but something of the system that the backend had changed was not put back; err says what.
 * Owner: every posted receive id and every id of an accepted packet is the frontend's again, named or
 * not (see net_queue_outstanding()).
 * Blocks: until the kernel has let go of the memory (milliseconds), up to the backend's deadline.
 */
static inline int net_queue_destroy(struct net_queue *q, struct net_error *err)
{
	return q->ops->destroy(q, err);
}

/*
 * Sleep until poll_ready is true. timeout_ns < 0: no deadline; 0: only look.
 * Return: 1 ready, 0 deadline passed, -EINTR interrupted by a signal, or another -errno.
 * Blocks: yes. Syscalls: one ppoll per sleep.
 */
NET_PUBLIC int net_queue_wait(struct net_queue *q, struct net_buffer_access *pool,
			      int64_t timeout_ns);

/* ---- Endpoint --------------------------------------------------------------------------------- */

/* What an endpoint is. Constant after creation, answerable before any queue exists. */
struct net_endpoint_facts {
	const char *type;	  /* "xdp", "loopback", "null" */
	bool is_ordered;	  /* rx_poll returns ids in the order they were posted */
	bool tx_fast_completions; /* tx_poll right after tx_avail usually has the ids */
	uint32_t tx_flags;	  /* enum net_tx_flags that tx_avail honours */
	uint32_t max_queues;
	/* 0: the endpoint does not steer, the NIC does as it likes */
	uint32_t rss_table_entries;
	uint32_t rss_key_bytes;
	uint64_t link_speed_bps; /* bits per second, 0 unknown */
	/* Into so many wire packets one packet may be cut, however many segments it comes in; one that needs
	 * more may be dropped and counted. 0: none is cut. */
	uint32_t tx_max_pieces;
};

struct net_queue_config {
	struct net_buffer_access *pool; /* describes initial_rx; need not outlive the call */
	const uint32_t *initial_rx;	/* ids to post before the queue starts, as by rx_avail */
	uint32_t initial_rx_count;
	/* A frame that one buffer does not hold may go on in the next posted ones: rx_poll then
	 * returns several ids for it, in order and in one call, and metadata's more_ids says how
	 * many. Without it such a frame is dropped and counted. */
	bool rx_merge;
	uint8_t reserved[3]; /* 0 */
};

/* Receive steering: the table's entries are queues. An entry that is no queue's index means queue 0. */
struct net_rss_config {
	const uint8_t *key;
	uint32_t key_bytes; /* must equal the facts' rss_key_bytes */
	const uint16_t *table;
	uint32_t table_entries;
};

enum net_action_kind {
	NET_ACTION_RESTART_REQUIRED = 1, /* destroy the queues, get_queues again */
	/* link_up holds the new state, which differs from the last one told */
	NET_ACTION_LINK,
};

struct net_action {
	enum net_action_kind kind;
	bool link_up;
	uint8_t reserved[11];
};

struct net_endpoint;

struct net_endpoint_ops {
	size_t size_bytes; /* sizeof(struct net_endpoint_ops) */
	void (*facts)(struct net_endpoint *ep, struct net_endpoint_facts *out, size_t size_bytes);
	int (*get_queues)(struct net_endpoint *ep, const struct net_queue_config *configs,
			  uint32_t count, const struct net_rss_config *rss,
			  struct net_queue **queues, struct net_error *err);
	int (*get_queue)(struct net_endpoint *ep, uint32_t index,
			 const struct net_queue_config *config, struct net_queue **queue,
			 struct net_error *err);
	int (*stop)(struct net_endpoint *ep);
	int (*poll_action)(struct net_endpoint *ep, struct net_action *out);
	int (*action_fd)(struct net_endpoint *ep);
	void (*inspect)(struct net_endpoint *ep, struct net_inspector *to);
	int (*destroy)(struct net_endpoint *ep, struct net_error *err);
	struct net_endpoint *(*inner)(struct net_endpoint *ep); /* of a wrapper; else NULL */
};

/* A backend embeds this as the first member of its own endpoint. */
struct net_endpoint {
	const struct net_endpoint_ops *ops;
};

/* Fill *out. Blocks: no. Syscalls: none. */
static inline void net_endpoint_facts(struct net_endpoint *ep, struct net_endpoint_facts *out)
{
	ep->ops->facts(ep, out, sizeof(*out));
}

/*
 * Make exactly count queues, in order: queues[i] for configs[i]. Earlier queues must be destroyed;
 * stop may or may not have been called in between. rss may be NULL.
 * Return: 0. Errors: -EINVAL, -EBUSY (queues alive) and what the backend says; err is filled, no
 * queue exists and nothing is left behind. Owner: the caller destroys each queue.
 * Blocks: yes (setup).
 */
static inline int net_endpoint_get_queues(struct net_endpoint *ep,
					  const struct net_queue_config *configs, uint32_t count,
					  const struct net_rss_config *rss,
					  struct net_queue **queues, struct net_error *err)
{
	return ep->ops->get_queues(ep, configs, count, rss, queues, err);
}

/*
 * Make one queue again while its neighbours run: the one that get_queues made as queues[index] and that
 * was destroyed since. (A guest that enables and disables its rings one by one.)
 * Return: 0. Errors: as get_queues; -EBUSY that queue is alive, -EINVAL get_queues made none such.
 * Blocks: yes (setup).
 */
static inline int net_endpoint_get_queue(struct net_endpoint *ep, uint32_t index,
					 const struct net_queue_config *config,
					 struct net_queue **queue, struct net_error *err)
{
	return ep->ops->get_queue(ep, index, config, queue, err);
}

/* Idempotent; legal before any queue. Return: 0, or -EBUSY while a queue is alive (a usage error). */
static inline int net_endpoint_stop(struct net_endpoint *ep)
{
	return ep->ops->stop(ep);
}

/* Read the next event. Return: 1 and *out filled, 0 none, -errno. Blocks: not for an event.
 * Syscalls: one, non-blocking; now and then a few more, to look whether interface and program are
 * still there. */
static inline int net_endpoint_poll_action(struct net_endpoint *ep, struct net_action *out)
{
	return ep->ops->poll_action(ep, out);
}

/* Return: a descriptor that is readable when poll_action may have something; -1 if the backend never
 * has events. */
static inline int net_endpoint_action_fd(struct net_endpoint *ep)
{
	return ep->ops->action_fd(ep);
}

/* Show an inspector everything worth knowing of an endpoint, its queues left out; see net_inspect.h.
 * Threads: any, but not beside a call that makes or ends its queues, exchanges its memory, connects what it wraps,
 * or destroys it. */
static inline void net_endpoint_inspect(struct net_endpoint *ep, struct net_inspector *to)
{
	ep->ops->inspect(ep, to);
}

/* The endpoint that a wrapper stands before (net_wrap.h), NULL: none, or none now. Owner: the wrapper.
 * Threads: as for endpoint calls. */
static inline struct net_endpoint *net_endpoint_inner(struct net_endpoint *ep)
{
	return ep->ops->inner ? ep->ops->inner(ep) : NULL;
}

/* End the endpoint. Return: 0; -EBUSY while a queue is alive: nothing was done, call again after
 * destroying it. Any other error is reported after everything has been given back. */
static inline int net_endpoint_destroy(struct net_endpoint *ep, struct net_error *err)
{
	return ep->ops->destroy(ep, err);
}

/* ---- Two small backends without a NIC --------------------------------------------------------- */

/* Open a null endpoint: it sends to nowhere and receives nothing. Each packet is complete when
 * tx_avail returns. Every transmit flag is taken, and no packet is looked at. */
NET_PUBLIC int net_null_open(struct net_endpoint **out, struct net_error *err);

/*
 * Open a loopback endpoint: what is sent on queue i arrives on the queue that the RSS table says for
 * the frame (queue i without a table). Frames are copied, through the pool's memory(). Every transmit flag is
 * honoured in software: a packet arrives as the wire packets it is cut into, each in a buffer of its own
 * (with rx_merge: its own buffers) and counted by itself; one that finds none is lost, and counted in the
 * receiver's rx_errors. For tests, and for a frontend that wants to talk to itself. max_queues: 1..64;
 * receive ids are 0..65535. One thread drives all queues of a loopback endpoint.
 */
NET_PUBLIC int net_loopback_open(uint32_t max_queues, struct net_endpoint **out,
				 struct net_error *err);

#ifdef __cplusplus
}
#endif

#endif
