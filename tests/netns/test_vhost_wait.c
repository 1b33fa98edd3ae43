// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel has not let go of the guest's memory yet, as with zero copy while the NIC has frames under way. That is
 * played here: the linker puts a function of this file in front of backend_is_free() (tests/CMakeLists.txt).
 */
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/vhost_rig.h"

TestSuite(vhost_wait, .timeout = 60);

enum { RING = 64, MTU = 1500, SILENCE_MS = 200 };
enum { GET_FEATURES = 1, GET_VRING_BASE = 11, SET_VRING_ENABLE = 18 };

#define BIT(feature) (1ull << (feature))
#define FEATURES     (BIT(32) | BIT(29) | BIT(28) | BIT(16) | BIT(15))

static struct vhost_rig rig;
static struct vhost_guest guest;
static atomic_bool is_held;

bool __real_backend_is_free(struct backend *b, uint32_t timeout_ms, struct net_error *err);
bool __wrap_backend_is_free(struct backend *b, uint32_t timeout_ms, struct net_error *err);
bool __wrap_backend_is_free(struct backend *b, uint32_t timeout_ms, struct net_error *err)
{
	return !atomic_load(&is_held) && __real_backend_is_free(b, timeout_ms, err);
}

static void begin(void)
{
	vhost_rig_enter(&rig, 1, MTU);
	vhost_rig_start(&rig);
	vhost_rig_join(&rig, &guest, 0, RING, FEATURES);
	vhost_rig_expect_traffic(&guest, &rig.peer);
}

static void end(struct vhost_guest *g)
{
	vhost_rig_expect_traffic(g, &rig.peer);
	vhost_guest_stop(g);
	vhost_guest_close(g);
	vhost_rig_stop(&rig);
}

static bool has_answer(int timeout_ms)
{
	struct pollfd p = {.fd = guest.socket, .events = POLLIN};

	return poll(&p, 1, timeout_ms) == 1;
}

static void send_request(uint32_t request, const void *payload, uint32_t size_bytes)
{
	struct front_message m = {.request = request,
				  .flags = FRONT_VERSION | FRONT_NEED_REPLY,
				  .size_bytes = size_bytes};

	if (size_bytes)
		memcpy(m.payload, payload, size_bytes);
	front_send(guest.socket, &m);
}

static uint32_t receive_answer(void)
{
	struct front_message m;

	cr_assert(has_answer(GUEST_WAIT_MS), "no answer");
	cr_assert_eq(front_receive(guest.socket, &m), 1);
	return m.request;
}

/* What lets the guest use its memory for something else is answered when nothing else uses it. */
Test(vhost_wait, a_stop_is_answered_when_the_memory_is_free)
{
	static const uint32_t off[2] = {1, 0}, on[2] = {1, 1};

	begin();
	for (int i = 0; i < 3; i++) {
		atomic_store(&is_held, true);
		send_request(SET_VRING_ENABLE, off, sizeof(off));
		send_request(GET_FEATURES, NULL, 0);
		send_request(SET_VRING_ENABLE, on, sizeof(on));
		cr_assert(!has_answer(SILENCE_MS), "answered while the memory is in use");
		vhost_rig_expect_idle(200, 20);
		atomic_store(&is_held, false);
		cr_assert_eq(receive_answer(), SET_VRING_ENABLE);
		cr_assert_eq(receive_answer(), GET_FEATURES);
		cr_assert_eq(receive_answer(), SET_VRING_ENABLE);
		vhost_rig_expect_traffic(&guest, &rig.peer);
	}
	end(&guest);
}

Test(vhost_wait, a_front_end_that_leaves_meanwhile_is_followed_when_the_memory_is_free)
{
	static const uint32_t ring[2] = {0, 0};

	begin();
	for (uint32_t asks = 0; asks < 2; asks++) {
		atomic_store(&is_held, true);
		if (asks)
			send_request(GET_VRING_BASE, ring, sizeof(ring));
		usleep(50000);
		vhost_guest_close(&guest);
		usleep(SILENCE_MS * 1000);
		cr_assert_eq(rig.devices[0].front_ends, asks + 1);
		cr_assert(rig.devices[0].has_memory);
		atomic_store(&is_held, false);
		vhost_rig_join(&rig, &guest, 0, RING, FEATURES);
		vhost_rig_expect_traffic(&guest, &rig.peer);
	}
	end(&guest);
}

/* Nobody but us notices that a pair has to be started once more. */
Test(vhost_wait, a_pair_that_has_to_be_restarted_is_when_the_memory_is_free)
{
	begin();
	atomic_store(&is_held, true);
	peer_close(&rig.peer);
	netns_run("ip link del v0");
	usleep(SILENCE_MS * 1000);
	netns_veth("v0", "v1", 1, MTU);
	peer_open(&rig.peer, "v1");
	usleep(SILENCE_MS * 5000);
	atomic_store(&is_held, false);
	end(&guest);
}
