/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
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

int pair_exit_code(const struct pair_result *r, uint32_t count)
{
	int worst = 0;

	for (uint32_t i = 0; i < count; i++) {
		const int codes[] = {r[i].receiver.exit_code, r[i].sender.exit_code};

		for (int k = 0; k < 2; k++)
			if (codes[k] && (!worst || worst == EXIT_WRONG))
				worst = codes[k];
	}
	return worst;
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

static void put_cost(FILE *out, const struct pair_side *s, const struct pair_side *d)
{
	fprintf(out, "  %-11s per frame%s: sender %.0f ns, receiver %.0f ns%s\n", "cost",
		s->both_ways ? ", sent or received" : "", s->cpu_ns_per_frame, d->cpu_ns_per_frame,
		s->both_ways ? "" : " of processor time");
}

static void put_direction(FILE *out, const struct options *opt, const struct pair_result *r)
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
	put_cost(out, s, d);
	put_account(out, r, &b);
}

void pair_report(FILE *out, const struct options *opt, const struct pair_result *r, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		put_direction(out, opt, &r[i]);
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

static const struct net_error *first_error(const struct pair_result *r, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (r[i].receiver.error.message[0])
			return &r[i].receiver.error;
		if (r[i].sender.error.message[0])
			return &r[i].sender.error;
	}
	return NULL;
}

/* The members of one direction. */
static void direction(struct json *j, const struct pair_result *r)
{
	struct balance b = pair_balance(&r->sender, &r->receiver);

	if (r->sender.judged && r->receiver.judged) {
		json_number(j, b.name, b.whole);
		json_open(j, "parts", '[');
		for (uint32_t i = 0; i < b.part_count; i++) {
			json_open(j, NULL, '{');
			json_text(j, "name", b.parts[i].name);
			json_text(j, "where", i ? b.parts[i].meaning : "receiver");
			json_number(j, "frames", b.parts[i].value);
			json_close(j, '}');
		}
		json_close(j, ']');
		json_number(j, "unexplained", b.unexplained);
		json_number(j, "beyond", b.excess);
	}
	document(j, "sender", r->sender_text);
	document(j, "receiver", r->receiver_text);
}

void pair_report_json(FILE *out, const struct pair_result *r, uint32_t count)
{
	struct json j = {.out = out};

	json_open(&j, NULL, '{');
	json_text(&j, "tool", "xsk-bench");
	json_text(&j, "command", "pair");
	json_outcome(&j, pair_exit_code(r, count), first_error(r, count));
	if (count == 1)
		direction(&j, r);
	else
		json_open(&j, "directions", '[');
	for (uint32_t i = 0; count > 1 && i < count; i++) {
		json_open(&j, NULL, '{');
		json_text(&j, "direction", options_direction_name(BENCH_FORWARD + i));
		direction(&j, &r[i]);
		json_close(&j, '}');
	}
	if (count > 1)
		json_close(&j, ']');
	json_close(&j, '}');
}

void pair_result_free(struct pair_result *r)
{
	free(r->sender_text);
	free(r->receiver_text);
	r->sender_text = r->receiver_text = NULL;
}
