// SPDX-License-Identifier: BSD-2-Clause
#include "support/vhost_rig.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/fixture.h"
#include "support/netns.h"
#include "support/scratch.h"

static char paths[RIG_DEVICES][64];
static unsigned int fds_before;

static struct device_options options_of(uint32_t device, const char *ifname)
{
	scratch_path(paths[device], sizeof(paths[device]), device ? "vhost_rig_1" : "vhost_rig_0");
	return (struct device_options){
		.socket_path = paths[device], .ifname = ifname, .pairs = 1, .promiscuous = true};
}

void vhost_rig_enter(struct vhost_rig *r, uint32_t queues, uint32_t mtu)
{
	fixture_enter(queues, mtu);
	r->opt[0] = options_of(0, "v0");
	r->opt[0].mode = fixture_mode();
	r->count = 1;
	peer_open(&r->peer, "v1");
}

void vhost_rig_add(struct vhost_rig *r)
{
	netns_veth("w0", "w1", 1, 1500);
	r->opt[1] = options_of(1, "w0");
	r->count = 2;
}

static void *serve(void *arg)
{
	struct vhost_rig *r = arg;

	loop_run(r->devices, r->count, r->stop_fd, false, &r->err);
	return NULL;
}

void vhost_rig_start(struct vhost_rig *r)
{
	fds_before = netns_open_fds();
	for (uint32_t i = 0; i < r->count; i++)
		cr_assert_eq(device_open(&r->devices[i], &r->opt[i], -1, true, &r->err), 0, "%s",
			     r->err.message);
	r->stop_fd = eventfd(0, EFD_CLOEXEC);
	cr_assert_eq(pthread_create(&r->thread, NULL, serve, r), 0);
}

void vhost_rig_stop(struct vhost_rig *r)
{
	eventfd_write(r->stop_fd, 1);
	pthread_join(r->thread, NULL);
	cr_assert_eq(r->err.code, 0, "%s", r->err.message);
	close(r->stop_fd);
	for (uint32_t i = 0; i < r->count; i++)
		device_close(&r->devices[i]);
	cr_assert_eq(netns_open_fds(), fds_before, "descriptors were left open");
	cr_assert_neq(access(r->opt[0].socket_path, F_OK), 0, "the socket's path was left");
	cr_assert_eq(netns_program_id("v0"), 0, "the XDP program was left");
}

uint64_t vhost_rig_counter(struct vhost_rig *r, uint32_t device, uint32_t counter)
{
	struct device_pair_told told;

	device_pair_tell(&r->devices[device], 0, &told);
	return told.stats.value[counter];
}

void vhost_rig_join(struct vhost_rig *r, struct vhost_guest *g, uint32_t device, uint32_t ring_size,
		    uint64_t features)
{
	vhost_guest_open(g, ring_size, features);
	vhost_guest_connect(g, r->opt[device].socket_path);
	vhost_guest_start(g);
}

void vhost_rig_expect_traffic(struct vhost_guest *g, struct peer *peer)
{
	struct virtio_net_hdr_v1 header = {0};
	uint8_t frame[300], got[FRAME_MAX_BYTES];
	bool there = false, back = false;

	vhost_guest_post(g, g->ring_size);
	frame_plain(frame, sizeof(frame), 77);
	for (int i = 0; i < 500 && !there; i++) {
		peer_send(peer, frame, sizeof(frame));
		there = vhost_guest_receive(g, &header, got, sizeof(got), 10);
	}
	cr_assert(there, "nothing arrives at the guest");
	memset(&header, 0, sizeof(header));
	peer_drain(peer);
	vhost_guest_sent(g, vhost_guest_send(g, &header, frame, sizeof(frame), 2));
	for (int i = 0; i < 100 && !back; i++)
		back = peer_receive(peer, got, sizeof(got), 50) == sizeof(frame);
	cr_assert(back, "nothing comes from the guest");
}

static double cpu_ms_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void vhost_rig_expect_idle(int for_ms, int cpu_ms)
{
	double before = cpu_ms_now(), used;

	usleep((useconds_t)for_ms * 1000);
	used = cpu_ms_now() - before;
	cr_assert(used <= cpu_ms, "%.0f ms of CPU in %d ms", used, for_ms);
}
