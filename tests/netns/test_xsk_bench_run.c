// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench while frames come, and while interfaces change under it. */
#include <bpf/bpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "support/pcapng_reader.h"
#include "support/peer.h"
#include "support/xsk_bench.h"
#include "xsk_bench/frame.h"

TestSuite(xsk_bench_run, .init = xsk_bench_setup, .timeout = 60);

/* ---- What the host keeps -------------------------------------------------------------------------- */

/* Frames to the host are no loss, and accounted for. */
Test(xsk_bench_run, kept_frames_are_told_by_rule_and_as_no_loss)
{
	uint8_t frame[60];
	struct peer peer;

	peer_open(&peer, "v1");
	peer_use_queue(&peer, 0);
	tool_start(&tool, XSK_BENCH " rx -i v0 --duration 5 --count 7 -v --keep arp,type:0x88b5");
	tool_await(&tool, "is running");
	for (uint32_t n = 0; n < 12; n++) {
		frame_plain(frame, sizeof(frame), n);
		frame_write16(frame, 12, n < 5 ? FRAME_ETHERTYPE : FRAME_ETHERTYPE + 1);
		peer_send(&peer, frame, sizeof(frame));
	}
	tool_end(&tool, 0);
	ENDED(0);
	SHOWS("    keep: arp,type:0x88b5: these frames go to the host\n");
	SHOWS("  frames                                7  received\n");
	SHOWS("    program_kept_by_rule                5  frames to the host: they meet a rule\n"
	      "                                           of --keep\n");
	SHOWS("    unexplained                         0\n");
	peer_close(&peer);
}

/* ---- Interfaces that change under a run ---------------------------------------------------------- */

/* The bpf_link that keeps the tool's program attached. */
static int link_of(pid_t pid)
{
	char path[64], line[128];
	unsigned int id = 0;

	for (int fd = 0; fd < 256 && !id; fd++) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			sscanf(line, "link_id: %u", &id);
		if (f)
			fclose(f);
	}
	cr_assert(id, "no link");
	return bpf_link_get_fd_by_id(id);
}

/* It ends by itself, long before its time, and says why. */
static void ends_saying(const char *words)
{
	tool_end(&tool, 0);
	ENDED(1);
	SAYS("xsk-bench: restart: v0: ");
	SAYS(words);
	HIDES("adds up");
	HIDES("accounted for");
}

Test(xsk_bench_run, program_that_is_detached_under_a_run_ends_it_with_the_reason)
{
	static const char *const modes[] = {"rx", "fwd", "latency"};
	int link;

	for (int i = 0; i < 3; i++) {
		tool_start(&tool, XSK_BENCH " %s -i v0 --duration 5", modes[i]);
		tool_await(&tool, "is running");
		link = link_of(tool.pid);
		cr_assert_eq(bpf_link_detach(link), 0, "%s", strerror(errno));
		close(link);
		ends_saying("somebody has detached the XDP program");
	}
}

Test(xsk_bench_run, interface_that_goes_under_a_run_ends_it_with_the_reason)
{
	for (int json = 0; json < 2; json++) {
		tool_start(&tool, XSK_BENCH " rx -i v0 --duration 5%s", json ? " --json" : "");
		tool_await(&tool, "is running");
		netns_run("ip link del v0");
		ends_saying("the interface is gone");
		cr_assert(!json || (tool_is_json(tool.out) && !strstr(tool.out, "totals")), "%s",
			  tool.out);
		if (!json)
			netns_veth("v0", "v1", 2, 1500);
	}
}

/* ---- What arrives -------------------------------------------------------------------------------- */

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* count of our own frames from sequence on, as another xsk-bench sends them. */
static void send_numbers(struct peer *p, uint64_t sequence, uint32_t count)
{
	struct frame_flow flow = {.run = 7, .dst_mac = {0x02, 0, 0, 0, 0, 0x99}};
	uint8_t bytes[FRAME_MIN_BYTES];
	uint64_t sum = frame_prepare(&flow, 0, bytes, sizeof(bytes));

	for (uint32_t i = 0; i < count; i++) {
		frame_stamp(bytes, sum, sequence + i, 1);
		peer_send(p, bytes, sizeof(bytes));
	}
}

