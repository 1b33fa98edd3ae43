// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench without a network: options, the library's sentences, the accounts and what is made of them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "common/options_say.h"
#include "common/wrap.h"
#include "support/tool.h"
#include "xsk_bench/report.h"
#include "xsk_bench/say.h"

static void forget_flows(void);

TestSuite(bench, .fini = forget_flows);

/* ---- Options ------------------------------------------------------------------------------------ */

static struct options parsed;
static char why[200];

/* Words with single spaces between, without the program's name. */
static int parse(const char *words)
{
	static char text[256];
	char *argv[32] = {(char[]){"xsk-bench"}}, *rest;
	int argc = 1;

	snprintf(text, sizeof(text), "%s", words);
	for (char *w = strtok_r(text, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		argv[argc++] = w;
	why[0] = 0;
	return options_parse(argc, argv, &parsed, why, sizeof(why));
}

Test(bench, mac_takes_none_one_or_a_list_in_front_of_or_behind_the_mode)
{
	static const struct {
		const char *words;
		bool own;
		uint32_t count;
		uint8_t last;
	} rows[] = {
		{"rx -i v0", false, 0, 0},
		{"rx -i v0 --mac", true, 0, 0},
		{"--mac rx -i v0", true, 0, 0},
		{"rx --mac -i v0", true, 0, 0},
		{"rx -i v0 --mac own", true, 0, 0},
		{"rx -i v0 --mac=02:00:00:00:00:07", false, 1, 7},
		{"--mac 02:00:00:00:00:07 rx -i v0", false, 1, 7},
		{"fwd -i v0 --mac own,02:00:00:00:00:07", true, 1, 7},
		{"latency -i v0 --mac 02:00:00:00:00:01,02:00:00:00:00:08,own", true, 2, 8},
	};
	static const char *const wrong[] = {
		"rx -i v0 --mac=",
		"rx -i v0 --mac=own,",
		"rx -i v0 --mac=02:00:00:00:00",
		"rx -i v0 --mac=02:00:00:00:00:01x",
		"tx -i v0 --mac",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(parse(rows[i].words), 0, "%s: %s", rows[i].words, why);
		cr_expect_eq(parsed.take_own_mac, rows[i].own, "%s", rows[i].words);
		cr_expect_eq(parsed.take_mac_count, rows[i].count, "%s", rows[i].words);
		if (rows[i].count)
			cr_expect_eq(parsed.take_macs[rows[i].count - 1][5], rows[i].last);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cr_expect_eq(parse(wrong[i]), -EINVAL, "%s", wrong[i]);
		cr_expect(!strncmp(why, "--mac: ", 7), "%s: %s", wrong[i], why);
	}
}

Test(bench, mac_list_as_long_as_the_program_holds_is_taken_and_a_longer_one_refused)
{
	char words[512] = "rx -i v0 --mac own";

	for (int i = 0; i < NET_XDP_TAKE_MACS - 1; i++)
		strcat(words, ",2:0:0:0:0:1");
	cr_assert_eq(parse(words), 0, "%s", why);
	cr_assert_eq(port_macs(&parsed, (uint8_t[6]){0}, (uint8_t[NET_XDP_TAKE_MACS][6]){{0}}),
		     NET_XDP_TAKE_MACS);
	strcat(words, ",2:0:0:0:0:1");
	cr_assert_eq(parse(words), -EINVAL);
}

Test(bench, mac_and_duration_take_nothing_that_only_looks_like_one)
{
	static const char *const wrong[] = {
		"tx -i v0 --dst 02:00:00:00:00:-1",
		"tx -i v0 --dst 02:00:00:00:+1:00",
		"tx -i v0 --dst 0x:00:00:00:00:01",
		"tx -i v0 --dst 02:00:00:00:00:001",
		"tx -i v0 --dst 02:00:00:00:00",
		"tx -i v0 --dst 02:00:00:00:00:0g",
		"rx -i v0 --mac=own,-2:0:0:0:0:1",
		"rx -i v0 -t -0",
		"rx -i v0 -t +1",
		"rx -i v0 -t nan",
		"rx -i v0 -t inf",
		"rx -i v0 -t .",
	};
	static const uint8_t mac[] = {0xfe, 0x0a, 0xbc, 1, 0x90, 0xff};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(parse(wrong[i]), -EINVAL, "%s", wrong[i]);
	cr_assert_eq(parse("tx -i v0 --dst fe:A:Bc:1:90:FF"), 0, "%s", why);
	cr_expect_arr_eq(parsed.dst_mac, mac, sizeof(mac));
	/* Shorter than any clock tells, but not 0, which is until Ctrl-C. */
	cr_assert_eq(parse("rx -i v0 -t 1e-12"), 0, "%s", why);
	cr_expect_eq(parsed.duration_ns, 1);
	cr_assert_eq(parse("rx -i v0 -t .5"), 0, "%s", why);
	cr_expect_eq(parsed.duration_ns, 500000000);
	cr_assert_eq(parse("rx -i v0 -t 0"), 0, "%s", why);
	cr_expect_eq(parsed.duration_ns, 0);
}

Test(bench, short_options_and_what_ends_the_program)
{
	cr_assert_eq(parse("tx -i v0 -t 1.5 -v"), 0, "%s", why);
	cr_assert_eq(parsed.duration_ns, 1500000000u);
	cr_assert(parsed.verbose);
	cr_assert_eq(parse("-V"), OPTIONS_VERSION);
	cr_assert_eq(parse("rx --version"), OPTIONS_VERSION);
	cr_assert_eq(parse("-h"), OPTIONS_HELP);
}

/* ---- The library's words ------------------------------------------------------------------------- */

/* A name of the library's, which nobody has typed. */
static bool has_field(const char *text)
{
	const char *at = text;

	for (; (at = strchr(at, '_')); at++)
		if (strncmp(at - 3, "net_xdp", 7))
			return true;
	return false;
}

Test(bench, config_that_the_library_refuses_is_named_by_its_options)
{
	static const struct {
		const char *words, *says;
	} rows[] = {
		{"rx -i v0 --sealed --frame-bytes 9000", "--sealed with --frame-bytes 9000: "},
		{"rx -i v0 --mode zero-copy --attach generic", "use --attach native"},
		{"rx -i v0 -q 5000", "-q 5000: "},
		{"rx -i a-name-that-is-too-long", "-i \"a-name-that-is-too-long\": "},
	};
	struct net_xdp_region region = {.fd = 0};
	struct port port = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_xdp_config c;
		struct net_error err;

		cr_assert_eq(parse(rows[i].words), 0, "%s", why);
		port.ifname = parsed.ifname;
		c = port_config(&parsed, &port, 64, &region);
		if (!net_xdp_config_check(&c, &err) && i == 3)
			continue; /* alternative names may be long */
		options_say(err.message, sizeof(err.message));
		cr_expect(strstr(err.message, rows[i].says), "%s", err.message);
		cr_expect(!has_field(err.message), "%s", err.message);
	}
}

Test(bench, sentences_of_the_library_name_options)
{
	static const struct {
		const char *library, *option;
	} rows[] = {
		{"use mode auto or copy", "use --mode auto or copy"},
		{"use max_frame_bytes 9018", "use --frame-bytes 9018"},
		{"use chunk_bytes 4096 and max_frame_bytes 3000",
		 "use --chunk 4096 and --frame-bytes 3000"},
		{"use attach auto or generic", "use --attach auto or generic"},
		{"or use program dispatcher", "or use --dispatcher"},
		{"use program link if none else is attached",
		 "leave out --dispatcher if none else is attached"},
		{"raise max_frame_bytes over the chunk", "raise --frame-bytes over the chunk"},
		{"busy_poll_us 20, busy_poll_budget 64: no; or busy_poll_us 0",
		 "--busy-poll 20, its budget 64: no; or --busy-poll 0"},
		{"2 queues: first_queue is 5 and max_queues 2", "2 queues: -q is 5 and -n 2"},
		/* other words with the same letters */
		{"the --mode auto is as it was", "the --mode auto is as it was"},
		{"my_chunk_bytes and unsealed things", "my_chunk_bytes and unsealed things"},
	};
	char text[200];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "%s", rows[i].library);
		options_say(text, sizeof(text));
		cr_expect_str_eq(text, rows[i].option);
	}
}

