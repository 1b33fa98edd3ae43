// SPDX-License-Identifier: BSD-2-Clause
/* Each system call of a vhost-user device and of its queue pair's thread fails once while a front end starts, sends
 * and leaves; so does each request for memory. It may say no or hang up; the next front end is served as if nothing
 * had been, and nothing is left. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/fault.h"
#include "support/footprint.h"
#include "support/netns.h"
#include "support/vhost_rig.h"

TestSuite(vhost_device, .timeout = 200);

enum { RING = 64, ANSWER_MS = 2000, LEN = 200 };

#define BIT(feature) (1ull << (feature))
#define FEATURES     (BIT(32) | BIT(29) | BIT(28) | BIT(15) | BIT(30))

static struct vhost_rig rig;
static struct vhost_guest guest;

/* A front end that takes a no for an answer. Return: false when the device has hung up, or refused. */
static bool ask(int fd, uint32_t request, const void *payload, uint32_t bytes, int with_fd,
		bool acks, uint64_t *answer)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	uint32_t wire[3 + FRONT_PAYLOAD / 4] = {
		request, FRONT_VERSION | (acks ? FRONT_NEED_REPLY : 0), bytes};
	struct iovec iov = {wire, 12 + bytes};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct front_message reply;

	if (bytes)
		memcpy(wire + 3, payload, bytes);
	if (with_fd >= 0) {
		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		*CMSG_FIRSTHDR(&m) = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
						      .cmsg_type = SCM_RIGHTS,
						      .cmsg_len = CMSG_LEN(sizeof(int))};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &with_fd, sizeof(int));
	}
	if (sendmsg(fd, &m, MSG_NOSIGNAL) < 0)
		return false;
	if (!acks && !front_rules[request].has_reply)
		return true;
	cr_assert_eq(poll(&p, 1, ANSWER_MS), 1, "no answer to %s, %s failed: %s",
		     front_rules[request].name, fault_disarm_others(), rig.err.message);
	if (front_receive(fd, &reply) != 1)
		return false;
	for (uint32_t i = 0; i < reply.fd_count; i++)
		close(reply.fds[i]);
	*answer = 0;
	memcpy(answer, reply.payload, 8);
	return true;
}

static bool tell(int fd, uint32_t request, const void *payload, uint32_t bytes, int with_fd)
{
	uint64_t answer = 1;

	return ask(fd, request, payload, bytes, with_fd, true, &answer) && answer == 0;
}

static bool tell_u64(int fd, uint32_t request, uint64_t value, int with_fd)
{
	return tell(fd, request, &value, sizeof(value), with_fd);
}

static bool tell_ring(int fd, uint32_t request, uint32_t ring, uint32_t num)
{
	return tell(fd, request, (uint32_t[]){ring, num}, 8, -1);
}

static bool set_ring(int fd, uint32_t ring)
{
	const struct fake_driver *d = &guest.driver[ring];
	struct {
		uint32_t index, flags;
		uint64_t desc, used, avail, log;
	} addresses = {ring,
		       0,
		       guest.uva + (uint64_t)((uint8_t *)d->desc - guest.memory),
		       guest.uva + (uint64_t)((uint8_t *)d->used - guest.memory),
		       guest.uva + (uint64_t)((uint8_t *)d->avail - guest.memory),
		       0};

	return tell_ring(fd, 8, ring, RING) && tell_ring(fd, 10, ring, d->last_used) &&
	       tell(fd, 9, &addresses, sizeof(addresses), -1) &&
	       tell_u64(fd, 14, ring, guest.error[ring]) &&
	       tell_u64(fd, 12, ring, guest.kick[ring]) &&
	       tell_u64(fd, 13, ring, guest.call[ring]) && tell_ring(fd, 18, ring, 1);
}

struct inflight {
	uint64_t size, offset;
	uint16_t queues, ring_size;
} __attribute__((packed));

