/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_control.h - looking into a running program from outside.
 *
 *     echo json | socat - UNIX-CONNECT:/run/net_xdp/control/1234.xsk-bench
 *
 *     program  --net_control_set()-->  endpoints and queues  <--inspect--  a thread  <--socket--  xsk-info, a person
 *
 * A thread of its own answers at a Unix socket; the threads that move packets do nothing for it, and make no system
 * call. An embedder opens it once, sets each endpoint when its queues are there, and takes it out before they end:
 *
 *     net_control_open(NULL, &control, &err);
 *     ... get_queues ...
 *     net_control_set(control, "eth0", ep, queues, count);
 *     ... packets ...
 *     net_control_set(control, "eth0", NULL, NULL, 0);
 *     ... destroy ...
 *     net_control_close(control);
 *
 * Protocol: SOCK_STREAM. The client writes one line and reads text until the end of the file.
 *     json         {"program": ..., "pid": ..., "version": ..., "endpoints": [{"name": ..., "endpoint": {...},
 *                  "queues": [{...}, ...]}, ...], and what the program tells (net_control_tell())}. Without an
 *                  endpoint, or without queues, their list is left out
 *     openmetrics  the same as OpenMetrics text 1.0 (net_inspect.h), with labels program, pid, endpoint
 *     help         these words
 * Any other line is answered by one line with the words. A line is at most 63 bytes long. Sixteen clients are served
 * side by side; who does not write a line, or does not read, for ten seconds is dropped, and after one second when
 * others wait.
 *
 * With each queue there are three fields more than it tells itself: stall, a word ("" when all is well), stalled_ms,
 * and stall_state, a sentence with what to do. The thread finds that out by a look at each queue once a second
 * (docs/inspecting.md has the words).
 */
#ifndef NET_CONTROL_H
#define NET_CONTROL_H

#include "net_inspect.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NET_CONTROL_DIRECTORY "/run/net_xdp/control"

struct net_control;

struct net_control_config {
	size_t size_bytes; /* sizeof(struct net_control_config) */
	/* Where to listen; NULL: NET_CONTROL_DIRECTORY/<pid>.<name>, whose folders are made if they are not there,
	 * closed to all others (0700). Of a path that is given the folder has to be there. */
	const char *path;
	const char
		*name; /* the program's; NULL: as it was called (program_invocation_short_name) */
};

static inline struct net_control_config net_control_config_default(void)
{
	struct net_control_config config = {sizeof(struct net_control_config), NULL, NULL};

	return config;
}

/*
 * Listen at a socket of mode 0600 and start the thread that answers. config may be NULL: the defaults. A socket at the
 * path at which nobody listens, as after SIGKILL, is removed; in the usual folder also those of other processes that
 * have ended.
 * Return: 0 and *out. Errors, err (may be NULL) filled with a sentence that names the remedy, nothing left behind:
 *   -EADDRINUSE somebody listens there · -EEXIST there is something that is no socket · -EROFS, -EACCES, -EPERM the
 *   folder cannot be made or written, or others can write there · -ENAMETOOLONG · -EINVAL · -ENOMEM, -EMFILE, ...
 * Owner: the caller, ends it with net_control_close(); path and name are copied. A program goes on without it as well:
 * all calls below take NULL and do nothing.
 * Threads: one new thread with all signals blocked and a stack of 256 KiB. It sleeps in poll() unless somebody
 * asks, or it is time to look at the queues that are shown.
 * It makes these calls: poll, accept4, recvfrom, sendto, shutdown, close, read, clock_gettime, futex, what malloc()
 * makes, for each look and answer one getsockopt per queue, for each answer some bpf per endpoint.
 * fork(): the child has no such thread: there every call does nothing, and net_control_close() gives up the child's
 * copies. A program that becomes a daemon opens it afterwards.
 */
NET_PUBLIC int net_control_open(const struct net_control_config *config, struct net_control **out,
				struct net_error *err);

/*
 * Show an endpoint and its queues (those of queues[0..count) that are not NULL) under a name that is unique in this
 * program; the name that is there already is replaced. ep NULL: take it out. The array and the name are copied.
 * While an endpoint is shown, do not destroy it or a queue of it, and do not make on it: get_queues, get_queue, stop,
 * net_xdp_set_regions(), net_disconnectable_connect() or _disconnect(). All else goes on as ever, data calls and
 * poll_action on their own threads too.
 * Return: 0: from now on nobody looks at what was shown before; -ENOMEM, what was there is out; -EINVAL the name is NULL
 * or over 127 bytes long.
 * Threads: any. Blocks: while an answer is made, which is less than a millisecond for a few queues; never for a client.
 */
NET_PUBLIC int net_control_set(struct net_control *c, const char *name, struct net_endpoint *ep,
			       struct net_queue *const *queues, uint32_t count);

/*
 * tell is called, on the thread of the socket, to tell what the program itself wants to show (groups and fields behind
 * the endpoints); NULL: nothing more. When this returns the one before is not running any more.
 * Threads, Blocks: as net_control_set(). tell calls nothing of this header.
 */
NET_PUBLIC void net_control_tell(struct net_control *c, net_tell_fn *tell, void *context);

/* Return: where it listens, for a person; "" for NULL. Lives as long as c. */
NET_PUBLIC const char *net_control_path(const struct net_control *c);

/* End the thread, drop the clients, remove the socket if it is still ours. Blocks: as net_control_set(). */
NET_PUBLIC void net_control_close(struct net_control *c);

#ifdef __cplusplus
}
#endif

#endif
