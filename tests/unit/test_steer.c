// SPDX-License-Identifier: BSD-2-Clause
/* Steering and its way back: what somebody had set before, what somebody has changed since, and two who want it at the
 * same time. */
#include "support/steer_rig.h"

TestSuite(steer, .init = steer_begin, .fini = steer_finish, .timeout = 60);

/* ---- As it should go -------------------------------------------------------------------------- */

Test(steer, apply_and_end_of_an_endpoint_leave_all_as_it_was)
{
	const struct fake_nic_state before = nic->state;

	cr_assert_eq(apply(false), 0, "%s", err.message);
	expect_everything();
	cr_assert_eq(steer_end(&s, NULL, &err), 0, "%s", err.message);
	expect_state(&before, "end", 0);
	expect_no_record("end", 0);
	cr_expect_eq(steer_end(&s, NULL, &err), 0, "once more");
}

Test(steer, apply_and_restore_leave_what_somebody_had_set)
{
	const struct fake_nic_state before = somebody_was_here();
	char state[160];

	cr_assert_eq(apply(true), 0, "%s", err.message);
	expect_everything();
	cr_expect(nic->state.has_rule[FAKE_NIC_RULES - 1], "another's rule is gone");
	cr_expect(steer_look(&h, directory, device.ifindex, state, sizeof(state)));
	cr_expect_not_null(strstr(state, "until: xsk-info --restore IF"), "%s", state);
	cr_assert_eq(restore(), 1, "%s", err.message);
	expect_state(&before, "restore", 0);
	expect_no_record("restore", 0);
	cr_expect_eq(restore(), 0, "once more");
}

/* A driver that forgets the table with each change of the channels. */
Test(steer, restore_brings_back_a_table_that_the_driver_forgot)
{
	const struct fake_nic_state before = somebody_was_here();
	struct net_xdp_steer plan = net_xdp_steer_default();

	nic->resets_table = true;
	plan.channels = 8;
	cr_assert_eq(steer_apply(&s, &h, directory, &device, &plan, true, &report, &err), 0);
	cr_expect_not(nic->state.table_is_wish);
	cr_assert_eq(restore(), 1, "%s", err.message);
	cr_assert_eq(report.change_count, 2);
	cr_expect_eq(report.changes[0].kind, NET_XDP_STEER_KIND_CHANNELS);
	cr_expect_str_eq(report.changes[0].from, "8 combined");
	cr_expect_str_eq(report.changes[0].to, "4 combined");
	expect_state(&before, "restore", 0);
}

/* More channels, and frames on all of them: on the way back the table keeps the channels from being fewer. */
Test(steer, restore_takes_back_a_table_that_reaches_over_the_old_channels)
{
	const struct fake_nic_state before = somebody_was_here();
	struct net_xdp_steer plan = net_xdp_steer_default();

	plan.channels = plan.weight_count = 8;
	for (int i = 0; i < 8; i++)
		plan.weights[i] = 1;
	cr_assert_eq(steer_apply(&s, &h, directory, &device, &plan, true, &report, &err), 0);
	cr_expect_eq(nic->state.table.queue[7], 7);
	cr_assert_eq(restore(), 1, "%s", err.message);
	expect_state(&before, "restore", 0);
}

/* The table is as it was as soon as the channels are, but the kernel has to know that nobody wishes it so. */
Test(steer, restore_of_an_even_table_is_nobodys_wish)
{
	const struct fake_nic_state before = nic->state;
	struct net_xdp_steer plan = net_xdp_steer_default();

	plan.channels = 8;
	plan.weight_count = 4;
	for (int i = 0; i < 4; i++)
		plan.weights[i] = 1;
	cr_assert_eq(steer_apply(&s, &h, directory, &device, &plan, true, &report, &err), 0);
	cr_assert_eq(restore(), 1, "%s", err.message);
	expect_state(&before, "restore", 0);
}

/* As igb does; the kernel's reset makes another table than the driver. */
static struct fake_nic_state igb_has_its_own(void)
{
	nic->in_rows = true;
	for (uint32_t i = 0; i < FAKE_NIC_TABLE; i++)
		nic->state.table.queue[i] = (uint16_t)(i * 4 / FAKE_NIC_TABLE);
	return nic->state;
}