static void send_too_long(struct peer *p, uint32_t count)
{
	static const uint8_t bytes[2000] = {0x02, 0, 0, 0, 0, 0x99, 0x02,
					    0,	  0, 0, 0, 1, 0x88, 0xb5};

	for (uint32_t i = 0; i < count; i++)
		peer_send(p, bytes, sizeof(bytes));
}

Test(xsk_bench_run, loss_upstream_is_not_explained_by_drops_before_the_first_frame)
{
	struct peer p;

	netns_run("ip link set v0 mtu 3000");
	netns_run("ip link set v1 mtu 3000");
	peer_open(&p, "v0");
	peer_use_queue(&p, 0);
	tool_start(&tool, XSK_BENCH " rx -i v1 --duration 2.5 --json");
	tool_await(&tool, "is running");
	send_too_long(&p, 50);
	sleep_ms(300);
	send_numbers(&p, 1000, 10);
	sleep_ms(300);
	send_numbers(&p, 1020, 10); /* 10 are missing, and nothing was dropped here */
	tool_end(&tool, 0);
	ENDED(0);
	cr_assert_eq(tool_number(tool.out, "\"name\": \"missing\"", "whole"), 10);
	cr_assert_eq(tool_number(tool.out, "\"name\": \"missing\"", "unexplained"), 10, "%s",
		     tool.out);
	/* They were dropped all the same. */
	cr_assert_eq(tool_number(tool.out, "\"name\": \"arrived\"", "program_dropped_too_long"),
		     50);
	peer_close(&p);
}

Test(xsk_bench_run, forwarding_onto_a_link_that_is_down_fails)
{
	struct peer p;

	netns_veth("w0", "w1", 1, 1500);
	peer_open(&p, "v0");
	peer_use_queue(&p, 0);
	netns_down("w1");
	tool_start(&tool, XSK_BENCH " fwd -i v1 --to w0 --duration 1");
	tool_await(&tool, "is running");
	send_numbers(&p, 0, 5);
	tool_end(&tool, 0);
	ENDED(1);
	SAYS("xsk-bench: link: w0: the link is down; 0 of 5 frames were sent");
	peer_close(&p);
}

Test(xsk_bench_run, live_line_counts_what_the_program_drops)
{
	struct peer p;

	netns_run("ip link set v0 mtu 3000");
	netns_run("ip link set v1 mtu 3000");
	peer_open(&p, "v0");
	tool_start(&tool, XSK_BENCH " rx -i v1 --duration 1.5");
	tool_await(&tool, "is running");
	send_too_long(&p, 20);
	tool_end(&tool, 0);
	ENDED(0);
	SAYS("  20 dropped\n");
	SAYS("v1: the MTU is 3000, and frames over 1518 bytes are dropped; use --frame-bytes 3018");
	SHOWS("program_dropped_too_long 20");
	peer_close(&p);
}

Test(xsk_bench_run, frames_to_other_macs_stay_with_the_host)
{
	struct peer p, host;

	peer_open(&p, "v0");
	peer_use_queue(&p, 0);
	tool_start(&tool, XSK_BENCH " rx -i v1 --duration 1 --json --mac");
	tool_await(&tool, "is running");
	peer_open(&host, "v1");
	send_numbers(&p, 0, 1); /* to 02:00:00:00:00:99 */
	cr_assert_eq(peer_receive(&host, (uint8_t[2048]){0}, 2048, 500), FRAME_MIN_BYTES);
	tool_end(&tool, 0);
	ENDED(0);
	cr_assert_eq(tool_number(tool.out, "totals", "received"), 0);
	tool_start(&tool, XSK_BENCH " rx -i v1 --count 1 --json --mac own,02:00:00:00:00:99");
	tool_await(&tool, "is running");
	send_numbers(&p, 0, 1);
	tool_end(&tool, 0);
	ENDED(0);
	cr_assert_eq(tool_number(tool.out, "totals", "received"), 1);
	peer_close(&host);
	peer_close(&p);
}

