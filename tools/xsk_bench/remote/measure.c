/* SPDX-License-Identifier: BSD-2-Clause */
/* A run on two machines, the same on both: send, tell that all is sent, wait for the last frames, exchange results. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "result.h"
#include "session.h"
#include "xsk_bench/worker.h"

/* Longest waits, for the other machine to be done beyond the time that was asked for, and for its result: an interface
 * may have to be made ready or let go, and completions are waited for. */
#define SLACK_NS  (SESSION_READY_NS + 10 * UINT64_C(1000000000))
#define RESULT_NS (SESSION_READY_NS + 10 * UINT64_C(1000000000))

struct progress {
	bool sent;	/* all that this end sends */
	bool peer_sent; /* and the other one */
	bool asked;	/* it was asked to send no more */
	bool interrupted;
};

static int begin(struct session *s, const uint8_t dst_mac[6])
{
	const uint8_t *given = s->end.opt.dst_mac;
	bool both = s->senders == REQUEST_BOTH;
	int rc;

	if (!pair_end_is_default_mac(given))
		dst_mac = given;
	if (session_peer_sends(s)) {
		pair_end_begin(&s->end, dst_mac, now_ns() + (both ? PAIR_LEAD_NS : 0));
		return 0;
	}
	memcpy(s->end.opt.dst_mac, dst_mac, sizeof(s->end.opt.dst_mac));
	rc = pair_end_start(&s->end);
	return rc ? session_fail(s, "a process could not be started: %s", strerror(-rc)) : 0;
}

/* Nobody sends any more. */
static int finish(struct session *s, struct progress *p)
{
	pair_end_finish(&s->end);
	if (p->peer_sent || p->asked)
		return 0;
	p->asked = true;
	return session_send(s, message_new(MESSAGE_FINISH));
}

static int take_end(struct session *s, struct progress *p)
{
	int rc = 0;

	if (!p->sent && pair_end_is_done(&s->end)) {
		p->sent = true;
		rc = session_send(s, message_new(MESSAGE_DONE));
	}
	/* Who receives has no reason to end first. */
	if (!rc && pair_end_is_over(&s->end))
		rc = finish(s, p);
	return rc;
}

static int get_results(struct session *s, const struct message *m)
{
	static const char *const names[PAIR_VIEWS] = {"sender", "receiver"};
	const bool wanted[PAIR_VIEWS] = {session_peer_sends(s), session_sends(s)};

	for (int i = 0; i < PAIR_VIEWS; i++)
		if (wanted[i] && result_get(json_read_member(m->root, names[i], json_type_object),
					    &s->theirs[i]))
			return session_fail(s, "%s sent no result that can be", s->peer);
	s->has_theirs = true;
	return 0;
}

static int take_message(struct session *s, struct message *m, struct progress *p)
{
	int rc = 0;

	if (m->type == MESSAGE_DONE && !p->peer_sent)
		p->peer_sent = true;
	else if (m->type == MESSAGE_FINISH)
		pair_end_finish(&s->end);
	else if (m->type == MESSAGE_RESULT && p->sent && p->peer_sent && !s->has_theirs)
		rc = get_results(s, m);
	else
		rc = session_fail(s, "%s sent a message out of turn", s->peer);
	message_free(m);
	return rc;
}

/* One event. Return: 0; 1: the time is over; -EPROTO; -EINTR. */
static int step(struct session *s, uint64_t deadline_ns, struct progress *p)
{
	struct message m;

	switch (session_wait(s, deadline_ns, &m)) {
	case SESSION_MESSAGE:
		return take_message(s, &m, p);
	case SESSION_END:
		return take_end(s, p);
	case SESSION_SIGNAL:
		/* The first Ctrl-C of a client ends a run early; a server that has to end does. */
		if (s->is_server || p->interrupted)
			return -EINTR;
		p->interrupted = true;
		return finish(s, p);
	case SESSION_TIMEOUT:
		return 1;
	case SESSION_FAILED:
		break;
	}
	return -EPROTO;
}