Test(steer, restore_of_a_drivers_own_table_with_other_channels_is_nobodys_wish)
{
	const struct fake_nic_state before = igb_has_its_own();

	cr_assert_eq(apply(true), 0, "%s", err.message);
	expect_everything();
	cr_assert_eq(restore(), 1, "%s", err.message);
	expect_state(&before, "restore", 0);
}

/* Entry for entry as it was; that the kernel takes it for a wish from now on cannot be told, nor undone. */
Test(steer, restore_of_a_drivers_own_table_brings_back_each_entry)
{
	const struct fake_nic_state before = igb_has_its_own();
	struct net_xdp_steer plan = net_xdp_steer_default();

	plan.weight_count = plan.weights[0] = 1;
	cr_assert_eq(steer_apply(&s, &h, directory, &device, &plan, true, &report, &err), 0);
	cr_assert_eq(restore(), 1, "%s", err.message);
	cr_expect(steer_same_table(&before.table, &nic->state.table));
}

Test(steer, channels_alone_leave_a_drivers_own_table_to_it)
{
	const struct fake_nic_state before = igb_has_its_own();
	struct net_xdp_steer plan = net_xdp_steer_default();

	plan.channels = 2;
	cr_assert_eq(steer_apply(&s, &h, directory, &device, &plan, true, &report, &err), 0);
	cr_expect_eq(report.change_count, 1);
	cr_assert_eq(restore(), 1, "%s", err.message);
	expect_state(&before, "restore", 0);
}

Test(steer, apply_of_what_is_so_already_changes_nothing_and_leaves_no_record)
{
	struct net_xdp_steer plan = net_xdp_steer_default();

	plan.channels = 4;
	plan.weight_count = 4;
	for (int i = 0; i < 4; i++)
		plan.weights[i] = 7;
	cr_assert_eq(steer_apply(&s, &h, directory, &device, &plan, true, &report, &err), 0);
	cr_expect_eq(nic->changes, 0);
	cr_expect_eq(report.changes[0].outcome, NET_XDP_STEER_SAME);
	cr_expect_eq(report.changes[1].outcome, NET_XDP_STEER_SAME);
	expect_no_record("same", 0);
}

Test(steer, rules_of_a_driver_that_picks_their_place_are_found_again)
{
	struct fake_nic_state before = nic->state;

	nic->rules_anywhere = true;
	cr_assert_eq(apply(true), 0, "%s", err.message);
	cr_expect(nic->state.has_rule[5]);
	cr_assert_eq(restore(), 1, "%s", err.message);
	expect_state(&before, "restore", 0);
}

/* ---- By two ----------------------------------------------------------------------------------- */

Test(steer, second_one_is_ebusy_and_says_who)
{
	static struct steer second;
	const struct net_xdp_steer plan = everything();

	cr_assert_eq(apply(false), 0, "%s", err.message);
	cr_expect_eq(steer_apply(&second, &h, directory, &device, &plan, false, &report, &err),
		     -EBUSY);
	cr_expect_not_null(strstr(err.message, "until its end"), "%s", err.message);
	cr_expect_eq(restore(), -EBUSY);
	expect_everything();
	cr_assert_eq(steer_end(&s, NULL, &err), 0);
}

Test(steer, what_is_to_stay_is_ebusy_for_an_endpoint_and_stays)
{
	cr_assert_eq(apply(true), 0, "%s", err.message);
	cr_expect_eq(apply(false), -EBUSY);
	cr_expect_not_null(strstr(err.message, "xsk-info --restore"), "%s", err.message);
	expect_everything();
	cr_expect_eq(steer_restore(&h, directory, &device, false, &report, &err), -EBUSY);
	cr_expect_eq(restore(), 1);
}

static int end_in_the_child(void)
{
	return steer_end(&s, NULL, &err);
}

