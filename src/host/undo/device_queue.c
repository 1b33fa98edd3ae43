// SPDX-License-Identifier: BSD-2-Clause
/* One queue of an interface: what the kernel says of it, and what a process that has ended left set
 * there. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"
#include "host/netdev.h"
#include "host/undo/napi.h"

/* An interface that is down lists no queues, so the index is checked against their number. */
static int query_queue(struct host *h, const char *ifname, uint32_t queue,
		       struct net_xdp_device_queue *out, struct net_error *err)
{
	struct net_xdp_device device;
	struct netdev_napi napi;
	uint32_t queues;
	int rc;

	*out = (struct net_xdp_device_queue){0};
	rc = netdev_query(h, ifname, &device, err);
	if (rc < 0)
		return rc;
	queues = device.rx_queues > device.tx_queues ? device.rx_queues : device.tx_queues;
	if (queue >= queues)
		return error_set(err, -EINVAL, "query",
				 "interface %s has no queue %u; use 0 to %u, or raise their "
				 "number with: ethtool -L",
				 ifname, queue, queues - 1);

	rc = netdev_queue_has_socket(h, device.ifindex, queue);
	if (rc < 0 && rc != -EOPNOTSUPP && rc != -EINVAL)
		goto fail;
	out->has_state = rc >= 0;
	out->has_socket = rc == 1;
	rc = netdev_queue_napi(h, device.ifindex, queue, &napi);
	if (rc < 0 && rc != -EOPNOTSUPP && rc != -EINVAL && rc != -ENOENT)
		goto fail;
	out->napi_id = napi.id;
	out->irq = napi.irq;
	out->has_deferral = napi.has_deferral;
	out->napi_defer_hard_irqs = napi.deferral.hard_irqs;
	out->gro_flush_timeout_ns = napi.deferral.timeout_ns;
	out->napi_left = napi_look(h, LEASE_DIRECTORY, device.ifindex, queue, out->napi_state,
				   sizeof(out->napi_state));
	return 0;

fail:
	return error_set(err, rc, "query", "interface %s queue %u: %s%s", ifname, queue,
			 strerror(-rc), error_hint(rc, CALL_NETLINK).text);
}

int net_xdp_device_queue_query_sized(const char *ifname, uint32_t queue,
				     struct net_xdp_device_queue *out, size_t size_bytes,
				     struct net_error *err)
{
	struct net_xdp_device_queue state;
	struct host h;
	int rc = netdev_open_host(&h, ifname, out, err);

	if (rc)
		return rc;
	rc = query_queue(&h, ifname, queue, &state, err);
	host_close(&h);
	if (!rc)
		grow_out(out, size_bytes, &state, sizeof(state));
	return rc;
}
