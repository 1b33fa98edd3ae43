// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/grow.h"
#include "host/undo/napi.h"

/* ---- The lease -------------------------------------------------------------------------------- */

void napi_record_format(const struct napi_record *r, char text[NAPI_TEXT_BYTES])
{
	snprintf(text, NAPI_TEXT_BYTES,
		 "old %" PRIu32 " %" PRIu64 "\nours %" PRIu32 " %" PRIu64 "\n", r->old.hard_irqs,
		 r->old.timeout_ns, r->ours.hard_irqs, r->ours.timeout_ns);
}

bool napi_record_parse(struct napi_record *r, const char *text)
{
	char again[NAPI_TEXT_BYTES];

	if (sscanf(text, "old %" SCNu32 " %" SCNu64 " ours %" SCNu32 " %" SCNu64, &r->old.hard_irqs,
		   &r->old.timeout_ns, &r->ours.hard_irqs, &r->ours.timeout_ns) != 4)
		return false;
	napi_record_format(r, again);
	return strcmp(text, again) == 0;
}

void napi_lease_name(struct lease *l, const char *directory, const struct netns *netns,
		     uint32_t ifindex, uint32_t queue)
{
	char subject[16];

	snprintf(subject, sizeof(subject), "%" PRIu32, queue);
	lease_name(l, directory, netns, ifindex, subject);
}

/* Look for the queue's lease, and with take have it. Return: as lease_find(). */
static int find(struct napi *n, const char *directory, bool take)
{
	char *text;
	int rc;

	napi_lease_name(&n->lease, directory, &n->host->netns, n->ifindex, n->queue);
	rc = take ? lease_take(&n->lease, &text) : lease_find(&n->lease, false, &text);
	if (text && !napi_record_parse(&n->record, text)) {
		lease_leave(&n->lease);
		rc = -EBADMSG;
	}
	free(text);
	return rc;
}

/* ---- Saying ----------------------------------------------------------------------------------- */

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

/* A record's values for a person: "defer 2, flush 200 us; was 0, 0 us". */
struct values {
	char text[96];
};

static struct values values(const struct napi_record *r)
{
	struct values v;

	snprintf(v.text, sizeof(v.text), "defer %u, flush %g us; was %u, %g us", r->ours.hard_irqs,
		 (double)r->ours.timeout_ns / 1000, r->old.hard_irqs,
		 (double)r->old.timeout_ns / 1000);
	return v;
}

static bool same(const struct netdev_deferral *a, const struct netdev_deferral *b)
{
	return a->hard_irqs == b->hard_irqs && a->timeout_ns == b->timeout_ns;
}

/* Find out whether a lease's values are still set. Return: 1 they are, in *napi; 0 somebody else has
 * changed them, or the NAPI has gone with them (napi->id is 0); -errno it cannot be told now. */
static int still_set(struct napi *n, struct netdev_napi *napi)
{
	int rc = netdev_queue_napi(n->host, n->ifindex, n->queue, napi);

	if (rc == -ENOENT || rc == -ENODEV)
		return 0;
	if (!rc && !napi->has_deferral)
		rc = -EOPNOTSUPP;
	return rc ? rc : same(&napi->deferral, &n->record.ours);
}

/* Put the old values of a lease that we hold back, and remove the lease. Return: 1 put back; 0 the
 * values were not ours any more; -errno nothing was done, and the lease stays. */
static int put_back(struct napi *n, struct netdev_napi *napi)
{
	int rc = still_set(n, napi);

	if (rc == 1) {
		rc = netdev_napi_set(n->host, napi->id, &n->record.old);
		rc = rc ? rc : 1;
	}
	if (rc >= 0)
		lease_remove(&n->lease);
	else
		lease_leave(&n->lease);
	return rc;
}

/* Why a NAPI could not be changed, and what would help. */
static const char *reason(int rc)
{
	switch (rc) {
	case -EOPNOTSUPP:
		return "the kernel does not tell its NAPI now (is the interface down?)";
	case -EPERM:
		return "changing it needs CAP_NET_ADMIN in the initial user namespace";
	default:
		return strerror(-rc);
	}
}

int napi_open(struct napi *n, struct host *h, const char *directory, uint32_t ifindex,
	      uint32_t queue)
{
	struct netdev_napi napi;
	int rc;

	n->host = h;
	n->ifindex = ifindex;
	n->queue = queue;
	n->state[0] = '\0';
	lease_sweep(directory, &h->netns);
	rc = find(n, directory, true);
	switch (rc) {
	case 0:
		break;
	case -ENOENT:
	case -EACCES: /* a process that may not look has nothing to put back */
		return 0;
	case -EBUSY:
		napi_say(n, "kept by process %u, or one forked from it: %s", n->lease.pid,
			 values(&n->record).text);
		return rc;
	default:
		napi_say(n, "%s ignored: %s", n->lease.path, strerror(-rc));
		return rc;
	}
	rc = put_back(n, &napi);
	if (rc > 0)
		napi_say(n, "put back what process %u had left", n->lease.pid);
	else if (rc < 0 || (napi.id && !same(&napi.deferral, &n->record.old)))
		napi_say(n, "left by process %u: %s; %s", n->lease.pid, values(&n->record).text,
			 rc ? reason(rc) : "changed by others since");
	return rc;
}

