// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "host/netdev.h"
#include "host/undo/steer_back.h"

struct back {
	const struct steer_device *device;
	const struct steer_record *record;
	struct net_xdp_steer_report *report;
	bool did;
	int error;
};

/* A row for one value. rc: of putting it back. */
static struct net_xdp_steer_change *row(struct back *b, enum net_xdp_steer_kind kind,
					const char *what, int rc)
{
	struct net_xdp_steer_change *c = steer_row(b->report, kind, what);

	c->outcome = rc ? NET_XDP_STEER_REFUSED : NET_XDP_STEER_PUT_BACK;
	c->error = rc;
	if (rc)
		snprintf(c->why, sizeof(c->why), "is still set: %s%s", strerror(-rc),
			 b->device->under_program ? "; an XDP program is attached: detach it first"
						  : "");
	b->did |= !rc;
	if (rc && !b->error)
		b->error = rc;
	return c;
}

static void left(struct back *b, enum net_xdp_steer_kind kind, const char *what, const char *why)
{
	struct net_xdp_steer_change *c = steer_row(b->report, kind, what);

	c->outcome = NET_XDP_STEER_LEFT;
	snprintf(c->why, sizeof(c->why), "%s, so it is left", why);
}

/* ---- What the NIC accepts --------------------------------------------------------------------- */

static void put_groups(struct back *b)
{
	char mac[24], what[48];
	int rc;

	for (uint32_t i = b->record->group_count; i-- > 0;) {
		steer_mac_text(b->record->groups[i], mac, sizeof(mac));
		snprintf(what, sizeof(what), "multicast %s", mac);
		rc = steer_set_group(b->device, b->record->groups[i], false);
		if (rc != -ENOENT)
			row(b, NET_XDP_STEER_KIND_GROUP, what, rc);
	}
}

static void put_flag(struct back *b, uint32_t now, uint32_t flag, enum net_xdp_steer_kind kind,
		     const char *what)
{
	struct net_xdp_steer_change *c;

	if (!(b->record->flags & now & flag))
		return;
	c = row(b, kind, what, steer_set_flags(b->device, flag, 0));
	snprintf(c->from, sizeof(c->from), "on");
	snprintf(c->to, sizeof(c->to), "off");
}

static void put_flags(struct back *b)
{
	uint32_t now;
	int rc;

	if (!b->record->flags)
		return;
	rc = steer_read_flags(b->device, &now);
	if (rc)
		row(b, NET_XDP_STEER_KIND_PROMISCUOUS, "flags", rc);
	else {
		put_flag(b, now, IFF_ALLMULTI, NET_XDP_STEER_KIND_ALL_MULTICAST, "all multicast");
		put_flag(b, now, IFF_PROMISC, NET_XDP_STEER_KIND_PROMISCUOUS, "promiscuous");
	}
}

/* ---- Rules ------------------------------------------------------------------------------------ */

static void put_rule(struct back *b, uint32_t i)
{
	const struct net_xdp_steer_rule *r = &b->record->rules[i];
	struct net_xdp_steer_change *c;
	char what[48];
	uint32_t at;
	int rc = steer_find_rule(b->device, r, b->record->locations[i], &at);

	steer_rule_text(r, what, sizeof(what));
	if (rc == 0 && at != STEER_NOWHERE) {
		left(b, NET_XDP_STEER_KIND_RULE, what, "somebody else's rule is in its place");
	} else if (rc) {
		c = row(b, NET_XDP_STEER_KIND_RULE, what,
			rc < 0 ? rc : steer_delete_rule(b->device, at));
		snprintf(c->from, sizeof(c->from), "to queue %u", r->queue);
		snprintf(c->to, sizeof(c->to), "none");
	}
}

/* Some drivers forget all rules when the feature is switched off, also those of others. */
static void put_ntuple(struct back *b)
{
	const char *what = "rx-ntuple-filter";
	uint32_t rules;
	bool on;
	int rc;

	if (!b->record->ntuple)
		return;
	rc = steer_read_ntuple(b->device, &on, &rules);
	if (!rc && !on)
		return;
	if (!rc && rules) {
		left(b, NET_XDP_STEER_KIND_NTUPLE, what, "somebody has rules");
		return;
	}
	row(b, NET_XDP_STEER_KIND_NTUPLE, what, rc ? rc : steer_set_ntuple(b->device, false));
}

/* ---- Channels, and the table that depends on them --------------------------------------------- */

/* The two are put back together: a table that reaches over the queues that stay keeps the channels from being
 * fewer, and a change of the channels may change the table. */
struct queues {
	struct steer_table table;
	char table_was[104]; /* before the channels are put back */
	bool table_changed;  /* it was not the old one then */
	bool channels_ours, table_ours;
};

/* Return: 0; -errno they cannot be told now, and the table stays with them. */
static int look_at_channels(struct back *b, struct queues *q)
{
	const struct steer_record *r = b->record;
	struct steer_channels now, most;
	int rc;

	if (!r->has_channels)
		return 0;
	rc = steer_read_channels(b->device, &now, &most);
	q->channels_ours = !rc && steer_same_channels(&now, &r->channels);
	if (q->channels_ours)
		return 0;
	if (!rc && b->device->under_program)
		rc = -EBUSY;
	if (rc)
		row(b, NET_XDP_STEER_KIND_CHANNELS, "channels", rc);
	else if (!steer_same_channels(&now, &r->old_channels))
		left(b, NET_XDP_STEER_KIND_CHANNELS, "channels", "somebody has changed them since");
	return rc;
}

