// SPDX-License-Identifier: BSD-2-Clause
/* What a steering plan makes of an interface: no kernel. */
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "host/steer_flow.h"
#include "host/steer_plan.h"

static struct steer_state now;
static struct steer_record record;
static struct net_xdp_steer_report report;
static struct net_xdp_steer plan;
static struct net_error err;

static void default_table(uint32_t size, uint32_t queues)
{
	now.queues = queues;
	now.table.size = size;
	for (uint32_t i = 0; i < size; i++)
		now.table.queue[i] = (uint16_t)(i % queues);
}

/* 4 of 8 combined channels, a default table, room for 4 rules of which 2 are there. */
static void begin(void)
{
	now = (struct steer_state){.driver = "some", .ntuple = true, .rule_room = 4};
	now.channels.combined = 4;
	now.most.combined = 8;
	default_table(128, 4);
	now.used_count = 2;
	now.used[0] = 3;
	now.used[1] = 1;
	memset(now.rule_at, 0xff, sizeof(now.rule_at));
	plan = net_xdp_steer_default();
}

TestSuite(steer_plan, .init = begin);

static int make(void)
{
	struct net_xdp_steer own;

	cr_assert_eq(steer_take(&own, &plan, &err), 0, "%s", err.message);
	return steer_plan(&own, &now, &record, &report);
}

static void expect_row(uint32_t i, enum net_xdp_steer_outcome outcome, const char *what,
		       const char *from, const char *to)
{
	const struct net_xdp_steer_change *c = &report.changes[i];

	cr_assert_lt(i, report.change_count);
	cr_expect_eq(c->outcome, outcome, "%s: %d", c->what, (int)c->outcome);
	cr_expect_str_eq(c->what, what);
	cr_expect_str_eq(c->from, from);
	cr_expect_str_eq(c->to, to);
}

static void expect_refused(uint32_t i, int error, const char *why)
{
	const struct net_xdp_steer_change *c = &report.changes[i];

	cr_assert_lt(i, report.change_count);
	cr_expect_eq(c->outcome, NET_XDP_STEER_REFUSED);
	cr_expect_eq(c->error, error);
	cr_expect_not_null(strstr(c->why, why), "\"%s\"", c->why);
}

static void add_rule(enum net_xdp_steer_match match, uint16_t number, uint32_t queue)
{
	plan.rules[plan.rule_count++] = (struct net_xdp_steer_rule){
		.match = match, .number = number, .queue = queue, .mac = {2, 0, 0, 0, 0, 9}};
}

Test(steer_plan, table_reaches_a_queue_by_its_last_entry_too)
{
	cr_expect(steer_reaches(&now.table, 3), "queue 3 is in it");
	cr_expect_not(steer_reaches(&now.table, 4));
	now.table.queue[now.table.size - 1] = 4;
	cr_expect(steer_reaches(&now.table, 4));
	cr_expect_not(steer_reaches(&now.table, 5));
}

/* ---- The plan itself -------------------------------------------------------------------------- */

Test(steer_plan, empty_plan_changes_nothing)
{
	cr_expect_eq(make(), 0);
	cr_expect_eq(report.change_count, 0);
	cr_expect_not(record.has_channels || record.has_table || record.ntuple || record.flags);
}

#define EXPECT_REJECTED(has)                                                                       \
	do {                                                                                       \
		struct net_xdp_steer own;                                                          \
                                                                                                   \
		cr_expect_eq(steer_take(&own, &plan, &err), -EINVAL);                              \
		cr_expect_not_null(strstr(err.message, has), "%s", err.message);                   \
		plan = net_xdp_steer_default();                                                    \
	} while (0)

