// SPDX-License-Identifier: BSD-2-Clause
/* xsk-vhost's devices while guests come, go and lie, and while interfaces do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/vhost_rig.h"

TestSuite(vhost_life, .timeout = 120);

enum { RING = 128, MTU = 1500, FRAMES = 200 };

#define BIT(feature) (1ull << (feature))
#define FEATURES     (BIT(32) | BIT(29) | BIT(28) | BIT(16) | BIT(15))
#define LINK_UP	     1u

static struct vhost_rig rig;
static struct vhost_guest guest, other;
static uint8_t frame[1514], got[FRAME_MAX_BYTES];

static void join(struct vhost_guest *g, uint32_t device)
{
	vhost_guest_open(g, RING, FEATURES);
	vhost_guest_connect(g, rig.opt[device].socket_path);
	vhost_guest_start(g);
}

/* Frames go through both ways, from a moment on. */
static void expect_traffic(struct vhost_guest *g, struct peer *peer)
{
	struct virtio_net_hdr_v1 header = {0};
	bool there = false, back = false;

	vhost_guest_post(g, RING);
	frame_plain(frame, 300, 77);
	for (int i = 0; i < 500 && !there; i++) {
		peer_send(peer, frame, 300);
		there = vhost_guest_receive(g, &header, got, sizeof(got), 10);
	}
	cr_assert(there, "nothing arrives at the guest");
	memset(&header, 0, sizeof(header));
	peer_drain(peer);
	vhost_guest_sent(g, vhost_guest_send(g, &header, frame, 300, 2));
	for (int i = 0; i < 100 && !back; i++)
		back = peer_receive(peer, got, sizeof(got), 50) == 300;
	cr_assert(back, "nothing comes from the guest");
}

static void begin(void)
{
	vhost_rig_enter(&rig, 1, MTU);
	vhost_rig_start(&rig);
	join(&guest, 0);
	expect_traffic(&guest, &rig.peer);
}

static void end(void)
{
	vhost_guest_stop(&guest);
	vhost_guest_close(&guest);
	vhost_rig_stop(&rig);
}

static void flood(int frames)
{
	for (int i = 0; i < frames; i++)
		peer_send(&rig.peer, frame, sizeof(frame));
}

/* While frames come the guest's memory stays as it is, but for what the test itself does. */
static void expect_untouched(struct vhost_guest *g)
{
	uint8_t *before = malloc(g->bytes);

	memcpy(before, g->memory, g->bytes);
	frame_plain(frame, sizeof(frame), 5);
	flood(FRAMES);
	usleep(20000);
	cr_assert_eq(memcmp(before, g->memory, g->bytes), 0, "the guest's memory was written");
	free(before);
}

/* When SET_VRING_ENABLE(0) is answered nothing is written any more: virtio_uml frees its rings then. */
Test(vhost_life, a_disabled_ring_is_not_touched)
{
	begin();
	for (int i = 0; i < 5; i++) {
		flood(RING / 4); /* buffers are left */
		vhost_guest_enable(&guest, false);
		expect_untouched(&guest);
		vhost_guest_enable(&guest, true);
		expect_traffic(&guest, &rig.peer);
	}
	end();
}

Test(vhost_life, a_stopped_ring_is_not_touched_and_goes_on_where_it_was)
{
	begin();
	for (int i = 0; i < 5; i++) {
		flood(RING / 4); /* buffers are left */
		vhost_guest_stop(&guest);
		expect_untouched(&guest);
		vhost_guest_start(&guest);
		expect_traffic(&guest, &rig.peer);
	}
	end();
}

