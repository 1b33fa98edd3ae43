// SPDX-License-Identifier: BSD-2-Clause
/* xsk-vhost as it is started: a guest comes and goes, a signal ends it, and its document says what was. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/peer.h"
#include "support/scratch.h"
#include "support/tool.h"
#include "support/vhost_guest.h"

TestSuite(vhost_program, .timeout = 60);

enum { RING = 64, FRAMES = 100, LEN = 200 };

#define BIT(feature) (1ull << (feature))
#define FEATURES     (BIT(32) | BIT(29) | BIT(28) | BIT(15))

static struct tool tool;
static struct vhost_guest guest;
static struct peer peer;
static uint8_t frame[LEN];
static char path[64], line[1024];

static void prepare(void)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	peer_open(&peer, "v1");
	scratch_path(path, sizeof(path), "vhost_program");
}

/* A guest that sends, and leaves in order. */
static void be_a_guest(void)
{
	struct virtio_net_hdr_v1 header = {0};

	vhost_guest_open(&guest, RING, FEATURES);
	vhost_guest_connect(&guest, path);
	vhost_guest_start(&guest);
	frame_plain(frame, LEN, 1);
	for (int i = 0; i < FRAMES; i++) {
		vhost_guest_sent(&guest, vhost_guest_send(&guest, &header, frame, LEN, 1));
		peer_expect(&peer, frame, LEN, GUEST_WAIT_MS);
	}
	vhost_guest_stop(&guest);
	vhost_guest_close(&guest);
	tool_await(&tool, "front end disconnected");
}

static void expect_document(void)
{
	cr_assert(tool_is_json(tool.out), "%s", tool.out);
	cr_assert_eq(tool_number(tool.out, "", "front_ends"), 1);
	cr_assert_eq(tool_number(tool.out, "", "broken_rings"), 0);
	cr_assert_eq(tool_number(tool.out, "\"guest\"", "tx_packets"), FRAMES);
	cr_assert_eq(tool_number(tool.out, "\"interface\"", "tx_direct"), FRAMES);
	cr_assert_eq(tool_number(tool.out, "", "exit_code"), 0);
}

Test(vhost_program, a_guest_is_served_until_a_signal_comes)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

	prepare();
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		tool_start(&tool, "%s -i v0 --socket %s --json", XSK_VHOST, path);
		tool_await(&tool, "waits for a front end");
		be_a_guest();
		cr_assert_eq(tool_end(&tool, signals[i]), 0, "%s", tool.err);
		expect_document();
		cr_assert_eq(access(path, F_OK), -1, "the socket was left");
		cr_assert_eq(netns_program_id("v0"), 0, "the program was left");
	}
}

/* Whoever is killed leaves a socket that nobody listens at; the next one takes its place. */
Test(vhost_program, a_killed_one_is_followed_by_another)
{
	prepare();
	for (int i = 0; i < 3; i++) {
		tool_start(&tool, "%s -i v0 --socket %s --json", XSK_VHOST, path);
		tool_await(&tool, "waits for a front end");
		cr_assert_eq(tool_end(&tool, SIGKILL), 128 + SIGKILL);
		cr_assert_eq(access(path, F_OK), 0);
	}
	tool_start(&tool, "%s -i v0 --socket %s --json", XSK_VHOST, path);
	tool_await(&tool, "waits for a front end");
	be_a_guest();
	cr_assert_eq(tool_end(&tool, SIGTERM), 0, "%s", tool.err);
	expect_document();
}

Test(vhost_program, a_socket_of_systemds_is_taken_and_stays)
{
	prepare();
	snprintf(line, sizeof(line),
		 "import os, socket\n"
		 "s = socket.socket(socket.AF_UNIX)\n"
		 "s.bind('%s')\n"
		 "s.listen(1)\n"
		 "os.dup2(s.fileno(), 3)\n"
		 "os.set_inheritable(3, True)\n"
		 "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n"
		 "os.execv('%s', '%s -i v0 --socket %s --json'.split())\n",
		 path, XSK_VHOST, XSK_VHOST, path);
	tool_start_words(&tool, (const char *const[]){"/usr/bin/env", "python3", "-c", line, NULL});
	tool_await(&tool, "waits for a front end");
	be_a_guest();
	cr_assert_eq(tool_end(&tool, SIGTERM), 0, "%s", tool.err);
	expect_document();
	cr_assert_eq(access(path, F_OK), 0, "systemd's socket was removed");
	unlink(path);
}

/* Those that are handed to another process are not ours. */
Test(vhost_program, a_socket_that_is_meant_for_another_process_is_not_taken)
{
	prepare();
	snprintf(line, sizeof(line), "LISTEN_PID=1 LISTEN_FDS=1 exec %s -i v0 --socket %s --json",
		 XSK_VHOST, path);
	tool_start_words(&tool, (const char *const[]){"/bin/sh", "-c", line, NULL});
	tool_await(&tool, "waits for a front end");
	be_a_guest();
	cr_assert_eq(tool_end(&tool, SIGTERM), 0, "%s", tool.err);
	expect_document();
}

Test(vhost_program, help_version_and_usage_have_their_exit_codes)
{
	netns_enter();
	cr_assert_eq(tool_run(&tool, "%s --help", XSK_VHOST), 0);
	cr_assert(strstr(tool.out, "--socket PATH"));
	cr_assert_leq(tool_width(tool.out), 80);
	cr_assert_eq(tool_run(&tool, "%s --version", XSK_VHOST), 0);
	cr_assert(strstr(tool.out, "xsk-vhost 0."));
	cr_assert_eq(tool_run(&tool, "%s -i v0", XSK_VHOST), 2);
	cr_assert(tool_says(tool.err, "--socket: the path of the device's socket is missing"));
	cr_assert(tool_says(tool.err, "try 'xsk-vhost --help'"));
	cr_assert_eq(tool_run(&tool, "%s --wat --json", XSK_VHOST), 2);
	cr_assert(tool_is_json(tool.out), "%s", tool.out);
	cr_assert_eq(tool_number(tool.out, "", "exit_code"), 2);
}

Test(vhost_program, a_table_is_printed_for_people)
{
	prepare();
	tool_start(&tool, "%s -i v0 --socket %s", XSK_VHOST, path);
	tool_await(&tool, "waits for a front end");
	be_a_guest();
	cr_assert_eq(tool_end(&tool, SIGTERM), 0);
	cr_assert(tool_says(tool.out, "interface pair mode to guest copied from guest copied bad"));
	cr_assert(tool_says(tool.out, "v0 0 copy 0 0 100 0 0"), "%s", tool.out);
	cr_assert_leq(tool_width(tool.out), 80);
	tool_start(&tool, "%s -i v0 --socket %s --quiet", XSK_VHOST, path);
	for (int i = 0; i < 1000 && access(path, F_OK); i++)
		usleep(1000);
	cr_assert_eq(tool_end(&tool, SIGTERM), 0);
	cr_assert_str_empty(tool.out);
	cr_assert_str_empty(tool.err);
}
