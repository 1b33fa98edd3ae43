// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/steer_plan.h"

/* ---- Tables ----------------------------------------------------------------------------------- */

void steer_spread(const uint32_t *weights, uint32_t count, struct steer_table *t)
{
	int64_t credit[NET_XDP_STEER_QUEUES] = {0}, sum = 0;

	for (uint32_t q = 0; q < count; q++)
		sum += weights[q];
	/* Each entry goes to the queue that is owed most, so equal weights take turns. */
	for (uint32_t i = 0; i < t->size; i++) {
		uint32_t best = 0;

		for (uint32_t q = 0; q < count; q++) {
			credit[q] += weights[q];
			if (credit[q] > credit[best])
				best = q;
		}
		credit[best] -= sum;
		t->queue[i] = (uint16_t)best;
	}
}

bool steer_is_default(const struct steer_table *t, uint32_t queues)
{
	for (uint32_t i = 0; i < t->size; i++)
		if (!queues || t->queue[i] != i % queues)
			return false;
	return true;
}

/* igb_setup_mrqc() and igc_setup_mrqc() (6.18): entry i of n has queue i * queues / n. */
bool steer_is_nobodys(const struct steer_table *t, uint32_t queues)
{
	if (steer_is_default(t, queues))
		return true;
	for (uint32_t i = 0; i < t->size; i++)
		if (t->queue[i] != (uint64_t)i * queues / t->size)
			return false;
	return true;
}

bool steer_same_table(const struct steer_table *a, const struct steer_table *b)
{
	return a->size == b->size && memcmp(a->queue, b->queue, a->size * sizeof(*a->queue)) == 0;
}

bool steer_same_channels(const struct steer_channels *a, const struct steer_channels *b)
{
	return a->combined == b->combined && a->rx == b->rx && a->tx == b->tx;
}

uint32_t steer_queues(const struct steer_channels *c)
{
	return c->combined + c->rx;
}

bool steer_reaches(const struct steer_table *t, uint32_t queues)
{
	for (uint32_t i = 0; i < t->size; i++)
		if (t->queue[i] >= queues)
			return true;
	return false;
}

/* ---- Plan against state ----------------------------------------------------------------------- */

struct planner {
	const struct net_xdp_steer *plan;
	const struct steer_state *now;
	struct steer_record *record;
	struct net_xdp_steer_report *report;
	uint32_t queues; /* for receive, once the channels are as planned */
	int error;	 /* of the first refusal */
};

struct net_xdp_steer_change *steer_row(struct net_xdp_steer_report *report,
				       enum net_xdp_steer_kind kind, const char *what)
{
	static struct net_xdp_steer_change none;
	struct net_xdp_steer_change *row = &none;

	if (report->change_count < NET_XDP_STEER_CHANGES)
		row = &report->changes[report->change_count++];
	*row = (struct net_xdp_steer_change){.kind = kind, .outcome = NET_XDP_STEER_WOULD};
	snprintf(row->what, sizeof(row->what), "%s", what);
	return row;
}