Test(steer, end_in_a_forked_child_leaves_all_to_its_parent)
{
	const struct fake_nic_state before = nic->state;

	cr_assert_eq(apply(false), 0, "%s", err.message);
	cr_expect_not(is_killed(end_in_the_child));
	expect_everything();
	cr_expect_eq(restore(), -EBUSY, "the parent's record is gone");
	cr_expect_eq(steer_end(&s, NULL, &err), 0);
	expect_state(&before, "end", 0);
}

/* The kernel lets go of a killed process's sockets some time after its locks. */
Test(steer, restore_that_is_refused_for_a_moment_is_tried_again)
{
	const struct fake_nic_state before = nic->state;

	cr_assert_eq(apply(true), 0, "%s", err.message);
	nic->refuse_error = -EINVAL;
	nic->refuse_at = nic->changes + 10;
	nic->refuse_count = 3;
	cr_assert_eq(restore(), 1, "%s", err.message);
	expect_state(&before, "restore", 0);
	for (uint32_t i = 0; i < report.change_count; i++)
		cr_expect_eq(report.changes[i].outcome, NET_XDP_STEER_PUT_BACK, "%s",
			     report.changes[i].what);
	cr_expect_geq(report.change_count, 12);
}

/* ENODEV is also what a NIC in a reset says (netif_device_present()), and a name that the interface had until now. */
Test(steer, restore_of_an_interface_that_is_away_for_a_moment_is_tried_again)
{
	const struct fake_nic_state before = nic->state;

	for (unsigned step = 1; step < 12; step++) {
		nic->refuse_at = nic->changes = 0;
		cr_assert_eq(apply(true), 0, "%s", err.message);
		nic->refuse_error = -ENODEV;
		nic->refuse_at = nic->changes + step;
		nic->refuse_count = 2;
		cr_assert_eq(restore(), 1, "%u: %s", step, err.message);
		expect_state(&before, "away at", step);
		expect_no_record("away at", step);
	}
}

Test(steer, restore_of_an_interface_that_stays_away_keeps_the_record)
{
	const struct fake_nic_state before = nic->state;

	cr_assert_eq(apply(true), 0, "%s", err.message);
	nic->refuse_error = -ENODEV;
	nic->refuse_at = 1;
	nic->refuse_count = UINT32_MAX / 2;
	cr_assert_eq(restore(), -ENODEV);
	nic->refuse_at = 0;
	cr_assert_eq(restore(), 1, "%s", err.message);
	expect_state(&before, "later", 0);
	expect_no_record("later", 0);
}

Test(steer, end_of_an_interface_that_is_gone_touches_nothing)
{
	cr_assert_eq(apply(false), 0, "%s", err.message);
	cr_expect_eq(steer_end(&s, &(struct netdev_left){0}, &err), 0);
	expect_everything();
	expect_no_record("gone", 0);
}

/* ---- Changed by others ------------------------------------------------------------------------ */

static void expect_left(enum net_xdp_steer_kind kind)
{
	bool is_told = false;

	for (uint32_t i = 0; i < report.change_count; i++) {
		const struct net_xdp_steer_change *c = &report.changes[i];

		is_told |= c->kind == kind && c->outcome == NET_XDP_STEER_LEFT &&
			   strstr(c->why, "so it is left");
	}
	cr_expect(is_told, "kind %d", (int)kind);
}

Test(steer, channels_that_others_changed_since_are_left)
{
	cr_assert_eq(apply(true), 0, "%s", err.message);
	nic->state.channels.combined = 6;
	cr_assert_eq(restore(), 1, "%s", err.message);
	cr_expect_eq(nic->state.channels.combined, 6);
	cr_expect_eq(nic->state.flags, 0, "all else is put back");
	expect_left(NET_XDP_STEER_KIND_CHANNELS);
	expect_no_record("left", 0);
}

Test(steer, table_that_others_changed_since_is_left)
{
	struct steer_table theirs;

	cr_assert_eq(apply(true), 0, "%s", err.message);
	for (uint32_t i = 0; i < FAKE_NIC_TABLE; i++)
		nic->state.table.queue[i] = i < 5;
	theirs = nic->state.table;
	cr_assert_eq(restore(), 1, "%s", err.message);
	cr_expect(steer_same_table(&theirs, &nic->state.table));
	cr_expect_eq(nic->state.channels.combined, 4);
	expect_left(NET_XDP_STEER_KIND_TABLE);
}

