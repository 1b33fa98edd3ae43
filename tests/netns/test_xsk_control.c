// SPDX-License-Identifier: BSD-2-Clause
/* Programs that run are looked into: what they tell is what they say at the end, whoever asks how often. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "net_control.h"
#include "support/openmetrics.h"
#include "support/peer.h"
#include "support/scratch.h"
#include "support/vhost_guest.h"
#include "support/xsk_bench.h"

TestSuite(xsk_control, .init = xsk_bench_setup, .timeout = 90);

enum { RING = 64, FRAMES = 50, LEN = 200 };

#define BIT(feature) (1ull << (feature))
#define FEATURES     (BIT(32) | BIT(29) | BIT(28) | BIT(15))

static struct tool sender, other;
static struct vhost_guest guest;
static char path[108], text[1 << 20];

static int connect_to(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert(fd >= 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0, "%s: %s", path,
		     strerror(errno));
	return fd;
}

/* A whole answer, in text. */
static void ask(const char *line)
{
	int fd = connect_to();
	size_t len = 0;
	ssize_t n;

	cr_assert_eq(write(fd, line, strlen(line)), (ssize_t)strlen(line));
	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	cr_assert(n == 0 && len, "%s", strerror(errno));
	text[len] = '\0';
	close(fd);
}

static void usual_path(const struct tool *t, const char *program)
{
	snprintf(path, sizeof(path), NET_CONTROL_DIRECTORY "/%d.%s", (int)t->pid, program);
}

/* The value of the first sample that begins so; -1: there is none. */
static int64_t sample(const char *begin)
{
	const char *at = strstr(text, begin), *value;

	value = at ? strstr(at, "} ") : NULL;
	return value ? strtoll(value + 2, NULL, 10) : -1;
}

/* ---- Numbers ---------------------------------------------------------------------------------- */

/* Asks ten times a second until the tool beside it has ended. */
static void scrape_until_sent(void)
{
	unsigned int scrapes = 0;
	int64_t last = 0;

	while (waitpid(sender.pid, NULL, WNOHANG | WNOWAIT | WEXITED) == 0 || scrapes < 3) {
		int64_t now;

		ask(scrapes++ % 2 ? "openmetrics\n" : "json\n");
		if (scrapes % 2)
			continue;
		now = sample("net_xdp_rx_frames_total{");
		cr_assert(now >= last, "a counter went back from %ld to %ld", (long)last,
			  (long)now);
		last = now;
		sleep_ms(100);
	}
}

