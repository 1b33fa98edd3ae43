/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_wrap.h - endpoints around endpoints.
 *
 *     frontend  <-- contract -->  wrapper  <-- contract -->  inner endpoint, maybe a wrapper
 *
 * A wrapper is an endpoint like any other: wrapped queue i is inner queue i; facts, statistics,
 * inspect and actions pass through. It owns the inner endpoint that it was given:
 * net_endpoint_destroy() of the wrapper ends both. docs/wrappers.md says what each adds, costs and
 * loses.
 */
#ifndef NET_WRAP_H
#define NET_WRAP_H

#include "net_backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Capture: what passes, in a file ------------------------------------------------------- */

/*
 * Records the frames of both directions as pcapng (draft-ietf-opsawg-pcapng), readable by
 * Wireshark, tshark and tcpdump. A queue that is not being captured pays one branch per call.
 * Frames are copied to a buffer of the queue inside the data call and written by a thread of the
 * capture: a data call never waits for the disk, and a frame that finds the buffer full is counted
 * as not captured, in the file too.
 *
 * The pool must have memory(): without it no byte can be read, and each frame counts as not
 * captured.
 */
struct net_capture_config {
	size_t size_bytes;   /* of this struct, see net_capture_config_default() */
	const char *path;    /* file to write, or NULL */
	int fd;		     /* or an open file, pipe or socket; -1 none. Stays the caller's */
	uint32_t snap_bytes; /* most bytes of each frame, 14..262144 */
	/* most bytes of a file, then a new one (needs path): 0 no limit, else 4096 or more */
	uint64_t rotate_bytes;
	uint32_t rotate_files; /* how many are kept: PATH, PATH.1, ... 1..1000 */
	uint32_t buffer_bytes; /* per queue, 65536..1073741824, rounded up to a power of two */
	/* the interface's name in the file; "" the inner endpoint's type */
	const char *interface;
};

struct net_capture_stats {
	uint64_t frames; /* frames written, of both directions */
	uint64_t bytes;	 /* bytes of the file, or of all files */
	uint64_t missed; /* frames that passed while capture was on and are not in the file */
	int error;	 /* 0, or the -errno that ended the writing early */
};

NET_PUBLIC void net_capture_config_init(struct net_capture_config *config, size_t size_bytes);
/* Return: the defaults: fd -1, whole frames, no rotation, buffers of 4 MiB. */
static inline struct net_capture_config net_capture_config_default(void)
{
	struct net_capture_config config;

	net_capture_config_init(&config, sizeof(config));
	return config;
}

/* Wrap inner, which belongs to the wrapper from now on, and on failure to the caller still. Capture
 * is off. Return: 0, -ENOMEM with err filled. Blocks: no. */
NET_PUBLIC int net_capture_open(struct net_endpoint *inner, struct net_endpoint **out,
				struct net_error *err);

/* Start while queues run or before there are any. Return: 0; -EBUSY it is on, -EINVAL the
 * configuration, -errno of the file; err filled. Threads: as for endpoint calls, and not inside
 * a pool's operation. Blocks: opens the file, makes a thread. */
NET_PUBLIC int net_capture_start(struct net_endpoint *capture,
				 const struct net_capture_config *config, struct net_error *err);

/* Stop, write what waits, close the file. Return: 0, -EINVAL not a capture; -ENOENT it is off;
 * else what ended the writing early: capture is off all the same, and statistics say how it
 * went. -ECHILD in a forked child: the file is the parent's. Threads: as net_capture_start().
 * Blocks: for the disk; for a reader that reads nothing one second. */
NET_PUBLIC int net_capture_stop(struct net_endpoint *capture);

NET_PUBLIC int net_capture_get_stats_sized(struct net_endpoint *capture,
					   struct net_capture_stats *out, size_t size_bytes);
/* How the capture stands, or how it went after stop. Threads: any. Return: 0, -EINVAL not a capture. */
static inline int net_capture_get_stats(struct net_endpoint *capture, struct net_capture_stats *out)
{
	return net_capture_get_stats_sized(capture, out, sizeof(*out));
}

/* ---- Disconnectable: swap the inner endpoint under a live frontend ------------------------- */

/*
 * Without an inner endpoint it is a NIC whose cable is out: posted receive ids stay posted, packets
 * are dropped and counted (tx_errors). connect() and disconnect() may be called while queues run,
 * from another thread: the frontend is told by actions, link down, restart required, link up, and
 * by NET_TRY_RESTART from its queues, once each, and rebuilds them as for any restart.
 *
 * Opened, it has no inner endpoint. The link counts as up until an action says otherwise: one that
 * is connected before the first poll_action gives no event.
 */

NET_PUBLIC int net_disconnectable_open_sized(const struct net_endpoint_facts *promise,
					     size_t size_bytes, struct net_endpoint **out,
					     struct net_error *err);
/*
 * promise: the facts of this endpoint for all its life, usually those of the first inner endpoint.
 * One that cannot keep them (fewer queues, a transmit flag missing, unordered where order is
 * promised, another RSS key or a smaller table) is refused.
 * Return: 0; -ENOMEM, -errno of a descriptor, err filled. Blocks: no.
 */
static inline int net_disconnectable_open(const struct net_endpoint_facts *promise,
					  struct net_endpoint **out, struct net_error *err)
{
	return net_disconnectable_open_sized(promise, sizeof(*promise), out, err);
}

/* Give it an inner endpoint, which is the wrapper's from now on and has no queues. Return: 0;
 * -EBUSY it has one, or one whose queues the frontend still has; -EINVAL facts that do not fit;
 * -errno of a descriptor; err filled and inner stays the caller's. Threads: any but inside a
 * pool's operation. Blocks: while an endpoint call of the frontend's runs. */
NET_PUBLIC int net_disconnectable_connect(struct net_endpoint *disconnectable,
					  struct net_endpoint *inner, struct net_error *err);

/* Take the inner endpoint away: *inner is the caller's again, without queues. Waits until the
 * frontend has destroyed the queues made on it, at most timeout_ms. Return: 0; -ENOENT there is
 * none; -ETIMEDOUT the frontend still has queues on it: disconnected all the same, call again to
 * get *inner. Threads: any but a queue's (with timeout_ms 0 that one too). Blocks: yes. */
NET_PUBLIC int net_disconnectable_disconnect(struct net_endpoint *disconnectable,
					     uint32_t timeout_ms, struct net_endpoint **inner,
					     struct net_error *err);

#ifdef __cplusplus
}
#endif

#endif