/* ---- --capture ----------------------------------------------------------------------------------- */

/* Frames of ours in one direction. */
static uint32_t captured(const struct read_file *f, bool inbound)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->packet_count; i++)
		n += f->packets[i].inbound == inbound &&
		     f->packets[i].captured_bytes == FRAME_MIN_BYTES;
	return n;
}

Test(xsk_bench_run, capture_has_both_directions_and_ends_while_the_run_goes_on)
{
	char path[] = "/tmp/xsk-bench-capture-XXXXXX";
	struct read_file f;
	struct peer p;

	close(mkstemp(path));
	peer_open(&p, "v0");
	peer_use_queue(&p, 0);
	tool_start(&tool,
		   XSK_BENCH " fwd -i v1 --duration 2 --json --capture %s --capture-seconds 1",
		   path);
	tool_await(&tool, "is running");
	send_numbers(&p, 0, 30);
	tool_await(&tool, "capture is off");
	send_numbers(&p, 30, 20);
	tool_end(&tool, 0);
	ENDED(0);
	read_file(&f, path);
	unlink(path);
	cr_assert(f.is_ended);
	cr_assert_str_eq(f.interface, "v1");
	cr_assert_eq(captured(&f, true), 30);
	cr_assert_eq(captured(&f, false), 30);
	cr_assert_eq(tool_number(tool.out, "\"capture\"", "frames"), f.packet_count);
	cr_assert_eq(tool_number(tool.out, "\"capture\"", "missed"), 0);
	cr_assert_geq(tool_number(tool.out, "totals", "received"), 50);
	read_free(&f);
	peer_close(&p);
}

Test(xsk_bench_run, capture_that_cannot_be_written_is_a_failure_with_its_cause)
{
	struct peer p;

	RUN("rx -i v1 --duration 1 --capture /no/such/folder");
	ENDED(1);
	SAYS("capture: /no/such/folder: No such file or directory");
	peer_open(&p, "v0");
	peer_use_queue(&p, 0);
	tool_start(&tool, XSK_BENCH " rx -i v1 --duration 1 --capture /dev/full");
	tool_await(&tool, "is running");
	send_numbers(&p, 0, 5);
	tool_end(&tool, 0);
	ENDED(1);
	SAYS("--capture /dev/full: writing ended early: No space left on device");
	RUN("rx -i v1 --capture-seconds 1");
	ENDED(2);
	SAYS("--capture-seconds: --capture FILE is missing");
	peer_close(&p);
}

/* ---- --interval ---------------------------------------------------------------------------------- */

/* The sum of a column of the CSV's rows of this kind; rows: how many there are. */
static int64_t column(const char *csv, const char *kind, int at, uint32_t *rows)
{
	char *copy = strdup(csv), *lines = NULL;
	int64_t sum = 0;

	*rows = 0;
	for (char *l = strtok_r(copy, "\n", &lines); l; l = strtok_r(NULL, "\n", &lines)) {
		size_t n = strlen(kind);

		if (strncmp(l, kind, n) || l[n] != ',')
			continue;
		for (int k = 0; k < at; k++)
			l = strchr(l, ',') + 1;
		sum += strtoll(l, NULL, 10);
		++*rows;
	}
	free(copy);
	return sum;
}

Test(xsk_bench_run, csv_is_all_of_stdout_and_its_rows_sum_to_the_total)
{
	uint32_t rows, totals;
	int64_t frames;

	RUN("tx -i v0 --rate 2k --count 2500 --interval 0.5 --csv");
	ENDED(0);
	cr_assert_eq(strncmp(tool.out, "kind,begin_s,end_s,frames,bytes,", 32), 0, "%s", tool.out);
	frames = column(tool.out, "interval", 3, &rows);
	cr_expect_eq(frames, 2500, "%s", tool.out);
	cr_expect_eq(column(tool.out, "total", 3, &totals), 2500, "%s", tool.out);
	cr_expect_eq(totals, 1);
	cr_expect_eq(rows, 3, "%s", tool.out);
	cr_expect_eq(tool_lines(tool.out), rows + 2, "%s", tool.out);
	cr_expect_eq(column(tool.out, "total", 4, &totals), 2500 * 60);
	SILENT("dropped");
}

