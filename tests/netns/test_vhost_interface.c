// SPDX-License-Identifier: BSD-2-Clause
/* The interface goes, and another of its name comes, with a guest there and without one. */
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/foreign.h"
#include "support/netns.h"
#include "support/vhost_rig.h"

TestSuite(vhost_interface, .timeout = 60);

enum { RING = 64, MTU = 1500 };

#define BIT(feature) (1ull << (feature))
#define FEATURES     (BIT(32) | BIT(29) | BIT(28) | BIT(16) | BIT(15))

static struct vhost_rig rig;
static struct vhost_guest guest;

static void make_interface_anew(uint32_t gone_ms)
{
	peer_close(&rig.peer);
	netns_run("ip link del v0");
	usleep(gone_ms * 1000);
	netns_veth("v0", "v1", 1, MTU);
	peer_open(&rig.peer, "v1");
}

static void end(void)
{
	vhost_guest_stop(&guest);
	vhost_guest_close(&guest);
	vhost_rig_stop(&rig);
}

/* Once for --promiscuous, and once more where its own address is not the guest's: a veth has no list of addresses. */
static void expect_asked(void)
{
	netns_run("ip -d link show v0 | grep -q 'promiscuity [12] *allmulti 1'");
}

/* What was asked of the interface for the guest's sake is asked of the next one. */
Test(vhost_interface, the_next_one_takes_the_guests_addresses_as_well)
{
	vhost_rig_enter(&rig, 1, MTU);
	vhost_rig_start(&rig);
	vhost_rig_join(&rig, &guest, 0, RING, FEATURES);
	vhost_rig_expect_traffic(&guest, &rig.peer);
	expect_asked();
	make_interface_anew(1000);
	vhost_rig_expect_traffic(&guest, &rig.peer);
	expect_asked();
	end();
}

Test(vhost_interface, one_that_went_before_the_guest_came_is_no_loss)
{
	for (int i = 0; i < 2; i++) {
		vhost_rig_enter(&rig, 1, MTU);
		vhost_rig_start(&rig);
		usleep(100000);
		if (i == 0)
			make_interface_anew(1000);
		else
			netns_run("ip link del v0");
		vhost_rig_join(&rig, &guest, 0, RING, FEATURES);
		if (i == 1) {
			vhost_rig_expect_idle(1500, 150);
			netns_veth("v0", "v1", 1, MTU);
			peer_close(&rig.peer);
			peer_open(&rig.peer, "v1");
		}
		vhost_rig_expect_traffic(&guest, &rig.peer);
		end();
		peer_close(&rig.peer);
	}
}

/* What is in the way is told in the words of the command line, and the guest has its network when it has gone. */
Test(vhost_interface, a_foreign_program_is_told_as_the_operator_knows_it)
{
	vhost_rig_enter(&rig, 1, MTU);
	vhost_rig_start(&rig);
	peer_close(&rig.peer);
	netns_run("ip link del v0");
	usleep(600000);
	netns_veth("v0", "v1", 1, MTU);
	foreign_program("v0", 1);
	peer_open(&rig.peer, "v1");
	vhost_rig_join(&rig, &guest, 0, RING, FEATURES);
	for (int i = 0; i < 3000 && !strstr(rig.devices[0].said, "--dispatcher"); i++)
		usleep(1000);
	cr_assert(strstr(rig.devices[0].said, "--dispatcher"), "%s", rig.devices[0].said);
	foreign_program_detach("v0", 1);
	vhost_rig_expect_traffic(&guest, &rig.peer);
	end();
}
