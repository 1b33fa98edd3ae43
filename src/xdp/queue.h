/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One queue's state. The data calls (rx_*.c, tx_*.c, ready.c) touch the hot part, set-up and teardown
 * (queue.c, socket.c) the rest. A queue is driven by one thread; nothing here is shared but the
 * rings' own words, which ring.h orders, and the counters (backend/count.h).
 */
#ifndef NET_XDP_QUEUE_H
#define NET_XDP_QUEUE_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "backend/count.h"
#include "net_xdp.h"
#include "base/checksum.h"
#include "base/maker.h"
#include "host/undo/affinity.h"
#include "host/tx_ways.h"
#include "host/undo/napi.h"
#include "xdp/data/bounce.h"
#include "xdp/data/inflight.h"
#include "xdp/memory.h"
#include "xdp/release.h"
#include "xdp/data/rx_table.h"
#include "xdp/data/tx_record.h"
#include "xdp/data/tx_whole.h"
#include "host/xdp_uapi.h"
#include "xdp/socket.h"

struct net_xdp_endpoint;

/* A frame that comes in several chunks, while its parts come in. 9216 / (2048 - 256) rounds up to 6. */
#define GATHER_PARTS 8

struct gather {
	uint64_t data[GATHER_PARTS]; /* UMEM offset of each part's bytes */
	uint32_t len[GATHER_PARTS];
	uint32_t parts;
	uint32_t bytes;
	bool broken; /* more parts than fit here: the whole frame is dropped with its last part */
	bool left;   /* complete, but rx_poll had no room for all of its ids */
};

/* A driver in zero-copy mode that was woken and has not moved its ring for so many polls is woken
 * again: a wake-up can be lost. So many polls take 20 to 100 us, about the timer's interval of a
 * queue that sleeps. */
#define PATIENCE_LOOKS 1024u

/* Least time between two looks whether device and program are still there, and between two attempts
 * to enter the program's map. */
#define LOOK_MS 250u

/* After so many calls that found nothing one reads the clock. Few, because a frontend may make only
 * ten calls a second and has to be told within that second. */
#define LOOKS_PER_CLOCK 4u

#define QUEUE_LINE_BYTES 64
#define QUEUE_LINE	 __attribute__((aligned(QUEUE_LINE_BYTES)))

/*
 * Grouped by cache lines. Beside the rings' views and the counters, a call on the fast path touches the
 * constants, which nobody writes after bind, and its own direction's state.
 */
struct net_xdp_queue {
	struct net_queue base;

	/* ---- hot: constants ---- */
	const struct memory *memory;
	uint64_t umem_bytes;
	/* frame_offset as an RX descriptor's addr carries it: shifted by 48 with unaligned chunks */
	uint64_t rx_fast_offset;
	uint32_t frame_offset; /* from a chunk's start to its frame */
	uint32_t chunk_bytes;
	uint32_t direct_capacity;
	uint32_t rx_fast_capacity; /* longest frame that the fast path delivers */
	uint32_t max_frame_bytes;
	uint32_t tx_piece_bytes; /* most bytes of a descriptor that is sent */
	bool unaligned;
	bool zero_copy; /* bound in zero-copy mode */
	bool paged;	/* chunks may not cross a page boundary: see queue_page_rule() */
	bool jumbo;
	bool inspect; /* rx_checksum or rx_vlan is on: rx_look_at() is called for each frame */
	bool rx_fast; /* post_fast() may be used */
	bool outside; /* bound, but not in the XDP program's map: the host keeps the frames */

	struct xsk xsk; /* its rings are hot: a cache line each */

	/* ---- hot: receive ---- */
	QUEUE_LINE struct rx_table rx_ids;
	/* desc.addr ^ rx_ids.state[id] of a frame at frame_offset in a chunk that was posted */
	uint64_t rx_fast_key;
	uint32_t rx_region;	 /* hint for memory_offset() */
	uint32_t rx_private_out; /* private chunks that the kernel has */
	/* of a kept socket, see keep.h: at most so many dead entries are in the fill ring, all of
	 * them in front of fill_end */
	uint32_t fill_dead, fill_end;
	uint32_t rx_empty_polls; /* calls of rx_poll() that found nothing, in zero-copy mode */
	/* the fill ring's producer index at the last wake-up of the driver */
	uint32_t rx_announced;
	struct rx_list pending, waiting; /* parked, see enum rx_owner */
	/* that wake-up failed: the driver may not know of the entries */
	bool rx_wake_failed;
	bool rx_dropping; /* dropping a frame in several descriptors: more parts follow */
	/* the driver splits long frames without setting XDP_PKT_CONTD (igb, igc) */
	bool rx_silent_split;

