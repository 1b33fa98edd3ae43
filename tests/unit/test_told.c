// SPDX-License-Identifier: BSD-2-Clause
/* What the tools keep of a walk, and what they make of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "backend/inspect.h"
#include "common/json.h"
#include "common/told.h"
#include "support/tool.h"
#include "xsk_bench/options_table.h"

static const char *name;

static void tell_rung(struct net_inspector *to, int index, const char *asked, int error,
		      const char *sentence)
{
	inspect_enter(to, "rung", index);
	inspect_text(to, "asked", asked);
	inspect_signed(to, "error", error, "");
	inspect_text(to, "sentence", sentence);
	inspect_leave(to);
}

static void tell_endpoint(struct net_endpoint *ep, struct net_inspector *to)
{
	(void)ep;
	inspect_enter(to, "device", -1);
	inspect_text(to, "interface", name);
	inspect_text(to, "driver", "");
	inspect_unknown(to, "offloads");
	inspect_leave(to);
	inspect_enter(to, "program", -1);
	inspect_flag(to, "native", true);
	inspect_text(to, "vlan_state", "VLAN tags are lost; use rx_vlan, or: ethtool -K IF");
	tell_rung(to, 0, "native attach", 0, "attached");
	inspect_counter(to, "kept", 7, NET_CLASS_NOTE, "frames", "not for take_macs");
	inspect_leave(to);
	inspect_flag(to, "link_up", true);
}

static void tell_queue(struct net_queue *q, struct net_inspector *to)
{
	(void)q;
	inspect_text(to, "interface", name);
	inspect_number(to, "hardware_queue", 3, "");
	inspect_signed(to, "target_cpu", -1, "");
	inspect_text(to, "frames_state", "not taken: allow bpf(), or post initial_rx");
	inspect_text(to, "napi_state", "");
	inspect_text(to, "missing_state", NULL);
	tell_rung(to, 0, "zero-copy bind", -95, "use max_frame_bytes 1500");
	tell_rung(to, 1, "copy bind", 0, "bound");
	inspect_text(to, "last_error", "gone: destroy all queues, then call get_queues");
	inspect_enter(to, "counters", -1);
	inspect_counter(to, "rx_frames", UINT64_MAX, NET_CLASS_TRAFFIC, "frames", "");
	inspect_leave(to);
}

static const struct net_endpoint_ops endpoint_ops = {
	.size_bytes = sizeof(endpoint_ops),
	.inspect = tell_endpoint,
};
static const struct net_queue_ops queue_ops = {
	.size_bytes = sizeof(queue_ops),
	.inspect = tell_queue,
};

static struct told told;

/* An endpoint with two queues, of which the second one is not there. */
static void take(const char *ifname)
{
	struct net_endpoint ep = {.ops = &endpoint_ops};
	struct net_queue q = {.ops = &queue_ops}, *queues[] = {&q, NULL};

	name = ifname;
	told_take(&told, &ep, queues, 2, &bench_options);
}

static void forget(void)
{
	told_free(&told);
}

TestSuite(told, .fini = forget);

static char *lines(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	told_print(f, 2, &told);
	fclose(f);
	return text;
}

static char *document(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	struct json j = {.out = f};

	json_open(&j, NULL, '{');
	told_json(&j, "one", &told);
	json_open(&j, "list", '[');
	told_json(&j, NULL, &told);
	told_json(&j, NULL, &told);
	json_close(&j, ']');
	json_close(&j, '}');
	fclose(f);
	return text;
}

Test(told, fields_are_found_in_their_group_alone)
{
	const struct walk *w;

	take("v0");
	w = &told.endpoint;
	cr_assert_eq(told.queue_count, 1);
	cr_assert_str_eq(walk_text(w, "device", "interface"), "v0");
	cr_assert_str_eq(walk_text(w, "", "interface"), "");
	cr_assert_str_eq(walk_text(w, "program", "asked"), "", "a group in a group");
	cr_assert(walk_flag(w, "", "link_up") && walk_flag(w, "program", "native"));
	cr_assert_not(walk_flag(w, "device", "native"));
	cr_assert_eq(walk_field(w, "device", "offloads")->kind, NET_FIELD_UNKNOWN);
	cr_assert_eq(walk_number(w, "device", "offloads"), 0);
	cr_assert_null(walk_field(w, "nothing", "interface"));
	cr_assert_str_eq(walk_nth(w, "program", 2)->name, "kept");
	cr_assert_null(walk_nth(w, "program", 3));
	cr_assert_eq(walk_number(&told.queues[0], "counters", "rx_frames"), UINT64_MAX);
}

