// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench and xsk-vhost are killed at random moments, and another one begins at once: it must begin, and what is
 * left of the last one must be nothing. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "net_xdp_device.h"
#include "soak/soak.h"
#include "support/footprint.h"
#include "support/frontend.h"
#include "support/netns.h"
#include "support/peer.h"
#include "support/tool.h"
#include "support/vhost_guest.h"

enum { RING = 64, LEN = 200, WHOLE_EVERY = 10, MOMENT_MS = 250, LISTEN_MS = 10000 };
#define FEATURES (1ull << 32 | 1ull << 29 | 1ull << 28 | 1ull << 15)

static const char path[] = "/run/soak-vhost";
static struct tool tool;
static struct vhost_guest guest;
static struct peer peer;
static uint8_t frame[LEN];

struct tally {
	uint64_t kills, left, failed, leases, sockets; /* the last two: waited for the next one */
};

static void tell(const struct soak *s, struct tally *t, uint64_t *of, const char *what)
{
	fprintf(stderr,
		"FINDING at kill %" PRIu64 ": %s; to see it again: sudo tools/soak --kills %" PRIu64
		" --seed %" PRIu64 "\n",
		t->kills, what, t->kills + 1, s->seed);
	++*of;
}

/* Kill it; one that had ended by itself before is a start that failed. */
static void end(const struct soak *s, struct tally *t)
{
	int status = tool_end(&tool, SIGKILL);
	unsigned int sockets = footprint_control_sockets();

	if (status != 128 + SIGKILL) {
		fprintf(stderr, "%s\n", tool.err);
		tell(s, t, &t->failed, "it did not begin");
	}
	if (world_has_program(0, 2000))
		tell(s, t, &t->left, "the XDP program was left");
	t->leases += footprint_leases();
	t->sockets += sockets;
	if (sockets > 1)
		tell(s, t, &t->left, "control sockets of those before were left");
	t->kills++;
}

/* Frames keep coming all the time. */
static pid_t start_flood(void)
{
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		peer_send(&peer, frame, LEN);
		usleep(50);
	}
}

/* It changes the NAPI and keeps a lease for that, which whoever kills it leaves to the next one. */
static void start_bench(const struct soak *s)
{
	tool_start(&tool, "%s rx -i v0 --duration 0 --napi-defer 2 --napi-flush 20 --json",
		   s->bench);
}

static bool is_deferred(void)
{
	struct net_xdp_device_queue q;
	struct net_error err;

	cr_assert(net_xdp_device_queue_query("v0", 0, &q, &err) == 0 && q.has_deferral, "%s",
		  err.message);
	return q.napi_defer_hard_irqs || q.gro_flush_timeout_ns;
}

/* What the killed ones had changed is put back then. */
static void end_in_order(const struct soak *s, struct tally *t)
{
	tool_await(&tool, "is running");
	frontend_sleep_ms(20);
	if (tool_end(&tool, SIGTERM) != 0)
		tell(s, t, &t->failed, tool.err);
	if (footprint_leases() || is_deferred() || world_has_program(0, 0) ||
	    footprint_control_sockets())
		tell(s, t, &t->left,
		     "a lease, a changed NAPI, a program or a control socket was left");
}

/* Each tenth has its time, and ends in order. */
static void kill_bench(struct soak *s, struct tally *t)
{
	start_bench(s);
	if (t->kills % WHOLE_EVERY == 0) {
		end_in_order(s, t);
		t->kills++;
		return;
	}
	frontend_sleep_ms((int)frame_random_below(&s->random, MOMENT_MS));
	end(s, t);
}

static bool listens(void)
{
	for (int i = 0; i < LISTEN_MS; i++) {
		if (tool.pid && access(path, F_OK) == 0)
			return true;
		frontend_sleep_ms(1);
	}
	return false;
}

static void be_served(void)
{
	struct virtio_net_hdr_v1 header = {0};

	vhost_guest_open(&guest, RING, FEATURES);
	vhost_guest_connect(&guest, path);
	vhost_guest_start(&guest);
	vhost_guest_post(&guest, RING);
	vhost_guest_send(&guest, &header, frame, LEN, 1);
	frontend_sleep_ms(2);
}

/* At a moment of its start, or with a guest that is served. */
static void kill_vhost(struct soak *s, struct tally *t)
{
	tool_start(&tool, "%s -i v0 --socket %s --json", s->vhost, path);
	if (frame_random_below(&s->random, 2)) {
		frontend_sleep_ms((int)frame_random_below(&s->random, MOMENT_MS));
		end(s, t);
	} else {
		tool_await(&tool, "waits for a front end");
		cr_assert(listens(), "xsk-vhost does not listen");
		be_served();
		end(s, t);
		vhost_guest_close(&guest);
	}
	unlink(path);
}

static void print(const struct soak *s, const struct tally *t, bool json)
{
	double seconds = (double)(frontend_now_ms() - s->began_ms) / 1000;

	if (json)
		printf("{\n  \"seed\": %" PRIu64 ",\n  \"seconds\": %.1f,\n  \"kills\": %" PRIu64
		       ",\n  \"leases_that_waited\": %" PRIu64
		       ",\n  \"sockets_that_waited\": %" PRIu64 ",\n  \"left_behind\": %" PRIu64
		       ",\n  \"failed_restarts\": %" PRIu64 ",\n  \"exit_code\": %d\n}\n",
		       s->seed, seconds, t->kills, t->leases, t->sockets, t->left, t->failed,
		       t->left || t->failed);
	else
		printf("%" PRIu64 " kills in %.0f s (seed %" PRIu64 "): %" PRIu64
		       " left something behind, %" PRIu64 " restarts failed; %" PRIu64
		       " times a lease and %" PRIu64
		       " times a control socket waited for the next one\n",
		       t->kills, seconds, s->seed, t->left, t->failed, t->leases, t->sockets);
}

int kills_run(struct soak *s, uint64_t count, bool json)
{
	struct tally t = {0};
	int64_t told = frontend_now_ms();
	pid_t flood;

	world_open();
	peer_open(&peer, "v1");
	frame_plain(frame, LEN, 1);
	memset(frame, 0xff, 6);
	flood = start_flood();
	while (t.kills < count && !soak_interrupted()) {
		if (t.kills % 2 == 0 || !s->vhost)
			kill_bench(s, &t);
		else
			kill_vhost(s, &t);
		if (frontend_now_ms() - told >= 5000) {
			told = frontend_now_ms();
			fprintf(stderr, "%" PRIu64 " of %" PRIu64 " kills\n", t.kills, count);
		}
	}
	kill(flood, SIGKILL);
	waitpid(flood, NULL, 0);
	start_bench(s);
	end_in_order(s, &t);
	peer_close(&peer);
	world_close();
	print(s, &t, json);
	return t.left || t.failed;
}