Test(steer_plan, take_what_makes_no_sense_is_einval)
{
	plan.size_bytes = 0;
	EXPECT_REJECTED("start from net_xdp_steer_default()");
	plan.channels = 2;
	plan.rx_channels = 2;
	EXPECT_REJECTED("or the other two");
	plan.weight_count = NET_XDP_STEER_QUEUES + 1;
	EXPECT_REJECTED("weight_count 65");
	plan.weight_count = 2;
	EXPECT_REJECTED("all 0");
	plan.weight_count = 1;
	plan.weights[0] = 1001;
	EXPECT_REJECTED("weight 1001");
	plan.rule_count = NET_XDP_STEER_RULES + 1;
	EXPECT_REJECTED("rule_count 33");
	plan.rule_count = 1;
	EXPECT_REJECTED("all zeros");
	add_rule((enum net_xdp_steer_match)6, 1, 1);
	EXPECT_REJECTED("match 6");
	add_rule(NET_XDP_STEER_VLAN, 4095, 1);
	EXPECT_REJECTED("VLAN id 4095");
	add_rule(NET_XDP_STEER_UDP6, 0, 1);
	EXPECT_REJECTED("port 0");
	plan.group_count = NET_XDP_STEER_GROUPS + 1;
	EXPECT_REJECTED("group_count 17");
	plan.group_count = 1;
	EXPECT_REJECTED("is odd in a multicast MAC");
}

/* A program that was built with a newer library, and one with an older. */
Test(steer_plan, take_of_another_size_knows_what_both_know)
{
	struct {
		struct net_xdp_steer plan;
		uint32_t more;
	} newer = {.plan = plan};
	struct net_xdp_steer own;

	newer.plan.size_bytes = sizeof(newer);
	newer.plan.channels = 3;
	cr_assert_eq(steer_take(&own, &newer.plan, &err), 0, "%s", err.message);
	cr_expect_eq(own.channels, 3);
	newer.more = 1;
	cr_expect_eq(steer_take(&own, &newer.plan, &err), -EINVAL);
	plan.channels = 2;
	plan.weight_count = 9;
	plan.size_bytes = offsetof(struct net_xdp_steer, weight_count);
	cr_assert_eq(steer_take(&own, &plan, &err), 0, "%s", err.message);
	cr_expect_eq(own.channels, 2);
	cr_expect_eq(own.weight_count, 0);
}

/* ---- Channels --------------------------------------------------------------------------------- */

Test(steer_plan, channels_of_a_driver_with_combined_ones)
{
	plan.channels = 6;
	cr_expect_eq(make(), 0);
	expect_row(0, NET_XDP_STEER_WOULD, "channels", "4 combined", "6 combined");
	cr_expect(record.has_channels);
	cr_expect_eq(record.channels.combined, 6);
	cr_expect_eq(record.old_channels.combined, 4);
	cr_expect_not(record.has_table, "a default table needs no keeping");
}

Test(steer_plan, channels_of_a_driver_without_combined_ones_are_both)
{
	now.channels = (struct steer_channels){.rx = 1, .tx = 2};
	now.most = (struct steer_channels){.rx = 4, .tx = 4};
	plan.channels = 3;
	cr_expect_eq(make(), 0);
	expect_row(0, NET_XDP_STEER_WOULD, "channels", "1 rx, 2 tx", "3 rx, 3 tx");
	plan.channels = 0;
	plan.rx_channels = 4;
	cr_expect_eq(make(), 0);
	expect_row(0, NET_XDP_STEER_WOULD, "channels", "1 rx, 2 tx", "4 rx, 2 tx");
}

Test(steer_plan, channels_that_cannot_be_are_refused_with_a_remedy)
{
	plan.channels = 9;
	cr_expect_eq(make(), -EINVAL);
	expect_refused(0, -EINVAL, "some has at most 8 combined; ask for no more");
	plan.channels = 2;
	now.channels_error = -EOPNOTSUPP;
	cr_expect_eq(make(), -EOPNOTSUPP);
	expect_refused(0, -EOPNOTSUPP, "some has a fixed number of queues");
}

/* ---- Table ------------------------------------------------------------------------------------ */

/* Entries of a queue among count from first on. */
static uint32_t entries_of(const struct steer_table *t, uint32_t queue, uint32_t first,
			   uint32_t count)
{
	uint32_t found = 0;

	for (uint32_t i = first; i < first + count; i++)
		found += t->queue[i] == queue;
	return found;
}

Test(steer_plan, spread_is_by_weight_and_evenly_mixed)
{
	static const uint32_t weights[] = {1, 0, 3, 9}; /* the last is none of them */
	static const uint32_t even[] = {5, 5, 5};
	struct steer_table t = {.size = 128};

	steer_spread(weights, 3, &t);
	cr_expect_eq(entries_of(&t, 0, 0, 128), 32);
	cr_expect_eq(entries_of(&t, 1, 0, 128), 0);
	cr_expect_eq(entries_of(&t, 2, 0, 128), 96);
	for (uint32_t i = 0; i < 128; i += 4)
		cr_expect_eq(entries_of(&t, 0, i, 4), 1, "a run of one queue at %u", i);
	steer_spread(even, 3, &t);
	cr_expect(steer_is_default(&t, 3), "equal weights take turns as the kernel's default does");
}

