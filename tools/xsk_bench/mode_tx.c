/* SPDX-License-Identifier: BSD-2-Clause */
/* tx: number, stamp, send; as fast as the queue takes it, or on an even schedule. */
#include <errno.h>
#include <stdlib.h>

#include "sender.h"

static int send_all(struct worker *w, struct sender *s)
{
	while (!worker_stopped(w) && w->tally.generated < s->limit) {
		uint64_t now = now_ns();
		int reaped = sender_reap(w);
		uint32_t sent;

		if (reaped < 0)
			return reaped;
		sender_build(w, s, now);
		sent = sender_send(w, s);
		if (sent || reaped)
			worker_publish(w, now);
		if (!sent && !reaped)
			worker_wait(w, sender_deadline(w, s));
	}
	return 0;
}

int run_tx(struct worker *w)
{
	struct sender *s = sender_new(w, SENDER_NOW);
	int rc;

	if (!s) {
		w->failure = (struct net_error){-ENOMEM, "memory", "no memory for the sender"};
		return -ENOMEM;
	}
	rc = send_all(w, s);
	w->tally.last_ns = now_ns(); /* time without a completion is time, too */
	/* The tail is not lost: what was accepted is waited for. */
	if (!rc)
		rc = sender_drain(w);
	sender_free(s);
	return rc;
}
