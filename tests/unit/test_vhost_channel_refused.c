// SPDX-License-Identifier: BSD-2-Clause
/* Bad messages at the front end's socket: which are refused by an answer, which end the connection; no fd
 * is left. */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

#include "support/vhost_channel_rig.h"

/* Send it; it is refused, by an answer or the end of the connection; no fd is left. */
static void check_refused(const struct front_message *wrong, bool need_reply, bool negotiated,
			  int code)
{
	bool told = channel_rig_can_refuse(wrong->request, need_reply && negotiated);
	struct front_message sent = *wrong, next = front_good(1, -1);
	char what[128];
	struct channel_rig r;

	snprintf(what, sizeof(what), "request %u of %u bytes with %u fds, ack %d %d", sent.request,
		 sent.size_bytes, sent.fd_count, need_reply, negotiated);
	channel_rig_open(&r);
	r.c.negotiated = negotiated ? FRONT_REPLY_ACK : ~FRONT_REPLY_ACK;
	sent.flags |= need_reply ? FRONT_NEED_REPLY : 0;
	for (uint32_t i = 0; i < sent.fd_count; i++)
		sent.fds[i] = r.some_fd;
	front_send(r.front, &sent);
	front_send(r.front, &next);
	if (told) {
		cr_assert_eq(channel_rig_read(&r), 1, "%s: %s", what, r.err.message);
		channel_rig_expect(&r, &next);
		channel_rig_expect_refusal(&r, sent.request, what);
		cr_assert_eq(r.c.refused, 1);
		cr_assert_eq(r.c.refusal.code, code, "%s: %s", what, r.c.refusal.message);
	} else {
		cr_assert_eq(channel_rig_read(&r), code, "%s: %s", what, r.err.message);
		cr_assert_eq(r.c.refused, 0);
	}
	front_expect_silence(r.front);
	channel_rig_close(&r, what);
}

static void check_refused_all_ways(const struct front_message *wrong, int code)
{
	check_refused(wrong, false, false, code);
	check_refused(wrong, true, false, code);
	check_refused(wrong, false, true, code);
	check_refused(wrong, true, true, code);
}

Test(channel_refused, a_request_that_is_not_served_is_refused)
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

Test(channel_refused, a_wrong_length_or_number_of_fds_is_refused)
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
	struct channel_rig r;

	channel_rig_open(&r);
	r.c.negotiated = FRONT_ALL;
	for (uint32_t i = 0; i < sent.fd_count; i++)
		sent.fds[i] = r.some_fd;
	front_send(r.front, &sent);
	for (int again = 0; again < 3; again++) {
		int rc = channel_rig_read(&r);

		cr_assert(again ? rc <= 0 : rc == code, "%d: %s", rc, r.err.message);
		cr_assert(again || strstr(r.err.message, says), "%s", r.err.message);
	}
	front_expect_silence(r.front);
	channel_rig_close(&r, says);
}

Test(channel_refused, a_broken_frame_ends_the_connection)
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

Test(channel_refused, fds_in_the_middle_of_a_message_end_the_connection)
{
	for (uint32_t at = 1; at < 20; at++) {
		struct channel_rig r;
		struct front_message m;

		channel_rig_open(&r);
		m = front_good(12, r.some_fd);
		m.fd_count = 0;
		front_send_part(r.front, &m, 0, at);
		cr_assert_eq(channel_rig_read(&r), 0);
		m.fd_count = 1;
		front_send_part(r.front, &m, at, 20);
		cr_assert_eq(channel_rig_read(&r), -EPROTO, "at byte %u", at);
		cr_assert(strstr(r.err.message, "in the middle"), "%s", r.err.message);
		channel_rig_close(&r, "fds in the middle");
	}
}

Test(channel_refused, fds_that_cannot_be_had_end_the_connection)
{
	struct rlimit limit, old;
	struct front_message m;
	struct channel_rig r;
	int next;

	channel_rig_open(&r);
	m = front_good(5, r.some_fd);
	front_send(r.front, &m);
	next = dup(0);
	close(next);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	limit = (struct rlimit){(rlim_t)next + 1, old.rlim_max};
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_expect_eq(channel_rig_read(&r), -EMFILE, "%s", r.err.message);
	cr_expect(strstr(r.err.message, "RLIMIT_NOFILE"), "%s", r.err.message);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	channel_rig_close(&r, "no fds");
}

Test(channel_refused, rubbish_does_not_hold_the_caller)
{
	struct front_message wrong = front_good(63, -1), good = front_good(3, -1);
	struct channel_rig r;

	channel_rig_open(&r);
	r.c.negotiated = FRONT_REPLY_ACK;
	wrong.flags |= FRONT_NEED_REPLY;
	for (int i = 0; i < 40; i++)
		front_send(r.front, &wrong);
	front_send(r.front, &good);
	cr_expect_eq(channel_rig_read(&r), 0);
	cr_expect_eq(r.c.refused, 16);
	cr_expect_eq(channel_rig_read(&r), 0);
	cr_expect_eq(channel_rig_read(&r), 1);
	cr_expect_eq(r.c.refused, 40);
	for (int i = 0; i < 40; i++)
		cr_expect_neq(front_expect_u64(r.front, 63), 0);
	front_expect_silence(r.front);
	channel_rig_close(&r, "rubbish");
}
