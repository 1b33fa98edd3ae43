// SPDX-License-Identifier: BSD-2-Clause
/* A queue's set-up and teardown. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/grow.h"
#include "host/netdev.h"
#include "host/tx_ways.h"
#include "xdp/endpoint.h"
#include "xdp/keep.h"
#include "xdp/socket.h"
#include "xdp/umem.h"
#include "xdp/data/ready.h"
#include "xdp/data/rx.h"
#include "xdp/data/tx.h"
#include "xdp/data/tx_whole.h"

/* Has the interface gone? Another one may have been given its number. */
static bool is_gone(struct net_xdp_queue *q)
{
	return q->xsk.bound && queue_kick_rx(q) == KICK_GONE;
}

static void queue_update_target_vp(struct net_queue *queue, uint32_t cpu)
{
	struct net_xdp_queue *q = queue_of(queue);
	struct net_xdp_endpoint *ep = q->endpoint;

	if (is_gone(q)) {
		affinity_gone(&q->affinity, cpu);
		return;
	}
	affinity_set(&q->affinity, &ep->attached.host, ep->attached.device.ifindex,
		     q->hardware_queue, cpu);
}

/* Where it is now, for what was set on it. Another one may have been given its number here, too. */
static enum napi_place place_of(struct net_xdp_queue *q)
{
	struct net_xdp_endpoint *ep = q->endpoint;
	struct netdev_left left;

	if (q->napi.lease.fd < 0 || !is_gone(q) || attach_is_at_home(&ep->attached))
		return NAPI_HERE;
	netdev_events_left_first(ep->removal_fd, ep->attached.device.ifindex, &left);
	return left.moved ? NAPI_ELSEWHERE : NAPI_GONE;
}

/* ---- Teardown --------------------------------------------------------------------------------- */

/* Put back what is the system's. Return: 0; -errno something of it stays, which is said. */
static int put_back(struct net_xdp_queue *q, struct net_error *err)
{
	struct net_xdp_endpoint *ep = q->endpoint;
	int moved = affinity_restore(&q->affinity, &ep->attached.host, ep->attached.device.ifindex,
				     q->hardware_queue);
	int rc = napi_close(&q->napi, place_of(q));

	if (rc)
		return error_set(err, rc, "destroy",
				 "%s queue %u has ended and its buffers are free, but %s; put it "
				 "back with: xsk-info --restore %s",
				 ep->attached.device.ifname, q->hardware_queue, q->napi.state,
				 ep->attached.device.ifname);
	if (moved)
		error_set(err, moved, "destroy",
			  "%s queue %u has ended and its buffers are free, but its NAPI thread or "
			  "interrupt stays on CPU %d: %s",
			  ep->attached.device.ifname, q->hardware_queue, q->affinity.cpu,
			  strerror(-moved));
	return moved;
}

/* What nobody but the one who made the queue may end: in a forked child it is the parent's still. First the
 * program's map, so that the host has its frames back whatever keeps the socket alive. Return: as put_back(). */
static int queue_retire(struct net_xdp_queue *q, struct net_error *err)
{
	int kept;

	if (!maker_is_us(&q->maker)) {
		lease_leave(&q->napi.lease);
		affinity_leave(&q->affinity);
		q->xsk.bound = false;
		return 0;
	}
	if (q->xsk.bound && q->tx_kick_deferred) /* accepted is accepted, also in the last call */
		tx_push(q);
	q->cleared = program_clear_socket(&q->endpoint->attached.program, q->hardware_queue) == 0;
	kept = put_back(q, err);
	if (q->xsk.bound) /* what has completed needs no release */
		tx_reap(q);
	return kept;
}

static struct release release_of(const struct net_xdp_queue *q)
{
	return (struct release){
		.host = &q->endpoint->attached.host,
		.ifindex = q->endpoint->attached.device.ifindex,
		.hardware_queue = q->hardware_queue,
		.index = q->index,
		.kernel_tells = q->kernel_tells_sockets,
		.witnessed = q->witnessed,
		.lingers = q->zero_copy || inflight_count(&q->tx_inflight),
		.pending = true,
		.ended_ms = clock_ms(),
	};
}

