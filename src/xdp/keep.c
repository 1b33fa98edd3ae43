// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>
#include <sys/socket.h>

#include "xdp/data/tx.h"
#include "xdp/endpoint.h"
#include "xdp/keep.h"

/* No UMEM reaches so far. */
#define NO_ADDRESS UINT64_MAX

/* Is nothing that was accepted still on its way? */
static bool is_all_sent(struct net_xdp_queue *q)
{
	return inflight_count(&q->tx_inflight) == 0 && ring_drained(&q->xsk.tx);
}

/* Fill entries that the kernel has not read. */
static uint32_t left_over(struct ring *fill)
{
	return fill->entries - ring_room_now(fill, 0);
}

/* What is left over takes room from the next queue until the kernel has skipped it. */
static bool leaves_room(struct ring *fill)
{
	return left_over(fill) <= fill->entries / 2;
}

static void forget_buffers(struct xsk *x)
{
	for (uint32_t n = left_over(&x->fill), i = 0; i < n; i++)
		*ring_address(&x->fill, x->fill.mine - 1 - i) = NO_ADDRESS;
	x->rx.mine = x->rx.theirs = __atomic_load_n(x->rx.other, __ATOMIC_ACQUIRE);
	ring_publish(&x->rx);
}

bool keep_socket(struct net_xdp_endpoint *ep, struct net_xdp_queue *q)
{
	struct xdp_statistics s = {0};
	struct xsk *x = &q->xsk;
	socklen_t len = sizeof(s);

	if (!ep->config.keep_umem || q->index != 0 || !q->live || !q->cleared || !x->bound ||
	    x->zero_copy || q->jumbo || q->failed || endpoint_is_lost(ep) || !is_all_sent(q))
		return false;
	if (!leaves_room(&x->fill) || !release_frames_done() ||
	    getsockopt(x->fd, SOL_XDP, XDP_STATISTICS, &s, &len) || len < sizeof(s) ||
	    s.rx_ring_full)
		return false;
	forget_buffers(x);
	pthread_mutex_lock(&ep->sockets_lock);
	ep->kept = (struct kept){
		.xsk = *x,
		.witnessed = q->witnessed,
		.kernel_tells = q->kernel_tells_sockets,
	};
	pthread_mutex_unlock(&ep->sockets_lock);
	memset(x, 0, sizeof(*x));
	x->fd = -1;
	return true;
}

static struct kept take(struct net_xdp_endpoint *ep)
{
	struct kept kept;

	pthread_mutex_lock(&ep->sockets_lock);
	kept = ep->kept;
	ep->kept.xsk.fd = -1;
	pthread_mutex_unlock(&ep->sockets_lock);
	return kept;
}

bool keep_take(struct net_xdp_endpoint *ep, struct net_xdp_queue *q)
{
	struct kept kept;

	if (q->index != 0)
		return false;
	kept = take(ep);
	if (kept.xsk.fd < 0)
		return false;
	if (xsk_kick_rx(&kept.xsk) == KICK_GONE) {
		xsk_close(&kept.xsk);
		return false;
	}
	q->xsk = kept.xsk;
	q->witnessed = kept.witnessed;
	q->fill_dead = left_over(&q->xsk.fill);
	q->fill_end = q->xsk.fill.mine;
	memset(&q->kernel_before, 0, sizeof(q->kernel_before));
	queue_kernel_stats(q, &q->kernel_before);
	return true;
}

bool keep_drop(struct net_xdp_endpoint *ep)
{
	struct kept kept = take(ep);

	if (kept.xsk.fd < 0)
		return false;
	xsk_close(&kept.xsk);
	ep->ended[0] = (struct release){
		.host = &ep->attached.host,
		.ifindex = ep->attached.device.ifindex,
		.hardware_queue = ep->config.first_queue,
		.kernel_tells = kept.kernel_tells,
		.witnessed = kept.witnessed,
		.pending = true,
		.ended_ms = clock_ms(),
	};
	return true;
}
