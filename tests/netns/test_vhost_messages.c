// SPDX-License-Identifier: BSD-2-Clause
/*
 * Every message at every time, with likely and unlikely values, while frames come: each is answered or ends the
 * connection, in time, and a guest that behaves is served afterwards. VHOST_MESSAGES_SEED=N: another order.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/vhost_rig.h"

TestSuite(vhost_messages, .timeout = 120);

enum { RING = 64, MTU = 1500, SEQUENCES = 120, MESSAGES = 50, BEHAVES_EACH = 10 };

#define BIT(feature) (1ull << (feature))
#define OFFERED	     0x1b238ull /* protocol features: all that a device of one pair has */
#define FEATURES     (BIT(32) | BIT(29) | BIT(28) | BIT(16) | BIT(15))

static struct vhost_rig rig;
static struct vhost_guest guest;
static struct frame_random dice;
static uint64_t negotiated; /* protocol features */
static int file_fd, event_fd;

static uint32_t below(uint32_t n)
{
	return frame_random_below(&dice, n);
}

static uint64_t some_u64(void)
{
	return (uint64_t)frame_random_next(&dice) << 32 | frame_random_next(&dice);
}

static bool once_in(uint32_t n)
{
	return below(n) == 0;
}

static uint32_t some_ring(void)
{
	return once_in(12) ? below(300) : below(2);
}

/* A descriptor for whatever the message is about, as a rule of the right kind. */
static int some_fd(uint32_t request)
{
	if (once_in(10))
		return once_in(2) ? file_fd : event_fd;
	switch (request) {
	case 12:
		return guest.kick[below(2)];
	case 13:
	case 14:
		return guest.call[below(2)];
	case 21:
		return guest.back[0];
	default:
		return guest.memfd;
	}
}

struct region {
	uint64_t gpa, size, uva, offset;
};

/* The guest's memory, a half of it, or something else. */
static struct region some_region(uint32_t which)
{
	uint64_t half = guest.bytes / 2 / 4096 * 4096;
	struct region r = {guest.gpa, guest.bytes, guest.uva, 0};

	if (which == 1)
		r.size = half;
	if (which == 2)
		r = (struct region){guest.gpa + half, guest.bytes - half, guest.uva + half, half};
	if (once_in(15))
		((uint64_t *)&r)[below(4)] += once_in(2) ? 4096 : some_u64();
	return r;
}

static uint64_t some_address(uint32_t ring)
{
	const struct fake_driver *d = &guest.driver[ring & 1];
	const void *at[] = {d->desc, d->avail, d->used};

	if (once_in(10))
		return guest.uva + below((uint32_t)guest.bytes);
	if (once_in(20))
		return some_u64();
	return guest.uva + (uint64_t)((const uint8_t *)at[below(3)] - guest.memory);
}

static void fill_addresses(struct front_message *m)
{
	uint32_t ring = some_ring();
	const struct fake_driver *d = &guest.driver[ring & 1];
	uint64_t at[3];

	at[0] = guest.uva + (uint64_t)((const uint8_t *)d->desc - guest.memory);
	at[1] = guest.uva + (uint64_t)((const uint8_t *)d->used - guest.memory);
	at[2] = guest.uva + (uint64_t)((const uint8_t *)d->avail - guest.memory);
	if (once_in(5))
		at[below(3)] = some_address(ring);
	memcpy(m->payload, &ring, sizeof(ring));
	memcpy(m->payload + 8, at, sizeof(at));
}

static void fill_state(struct front_message *m)
{
	uint32_t state[2] = {some_ring(), 0};

	if (m->request == 8)
		state[1] = once_in(4) ? 1u << below(17) : RING;
	else if (m->request == 18)
		state[1] = once_in(20) ? below(5) : below(2);
	else
		state[1] = once_in(2) ? guest.driver[state[0] & 1].last_used : below(1 << 17);
	memcpy(m->payload, state, sizeof(state));
}

static void fill_memory(struct front_message *m)
{
	uint64_t count = 1 + below(2);
	struct region r = some_region(count == 1 ? 0 : 1);

	memcpy(m->payload, &count, sizeof(count));
	memcpy(m->payload + 8, &r, sizeof(r));
	if (count == 2) {
		r = some_region(2);
		memcpy(m->payload + 40, &r, sizeof(r));
	}
	m->size_bytes = 8 + 32 * (uint32_t)count;
	m->fd_count = (uint32_t)count;
}

static void fill_inflight(struct front_message *m)
{
	uint64_t size = once_in(4) ? some_u64() : 4096;
	uint16_t queues = once_in(4) ? (uint16_t)below(65536) : 2;
	uint16_t entries = once_in(4) ? (uint16_t)below(65536) : RING;

	memset(m->payload, 0, m->size_bytes);
	memcpy(m->payload, &size, sizeof(size));
	memcpy(m->payload + 16, &queues, sizeof(queues));
	memcpy(m->payload + 18, &entries, sizeof(entries));
	for (uint32_t i = 0; i < m->fd_count; i++)
		m->fds[i] = once_in(6) ? event_fd : file_fd;
}

