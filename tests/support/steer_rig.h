/* SPDX-License-Identifier: BSD-2-Clause */
/* Steering of a fake NIC, with its record in a folder of our own. */
#ifndef SUPPORT_STEER_RIG_H
#define SUPPORT_STEER_RIG_H

#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/undo/steer.h"
#include "support/fake_nic.h"

static char root[] = "/tmp/test_steer.XXXXXX";
static char directory[64];
static struct host h;
static struct net_xdp_device device;
static struct net_xdp_steer_report report;
static struct net_error err;
static struct steer s; /* large */

static inline void steer_begin(void)
{
	cr_assert_not_null(mkdtemp(root));
	snprintf(directory, sizeof(directory), "%s/net_xdp", root);
	fake_nic_make(&h, &device);
}

static inline void steer_finish(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", root);
	cr_assert_eq(system(command), 0);
}

/* All there is: fewer channels, the host on queue 0, a rule of each kind, and all that a NIC may accept. */
static inline struct net_xdp_steer everything(void)
{
	struct net_xdp_steer plan = net_xdp_steer_default();

	plan.channels = 3;
	plan.weight_count = 1;
	plan.weights[0] = 1;
	plan.rule_count = 6;
	for (int i = 0; i < 6; i++)
		plan.rules[i] = (struct net_xdp_steer_rule){.match = (enum net_xdp_steer_match)i,
							    .queue = 2,
							    .number = 4000 + i,
							    .mac = {2, 1}};
	plan.group_count = 2;
	memcpy(plan.groups[0], "\x01\x00\x5e\x01\x02\x03", 6);
	memcpy(plan.groups[1], "\x33\x33\x00\x00\x00\x01", 6);
	plan.promiscuous = plan.all_multicast = true;
	return plan;
}

/* What somebody has set before: a table of his own over all queues, one rule, one group. */
static inline struct fake_nic_state somebody_was_here(void)
{
	for (uint32_t i = 0; i < FAKE_NIC_TABLE; i++)
		nic->state.table.queue[i] = i < 100 ? 3 : 1;
	nic->state.table_is_wish = true;
	nic->state.ntuple = true;
	nic->state.has_rule[FAKE_NIC_RULES - 1] = true;
	steer_flow(&(struct net_xdp_steer_rule){.match = NET_XDP_STEER_TCP4, .number = 22},
		   &nic->state.rule[FAKE_NIC_RULES - 1]);
	memcpy(nic->state.group[0], "\x01\x00\x5e\x00\x00\x09", 6);
	return nic->state;
}

static inline int apply(bool stays)
{
	const struct net_xdp_steer plan = everything();

	return steer_apply(&s, &h, directory, &device, &plan, stays, &report, &err);
}

static inline int restore(void)
{
	return steer_restore(&h, directory, &device, true, &report, &err);
}

static inline void expect_state(const struct fake_nic_state *is, const char *when, unsigned step)
{
	cr_expect(memcmp(&is->channels, &nic->state.channels, sizeof(is->channels)) == 0,
		  "%s %u: %u channels", when, step, nic->state.channels.combined);
	cr_expect(steer_same_table(&is->table, &nic->state.table), "%s %u: the table", when, step);
	cr_expect_eq(is->table_is_wish, nic->state.table_is_wish, "%s %u: is the table a wish?",
		     when, step);
	cr_expect_eq(is->ntuple, nic->state.ntuple, "%s %u: ntuple", when, step);
	cr_expect_eq(is->flags, nic->state.flags, "%s %u: flags %x", when, step, nic->state.flags);
	cr_expect(memcmp(is->has_rule, nic->state.has_rule, sizeof(is->has_rule)) == 0 &&
			  memcmp(is->rule, nic->state.rule, sizeof(is->rule)) == 0,
		  "%s %u: rules", when, step);
	cr_expect(memcmp(is->group, nic->state.group, sizeof(is->group)) == 0, "%s %u: groups",
		  when, step);
}

/* No record is left behind. */
static inline void expect_no_record(const char *when, unsigned step)
{
	char state[160];

	cr_expect_not(steer_look(&h, directory, device.ifindex, state, sizeof(state)));
	cr_expect_str_empty(state, "%s %u: %s", when, step, state);
	cr_expect(rmdir(directory) == 0 || errno == ENOENT, "%s %u: something is left there", when,
		  step);
}

static inline void expect_everything(void)
{
	cr_expect_eq(nic->state.channels.combined, 3);
	for (uint32_t i = 0; i < FAKE_NIC_TABLE; i++)
		cr_assert_eq(nic->state.table.queue[i], 0);
	cr_expect(nic->state.ntuple);
	cr_expect_eq(nic->state.flags, IFF_PROMISC | IFF_ALLMULTI);
}

/* Run a call in a child that may be killed in it. Return: true if it was. */
static inline bool is_killed(int (*call)(void))
{
	int status;
	pid_t child = fork();

	if (!child)
		_exit(call() < 0);
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static inline int apply_for_good(void)
{
	return apply(true);
}

static inline int apply_until_the_end(void)
{
	return apply(false);
}

#endif
