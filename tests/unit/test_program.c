// SPDX-License-Identifier: BSD-2-Clause
/* What a link message says of a program behind libxdp's dispatcher. */
#include <criterion/criterion.h>
#include <stdint.h>

#include "program/program.h"

enum { DISPATCHER = 7, NOWHERE = 0x7ffffff0 };

static struct program dispatched(void)
{
	static char some;

	return (struct program){
		.dispatched = (struct xdp_program *)&some,
		.link_fd = -1,
		.ifindex = NOWHERE,
		.dispatcher_id = DISPATCHER,
	};
}

Test(program, dispatcher_that_is_gone_runs_nothing)
{
	struct program p = dispatched();

	cr_assert_not(program_may_run(&p, 0));
}

Test(program, dispatcher_that_was_seen_runs_ours)
{
	struct program p = dispatched();

	cr_assert(program_may_run(&p, DISPATCHER));
}

/* Somebody joined, or threw ours out: without a look inside nobody is told to start again. */
Test(program, dispatcher_that_nobody_can_look_into_may_run_ours)
{
	struct program p = dispatched();

	cr_assert(program_may_run(&p, DISPATCHER + 1));
	cr_assert_eq(p.dispatcher_id, DISPATCHER, "not seen");
}

/* With a bpf_link messages say nothing that the link does not say better. */
Test(program, link_message_is_no_news_for_a_bpf_link)
{
	struct program p = dispatched();

	p.dispatched = NULL;
	cr_assert(program_may_run(&p, 0));
	cr_assert(program_is_linked(&p), "there is none to ask");
}