static void fill_u64(struct front_message *m)
{
	uint64_t value = some_u64();

	switch (m->request) {
	case 2:
		value = once_in(8) ? value : guest.features & (value | BIT(32) | BIT(30));
		break;
	case 16:
		value = once_in(8) ? value : OFFERED & (value | FRONT_REPLY_ACK);
		break;
	case 20:
		value = once_in(2) ? value : below(3000);
		break;
	case 39:
		value = once_in(3) ? 0 : value;
		break;
	default:
		value = some_ring() & 0xff;
		if (once_in(8)) {
			value |= 0x100;
			m->fd_count = 0;
		}
	}
	memcpy(m->payload, &value, sizeof(value));
}

static void fill(struct front_message *m)
{
	struct region r;

	switch (m->request) {
	case 5:
		fill_memory(m);
		break;
	case 8:
	case 10:
	case 11:
	case 18:
		fill_state(m);
		break;
	case 9:
		fill_addresses(m);
		break;
	case 31:
	case 32:
		fill_inflight(m);
		break;
	case 37:
	case 38:
		r = some_region(below(3));
		memcpy(m->payload + 8, &r, sizeof(r));
		break;
	default:
		if (m->size_bytes == 8)
			fill_u64(m);
	}
}

/* Read up to the reply to the barrier. Return: acknowledgements before it; -1: the connection was closed. */
static int read_answers(uint32_t barrier, uint32_t request)
{
	struct pollfd p = {.fd = guest.socket, .events = POLLIN};
	struct front_message m;

	for (int answers = 0;; answers++) {
		cr_assert_eq(poll(&p, 1, GUEST_WAIT_MS), 1, "no answer to %s",
			     front_rules[request].name);
		if (front_receive(guest.socket, &m) != 1)
			return -1;
		for (uint32_t i = 0; i < m.fd_count; i++)
			close(m.fds[i]);
		if (m.request == barrier)
			return answers;
		cr_assert_eq(m.request, request);
	}
}

/* Return: is the connection still there? */
static bool send_some(void)
{
	struct front_message m, barrier = {.request = 36, .flags = FRONT_VERSION};
	bool acks = negotiated & FRONT_REPLY_ACK;
	uint32_t request;
	int answers;

	do
		request = 1 + below(40);
	while (!front_rules[request].served || request == barrier.request ||
	       (request == 19 && !once_in(20)));
	m = front_good(request, 0);
	fill(&m);
	for (uint32_t i = 0; i < m.fd_count; i++)
		if (!m.fds[i])
			m.fds[i] = some_fd(request);
	if (once_in(40))
		m.flags = FRONT_VERSION;
	else
		m.flags |= FRONT_NEED_REPLY;
	front_send(guest.socket, &m);
	if (send(guest.socket, &barrier, 12, MSG_NOSIGNAL) != 12)
		return false;
	answers = read_answers(barrier.request, request);
	if (request == 16 && answers >= 0) {
		uint64_t value;

		/* Acknowledgements begin or end with it, or it was refused. */
		memcpy(&value, m.payload, sizeof(value));
		if (!(value & ~OFFERED))
			negotiated = value;
		return true;
	}
	if (answers < 0)
		return false;
	cr_assert_eq(answers,
		     front_rules[request].has_reply || (acks && m.flags & FRONT_NEED_REPLY),
		     "%s: %d answers", front_rules[request].name, answers);
	return true;
}

static void send_sequence(void)
{
	static uint8_t frame[1514];

	frame_plain(frame, sizeof(frame), 3);
	for (int i = 0; i < MESSAGES && send_some(); i++) {
		for (int k = 0; k < 4; k++)
			peer_send(&rig.peer, frame, sizeof(frame));
		eventfd_write(guest.kick[below(2)], 1);
	}
	peer_drain(&rig.peer);
}

Test(vhost_messages, each_is_answered_in_time_and_harms_nobody)
{
	const char *seed = getenv("VHOST_MESSAGES_SEED");
	uint8_t noise[4096];

	dice = frame_random(seed ? strtoull(seed, NULL, 10) : 1);
	vhost_rig_enter(&rig, 1, MTU);
	vhost_rig_start(&rig);
	file_fd = memfd_create("noise", MFD_CLOEXEC);
	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (int i = 0; i < SEQUENCES; i++) {
		for (uint32_t k = 0; k < sizeof(noise); k++)
			noise[k] = once_in(20) ? (uint8_t)below(256) : 0;
		cr_assert_eq(pwrite(file_fd, noise, sizeof(noise), 0), sizeof(noise));
		vhost_guest_open(&guest, RING, FEATURES);
		vhost_guest_connect(&guest, rig.opt[0].socket_path);
		negotiated = guest.protocol_features;
		if (i % 4) {
			vhost_guest_start(&guest);
			vhost_guest_post(&guest, RING / 2);
		}
		send_sequence();
		vhost_guest_close(&guest);
		if (i % BEHAVES_EACH)
			continue;
		vhost_rig_join(&rig, &guest, 0, RING, FEATURES);
		vhost_rig_expect_traffic(&guest, &rig.peer);
		vhost_guest_close(&guest);
	}
	close(file_fd);
	close(event_fd);
	vhost_rig_stop(&rig);
}
