// SPDX-License-Identifier: BSD-2-Clause
/* Good messages at the front end's socket: whole, in pieces, cut off, together; and where their fds go. */
#include <errno.h>
#include <sys/socket.h>

#include "support/frame.h"
#include "support/vhost_channel_rig.h"

Test(channel, a_message_is_handed_out_with_its_last_byte)
{
	for (uint32_t i = 1; i < FRONT_REQUESTS; i++) {
		struct channel_rig r;
		struct front_message sent;

		if (!front_rules[i].served)
			continue;
		channel_rig_open(&r);
		sent = front_good(i, r.some_fd);
		for (uint32_t at = 0; at < front_wire_bytes(&sent); at++) {
			struct front_message part = sent;

			cr_assert_eq(channel_rig_read(&r), 0, "%s at byte %u", front_rules[i].name,
				     at);
			part.fd_count = at ? 0 : sent.fd_count;
			front_send_part(r.front, &part, at, at + 1);
		}
		cr_assert_eq(channel_rig_read(&r), 1, "%s: %s", front_rules[i].name, r.err.message);
		channel_rig_expect(&r, &sent);
		cr_assert_eq(r.c.messages, 1);
		cr_assert_eq(channel_rig_read(&r), 0);
		channel_rig_close(&r, front_rules[i].name);
	}
}

Test(channel, a_front_end_that_goes_away_at_any_byte_is_gone)
{
	for (uint32_t i = 1; i < FRONT_REQUESTS; i++) {
		for (uint32_t at = 0; front_rules[i].served && at <= 12 + front_rules[i].size_bytes;
		     at++) {
			struct channel_rig r;
			struct front_message sent;
			bool whole = at == 12 + front_rules[i].size_bytes;

			channel_rig_open(&r);
			sent = front_good(i, r.some_fd);
			if (at)
				front_send_part(r.front, &sent, 0, at);
			shutdown(r.front, SHUT_WR);
			if (whole)
				cr_assert_eq(channel_rig_read(&r), 1);
			cr_assert_eq(channel_rig_read(&r), -ECONNRESET, "%s at byte %u",
				     front_rules[i].name, at);
			cr_assert_eq(strstr(r.err.message, "middle") != NULL, at && !whole, "%s",
				     r.err.message);
			channel_rig_close(&r, front_rules[i].name);
		}
	}
}

Test(channel, messages_that_come_together_are_handed_out_one_by_one)
{
	const uint32_t qemu[] = {1,  15, 16, 3,	 1, 13, 14, 13, 14, 18, 18, 2,
				 40, 5,	 8,  10, 9, 12, 13, 8,	10, 9,	12, 13};
	struct front_message m;
	struct channel_rig r;

	channel_rig_open(&r);
	for (size_t i = 0; i < sizeof(qemu) / sizeof(qemu[0]); i++) {
		m = front_good(qemu[i], r.some_fd);
		front_send(r.front, &m);
	}
	for (size_t i = 0; i < sizeof(qemu) / sizeof(qemu[0]); i++) {
		m = front_good(qemu[i], r.some_fd);
		cr_assert_eq(channel_rig_read(&r), 1, "message %zu: %s", i, r.err.message);
		channel_rig_expect(&r, &m);
	}
	cr_assert_eq(channel_rig_read(&r), 0);
	channel_rig_close(&r, "together");
}

Test(channel, fds_that_nobody_takes_end_with_the_message)
{
	struct front_message m;
	struct channel_rig r;
	int taken;

	for (int way = 0; way < 4; way++) {
		channel_rig_open(&r);
		m = front_good(5, r.some_fd);
		front_send(r.front, &m);
		cr_assert_eq(channel_rig_read(&r), 1);
		cr_assert_eq(netns_open_fds(), r.before + 3 + 2);
		taken = vhost_message_take_fd(r.m, 1);
		if (way == 0)
			cr_assert_eq(channel_answer(&r.c, r.m, 0, NULL, &r.err), 0);
		else if (way == 1)
			cr_assert_eq(channel_reply_u64(&r.c, r.m, 0, &r.err), 0);
		else if (way == 2)
			cr_assert_eq(channel_rig_read(&r), 0);
		else
			cr_assert_eq(channel_answer(&r.c, r.m, -EINVAL, &r.err, &r.err), -EINVAL);
		cr_assert_eq(netns_open_fds(), r.before + 3 + 1, "way %d", way);
		cr_assert(channel_rig_same_file(taken, r.some_fd));
		close(taken);
		channel_rig_close(&r, "fds");
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
		struct channel_rig r;

		channel_rig_open(&r);
		r.c.negotiated = FRONT_REPLY_ACK;
		for (int i = 0; i < 20; i++) {
			uint32_t request = frame_random_below(&random, 50);
			bool served = request < FRONT_REQUESTS && front_rules[request].served;
			struct front_message m = front_good(request, r.some_fd);
			uint32_t at = 0, end = front_wire_bytes(&m);

			if (!served && !channel_rig_can_refuse(request, true))
				continue;
			m.flags |= FRONT_NEED_REPLY;
			while (at < end) {
				uint32_t to = at + 1 + frame_random_below(&random, end - at);

				front_send_part(r.front, &m, at, to);
				m.fd_count = 0;
				at = to;
				if (at < end)
					cr_assert_eq(channel_rig_read(&r), 0);
			}
			m = front_good(request, r.some_fd);
			m.flags |= FRONT_NEED_REPLY;
			cr_assert_eq(channel_rig_read(&r), served ? 1 : 0, "request %u", request);
			if (served)
				channel_rig_expect(&r, &m);
			else
				channel_rig_expect_refusal(&r, request, "random");
			handed_out += served;
			refused += !served;
		}
		front_expect_silence(r.front);
		cr_assert_eq(r.c.messages, handed_out);
		cr_assert_eq(r.c.refused, refused);
		channel_rig_close(&r, "random");
	}
}