	/* ---- hot: transmit ---- */
	/* By address / 2: the packet's id, or its record in tx_records. */
	QUEUE_LINE struct inflight tx_inflight;
	uint32_t tx_region; /* hint for memory_offset() */
	/* The packet that tx_avail() left to the frontend last waits for so many descriptors, 0 when
	 * there is none, and private slots of both kinds. */
	uint32_t tx_blocked;
	uint32_t tx_blocked_frames, tx_blocked_headers;
	uint32_t *done; /* a ring of ids that completed and that tx_poll() has not returned */
	uint32_t done_head, done_tail, done_mask;
	uint32_t tx_max_descriptors; /* per wire packet */
	uint32_t tx_patience;	     /* looks until the driver is kicked again, see tx_push() */
	uint64_t tx_lost_ahead;	     /* wire packets in TX_LOST that are not in TX_PACKETS yet */
	bool tx_kick_deferred;	     /* the last tx_avail() left its kick to the next call */
	bool failed;		     /* tx_poll() returns NET_TRY_RESTART */
	bool failure_told;	     /* and has done so */

	/* ---- warm: what the fast path does not touch ---- */
	QUEUE_LINE struct bounce rx_private;
	struct bounce tx_private; /* whole frames */
	struct bounce tx_headers; /* headers of frames whose payload is the frontend's */
	enum tx_sum tx_sum;
	uint32_t tx_copy_bytes; /* see tx_ways_copy_bytes() */
	struct tx_whole whole;
	struct gather gather;
	/* of the queue's configuration: a frame may go on in further buffers */
	bool rx_merge;
	uint64_t base_mask;   /* RX descriptor's addr & this: the chunk that was posted */
	uint64_t *chunk_lent; /* aligned only, see chunk.h */
	/* in zero-copy mode the driver overwrites so many bytes in front of a frame */
	uint32_t driver_gap_bytes;
	uint32_t driver_unit_bytes; /* see driver_buffer_unit() */
	/* with rx_silent_split: a part that reaches so far into its chunk is not the last */
	uint32_t rx_silent_end;
	uint32_t rx_frame_chunks; /* most chunks that one frame comes in */
	struct tx_records tx_records;

	QUEUE_LINE uint64_t
		counter[NET_XDP_COUNTERS]; /* written by count_up(), read in any thread */

	/* ---- cold ---- */
	struct net_xdp_endpoint *endpoint;
	uint32_t index; /* in the endpoint */
	uint32_t hardware_queue;
	enum net_xdp_rx_checksum rx_checksum;
	bool rx_vlan;
	enum checksum_source rx_source;
	struct maker maker;	   /* who ends it, see maker_is_us() */
	bool live;		   /* the endpoint knows its socket */
	bool cleared;		   /* out of the program's map for good */
	bool witnessed;		   /* its socket is in the endpoint's witness */
	bool kernel_tells_sockets; /* netdev_queue_has_socket() was seen to work here */

	uint32_t tx_timer_us;
	int ready_fd; /* epoll instance over the socket, the timer and link events: see ready.c */
	int timer_fd;
	bool timer_armed;
	bool socket_watched; /* a member of ready_fd */
	uint32_t timer_us;   /* the timer's next interval */
	uint32_t looks;	     /* calls that found nothing: see queue_look() */
	uint64_t looked_ms;  /* when look_around() looked last */
	uint64_t entered_ms; /* the last attempt to enter the map, and what came of it */
	int enter_error;

	uint32_t napi_id;
	/* What the kernel had counted when the socket became this queue's, see keep.h. */
	struct xdp_statistics kernel_before;
	struct affinity affinity;
	struct napi napi;
};

#define QUEUE_LINES(from, to)                                                                      \
	((offsetof(struct net_xdp_queue, to) - offsetof(struct net_xdp_queue, from)) /             \
	 QUEUE_LINE_BYTES)