/* Free what is there; every member of a new queue is empty, so this is the error path as well. */
static int queue_free(struct net_xdp_queue *q, struct net_error *err)
{
	struct net_xdp_endpoint *ep = q->endpoint;
	struct deadline until = deadline_in(ep->config.release_timeout_ms);
	struct release ended;
	char why[168];
	int kept = queue_retire(q, err), rc = 0;

	ended = release_of(q);
	ready_close(q);
	tx_whole_close(q);
	if (q->live)
		endpoint_set_socket(ep, q->index, -1);
	if (keep_socket(ep, q))
		ep->ended[q->index].pending = false;
	else
		xsk_close(&q->xsk);
	if (q->xsk.bound) { /* else the queue may be another's, who keeps it */
		rc = release_wait(&ended, &ep->attached.witness, &until, why, sizeof(why));
		ended.pending = rc != 0;
		ep->ended[q->index] = ended;
	}
	if (rc)
		error_set(
			err, rc, "destroy",
			"%s queue %u: not free after %u ms: %s; keep its buffers out of use until "
			"net_xdp_unreleased() says 0",
			ep->attached.device.ifname, q->hardware_queue, deadline_spent(&until), why);
	queue_close_tables(q);
	free(q);
	return rc ? rc : kept;
}

int queue_destroy(struct net_queue *queue, struct net_error *err)
{
	struct net_xdp_endpoint *ep = queue_of(queue)->endpoint;
	int rc = queue_free(queue_of(queue), err);

	/* Last: with no queue alive another thread may end the endpoint. */
	__atomic_sub_fetch(&ep->queues_alive, 1, __ATOMIC_RELEASE);
	return rc;
}

/* ---- Set-up ----------------------------------------------------------------------------------- */

/* A socket with the UMEM, and rings. The first queue's socket registers it, the others will share it. */
static int open_socket(struct net_xdp_queue *q, struct net_xdp_endpoint *ep, struct net_error *err)
{
	int rc = 0;

	if (keep_take(ep, q))
		return 0;
	q->xsk.fd = xsk_socket(err);
	if (q->xsk.fd < 0)
		return q->xsk.fd;
	if (ep->umem_fd < 0)
		rc = umem_register(&ep->memory, q->xsk.fd, &ep->config,
				   q->frame_offset - XDP_FRAME_HEADROOM,
				   tx_ways_want_requests(&ep->config, &ep->attached.device,
							 ep->attached.program.native),
				   err);
	return rc ? rc : xsk_open(&q->xsk, &ep->config, err);
}

/* What needs the NAPI: it is ours, and known, since the bind. */
static int settle_napi(struct net_xdp_queue *q, struct net_xdp_endpoint *ep)
{
	const struct net_xdp_config *c = &ep->config;
	socklen_t len = sizeof(q->napi_id);

	getsockopt(q->xsk.fd, SOL_SOCKET, SO_INCOMING_NAPI_ID, &q->napi_id, &len);
	napi_open(&q->napi, &ep->attached.host, LEASE_DIRECTORY, ep->attached.device.ifindex,
		  q->hardware_queue);
	if (c->napi_defer_hard_irqs)
		napi_defer(&q->napi, c->napi_defer_hard_irqs, c->gro_flush_timeout_ns);
	/* In zero copy a socket that prefers busy polling has no wake-up that sends: the NAPI that it
	 * polls is expected to send (xsk_no_wakeup()). virtio_net's does not, nor igb's with few queues. */
	if (!q->xsk.busy_poll || !q->zero_copy ||
	    netdev_queue_sends_apart(&ep->attached.host, ep->attached.device.ifindex,
				     q->hardware_queue) != 1)
		return 0;
	napi_say(&q->napi, "sending has another NAPI: not polled");
	return xsk_prefer_wakeup(&q->xsk);
}

int queue_enter(struct net_xdp_queue *q)
{
	uint64_t now = clock_coarse_ms();
	int rc;

	if (q->enter_error && now - q->entered_ms < LOOK_MS)
		return q->enter_error;
	q->entered_ms = now;
	rc = program_set_socket(&q->endpoint->attached.program, q->hardware_queue, q->xsk.fd);
	__atomic_store_n(&q->enter_error, rc, __ATOMIC_RELAXED);
	__atomic_store_n(&q->outside, rc != 0, __ATOMIC_RELAXED);
	return rc;
}

