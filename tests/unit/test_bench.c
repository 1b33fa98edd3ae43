// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench without a network: the accounts and what is made of them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "backend/inspect.h"
#include "common/wrap.h"
#include "support/tool.h"
#include "xsk_bench/report.h"
#include "xsk_bench/say.h"

static void forget_run(void);

TestSuite(bench, .fini = forget_run);

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

/* What its endpoint and its queue tell. */
static uint64_t counters[NET_XDP_COUNTERS];
static bool program_is_known;

static void tell_counters(struct net_queue *q, struct net_inspector *to)
{
	struct net_xdp_counter_info info;

	(void)q;
	inspect_enter(to, "counters", -1);
	for (uint32_t i = 0; net_xdp_counter_info(i, &info) == 0; i++)
		inspect_counter(to, info.name, counters[i], info.value_class, info.unit,
				info.meaning);
	inspect_leave(to);
}

static void tell_program(struct net_endpoint *ep, struct net_inspector *to)
{
	static const char *const names[] = {"redirected", "passed", "kept", "dropped_too_long"};

	(void)ep;
	inspect_enter(to, "program", -1);
	for (int i = 0; i < 4; i++) {
		if (program_is_known)
			inspect_counter(to, names[i], 0, NET_CLASS_NOTE, "frames", "");
		else
			inspect_unknown(to, names[i]);
	}
	inspect_leave(to);
}

static void judge(bool failed)
{
	static const struct net_endpoint_ops endpoint_ops = {.size_bytes = sizeof(endpoint_ops),
							     .inspect = tell_program};
	static const struct net_queue_ops queue_ops = {.size_bytes = sizeof(queue_ops),
						       .inspect = tell_counters};
	struct net_endpoint ep = {.ops = &endpoint_ops};
	struct net_queue q = {.ops = &queue_ops}, *list[] = {&q};

	told_free(&run.ports[0].told);
	told_take(&run.ports[0].told, &ep, list, 1, &bench_options);
	account_of(&run, failed, &account);
}

static void forget_run(void)
{
	flow_free(&worker.flows);
	told_free(&run.ports[0].told);
}

static void rx_run(void)
{
	told_free(&run.ports[0].told);
	opt = (struct options){.mode = BENCH_RX, .ifname = "v1", .queue_count = 1};
	run = (struct run){.opt = &opt, .port_count = 1, .workers = &worker, .worker_count = 1};
	run.ports[0].ifname = "v1";
	run.ports[0].queue_count = 1;
	worker.run = &run;
	program_is_known = true;
}

static void receive(uint64_t sequence, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		cr_assert_eq(flow_note(&worker.flows, 1, 0, sequence + i), FLOW_NEW);
		worker.tally.good++;
		worker.tally.received++;
	}
	counters[NET_XDP_RX_FRAMES] += count;
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
	static char text[1 << 15];
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
	judge(false);
	cr_assert_eq(balance("missing")->whole, 90);
	cr_assert_eq(balance("missing")->explained, 5);
	cr_assert_eq(balance("missing")->unexplained, 85);
}

Test(bench, without_a_first_frame_nothing_is_missing_and_nothing_explains_it)
{
	rx_run();
	run.ports[0].program.dropped_too_long = 50;
	judge(false);
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
	program_is_known = false;
	run.ports[0].program_early.passed = 7; /* read before it failed */
	judge(false);
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
	judge(true);
	cr_assert(!strstr(text_of(report_table), "adds up"));
	cr_assert(!strstr(text_of(report_summary), "accounted for"));
	cr_assert(strstr(text_of(report_summary), "not judged"));
	judge(false);
	cr_assert(strstr(text_of(report_table), "adds up"));
	cr_assert(strstr(text_of(report_summary), "accounted for"));
}

