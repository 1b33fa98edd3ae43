// SPDX-License-Identifier: BSD-2-Clause
/* A guest on xsk-vhost, the program as it is started: each frame arrives, or a statistic of the device names it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "soak/soak.h"
#include "support/frontend.h"
#include "support/netns.h"
#include "support/peer.h"
#include "support/tool.h"
#include "support/vhost_guest.h"

enum { RING = 64, LEN = 200, SILENCE_MS = 60 };
#define FEATURES (1ull << 32 | 1ull << 29 | 1ull << 28 | 1ull << 15)

static const char path[] = "/run/soak-vhost";
static struct tool tool;
static struct vhost_guest guest;
static uint8_t frame[LEN], got[FRAME_MAX_BYTES];

static uint64_t receive_all(void)
{
	struct virtio_net_hdr_v1 header;
	uint64_t n = 0;

	while (vhost_guest_receive(&guest, &header, got, sizeof(got), SILENCE_MS)) {
		cr_assert(memcmp(got, frame, LEN) == 0, "a frame that nobody sent");
		n++;
	}
	return n;
}

static uint64_t dropped(void)
{
	return world_statistic("w0", "rx_dropped") + world_statistic("w1", "tx_dropped");
}

static void to_guest(struct soak *s, struct peer *peer)
{
	uint64_t before = dropped(), sent = 0, came = 0, lost;

	for (uint32_t rounds = 1 + frame_random_below(&s->random, 4); rounds; rounds--) {
		for (uint32_t n = frame_random_below(&s->random, 150); n; n--, sent++)
			peer_send(peer, frame, LEN);
		came += receive_all();
	}
	/* On a busy machine the daemon may not have run during a silence. */
	for (uint32_t waited = 0;; waited += SILENCE_MS) {
		lost = dropped() - before;
		if (sent == came + lost || waited >= GUEST_WAIT_MS)
			break;
		came += receive_all();
	}
	cr_assert(sent == came + lost,
		  "guest: %llu sent, %llu came, %llu named; sudo tools/soak --seed %llu",
		  (unsigned long long)sent, (unsigned long long)came, (unsigned long long)lost,
		  (unsigned long long)s->seed);
	s->guest_sent += sent;
	s->guest_received += came;
	s->guest_lost += lost;
}

static void from_guest(struct soak *s, struct peer *peer)
{
	struct virtio_net_hdr_v1 header = {0};

	for (uint32_t n = frame_random_below(&s->random, 200); n; n--) {
		vhost_guest_sent(&guest, vhost_guest_send(&guest, &header, frame, LEN, 1));
		peer_expect(peer, frame, LEN, GUEST_WAIT_MS);
		s->guest_sent++;
		s->guest_received++;
	}
}

void guest_step(struct soak *s)
{
	struct peer peer;

	netns_veth("w0", "w1", 1, 1500);
	peer_open(&peer, "w1");
	frame_plain(frame, LEN, 1);
	memset(frame, 0xff, 6); /* to everybody: the device takes its own station's frames only */
	tool_start(&tool, "%s -i w0 --socket %s --json", s->vhost, path);
	tool_await(&tool, "waits for a front end");
	vhost_guest_open(&guest, RING, FEATURES);
	vhost_guest_connect(&guest, path);
	vhost_guest_start(&guest);
	vhost_guest_post(&guest, RING);
	vhost_guest_sent(&guest,
			 vhost_guest_send(&guest, &(struct virtio_net_hdr_v1){0}, frame, LEN, 1));
	peer_expect(&peer, frame, LEN, GUEST_WAIT_MS);
	to_guest(s, &peer);
	from_guest(s, &peer);
	vhost_guest_stop(&guest);
	vhost_guest_close(&guest);
	cr_assert(tool_end(&tool, SIGTERM) == 0, "xsk-vhost ended with %d: %s", tool.status,
		  tool.err);
	cr_assert(access(path, F_OK) != 0, "xsk-vhost left its socket");
	cr_assert(netns_program_id("w0") == 0, "xsk-vhost left its program");
	peer_close(&peer);
	netns_run("ip link del w0");
}
