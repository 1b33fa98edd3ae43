/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * latency: open loop. Frame k carries the time at which the schedule wanted it sent, whenever it
 * really went: a stall is charged to every frame that it delayed (no coordinated omission).
 */
#include <errno.h>
#include <stdlib.h>

#include "receive.h"
#include "sender.h"

#define STRAGGLERS_NS 1000000000u /* wait for answers at the end */
#define LATE_NS	      1000000u	  /* a frame that is due for longer and not sent is behind */

static int probe(struct worker *w, struct sender *s)
{
	uint64_t due;

	while (!worker_stopped(w) && w->tally.generated < s->limit) {
		uint32_t received = receive_batch(w, RECEIVE_OWN, true);
		int reaped = sender_reap(w);
		uint32_t sent;

		if (reaped < 0)
			return reaped;
		sender_build(w, s, now_ns());
		sent = sender_send(w, s);
		if (!received && !reaped && !sent)
			worker_wait(w, sender_deadline(w, s));
	}
	due = sender_due(s, now_ns() - LATE_NS);
	if (due > w->tally.generated)
		w->tally.behind = due - w->tally.generated;
	return 0;
}

/* Answers that are still on their way. */
static int await_stragglers(struct worker *w)
{
	uint64_t end = now_ns() + STRAGGLERS_NS;

	while (w->tally.good < w->tally.generated && now_ns() < end) {
		uint32_t received = receive_batch(w, RECEIVE_OWN, true);
		int reaped = sender_reap(w);

		if (reaped < 0)
			return reaped;
		if (!received && !reaped)
			worker_wait(w, end);
	}
	return 0;
}

int run_latency(struct worker *w)
{
	struct sender *s = sender_new(w, SENDER_SCHEDULE);
	uint64_t end_ns;
	int rc;

	/* The control socket's thread may look. */
	__atomic_store_n(&w->latency, calloc(1, sizeof(*w->latency)), __ATOMIC_RELEASE);
	if (!s || !w->latency) {
		sender_free(s);
		w->failure = (struct net_error){-ENOMEM, "memory", "no memory for the prober"};
		return -ENOMEM;
	}
	rc = probe(w, s);
	end_ns = now_ns();
	if (!rc)
		rc = await_stragglers(w);
	if (!rc)
		rc = sender_drain(w);
	w->tally.last_ns = end_ns; /* of the sending; the rest was waiting for answers */
	sender_free(s);
	return rc;
}