static void refuse(struct planner *p, struct net_xdp_steer_change *row, int error,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

static void refuse(struct planner *p, struct net_xdp_steer_change *row, int error,
		   const char *format, ...)
{
	va_list args;

	row->outcome = NET_XDP_STEER_REFUSED;
	row->error = error;
	va_start(args, format);
	vsnprintf(row->why, sizeof(row->why), format, args);
	va_end(args);
	if (!p->error)
		p->error = error;
}

static const char *driver(const struct planner *p)
{
	return p->now->driver[0] ? p->now->driver : "the driver";
}

/* What the plan wants, in the kinds that the driver has. */
static struct steer_channels wanted(const struct net_xdp_steer *s, const struct steer_state *now)
{
	struct steer_channels c = now->channels;

	if (s->channels && now->most.combined) {
		c = (struct steer_channels){.combined = s->channels};
	} else if (s->channels) {
		c.rx = c.tx = s->channels;
	}
	c.rx = s->rx_channels ? s->rx_channels : c.rx;
	c.tx = s->tx_channels ? s->tx_channels : c.tx;
	return c;
}

static void plan_channels(struct planner *p)
{
	const struct steer_state *now = p->now;
	struct net_xdp_steer_change *row;
	struct steer_channels c;

	p->queues = now->queues;
	if (!p->plan->channels && !p->plan->rx_channels && !p->plan->tx_channels)
		return;
	row = steer_row(p->report, NET_XDP_STEER_KIND_CHANNELS, "channels");
	if (now->channels_error) {
		refuse(p, row, now->channels_error,
		       "%s has a fixed number of queues (%s); leave the channels as they are",
		       driver(p), strerror(-now->channels_error));
		return;
	}
	c = wanted(p->plan, now);
	steer_channels_text(&now->channels, row->from, sizeof(row->from));
	steer_channels_text(&c, row->to, sizeof(row->to));
	if (c.combined > now->most.combined || c.rx > now->most.rx || c.tx > now->most.tx) {
		char most[64];

		steer_channels_text(&now->most, most, sizeof(most));
		refuse(p, row, -EINVAL, "%s has at most %s; ask for no more", driver(p), most);
		return;
	}
	p->queues = steer_queues(&c);
	if (steer_same_channels(&c, &now->channels)) {
		row->outcome = NET_XDP_STEER_SAME;
		return;
	}
	p->record->has_channels = true;
	p->record->channels = c;
	p->record->old_channels = now->channels;
}

static void keep_old_table(struct planner *p)
{
	p->record->has_table = true;
	p->record->old_table = p->now->table;
	p->record->old_is_default = steer_is_default(&p->now->table, p->now->queues);
}

/* A table of the plan's, or one that does not survive the change of the channels. */
static void plan_table(struct planner *p)
{
	const struct steer_state *now = p->now;
	struct steer_table t = {.size = now->table.size};
	struct net_xdp_steer_change *row;
	uint32_t count = p->plan->weight_count;

	while (count && !p->plan->weights[count - 1])
		count--;
	if (!count) {
		if (!p->record->has_channels || now->table_error ||
		    steer_is_nobodys(&now->table, now->queues))
			return;
		keep_old_table(p);
		row = steer_row(p->report, NET_XDP_STEER_KIND_TABLE, "RSS table");
		steer_table_text(&now->table, row->from, sizeof(row->from));
		snprintf(row->to, sizeof(row->to),
			 "what the driver makes of it for other channels");
		return;
	}
	row = steer_row(p->report, NET_XDP_STEER_KIND_TABLE, "RSS table");
	if (now->table_error) {
		refuse(p, row, now->table_error, "%s has no RSS table that can be set (%s)%s",
		       driver(p), strerror(-now->table_error),
		       strcmp(now->driver, "virtio_net") ? ""
							 : "; QEMU: give the device rss=on,mq=on");
		return;
	}
	steer_table_text(&now->table, row->from, sizeof(row->from));
	if (count > p->queues) {
		refuse(p, row, -EINVAL,
		       "queue %u has a weight, but there are %u queues; ask for more "
		       "channels",
		       count - 1, p->queues);
		return;
	}
	steer_spread(p->plan->weights, count, &t);
	steer_table_text(&t, row->to, sizeof(row->to));
	if (steer_same_table(&t, &now->table) && !p->record->has_channels) {
		row->outcome = NET_XDP_STEER_SAME;
		return;
	}
	keep_old_table(p);
	p->record->weight_count = count;
	memcpy(p->record->weights, p->plan->weights, count * sizeof(*p->record->weights));
}

/* ---- Rules ------------------------------------------------------------------------------------ */

/* What is known of a driver before it is tried, by its source. */
static const struct {
	const char *driver;
	uint32_t matches; /* 1 << enum net_xdp_steer_match that it takes */
	const char *why;
} known[] = {
	/* igb_add_ethtool_nfc_entry() (6.18): ETHER_FLOW alone, and of a tag the priority alone */
	{"igb", 1 << NET_XDP_STEER_MAC,
	 "igb's rules match a destination MAC, no VLAN id and no port"},
	/* igc_ethtool_add_nfc_rule() (6.18): ETHER_FLOW alone, and of a tag all bits or the priority */
	{"igc", 1 << NET_XDP_STEER_MAC,
	 "igc's rules match a destination MAC, no VLAN id and no port"},
};

/* Return: why the driver cannot have such a rule; NULL it may. */
static const char *known_against(const struct steer_state *now, const struct net_xdp_steer_rule *r)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(known[i].driver, now->driver) && !(known[i].matches & 1u << r->match))
			return known[i].why;
	return NULL;
}

/* The highest location that is free is the one of the lowest priority: rules of others go first. */
static uint32_t free_location(const struct steer_state *now, const struct steer_record *record)
{
	for (uint32_t at = now->rule_room; at-- > 0;) {
		bool taken = false;

		for (uint32_t i = 0; i < now->used_count && !taken; i++)
			taken = now->used[i] == at;
		for (uint32_t i = 0; i < record->rule_count && !taken; i++)
			taken = record->locations[i] == at;
		if (!taken)
			return at;
	}
	return STEER_NOWHERE;
}

static bool needs_rules(const struct planner *p)
{
	for (uint32_t i = 0; i < p->plan->rule_count; i++)
		if (p->now->rule_at[i] == STEER_NOWHERE)
			return true;
	return false;
}

