/* SPDX-License-Identifier: BSD-2-Clause */
#include "remote.h"

#include <stdlib.h>

#include "common/say.h"
#include "control_way.h"
#include "result.h"

int remote_end_options(const struct session *s, const struct options *opt, struct options *out,
		       char *why, size_t why_size)
{
	uint32_t ip_src = opt->ip_src;
	int rc = 0;

	*out = *opt;
	out->bidirectional = s->senders == REQUEST_BOTH;
	if (s->is_server) {
		out->ip_src = opt->ip_dst;
		out->ip_dst = ip_src;
	}
	/* Each machine shows what comes in. */
	if (s->senders == REQUEST_BOTH)
		out->direction = s->is_server ? BENCH_FORWARD : BENCH_REVERSE;
	else if (session_sends(s))
		pair_end_sends(out);
	else
		pair_end_receives(out);
	/* Those of the client were, on its command line. */
	if (s->is_server)
		rc = options_check(out, why, why_size);
	return rc ? rc : control_way_keep(out, s->channel.fd, s->is_server, why, why_size);
}

int remote_end_error(const struct session *s, struct net_error *err)
{
	struct pair_side side;
	char *text;

	pair_end_collect(&s->end, session_sends(s) ? PAIR_SENDS : PAIR_RECEIVES, &side, &text);
	free(text);
	*err = side.error;
	if (!err->message[0])
		snprintf(err->message, sizeof(err->message),
			 "the process of the interface has ended");
	return side.exit_code;
}

/* This end's process has said its own. */
static void say_their_error(const struct session *s)
{
	for (int i = 0; i < PAIR_VIEWS; i++) {
		if (!s->theirs[i].error.message[0])
			continue;
		say("%s: %s", s->peer, s->theirs[i].error.message);
		return;
	}
}

int remote_report(const struct session *s, const struct options *opt)
{
	static struct pair_result r[2];
	uint32_t count = session_results(s, r);
	int exit_code = pair_exit_code(r, count);

	say_their_error(s);
	if (opt->json)
		pair_report_json(stdout, r, count);
	else if (!opt->csv)
		pair_report(stdout, opt, r, count);
	fflush(stdout);
	for (uint32_t i = 0; i < count; i++)
		pair_result_free(&r[i]);
	return exit_code;
}