/* Packets that the interface does not send are the guest's again at the stop. */
Test(vhost_life, a_stop_gives_back_packets_that_wait)
{
	struct virtio_net_hdr_v1 header = {0};

	begin();
	netns_down("v0");
	for (int i = 0; i < 20; i++)
		vhost_guest_send(&guest, &header, frame, 300, 2);
	usleep(50000);
	cr_assert_geq(guest.driver[GUEST_TX].outstanding, 20);
	vhost_guest_stop(&guest);
	cr_assert_eq(guest.driver[GUEST_TX].outstanding, 0);
	netns_up("v0");
	vhost_guest_start(&guest);
	expect_traffic(&guest, &rig.peer);
	end();
}

/* Nobody in this process has the guest's memory any more. */
static void expect_unmapped(void)
{
	char line[512];
	bool mapped = true;

	for (int i = 0; i < 1000 && mapped; i++) {
		FILE *maps = fopen("/proc/self/maps", "re");

		cr_assert_not_null(maps);
		mapped = false;
		while (fgets(line, sizeof(line), maps))
			mapped |= strstr(line, "memfd:guest") != NULL;
		fclose(maps);
		usleep(1000);
	}
	cr_assert_not(mapped, "the memory of a guest that went is still mapped");
}

/* The monitor is killed while frames come: its memory is let go, and the next one is served. */
Test(vhost_life, a_front_end_that_vanishes_is_followed_by_another)
{
	begin();
	for (int i = 0; i < 10; i++) {
		flood(RING / 4); /* buffers are left */
		vhost_guest_disconnect(&guest);
		vhost_guest_close(&guest);
		expect_unmapped();
		join(&guest, 0);
		expect_traffic(&guest, &rig.peer);
	}
	end();
	cr_assert_eq(rig.devices[0].front_ends, 11);
}

/* QEMU changes call descriptors at any time. */
Test(vhost_life, descriptors_are_exchanged_under_traffic)
{
	begin();
	for (uint32_t i = 0; i < 50; i++) {
		cr_assert_eq(vhost_guest_ask_u64(&guest, 13, i % 2, guest.call[i % 2]), 0);
		cr_assert_eq(vhost_guest_ask_u64(&guest, 12, i % 2, guest.kick[i % 2]), 0);
		if (i % 10 == 0)
			expect_traffic(&guest, &rig.peer);
	}
	end();
	cr_assert_eq(rig.devices[0].pairs[0].starts, 1, "the queue was made anew for that");
}

Test(vhost_life, a_memory_table_told_again_changes_nothing)
{
	begin();
	for (int i = 0; i < 5; i++) {
		flood(RING / 4); /* buffers are left */
		vhost_guest_set_memory(&guest);
		expect_traffic(&guest, &rig.peer);
	}
	end();
}

/* Link, as the guest is told: by its configuration space, and by a message that this has changed. */
static uint32_t link_status(void)
{
	struct {
		uint32_t offset, size, flags;
		uint8_t space[8];
	} config = {0, 8, 0, {0}};
	struct front_message m = {.request = 24, .flags = FRONT_VERSION, .size_bytes = 20};

	memcpy(m.payload, &config, sizeof(config));
	front_send(guest.socket, &m);
	for (int i = 0; i < 1000 && front_receive(guest.socket, &m) != 1; i++)
		usleep(1000);
	cr_assert_eq(m.size_bytes, 20);
	return m.payload[12 + 6] & LINK_UP;
}

static void expect_link(uint32_t want)
{
	struct front_message m;
	bool told = false;

	for (int i = 0; i < 3000 && link_status() != want; i++)
		usleep(1000);
	cr_assert_eq(link_status(), want);
	for (int i = 0; i < 1000 && !told; i++) {
		told = front_receive(guest.back[0], &m) == 1;
		usleep(1000);
	}
	cr_assert(told && m.request == 2, "no CONFIG_CHANGE_MSG");
}

Test(vhost_life, the_guests_link_follows_the_interface)
{
	begin();
	for (int i = 0; i < 3; i++) {
		netns_run("ip link set v0 down");
		expect_link(0);
		netns_run("ip link set v0 up");
		expect_link(LINK_UP);
		expect_traffic(&guest, &rig.peer);
	}
	end();
}

