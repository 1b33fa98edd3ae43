// SPDX-License-Identifier: BSD-2-Clause
/* Steering is put back whatever happens: refused at any change, killed before and behind any, on the way there and on
 * the way back. */
#include "support/steer_rig.h"

/* More than all changes of one way. */
enum { STEPS = 40 };

TestSuite(steer_kill, .init = steer_begin, .fini = steer_finish, .timeout = 60);

/* ---- Refused ---------------------------------------------------------------------------------- */

Test(steer_kill, refused_at_each_change_leaves_all_as_it_was)
{
	const struct fake_nic_state before = somebody_was_here();
	unsigned step = 1;

	nic->refuse_count = 1;
	for (; step < STEPS; step++) {
		nic->changes = 0;
		nic->refuse_at = step;
		if (!apply(true))
			break;
		cr_expect_eq(err.code, -EBUSY);
		cr_expect_not_null(strstr(err.message, "refused by the kernel or the driver: "),
				   "%s", err.message);
		expect_state(&before, "refused at", step);
		expect_no_record("refused at", step);
		for (uint32_t i = 0; i < report.change_count; i++)
			cr_expect_neq(report.changes[i].outcome, NET_XDP_STEER_CHANGED);
	}
	cr_assert(step > 11 && step < STEPS, "%u changes", step);
	nic->refuse_at = 0;
	cr_expect_eq(restore(), 1);
	expect_state(&before, "restore", 0);
}

/* The way back is refused too: the record stays, and says where to go on. */
Test(steer_kill, refused_on_the_way_back_is_put_back_later)
{
	const struct fake_nic_state before = somebody_was_here();
	unsigned step = 2;

	for (; step < STEPS; step++) {
		nic->changes = 0;
		nic->refuse_at = step;
		nic->refuse_count = 2;
		if (!apply(true))
			break;
		nic->refuse_at = 0;
		cr_expect_geq(restore(), 0, "%s", err.message);
		expect_state(&before, "refused twice at", step);
		expect_no_record("refused twice at", step);
	}
	cr_assert(step > 11 && step < STEPS, "%u changes", step);
	nic->refuse_at = 0;
	cr_expect_eq(restore(), 1);
}

Test(steer_kill, restore_refused_at_each_change_keeps_the_record_and_ends_well)
{
	const struct fake_nic_state before = somebody_was_here();
	unsigned step = 1;
	int rc;

	nic->refuse_error = -EPERM; /* EBUSY would be waited for */
	for (; step < STEPS; step++) {
		nic->refuse_at = 0;
		cr_assert_eq(apply(true), 0, "%s", err.message);
		nic->changes = 0;
		nic->refuse_at = step;
		nic->refuse_count = 1;
		rc = restore();
		nic->refuse_at = 0;
		if (rc < 0) {
			cr_expect_not_null(strstr(err.message, "is still set: "), "%s",
					   err.message);
			rc = restore();
		} else {
			break;
		}
		cr_expect_geq(rc, 0, "%s", err.message);
		expect_state(&before, "refused at", step);
		expect_no_record("refused at", step);
	}
	cr_assert(step > 11 && step < STEPS, "%u changes", step);
}

/* Not as long as an endpoint wants: its end says so, and the record stays. */
Test(steer_kill, end_that_is_refused_says_so_and_leaves_the_record)
{
	const struct fake_nic_state before = nic->state;
	char state[160];

	cr_assert_eq(apply(false), 0, "%s", err.message);
	nic->refuse_error = -EPERM;
	nic->refuse_at = nic->changes + 1;
	nic->refuse_count = 100;
	cr_expect_eq(steer_end(&s, NULL, &err), -EPERM);
	cr_expect_not_null(strstr(err.message, strerror(EPERM)), "%s", err.message);
	cr_expect(steer_look(&h, directory, device.ifindex, state, sizeof(state)));
	cr_expect_not_null(strstr(state, "left steered by process"), "%s", state);
	nic->refuse_at = 0;
	cr_expect_eq(restore(), 1);
	expect_state(&before, "restore", 0);
}

/* ---- Killed ----------------------------------------------------------------------------------- */

static void killed_at_each_change(unsigned *kill_at, int (*put_back)(void))
{
	const struct fake_nic_state before = somebody_was_here();
	unsigned step = 1;

	for (; step < STEPS; step++) {
		nic->changes = 0;
		*kill_at = step;
		if (!is_killed(apply_for_good))
			break;
		*kill_at = 0;
		cr_expect_geq(put_back(), 0, "%s", err.message);
		expect_state(&before, "killed at", step);
		expect_no_record("killed at", step);
	}
	cr_assert(step > 11 && step < STEPS, "%u changes", step);
	*kill_at = 0;
	cr_expect_eq(restore(), 1);
	expect_state(&before, "restore", 0);
}

Test(steer_kill, killed_before_each_change_is_put_back)
{
	killed_at_each_change(&nic->kill_before, restore);
}

Test(steer_kill, killed_behind_each_change_is_put_back)
{
	killed_at_each_change(&nic->kill_after, restore);
}

/* A table that the driver makes on its own, other than the kernel's: the kill may leave one. */
Test(steer_kill, killed_behind_each_change_of_a_nic_like_igb_says_nothing_of_others)
{
	const struct fake_nic_state before = nic->state;
	unsigned step = 1;

	nic->in_rows = true;
	for (; step < STEPS; step++) {
		nic->changes = 0;
		nic->kill_after = step;
		if (!is_killed(apply_for_good))
			break;
		nic->kill_after = 0;
		cr_expect_geq(restore(), 0, "%s", err.message);
		for (uint32_t i = 0; i < report.change_count; i++)
			cr_expect_neq(report.changes[i].outcome, NET_XDP_STEER_LEFT,
				      "killed at %u: %s", step, report.changes[i].what);
		nic->state = before;
	}
	cr_assert(step > 11 && step < STEPS, "%u changes", step);
	nic->kill_after = 0;
	cr_expect_eq(restore(), 1);
}

static unsigned *kill_again;

/* The way back is killed behind each of its changes in turn, until it is through. */
static int restore_killed_at_each(void)
{
	unsigned step = 1;

	do {
		nic->changes = 0;
		*kill_again = step++;
	} while (is_killed(restore));
	*kill_again = 0;
	return restore();
}

Test(steer_kill, killed_there_and_on_the_way_back_is_put_back)
{
	kill_again = &nic->kill_before;
	killed_at_each_change(&nic->kill_after, restore_killed_at_each);
}

/* The next endpoint there does it, before its own. */
Test(steer_kill, what_a_killed_endpoint_left_is_put_back_by_the_next_one)
{
	const struct fake_nic_state before = nic->state;
	struct net_xdp_steer nothing = net_xdp_steer_default();

	nic->kill_after = 5;
	cr_assert(is_killed(apply_until_the_end));
	nic->kill_after = 0;
	cr_assert_eq(steer_apply(&s, &h, directory, &device, &nothing, false, &report, &err), 0);
	expect_state(&before, "next", 0);
	expect_no_record("next", 0);
	cr_assert_eq(apply(false), 0, "%s", err.message);
	expect_everything();
	cr_assert_eq(steer_end(&s, NULL, &err), 0);
	expect_state(&before, "end", 0);
}
