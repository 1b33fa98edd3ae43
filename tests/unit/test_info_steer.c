// SPDX-License-Identifier: BSD-2-Clause
/* The command line of xsk-info steer. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "info/steer.h"
#include "support/option_rig.h"

enum { WORDS = 8 };

static struct info_steer_options o;
static char why[256];

static int parse(const char *a, const char *b, const char *c, const char *d, const char *e,
		 const char *f)
{
	const char *const given[] = {"steer", a, b, c, d, e, f, NULL};
	static char text[WORDS][96];
	char *argv[WORDS] = {NULL};
	int argc = 0;

	for (; given[argc]; argc++) {
		snprintf(text[argc], sizeof(text[argc]), "%s", given[argc]);
		argv[argc] = text[argc];
	}
	return info_steer_parse(argc, argv, &o, why, sizeof(why));
}

static void expect_rule(uint32_t i, enum net_xdp_steer_match match, uint16_t number, uint32_t queue)
{
	cr_assert_lt(i, o.plan.rule_count);
	cr_expect_eq(o.plan.rules[i].match, match);
	cr_expect_eq(o.plan.rules[i].number, number);
	cr_expect_eq(o.plan.rules[i].queue, queue);
}

Test(info_steer, table_is_well_formed)
{
	option_table_check(&info_steer_table);
}

Test(info_steer, plan_of_all_kinds_of_words)
{
	cr_assert_eq(
		parse("eth1", "--channels=4", "--host-queues=1-2", "-n", "--json", "--promiscuous"),
		0, "%s", why);
	cr_expect_str_eq(o.ifname, "eth1");
	cr_expect(o.dry_run && o.json && o.plan.promiscuous && !o.plan.all_multicast);
	cr_expect_eq(o.plan.channels, 4);
	cr_expect_eq(o.plan.weight_count, 3);
	cr_expect(o.plan.weights[0] == 0 && o.plan.weights[1] == 1 && o.plan.weights[2] == 1);
	cr_assert_eq(parse("-i", "eth1", "--channels", "rx=2,tx=8", "--weights", "0,3,1"), 0, "%s",
		     why);
	cr_expect(o.plan.channels == 0 && o.plan.rx_channels == 2 && o.plan.tx_channels == 8);
	cr_expect(o.plan.weight_count == 3 && o.plan.weights[1] == 3);
	cr_assert_eq(parse("eth1", "--channels=rx=3", "--host-queues=2", "--all-multicast",
			   "--multicast", "01:00:5e:AB:00:05"),
		     0, "%s", why);
	cr_expect(o.plan.rx_channels == 3 && o.plan.tx_channels == 0);
	cr_expect(o.plan.weight_count == 3 && o.plan.weights[2] == 1 && o.plan.weights[1] == 0);
	cr_expect(o.plan.group_count == 1 && o.plan.groups[0][3] == 0xab &&
		  o.plan.groups[0][5] == 5);
}

Test(info_steer, rules_of_each_match)
{
	cr_assert_eq(parse("eth1", "--rule=udp-port=4789:2", "--rule=vlan=7:3",
			   "--rule=mac=02:00:00:00:00:0a:1", "--rule=tcp6-port=22:0", NULL),
		     0, "%s", why);
	cr_expect_eq(o.plan.rule_count, 5);
	expect_rule(0, NET_XDP_STEER_UDP4, 4789, 2);
	expect_rule(1, NET_XDP_STEER_UDP6, 4789, 2);
	expect_rule(2, NET_XDP_STEER_VLAN, 7, 3);
	expect_rule(3, NET_XDP_STEER_MAC, 0, 1);
	cr_expect_eq(o.plan.rules[3].mac[5], 0x0a);
	expect_rule(4, NET_XDP_STEER_TCP6, 22, 0);
}

Test(info_steer, what_makes_no_sense_is_a_usage_error_that_names_it)
{
	static const struct {
		const char *word, *has;
	} rows[] = {
		{"--channels=0", "--channels 0: must be a number from 1 on"},
		{"--channels=4x", "--channels 4x"},
		{"--channels=tx=2", "or rx=N,tx=N"},
		{"--channels=rx=2,rx=2", "--channels rx=2,rx=2"},
		{"--channels=rx=0", "--channels rx=0"},
		{"--channels=-1", "--channels -1"},
		{"--host-queues=2-1", "must be a range"},
		{"--host-queues=0-64", "up to 63"},
		{"--host-queues=", "must be a range"},
		{"--host-queues=0-1-2", "must be a range"},
		{"--weights=1,,2", "must be a list"},
		{"--weights=1,2,", "must be a list"},
		{"--weights=1001", "up to 1000"},
		{"--rule=udp-port=4789", "must be like"},
		{"--rule=udp-port=65536:1", "must be like"},
		{"--rule=udp-port=4789:x", "must be like"},
		{"--rule=udp-port=:2", "must be like"},
		{"--rule=port=7:2", "must be like"},
		{"--rule=mac=02:00:00:00:00:01", "must be like"},
		{"--rule=mac=02:00:00:00:00:0g:1", "must be like"},
		{"--rule=mac=02:00:00:00:00: 1:1", "must be like"},
		{"--multicast=02:00:00:00:00:01", "must be a multicast MAC"},
		{"--multicast=01:00:5e", "must be a multicast MAC"},
		{"--promiscuous=1", "value"},
		{"--nonsense", "no such option"},
		{"eth2", "not also 'eth2'"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_eq(parse("eth1", rows[i].word, NULL, NULL, NULL, NULL), -EINVAL, "%s",
			     rows[i].word);
		cr_expect_not_null(strstr(why, rows[i].has), "%s: %s", rows[i].word, why);
	}
	cr_expect_eq(parse("--json", NULL, NULL, NULL, NULL, NULL), -EINVAL);
	cr_expect_str_eq(why, "steer needs an interface");
	cr_expect_eq(parse("eth1", "--rule", NULL, NULL, NULL, NULL), -EINVAL);
	cr_expect_not_null(strstr(why, "value"));
	cr_expect_eq(parse("eth1", "--weights=1", "--host-queues=0", NULL, NULL, NULL), -EINVAL);
	cr_expect_not_null(strstr(why, "once"));
}

/* So many rules, or groups, behind the interface. */
static int parse_many(bool rules, int count)
{
	static char words[40][40];
	char *argv[42] = {words[0], words[1]};
	int argc = 2;

	snprintf(words[1], sizeof(words[1]), "eth1");
	for (; argc < 2 + count; argc++) {
		if (rules)
			snprintf(words[argc], sizeof(words[argc]), "--rule=udp-port=%d:1", argc);
		else
			snprintf(words[argc], sizeof(words[argc]),
				 "--multicast=01:00:00:00:00:%02x", argc);
		argv[argc] = words[argc];
	}
	return info_steer_parse(argc, argv, &o, why, sizeof(why));
}

Test(info_steer, more_rules_and_groups_than_there_is_room_for_are_refused)
{
	cr_assert_eq(parse_many(true, 16), 0, "%s", why);
	cr_expect_eq(o.plan.rule_count, 32);
	cr_expect_eq(parse_many(true, 17), -EINVAL);
	cr_expect_not_null(strstr(why, "at most 32"), "%s", why);
	cr_assert_eq(parse_many(false, 16), 0, "%s", why);
	cr_expect_eq(o.plan.group_count, 16);
	cr_expect_eq(parse_many(false, 17), -EINVAL);
	cr_expect_not_null(strstr(why, "at most 16"), "%s", why);
}
