// SPDX-License-Identifier: BSD-2-Clause
/*
 * The orders in which front ends send their messages, with frames both ways after each start. Read in their sources:
 *
 *     Cloud Hypervisor  virtio-devices/src/vhost_user/{vu_common_ctrl,net}.rs
 *     crosvm            devices/src/virtio/vhost_user_frontend/mod.rs
 *     OpenVMM           vm/devices/virtio/vhost_user_frontend/src/lib.rs
 *
 * QEMU's and DPDK's are those that were seen on the socket. UML's is what virtio_uml.c is known to do; UML and QEMU
 * themselves are in tests/guest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/vhost_rig.h"

TestSuite(vhost_orders, .timeout = 60);

enum { RING = 64, MTU = 1500, STARTS = 3 };

#define BIT(feature) (1ull << (feature))
#define MODERN	     (BIT(32) | BIT(30) | BIT(29) | BIT(28) | BIT(15))
#define LEGACY	     (BIT(28))

/* A message is "number", or "number.ring"; "=value" of SET_VRING_ENABLE and SET_STATUS. */
struct order {
	const char *name, *connect, *start, *stop;
	uint64_t features, protocol_features;
	bool takes_acks; /* asks for acknowledgements once it can */
	uint32_t header_bytes;
};

static const struct order orders[] = {
	{"QEMU", "1 15 16 36 21 3 1 13.0 14.0 13.1 14.1 18.0=1 18.1=1",
	 "2 40 39=15 5 8.0 10.0 9.0 12.0 13.0 8.1 10.1 9.1 12.1 13.1 18.0=1 18.1=1",
	 "18.0=0 18.1=0 11.0 11.1 39=0", MODERN, 0x1b238, true, 12},
	{"DPDK", "3 1 15 16",
	 "13.0 13.1 2 39=11 40 5 8.0 10.0 9.0 12.0 8.1 10.1 9.1 12.1 18.0=1 18.1=1 39=15",
	 "18.0=0 18.1=0 11.0 11.1 39=0", MODERN, 0x10008, true, 12},
	{"Cloud Hypervisor", "3 1 15 16",
	 "2 5 8.0 8.1 31 9.0 10.0 13.0 12.0 9.1 10.1 13.1 12.1 18.0=1 18.1=1", "18.0=0 18.1=0",
	 MODERN, 0x9008, true, 12},
	{"crosvm", "3 1 15 16 21 24",
	 "2 5 8.0 9.0 10.0 13.0 12.0 18.0=1 8.1 9.1 10.1 13.1 12.1 18.1=1",
	 "18.0=0 11.0 18.1=0 11.1", MODERN, 0x228, false, 12},
	/* It asks for the number of queues whether or not that was negotiated. */
	{"OpenVMM", "1 2 15 16 3 17 24",
	 "5 2 8.0 9.0 10.0 12.0 13.0 18.0=1 8.1 9.1 10.1 12.1 13.1 18.1=1",
	 "18.0=0 11.0 18.1=0 11.1 34", MODERN, 0x2208, true, 12},
	{"UML", "3 1 15 16 21 24",
	 "2 5 8.0 10.0 9.0 13.0 12.0 18.0=1 8.1 10.1 9.1 13.1 12.1 18.1=1", "18.0=0 18.1=0", MODERN,
	 0x228, true, 12},
	{"one without protocol features", "3 1",
	 "2 5 8.0 10.0 9.0 12.0 13.0 8.1 10.1 9.1 12.1 13.1", "11.0 11.1", MODERN & ~BIT(30), 0,
	 false, 12},
	{"one of before virtio 1.0", "3 1", "2 5 8.0 10.0 9.0 12.0 13.0 8.1 10.1 9.1 12.1 13.1",
	 "11.0 11.1", LEGACY, 0, false, 10},
};

static struct vhost_rig rig;
static struct vhost_guest guest;

static uint64_t uva_of(const void *at)
{
	return guest.uva + (uint64_t)((const uint8_t *)at - guest.memory);
}

static uint64_t ask_addresses(uint32_t ring)
{
	const struct fake_driver *d = &guest.driver[ring];
	struct {
		uint32_t index, flags;
		uint64_t desc, used, avail, log;
	} a = {ring, 0, uva_of(d->desc), uva_of(d->used), uva_of(d->avail), 0};

	return vhost_guest_ask(&guest, 9, &a, sizeof(a), -1);
}

/* As long as the whole space. */
static void ask_config(void)
{
	uint8_t config[12 + 256] = {0};

	config[5] = 1; /* 256 bytes */
	vhost_guest_ask(&guest, 24, config, sizeof(config), -1);
}