_Static_assert(QUEUE_LINES(base, xsk) == 1, "the constants are one line");
_Static_assert(QUEUE_LINES(rx_ids, tx_inflight) == 2, "the state of receive is two lines");
_Static_assert(QUEUE_LINES(tx_inflight, rx_private) == 2, "the state of transmit is two lines");

/* As coarse as the scheduler's tick, and read without a system call. */
static inline uint64_t clock_coarse_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static inline struct net_xdp_queue *queue_of(struct net_queue *q)
{
	return (struct net_xdp_queue *)((char *)q - offsetof(struct net_xdp_queue, base));
}

extern const struct net_queue_ops queue_ops;

static inline void count_up(struct net_xdp_queue *q, enum net_xdp_counter which, uint64_t n)
{
	count_add(&q->counter[which], n);
}

/* The queue has to be made again. Its report and inspect may be asked for meanwhile. */
static inline void queue_fail(struct net_xdp_queue *q)
{
	__atomic_store_n(&q->failed, true, __ATOMIC_RELAXED);
}

/* Tell the driver about fill entries, or run one busy poll. */
static inline enum kick_result queue_kick_rx(struct net_xdp_queue *q)
{
	enum kick_result result = xsk_kick_rx(&q->xsk);

	count_up(q, NET_XDP_KICKS, 1);
	if (result == KICK_GONE)
		queue_fail(q);
	return result;
}

/* The page rule of a region: neither a chunk that is posted nor a frame that the fast path sends may
 * cross a page. An aligned chunk needs only its own size as the page, and no page is smaller. */
static inline struct page_rule queue_page_rule(const struct net_xdp_queue *q,
					       const struct memory_region *r)
{
	return q->unaligned ? memory_page_rule(q->memory, r)
			    : (struct page_rule){0, q->chunk_bytes};
}

/* inspect.c: what a queue tells of itself. */
const char *queue_error(struct net_queue *q);
void queue_outstanding(struct net_queue *q, net_outstanding_fn *each, void *context);
void queue_inspect(struct net_queue *q, struct net_inspector *to);

/* report.c */
/* XDP_STATISTICS since the queue was made. Return: 0 or -errno. */
int queue_kernel_stats(const struct net_xdp_queue *q, struct xdp_statistics *out);
void queue_stats(struct net_queue *q, struct net_queue_stats *out, size_t size_bytes);

/* queue.c */
int queue_create(struct net_xdp_endpoint *ep, uint32_t index, const struct net_queue_config *config,
		 struct net_xdp_queue **out, struct net_error *err);
int queue_destroy(struct net_queue *q, struct net_error *err);
/* The kernel holds a chunk of a queue that is still outside: from now on it takes its frames. After a
 * failure at most a few attempts a second. Return: 0 or -errno. */
int queue_enter(struct net_xdp_queue *q);
/* queue_state.c: the parts of set-up that need no kernel. First the constants of the data calls, by
 * all that is known before bind. */
void queue_set_facts(struct net_xdp_queue *q, const struct net_xdp_endpoint *ep);
/* Those of sending: descriptors per wire packet, and what follows from it and the memory. */
void queue_set_tx(struct net_xdp_queue *q, uint32_t descriptors);
/* What is known of its sending, for tx_ways.h. */
struct tx_facts queue_tx_facts(const struct net_xdp_queue *q);
/* The constants that follow from the mode. */
void queue_set_zero_copy(struct net_xdp_queue *q, bool zero_copy);
/* Those that follow from what bind came to. */
void queue_set_bound(struct net_xdp_queue *q, const struct net_xdp_endpoint *ep);
/* With rx_silent_split: how much of a chunk the NIC knows of, in whole units of driver_unit_bytes. */
static inline uint32_t queue_piece_bytes(const struct net_xdp_queue *q)
{
	return q->direct_capacity / q->driver_unit_bytes * q->driver_unit_bytes;
}
/* What bind is asked; valid as long as q and ep. */
struct xsk_setup queue_xsk_setup(const struct net_xdp_queue *q, const struct net_xdp_endpoint *ep);
/* Once there are rings: where ids, addresses and private chunks are kept. */
int queue_open_tables(struct net_xdp_queue *q, const struct net_xdp_endpoint *ep,
		      struct net_error *err);
void queue_close_tables(struct net_xdp_queue *q);

#endif