Test(bench, sentence_that_grows_beyond_its_buffer_is_cut)
{
	char text[32] = "rx_ring_frames, fill_ring_frame", guard = 'g';
	char shortest[8] = "ifname";

	options_say(text, sizeof(text));
	cr_assert_str_eq(text, "--ring, fill_ring_frame");
	snprintf(text, sizeof(text), "sealed sealed sealed sealed sea");
	options_say(text, sizeof(text));
	cr_assert_str_eq(text, "--sealed --sealed --sealed --se");
	options_say(shortest, sizeof(shortest));
	cr_assert_str_eq(shortest, "-i");
	cr_assert_eq(guard, 'g');
}

/* ---- Numbers and lines --------------------------------------------------------------------------- */

Test(bench, numbers_have_units)
{
	cr_assert_str_eq(say_rate(0).text, "0.0 pps");
	cr_assert_str_eq(say_rate(999.94).text, "999.9 pps");
	cr_assert_str_eq(say_rate(12345).text, "12.35 kpps");
	cr_assert_str_eq(say_rate(14.88e6).text, "14.880 Mpps");
	cr_assert_str_eq(say_bytes(0).text, "0 bytes");
	cr_assert_str_eq(say_bytes(1023).text, "1023 bytes");
	cr_assert_str_eq(say_bytes(1024).text, "1.0 KiB");
	cr_assert_str_eq(say_bytes(8388608).text, "8.0 MiB");
	cr_assert_str_eq(say_bytes(3ull << 30).text, "3.0 GiB");
	cr_assert_str_eq(say_bytes(UINT64_MAX).text, "16777216.0 TiB");
}

