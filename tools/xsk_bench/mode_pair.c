/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pair, both ways: one thread sends as tx does and receives as rx does, on one queue: a socket has both kinds of rings.
 * It receives before the other end may send, and goes on when it has sent all itself.
 */
#include <errno.h>
#include <unistd.h>

#include "receive.h"
#include "sender.h"

#define ASK_AGAIN_NS 1000000u

/* Return: it may, or stop has come. */
static bool may_send(const struct worker *w, uint64_t begin_ns)
{
	return worker_stopped(w) || (begin_ns && now_ns() >= begin_ns);
}

static void await_begin(struct worker *w)
{
	while (!worker_stopped(w) && !w->run->clock->begin_ns)
		if (!receive_batch(w, RECEIVE_ANY, true))
			worker_wait(w, now_ns() + ASK_AGAIN_NS);
}

/* With the sender's frames made: that takes longer than a ring lasts. */
static void await_time(struct worker *w)
{
	uint64_t begin_ns = w->run->clock->begin_ns;

	while (!may_send(w, begin_ns))
		if (!receive_batch(w, RECEIVE_ANY, true))
			worker_wait(w, begin_ns);
}

static int exchange(struct worker *w, struct sender *s)
{
	uint64_t now = now_ns();

	while (!worker_stopped(w) && w->tally.generated < s->limit && now < w->run->clock->end_ns) {
		uint32_t received = receive_batch(w, RECEIVE_ANY, true);
		int reaped = sender_reap(w);
		uint32_t sent;

		if (reaped < 0)
			return reaped;
		sender_build(w, s, now);
		sent = sender_send(w, s);
		if (!received && !reaped && !sent) {
			uint64_t due = sender_deadline(w, s), end = w->run->clock->end_ns;

			worker_wait(w, due < end ? due : end);
		}
		now = now_ns();
	}
	return 0;
}

/* Whatever ended it, an interface that is gone too; not before the moment when it should have begun. */
static void note_end(struct tally *t)
{
	uint64_t now = now_ns();

	t->sent_last_ns = now > t->sent_first_ns ? now : t->sent_first_ns;
}

/* As sender_drain(), with frames that come meanwhile. */
static int drain(struct worker *w)
{
	uint64_t end = now_ns() + DRAIN_NS;
	struct tally *t = &w->tally;

	while (t->generated != t->completed && now_ns() < end) {
		uint32_t received = receive_batch(w, RECEIVE_ANY, true);
		int reaped = sender_reap(w);

		if (reaped < 0)
			return reaped;
		if (reaped)
			t->sent_last_ns = now_ns();
		else if (!received)
			worker_wait(w, end);
	}
	return 0;
}

static int tell_sent(struct worker *w)
{
	if (atomic_fetch_sub(&w->run->sending, 1) > 1 || write(w->run->ready_fd, "", 1) == 1)
		return 0;
	w->failure = (struct net_error){-errno, "setup", "telling that all is sent"};
	return w->failure.code;
}

static int send_all(struct worker *w)
{
	uint64_t first_ns = w->tally.first_ns;
	struct sender *s = sender_new(w, SENDER_NOW);
	int rc;

	if (!s) {
		w->failure = (struct net_error){-ENOMEM, "memory", "no memory for the sender"};
		return -ENOMEM;
	}
	w->tally.first_ns = first_ns; /* of what is received */
	await_time(w);
	s->pace.start_ns = w->tally.sent_first_ns = w->run->clock->begin_ns;
	rc = exchange(w, s);
	note_end(&w->tally);
	if (!rc)
		rc = drain(w);
	sender_free(s);
	return rc ? rc : tell_sent(w);
}

int run_pair(struct worker *w)
{
	int rc = 0;

	await_begin(w);
	if (w->run->clock->begin_ns)
		rc = send_all(w);
	while (!rc && !worker_stopped(w))
		if (!receive_batch(w, RECEIVE_ANY, true))
			worker_wait(w, WORKER_NEVER);
	while (!rc && receive_batch(w, RECEIVE_ANY, false))
		;
	return rc;
}
