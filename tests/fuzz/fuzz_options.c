// SPDX-License-Identifier: BSD-2-Clause
/*
 * Command lines of any words (a newline ends one): xsk-bench's and xsk-info's. What is accepted keeps the limits
 * that the program counts on, what is refused is refused in a sentence. And sentences of any bytes through
 * options_say().
 *
 * Subjects: tools/xsk_bench/options tools/common/options tools/info/options.c
 * Longest: 300
 */
#include <criterion/criterion.h>

#include "common/options_say.h"
#include "fuzz/fuzz.h"
#include "info/options.h"
#include "xsk_bench/options.h"

enum { WORDS = 40 };

struct line {
	char *argv[WORDS + 1];
	int argc;
};

static char *copy_of(const uint8_t *at, size_t len)
{
	char *word = malloc(len + 1);

	memcpy(word, at, len);
	word[len] = 0;
	return word;
}

static struct line read_line(const uint8_t *at, size_t len)
{
	struct line l = {.argv = {strdup("fuzz")}, .argc = 1};
	size_t from = 0;

	for (size_t i = 0; i <= len && l.argc < WORDS; i++) {
		if (i < len && at[i] != '\n')
			continue;
		l.argv[l.argc++] = copy_of(at + from, i - from);
		from = i + 1;
	}
	return l;
}

static void free_line(struct line *l)
{
	for (int i = 0; i < l->argc; i++)
		free(l->argv[i]);
}

static void bench(struct line *l)
{
	struct options o;
	char why[200] = "";
	int rc = options_parse(l->argc, l->argv, &o, why, sizeof(why));

	cr_assert((rc >= 0 && rc <= OPTIONS_MARKDOWN) || (rc < 0 && why[0]), "%d: %s", rc, why);
	cr_assert_not_null(memchr(why, 0, sizeof(why)));
	if (rc)
		return;
	cr_assert_not_null(o.ifname);
	cr_assert(o.queue_count <= BENCH_MAX_QUEUES && o.cpu_count <= BENCH_MAX_QUEUES);
	cr_assert_leq(o.take_mac_count, NET_XDP_TAKE_MACS);
	cr_assert(o.frame_bytes <= OPTIONS_MAX_FRAME && o.segment_bytes <= OPTIONS_MAX_PACKET);
	cr_assert(o.batch && o.ring && !(o.ring & (o.ring - 1)));
	cr_assert_not_null(options_mode_name(o.mode));
}

static void info(struct line *l)
{
	struct info_options o;
	char why[200] = "";
	int rc = info_options_parse(l->argc, l->argv, &o, why, sizeof(why));

	cr_assert(rc >= 0 || why[0]);
	cr_assert_not_null(memchr(why, 0, sizeof(why)));
	cr_assert(rc || !o.restore || o.ifname);
}

static void say(const uint8_t *at, size_t len, size_t room)
{
	for (int fields = 0; fields < 2; fields++) {
		const size_t size = len + 1 + room;
		char *text = malloc(size);

		memcpy(text, at, len);
		text[len] = 0;
		(fields ? options_say_fields : options_say)(&bench_options, text, size);
		cr_assert_not_null(memchr(text, 0, size));
		free(text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script s = {data, size};
	const uint8_t what = script_u8(&s);
	struct line l;

	if (what % 4 == 3) {
		say(s.at, s.left, what / 4);
		return 0;
	}
	l = read_line(s.at, s.left);
	if (what % 4 == 2)
		info(&l);
	else
		bench(&l);
	free_line(&l);
	return 0;
}
