// SPDX-License-Identifier: BSD-2-Clause
/* The two renderers of inspect, over a walk that a test's own endpoint makes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "backend/inspect.h"
#include "support/scratch.h"

/* ---- An endpoint and queues that tell what the test wants ---------------------------------- */

struct teller {
	struct net_endpoint ep;
	struct net_queue q;
	void (*tell)(struct net_inspector *to);
};

static void endpoint_inspect(struct net_endpoint *ep, struct net_inspector *to)
{
	((struct teller *)ep)->tell(to);
}

static void queue_inspect(struct net_queue *q, struct net_inspector *to)
{
	(void)q;
	inspect_number(to, "depth", 5, "ids");
}

static const struct net_endpoint_ops endpoint_ops = {
	.size_bytes = sizeof(struct net_endpoint_ops),
	.inspect = endpoint_inspect,
};
static const struct net_queue_ops queue_ops = {
	.size_bytes = sizeof(struct net_queue_ops),
	.inspect = queue_inspect,
};

static char text[65536];
static size_t text_len;

static void append(void *context, const char *piece, size_t len)
{
	(void)context;
	cr_assert(text_len + len < sizeof(text));
	memcpy(text + text_len, piece, len);
	text_len += len;
	text[text_len] = '\0';
}

typedef void render_fn(struct net_endpoint *ep, struct net_queue *const *queues, uint32_t count,
		       net_text_fn *write, void *context);

/* queues: bit i is set when queue i of four is there. Return: the text. */
static const char *render(render_fn *fn, void (*tell)(struct net_inspector *to),
			  unsigned int queues)
{
	struct teller t = {.ep.ops = &endpoint_ops, .q.ops = &queue_ops, .tell = tell};
	struct net_queue *list[4];

	for (int i = 0; i < 4; i++)
		list[i] = queues & 1u << i ? &t.q : NULL;
	text_len = 0;
	fn(&t.ep, list, queues ? 4 : 0, append, NULL);
	return text;
}

