// SPDX-License-Identifier: BSD-2-Clause
/* xsk-vhost is killed under traffic, and its successor goes on: the front end keeps which heads were in flight. */
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/vhost_rig.h"

TestSuite(vhost_crash, .timeout = 120);

enum { RING = 64, MTU = 1500, KILLS = 50, LEN = 200 };

#define BIT(feature) (1ull << (feature))
#define FEATURES     (BIT(32) | BIT(29) | BIT(28) | BIT(15))

static struct vhost_rig rig;
static struct vhost_guest guest;
static uint8_t frame[LEN], got[FRAME_MAX_BYTES];
static pid_t daemon_pid;

/* A device in a process of its own. */
static void start_daemon(void)
{
	daemon_pid = fork();
	cr_assert(daemon_pid >= 0);
	if (daemon_pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (device_open(&rig.devices[0], &rig.opt[0], -1, true, &rig.err))
		_exit(1);
	loop_run(rig.devices, 1, eventfd(0, 0), false, &rig.err);
	_exit(0);
}

static void kill_daemon(void)
{
	kill(daemon_pid, SIGKILL);
	waitpid(daemon_pid, NULL, 0);
}

static void await_daemon(void)
{
	for (int i = 0; i < 5000; i++) {
		int fd = listener_connect(rig.opt[0].socket_path);

		if (fd >= 0) {
			close(fd);
			return;
		}
		usleep(1000);
	}
	cr_assert_fail("the daemon does not listen");
}

struct inflight {
	uint64_t size, offset;
	uint16_t queues, ring_size;
} __attribute__((packed));

static struct inflight inflight = {0, 0, 2, RING};
static int inflight_fd = -1;

/* Ask the first device for the area, and hand it to those that follow. */
static void exchange_inflight(void)
{
	struct front_message m = {
		.request = 31, .flags = FRONT_VERSION, .size_bytes = sizeof(inflight)};

	if (inflight_fd >= 0) {
		cr_assert_eq(vhost_guest_ask(&guest, 32, &inflight, sizeof(inflight), inflight_fd),
			     0);
		return;
	}
	memcpy(m.payload, &inflight, sizeof(inflight));
	front_send(guest.socket, &m);
	for (int i = 0; i < 1000 && front_receive(guest.socket, &m) != 1; i++)
		usleep(1000);
	cr_assert_eq(m.fd_count, 1);
	inflight_fd = m.fds[0];
	memcpy(&inflight, m.payload, sizeof(inflight));
}

static void join(void)
{
	await_daemon();
	vhost_guest_connect(&guest, rig.opt[0].socket_path);
	vhost_guest_set_memory(&guest);
	exchange_inflight();
	vhost_guest_set_ring(&guest, GUEST_RX);
	vhost_guest_set_ring(&guest, GUEST_TX);
	vhost_guest_enable(&guest, true);
}

/* Packets and frames until the guest has as many on their way as it likes; what comes back is checked by the driver. */
static void traffic(struct frame_random *random, uint32_t rounds)
{
	struct virtio_net_hdr_v1 header = {0};
	struct fake_used used;

	for (uint32_t i = 0; i < rounds; i++) {
		struct fake_driver *tx = &guest.driver[GUEST_TX];
		int rc;

		for (uint32_t k = frame_random_below(random, 4); k && tx->outstanding < RING / 2;
		     k--)
			vhost_guest_send(&guest, &header, frame, LEN, 1);
		for (uint32_t k = frame_random_below(random, 4); k; k--)
			peer_send(&rig.peer, frame, LEN);
		vhost_guest_receive(&guest, &header, got, sizeof(got), 0);
		while ((rc = fake_driver_collect(tx, &used)) == 1)
			;
		cr_assert_eq(rc, 0, "%s", tx->fault);
	}
}

/* Each head comes back once and only once: the driver knows which it has posted. */
Test(vhost_crash, a_killed_daemons_heads_come_back_once_from_its_successor)
{
	struct frame_random random = frame_random(21);
	uint64_t last;

	vhost_rig_enter(&rig, 1, MTU);
	frame_plain(frame, LEN, 1);
	start_daemon();
	vhost_guest_open(&guest, RING, FEATURES);
	join();
	vhost_guest_post(&guest, RING / 2);
	for (int i = 0; i < KILLS; i++) {
		traffic(&random, 20 + frame_random_below(&random, 200));
		kill_daemon();
		cr_assert_eq(netns_program_id("v0"), 0, "the XDP program was left");
		vhost_guest_disconnect(&guest);
		start_daemon();
		join();
		peer_drain(&rig.peer);
	}
	traffic(&random, 100);
	last = vhost_guest_send(&guest, &(struct virtio_net_hdr_v1){0}, frame, LEN, 1);
	vhost_guest_sent(&guest, last);
	vhost_guest_stop(&guest);
	vhost_guest_close(&guest);
	kill_daemon();
}