Test(steer_plan, weights_keep_the_host_on_the_first_queues)
{
	plan.weight_count = 4;
	plan.weights[0] = plan.weights[1] = 1;
	cr_expect_eq(make(), 0);
	expect_row(0, NET_XDP_STEER_WOULD, "RSS table", "queues 0-3 evenly", "queues 0-1 evenly");
	cr_expect(record.has_table && record.old_is_default);
	cr_expect_eq(record.weight_count, 2, "queues of no weight at the end are none");
	cr_expect(steer_same_table(&record.old_table, &now.table));
}

Test(steer_plan, weights_of_queues_that_are_not_there_are_refused)
{
	plan.weight_count = 5;
	plan.weights[4] = 1;
	cr_expect_eq(make(), -EINVAL);
	expect_refused(0, -EINVAL, "queue 4 has a weight, but there are 4 queues");
	plan.channels = 5;
	cr_expect_eq(make(), 0);
	expect_row(1, NET_XDP_STEER_WOULD, "RSS table", "queues 0-3 evenly", "queue 4 alone");
}

Test(steer_plan, weights_without_a_table_are_refused)
{
	plan.weight_count = 1;
	plan.weights[0] = 1;
	now.table_error = -EOPNOTSUPP;
	cr_expect_eq(make(), -EOPNOTSUPP);
	expect_refused(0, -EOPNOTSUPP, "some has no RSS table");
	cr_expect_null(strstr(report.changes[0].why, "QEMU"));
	strcpy(now.driver, "virtio_net");
	cr_expect_eq(make(), -EOPNOTSUPP);
	expect_refused(0, -EOPNOTSUPP, "QEMU: give the device rss=on");
}

/* A table of somebody's is lost with a change of the channels in some drivers. */
Test(steer_plan, channels_keep_the_table_that_somebody_set)
{
	now.table.queue[0] = 3;
	plan.channels = 2;
	cr_expect_eq(make(), 0);
	expect_row(1, NET_XDP_STEER_WOULD, "RSS table",
		   "queue 0: 31/128, queue 1: 32/128, queue 2: 32/128, "
		   "queue 3: 33/128",
		   "what the driver makes of it for other channels");
	cr_expect(record.has_table && !record.old_is_default);
	cr_expect_eq(record.weight_count, 0);
}

/* ---- Rules ------------------------------------------------------------------------------------ */

Test(steer_plan, rules_go_to_the_last_free_places)
{
	add_rule(NET_XDP_STEER_UDP4, 4789, 2);
	add_rule(NET_XDP_STEER_MAC, 0, 3);
	cr_expect_eq(make(), 0);
	expect_row(0, NET_XDP_STEER_WOULD, "udp4-port=4789:2", "none", "to queue 2");
	expect_row(1, NET_XDP_STEER_WOULD, "mac=02:00:00:00:00:09:3", "none", "to queue 3");
	cr_expect_eq(record.locations[0], 2);
	cr_expect_eq(record.locations[1], 0);
	add_rule(NET_XDP_STEER_VLAN, 7, 3);
	cr_expect_eq(make(), -ENOSPC);
	expect_refused(2, -ENOSPC, "room for 4 rules, and 2 are there");
	now.rules_anywhere = true;
	cr_expect_eq(make(), 0);
	cr_expect_eq(record.locations[2], STEER_NOWHERE);
}

Test(steer_plan, rule_that_is_there_already_is_not_ours)
{
	add_rule(NET_XDP_STEER_UDP4, 4789, 2);
	now.rule_at[0] = 1;
	now.ntuple = false;
	cr_expect_eq(make(), 0);
	expect_row(0, NET_XDP_STEER_SAME, "udp4-port=4789:2", "to queue 2", "to queue 2");
	cr_expect_eq(record.rule_count, 0);
	cr_expect_not(record.ntuple);
}