Test(xsk_bench_run, rows_tell_when_frames_were_lost_and_the_document_has_them)
{
	const char *row;
	struct peer p;

	peer_open(&p, "v0");
	peer_use_queue(&p, 0);
	tool_start(&tool, XSK_BENCH " rx -i v1 --duration 1.4 --interval 0.5 --json");
	tool_await(&tool, "is running");
	send_numbers(&p, 0, 10);
	sleep_ms(700);
	send_numbers(&p, 15, 10); /* in the second row, after 5 that never came */
	tool_end(&tool, 0);
	ENDED(0);
	cr_assert(tool_is_json(tool.out), "%s", tool.out);
	row = strstr(tool.out, "\"intervals\": [");
	cr_assert(row, "%s", tool.out);
	cr_expect_eq(tool_number(row, "\"intervals\"", "lost"), 0, "%s", row);
	row = strstr(row, "\"lost\"") + 1;
	row = strstr(row, "\"lost\"");
	cr_assert_not_null(row);
	cr_expect_eq(tool_number(row, "", "lost"), 5, "%s", row);
	cr_expect_eq(tool_number(tool.out, "totals", "missing"), 5);
	peer_close(&p);
}

Test(xsk_bench_run, rows_of_latency_have_percentiles_and_stand_before_the_result)
{
	static struct tool fwd;

	tool_start(&fwd, XSK_BENCH " fwd -i v1 --duration 0");
	tool_await(&fwd, "is running");
	RUN("latency -i v0 --rate 1k --duration 1.2 --interval 0.5");
	tool_end(&fwd, SIGTERM);
	ENDED(0);
	SHOWS("           interval   answers         rate    p50 us");
	SHOWS("\n        0.00-0.5");
	SHOWS("\nxsk-bench latency on v0");
	cr_expect_leq(tool_width(tool.out), 80, "%s", tool.out);
	cr_expect_eq(tool_lines(tool.out), 4 + 6, "%s", tool.out);
	SILENT("dropped");
}

/* ---- --plot -------------------------------------------------------------------------------------- */

Test(xsk_bench_run, plot_has_a_point_per_row_of_the_document)
{
	char path[] = "/tmp/xsk-bench-plot-XXXXXX";
	uint32_t rows = 0, points = 0;
	char text[8192];
	const char *at;
	FILE *f;

	close(mkstemp(path));
	RUN("tx -i v0 --rate 1k --duration 0.7 --interval 0.2 --json --plot %s", path);
	ENDED(0);
	for (at = tool.out; (at = strstr(at, "\"begin_s\"")); at++)
		rows++;
	f = fopen(path, "re");
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	unlink(path);
	at = strstr(text, "points=\"");
	cr_assert_not_null(at, "%s", text);
	for (at += strlen("points=\""); *at != '"'; at++)
		points += *at == ',';
	cr_expect_eq(points, rows, "%u points, %u rows", points, rows);
	cr_expect_geq(rows, 3);
	cr_expect(strstr(text, "xsk-bench tx on v0: ") && strstr(text, "</svg>\n"), "%s", text);
}

Test(xsk_bench_run, plot_that_cannot_be_written_is_a_failure_before_or_behind_the_run)
{
	RUN("tx -i v0 --duration 30 --plot /no/such/folder");
	ENDED(1);
	SAYS("plot: /no/such/folder: No such file or directory");
	SILENT("is running");
	RUN("tx -i v0 --duration 0.2 --plot /dev/full");
	ENDED(1);
	SAYS("--plot /dev/full: writing: No space left on device");
}