/* The JSON must be a whole document with the member that the jq expression names. */
static void expect(const char *json, const char *jq, const char *want)
{
	char command[512], got[512] = "", path[64];
	FILE *in;
	size_t n;
	int rc;

	scratch_path(path, sizeof(path), "inspect.json");
	in = fopen(path, "we");
	cr_assert(in && fputs(json, in) >= 0 && fclose(in) == 0);
	snprintf(command, sizeof(command), "jq -c '%s' %s 2>&1", jq, path);
	in = popen(command, "r");
	n = fread(got, 1, sizeof(got) - 1, in);
	rc = pclose(in);
	unlink(path);
	got[n ? n - 1 : 0] = '\0';
	cr_assert(rc == 0, "jq: %s\n%s", got, json);
	cr_assert_str_eq(got, want, "%s is %s, not %s\n%s", jq, got, want, json);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void tell_nothing(struct net_inspector *to)
{
	(void)to;
}

Test(inspect_json, endpoint_that_tells_nothing_is_empty_and_queues_are_a_list)
{
	expect(render(net_inspect_json, tell_nothing, 0), ".", "{\"endpoint\":{},\"queues\":[]}");
	expect(render(net_inspect_json, tell_nothing, 1), ".",
	       "{\"endpoint\":{},\"queues\":[{\"queue\":0,\"depth\":5}]}");
	expect(render(net_inspect_json, tell_nothing, 0xa), ".queues",
	       "[{\"queue\":1,\"depth\":5},{\"queue\":3,\"depth\":5}]");
}

static void tell_kinds(struct net_inspector *to)
{
	inspect_number(to, "large", UINT64_MAX, "bytes");
	inspect_signed(to, "negative", -105, "");
	inspect_flag(to, "yes", true);
	inspect_flag(to, "no", false);
	inspect_text(to, "empty", "");
	inspect_text(to, "missing", NULL);
	inspect_unknown(to, "unknown");
	inspect_counter(to, "zero", 0, NET_CLASS_RX_LOST, "frames", "none");
}

Test(inspect_json, each_kind_is_what_json_has_for_it)
{
	const char *json = render(net_inspect_json, tell_kinds, 0);

	cr_assert(strstr(json, "\"large\": 18446744073709551615") != NULL);
	expect(json, ".endpoint | del(.large)",
	       "{\"negative\":-105,\"yes\":true,\"no\":false,\"empty\":\"\",\"missing\":null,"
	       "\"unknown\":null,\"zero\":0}");
}

static void tell_texts(struct net_inspector *to)
{
	inspect_text(to, "quotes", "a\"b\\c/d");
	inspect_text(to, "control", "\x01\t\n\x1f\x7f");
	inspect_text(to, "utf8", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
	inspect_text(to, "terminal", "\xc2\x9bm \xe2\x80\xae \xe2\x81\xa6 \xc2\xa0");
	inspect_text(to, "latin1", "\xe4");
	inspect_text(to, "cut", "\xe2\x82");
	inspect_text(to, "overlong", "\xc0\xaf\xe0\x80\xaf");
	inspect_text(to, "surrogate", "\xed\xa0\x80");
	inspect_text(to, "beyond", "\xf4\x90\x80\x80\xff");
	inspect_text(to, "na\xffme", "x");
}

Test(inspect_json, controls_are_these_ranges)
{
	static const uint32_t ranges[][2] = {
		{0, 0x1f}, {0x7f, 0x9f}, {0x2028, 0x202e}, {0x2066, 0x2069}};
	uint32_t code = 0;

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		for (; code < ranges[i][0]; code++)
			cr_assert(!inspect_is_control(code), "U+%04X", code);
		for (; code <= ranges[i][1]; code++)
			cr_assert(inspect_is_control(code), "U+%04X", code);
	}
	for (; code <= 0x10ffff; code++)
		cr_assert(!inspect_is_control(code), "U+%04X", code);
}

Test(inspect_json, texts_of_any_bytes_are_valid_utf8)
{
	const char *json = render(net_inspect_json, tell_texts, 0);

	expect(json, ".endpoint.quotes", "\"a\\\"b\\\\c/d\"");
	expect(json, ".endpoint.control | explode", "[1,9,10,31,127]");
	expect(json, ".endpoint.utf8 | explode", "[228,32,8364,32,128512]");
	expect(json, ".endpoint.terminal | explode", "[155,109,32,8238,32,8294,32,160]");
	cr_assert(strstr(json, "\\u009bm \\u202e \\u2066 \xc2\xa0"), "%s", json);
	expect(json, ".endpoint.latin1 | explode", "[228]");
	expect(json, ".endpoint.cut | explode", "[226,130]");
	expect(json, ".endpoint.overlong | explode", "[192,175,224,128,175]");
	expect(json, ".endpoint.surrogate | explode", "[237,160,128]");
	expect(json, ".endpoint.beyond | explode", "[244,144,128,128,255]");
	expect(json, ".endpoint | keys[3] | explode", "[108,97,116,105,110,49]");
	cr_assert(strstr(json, "\"na\\u00ffme\"") != NULL);
	for (const char *c = json; *c; c++)
		cr_assert((unsigned char)*c >= 0x20 || *c == '\n', "byte 0x%02x", *c);
}

static void tell_groups(struct net_inspector *to)
{
	inspect_enter(to, "one", -1);
	inspect_leave(to);
	for (int i = 0; i < 3; i++) {
		inspect_enter(to, "many", i);
		inspect_number(to, "n", (uint64_t)i, "");
		for (int k = 0; k < i; k++) {
			inspect_enter(to, "inner", k);
			inspect_leave(to);
		}
		inspect_leave(to);
	}
	inspect_enter(to, "a_name_that_is_as_long_as_names_may_be_and_no_more_than_this_one", 0);
	inspect_leave(to);
	inspect_enter(to, "a_name_that_is_as_long_as_names_may_be_and_no_more_than_this_one", 1);
	inspect_leave(to);
	inspect_enter(to, "a_name_that_is_as_long_as_names_may_be_and_no_more_than_this_oxe", 0);
	inspect_leave(to);
	inspect_enter(to, "last", -1);
	inspect_flag(to, "f", true);
	inspect_leave(to);
	inspect_number(to, "behind", 1, "");
}

Test(inspect_json, groups_with_an_index_are_lists)
{
	const char *json = render(net_inspect_json, tell_groups, 3);

	expect(json, ".endpoint | [.one, .last, .behind]", "[{},{\"f\":true},1]");
	expect(json, ".endpoint.many",
	       "[{\"n\":0},{\"n\":1,\"inner\":[{}]},{\"n\":2,\"inner\":[{},{}]}]");
	expect(json, "[.endpoint | keys[] | length]", "[64,64,6,4,4,3]");
	expect(json,
	       ".endpoint | .a_name_that_is_as_long_as_names_may_be_and_no_more_than_this_one",
	       "[{},{}]");
	expect(json,
	       ".endpoint | .a_name_that_is_as_long_as_names_may_be_and_no_more_than_this_oxe",
	       "[{}]");
	expect(json, ".queues | length", "2");
}

static void tell_a_few(struct net_inspector *to)
{
	inspect_number(to, "n", 1, "");
	inspect_enter(to, "g", -1);
	inspect_flag(to, "f", true);
	inspect_leave(to);
	for (int i = 0; i < 2; i++) {
		inspect_enter(to, "m", i);
		inspect_text(to, "t", "x");
		inspect_leave(to);
	}
}

/* People read it, too. */
Test(inspect_json, each_member_has_a_line_of_its_own)
{
	static const char want[] = "{\n"
				   "  \"endpoint\": {\n"
				   "    \"n\": 1,\n"
				   "    \"g\": {\n"
				   "      \"f\": true\n"
				   "    },\n"
				   "    \"m\": [{\n"
				   "      \"t\": \"x\"\n"
				   "    }, {\n"
				   "      \"t\": \"x\"\n"
				   "    }]\n"
				   "  },\n"
				   "  \"queues\": []\n"
				   "}\n";

	cr_assert_str_eq(render(net_inspect_json, tell_a_few, 0), want, "%s", text);
}

static void tell_deep(struct net_inspector *to)
{
	for (int i = 0; i < 40; i++) {
		inspect_enter(to, "d", -1);
		inspect_number(to, "n", (uint64_t)i, "");
	}
	for (int i = 0; i < 40; i++) {
		inspect_number(to, "m", 1, "");
		inspect_leave(to);
	}
	inspect_number(to, "behind", 7, "");
}

Test(inspect_json, groups_that_are_too_deep_are_left_out_and_the_rest_stays_right)
{
	const char *json = render(net_inspect_json, tell_deep, 1);

	expect(json, ".endpoint.behind", "7");
	expect(json, ".endpoint.d.d.d.d.d.d.d.d.d.d.d.d | keys", "[\"d\",\"m\",\"n\"]");
	expect(json, "[.. | objects | select(has(\"m\")) | .n] | max", "13");
	expect(json, ".queues[0].depth", "5");
}

/* ---- Tree ---------------------------------------------------------------------------------- */

static void expect_columns(const char *tree)
{
	const char *end;

	for (const char *line = tree; *line; line = end + 1) {
		end = strchr(line, '\n');
		cr_assert(end != NULL, "the last line has no end");
		cr_assert(end - line <= 80, "%d columns: %.*s", (int)(end - line),
			  (int)(end - line), line);
		cr_assert(end == line || end[-1] != ' ', "a space at the end: %.*s",
			  (int)(end - line), line);
		for (const char *c = line; c < end; c++)
			cr_assert(*c >= 0x20 && *c < 0x7f, "byte 0x%02x", (unsigned char)*c);
	}
}

Test(inspect_tree, kinds_have_words_and_units_and_counters_of_zero_are_left_out)
{
	const char *tree = render(net_inspect_tree, tell_kinds, 1);

	cr_assert_str_eq(tree, "endpoint\n"
			       "  large                           18446744073709551615 bytes\n"
			       "  negative                        -105\n"
			       "  yes                             yes\n"
			       "  no                              no\n"
			       "  empty\n"
			       "  missing                         unknown\n"
			       "  unknown                         unknown\n"
			       "queue 0\n"
			       "  depth                           5 ids\n");
	expect_columns(tree);
}

static void tell_long(struct net_inspector *to)
{
	char name[200], word[400];

	memset(name, 'n', sizeof(name));
	memset(word, 'w', sizeof(word));
	name[60] = word[200] = '\0';
	inspect_text(to, "sentence",
		     "zero copy was asked for and the driver said no, so frames are copied; use "
		     "another driver or mode copy, which says so itself");
	inspect_text(to, "word", word);
	inspect_text(to, name, "beside a long name");
	inspect_text(to, "spaces", "  two   and three ");
	inspect_text(to, "only_spaces", "   ");
	inspect_text(to, "bytes", "\xff\x01 x\xc3\xa4y\nz");
	inspect_text(to, "n\x80", "odd name");
	for (int i = 0; i < 30; i++)
		inspect_enter(to, name, i);
	inspect_number(to, name, 1, "bytes");
	for (int i = 0; i < 30; i++)
		inspect_leave(to);
}

Test(inspect_tree, no_line_is_over_80_columns_whatever_is_told)
{
	const char *tree = render(net_inspect_tree, tell_long, 0);

	expect_columns(tree);
	cr_assert(strstr(tree, "zero copy was asked for and the driver said") != NULL);
	cr_assert(strstr(tree, "\n                                  no, so frames") != NULL);
	cr_assert(strstr(tree, "?? x??y?z") != NULL);
	render(net_inspect_tree, tell_groups, 0xf);
	expect_columns(text);
	render(net_inspect_tree, tell_deep, 0);
	expect_columns(text);
}

/* ---- The backends -------------------------------------------------------------------------- */

Test(inspect, loopback_tells_its_facts_and_counters)
{
	struct net_queue_config configs[2] = {0};
	struct net_queue *queues[2];
	struct net_endpoint *ep;

	cr_assert(net_loopback_open(3, &ep, NULL) == 0);
	cr_assert(net_endpoint_get_queues(ep, configs, 2, NULL, queues, NULL) == 0);
	text_len = 0;
	net_inspect_json(ep, queues, 2, append, NULL);
	expect(text, ".endpoint.facts | [.type, .is_ordered, .max_queues, .link_speed_bps]",
	       "[\"loopback\",true,3,null]");
	expect(text, "[.queues[].counters.rx_packets]", "[0,0]");
	for (int i = 0; i < 2; i++)
		net_queue_destroy(queues[i], NULL);
	net_endpoint_destroy(ep, NULL);
}

static void cutter_facts(struct net_endpoint *ep, struct net_endpoint_facts *out, size_t size_bytes)
{
	const struct net_endpoint_facts facts = {
		.type = "cutter",
		.tx_flags = NET_TX_IPV4 | NET_TX_TCP_SEGMENTATION,
		.tx_max_pieces = 45,
	};

	(void)ep;
	memcpy(out, &facts, size_bytes);
}

Test(inspect, facts_tell_what_may_be_asked_for_and_how_finely_a_packet_is_cut)
{
	static const struct net_endpoint_ops ops = {
		.size_bytes = sizeof(ops),
		.facts = cutter_facts,
		.inspect = inspect_facts,
	};
	struct net_endpoint ep = {.ops = &ops};

	text_len = 0;
	net_inspect_json(&ep, NULL, 0, append, NULL);
	expect(text, ".endpoint.facts | [.type, .tx_flags, .tx_max_pieces]", "[\"cutter\",40,45]");
}