Test(steer_plan, rules_of_a_driver_that_cannot_are_refused)
{
	add_rule(NET_XDP_STEER_UDP4, 4789, 2);
	add_rule(NET_XDP_STEER_MAC, 0, 4);
	cr_expect_eq(make(), -EINVAL);
	expect_refused(1, -EINVAL, "there is no queue 4 of 4");
	plan.rules[1].queue = 1;
	now.rules_error = -EOPNOTSUPP;
	cr_expect_eq(make(), -EOPNOTSUPP);
	expect_refused(0, -EOPNOTSUPP, "some has no rules (ntuple");
	now.rules_error = 0;
	strcpy(now.driver, "igb");
	cr_expect_eq(make(), -EOPNOTSUPP);
	expect_refused(0, -EOPNOTSUPP, "igb's rules match a destination MAC");
	cr_expect_eq(report.changes[1].outcome, NET_XDP_STEER_WOULD);
}

Test(steer_plan, ntuple_is_switched_on_where_it_can_be)
{
	add_rule(NET_XDP_STEER_UDP4, 4789, 2);
	now.ntuple = false;
	cr_expect_eq(make(), 0);
	expect_row(0, NET_XDP_STEER_WOULD, "rx-ntuple-filter", "off", "on");
	cr_expect(record.ntuple);
	now.ntuple_fixed = true;
	cr_expect_eq(make(), -EOPNOTSUPP);
	expect_refused(0, -EOPNOTSUPP, "some has no rules on this NIC");
}

static const enum net_xdp_steer_match matches[] = {NET_XDP_STEER_MAC,  NET_XDP_STEER_VLAN,
						   NET_XDP_STEER_UDP4, NET_XDP_STEER_UDP6,
						   NET_XDP_STEER_TCP4, NET_XDP_STEER_TCP6};

Test(steer_plan, flow_is_only_what_was_made_of_the_same_rule)
{
	struct ethtool_rx_flow_spec fs;

	for (int i = 0; i < 6; i++)
		add_rule(matches[i], 0x1b3, 2);
	for (uint32_t i = 0; i < 6; i++) {
		steer_flow(&plan.rules[i], &fs);
		for (uint32_t j = 0; j < 6; j++)
			cr_expect_eq(steer_flow_is(&fs, &plan.rules[j]), i == j, "%u as %u", i, j);
		fs.location = 9; /* drivers fill in more than was asked for */
		fs.m_ext.vlan_etype = 0xffff;
		cr_expect(steer_flow_is(&fs, &plan.rules[i]));
		fs.ring_cookie = 3;
		cr_expect_not(steer_flow_is(&fs, &plan.rules[i]), "%u to another queue", i);
		plan.rules[i].number ^= 1;
		plan.rules[i].mac[5] ^= 1;
		steer_flow(&plan.rules[i], &fs);
		plan.rules[i].number ^= 1;
		plan.rules[i].mac[5] ^= 1;
		cr_expect_not(steer_flow_is(&fs, &plan.rules[i]), "%u of another value", i);
		steer_flow(&plan.rules[i], &fs);
		memset(&fs.m_u, 0, sizeof(fs.m_u));
		fs.m_ext.vlan_tci = 0;
		cr_expect_not(steer_flow_is(&fs, &plan.rules[i]), "%u of any value", i);
	}
}

/* ---- What the NIC accepts --------------------------------------------------------------------- */

Test(steer_plan, flags_and_groups_that_are_set_already_are_not_ours)
{
	plan.promiscuous = plan.all_multicast = true;
	plan.group_count = 2;
	plan.groups[0][0] = plan.groups[1][0] = 1;
	plan.groups[1][5] = 7;
	now.flags = IFF_PROMISC;
	now.has_groups = 1;
	cr_expect_eq(make(), 0);
	expect_row(0, NET_XDP_STEER_SAME, "promiscuous", "on", "on");
	expect_row(1, NET_XDP_STEER_WOULD, "all multicast", "off", "on");
	expect_row(2, NET_XDP_STEER_SAME, "multicast 01:00:00:00:00:00", "joined", "joined");
	expect_row(3, NET_XDP_STEER_WOULD, "multicast 01:00:00:00:00:07", "not joined", "joined");
	cr_expect_eq(record.flags, IFF_ALLMULTI);
	cr_expect_eq(record.group_count, 1);
	cr_expect_eq(record.groups[0][5], 7);
}