/* Somebody's rule where one of ours was; it also keeps the feature, which it needs. */
Test(steer, rule_that_others_put_in_its_place_is_left)
{
	cr_assert_eq(apply(true), 0, "%s", err.message);
	nic->state.rule[FAKE_NIC_RULES - 1].ring_cookie = 1;
	cr_assert_eq(restore(), 1, "%s", err.message);
	cr_expect(nic->state.has_rule[FAKE_NIC_RULES - 1]);
	for (int i = 0; i < FAKE_NIC_RULES - 1; i++)
		cr_expect_not(nic->state.has_rule[i], "rule %d", i);
	cr_expect(nic->state.ntuple);
	expect_left(NET_XDP_STEER_KIND_RULE);
	expect_left(NET_XDP_STEER_KIND_NTUPLE);
}

Test(steer, what_others_took_away_since_is_nothing_to_put_back)
{
	const struct fake_nic_state before = nic->state;

	cr_assert_eq(apply(true), 0, "%s", err.message);
	nic->state = before;
	nic->changes = 0;
	cr_assert_geq(restore(), 0, "%s", err.message);
	expect_state(&before, "restore", 0);
	expect_no_record("restore", 0);
}

static void change_once(void)
{
	nic->meanwhile = NULL;
	nic->state.channels.combined = 6;
	fake_nic_default_table();
}

static void change_always(void)
{
	nic->state.channels.combined ^= 1;
	fake_nic_default_table();
}

/* As who had steered it until then and puts back. */
Test(steer, what_others_change_between_look_and_record_is_put_back)
{
	nic->meanwhile = change_once;
	cr_assert_eq(apply(false), 0, "%s", err.message);
	cr_expect_null(nic->meanwhile);
	expect_everything();
	cr_assert_eq(steer_end(&s, NULL, &err), 0, "%s", err.message);
	cr_expect_eq(nic->state.channels.combined, 6);
	expect_no_record("end", 0);
}

Test(steer, apply_to_an_interface_that_never_rests_is_eagain_and_changes_nothing)
{
	nic->meanwhile = change_always;
	cr_expect_eq(apply(false), -EAGAIN);
	cr_expect_not_null(strstr(err.message, "somebody else"), "%s", err.message);
	cr_expect_eq(nic->changes, 0);
	nic->meanwhile = NULL;
	expect_no_record("never rests", 0);
	cr_expect_eq(steer_end(&s, NULL, &err), 0);
}

static void steer_first(void)
{
	nic->meanwhile = NULL;
	cr_assert_not(is_killed(apply_for_good));
}

Test(steer, apply_after_another_that_began_later_is_ebusy_and_says_who)
{
	nic->meanwhile = steer_first;
	cr_expect_eq(apply(false), -EBUSY, "%s", err.message);
	cr_expect_not_null(strstr(err.message, "steered by process"), "%s", err.message);
	expect_everything();
	cr_assert_eq(restore(), 1, "%s", err.message);
}

/* ---- Where it cannot be recorded -------------------------------------------------------------- */

Test(steer, apply_without_a_place_for_the_record_changes_nothing)
{
	const struct net_xdp_steer plan = everything();

	cr_expect_eq(steer_apply(&s, &h, "/proc/none/net_xdp", &device, &plan, true, &report, &err),
		     -ENOENT);
	cr_expect_not_null(strstr(err.message, "nobody could put it back"), "%s", err.message);
	cr_expect_eq(nic->changes, 0);
}

Test(steer, record_of_another_kind_is_ebadmsg_and_stays)
{
	struct lease l;

	lease_name(&l, directory, &h.netns, device.ifindex, "steer");
	cr_assert_eq(lease_make(&l, "steer 2\nstays 1\n"), 0);
	lease_leave(&l);
	cr_expect_eq(restore(), -EBADMSG);
	cr_expect_eq(apply(true), -EBADMSG);
	cr_expect_eq(nic->changes, 0);
	cr_expect_eq(access(l.path, F_OK), 0);
}
