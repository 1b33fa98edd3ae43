// SPDX-License-Identifier: BSD-2-Clause
/* The table of options that all programs share: what a line means, what is refused in which words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "common/options.h"
#include "common/options_say.h"
#include "info/options.h"
#include "support/option_rig.h"

struct set {
	const char *name;
	const char *list; /* "none" without a value */
	uint32_t ring, word, count;
	uint64_t ns;
	bool loud, json;
};

static bool is_list(const char *text)
{
	return *text == '@';
}

static int set_list(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct set *s = p->into;

	(void)row;
	s->list = text ? text : "none";
	return 0;
}

#define AT(member) .offset = offsetof(struct set, member)

static const struct option_row rows[] = {
	{.group = "first",
	 .name = "interface",
	 .letter = 'i',
	 .value = "IF",
	 .help = "its name",
	 .set = option_text,
	 AT(name)},
	{.name = "ring",
	 .letter = 'r',
	 .value = "N",
	 .help = "so many",
	 .set = option_number,
	 AT(ring),
	 .min = 64,
	 .max = 32768,
	 .power_of_two = true},
	{.name = "rings-count",
	 .value = "N",
	 .help = "more -- than * a_b ... [x]",
	 .set = option_number,
	 AT(count),
	 .max = 9},
	{.name = "list", .value = "LIST", .help = "any", .set = set_list, .is_value = is_list},
	{.group = "second",
	 .name = "how",
	 .value = "HOW",
	 .help = "a word",
	 .set = option_word,
	 AT(word),
	 .words = {"slow", "fast", "auto"}},
	{.name = "duration",
	 .letter = 't',
	 .value = "S",
	 .help = "s",
	 .set = option_seconds,
	 AT(ns)},
	{.name = "loud", .letter = 'v', .help = "say more", .set = option_flag, AT(loud)},
	{.name = "json",
	 .letter = 'j',
	 .help = "a document",
	 .set = option_flag,
	 AT(json),
	 .whole = true},
	OPTION_HELP_ROW,
	OPTION_VERSION_ROW,
};

static const struct option_table table = {
	.program = "some-tool",
	.front = "front\n",
	.back = "\nback\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.operands = {"go", "stay"},
};

static struct set set, whole;
static struct option_parse p;
static char why[200];

static int parse(const char *words)
{
	struct command_line *line = command_line("some-tool", words);

	set = whole = (struct set){0};
	why[0] = 0;
	p = (struct option_parse){.table = &table,
				  .into = &set,
				  .whole = &whole,
				  .why = why,
				  .why_size = sizeof(why)};
	return option_parse(&p, line->argc, line->argv);
}

Test(options, tables_are_sound)
{
	option_table_check(&table);
	option_table_check(&info_option_table);
}

Test(options, a_value_stands_behind_its_option_in_each_way)
{
	static const char *const lines[] = {"--ring 128 -v",  "--ring=128 -v", "-r 128 -v",
					    "-r128 -v",	      "-vr128",	       "-vr 128",
					    "-r 64 -r 128 -v"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		cr_assert_eq(parse(lines[i]), 0, "%s: %s", lines[i], why);
		cr_expect(set.ring == 128 && set.loud, "%s", lines[i]);
	}
	cr_assert_eq(parse("-j"), 0, "%s", why);
	cr_expect(whole.json && !set.json);
	cr_assert_eq(parse("-i -v"), 0, "%s", why);
	cr_expect_str_eq(set.name, "-v");
	cr_expect_not(set.loud);
}

Test(options, a_value_that_may_be_left_out_is_taken_where_it_is_one)
{
	cr_assert_eq(parse("--list go"), 0, "%s", why);
	cr_expect_str_eq(set.list, "none");
	cr_expect_eq(p.operand_count, 1);
	cr_assert_eq(parse("--list @go"), 0, "%s", why);
	cr_expect_str_eq(set.list, "@go");
	cr_assert_eq(parse("--list=go"), 0, "%s", why);
	cr_expect_str_eq(set.list, "go");
	cr_assert_eq(parse("--list"), 0, "%s", why);
	cr_expect_str_eq(set.list, "none");
}

Test(options, operands_stand_anywhere)
{
	cr_assert_eq(parse("go -v there - -- --loud"), 0, "%s", why);
	cr_assert_eq(p.operand_count, 4);
	cr_expect_str_eq(p.operands[0], "go");
	cr_expect_str_eq(p.operands[1], "there");
	cr_expect_str_eq(p.operands[2], "-");
	cr_expect_str_eq(p.operands[3], "--loud");
	cr_expect_eq(parse("a b c d e"), -EINVAL);
	cr_expect_str_eq(why, "'e' is one argument too many");
}

Test(options, a_name_may_be_cut_where_it_fits_one_option_alone)
{
	cr_assert_eq(parse("--dur 1.5 --lo --ring 64 --rings 3"), 0, "%s", why);
	cr_expect(set.ns == 1500000000 && set.loud && set.ring == 64 && set.count == 3);
	/* neither by a program's name nor by a hidden one */
	cr_expect_eq(parse("--l"), -EINVAL);
	cr_expect_eq(parse("--complet bash"), -EINVAL);
}