static void expect_counters(const char *queue)
{
	static const struct {
		const char *json, *sample;
	} counters[] = {
		{"rx_frames", "net_xdp_rx_frames_total{"},
		{"rx_bytes", "net_xdp_rx_bytes_total{"},
		{"rx_direct", "net_xdp_rx_direct_frames_total{"},
		{"rx_kernel_dropped", "net_xdp_rx_kernel_dropped_frames_total{"},
		{"tx_packets", "net_xdp_tx_packets_total{"},
		{"tx_bytes", "net_xdp_tx_bytes_total{"},
		{"tx_accepted", "net_xdp_tx_accepted_packets_total{"},
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		cr_assert_eq(sample(counters[i].sample),
			     tool_number(tool.out, queue, counters[i].json), "%s: %ld, not %ld",
			     counters[i].json, (long)sample(counters[i].sample),
			     (long)tool_number(tool.out, queue, counters[i].json));
}

/* For longer than a queue may stand still until it is told. */
static void expect_no_stall(void)
{
	for (int i = 0; i < 35; i++) {
		sleep_ms(100);
		ask("json\n");
		cr_assert(strstr(text, "\"stall\": \"\"") != NULL, "%s", text);
		cr_assert(strstr(text, "\"stalled_ms\": 0,") != NULL, "%s", text);
	}
}

Test(xsk_control, the_last_look_into_a_run_has_the_numbers_of_its_end)
{
	static const char *const modes[] = {"fwd", "rx"};

	for (int i = 0; i < 2; i++) {
		tool_start(&tool, XSK_BENCH " %s -i v0 -t 0 --json", modes[i]);
		tool_await(&tool, "is running");
		usual_path(&tool, "xsk-bench");
		tool_start(&sender, XSK_BENCH " tx -i v1 --count 20000 --rate 20k");
		scrape_until_sent();
		cr_assert_eq(tool_end(&sender, 0), 0, "%s", sender.err);
		sleep_ms(200);
		expect_no_stall();
		ask("openmetrics\n");
		cr_assert(openmetrics_check(text) > 100);
		cr_assert(sample("net_xdp_rx_frames_total{") >= 1000);
		/* The kernel's own frames (IPv6) may come at any time; what was told then is told at the end. */
		cr_assert_eq(tool_end(&tool, SIGINT), 0, "%s", tool.err);
		expect_counters("\"counters\"");
		cr_assert(access(path, F_OK) && errno == ENOENT);
	}
}

Test(xsk_control, round_trips_are_a_histogram_and_each_document_has_all_of_them)
{
	netns_run("ip link set v0 address 02:00:00:00:00:77");
	tool_start(&sender, XSK_BENCH " fwd -i v0 -t 0 --control off");
	tool_await(&sender, "is running");
	scratch_path(path, sizeof(path), "latency.sock");
	tool_start(&tool,
		   XSK_BENCH " latency -i v1 --dst 02:00:00:00:00:77 -t 2 --rate 2k --json "
			     "--control %s",
		   path);
	tool_await(&tool, "is running");
	do
		ask("openmetrics\n");
	while (sample("net_xdp_bench_latency_seconds_count{") <= 100);
	cr_assert(openmetrics_check(text) > 150);
	cr_assert(strstr(text, "net_xdp_bench_info{program=\"xsk-bench\"") != NULL);
	ask("json\n");
	cr_assert(tool_is_json(text), "%s", text);
	cr_assert(tool_number(text, "\"latency_ns\"", "count") > 100);
	cr_assert_eq(tool_end(&tool, 0), 0, "%s", tool.err);
	tool_end(&sender, SIGTERM);
}

/* ---- The page -------------------------------------------------------------------------------- */

/* Keep the answer in a file, for tests/docs/metrics. */
static void keep(char *file, size_t size, const char *name)
{
	FILE *out;

	scratch_path(file, size, name);
	out = fopen(file, "we");
	cr_assert(out && fputs(text, out) >= 0 && fclose(out) == 0);
}

/* Each kind of group that a program can have: several endpoints, queues and rules, and what options bring. */
static const char *const page_runs[] = {
	"latency -i v1 -n 2 --mac own --keep arp,tcp:22 -t 0",
	"rx -i v1 -n 2 --vlan 7 --keep nd -t 0",
	"fwd -i v1 --to v0 -t 0",
	"tx -i v1 --vlan 7 --segment 4000 --rate 1k -t 0",
};

enum { PAGE_RUNS = sizeof(page_runs) / sizeof(page_runs[0]) };

static void page_run(int i, char *file, size_t size, const char *capture)
{
	char name[24];

	snprintf(name, sizeof(name), "page_bench_%d", i);
	tool_start(&tool, XSK_BENCH " %s --capture %s", page_runs[i], capture);
	tool_await(&tool, "is running");
	usual_path(&tool, "xsk-bench");
	ask("openmetrics\n");
	keep(file, size, name);
	tool_end(&tool, SIGINT);
}

Test(xsk_control, each_metric_is_in_the_page_and_none_is_there_that_is_not)
{
	char bench[PAGE_RUNS][64], vhost[64], guests[64], capture[64];

	scratch_path(guests, sizeof(guests), "page_guest");
	scratch_path(capture, sizeof(capture), "page.pcapng");
	for (int i = 0; i < PAGE_RUNS; i++)
		page_run(i, bench[i], sizeof(bench[i]), capture);
	tool_start(&tool, XSK_VHOST " -i v0 --keep type:0x88cc,tcp:22 --socket %s", guests);
	tool_await(&tool, "waits for a front end");
	usual_path(&tool, "xsk-vhost");
	vhost_guest_open(&guest, RING, FEATURES);
	vhost_guest_connect(&guest, guests);
	vhost_guest_start(&guest);
	do
		ask("openmetrics\n");
	while (sample("net_xdp_devices_pairs_running{") != 1);
	vhost_guest_stop(&guest);
	vhost_guest_close(&guest);
	keep(vhost, sizeof(vhost), "page_vhost");
	tool_end(&tool, SIGTERM);
	cr_assert_eq(TOOL_RUN(&tool, "/usr/bin/python3", NET_XDP_SOURCE "/tests/docs/metrics",
			      NET_XDP_SOURCE "/docs/inspecting.md", bench[0], bench[1], bench[2],
			      bench[3], vhost),
		     0, "%s%s", tool.out, tool.err);
	for (int i = 0; i < PAGE_RUNS; i++)
		unlink(bench[i]);
	unlink(vhost);
	unlink(capture);
}

/* ---- Clients, ends ---------------------------------------------------------------------------- */

Test(xsk_control, clients_that_mean_no_good_do_not_disturb_a_run)
{
	int fds[60];

	tool_start(&tool, XSK_BENCH " rx -i v0 -t 0 --json");
	tool_await(&tool, "is running");
	usual_path(&tool, "xsk-bench");
	tool_start(&sender, XSK_BENCH " tx -i v1 --count 40000 --rate 20k");
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 14; i++) {
			fds[i] = connect_to();
			if (i % 3)
				cr_assert_eq(write(fds[i], i % 3 == 1 ? "json\n" : "jso", 3), 3);
		}
		ask("help\n");
		for (int i = 0; i < 14; i++)
			close(fds[i]);
	}
	cr_assert_eq(tool_end(&sender, 0), 0, "%s", sender.err);
	sleep_ms(200);
	cr_assert_eq(tool_end(&tool, SIGINT), 0, "%s", tool.err);
	/* On a busy machine a veth drops some; that is counted. */
	cr_assert(tool_number(tool.out, "\"totals\"", "good") >= 1000, "%s", tool.out);
	SHOWS("\"adds_up\": true");
}

