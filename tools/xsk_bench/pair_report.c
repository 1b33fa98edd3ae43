/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "common/json.h"
#include "common/wrap.h"
#include "outcome.h"
#include "pair.h"
#include "say.h"

#define U(value) ((unsigned long long)(value))

static void add(struct balance *b, const char *name, const char *meaning, uint64_t value)
{
	if (value && b->part_count < ACCOUNT_PARTS)
		b->parts[b->part_count++] = (struct part){name, meaning, value};
}

struct balance pair_balance(const struct pair_side *sender, const struct pair_side *receiver)
{
	const struct tally *t = &receiver->tally;
	struct balance b = {.name = "generated",
			    .meaning = "frames that the sender's library accepted",
			    .rest = "lost on the way, where neither side counts",
			    .whole = sender->generated};
	uint64_t sum = 0;

	b.parts[b.part_count++] = (struct part){"received", "intact, for the first time", t->good};
	add(&b, "corrupt", "received", t->corrupt);
	add(&b, "bad_sum", "received", t->bad_sums);
	add(&b, "bad_tag", "received", t->bad_tags);
	add(&b, "too_old", "received", t->too_old);
	add(&b, "untracked", "received", t->untracked);
	for (uint32_t i = 0; i < sender->cause_count; i++)
		add(&b, sender->causes[i].name, "sender", sender->causes[i].frames);
	for (uint32_t i = 0; i < receiver->cause_count; i++)
		add(&b, receiver->causes[i].name, "receiver", receiver->causes[i].frames);
	for (uint32_t i = 0; i < b.part_count; i++)
		sum += b.parts[i].value;
	b.explained = sum < b.whole ? sum : b.whole;
	b.unexplained = b.whole - b.explained;
	b.excess = sum - b.explained;
	return b;
}

int pair_exit_code(const struct pair_side *sender, const struct pair_side *receiver)
{
	const int codes[] = {receiver->exit_code, sender->exit_code};

	for (int i = 0; i < 2; i++)
		if (codes[i] && codes[i] != EXIT_WRONG)
			return codes[i];
	return codes[0] ? codes[0] : codes[1];
}

/* ---- For people ---------------------------------------------------------------------------------- */

static void put_side(FILE *out, const char *what, uint64_t frames, const struct pair_side *s)
{
	fprintf(out, "  %-11s %llu frames, %s, %.1f Mbit/s (L1 %.1f) in %.2f s\n", what, U(frames),
		say_rate(s->pps).text, s->mbps, s->mbps_l1, s->seconds);
}

static void put_lost(FILE *out, const struct balance *b)
{
	bool any = b->unexplained;

	for (uint32_t i = 1; i < b->part_count; i++) {
		fprintf(out, "  %-11s %llu %s (%s)\n",
			any && i > 1 ? ""
			: i == 1     ? "lost"
				     : "",
			U(b->parts[i].value), b->parts[i].name, b->parts[i].meaning);
		any = true;
	}
	if (b->unexplained)
		fprintf(out, "  %-11s %llu on the way, where neither side counts\n",
			b->part_count == 1 ? "lost" : "", U(b->unexplained));
	if (!any)
		fprintf(out, "  %-11s nothing\n", "lost");
}

static void put_account(FILE *out, const struct pair_result *r, const struct balance *b)
{
	fprintf(out, "  %-11s ", "account");
	if (!r->sender.judged || !r->receiver.judged)
		fprintf(out, "not judged: the run failed\n");
	else if (!r->sender.adds_up || !r->receiver.adds_up)
		fprintf(out, "the frames do NOT add up; see --verbose\n");
	else if (b->unexplained)
		fprintf(out, "adds up but for %llu frames that were lost on the way\n",
			U(b->unexplained));
	else if (b->excess)
		fprintf(out, "adds up; of the losses %llu are of frames of others\n", U(b->excess));
	else
		fprintf(out, "every frame is accounted for\n");
}

void pair_report(FILE *out, const struct options *opt, const struct pair_result *r)
{
	const struct pair_side *s = &r->sender, *d = &r->receiver;
	struct balance b = pair_balance(s, d);

	if (!s->started || !d->started)
		return;
	if (opt->verbose)
		fprintf(out, "%s%s", r->sender_text ? r->sender_text : "",
			r->receiver_text ? r->receiver_text : "");
	fprintf(out, "xsk-bench pair, %s to %s: %u queue%s\n", s->ifname, d->ifname, s->queues,
		s->queues == 1 ? "" : "s");
	put_side(out, "sent", s->frames, s);
	put_side(out, "received", d->frames, d);
	fprintf(out, "  %-11s %llu corrupt, %llu twice, %llu reordered, %llu foreign\n", "of these",
		U(d->tally.corrupt), U(d->flows.duplicates), U(d->flows.reordered),
		U(d->tally.foreign));
	put_lost(out, &b);
	fprintf(out, "  %-11s per frame: sender %.0f ns, receiver %.0f ns of processor time\n",
		"cost", s->cpu_ns_per_frame, d->cpu_ns_per_frame);
	put_account(out, r, &b);
}

/* ---- For machines -------------------------------------------------------------------------------- */

static void document(struct json *j, const char *key, const char *text)
{
	if (!text || !*text) {
		json_null(j, key);
		return;
	}
	json_pieces(j, key);
	json_piece(j, text, strlen(text));
}

void pair_report_json(FILE *out, const struct pair_result *r)
{
	const struct pair_side *failed = r->receiver.error.message[0] ? &r->receiver : &r->sender;
	struct balance b = pair_balance(&r->sender, &r->receiver);
	struct json j = {.out = out};

	json_open(&j, NULL, '{');
	json_text(&j, "tool", "xsk-bench");
	json_text(&j, "command", "pair");
	json_outcome(&j, pair_exit_code(&r->sender, &r->receiver),
		     failed->error.message[0] ? &failed->error : NULL);
	if (r->sender.judged && r->receiver.judged) {
		json_number(&j, b.name, b.whole);
		json_open(&j, "parts", '[');
		for (uint32_t i = 0; i < b.part_count; i++) {
			json_open(&j, NULL, '{');
			json_text(&j, "name", b.parts[i].name);
			json_text(&j, "where", i ? b.parts[i].meaning : "receiver");
			json_number(&j, "frames", b.parts[i].value);
			json_close(&j, '}');
		}
		json_close(&j, ']');
		json_number(&j, "unexplained", b.unexplained);
		json_number(&j, "beyond", b.excess);
	}
	document(&j, "sender", r->sender_text);
	document(&j, "receiver", r->receiver_text);
	json_close(&j, '}');
}
