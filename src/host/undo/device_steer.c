// SPDX-License-Identifier: BSD-2-Clause
/* Steering from outside an endpoint. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"
#include "host/undo/steer.h"

/* What the three calls have in common. */
struct visit {
	struct host host;
	struct net_xdp_device device;
	struct net_xdp_steer plan;
	struct net_xdp_steer_report report;
};

static int enter(struct visit **out, const char *ifname, const struct net_xdp_steer *plan,
		 const void *result, struct net_error *err)
{
	struct visit *v = calloc(1, sizeof(*v));
	int rc = v ? 0 : error_set(err, -ENOMEM, "steer", "out of memory");

	*out = v;
	if (!rc && plan)
		rc = steer_take(&v->plan, plan, err);
	if (!rc)
		rc = netdev_open_host(&v->host, ifname, result, err);
	if (rc) {
		free(v);
		return rc;
	}
	rc = netdev_query(&v->host, ifname, &v->device, err);
	if (rc) {
		host_close(&v->host);
		free(v);
	}
	return rc;
}

static void leave(struct visit *v, struct net_xdp_steer_report *out, size_t size_bytes)
{
	host_close(&v->host);
	memcpy(v->report.ifname, v->device.ifname, sizeof(v->report.ifname));
	memcpy(v->report.driver, v->device.driver, sizeof(v->report.driver));
	grow_out(out, size_bytes, &v->report, sizeof(v->report));
	free(v);
}

/* Both are large. */
static int compare(struct visit *v)
{
	struct steer_record *record = malloc(sizeof(*record));
	struct steer_state *state = malloc(sizeof(*state));
	int rc = record && state ? steer_state(&v->host, &v->device, &v->plan, state) : -ENOMEM;

	if (!rc)
		steer_plan(&v->plan, state, record, &v->report);
	free(record);
	free(state);
	return rc;
}

int net_xdp_steer_look_sized(const char *ifname, const struct net_xdp_steer *steer,
			     struct net_xdp_steer_report *out, size_t size_bytes,
			     struct net_error *err)
{
	struct visit *v;
	int rc = enter(&v, ifname, steer, out, err);

	if (rc)
		return rc;
	v->report.left = steer_look(&v->host, LEASE_DIRECTORY, v->device.ifindex, v->report.state,
				    sizeof(v->report.state));
	if (steer)
		rc = compare(v);
	if (rc)
		error_set(err, rc, "steer", "%s: %s", v->device.ifname, strerror(-rc));
	leave(v, out, size_bytes);
	return rc;
}

int net_xdp_steer_apply_sized(const char *ifname, const struct net_xdp_steer *steer,
			      struct net_xdp_steer_report *out, size_t size_bytes,
			      struct net_error *err)
{
	struct steer *s = malloc(sizeof(*s));
	struct visit *v;
	int rc;

	if (!steer || !s) {
		free(s);
		return error_set(err, steer ? -ENOMEM : -EINVAL, "steer", "%s",
				 steer ? "out of memory" : "there is no plan");
	}
	rc = enter(&v, ifname, steer, out, err);
	if (!rc) {
		rc = steer_apply(s, &v->host, LEASE_DIRECTORY, &v->device, &v->plan, true,
				 &v->report, err);
		leave(v, out, size_bytes);
	}
	free(s);
	return rc;
}

int net_xdp_steer_restore_sized(const char *ifname, struct net_xdp_steer_report *out,
				size_t size_bytes, struct net_error *err)
{
	struct visit *v;
	int rc = enter(&v, ifname, NULL, out, err);

	if (rc)
		return rc;
	rc = steer_restore(&v->host, LEASE_DIRECTORY, &v->device, true, &v->report, err);
	leave(v, out, size_bytes);
	return rc;
}