/* The area comes with a descriptor, and goes back as it came. */
static void exchange_inflight(const struct order *o)
{
	struct front_message m = {.request = 31, .flags = FRONT_VERSION, .size_bytes = 24};
	uint16_t sizes[2] = {2, RING};
	int i;

	memcpy(m.payload + 16, sizes, sizeof(sizes));
	front_send(guest.socket, &m);
	for (i = 0; i < 2000 && front_receive(guest.socket, &m) != 1; i++)
		usleep(1000);
	cr_assert_eq(m.fd_count, 1, "%s: no inflight area", o->name);
	cr_assert_eq(vhost_guest_ask(&guest, 32, m.payload, 24, m.fds[0]), 0);
	close(m.fds[0]);
}

static void open_back(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, guest.back), 0);
	cr_assert_eq(vhost_guest_ask(&guest, 21, NULL, 0, guest.back[1]), 0);
	close(guest.back[1]);
}

static uint64_t send_u64(const struct order *o, uint32_t request, uint32_t ring, uint32_t value)
{
	static int *const fds[] = {guest.kick, guest.call, guest.error};
	uint64_t number = request == 2 ? o->features : request == 39 ? value : ring;
	bool has_fd = request >= 12 && request <= 14;

	return vhost_guest_ask_u64(&guest, request, number, has_fd ? fds[request - 12][ring] : -1);
}

static void send_one(const struct order *o, uint32_t request, uint32_t ring, uint32_t value)
{
	uint64_t answer = 0;

	switch (request) {
	case 1:
		cr_assert_eq(vhost_guest_ask(&guest, 1, NULL, 0, -1) & o->features, o->features);
		return;
	case 5:
		vhost_guest_set_memory(&guest);
		return;
	case 9:
		answer = ask_addresses(ring);
		break;
	case 11:
		vhost_guest_ask_ring(&guest, 11, ring, 0);
		return;
	case 16:
		vhost_guest_ask_u64(&guest, 16, o->protocol_features, -1);
		guest.protocol_features = o->takes_acks ? o->protocol_features : 0;
		return;
	case 17: /* rings, not pairs */
		cr_assert_eq(vhost_guest_ask(&guest, 17, NULL, 0, -1), 2);
		return;
	case 21:
		open_back();
		return;
	case 24:
		ask_config();
		return;
	case 31:
		exchange_inflight(o);
		return;
	case 8:
	case 10:
	case 18:
		answer = vhost_guest_ask_ring(&guest, request, ring,
					      request == 8    ? RING
					      : request == 10 ? guest.driver[ring].last_used
							      : value);
		break;
	case 2:
	case 12:
	case 13:
	case 14:
	case 39:
		answer = send_u64(o, request, ring, value);
		break;
	default:
		answer = vhost_guest_ask(&guest, request, NULL, 0, -1);
		if (front_rules[request].has_reply)
			return;
	}
	cr_assert_eq(answer, 0, "%s: %s was refused", o->name, front_rules[request].name);
}

static void send_all(const struct order *o, const char *messages)
{
	for (const char *at = messages; *at;) {
		char *end;
		uint32_t request = (uint32_t)strtoul(at, &end, 10), ring = 0, value = 0;

		if (*end == '.')
			ring = (uint32_t)strtoul(end + 1, &end, 10);
		if (*end == '=')
			value = (uint32_t)strtoul(end + 1, &end, 10);
		send_one(o, request, ring, value);
		at = end + (*end == ' ');
	}
}

/* What the stopped device had taken is back. */
static void collect_all(const struct order *o)
{
	struct fake_used used;

	for (uint32_t i = 0; i < 2; i++) {
		while (fake_driver_collect(&guest.driver[i], &used) == 1)
			if (i == GUEST_RX)
				guest.slots[used.token].is_posted = false;
		cr_assert_eq(guest.driver[i].outstanding, 0, "%s: ring %u", o->name, i);
	}
}

static void connect_to(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	guest.socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(guest.socket, (struct sockaddr *)&at, sizeof(at)), 0);
}

Test(vhost_orders, each_front_end_gets_its_network)
{
	vhost_rig_enter(&rig, 1, MTU);
	vhost_rig_start(&rig);
	for (uint32_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		const struct order *o = &orders[i];

		vhost_guest_open(&guest, RING, o->features);
		guest.header_bytes = o->header_bytes;
		connect_to(rig.opt[0].socket_path);
		send_all(o, o->connect);
		for (int k = 0; k < STARTS; k++) {
			send_all(o, o->start);
			vhost_rig_expect_traffic(&guest, &rig.peer);
			send_all(o, o->stop);
			collect_all(o);
		}
		vhost_guest_close(&guest);
	}
	vhost_rig_stop(&rig);
	cr_assert_eq(rig.devices[0].broken_rings, 0);
	cr_assert_eq(rig.devices[0].front_ends, sizeof(orders) / sizeof(orders[0]));
}