Test(xsk_control, a_killed_run_is_followed_by_another_at_the_same_path)
{
	scratch_path(path, sizeof(path), "killed.sock");
	for (int i = 0; i < 3; i++) {
		tool_start(&tool, XSK_BENCH " rx -i v0 -t 0 --control %s", path);
		tool_await(&tool, "is running");
		ask("help\n");
		tool_end(&tool, SIGKILL);
		cr_assert_eq(access(path, F_OK), 0);
	}
	cr_assert_eq(tool_run(&tool, XSK_BENCH " rx -i v0 -t 0.2 --control %s", path), 0, "%s",
		     tool.err);
	cr_assert(access(path, F_OK) && errno == ENOENT);
}

Test(xsk_control, two_runs_do_not_share_a_path_and_off_means_none)
{
	struct stat s;

	scratch_path(path, sizeof(path), "shared.sock");
	tool_start(&tool, XSK_BENCH " rx -i v0 -t 0 --control %s", path);
	tool_await(&tool, "is running");
	cr_assert_eq(tool_run(&other, XSK_BENCH " rx -i v1 -t 0.2 --control %s", path), 1);
	cr_assert(strstr(other.err, "control: somebody listens at"), "%s", other.err);
	tool_start(&other, XSK_BENCH " rx -i v1 -t 0 --control off");
	tool_await(&other, "is running");
	usual_path(&other, "xsk-bench");
	cr_assert(stat(path, &s) && errno == ENOENT);
	tool_end(&other, SIGTERM);
	tool_end(&tool, SIGTERM);
	cr_assert_eq(tool_run(&tool, XSK_BENCH " rx -i v0 -t 0.2 --control /nowhere/at/all"), 1);
	SAYS("control: /nowhere/at/all cannot be made: No such file or directory");
}

/* The usual place cannot be had: one line, and the run goes on. */
Test(xsk_control, without_a_place_a_run_goes_on)
{
	tool.filter = (struct tool_filter){.call = SYS_mkdir, .argument = -1, .error = EROFS};
	cr_assert_eq(tool_run(&tool, XSK_BENCH " rx -i v0 -t 0.2"), 0, "%s", tool.err);
	SAYS("nobody can look into this run: /run/net_xdp cannot be made (Read-only file system): let "
	     "the program write there (systemd: RuntimeDirectory=net_xdp), or give another path; "
	     "--control off for no such line");
	cr_assert_eq(tool_run(&tool, XSK_BENCH " rx -i v0 -t 0.2 --control off"), 0, "%s",
		     tool.err);
	SILENT("nobody can look");
}

/* ---- xsk-vhost -------------------------------------------------------------------------------- */

Test(xsk_control, xsk_vhost_tells_its_guests_while_they_come_and_go)
{
	struct virtio_net_hdr_v1 header = {0};
	uint8_t frame[LEN];
	char guests[64];
	struct peer peer;

	scratch_path(guests, sizeof(guests), "control_guest");
	peer_open(&peer, "v1");
	tool_start(&tool, XSK_VHOST " -i v0 --socket %s --json", guests);
	tool_await(&tool, "waits for a front end");
	usual_path(&tool, "xsk-vhost");
	for (uint32_t round = 1; round <= 3; round++) {
		ask("json\n");
		cr_assert(tool_is_json(text), "%s", text);
		cr_assert(strstr(text, "\"connected\": false") != NULL, "%s", text);
		vhost_guest_open(&guest, RING, FEATURES);
		vhost_guest_connect(&guest, guests);
		vhost_guest_start(&guest);
		frame_plain(frame, LEN, 1);
		for (int i = 0; i < FRAMES; i++) {
			vhost_guest_sent(&guest, vhost_guest_send(&guest, &header, frame, LEN, 1));
			peer_expect(&peer, frame, LEN, GUEST_WAIT_MS);
		}
		ask("openmetrics\n");
		openmetrics_check(text);
		cr_assert_eq(sample("net_xdp_devices_connected{"), 1, "%s", text);
		cr_assert_eq(sample("net_xdp_devices_pairs_guest_tx_packets_total{"),
			     round * FRAMES, "%s", text);
		cr_assert_eq(sample("net_xdp_tx_direct_packets_total{"), FRAMES, "%s", text);
		if (round == 3)
			expect_no_stall();
		vhost_guest_stop(&guest);
		vhost_guest_close(&guest);
		while (ask("json\n"), !strstr(text, "\"connected\": false"))
			sleep_ms(10);
	}
	ask("openmetrics\n");
	cr_assert_eq(sample("net_xdp_devices_pairs_interface_tx_direct_packets_total{"),
		     3 * FRAMES);
	cr_assert_eq(tool_end(&tool, SIGTERM), 0, "%s", tool.err);
	cr_assert_eq(tool_number(tool.out, "\"interface\"", "tx_direct"), 3 * FRAMES);
	cr_assert(access(path, F_OK) && errno == ENOENT);
}
