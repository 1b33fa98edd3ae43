// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "host/undo/steer.h"
#include "host/undo/steer_back.h"
#include "host/undo/steer_lease.h"

#define TRIES 5 /* while somebody else changes the interface */

int steer_state(struct host *h, const struct net_xdp_device *device,
		const struct net_xdp_steer *plan, struct steer_state *out)
{
	struct steer_device d = {.host = h, .ifindex = device->ifindex};

	memset(out, 0, sizeof(*out));
	memcpy(d.ifname, device->ifname, sizeof(d.ifname));
	memcpy(out->driver, device->driver, sizeof(out->driver));
	out->ntuple_fixed = device->has_offloads && device->offloads_fixed & NET_XDP_OFFLOAD_NTUPLE;
	return steer_read(&d, plan, out);
}

struct way {
	struct steer_device device;
	const struct steer_record *record;
	struct net_xdp_steer_report *report;
};

/* Return: number nth of the rows of this kind that are to be changed; NULL there is none. */
static struct net_xdp_steer_change *find_row(struct net_xdp_steer_report *report,
					     enum net_xdp_steer_kind kind, uint32_t nth)
{
	for (uint32_t i = 0; i < report->change_count; i++) {
		struct net_xdp_steer_change *c = &report->changes[i];

		if (c->kind == kind && c->outcome != NET_XDP_STEER_SAME && nth-- == 0)
			return c;
	}
	return NULL;
}

static const char *hint(enum net_xdp_steer_kind kind, int rc)
{
	if (rc == -EPERM)
		return "; it needs CAP_NET_ADMIN";
	if (kind == NET_XDP_STEER_KIND_CHANNELS)
		return "; drivers refuse while an XDP program is attached or an AF_XDP socket has one of the "
		       "queues that go: steer first";
	if (kind == NET_XDP_STEER_KIND_RULE)
		return "; drivers take some matches only: try fewer or others";
	return "";
}

/* Note what came of a step. Return: rc. */
static int note(struct way *w, enum net_xdp_steer_kind kind, uint32_t nth, int rc)
{
	struct net_xdp_steer_change *c = find_row(w->report, kind, nth);

	if (!c)
		return rc;
	c->outcome = rc ? NET_XDP_STEER_REFUSED : NET_XDP_STEER_CHANGED;
	c->error = rc;
	if (rc)
		snprintf(c->why, sizeof(c->why), "refused by the kernel or the driver: %s%s",
			 strerror(-rc), hint(kind, rc));
	return rc;
}

static int set_table(struct way *w)
{
	const struct steer_record *r = w->record;
	struct steer_table *t;
	int rc;

	if (!r->weight_count)
		return r->has_table ? note(w, NET_XDP_STEER_KIND_TABLE, 0, 0) : 0;
	t = malloc(sizeof(*t));
	/* its size may depend on the channels */
	rc = t ? steer_read_table(&w->device, t) : -ENOMEM;
	if (!rc) {
		steer_spread(r->weights, r->weight_count, t);
		rc = steer_set_table(&w->device, t);
	}
	free(t);
	return note(w, NET_XDP_STEER_KIND_TABLE, 0, rc);
}

static int set_queues(struct way *w)
{
	const struct steer_record *r = w->record;
	int rc = 0;

	/* The kernel refuses channels that a table of somebody's reaches over. */
	if (r->has_channels && r->has_table &&
	    steer_reaches(&r->old_table, steer_queues(&r->channels)))
		rc = note(w, NET_XDP_STEER_KIND_TABLE, 0, steer_set_table(&w->device, NULL));
	if (!rc && r->has_channels)
		rc = note(w, NET_XDP_STEER_KIND_CHANNELS, 0,
			  steer_set_channels(&w->device, &r->channels));
	return rc ? rc : set_table(w);
}

static int set_rules(struct way *w)
{
	const struct steer_record *r = w->record;
	int rc = 0;

	if (r->ntuple)
		rc = note(w, NET_XDP_STEER_KIND_NTUPLE, 0, steer_set_ntuple(&w->device, true));
	for (uint32_t i = 0; !rc && i < r->rule_count; i++)
		rc = note(w, NET_XDP_STEER_KIND_RULE, i,
			  steer_insert_rule(&w->device, &r->rules[i], r->locations[i]));
	return rc;
}

static int set_accepted(struct way *w)
{
	const struct steer_record *r = w->record;
	int rc = 0;

	if (r->flags & IFF_PROMISC)
		rc = note(w, NET_XDP_STEER_KIND_PROMISCUOUS, 0,
			  steer_set_flags(&w->device, IFF_PROMISC, IFF_PROMISC));
	if (!rc && r->flags & IFF_ALLMULTI)
		rc = note(w, NET_XDP_STEER_KIND_ALL_MULTICAST, 0,
			  steer_set_flags(&w->device, IFF_ALLMULTI, IFF_ALLMULTI));
	for (uint32_t i = 0; !rc && i < r->group_count; i++)
		rc = note(w, NET_XDP_STEER_KIND_GROUP, i,
			  steer_set_group(&w->device, r->groups[i], true));
	return rc;
}