Test(told, rungs_come_in_their_order)
{
	struct walk_rung rung;

	take("v0");
	cr_assert(walk_rung(&told.endpoint, 0, &rung));
	cr_assert_str_eq(rung.asked, "native attach");
	cr_assert_not(walk_rung(&told.endpoint, 1, &rung));
	cr_assert(walk_rung(&told.queues[0], 0, &rung));
	cr_assert_eq(rung.error, -95);
	cr_assert_str_eq(rung.sentence, "use --frame-bytes 1500");
	cr_assert(walk_rung(&told.queues[0], 1, &rung));
	cr_assert_str_eq(rung.asked, "copy bind");
	cr_assert_not(walk_rung(&told.queues[0], 2, &rung));
}

Test(told, sentences_name_options_and_names_stay)
{
	char *text;

	take("sealed"); /* an interface; an option has this name, too */
	cr_assert_str_eq(walk_text(&told.endpoint, "device", "interface"), "sealed");
	cr_assert_str_eq(walk_field(&told.endpoint, "program", "kept")->meaning, "not for --mac");
	text = lines();
	cr_assert(tool_says(text, "vlan: VLAN tags are lost; use ethtool -K IF"), "%s", text);
	cr_assert(tool_says(text, "frames: not taken: allow bpf() "), "%s", text);
	cr_assert(tool_says(text, "zero-copy bind: use --frame-bytes 1500"), "%s", text);
	cr_assert(tool_says(text, "last: gone: start again"), "%s", text);
	free(text);
	text = document();
	cr_assert_null(strstr(text, "rx_vlan"));
	cr_assert_null(strstr(text, "initial_rx"));
	cr_assert_null(strstr(text, "max_frame_bytes"));
	free(text);
}

Test(told, lines_fit_80_columns_and_tell_no_empty_state)
{
	char *text;

	take("\033[31m-a-name");
	text = lines();
	cr_assert(tool_is_clean(text) && tool_width(text) <= 80, "%s", text);
	cr_assert(tool_says(text, "queue 3: zero copy no (XDP_OPTIONS)"), "%s", text);
	cr_assert(tool_says(text, "(driver unknown): native XDP"), "%s", text);
	cr_assert_null(strstr(text, "napi"), "%s", text);
	cr_assert_null(strstr(text, "missing"), "%s", text);
	cr_assert_null(strstr(text, "target"), "%s", text);
	free(text);
}

Test(told, document_holds_what_the_library_renders_indented_as_the_rest)
{
	char *text;

	take("\302\233m\"\\\377");
	text = document();
	cr_assert(tool_is_json(text), "%s", text);
	cr_assert(strstr(text, "{\n  \"one\": {\n    \"endpoint\": {\n      \"device\": {\n"
			       "        \"interface\": \"\\u009bm\\\"\\\\\\u00ff\",\n"),
		  "%s", text);
	cr_assert(strstr(text, "\n  },\n  \"list\": [\n    {\n      \"endpoint\": {\n"), "%s",
		  text);
	cr_assert(strstr(text, "\n    }\n  ]\n}\n"), "%s", text);
	cr_assert(strstr(text, "\"rx_frames\": 18446744073709551615"), "%s", text);
	free(text);
	told_free(&told);
	text = document(); /* nothing was told */
	cr_assert(tool_is_json(text), "%s", text);
	free(text);
}

/* Wherever memory ends. */
Test(told, walk_that_was_cut_is_whole_groups)
{
	uint32_t all;

	take("v0");
	all = told.endpoint.count;
	told.endpoint.cut = true;
	for (uint32_t count = 0; count <= all; count++) {
		char *text;

		told.endpoint.count = count;
		text = document();
		cr_assert(tool_is_json(text), "%u entries: %s", count, text);
		cr_assert_null(walk_field(&told.endpoint, "", "link_up"));
		free(text);
	}
}
