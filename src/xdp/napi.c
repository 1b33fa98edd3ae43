// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "xdp/error.h"
#include "xdp/napi.h"

void napi_say(struct napi *n, const char *format, ...)
{
	size_t used = strlen(n->state);
	va_list args;

	if (used)
		used += (size_t)snprintf(n->state + used, sizeof(n->state) - used, "; ");
	if (used >= sizeof(n->state))
		return;
	va_start(args, format);
	vsnprintf(n->state + used, sizeof(n->state) - used, format, args);
	va_end(args);
}

/* "defer 2, flush 200 us; was 0, 0 us" */
struct values {
	char text[96];
};

static struct values values(const struct lease *l)
{
	struct values v;

	snprintf(v.text, sizeof(v.text), "defer %u, flush %g us; was %u, %g us", l->ours.hard_irqs,
		 (double)l->ours.timeout_ns / 1000, l->old.hard_irqs,
		 (double)l->old.timeout_ns / 1000);
	return v;
}

static bool same(const struct netdev_deferral *a, const struct netdev_deferral *b)
{
	return a->hard_irqs == b->hard_irqs && a->timeout_ns == b->timeout_ns;
}

/* Undo a lease that is held. Return: 1 put back, 0 not ours any more; -errno, and it is left. */
static int put_back(struct napi *n)
{
	struct netdev_napi napi;
	int rc = netdev_queue_napi(n->host, n->ifindex, n->queue, &napi);

	if (!rc && !napi.has_deferral)
		rc = -EOPNOTSUPP;
	if (!rc)
		rc = same(&napi.deferral, &n->lease.ours);
	if (rc == 1) {
		rc = netdev_napi_set(n->host, napi.id, &n->lease.old);
		rc = rc ? rc : 1;
	}
	if (rc >= 0 || rc == -ENODEV) /* gone, and its NAPI with it */
		lease_remove(&n->lease);
	else
		lease_leave(&n->lease);
	return rc == -ENODEV ? 0 : rc;
}

/* A process that is being killed lets go of its socket first, and its locks soon after. */
static int find_patiently(struct lease *l)
{
	int rc = lease_find(l, true);

	for (int i = 0; rc == -EBUSY && i < 50; i++) {
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
		rc = lease_find(l, true);
	}
	return rc;
}

int napi_open(struct napi *n, struct host *h, const char *directory, uint32_t ifindex,
	      uint32_t queue)
{
	int rc;

	n->host = h;
	n->ifindex = ifindex;
	n->queue = queue;
	n->state[0] = '\0';
	lease_name(&n->lease, directory, &h->netns, ifindex, queue);
	rc = find_patiently(&n->lease);
	switch (rc) {
	case 0:
		break;
	case -ENOENT:
		return 0;
	case -EBUSY:
		napi_say(n, "kept by process %u: %s", n->lease.pid, values(&n->lease).text);
		return rc;
	default:
		napi_say(n, "%s ignored: %s", n->lease.path, strerror(-rc));
		return rc;
	}
	rc = put_back(n);
	if (rc > 0)
		napi_say(n, "put back what process %u had left", n->lease.pid);
	else
		napi_say(n, "left by process %u: %s; %s", n->lease.pid, values(&n->lease).text,
			 rc ? strerror(-rc) : "changed by others since");
	return rc;
}

/* What there is to set. Return: may it be set? If not, it is said why. */
static bool applies(struct napi *n, struct netdev_napi *napi)
{
	int rc = netdev_queue_napi(n->host, n->ifindex, n->queue, napi);

	if (rc == -EOPNOTSUPP || rc == -ENOENT)
		napi_say(n, "not applicable: the driver (or a kernel before 6.8) links no NAPI to "
			    "its queues");
	else if (rc)
		napi_say(n, "not set: asking for the queue's NAPI: %s", strerror(-rc));
	else if (!napi->has_deferral)
		napi_say(n, "not applicable: the kernel sets this per device only (before 6.13)");
	return !rc && napi->has_deferral;
}

void napi_defer(struct napi *n, uint32_t hard_irqs, uint32_t timeout_ns)
{
	struct netdev_napi napi;
	int rc;

	if (!applies(n, &napi))
		return;
	n->lease.old = napi.deferral;
	n->lease.ours = (struct netdev_deferral){hard_irqs, timeout_ns};
	if (same(&napi.deferral, &n->lease.ours)) {
		napi_say(n, "NAPI %u: %s", napi.id, values(&n->lease).text);
		return;
	}
	rc = lease_make(&n->lease);
	if (rc) {
		napi_say(n, "not set, as nobody could put it back: %s: %s", n->lease.path,
			 strerror(-rc));
		return;
	}
	rc = netdev_napi_set(n->host, napi.id, &n->lease.ours);
	if (rc)
		lease_remove(&n->lease);
	napi_say(n, "NAPI %u: %s%s", napi.id, rc ? "not set: " : "",
		 rc ? strerror(-rc) : values(&n->lease).text);
}

void napi_close(struct napi *n)
{
	if (n->lease.fd >= 0)
		put_back(n);
}

bool napi_look(struct host *h, const char *directory, uint32_t ifindex, uint32_t queue, char *state,
	       size_t size)
{
	struct lease l;
	int rc;

	lease_name(&l, directory, &h->netns, ifindex, queue);
	rc = lease_find(&l, false);
	*state = '\0';
	if (!rc || rc == -EBUSY)
		snprintf(state, size, "%s by process %u: %s", rc ? "kept" : "left", l.pid,
			 values(&l).text);
	else if (rc != -ENOENT)
		snprintf(state, size, "%s ignored: %s", l.path, strerror(-rc));
	return !rc;
}

/* Asked from outside an endpoint: *out is the state afterwards. */
int net_xdp_device_queue_restore(const char *ifname, uint32_t queue,
				 struct net_xdp_device_queue *out, struct net_error *err)
{
	struct net_xdp_device device;
	int restored, rc;
	struct host h;
	struct napi n;

	rc = net_xdp_device_query(ifname, &device, err);
	if (rc)
		return rc;
	rc = host_open(&h);
	if (rc)
		return error_set(err, rc, "restore", "%s queue %u: netlink socket: %s%s", ifname,
				 queue, strerror(-rc), error_hint(rc));
	restored = napi_open(&n, &h, LEASE_DIRECTORY, device.ifindex, queue);
	host_close(&h);
	rc = net_xdp_device_queue_query(ifname, queue, out, err);
	if (rc)
		return rc;
	memcpy(out->napi_state, n.state, sizeof(out->napi_state));
	return restored < 0 ? error_set(err, restored, "restore", "%s queue %u: %s", ifname, queue,
					n.state)
			    : restored;
}