Test(bench, sender_is_rated_by_what_was_completed_and_not_lost)
{
	rx_run();
	opt.mode = BENCH_TX;
	worker.tally.generated = 3000;
	worker.tally.generated_bytes = 180000;
	counters[NET_XDP_TX_PACKETS] = 2500;
	counters[NET_XDP_TX_LOST] = 500;
	worker.tally.first_ns = 1000000000u;
	worker.tally.last_ns = 3000000000u;
	judge(false);
	cr_assert_eq(account.frames, 2000);
	cr_assert_eq(account.bytes, 120000);
	cr_assert(account.pps > 999 && account.pps < 1001, "%f", account.pps);
}

Test(bench, cut_packets_are_accounted_for_as_the_frames_that_they_become)
{
	rx_run();
	opt.mode = BENCH_TX;
	run.packet = (struct packet_shape){.len_bytes = 64000, .pieces = 45};
	worker.tally.generated = 100;
	worker.tally.generated_bytes = 100 * 66376;
	worker.tally.outstanding = 1;
	counters[NET_XDP_TX_PACKETS] = 97 * 45;
	counters[NET_XDP_TX_LOST] = 5;
	counters[NET_XDP_TX_DROP_ADDRESS] = 2; /* packets */
	worker.tally.first_ns = 1000000000u;
	worker.tally.last_ns = 2000000000u;
	judge(false);
	cr_expect(account.adds_up, "%s", text_of(report_table));
	cr_expect_eq(balance("generated")->whole, 4500);
	cr_expect_eq(account.frames, 97 * 45 - 5);
	cr_expect_eq(account.bytes, 96 * 66376ull + 40ull * 66376 / 45);
	cr_expect(strstr(text_of(report_summary), "  rate        4.36 kpps (packets 96.9 pps), "),
		  "%s", text_of(report_summary));
	cr_expect(strstr(text_of(report_summary),
			 "sent        4360 of 4500 frames, 6.1 MiB (96 packets "
			 "of 64000 bytes)\n"),
		  "%s", text_of(report_summary));
	cr_expect(strstr(text_of(report_as_json), "\"packets\": 96"));
}

Test(bench, wrong_checksums_and_tags_are_arrivals_and_not_intact)
{
	rx_run();
	opt.vlan = true;
	receive(0, 10);
	worker.tally.good -= 3;
	worker.tally.sums_right = 5;
	worker.tally.sums_partial = 2;
	worker.tally.bad_sums = 2;
	judge(false);
	cr_expect(!account.adds_up && !account.intact);
	worker.tally.bad_tags = 1;
	judge(false);
	cr_expect(account.adds_up && !account.intact, "%s", text_of(report_table));
	cr_expect_eq(balance("missing")->whole, 0);
	cr_expect(strstr(text_of(report_summary), "  checked     checksums: 5 right, 2 wrong, 2 "
						  "partial; tags: 1 wrong\n"),
		  "%s", text_of(report_summary));
	worker.tally.bad_sums = worker.tally.bad_tags = 0;
	worker.tally.good = 10;
	judge(false);
	cr_expect(account.adds_up && account.intact);
}

Test(bench, summary_of_large_numbers_is_six_lines_of_80_columns)
{
	for (uint32_t mode = BENCH_RX; mode <= BENCH_LATENCY; mode++) {
		rx_run();
		opt.mode = mode;
		opt.ifname = "abcdefghijklmno";
		opt.to_ifname = mode == BENCH_FWD ? "pqrstuvwxyzabcd" : NULL;
		for (uint32_t i = 0; i < NET_XDP_COUNTERS; i++)
			counters[i] = UINT64_MAX / 2 - i;
		worker.tally = (struct tally){.received = UINT64_MAX / 4,
					      .received_bytes = UINT64_MAX,
					      .corrupt = UINT64_MAX / 2,
					      .foreign = UINT64_MAX / 2,
					      .generated = UINT64_MAX / 2,
					      .generated_bytes = UINT64_MAX,
					      .user_ns = UINT64_MAX / 2,
					      .last_ns = UINT64_MAX / 2,
					      .first_ns = 1};
		judge(false);
		cr_expect(tool_lines(text_of(report_summary)) == 6 &&
				  tool_width(text_of(report_summary)) <= 80,
			  "%s", text_of(report_summary));
		cr_expect(strstr(text_of(report_summary), "; see --verbose"));
	}
}
