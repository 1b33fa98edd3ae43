// SPDX-License-Identifier: BSD-2-Clause
#include "support/vhost_rig.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/fixture.h"
#include "support/netns.h"

static char paths[RIG_DEVICES][64];
static unsigned int fds_before;

static struct device_options options_of(uint32_t device, const char *ifname)
{
	snprintf(paths[device], sizeof(paths[device]), "/tmp/vhost_rig.%d.%u", getpid(), device);
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

uint64_t vhost_rig_counter(const struct vhost_rig *r, uint32_t device, uint32_t counter)
{
	struct net_xdp_stats stats;

	device_pair_stats(&r->devices[device], 0, &stats);
	return stats.value[counter];
}
