/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a steering plan makes of an interface: from the state that the kernel tells to a record of what has to
 * be changed, old values and new ones, and to sentences. Pure: nothing is asked or changed here.
 */
#ifndef NET_XDP_STEER_PLAN_H
#define NET_XDP_STEER_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "net_xdp_steer.h"

#define STEER_TABLE_MOST 4096 /* entries of an indirection table; drivers have 64 to 2048 */
#define STEER_RULES_MOST 4096 /* rules that are there already */
#define STEER_NOWHERE	 UINT32_MAX

struct steer_channels {
	uint32_t combined, rx, tx;
};

struct steer_table {
	uint32_t size; /* entries */
	uint16_t queue[STEER_TABLE_MOST];
};

/* What the kernel says of the interface. Errors: 0, or the -errno of asking: the driver has none. */
struct steer_state {
	char driver[32];
	int channels_error, table_error, rules_error;
	struct steer_channels channels, most;
	uint32_t queues; /* for receive: over these the default table spreads evenly */
	struct steer_table table;
	bool ntuple;	     /* the feature is on */
	bool ntuple_fixed;   /* and cannot be changed */
	uint32_t rule_room;  /* locations are below it */
	bool rules_anywhere; /* the driver picks the location */
	uint32_t used_count;
	uint32_t used[STEER_RULES_MOST]; /* locations */
	/* Where each rule of the plan stands already; STEER_NOWHERE. */
	uint32_t rule_at[NET_XDP_STEER_RULES];
	uint32_t flags;	     /* IFF_PROMISC and IFF_ALLMULTI, as somebody has set them */
	uint32_t has_groups; /* a bit per group of the plan */
};

/* What is to be changed, and what it was before. */
struct steer_record {
	bool stays; /* until it is put back on request, not by who comes next */
	bool has_channels;
	struct steer_channels channels, old_channels;
	bool has_table; /* the table is set, or lost by a change of the channels */
	struct steer_table old_table;
	bool old_is_default;
	uint32_t weight_count; /* 0: the default table */
	uint32_t weights[NET_XDP_STEER_QUEUES];
	bool ntuple;	/* to be switched on */
	uint32_t flags; /* to be set: IFF_PROMISC, IFF_ALLMULTI */
	uint32_t rule_count;
	struct net_xdp_steer_rule rules[NET_XDP_STEER_RULES];
	uint32_t locations[NET_XDP_STEER_RULES]; /* STEER_NOWHERE: the driver picks it */
	uint32_t group_count;
	uint8_t groups[NET_XDP_STEER_GROUPS][6];
};

/* Take the caller's plan, of whatever size he knows, and check what needs no kernel. Return: 0, -EINVAL with
 * err filled. */
int steer_take(struct net_xdp_steer *own, const struct net_xdp_steer *steer, struct net_error *err);

/* Fill a table of t->size entries: each queue gets entries by its weight, evenly mixed. */
void steer_spread(const uint32_t *weights, uint32_t count, struct steer_table *t);
/* The table that the kernel makes without a wish (ethtool_rxfh_indir_default()). */
bool steer_is_default(const struct steer_table *t, uint32_t queues);
/* The same, or the one that igb and igc make: each queue has its entries in a row. Nobody's wish either way. */
bool steer_is_nobodys(const struct steer_table *t, uint32_t queues);
bool steer_same_table(const struct steer_table *a, const struct steer_table *b);
bool steer_same_channels(const struct steer_channels *a, const struct steer_channels *b);
/* Return: the queues for receive that channels make. */
uint32_t steer_queues(const struct steer_channels *c);
/* Return: true if the table names a queue from queues on. */
bool steer_reaches(const struct steer_table *t, uint32_t queues);

/* Compare plan and state. Return: 0; -errno of the first change that cannot be. Both ways *record (may be
 * NULL) has what is to be changed and report all of the plan. */
int steer_plan(const struct net_xdp_steer *s, const struct steer_state *now,
	       struct steer_record *record, struct net_xdp_steer_report *report);

/* Append a row. Return: it. */
struct net_xdp_steer_change *steer_row(struct net_xdp_steer_report *report,
				       enum net_xdp_steer_kind kind, const char *what);
/* For people. The first: what was changed, "channels: 2 combined, was 4 combined; ...". */
void steer_say(const struct net_xdp_steer_report *report, char *out, size_t size);
/* The first row that was refused, or else rc, as an error with this tail. Return: rc. */
int steer_refusal(const struct net_xdp_steer_report *report, int rc, const char *tail,
		  struct net_error *err);
void steer_rule_text(const struct net_xdp_steer_rule *r, char *out, size_t size);
void steer_mac_text(const uint8_t mac[6], char *out, size_t size);
void steer_channels_text(const struct steer_channels *c, char *out, size_t size);
void steer_table_text(const struct steer_table *t, char *out, size_t size);

#endif