/* A default table is nobody's wish: a process that was killed on its way there or back leaves one. */
static bool is_table_ours(const struct back *b, const struct steer_table *now, uint32_t queues)
{
	struct steer_table *ours = malloc(sizeof(*ours));
	bool same = steer_is_nobodys(now, queues) || steer_same_table(now, &b->record->old_table);

	if (ours && b->record->weight_count) {
		ours->size = now->size;
		steer_spread(b->record->weights, b->record->weight_count, ours);
		same = same || steer_same_table(now, ours);
	}
	free(ours);
	return same;
}

static void look_at_table(struct back *b, struct queues *q)
{
	uint32_t queues = 0;
	int rc;

	if (!b->record->has_table)
		return;
	rc = steer_read_table(b->device, &q->table);
	if (!rc)
		rc = steer_read_queues(b->device, &queues);
	if (!rc)
		steer_table_text(&q->table, q->table_was, sizeof(q->table_was));
	q->table_changed = !rc && !steer_same_table(&q->table, &b->record->old_table);
	if (rc)
		row(b, NET_XDP_STEER_KIND_TABLE, "RSS table", rc);
	else if (is_table_ours(b, &q->table, queues))
		q->table_ours = true;
	else
		left(b, NET_XDP_STEER_KIND_TABLE, "RSS table", "somebody has changed it since");
}

/* Return: 0; -errno they stay, and the table with them. */
static int put_channels(struct back *b, const struct queues *q)
{
	const struct steer_record *r = b->record;
	struct net_xdp_steer_change *c;
	int rc = 0;

	if (!q->channels_ours)
		return 0;
	/* Also so that the driver makes its own table for the old channels, where it had none but that. */
	if (q->table_ours &&
	    (r->weight_count || steer_reaches(&q->table, steer_queues(&r->old_channels))))
		rc = steer_set_table(b->device, NULL);
	if (!rc)
		rc = steer_set_channels(b->device, &r->old_channels);
	c = row(b, NET_XDP_STEER_KIND_CHANNELS, "channels", rc);
	steer_channels_text(&r->channels, c->from, sizeof(c->from));
	steer_channels_text(&r->old_channels, c->to, sizeof(c->to));
	return rc;
}

static void put_table(struct back *b, struct queues *q)
{
	const struct steer_record *r = b->record;
	struct net_xdp_steer_change *c;
	bool is_old;
	int rc;

	if (!q->table_ours)
		return;
	rc = steer_read_table(b->device, &q->table);
	is_old = !rc && steer_same_table(&q->table, &r->old_table);
	if (!rc && !r->old_is_default && q->table.size != r->old_table.size) {
		left(b, NET_XDP_STEER_KIND_TABLE, "RSS table", "the table has another size now");
		return;
	}
	/* By this the kernel also knows again that nobody has set the table. */
	if (!rc && (!is_old || (r->weight_count && r->old_is_default)))
		rc = steer_set_table(b->device, r->old_is_default ? NULL : &r->old_table);
	if (!rc && !q->table_changed)
		return;
	c = row(b, NET_XDP_STEER_KIND_TABLE, "RSS table", rc);
	memcpy(c->from, q->table_was, sizeof(c->from));
	steer_table_text(&r->old_table, c->to, sizeof(c->to));
}

int steer_back(const struct steer_device *d, const struct steer_record *r,
	       struct net_xdp_steer_report *report)
{
	struct back b = {.device = d, .record = r, .report = report};
	struct queues *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	put_groups(&b);
	put_flags(&b);
	for (uint32_t i = r->rule_count; i-- > 0;)
		put_rule(&b, i);
	put_ntuple(&b);
	if (!look_at_channels(&b, q)) {
		look_at_table(&b, q);
		if (!put_channels(&b, q))
			put_table(&b, q);
	}
	free(q);
	return b.error ? b.error : b.did;
}

/* ---- With patience ---------------------------------------------------------------------------- */

/* Keep the rows of what is done. Return: how many. */
static uint32_t keep_done(struct net_xdp_steer_report *report)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < report->change_count; i++)
		if (report->changes[i].outcome == NET_XDP_STEER_PUT_BACK)
			report->changes[kept++] = report->changes[i];
	return report->change_count = kept;
}

static bool is_under_program(const struct steer_device *d)
{
	struct net_xdp_device device;

	return netdev_query(d->host, d->ifname, &device, NULL) == 0 && device.program_id;
}

/* One try. ENODEV alone does not say that the interface is gone: so the kernel also refuses a device in a reset
 * (netif_device_present()), and a name that it has no more. By its index it is there. */
static int try_back(struct host *h, uint32_t ifindex, const struct steer_record *r,
		    struct net_xdp_steer_report *report)
{
	struct steer_device d;
	int rc = steer_device_find(&d, h, ifindex);

	if (!rc) {
		d.under_program = is_under_program(&d);
		rc = steer_back(&d, r, report);
		if (rc != -ENODEV || !steer_device_find(&d, h, ifindex))
			return rc;
	}
	return rc == -ENODEV ? 0 : rc; /* all went with the interface */
}

int steer_back_patiently(struct host *h, uint32_t ifindex, const struct steer_record *r,
			 struct net_xdp_steer_report *report)
{
	struct deadline until = deadline_in(1000);
	uint32_t done = 0;
	int rc = try_back(h, ifindex, r, report);

	while ((rc == -EBUSY || rc == -EINVAL || rc == -ENODEV) && !deadline_passed(&until)) {
		sleep_ms(20);
		done = keep_done(report);
		rc = try_back(h, ifindex, r, report);
	}
	return rc == 0 && done ? 1 : rc;
}