static int await_sent(struct session *s, uint64_t duration_ns, struct progress *p)
{
	uint64_t deadline_ns = now_ns() + duration_ns + SLACK_NS;

	while (!p->sent || !p->peer_sent) {
		int rc = step(s, deadline_ns, p);

		if (rc > 0)
			return session_fail(s, "%s was not done in time", s->peer);
		if (rc)
			return rc;
	}
	pair_end_finish(&s->end);
	return 0;
}

static int await_time(struct session *s, uint64_t ns, struct progress *p)
{
	uint64_t deadline_ns = now_ns() + ns;
	int rc;

	do
		rc = step(s, deadline_ns, p);
	while (!rc);
	return rc > 0 ? 0 : rc;
}

/* The kernel may take a while to let go of the interface; the other machine hears of us meanwhile. */
static int await_end(struct session *s, struct progress *p)
{
	uint64_t deadline_ns = now_ns() + SESSION_READY_NS;
	int rc = 0;

	pair_end_ask_to_stop(&s->end);
	while (!rc && !pair_end_is_over(&s->end))
		rc = step(s, deadline_ns, p);
	return rc > 0 ? session_fail(s, "the process of the interface does not end") : rc;
}

static int send_results(struct session *s)
{
	static const char *const names[PAIR_VIEWS] = {"sender", "receiver"};
	const bool has[PAIR_VIEWS] = {session_sends(s), session_peer_sends(s)};
	struct json_object *m = message_new(MESSAGE_RESULT);
	struct pair_side side;
	char *text;

	for (int i = 0; i < PAIR_VIEWS; i++) {
		if (!has[i])
			continue;
		pair_end_collect(&s->end, (enum pair_view)i, &side, &text);
		message_put(m, names[i], result_put(&side));
		free(text);
	}
	return session_send(s, m);
}

int session_measure(struct session *s, uint64_t duration_ns, const uint8_t dst_mac[6])
{
	struct progress p = {.sent = !session_sends(s), .peer_sent = !session_peer_sends(s)};
	uint64_t deadline_ns;
	int rc = begin(s, dst_mac);

	if (!rc)
		rc = await_sent(s, duration_ns, &p);
	if (!rc)
		rc = await_time(s, PAIR_LAST_FRAMES_MS * UINT64_C(1000000), &p);
	if (!rc)
		rc = await_end(s, &p);
	pair_end_stop(&s->end);
	if (!rc)
		rc = send_results(s);
	deadline_ns = now_ns() + RESULT_NS;
	while (!rc && !s->has_theirs)
		rc = step(s, deadline_ns, &p);
	return rc > 0 ? session_fail(s, "%s told no result in time", s->peer) : rc;
}

/* ---- What came of it ---------------------------------------------------------------------------- */

static void take_theirs(const struct session *s, enum pair_view view, struct pair_side *side,
			char **text)
{
	*side = s->theirs[view];
	*text = s->end.opt.json ? result_document(side, view) : NULL;
}

uint32_t session_results(const struct session *s, struct pair_result out[2])
{
	uint32_t count = 0;

	for (int forward = 1; forward >= 0; forward--) {
		bool ours = forward != s->is_server; /* this machine sends */
		struct pair_result *r = &out[count];

		if (!(s->senders & (forward ? REQUEST_CLIENT : REQUEST_SERVER)))
			continue;
		if (ours) {
			pair_end_collect(&s->end, PAIR_SENDS, &r->sender, &r->sender_text);
			take_theirs(s, PAIR_RECEIVES, &r->receiver, &r->receiver_text);
		} else {
			take_theirs(s, PAIR_SENDS, &r->sender, &r->sender_text);
			pair_end_collect(&s->end, PAIR_RECEIVES, &r->receiver, &r->receiver_text);
		}
		count++;
	}
	return count;
}