Test(bench, text_is_broken_before_column_80_and_goes_on_below)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	wrap_text(f, 0, 2,
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
		  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb c");
	fclose(f);
	cr_assert_str_eq(out, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
			      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n  c\n");
	free(out);
}

/* ---- Accounts ------------------------------------------------------------------------------------- */

/* A run of one queue that has ended. */
static struct options opt;
static struct run run;
static struct worker worker;
static struct account account;

static void forget_flows(void)
{
	flow_free(&worker.flows);
}

static void rx_run(void)
{
	opt = (struct options){.mode = BENCH_RX, .ifname = "v1", .queue_count = 1};
	run = (struct run){.opt = &opt, .port_count = 1, .workers = &worker, .worker_count = 1};
	run.ports[0].ifname = "v1";
	run.ports[0].queue_count = 1;
	worker.run = &run;
}

static void receive(uint64_t sequence, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		cr_assert_eq(flow_note(&worker.flows, 1, 0, sequence + i), FLOW_NEW);
		worker.tally.good++;
		worker.tally.received++;
	}
	run.ports[0].queues[0].stats.value[NET_XDP_RX_FRAMES] += count;
}

static const struct balance *balance(const char *name)
{
	for (uint32_t i = 0; i < account.balance_count; i++)
		if (!strcmp(account.balances[i].name, name))
			return &account.balances[i];
	return NULL;
}

static const char *text_of(void (*report)(FILE *, const struct run *, const struct account *))
{
	static char text[1 << 14];
	FILE *f = fmemopen(text, sizeof(text), "w");

	report(f, &run, &account);
	fclose(f);
	return text;
}

static void report_as_json(FILE *out, const struct run *r, const struct account *a)
{
	static const struct verdict ok = {0, NULL};

	report_json(out, r, a, &ok);
}

Test(bench, what_the_program_did_before_or_on_other_queues_explains_no_loss)
{
	struct port *p = &run.ports[0];

	rx_run();
	p->program = (struct net_xdp_program_stats){
		.redirected = 20, .passed = 1008, .dropped_too_long = 50};
	p->program_early = (struct net_xdp_program_stats){.passed = 1008, .dropped_too_long = 45};
	worker.tally.corrupt = worker.tally.corrupt_early = 3;
	receive(100, 10);
	receive(200, 10); /* 90 are missing */
	account_of(&run, false, &account);
	cr_assert_eq(balance("missing")->whole, 90);
	cr_assert_eq(balance("missing")->explained, 5);
	cr_assert_eq(balance("missing")->unexplained, 85);
}

