// SPDX-License-Identifier: BSD-2-Clause
/* What comes in at the front end's socket: whole, in pieces, cut off, broken; and where its fds go. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/frame.h"
#include "support/netns.h"
#include "support/vhost_front.h"
#include "xsk_vhost/channel.h"

struct rig {
	int front;
	int some_fd; /* what the front end sends as its fds */
	unsigned int before;
	struct channel c;
	struct vhost_message *m;
	struct net_error err;
};

static void open_rig(struct rig *r)
{
	int back;

	memset(r, 0, sizeof(*r));
	r->before = netns_open_fds();
	r->some_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	cr_assert_geq(r->some_fd, 0);
	r->front = front_open(&back);
	channel_open(&r->c, back, FRONT_ALL);
}

/* Nothing may be left, whatever happened. */
static void close_rig(struct rig *r, const char *what)
{
	channel_close(&r->c);
	channel_close(&r->c);
	close(r->front);
	close(r->some_fd);
	cr_assert_eq(netns_open_fds(), r->before, "%s: %u descriptors before, %u now", what,
		     r->before, netns_open_fds());
}

static int read_one(struct rig *r)
{
	int rc;

	memset(&r->err, 0, sizeof(r->err));
	r->m = NULL;
	rc = channel_read(&r->c, &r->m, &r->err);
	cr_assert(rc >= 0 || (r->err.code == rc && r->err.message[0]), "%d: %s", rc,
		  r->err.message);
	cr_assert_eq(rc == 1, r->m != NULL);
	return rc;
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void expect_message(struct rig *r, const struct front_message *sent)
{
	const struct vhost_message *m = r->m;

	cr_assert_eq(m->header.request, sent->request);
	cr_assert_eq(m->header.flags, sent->flags);
	cr_assert_eq(m->header.size_bytes, sent->size_bytes);
	cr_assert_eq(memcmp(m->payload.bytes, sent->payload, sent->size_bytes), 0);
	for (size_t i = sent->size_bytes; i < sizeof(m->payload.bytes); i++)
		cr_assert_eq(m->payload.bytes[i], 0, "byte %zu behind the payload", i);
	cr_assert_eq(m->fd_count, sent->fd_count);
	for (uint32_t i = 0; i < m->fd_count; i++) {
		cr_assert(same_file(m->fds[i], sent->fds[i]));
		cr_assert_eq(fcntl(m->fds[i], F_GETFD), FD_CLOEXEC);
	}
}

Test(channel, a_message_is_handed_out_with_its_last_byte)
{
	for (uint32_t i = 1; i < FRONT_REQUESTS; i++) {
		struct rig r;
		struct front_message sent;

		if (!front_rules[i].served)
			continue;
		open_rig(&r);
		sent = front_good(i, r.some_fd);
		for (uint32_t at = 0; at < front_wire_bytes(&sent); at++) {
			struct front_message part = sent;

			cr_assert_eq(read_one(&r), 0, "%s at byte %u", front_rules[i].name, at);
			part.fd_count = at ? 0 : sent.fd_count;
			front_send_part(r.front, &part, at, at + 1);
		}
		cr_assert_eq(read_one(&r), 1, "%s: %s", front_rules[i].name, r.err.message);
		expect_message(&r, &sent);
		cr_assert_eq(r.c.messages, 1);
		cr_assert_eq(read_one(&r), 0);
		close_rig(&r, front_rules[i].name);
	}
}

Test(channel, a_front_end_that_goes_away_at_any_byte_is_gone)
{
	for (uint32_t i = 1; i < FRONT_REQUESTS; i++) {
		for (uint32_t at = 0; front_rules[i].served && at <= 12 + front_rules[i].size_bytes;
		     at++) {
			struct rig r;
			struct front_message sent;
			bool whole = at == 12 + front_rules[i].size_bytes;

			open_rig(&r);
			sent = front_good(i, r.some_fd);
			if (at)
				front_send_part(r.front, &sent, 0, at);
			shutdown(r.front, SHUT_WR);
			if (whole)
				cr_assert_eq(read_one(&r), 1);
			cr_assert_eq(read_one(&r), -ECONNRESET, "%s at byte %u",
				     front_rules[i].name, at);
			cr_assert_eq(strstr(r.err.message, "middle") != NULL, at && !whole, "%s",
				     r.err.message);
			close_rig(&r, front_rules[i].name);
		}
	}
}

/* Is an answer that says no possible, so that the connection goes on? */
static bool can_be_refused(uint32_t request, bool ack)
{
	const struct front_rule none = {0};
	const struct front_rule *rule = request < FRONT_REQUESTS ? &front_rules[request] : &none;

	return request == 24 || request == 31 || (ack && !rule->has_reply);
}

static void expect_refusal(struct rig *r, uint32_t request, const char *what)
{
	struct front_message reply;

	if (request == 24) {
		cr_assert_eq(front_receive(r->front, &reply), 1, "%s", what);
		cr_assert_eq(reply.request, 24);
		cr_assert_eq(reply.size_bytes, 0);
	} else if (request == 31) {
		cr_assert_eq(front_receive(r->front, &reply), 1, "%s", what);
		cr_assert_eq(reply.request, 31);
		cr_assert(reply.size_bytes == 20 || reply.size_bytes == 24);
		for (uint32_t i = 0; i < reply.size_bytes; i++)
			cr_assert_eq(reply.payload[i], 0);
		cr_assert_eq(reply.fd_count, 0);
	} else {
		cr_assert_neq(front_expect_u64(r->front, request), 0, "%s", what);
	}
}

/* Send it; it is refused, by an answer or the end of the connection; no fd is left. */
static void check_refused(const struct front_message *wrong, bool need_reply, bool negotiated,
			  int code)
{
	bool told = can_be_refused(wrong->request, need_reply && negotiated);
	struct front_message sent = *wrong, next = front_good(1, -1);
	char what[128];
	struct rig r;

	snprintf(what, sizeof(what), "request %u of %u bytes with %u fds, ack %d %d", sent.request,
		 sent.size_bytes, sent.fd_count, need_reply, negotiated);
	open_rig(&r);
	r.c.negotiated = negotiated ? FRONT_REPLY_ACK : ~FRONT_REPLY_ACK;
	sent.flags |= need_reply ? FRONT_NEED_REPLY : 0;
	for (uint32_t i = 0; i < sent.fd_count; i++)
		sent.fds[i] = r.some_fd;
	front_send(r.front, &sent);
	front_send(r.front, &next);
	if (told) {
		cr_assert_eq(read_one(&r), 1, "%s: %s", what, r.err.message);
		expect_message(&r, &next);
		expect_refusal(&r, sent.request, what);
		cr_assert_eq(r.c.refused, 1);
		cr_assert_eq(r.c.refusal.code, code, "%s: %s", what, r.c.refusal.message);
	} else {
		cr_assert_eq(read_one(&r), code, "%s: %s", what, r.err.message);
		cr_assert_eq(r.c.refused, 0);
	}
	front_expect_silence(r.front);
	close_rig(&r, what);
}

static void check_refused_all_ways(const struct front_message *wrong, int code)
{
	check_refused(wrong, false, false, code);
	check_refused(wrong, true, false, code);
	check_refused(wrong, false, true, code);
	check_refused(wrong, true, true, code);
}

Test(channel, a_request_that_is_not_served_is_refused)
{
	for (uint32_t i = 0; i < 64; i++) {
		struct front_message m = front_good(i, -1);

		if (i < FRONT_REQUESTS && front_rules[i].served)
			continue;
		check_refused_all_ways(&m, -EOPNOTSUPP);
		m.fd_count = 8;
		check_refused_all_ways(&m, -EOPNOTSUPP);
		m.size_bytes = 268;
		check_refused_all_ways(&m, -EOPNOTSUPP);
	}
}

Test(channel, a_wrong_length_or_number_of_fds_is_refused)
{
	for (uint32_t i = 1; i < FRONT_REQUESTS; i++) {
		struct front_message m = front_good(i, -1);
		uint32_t right_fds = m.fd_count, right_bytes = m.size_bytes;

		if (!front_rules[i].served)
			continue;
		for (m.fd_count = 0; m.fd_count <= 8; m.fd_count++)
			if (m.fd_count != right_fds && !(i == 38 && m.fd_count == 1))
				check_refused_all_ways(&m, -EPROTO);
		m.fd_count = right_fds;
		for (m.size_bytes = 0; m.size_bytes <= 268; m.size_bytes += 1) {
			if (m.size_bytes == right_bytes ||
			    (i == 5 && m.size_bytes >= right_bytes && m.size_bytes <= 264) ||
			    (i >= 31 && i <= 32 && m.size_bytes >= 20 && m.size_bytes <= 24))
				continue;
			check_refused(&m, true, true, -EPROTO);
			check_refused(&m, m.size_bytes & 1, m.size_bytes & 2, -EPROTO);
		}
	}
}

/* Nothing can be found behind these: the end, asked for an acknowledgement or not, and each time again. */
static void check_end(const struct front_message *wrong, int code, const char *says)
{
	struct front_message sent = *wrong;
	struct rig r;

	open_rig(&r);
	r.c.negotiated = FRONT_ALL;
	for (uint32_t i = 0; i < sent.fd_count; i++)
		sent.fds[i] = r.some_fd;
	front_send(r.front, &sent);
	for (int again = 0; again < 3; again++) {
		int rc = read_one(&r);

		cr_assert(again ? rc <= 0 : rc == code, "%d: %s", rc, r.err.message);
		cr_assert(again || strstr(r.err.message, says), "%s", r.err.message);
	}
	front_expect_silence(r.front);
	close_rig(&r, says);
}

Test(channel, a_broken_frame_ends_the_connection)
{
	for (uint32_t i = 0; i < 48; i++) {
		struct front_message m = front_good(i, -1);

		for (m.fd_count = 9; m.fd_count <= 12; m.fd_count++)
			check_end(&m, -EPROTO, "more than 8");
		m.fd_count = 2;
		m.flags = 2 | FRONT_NEED_REPLY;
		check_end(&m, -EPROTO, "version");
		m.flags = FRONT_VERSION | FRONT_REPLY | FRONT_NEED_REPLY;
		check_end(&m, -EPROTO, "marked as a reply");
		m.flags = FRONT_VERSION | FRONT_NEED_REPLY;
		m.size_bytes = 269;
		check_end(&m, -EPROTO, "269 bytes");
	}
}

Test(channel, fds_in_the_middle_of_a_message_end_the_connection)
{
	for (uint32_t at = 1; at < 20; at++) {
		struct rig r;
		struct front_message m;

		open_rig(&r);
		m = front_good(12, r.some_fd);
		m.fd_count = 0;
		front_send_part(r.front, &m, 0, at);
		cr_assert_eq(read_one(&r), 0);
		m.fd_count = 1;
		front_send_part(r.front, &m, at, 20);
		cr_assert_eq(read_one(&r), -EPROTO, "at byte %u", at);
		cr_assert(strstr(r.err.message, "in the middle"), "%s", r.err.message);
		close_rig(&r, "fds in the middle");
	}
}

Test(channel, fds_that_cannot_be_had_end_the_connection)
{
	struct rlimit limit, old;
	struct front_message m;
	struct rig r;
	int next;

	open_rig(&r);
	m = front_good(5, r.some_fd);
	front_send(r.front, &m);
	next = dup(0);
	close(next);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	limit = (struct rlimit){(rlim_t)next + 1, old.rlim_max};
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_expect_eq(read_one(&r), -EMFILE, "%s", r.err.message);
	cr_expect(strstr(r.err.message, "RLIMIT_NOFILE"), "%s", r.err.message);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	close_rig(&r, "no fds");
}

Test(channel, messages_that_come_together_are_handed_out_one_by_one)
{
	const uint32_t qemu[] = {1,  15, 16, 3,	 1, 13, 14, 13, 14, 18, 18, 2,
				 40, 5,	 8,  10, 9, 12, 13, 8,	10, 9,	12, 13};
	struct front_message m;
	struct rig r;

	open_rig(&r);
	for (size_t i = 0; i < sizeof(qemu) / sizeof(qemu[0]); i++) {
		m = front_good(qemu[i], r.some_fd);
		front_send(r.front, &m);
	}
	for (size_t i = 0; i < sizeof(qemu) / sizeof(qemu[0]); i++) {
		m = front_good(qemu[i], r.some_fd);
		cr_assert_eq(read_one(&r), 1, "message %zu: %s", i, r.err.message);
		expect_message(&r, &m);
	}
	cr_assert_eq(read_one(&r), 0);
	close_rig(&r, "together");
}

Test(channel, rubbish_does_not_hold_the_caller)
{
	struct front_message wrong = front_good(63, -1), good = front_good(3, -1);
	struct rig r;

	open_rig(&r);
	r.c.negotiated = FRONT_REPLY_ACK;
	wrong.flags |= FRONT_NEED_REPLY;
	for (int i = 0; i < 40; i++)
		front_send(r.front, &wrong);
	front_send(r.front, &good);
	cr_expect_eq(read_one(&r), 0);
	cr_expect_eq(r.c.refused, 16);
	cr_expect_eq(read_one(&r), 0);
	cr_expect_eq(read_one(&r), 1);
	cr_expect_eq(r.c.refused, 40);
	for (int i = 0; i < 40; i++)
		cr_expect_neq(front_expect_u64(r.front, 63), 0);
	front_expect_silence(r.front);
	close_rig(&r, "rubbish");
}

Test(channel, fds_that_nobody_takes_end_with_the_message)
{
	struct front_message m;
	struct rig r;
	int taken;

	for (int way = 0; way < 4; way++) {
		open_rig(&r);
		m = front_good(5, r.some_fd);
		front_send(r.front, &m);
		cr_assert_eq(read_one(&r), 1);
		cr_assert_eq(netns_open_fds(), r.before + 3 + 2);
		taken = vhost_message_take_fd(r.m, 1);
		if (way == 0)
			cr_assert_eq(channel_answer(&r.c, r.m, 0, NULL, &r.err), 0);
		else if (way == 1)
			cr_assert_eq(channel_reply_u64(&r.c, r.m, 0, &r.err), 0);
		else if (way == 2)
			cr_assert_eq(read_one(&r), 0);
		else
			cr_assert_eq(channel_answer(&r.c, r.m, -EINVAL, &r.err, &r.err), -EINVAL);
		cr_assert_eq(netns_open_fds(), r.before + 3 + 1, "way %d", way);
		cr_assert(same_file(taken, r.some_fd));
		close(taken);
		close_rig(&r, "fds");
	}
}

Test(channel, a_channel_that_was_never_opened_closes_nothing)
{
	struct channel c = {0};
	unsigned int before = netns_open_fds();

	channel_close(&c);
	cr_expect_eq(netns_open_fds(), before);
	cr_expect_eq(c.fd, -1);
}

/* Any messages, good and bad, cut anywhere: what comes out is what a second reading of the list says. */
Test(channel, random_streams_are_handed_out_as_they_were_sent)
{
	struct frame_random random = frame_random(12);

	for (int round = 0; round < 300; round++) {
		uint32_t refused = 0, handed_out = 0;
		struct rig r;

		open_rig(&r);
		r.c.negotiated = FRONT_REPLY_ACK;
		for (int i = 0; i < 20; i++) {
			uint32_t request = frame_random_below(&random, 50);
			bool served = request < FRONT_REQUESTS && front_rules[request].served;
			struct front_message m = front_good(request, r.some_fd);
			uint32_t at = 0, end = front_wire_bytes(&m);

			if (!served && !can_be_refused(request, true))
				continue;
			m.flags |= FRONT_NEED_REPLY;
			while (at < end) {
				uint32_t to = at + 1 + frame_random_below(&random, end - at);

				front_send_part(r.front, &m, at, to);
				m.fd_count = 0;
				at = to;
				if (at < end)
					cr_assert_eq(read_one(&r), 0);
			}
			m = front_good(request, r.some_fd);
			m.flags |= FRONT_NEED_REPLY;
			cr_assert_eq(read_one(&r), served ? 1 : 0, "request %u", request);
			if (served)
				expect_message(&r, &m);
			else
				expect_refusal(&r, request, "random");
			handed_out += served;
			refused += !served;
		}
		front_expect_silence(r.front);
		cr_assert_eq(r.c.messages, handed_out);
		cr_assert_eq(r.c.refused, refused);
		close_rig(&r, "random");
	}
}
