// SPDX-License-Identifier: BSD-2-Clause
/* The disconnectable wrapper's swaps, and the actions that tell the frontend of them. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/error.h"
#include "wrap/disconnect.h"

/* ---- Actions ------------------------------------------------------------------------------- */

static int tell_link(struct disconnect *ep, bool up, struct net_action *out)
{
	ep->link_told = up;
	ep->link_flapped = false;
	*out = (struct net_action){.kind = NET_ACTION_LINK, .link_up = up};
	return 1;
}

/* Find the next action, in the order in which things happened: link down, restart, what the inner
 * endpoint says, link up. */
static int next_action(struct disconnect *ep, struct net_action *out)
{
	int rc;

	if (ep->link_told && (!ep->inner || ep->link_flapped))
		return tell_link(ep, false, out);
	if (ep->restart_due) {
		ep->restart_due = false;
		*out = (struct net_action){.kind = NET_ACTION_RESTART_REQUIRED};
		return 1;
	}
	while (ep->inner && (rc = net_endpoint_poll_action(ep->inner, out)) != 0) {
		if (rc < 0 || out->kind != NET_ACTION_LINK)
			return rc;
		ep->link_up = out->link_up;
		if (ep->link_up != ep->link_told)
			return tell_link(ep, ep->link_up, out);
	}
	if (ep->inner && ep->link_up && !ep->link_told)
		return tell_link(ep, true, out);
	return 0;
}

int disconnect_poll_action(struct net_endpoint *base, struct net_action *out)
{
	struct disconnect *ep = disconnect_of(base);
	int rc;

	pthread_mutex_lock(&ep->lock);
	rc = next_action(ep, out);
	if (rc == 0)
		disconnect_silence(ep->wake_fd);
	pthread_mutex_unlock(&ep->lock);
	return rc;
}

int disconnect_action_fd(struct net_endpoint *base)
{
	return disconnect_of(base)->action_fd;
}

/* ---- Swaps --------------------------------------------------------------------------------- */

/* Make all queues stale, and wake whoever sleeps on one. Called under the lock. */
static void begin_generation(struct disconnect *ep)
{
	__atomic_store_n(&ep->generation, ep->generation + 1, __ATOMIC_RELEASE);
	for (struct disconnect_queue *q = ep->queues; q; q = q->next)
		disconnect_wake(q->wake_fd);
	ep->restart_due = ep->alive != 0;
	disconnect_wake(ep->wake_fd);
}

static int check_facts(const struct disconnect *ep, const struct net_endpoint_facts *f,
		       struct net_error *err)
{
	const struct net_endpoint_facts *promise = &ep->facts;

	if (f->max_queues < promise->max_queues)
		return error_set(err, -EINVAL, "connect",
				 "%s has %u queues: %u were promised to the frontend", f->type,
				 f->max_queues, promise->max_queues);
	if (promise->tx_flags & ~f->tx_flags)
		return error_set(err, -EINVAL, "connect",
				 "%s has not the transmit flags 0x%x that were promised to the "
				 "frontend",
				 f->type, promise->tx_flags & ~f->tx_flags);
	if (promise->is_ordered && !f->is_ordered)
		return error_set(err, -EINVAL, "connect",
				 "%s returns ids in another order than they were posted: order was "
				 "promised to the frontend",
				 f->type);
	if (f->rss_table_entries < promise->rss_table_entries ||
	    (promise->rss_table_entries && f->rss_key_bytes != promise->rss_key_bytes))
		return error_set(err, -EINVAL, "connect",
				 "%s steers by a table of %u entries and a key of %u bytes: %u and "
				 "%u were promised to the frontend",
				 f->type, f->rss_table_entries, f->rss_key_bytes,
				 promise->rss_table_entries, promise->rss_key_bytes);
	return 0;
}

static int connect_locked(struct disconnect *ep, struct net_endpoint *inner, struct net_error *err)
{
	struct net_endpoint_facts facts;
	int fd, rc;

	if (ep->inner || ep->leaving)
		return error_set(err, -EBUSY, "connect",
				 ep->inner ? "an inner endpoint is connected; disconnect it first"
					   : "the endpoint before is not taken back yet; call "
					     "disconnect again");
	net_endpoint_facts(inner, &facts);
	rc = check_facts(ep, &facts, err);
	if (rc)
		return rc;
	fd = net_endpoint_action_fd(inner);
	rc = fd < 0 ? 0 : disconnect_watch(ep->action_fd, fd);
	if (rc)
		return error_set(err, rc, "connect", "epoll: %s", strerror(-rc));
	ep->inner = inner;
	ep->link_up = true;
	ep->connects++;
	begin_generation(ep);
	return 0;
}

int net_disconnectable_connect(struct net_endpoint *base, struct net_endpoint *inner,
			       struct net_error *err)
{
	struct disconnect *ep = disconnect_of(base);
	int rc;

	if (base->ops != &disconnect_endpoint_ops)
		return error_set(err, -EINVAL, "connect", "this endpoint is not disconnectable");
	pthread_mutex_lock(&ep->lock);
	rc = connect_locked(ep, inner, err);
	pthread_mutex_unlock(&ep->lock);
	return rc;
}

/* Take the inner endpoint out. Called under the lock. */
static void unplug(struct disconnect *ep)
{
	int fd = net_endpoint_action_fd(ep->inner);

	if (fd >= 0)
		epoll_ctl(ep->action_fd, EPOLL_CTL_DEL, fd, NULL);
	ep->leaving = ep->inner;
	ep->inner = NULL;
	ep->link_flapped = ep->link_told;
	ep->disconnects++;
	begin_generation(ep);
}

/* Wait until no queue has an inner queue. Called under the lock, which pthread_cond_timedwait()
 * releases. Return: false after timeout_ms. */
static bool wait_for_queues(struct disconnect *ep, uint32_t timeout_ms)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	while (ep->alive_on_inner && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&ep->queue_gone, &ep->lock, &until);
	return !ep->alive_on_inner;
}

int net_disconnectable_disconnect(struct net_endpoint *base, uint32_t timeout_ms,
				  struct net_endpoint **inner, struct net_error *err)
{
	struct disconnect *ep = disconnect_of(base);
	int rc = 0;

	if (base->ops != &disconnect_endpoint_ops)
		return error_set(err, -EINVAL, "disconnect", "this endpoint is not disconnectable");
	pthread_mutex_lock(&ep->lock);
	if (ep->inner)
		unplug(ep);
	if (!ep->leaving)
		rc = error_set(err, -ENOENT, "disconnect", "no inner endpoint is connected");
	else if (!wait_for_queues(ep, timeout_ms))
		rc = error_set(
			err, -ETIMEDOUT, "disconnect",
			"after %u ms %u of the frontend's queues are still on it; call again when "
			"it has destroyed them",
			timeout_ms, ep->alive_on_inner);
	if (!rc) {
		*inner = ep->leaving;
		ep->leaving = NULL;
	}
	pthread_mutex_unlock(&ep->lock);
	return rc;
}
