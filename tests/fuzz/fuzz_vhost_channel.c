// SPDX-License-Identifier: BSD-2-Clause
/*
 * A front end that sends what it likes, in what pieces it likes, with what fds it likes. What the channel hands
 * out keeps the protocol's rules, whatever else came is refused or ends the connection, and no fd stays behind.
 *
 * Subjects: tools/xsk_vhost/channel.c tools/xsk_vhost/protocol.c
 * Longest: 600
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "support/vhost_front.h"
#include "xsk_vhost/channel.h"

enum { STEPS = 40 };

static int some_fd = -1;

/* The lowest number that is free: fds that stay behind move it. */
static int lowest_fd(void)
{
	int fd = fcntl(some_fd, F_DUPFD, 0);

	cr_assert_geq(fd, 0);
	close(fd);
	return fd;
}

static void send_bytes(int front, const uint8_t *bytes, size_t len, uint32_t fds)
{
	struct iovec v = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
	union {
		char room[CMSG_SPACE(FRONT_FDS * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (fds && len) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fds * sizeof(int));
		for (uint32_t i = 0; i < fds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &some_fd, sizeof(int));
	}
	sendmsg(front, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A good message, with a few bytes of it changed and cut where the input says. */
static void send_good(int front, struct script *s)
{
	struct front_message m = front_good(script_u8(s) % FRONT_REQUESTS, some_fd);
	const uint8_t how = script_u8(s);
	uint8_t wire[12 + FRONT_PAYLOAD];
	uint32_t len, from = 0;

	if (how & 1)
		m.flags |= FRONT_NEED_REPLY;
	memcpy(wire, &m.request, 4);
	memcpy(wire + 4, &m.flags, 4);
	memcpy(wire + 8, &m.size_bytes, 4);
	len = 12 + m.size_bytes % (FRONT_PAYLOAD + 1);
	memcpy(wire + 12, m.payload, len - 12);
	for (uint32_t n = how / 2 % 4; n; n--) {
		const uint8_t at = script_u8(s);

		wire[at % len] = script_u8(s);
	}
	if (how & 16)
		from = script_u8(s) % len;
	send_bytes(front, wire, how & 16 ? from : len,
		   how & 8 ? script_u8(s) % FRONT_FDS : m.fd_count);
	if (how & 16 && !(how & 32))
		send_bytes(front, wire + from, len - from, how & 64 ? 1 : 0);
}

/* ---- The back end ----------------------------------------------------------------------------- */

static void expect_rules(const struct vhost_message *m, uint64_t offered)
{
	struct net_error err = {0};

	cr_assert_eq(vhost_judge_header(&m->header, &err), 0, "%s", err.message);
	cr_assert_eq(vhost_judge(m, offered, &err), 0, "%s", err.message);
	cr_assert_leq(m->fd_count, VHOST_FDS);
	for (uint32_t i = 0; i < m->fd_count; i++)
		cr_assert_eq(fcntl(m->fds[i], F_GETFD), FD_CLOEXEC);
	for (size_t i = m->header.size_bytes; i < sizeof(m->payload.bytes); i++)
		cr_assert_eq(m->payload.bytes[i], 0);
}

static int answer(struct channel *c, struct vhost_message *m, uint8_t how, struct net_error *err)
{
	static const uint8_t space[20] = "configuration space";
	const struct net_error why = {.code = -EINVAL, .step = "fuzz", .message = "so it is"};
	const struct vhost_inflight inflight = {.size_bytes = 4096, .queue_count = 2};
	int fd = how & 1 ? vhost_message_take_fd(m, how / 2 % 9) : -1;

	if (fd >= 0)
		close(fd);
	if (how & 0x80)
		return channel_answer(c, m, -EINVAL, &why, err);
	switch (m->header.request) {
	case VHOST_SET_PROTOCOL_FEATURES:
		c->negotiated = m->payload.u64 & c->offered;
		break;
	case VHOST_GET_CONFIG:
		return channel_reply_config(c, m, space, sizeof(space), err);
	case VHOST_GET_INFLIGHT_FD:
		return channel_reply_inflight(c, m, &inflight, some_fd, err);
	case VHOST_GET_VRING_BASE:
		return channel_reply_state(c, m, m->payload.state.index, 7, err);
	}
	if (vhost_request_has_reply(m->header.request))
		return channel_reply_u64(c, m, how, err);
	return channel_answer(c, m, 0, NULL, err);
}

static bool read_some(struct channel *c, struct script *s, uint32_t most)
{
	struct net_error err = {0};
	struct vhost_message *m;
	int rc = 1;

	while (most-- && (rc = channel_read(c, &m, &err)) == 1) {
		expect_rules(m, c->offered);
		rc = answer(c, m, script_u8(s), &err);
		if (rc < 0)
			break;
	}
	cr_assert(rc >= 0 || (err.code == rc && err.message[0]), "%d", rc);
	return rc >= 0;
}

/* The front end reads what came, and keeps no fd. */
static void read_replies(int front)
{
	struct front_message reply;

	while (front_receive(front, &reply) == 1)
		for (uint32_t i = 0; i < reply.fd_count; i++)
			close(reply.fds[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script s = {data, size};
	struct channel c;
	int back, front, before;
	bool lives = true;

	if (some_fd < 0)
		some_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	before = lowest_fd();
	front = front_open(&back);
	channel_open(&c, back, script_u8(&s) % 4 ? UINT64_MAX : script_u32(&s));
	for (uint32_t i = 0; i < STEPS && lives && s.left; i++) {
		const uint8_t what = script_u8(&s);
		uint32_t n;

		switch (what % 8) {
		case 0: /* any bytes */
			n = what / 8u < s.left ? what / 8u : (uint32_t)s.left;
			send_bytes(front, s.at, n, what & 8 ? 2 : 0);
			script_take(&s, 0);
			s.at += n;
			s.left -= n;
			break;
		case 1:
		case 2:
			lives = read_some(&c, &s, 1 + what / 8);
			break;
		case 3:
			read_replies(front);
			break;
		default:
			send_good(front, &s);
			break;
		}
	}
	if (lives)
		read_some(&c, &s, 4);
	read_replies(front);
	channel_close(&c);
	close(front);
	cr_assert_eq(lowest_fd(), before, "an fd stayed behind");
	return 0;
}
