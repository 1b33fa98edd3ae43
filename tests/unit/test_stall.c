// SPDX-License-Identifier: BSD-2-Clause
/* Which queues stand still, by two looks; and the looks themselves, at queues that tell what the test wants. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "backend/inspect.h"
#include "control/control.h"

/* A queue at work: frames wait here and there, and the next look finds more of everything. */
static const struct stall_look busy = {
	.takes_frames = 1,
	.tx_needs_wakeup = 1,
	.fill = 100,
	.rx = 3,
	.tx = 5,
	.completion = 7,
	.rx_kernel = 120,
	.tx_descriptors = 20,
	.rx_frames = 1000,
	.tx_packets = 2000,
	.kicks = 50,
};

static const struct stall_look idle = {
	.takes_frames = 1,
	.tx_needs_wakeup = 1,
	.fill = 100,
	.rx_kernel = 100,
	.rx_frames = 1000,
	.tx_packets = 2000,
	.kicks = 50,
};

static enum stall_kind between(struct stall_look before, struct stall_look now)
{
	return stall_between(&before, &now);
}

Test(stall, a_queue_that_moves_or_has_nothing_to_do_does_not_stand_still)
{
	struct stall_look next = busy;

	next.rx_frames++;
	next.tx_packets++;
	cr_assert_eq(between(busy, next), STALL_NONE);
	cr_assert_eq(between(idle, idle), STALL_NONE);
	cr_assert_eq(between(idle, busy), STALL_NONE);
	next = idle;
	next.takes_frames = 0;
	next.rx_kernel = 0;
	cr_assert_eq(between(next, next), STALL_NONE, "the host has its frames");
}

Test(stall, each_kind_is_known_by_what_waits_and_for_whom)
{
	struct stall_look a = idle, b = idle;

	a.tx_descriptors = b.tx_descriptors = 9;
	cr_assert_eq(between(a, b), STALL_TX_HELD);
	a.completion = b.completion = 9;
	cr_assert_eq(between(a, b), STALL_TX_UNREAD);
	a.completion = b.completion = 0;
	a.tx = b.tx = 9;
	cr_assert_eq(between(a, b), STALL_TX_WAKEUP);
	b.kicks++;
	cr_assert_eq(between(a, b), STALL_TX_KERNEL, "they call, and nothing is taken");
	b.tx = 12;
	cr_assert_eq(between(a, b), STALL_TX_KERNEL, "more has come");
	b.tx = 8;
	cr_assert_eq(between(a, b), STALL_NONE, "one was taken");
	b = a;
	a.tx_needs_wakeup = b.tx_needs_wakeup = 0;
	cr_assert_eq(between(a, b), STALL_TX_KERNEL);

	a = b = idle;
	a.rx = b.rx = 2;
	cr_assert_eq(between(a, b), STALL_RX_UNREAD);
	a = b = idle;
	a.rx_kernel = b.rx_kernel = a.fill = b.fill = 0;
	cr_assert_eq(between(a, b), STALL_RX_EMPTY);
	a = b = idle;
	a.fill_needs_wakeup = b.fill_needs_wakeup = 1;
	cr_assert_eq(between(a, b), STALL_RX_WAKEUP);
	b.kicks++;
	cr_assert_eq(between(a, b), STALL_NONE, "they call");
	b = a;
	a.fill = b.fill = 0;
	cr_assert_eq(between(a, b), STALL_NONE, "the driver has taken all buffers");
}

/* ---- Looks ------------------------------------------------------------------------------------ */

/* Tells like queue_inspect() of xdp/inspect.c. */
static void tell_queue(struct net_queue *q, struct net_inspector *to)
{
	(void)q;
	inspect_flag(to, "takes_frames", true);
	inspect_text(to, "frames_state", "taken");
	inspect_enter(to, "rung", 0);
	inspect_number(to, "takes_frames", 0, "");
	inspect_leave(to);
	inspect_enter(to, "rings", -1);
	inspect_enter(to, "tx", -1);
	inspect_number(to, "entries", 64, "entries");
	inspect_number(to, "level", 4, "entries");
	inspect_flag(to, "need_wakeup", true);
	inspect_leave(to);
	inspect_leave(to);
	inspect_enter(to, "ids", -1);
	inspect_number(to, "rx_kernel", 64, "ids");
	inspect_number(to, "tx_descriptors", 4, "descriptors");
	inspect_leave(to);
	inspect_enter(to, "counters", -1);
	inspect_number(to, "kicks", 3, "calls");
	inspect_leave(to);
}

static const struct net_queue_ops queue_ops = {
	.size_bytes = sizeof(queue_ops),
	.inspect = tell_queue,
};

static char text[4096];

static void append(void *context, const char *piece, size_t len)
{
	(void)context;
	strncat(text, piece, len);
}

static void tell(void *context, struct net_inspector *to)
{
	stall_tell(context, to);
}

static const char *told(struct stall *s)
{
	text[0] = '\0';
	net_tell_json(tell, s, append, NULL);
	return text;
}

Test(stall, two_seconds_without_a_step_are_told_with_what_to_do)
{
	static const char nothing[] =
		"{\n  \"stall\": \"\",\n  \"stalled_ms\": 0,\n  \"stall_state\": \"\"\n}\n";
	struct net_queue q = {&queue_ops};
	struct stall s = {0};
	struct stall_look moved;

	for (uint64_t ms = 5000; ms < 7000; ms += 1000) {
		stall_look(&s, &q, ms);
		cr_assert_str_eq(told(&s), nothing);
	}
	cr_assert_eq(s.last.takes_frames, 1);
	stall_look(&s, &q, 7000);
	cr_assert(strstr(told(&s), "\"stall\": \"tx_wakeup\",\n  \"stalled_ms\": 2000,"), "%s",
		  text);
	cr_assert(strstr(text, "the queue's thread has to call tx_poll"), "%s", text);
	stall_look(&s, &q, 9000);
	cr_assert(strstr(told(&s), "\"stalled_ms\": 4000"), "%s", text);
	moved = s.last;
	moved.tx_packets++;
	moved.at_ms = 10000;
	stall_add(&s, &moved);
	cr_assert_str_eq(told(&s), nothing);
	stall_look(&s, &q, 11000);
	stall_look(&s, &q, 12000);
	cr_assert_str_eq(told(&s), nothing, "it begins anew");
}

/* Each queue of each subject that is there is looked at, when it is time. */
Test(stall, document_looks_at_each_queue)
{
	struct net_queue q = {.ops = &queue_ops};
	struct net_queue *queues[2] = {&q, NULL};
	static struct stall stalls[2];
	struct subject s = {.queues = queues, .stalls = stalls, .count = 2};
	struct document d = {.subjects = &s};

	cr_assert_eq(document_look(&d, 1000), STALL_LOOK_MS, "the first of two");
	cr_assert_eq(document_look(&d, 1000 + STALL_LOOK_MS - 5), 5, "not yet");
	queues[1] = &q;
	queues[0] = NULL;
	cr_assert_eq(document_look(&d, 1000 + STALL_LOOK_MS), STALL_LOOK_MS, "the last of two");
	queues[1] = NULL;
	cr_assert_eq(document_look(&d, 1000 + 2 * STALL_LOOK_MS), -1, "there is none");
}