Test(vhost_life, an_interface_that_went_is_taken_again_when_it_is_back)
{
	begin();
	for (int i = 0; i < 2; i++) {
		peer_close(&rig.peer);
		netns_run("ip link del v0");
		expect_link(0);
		netns_veth("v0", "v1", 1, MTU);
		peer_open(&rig.peer, "v1");
		expect_link(LINK_UP);
		expect_traffic(&guest, &rig.peer);
	}
	end();
}

/* A guest that lies breaks its ring, is told so, and may set it up anew; the neighbour notices nothing. */
Test(vhost_life, a_lie_breaks_one_ring_and_nothing_else)
{
	struct peer peer;

	vhost_rig_enter(&rig, 1, MTU);
	vhost_rig_add(&rig);
	peer_open(&peer, "w1");
	vhost_rig_start(&rig);
	join(&other, 1);
	expect_traffic(&other, &peer);
	for (uint32_t lie = 0; lie < FAKE_LIES; lie++)
		for (uint32_t ring = 0; ring < 2; ring++) {
			/* Its chain is no receive buffer: it is given back at once, and may come again. */
			if (lie == FAKE_LIE_HEAD_TWICE && ring == GUEST_RX)
				continue;
			join(&guest, 0);
			fake_driver_lie(&guest.driver[ring], lie);
			eventfd_write(guest.kick[ring], 1);
			cr_assert(vhost_guest_wait(guest.error[ring], GUEST_WAIT_MS), "%s",
				  fake_lie_name(lie));
			vhost_guest_close(&guest);
			if (lie % 5 == 0)
				expect_traffic(&other, &peer);
		}
	join(&guest, 0);
	expect_traffic(&guest, &rig.peer);
	expect_traffic(&other, &peer);
	vhost_guest_stop(&other);
	vhost_guest_close(&other);
	end();
	cr_assert_eq(rig.devices[0].broken_rings, 2 * FAKE_LIES - 1);
	cr_assert_eq(rig.devices[1].broken_rings, 0);
}

/* The driver resets its device after that, and is served again on the same connection. */
Test(vhost_life, a_broken_ring_that_is_set_up_anew_works)
{
	begin();
	for (uint32_t ring = 0; ring < 2; ring++) {
		fake_driver_lie(&guest.driver[ring], FAKE_LIE_AVAIL_JUMP);
		eventfd_write(guest.kick[ring], 1);
		cr_assert(vhost_guest_wait(guest.error[ring], GUEST_WAIT_MS));
		vhost_guest_reset(&guest);
		vhost_guest_start(&guest);
		expect_traffic(&guest, &rig.peer);
	}
	end();
	cr_assert_eq(rig.devices[0].broken_rings, 2);
}

/* Words of the rings and of the descriptors are overwritten while frames come: nothing outside the guest is touched,
 * and the device goes on with the next guest. */
Test(vhost_life, a_thousand_random_lies_are_survived)
{
	struct frame_random random = frame_random(11);
	struct virtio_net_hdr_v1 header = {0};

	vhost_rig_enter(&rig, 1, MTU);
	vhost_rig_start(&rig);
	frame_plain(frame, sizeof(frame), 1);
	for (int i = 0; i < 50; i++) {
		join(&guest, 0);
		vhost_guest_post(&guest, RING / 2);
		for (int k = 0; k < 10; k++)
			vhost_guest_send(&guest, &header, frame, sizeof(frame), 3);
		for (int k = 0; k < 20; k++) {
			fake_driver_scribble(&guest.driver[k % 2], &random);
			eventfd_write(guest.kick[k % 2], 1);
			peer_send(&rig.peer, frame, sizeof(frame));
		}
		link_status(); /* the control thread answers */
		vhost_guest_close(&guest);
		peer_drain(&rig.peer);
	}
	join(&guest, 0);
	expect_traffic(&guest, &rig.peer);
	end();
}