/* Ask for the queue's NAPI and its deferral. Return: true if the deferral can be set per NAPI; else
 * state says why not. */
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

static void say_no_place(struct napi *n, int rc)
{
	if (rc == -EACCES)
		napi_say(n,
			 "not set, as nobody could put it back: as root: install -d -m 700 -o "
			 "%u %s",
			 geteuid(), n->lease.directory);
	else
		napi_say(n, "not set, as nobody could put it back: %s: %s", n->lease.path,
			 rc == -EPERM ? "the folder must be one that only its owner writes to"
				      : strerror(-rc));
}

void napi_defer(struct napi *n, uint32_t hard_irqs, uint32_t timeout_ns)
{
	char text[NAPI_TEXT_BYTES];
	struct netdev_napi napi;
	int rc;

	if (!applies(n, &napi))
		return;
	n->record.old = napi.deferral;
	n->record.ours = (struct netdev_deferral){hard_irqs, timeout_ns};
	if (same(&napi.deferral, &n->record.ours)) {
		napi_say(n, "NAPI %u: %s", napi.id, values(&n->record).text);
		return;
	}
	napi_record_format(&n->record, text);
	rc = lease_make(&n->lease, text);
	if (rc) {
		say_no_place(n, rc);
		return;
	}
	rc = netdev_napi_set(n->host, napi.id, &n->record.ours);
	if (rc)
		lease_remove(&n->lease);
	napi_say(n, "NAPI %u: %s%s", napi.id, rc ? "not set: " : "",
		 rc ? reason(rc) : values(&n->record).text);
}

int napi_close(struct napi *n, enum napi_place place)
{
	struct netdev_napi napi;
	int rc;

	if (place == NAPI_GONE)
		lease_remove(&n->lease);
	else if (place == NAPI_ELSEWHERE)
		lease_leave(&n->lease);
	rc = n->lease.fd >= 0 ? put_back(n, &napi) : 0;
	if (rc >= 0 || rc == -EOPNOTSUPP)
		return 0;
	n->state[0] = '\0';
	napi_say(n, "NAPI %u keeps %s: %s", napi.id, values(&n->record).text, reason(rc));
	return rc;
}

/* Say what a process that has ended left: nothing if its values are not set any more; what it set if
 * that cannot be told now. */
static bool look_at_left(struct napi *n, char *state, size_t size)
{
	struct netdev_napi napi;
	int rc = still_set(n, &napi);

	if (rc)
		snprintf(state, size, "left by process %u: %s%s%s", n->lease.pid,
			 values(&n->record).text, rc < 0 ? "; " : "", rc < 0 ? reason(rc) : "");
	return rc == 1;
}

bool napi_look(struct host *h, const char *directory, uint32_t ifindex, uint32_t queue, char *state,
	       size_t size)
{
	struct napi n = {.host = h, .ifindex = ifindex, .queue = queue};
	int rc;

	*state = '\0';
	rc = find(&n, directory, false);
	if (!rc)
		return look_at_left(&n, state, size);
	if (rc == -EBUSY)
		snprintf(state, size, "kept by process %u, or one forked from it: %s", n.lease.pid,
			 values(&n.record).text);
	else if (rc != -ENOENT && rc != -EACCES)
		snprintf(state, size, "%s ignored: %s", n.lease.path, strerror(-rc));
	return false;
}

/* Put back from outside an endpoint. *out: the queue's state afterwards. */
int net_xdp_device_queue_restore_sized(const char *ifname, uint32_t queue,
				       struct net_xdp_device_queue *out, size_t size_bytes,
				       struct net_error *err)
{
	struct net_xdp_device_queue state;
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
				 queue, strerror(-rc), error_hint(rc, CALL_NETLINK).text);
	restored = napi_open(&n, &h, LEASE_DIRECTORY, device.ifindex, queue);
	host_close(&h);
	rc = net_xdp_device_queue_query(ifname, queue, &state, err);
	if (rc)
		return rc;
	memcpy(state.napi_state, n.state, sizeof(state.napi_state));
	grow_out(out, size_bytes, &state, sizeof(state));
	return restored < 0 ? error_set(err, restored, "restore", "%s queue %u: %s", ifname, queue,
					n.state)
			    : restored;
}