/* Everything that a monitor says. Return: how many of its five chapters were heard. */
static int be_a_front_end(int fd)
{
	struct {
		uint32_t count, padding;
		uint64_t gpa, size, uva, offset;
	} table = {1, 0, guest.gpa, guest.bytes, guest.uva, 0};
	struct inflight area = {0, 0, 2, RING};
	uint8_t config[12 + 20] = {[4] = 20};
	uint64_t answer, features;
	int back[2] = {-1, -1}, heard = 0;

	if (!ask(fd, 1, NULL, 0, -1, false, &features) || !ask(fd, 15, NULL, 0, -1, false, &answer))
		return heard;
	answer &= BIT(3) | BIT(5) | BIT(9) | BIT(12);
	if (!ask(fd, 16, &answer, 8, -1, false, &answer) || !tell(fd, 3, NULL, 0, -1) ||
	    !tell_u64(fd, 2, features & FEATURES, -1))
		return heard;
	heard++;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, back) == 0) {
		heard += tell(fd, 21, NULL, 0, back[1]);
		close(back[1]);
	}
	heard += ask(fd, 24, config, sizeof(config), -1, false, &answer);
	heard += ask(fd, 31, &area, sizeof(area), -1, false, &answer);
	heard += tell(fd, 5, &table, 8 + 32, guest.memfd) && set_ring(fd, 0) && set_ring(fd, 1);
	peer_send(&rig.peer, (uint8_t[LEN]){0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, LEN);
	eventfd_write(guest.kick[1], 1);
	usleep(2000);
	ask(fd, 11, (uint32_t[]){0, 0}, 8, -1, false, &answer);
	ask(fd, 11, (uint32_t[]){1, 0}, 8, -1, false, &answer);
	close(back[0]);
	return heard;
}

/* The listener may rest for a moment when its accept() failed. */
static int connect_front_end(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", rig.opt[0].socket_path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0, "%s",
		     strerror(errno));
	return fd;
}

static void expect_served(unsigned int k, const char *call)
{
	struct vhost_guest next;

	vhost_rig_join(&rig, &next, 0, RING, FEATURES);
	vhost_rig_expect_traffic(&next, &rig.peer);
	vhost_guest_stop(&next);
	vhost_guest_close(&next);
	cr_assert(rig.err.code == 0, "call %u (%s): the device's thread ended: %s", k, call,
		  rig.err.message);
}

/* A device's thread sleeps in poll(), which an error of that call would end: EMFILE is none of it. */
static void fail_each(const char *which, int error, unsigned int *hits)
{
	unsigned int minded = 0, first = *hits;
	const char *call = "";

	for (unsigned int k = 1; call; k++) {
		int fd, heard;

		vhost_guest_open(&guest, RING, FEATURES);
		fault_arm_others(which, k, error);
		fd = connect_front_end();
		heard = be_a_front_end(fd);
		close(fd);
		vhost_guest_close(&guest);
		call = fault_disarm_others();
		*hits += call != NULL;
		minded += heard < 5;
		cr_assert(call || heard == 5, "without a fault %d of 5 are heard", heard);
		expect_served(k, call ? call : "none");
	}
	cr_log_info("%s: %u calls failed, %u were minded", which ? which : "all", *hits - first,
		    minded);
}

static void fail_each_call(const char *const *which, int error, unsigned int least)
{
	unsigned int hits = 0;

	vhost_rig_enter(&rig, 1, 1500);
	vhost_rig_start(&rig);
	do
		fail_each(*which, error, &hits);
	while (*which++ && *which);
	cr_assert_gt(hits, least, "only %u calls were made", hits);
	vhost_rig_stop(&rig);
}

Test(vhost_device, each_call_enomem_next_front_end_is_served)
{
	fail_each_call((const char *const[]){NULL}, ENOMEM, 60);
}

Test(vhost_device, each_new_descriptor_emfile_next_front_end_is_served)
{
	fail_each_call((const char *const[]){"accept4", "socket", "eventfd", "epoll_create1",
					     "timerfd_create", "open", "fcntl", "memfd_create",
					     "bpf", NULL},
		       EMFILE, 15);
}

Test(vhost_device, each_request_for_memory_next_front_end_is_served)
{
	fail_each_call((const char *const[]){FAULT_MEMORY, NULL}, ENOMEM, 10);
}
