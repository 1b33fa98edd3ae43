// SPDX-License-Identifier: BSD-2-Clause
/* The disconnectable wrapper's endpoint: get_queues, facts, inspect, open and destroy. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backend/inspect.h"
#include "backend/lifecycle.h"
#include "backend/rss.h"
#include "base/error.h"
#include "base/grow.h"
#include "wrap/disconnect.h"

/* ---- Descriptors --------------------------------------------------------------------------- */

int disconnect_open_fds(int *epoll_fd, int *wake_fd)
{
	int rc = 0;

	*wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	*epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (*wake_fd < 0 || *epoll_fd < 0)
		rc = -errno;
	else
		rc = disconnect_watch(*epoll_fd, *wake_fd);
	return rc;
}

int disconnect_watch(int epoll_fd, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

void disconnect_wake(int wake_fd)
{
	uint64_t one = 1;

	/* write() fails only if the counter is at 2^64 - 2, and then the eventfd is readable anyway. */
	if (write(wake_fd, &one, sizeof(one)) < 0)
		return;
}

void disconnect_silence(int wake_fd)
{
	uint64_t count;

	if (read(wake_fd, &count, sizeof(count)) < 0)
		return; /* the eventfd was silent already */
}

/* ---- Queues -------------------------------------------------------------------------------- */

static void disconnect_facts(struct net_endpoint *base, struct net_endpoint_facts *out,
			     size_t size_bytes)
{
	const struct net_endpoint_facts *facts = &disconnect_of(base)->facts;

	grow_out(out, size_bytes, facts, sizeof(*facts));
}

/* Put wrapper q where *queue is, and take *queue, if there is one, as the inner queue. Return: 0;
 * -errno if the wrapper is there but nothing can wake a sleeper. */
static int queue_put(struct disconnect_queue *q, struct net_queue **queue,
		     const struct net_queue_config *config)
{
	struct disconnect *ep = q->endpoint;
	int fd = -1;

	if (ep->inner) {
		q->inner = *queue;
		fd = net_queue_ready_fd(q->inner);
		ep->alive_on_inner++;
	} else {
		disconnect_queue_start(q, config);
	}
	*queue = &q->base;
	q->next = ep->queues;
	ep->queues = q;
	ep->alive++;
	return fd < 0 ? 0 : disconnect_watch(q->ready_fd, fd);
}

/* The arguments of get_queues, or of get_queue for one queue. */
struct request {
	uint32_t first, count;
	bool is_single;
	const struct net_queue_config *configs;
	const struct net_rss_config *rss;
	struct net_queue **queues;
};

static int make_inner(struct disconnect *ep, const struct request *r, struct net_error *err)
{
	if (!ep->inner)
		return 0;
	return r->is_single
		       ? net_endpoint_get_queue(ep->inner, r->first, r->configs, r->queues, err)
		       : net_endpoint_get_queues(ep->inner, r->configs, r->count, r->rss, r->queues,
						 err);
}

/* Make the queues. The wrappers come first, so that there is no inner queue yet if they fail.
 * Return: 0 or -errno; *put says that the queues are there even so and have to be destroyed. */
static int make(struct disconnect *ep, const struct request *r, bool *put, struct net_error *err)
{
	struct disconnect_queue **made = calloc(r->count, sizeof(*made));
	uint32_t opened = 0;
	int rc = made ? 0 : error_set(err, -ENOMEM, "get_queues", "out of memory"), failed = 0;

	for (; !rc && opened < r->count; opened += !rc)
		rc = disconnect_queue_open(ep, r->first + opened, &made[opened], err);
	if (!rc)
		rc = make_inner(ep, r, err);
	*put = !rc;
	while (rc && opened)
		disconnect_queue_free(made[--opened]);
	for (uint32_t i = 0; i < opened; i++) {
		rc = queue_put(made[i], &r->queues[i], &r->configs[i]);
		failed = failed ? failed : rc;
	}
	if (failed)
		rc = error_set(err, failed, "get_queues", "epoll: %s%s", strerror(-failed),
			       error_hint(failed, CALL_OTHER).text);
	free(made);
	return rc;
}

static int check_all(struct disconnect *ep, const struct request *r, struct net_error *err)
{
	int rc = lifecycle_get_queues(r->configs, r->count, ep->facts.max_queues, ep->alive, err);
	struct net_endpoint_facts inner = {0};

	if (ep->inner)
		net_endpoint_facts(ep->inner, &inner);
	if (rc == -EINVAL && ep->inner && (r->count < 1 || r->count > inner.max_queues))
		/* the inner endpoint refuses it too, and fills err with more */
		make_inner(ep, r, err);
	return !rc && r->rss ? rss_check(r->rss, &ep->facts, err) : rc;
}

/* Check that queue index may be made again: its neighbours must be of the present generation. */
static int check_one(struct disconnect *ep, uint32_t index, const struct net_queue_config *config,
		     struct net_error *err)
{
	bool is_alive = false;

	if (ep->made && ep->made_generation != ep->generation)
		return error_set(err, -EBUSY, "get_queue",
				 "the inner endpoint was exchanged: make all queues again with "
				 "get_queues");
	for (struct disconnect_queue *q = ep->queues; q; q = q->next)
		is_alive |= q->index == index;
	return lifecycle_get_queue(index, config, ep->made, is_alive, err);
}

static int get(struct disconnect *ep, const struct request *r, struct net_error *err)
{
	bool put = false;
	int rc;

	pthread_mutex_lock(&ep->lock);
	rc = r->is_single ? check_one(ep, r->first, r->configs, err) : check_all(ep, r, err);
	if (!rc)
		rc = make(ep, r, &put, err);
	if (!r->is_single && (!rc || !ep->alive)) {
		ep->made = rc ? 0 : r->count;
		ep->made_generation = ep->generation;
		ep->restart_due &= rc != 0;
	}
	pthread_mutex_unlock(&ep->lock);
	for (uint32_t i = 0; rc && put && i < r->count; i++)
		net_queue_destroy(r->queues[i], NULL);
	return rc;
}

static int disconnect_get_queues(struct net_endpoint *base, const struct net_queue_config *configs,
				 uint32_t count, const struct net_rss_config *rss,
				 struct net_queue **queues, struct net_error *err)
{
	const struct request r = {.count = count, .configs = configs, .rss = rss, .queues = queues};

	return get(disconnect_of(base), &r, err);
}

static int disconnect_get_queue(struct net_endpoint *base, uint32_t index,
				const struct net_queue_config *config, struct net_queue **queue,
				struct net_error *err)
{
	const struct request r = {
		.first = index, .count = 1, .is_single = true, .configs = config, .queues = queue};

	return get(disconnect_of(base), &r, err);
}

static int disconnect_stop(struct net_endpoint *base)
{
	struct disconnect *ep = disconnect_of(base);
	int rc;

	pthread_mutex_lock(&ep->lock);
	rc = ep->alive ? -EBUSY : ep->inner ? net_endpoint_stop(ep->inner) : 0;
	pthread_mutex_unlock(&ep->lock);
	return rc;
}

/* ---- Inspect, open and destroy ------------------------------------------------------------- */

static void disconnect_inspect(struct net_endpoint *base, struct net_inspector *to)
{
	struct disconnect *ep = disconnect_of(base);

	pthread_mutex_lock(&ep->lock);
	if (ep->inner)
		net_endpoint_inspect(ep->inner, to);
	inspect_enter(to, "disconnectable", -1);
	inspect_flag(to, "connected", ep->inner != NULL);
	inspect_number(to, "connects", ep->connects, "calls");
	inspect_number(to, "disconnects", ep->disconnects, "calls");
	inspect_counter(to, "rx_discarded", ep->lost.rx_discarded, NET_CLASS_RX_LOST, "frames",
			"had arrived when their queue was destroyed");
	inspect_counter(to, "tx_unfinished", ep->lost.tx_unfinished, NET_CLASS_TX_LOST, "packets",
			"accepted, and not completed when their queue was destroyed");
	inspect_counter(to, "tx_dropped", ep->lost.tx_dropped, NET_CLASS_TX_LOST, "packets",
			"sent while the cable was out, by queues that have ended");
	inspect_leave(to);
	pthread_mutex_unlock(&ep->lock);
}

static void disconnect_free(struct disconnect *ep)
{
	if (ep->action_fd >= 0)
		close(ep->action_fd);
	if (ep->wake_fd >= 0)
		close(ep->wake_fd);
	pthread_cond_destroy(&ep->queue_gone);
	pthread_mutex_destroy(&ep->lock);
	free(ep);
}

static struct net_endpoint *disconnect_inner(struct net_endpoint *base)
{
	struct disconnect *ep = disconnect_of(base);
	struct net_endpoint *inner;

	pthread_mutex_lock(&ep->lock);
	inner = ep->inner;
	pthread_mutex_unlock(&ep->lock);
	return inner;
}

static int disconnect_destroy(struct net_endpoint *base, struct net_error *err)
{
	struct disconnect *ep = disconnect_of(base);
	struct net_endpoint *inner;
	int rc;

	pthread_mutex_lock(&ep->lock);
	rc = lifecycle_destroy(ep->alive, err);
	inner = ep->inner ? ep->inner : ep->leaving;
	if (!rc && inner)
		rc = net_endpoint_destroy(inner, err);
	pthread_mutex_unlock(&ep->lock);
	if (rc != -EBUSY)
		disconnect_free(ep);
	return rc;
}

const struct net_endpoint_ops disconnect_endpoint_ops = {
	.size_bytes = sizeof(struct net_endpoint_ops),
	.facts = disconnect_facts,
	.get_queues = disconnect_get_queues,
	.get_queue = disconnect_get_queue,
	.stop = disconnect_stop,
	.poll_action = disconnect_poll_action,
	.action_fd = disconnect_action_fd,
	.inspect = disconnect_inspect,
	.destroy = disconnect_destroy,
	.inner = disconnect_inner,
};

static void init_locks(struct disconnect *ep)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&ep->queue_gone, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&ep->lock, NULL);
}

int net_disconnectable_open_sized(const struct net_endpoint_facts *promise, size_t size_bytes,
				  struct net_endpoint **out, struct net_error *err)
{
	struct disconnect *ep = calloc(1, sizeof(*ep));
	int rc;

	if (!ep)
		return error_set(err, -ENOMEM, "open", "out of memory");
	init_locks(ep);
	ep->base.ops = &disconnect_endpoint_ops;
	ep->link_told = true;
	grow_out(&ep->facts, sizeof(ep->facts), promise, size_bytes);
	rc = disconnect_open_fds(&ep->action_fd, &ep->wake_fd);
	if (rc) {
		disconnect_free(ep);
		return error_set(err, rc, "open", "eventfd and epoll: %s%s", strerror(-rc),
				 error_hint(rc, CALL_OTHER).text);
	}
	*out = &ep->base;
	return 0;
}
