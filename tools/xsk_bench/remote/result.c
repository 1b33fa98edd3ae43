/* SPDX-License-Identifier: BSD-2-Clause */
#include "result.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/escape.h"
#include "common/json.h"
#include "xsk_bench/framing.h"
#include "xsk_bench/outcome.h"

/* No sum of what is told leaves 64 bits. */
#define MOST_FRAMES (UINT64_C(1) << 56)

/* What a clock tells; rates of less would have no end. */
#define LEAST_SECONDS 1e-9

#define NUMBER(name, member)                                                                       \
	{                                                                                          \
		name, offsetof(struct pair_side, member)                                           \
	}

static const struct {
	const char *name;
	size_t offset;
} numbers[] = {
	NUMBER("frames", frames),
	NUMBER("generated", generated),
	NUMBER("bytes", bytes),
	NUMBER("received", tally.received),
	NUMBER("good", tally.good),
	NUMBER("corrupt", tally.corrupt),
	NUMBER("bad_sums", tally.bad_sums),
	NUMBER("bad_tags", tally.bad_tags),
	NUMBER("foreign", tally.foreign),
	NUMBER("too_old", tally.too_old),
	NUMBER("untracked", tally.untracked),
	NUMBER("duplicates", flows.duplicates),
	NUMBER("reordered", flows.reordered),
	NUMBER("missing", flows.missing),
};

static const struct {
	const char *name;
	size_t offset;
} flags[] = {
	NUMBER("started", started),	NUMBER("judged", judged),
	NUMBER("adds_up", adds_up),	NUMBER("program_known", program_known),
	NUMBER("both_ways", both_ways),
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static uint64_t *number_at(const struct pair_side *s, size_t i)
{
	return (uint64_t *)((uintptr_t)s + numbers[i].offset);
}

static bool *flag_at(const struct pair_side *s, size_t i)
{
	return (bool *)((uintptr_t)s + flags[i].offset);
}

/* ---- To the other machine ---------------------------------------------------------------------- */

static struct json_object *put_causes(const struct pair_side *s)
{
	struct json_object *list = json_object_new_object();

	for (uint32_t i = 0; i < s->cause_count; i++)
		message_put(list, s->causes[i].name, json_object_new_uint64(s->causes[i].frames));
	return list;
}

struct json_object *result_put(const struct pair_side *s)
{
	struct json_object *o = json_object_new_object();

	message_put_text(o, "interface", s->ifname);
	message_put(o, "exit_code", json_object_new_int(s->exit_code));
	message_put(o, "queues", json_object_new_uint64(s->queues));
	if (s->error.message[0]) {
		message_put(o, "code", json_object_new_int(s->error.code));
		message_put_text(o, "step", s->error.step);
		message_put_text(o, "message", s->error.message);
	}
	for (size_t i = 0; i < COUNT(flags); i++)
		message_put(o, flags[i].name, json_object_new_boolean(*flag_at(s, i)));
	for (size_t i = 0; i < COUNT(numbers); i++)
		message_put(o, numbers[i].name, json_object_new_uint64(*number_at(s, i)));
	message_put(o, "seconds", json_object_new_double(s->seconds));
	message_put(o, "cpu_ns_per_frame", json_object_new_double(s->cpu_ns_per_frame));
	message_put(o, "lost", put_causes(s));
	return o;
}

/* ---- From it ----------------------------------------------------------------------------------- */

static bool is_name(const char *text, size_t size)
{
	return *text && strlen(text) < size &&
	       !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

static int get_causes(struct json_object *o, struct pair_side *s)
{
	struct json_object *list = json_read_member(o, "lost", json_type_object);
	struct json_object_iterator at, end;

	if (!list)
		return -EINVAL;
	at = json_object_iter_begin(list);
	end = json_object_iter_end(list);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		struct pair_cause *c = &s->causes[s->cause_count];
		const char *name = json_object_iter_peek_name(&at);

		if (s->cause_count == ACCOUNT_PARTS || !is_name(name, sizeof(c->name)) ||
		    !message_number(list, name, MOST_FRAMES, &c->frames))
			return -EINVAL;
		snprintf(c->name, sizeof(c->name), "%s", name);
		s->cause_count++;
	}
	return 0;
}

static void get_error(struct json_object *o, struct net_error *err)
{
	struct json_object *code = json_read_member(o, "code", json_type_int);

	err->code = code ? json_object_get_int(code) : 0;
	escape_plain(err->step, sizeof(err->step), json_read_text(o, "step"));
	escape_plain(err->message, sizeof(err->message), json_read_text(o, "message"));
}

/* What follows from the rest. */
static void derive(struct pair_side *s)
{
	if (s->seconds <= 0)
		return;
	s->pps = (double)s->frames / s->seconds;
	s->mbps = mbit_per_s(s->bytes, s->seconds);
	s->mbps_l1 = mbit_per_s(framed_bytes(s->bytes, s->frames), s->seconds);
}

int result_get(struct json_object *o, struct pair_side *s)
{
	uint64_t exit_code, queues;

	*s = (struct pair_side){.finished = true};
	if (!message_number(o, "exit_code", EXIT_WRONG, &exit_code) ||
	    !message_number(o, "queues", BENCH_MAX_QUEUES, &queues) ||
	    !message_real(o, "seconds", &s->seconds) ||
	    !message_real(o, "cpu_ns_per_frame", &s->cpu_ns_per_frame) ||
	    (s->seconds > 0 && s->seconds < LEAST_SECONDS))
		return -EINVAL;
	s->exit_code = (int)exit_code;
	s->queues = (uint32_t)queues;
	for (size_t i = 0; i < COUNT(flags); i++)
		*flag_at(s, i) = json_read_flag(o, flags[i].name);
	for (size_t i = 0; i < COUNT(numbers); i++)
		if (!message_number(o, numbers[i].name, MOST_FRAMES, number_at(s, i)))
			return -EINVAL;
	escape_plain(s->ifname, sizeof(s->ifname), json_read_text(o, "interface"));
	get_error(o, &s->error);
	derive(s);
	return get_causes(o, s);
}

/* ---- For --json -------------------------------------------------------------------------------- */

char *result_document(const struct pair_side *s, enum pair_view view)
{
	char *text = NULL;
	size_t size;
	struct json j = {.out = open_memstream(&text, &size)};

	if (!j.out)
		return NULL;
	json_open(&j, NULL, '{');
	json_text(&j, "tool", "xsk-bench");
	json_text(&j, "command", view == PAIR_SENDS ? "tx" : "rx");
	json_outcome(&j, s->exit_code, s->error.message[0] ? &s->error : NULL);
	json_text(&j, "interface", s->ifname);
	json_number(&j, "queues", s->queues);
	json_open(&j, "totals", '{');
	for (size_t i = 0; i < COUNT(numbers); i++)
		json_number(&j, numbers[i].name, *number_at(s, i));
	json_real(&j, "seconds", s->seconds);
	json_real(&j, "pps", s->pps);
	json_real(&j, "mbit_per_s", s->mbps);
	json_real(&j, "mbit_per_s_l1", s->mbps_l1);
	json_real(&j, "cpu_ns_per_frame", s->cpu_ns_per_frame);
	json_close(&j, '}');
	json_close(&j, '}');
	fclose(j.out);
	return text;
}