static int bind_queue(struct net_xdp_queue *q, struct net_xdp_endpoint *ep, struct net_error *err)
{
	const struct xsk_setup setup = queue_xsk_setup(q, ep);
	int rc = q->xsk.bound ? 0 : xsk_bind(&q->xsk, &setup, err);
	struct release *last = &ep->ended[q->index];
	struct deadline now = deadline_in(0);
	char why[168];

	if (!rc) {
		last->pending = false;
		queue_set_bound(q, ep);
		q->kernel_tells_sockets =
			netdev_queue_has_socket(&ep->attached.host, ep->attached.device.ifindex,
						q->hardware_queue) == 1;
		q->witnessed |= witness_enter(&ep->attached.witness, q->index, q->xsk.fd);
	} else if (rc == -EBUSY && last->pending &&
		   release_wait(last, &ep->attached.witness, &now, why, sizeof(why))) {
		error_set(err, rc, "bind", "%s queue %u is not free since its last end: %s",
			  ep->attached.device.ifname, q->hardware_queue, why);
	}
	return rc;
}

static int go_live(struct net_xdp_queue *q, struct net_xdp_endpoint *ep, struct net_error *err)
{
	int rc = bind_queue(q, ep, err);

	if (rc)
		return rc;
	rc = settle_napi(q, ep);
	if (rc)
		return error_set(err, rc, "busy poll", "queue %u: having the driver woken up: %s",
				 q->index, strerror(-rc));
	rc = ready_open(q, ep->events_fd);
	if (!rc)
		rc = ready_watch(q, ep->removal_fd);
	if (!rc)
		rc = ready_watch(q, ep->lost_fd);
	if (rc)
		return error_set(err, rc, "queue", "queue %u: epoll and timer: %s%s", q->index,
				 strerror(-rc), error_hint(rc, CALL_OTHER).text);
	tx_whole_open(q); /* not needed: no descriptor that is needed may be missing for it */
	q->outside = true;
	rc = rx_held(q) ? queue_enter(q) : 0;
	if (rc)
		return error_set(err, rc, "queue", "queue %u: entering the socket in the map: %s%s",
				 q->index, strerror(-rc), error_hint(rc, CALL_PROGRAM).text);
	return 0;
}

int queue_create(struct net_xdp_endpoint *ep, uint32_t index, const struct net_queue_config *config,
		 struct net_xdp_queue **out, struct net_error *err)
{
	struct net_xdp_queue *q = aligned_alloc(QUEUE_LINE_BYTES, sizeof(*q));
	int rc;

	if (!q)
		return error_set(err, -ENOMEM, "queue", "queue %u: out of memory", index);
	memset(q, 0, sizeof(*q));
	q->base.ops = &queue_ops;
	q->endpoint = ep;
	q->index = index;
	q->hardware_queue = ep->config.first_queue + index;
	q->maker = maker_self();
	q->xsk.fd = q->ready_fd = q->timer_fd = q->whole.fd = -1;
	q->affinity.cpu = -1;
	q->napi.lease.fd = -1;
	q->rx_merge = config->rx_merge;
	queue_set_facts(q, ep);
	rc = open_socket(q, ep, err);
	if (!rc)
		rc = queue_open_tables(q, ep, err);
	if (!rc && config->initial_rx_count)
		rx_avail(&q->base, config->pool, config->initial_rx, config->initial_rx_count);
	if (!rc)
		rc = go_live(q, ep, err);
	if (rc) {
		queue_free(q, NULL);
		return rc;
	}
	q->live = true;
	endpoint_set_socket(ep, index, q->xsk.fd);
	*out = q;
	return 0;
}

const struct net_queue_ops queue_ops = {
	.size_bytes = sizeof(struct net_queue_ops),
	.rx_avail = rx_avail,
	.rx_poll = rx_poll,
	.tx_avail = tx_avail,
	.tx_poll = tx_poll,
	.poll_ready = queue_poll_ready,
	.ready_fd = queue_ready_fd,
	.update_target_vp = queue_update_target_vp,
	.stats = queue_stats,
	.error = queue_error,
	.outstanding = queue_outstanding,
	.inspect = queue_inspect,
	.destroy = queue_destroy,
};