Test(bench, without_a_first_frame_nothing_is_missing_and_nothing_explains_it)
{
	rx_run();
	run.ports[0].program.dropped_too_long = 50;
	account_of(&run, false, &account);
	cr_assert_eq(balance("missing")->whole, 0);
	cr_assert_eq(balance("missing")->excess, 0);
	cr_assert_eq(balance("arrived")->whole, 50);
}

Test(bench, program_counters_that_cannot_be_read_are_unknown_everywhere)
{
	const char *out;

	rx_run();
	receive(0, 5);
	run.ports[0].program_error = -ENOENT;
	run.ports[0].program_early.passed = 7; /* read before it failed */
	account_of(&run, false, &account);
	cr_assert_null(balance("arrived"));
	cr_assert(account.adds_up);
	out = text_of(report_as_json);
	cr_assert(tool_is_json(out), "%s", out);
	cr_assert(strstr(out, "\"redirected\": null") && strstr(out, "\"passed\": null") &&
			  strstr(out, "\"kept\": null") &&
			  strstr(out, "\"dropped_too_long\": null"),
		  "%s", out);
	cr_assert(strstr(text_of(report_summary), "unknown"), "%s", text_of(report_summary));
	cr_assert(strstr(text_of(report_table), "unknown"), "%s", text_of(report_table));
}

Test(bench, run_that_failed_is_not_said_to_add_up)
{
	rx_run();
	receive(0, 5);
	account_of(&run, true, &account);
	cr_assert(!strstr(text_of(report_table), "adds up"));
	cr_assert(!strstr(text_of(report_summary), "accounted for"));
	cr_assert(strstr(text_of(report_summary), "not judged"));
	account_of(&run, false, &account);
	cr_assert(strstr(text_of(report_table), "adds up"));
	cr_assert(strstr(text_of(report_summary), "accounted for"));
}

Test(bench, sender_is_rated_by_what_was_completed_and_not_lost)
{
	uint64_t *v = run.ports[0].queues[0].stats.value;

	rx_run();
	opt.mode = BENCH_TX;
	worker.tally.generated = 3000;
	worker.tally.generated_bytes = 180000;
	v[NET_XDP_TX_PACKETS] = 2500;
	v[NET_XDP_TX_LOST] = 500;
	worker.tally.first_ns = 1000000000u;
	worker.tally.last_ns = 3000000000u;
	account_of(&run, false, &account);
	cr_assert_eq(account.frames, 2000);
	cr_assert_eq(account.bytes, 120000);
	cr_assert(account.pps > 999 && account.pps < 1001, "%f", account.pps);
}

Test(bench, summary_of_large_numbers_is_six_lines_of_80_columns)
{
	uint64_t *v = run.ports[0].queues[0].stats.value;

	for (uint32_t mode = BENCH_RX; mode <= BENCH_LATENCY; mode++) {
		rx_run();
		opt.mode = mode;
		opt.ifname = "abcdefghijklmno";
		opt.to_ifname = mode == BENCH_FWD ? "pqrstuvwxyzabcd" : NULL;
		for (uint32_t i = 0; i < NET_XDP_COUNTERS; i++)
			v[i] = UINT64_MAX / 2 - i;
		worker.tally = (struct tally){.received = UINT64_MAX / 4,
					      .received_bytes = UINT64_MAX,
					      .corrupt = UINT64_MAX / 2,
					      .foreign = UINT64_MAX / 2,
					      .generated = UINT64_MAX / 2,
					      .generated_bytes = UINT64_MAX,
					      .user_ns = UINT64_MAX / 2,
					      .last_ns = UINT64_MAX / 2,
					      .first_ns = 1};
		account_of(&run, false, &account);
		cr_expect(tool_lines(text_of(report_summary)) == 6 &&
				  tool_width(text_of(report_summary)) <= 80,
			  "%s", text_of(report_summary));
		cr_expect(strstr(text_of(report_summary), "; see --verbose"));
	}
}
