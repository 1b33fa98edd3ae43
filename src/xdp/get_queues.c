// SPDX-License-Identifier: BSD-2-Clause
/* The third phase of opening: queues are made, and bound. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "backend/lifecycle.h"
#include "backend/rss.h"
#include "base/error.h"
#include "xdp/actions.h"
#include "xdp/endpoint.h"

/* The first phase, once more. */
static int resume(struct net_xdp_endpoint *ep, struct net_error *err)
{
	int rc = attach_again(&ep->attached, &ep->config, ep->removal_fd, err);

	if (rc < 0 || (rc == 0 && !ep->gone && ep->events_fd >= 0 && !actions_was_away(ep)))
		return rc;
	if (rc == 1)
		keep_drop(ep); /* it is bound to what was there before */
	ep->memory.dma_per_page = ep->attached.device.dma_per_page;
	return actions_resume(ep, err);
}

/* ---- Queues ----------------------------------------------------------------------------------- */

static int check_queues(const struct net_xdp_endpoint *ep, const struct net_queue_config *configs,
			uint32_t count, const struct net_rss_config *rss, struct net_error *err)
{
	int rc;

	if (count < 1 || count > ep->facts.max_queues)
		return error_set(err, -EINVAL, "get_queues",
				 "%u queues: %s has %u RX and %u TX queues, first_queue is %u and "
				 "max_queues %u, which leaves %u%s; see xsk-info %s",
				 count, ep->attached.device.ifname, ep->attached.device.rx_queues,
				 ep->attached.device.tx_queues, ep->config.first_queue,
				 ep->config.max_queues, ep->facts.max_queues,
				 ep->attached.device.tx_queues < ep->attached.device.rx_queues
					 ? ": each must send as well, use ethtool -L"
					 : "",
				 ep->attached.device.ifname);
	rc = lifecycle_get_queues(configs, count, ep->facts.max_queues, endpoint_alive(ep), err);
	return !rc && rss ? rss_check(rss, &ep->facts, err) : rc;
}

/* Channels may have been taken away since the facts were told. */
static int check_hardware(const struct net_xdp_endpoint *ep, uint32_t count, struct net_error *err)
{
	if (ep->config.first_queue + count <= ep->attached.device.tx_queues)
		return 0;
	return error_set(err, -EINVAL, "get_queues",
			 "%u queues: %s has %u RX and %u TX queues now, first_queue is %u, "
			 "and each must send as well; give it more with: ethtool -L",
			 count, ep->attached.device.ifname, ep->attached.device.rx_queues,
			 ep->attached.device.tx_queues, ep->config.first_queue);
}

int endpoint_get_queues(struct net_endpoint *endpoint, const struct net_queue_config *configs,
			uint32_t count, const struct net_rss_config *rss, struct net_queue **queues,
			struct net_error *err)
{
	struct net_xdp_endpoint *ep = endpoint_of(endpoint);
	int rc = check_queues(ep, configs, count, rss, err);

	if (!rc)
		rc = attach_check_namespace(&ep->attached, "get_queues", err);
	if (!rc)
		rc = resume(ep, err);
	if (!rc)
		rc = check_hardware(ep, count, err);
	if (rc)
		return rc;
	ep->umem_fd = -1;
	for (uint32_t i = 0; i < count; i++) {
		struct net_xdp_queue *q;

		rc = queue_create(ep, i, &configs[i], &q, err);
		if (rc) {
			while (i--)
				queue_destroy(queues[i], NULL);
			keep_drop(ep);
			return rc;
		}
		queues[i] = &q->base;
		__atomic_add_fetch(&ep->queues_alive, 1, __ATOMIC_RELAXED);
		if (i == 0)
			ep->umem_fd = q->xsk.fd;
	}
	ep->umem_fd = -1;
	ep->made = count;
	return 0;
}

void endpoint_set_socket(struct net_xdp_endpoint *ep, uint32_t index, int fd)
{
	pthread_mutex_lock(&ep->sockets_lock);
	ep->sockets[index] = fd;
	pthread_mutex_unlock(&ep->sockets_lock);
}

/* A copy of the descriptor of a queue that is alive, so that the UMEM stays registered though that queue may
 * end meanwhile. Return: -1 when there is none, or no room for a copy; *alive: is queue index? */
static int borrow_umem(struct net_xdp_endpoint *ep, uint32_t index, bool *is_alive)
{
	int fd = -1;

	pthread_mutex_lock(&ep->sockets_lock);
	*is_alive = ep->sockets[index] >= 0;
	for (uint32_t i = 0; i < ep->made && fd < 0; i++)
		if (ep->sockets[i] >= 0)
			fd = fcntl(ep->sockets[i], F_DUPFD_CLOEXEC, 0);
	if (fd < 0 && ep->kept.xsk.fd >= 0)
		fd = fcntl(ep->kept.xsk.fd, F_DUPFD_CLOEXEC, 0);
	pthread_mutex_unlock(&ep->sockets_lock);
	return fd;
}

static int make_again(struct net_xdp_endpoint *ep, uint32_t index,
		      const struct net_queue_config *config, struct net_queue **queue,
		      struct net_error *err)
{
	struct net_xdp_queue *q;
	int rc;

	if (endpoint_is_lost(ep))
		return error_set(err, -EBUSY, "get_queue",
				 "%s or the program on it went: destroy all queues, then call "
				 "get_queues",
				 ep->attached.device.ifname);
	rc = queue_create(ep, index, config, &q, err);
	if (rc)
		return rc;
	*queue = &q->base;
	__atomic_add_fetch(&ep->queues_alive, 1, __ATOMIC_RELAXED);
	return 0;
}

int endpoint_get_queue(struct net_endpoint *endpoint, uint32_t index,
		       const struct net_queue_config *config, struct net_queue **queue,
		       struct net_error *err)
{
	struct net_xdp_endpoint *ep = endpoint_of(endpoint);
	bool is_alive = false;
	int rc;

	ep->umem_fd = index < ep->made ? borrow_umem(ep, index, &is_alive) : -1;
	rc = lifecycle_get_queue(index, config, ep->made, is_alive, err);
	if (!rc)
		rc = attach_check_namespace(&ep->attached, "get_queue", err);
	if (!rc)
		rc = make_again(ep, index, config, queue, err);
	if (ep->umem_fd >= 0)
		close(ep->umem_fd);
	ep->umem_fd = -1;
	return rc;
}