Test(options, faults_are_said_with_the_option_as_it_was_typed)
{
	static const struct {
		const char *words, *says;
	} faults[] = {
		{"--ring 3", "--ring 3: must be a power of two from 64 to 32768"},
		{"-r3", "-r 3: must be a power of two from 64 to 32768"},
		{"--ring=65536", "--ring 65536: must be a power of two from 64 to 32768"},
		{"--rin 64", "--rin: no such option; is it --ring?"},
		{"--inter=", "--interface '': the name is empty"},
		{"--rings-count 10", "--rings-count 10: must be a whole number from 0 to 9"},
		{"--rings-count -1", "--rings-count -1: must be a whole number from 0 to 9"},
		{"--rings-count=", "--rings-count '': must be a whole number from 0 to 9"},
		{"--how quick", "--how quick: must be slow, fast or auto"},
		{"-t soon", "-t soon: must be a number of seconds from 0 to 10000000"},
		{"--interface=", "--interface '': the name is empty"},
		{"--json=1", "--json=1: this option takes no value"},
		{"-vi", "-i: the value is missing"},
		{"--how", "--how: the value is missing"},
		{"-vx", "-x: no such option"},
		{"--rnig 64", "--rnig: no such option; is it --ring?"},
		{"--interfaces v0", "--interfaces: no such option; is it --interface?"},
		{"--l", "--l: no such option; is it --list?"},
		{"--nonsense", "--nonsense: no such option"},
		{"--=x", "--: no such option"},
		{"--completion csh", "--completion csh: must be bash"},
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		cr_expect_eq(parse(faults[i].words), -EINVAL, "%s", faults[i].words);
		cr_expect_str_eq(why, faults[i].says);
	}
}

Test(options, a_long_value_leaves_room_for_what_it_must_be)
{
	char words[300] = "--how ";

	memset(words + 6, 'w', 290);
	cr_assert_eq(parse(words), -EINVAL);
	cr_expect(strstr(why, "must be slow, fast or auto"), "%s", why);
}

Test(options, numbers_have_units)
{
	uint64_t n;

	cr_expect(option_read_number("3k", &n) && n == 3000);
	cr_expect(option_read_number("2M", &n) && n == 2000000);
	cr_expect(option_read_number("18G", &n) && n == 18000000000);
	cr_expect_not(option_read_number("18446744073709551616", &n));
	cr_expect_not(option_read_number("18446744073709552k", &n));
	cr_expect_not(option_read_number("2kk", &n));
	cr_expect_not(option_read_number(" 2", &n));
	cr_expect_not(option_read_number("k", &n));
}

/* ---- What is printed ------------------------------------------------------------------------------ */

static char *printed(int what)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	option_show(&table, what, out);
	fclose(out);
	return text;
}

Test(options, help_is_the_table_between_front_and_back)
{
	static const char expected[] = "front\n"
				       "\n"
				       "first\n"
				       "  -i, --interface IF   its name\n"
				       "  -r, --ring N         so many\n"
				       "      --rings-count N  more -- than * a_b ... [x]\n"
				       "      --list[=LIST]    any\n"
				       "\n"
				       "second\n"
				       "      --how HOW        a word\n"
				       "  -t, --duration S     s\n"
				       "  -v, --loud           say more\n"
				       "  -j, --json           a document\n"
				       "  -h, --help           this text\n"
				       "  -V, --version        the version\n"
				       "\n"
				       "back\n";
	char *text;

	cr_assert_eq(parse("--loud -h"), OPTIONS_HELP);
	text = printed(OPTIONS_HELP);
	cr_expect_str_eq(text, expected);
	free(text);
}

Test(options, markdown_has_each_option_and_no_markup_by_chance)
{
	char *text;

	cr_assert_eq(parse("--help-markdown"), OPTIONS_MARKDOWN);
	text = printed(OPTIONS_MARKDOWN);
	cr_expect(!strncmp(text, "## first\n\n**-i**, **\\-\\-interface** *IF*\n:   its name\n\n",
			   54),
		  "%s", text);
	cr_expect(strstr(text, "**\\-\\-list**\\[=*LIST*\\]\n"), "%s", text);
	cr_expect(strstr(text, ":   more \\-\\- than \\* a\\_b \\.\\.\\. \\[x\\]\n"), "%s", text);
	for (uint32_t i = 0; i < table.count; i++)
		cr_expect(strstr(text, rows[i].name), "%s", rows[i].name);
	free(text);
}

/* A program does not advise an option that it has not. */
Test(options, sentences_name_only_options_that_the_program_has)
{
	char text[200] =
		"ifname v0: rx_ring_frames 4, max_frame_bytes 9018, sealed; use rx_vlan, or: x";

	options_say(&table, text, sizeof(text));
	cr_expect_str_eq(text, "-i v0: --ring 4, max_frame_bytes 9018, sealed; use x");
	options_say_fields(&table, text, sizeof(text));
	cr_expect_str_eq(text, "-i v0: --ring 4, max_frame_bytes 9018, sealed; use x");
}