static bool is_empty(const struct steer_record *r)
{
	return !r->has_channels && !r->has_table && !r->ntuple && !r->flags && !r->rule_count &&
	       !r->group_count;
}

/* After a step that was refused. */
static int give_up(struct steer *s, const struct steer_device *d,
		   struct net_xdp_steer_report *report, int rc, struct net_error *err)
{
	struct net_xdp_steer_report *back = calloc(1, sizeof(*back));
	int back_rc = back ? steer_back(d, &s->record, back) : -ENOMEM;

	free(back);
	for (uint32_t i = 0; back_rc >= 0 && i < report->change_count; i++)
		if (report->changes[i].outcome == NET_XDP_STEER_CHANGED)
			report->changes[i].outcome = NET_XDP_STEER_PUT_BACK;
	if (back_rc >= 0)
		lease_remove(&s->lease);
	else
		lease_leave(&s->lease);
	return steer_refusal(
		report, rc,
		back_rc < 0 ? "; not all of it could be put back: xsk-info --restore IF" : "", err);
}

static int change(struct steer *s, const struct net_xdp_device *device,
		  struct net_xdp_steer_report *report, struct net_error *err)
{
	struct way w = {.device = {.host = s->host, .ifindex = s->ifindex},
			.record = &s->record,
			.report = report};
	int rc;

	memcpy(w.device.ifname, device->ifname, sizeof(w.device.ifname));
	rc = set_queues(&w);
	if (!rc)
		rc = set_rules(&w);
	if (!rc)
		rc = set_accepted(&w);
	return rc ? give_up(s, &w.device, report, rc, err) : 0;
}

/* What has to be changed, by a state. Return: 0; -errno with err filled. */
static int compare(struct steer *s, const struct net_xdp_steer *plan, const struct steer_state *now,
		   bool stays, struct net_xdp_steer_report *report, struct net_error *err)
{
	int rc = steer_plan(plan, now, &s->record, report);

	s->record.stays = stays;
	return rc ? steer_refusal(report, rc, "", err) : 0;
}

/*
 * Write the old values down, in a lease unless there is nothing to change. Somebody may change them after they were
 * read, as who had the lease just before us: so they are read again with the lease in hand.
 * Return: 0; -EAGAIN they were changed, and there is no lease; -errno with err filled.
 */
static int write_down(struct steer *s, const char *directory, const struct net_xdp_device *device,
		      const struct net_xdp_steer *plan, bool stays,
		      struct net_xdp_steer_report *report, struct net_error *err)
{
	struct steer_state *states = malloc(2 * sizeof(*states));
	int rc = states ? steer_state(s->host, device, plan, &states[0]) : -ENOMEM;

	if (rc)
		error_set(err, rc, "steer", "%s: %s", device->ifname, strerror(-rc));
	else
		rc = compare(s, plan, &states[0], stays, report, err);
	if (!rc && !is_empty(&s->record))
		rc = steer_lease_make(s, directory, err);
	if (rc == -EEXIST)
		rc = -EAGAIN; /* the next try says whose it is */
	if (!rc && s->lease.fd >= 0 &&
	    (steer_state(s->host, device, plan, &states[1]) ||
	     memcmp(&states[0], &states[1], sizeof(states[0])))) {
		lease_remove(&s->lease);
		rc = error_set(err, -EAGAIN, "steer", "%s: somebody else changes it at the moment",
			       device->ifname);
	}
	free(states);
	return rc;
}

int steer_apply(struct steer *s, struct host *h, const char *directory,
		const struct net_xdp_device *device, const struct net_xdp_steer *plan, bool stays,
		struct net_xdp_steer_report *report, struct net_error *err)
{
	int rc = -EAGAIN;

	steer_init(s);
	s->host = h;
	s->ifindex = device->ifindex;
	memcpy(s->ifname, device->ifname, sizeof(s->ifname));
	memcpy(s->mac, device->mac, sizeof(s->mac));
	s->maker = maker_self();
	for (int i = 0; i < TRIES && rc == -EAGAIN; i++) {
		rc = steer_restore(h, directory, device, false, report, err);
		if (rc < 0)
			return rc;
		rc = write_down(s, directory, device, plan, stays, report, err);
	}
	if (rc || s->lease.fd < 0)
		return rc;
	rc = change(s, device, report, err);
	if (!rc && stays)
		lease_leave(&s->lease);
	return rc;
}