static void plan_ntuple(struct planner *p)
{
	struct net_xdp_steer_change *row;

	if (!needs_rules(p) || p->now->rules_error || p->now->ntuple)
		return;
	row = steer_row(p->report, NET_XDP_STEER_KIND_NTUPLE, "rx-ntuple-filter");
	snprintf(row->from, sizeof(row->from), "off");
	snprintf(row->to, sizeof(row->to), "on");
	if (p->now->ntuple_fixed)
		refuse(p, row, -EOPNOTSUPP,
		       "%s has no rules on this NIC; leave the rules out and keep the "
		       "host away by host queues",
		       driver(p));
	else
		p->record->ntuple = true;
}

static void plan_rule(struct planner *p, uint32_t i)
{
	const struct net_xdp_steer_rule *r = &p->plan->rules[i];
	const struct steer_state *now = p->now;
	struct net_xdp_steer_change *row;
	uint32_t location = STEER_NOWHERE;
	char what[48];

	steer_rule_text(r, what, sizeof(what));
	row = steer_row(p->report, NET_XDP_STEER_KIND_RULE, what);
	snprintf(row->from, sizeof(row->from), "none");
	snprintf(row->to, sizeof(row->to), "to queue %u", r->queue);
	if (now->rules_error) {
		refuse(p, row, now->rules_error,
		       "%s has no rules (ntuple: %s); leave them out and keep the "
		       "host away by host queues",
		       driver(p), strerror(-now->rules_error));
	} else if (now->rule_at[i] != STEER_NOWHERE) {
		snprintf(row->from, sizeof(row->from), "to queue %u", r->queue);
		row->outcome = NET_XDP_STEER_SAME;
	} else if (known_against(now, r)) {
		refuse(p, row, -EOPNOTSUPP, "%s", known_against(now, r));
	} else if (r->queue >= p->queues) {
		refuse(p, row, -EINVAL, "there is no queue %u of %u; ask for more channels",
		       r->queue, p->queues);
	} else if (!now->rules_anywhere &&
		   (location = free_location(now, p->record)) == STEER_NOWHERE) {
		refuse(p, row, -ENOSPC,
		       "%s has room for %u rules, and %u are there; remove some with: "
		       "ethtool -N IF delete N",
		       driver(p), now->rule_room, now->used_count);
	} else {
		p->record->rules[p->record->rule_count] = *r;
		p->record->locations[p->record->rule_count++] = location;
	}
}

/* ---- What the NIC accepts --------------------------------------------------------------------- */

static void plan_flag(struct planner *p, bool wanted_on, uint32_t flag,
		      enum net_xdp_steer_kind kind, const char *what)
{
	struct net_xdp_steer_change *row;

	if (!wanted_on)
		return;
	row = steer_row(p->report, kind, what);
	snprintf(row->from, sizeof(row->from), p->now->flags & flag ? "on" : "off");
	snprintf(row->to, sizeof(row->to), "on");
	if (p->now->flags & flag)
		row->outcome = NET_XDP_STEER_SAME;
	else
		p->record->flags |= flag;
}

static void plan_group(struct planner *p, uint32_t i)
{
	bool is_there = p->now->has_groups & 1u << i;
	struct net_xdp_steer_change *row;
	char mac[24], what[48];

	steer_mac_text(p->plan->groups[i], mac, sizeof(mac));
	snprintf(what, sizeof(what), "multicast %s", mac);
	row = steer_row(p->report, NET_XDP_STEER_KIND_GROUP, what);
	snprintf(row->from, sizeof(row->from), is_there ? "joined" : "not joined");
	snprintf(row->to, sizeof(row->to), "joined");
	if (is_there)
		row->outcome = NET_XDP_STEER_SAME;
	else
		memcpy(p->record->groups[p->record->group_count++], p->plan->groups[i], 6);
}

int steer_plan(const struct net_xdp_steer *s, const struct steer_state *now,
	       struct steer_record *record, struct net_xdp_steer_report *report)
{
	struct planner p = {.plan = s, .now = now, .record = record, .report = report};

	*record = (struct steer_record){0};
	report->change_count = 0;
	plan_channels(&p);
	plan_table(&p);
	plan_ntuple(&p);
	for (uint32_t i = 0; i < s->rule_count; i++)
		plan_rule(&p, i);
	plan_flag(&p, s->promiscuous, IFF_PROMISC, NET_XDP_STEER_KIND_PROMISCUOUS, "promiscuous");
	plan_flag(&p, s->all_multicast, IFF_ALLMULTI, NET_XDP_STEER_KIND_ALL_MULTICAST,
		  "all multicast");
	for (uint32_t i = 0; i < s->group_count; i++)
		plan_group(&p, i);
	return p.error;
}
