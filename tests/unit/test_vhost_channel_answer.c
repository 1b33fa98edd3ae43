// SPDX-License-Identifier: BSD-2-Clause
/* What goes back to the front end: replies, acknowledgements, refusals, and to one that does not read or
 * is gone. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/vhost_front.h"
#include "xsk_vhost/channel.h"

static struct channel c;
static struct vhost_message *m;
static struct net_error err;
static int front;

static void open_channel(uint64_t negotiated)
{
	int back;

	front = front_open(&back);
	channel_open(&c, back, FRONT_ALL);
	c.negotiated = negotiated;
}

static void ask(uint32_t request, uint32_t flags)
{
	struct front_message sent = front_good(request, 0);

	sent.flags |= flags;
	front_send(front, &sent);
	cr_assert_eq(channel_read(&c, &m, &err), 1, "request %u: %s", request, err.message);
}

static void close_channel(void)
{
	channel_close(&c);
	close(front);
}

Test(channel_answer, success_is_told_where_it_was_asked_for_and_there_is_no_reply)
{
	for (uint32_t i = 1; i < FRONT_REQUESTS; i++) {
		for (int ways = 0; front_rules[i].served && ways < 4; ways++) {
			open_channel(ways & 1 ? FRONT_REPLY_ACK : ~FRONT_REPLY_ACK);
			ask(i, ways & 2 ? FRONT_NEED_REPLY : 0);
			cr_assert_eq(channel_answer(&c, m, 0, NULL, &err), 0);
			if (ways == 3 && !front_rules[i].has_reply)
				cr_assert_eq(front_expect_u64(front, i), 0);
			front_expect_silence(front);
			cr_assert_eq(c.refused, 0);
			close_channel();
		}
	}
}

Test(channel_answer, a_refusal_is_told_or_ends_the_connection)
{
	const struct net_error why = {-ENOMEM, "memory", "no room, and here is why"};

	for (uint32_t i = 1; i < FRONT_REQUESTS; i++) {
		for (int ways = 0; front_rules[i].served && ways < 4; ways++) {
			struct front_message reply;
			bool told = i == 24 || i == 31 || (ways == 3 && !front_rules[i].has_reply);

			open_channel(ways & 1 ? FRONT_REPLY_ACK : ~FRONT_REPLY_ACK);
			ask(i, ways & 2 ? FRONT_NEED_REPLY : 0);
			memset(&err, 0, sizeof(err));
			cr_assert_eq(channel_answer(&c, m, -ENOMEM, &why, &err), told ? 0 : -ENOMEM,
				     "%s, way %d", front_rules[i].name, ways);
			cr_assert_eq(c.refused, told);
			cr_assert_str_eq(told ? c.refusal.message : err.message, why.message);
			cr_assert_eq(told ? c.refusal.code : err.code, -ENOMEM);
			if (told && i == 24) {
				cr_assert_eq(front_receive(front, &reply), 1);
				cr_assert_eq(reply.size_bytes, 0);
			} else if (told && i == 31) {
				cr_assert_eq(front_receive(front, &reply), 1);
				cr_assert_eq(reply.size_bytes, 24);
				cr_assert_eq(reply.payload[0], 0);
			} else if (told) {
				cr_assert_eq(front_expect_u64(front, i), 1);
			}
			front_expect_silence(front);
			close_channel();
		}
	}
}

Test(channel_answer, replies_carry_their_values)
{
	struct front_message reply;

	open_channel(0);
	ask(1, 0);
	cr_expect_eq(channel_reply_u64(&c, m, 0x123456789abcdef0, &err), 0);
	cr_expect_eq(front_expect_u64(front, 1), 0x123456789abcdef0);
	ask(11, 0);
	cr_expect_eq(channel_reply_state(&c, m, 7, 65535, &err), 0);
	cr_assert_eq(front_receive(front, &reply), 1);
	cr_expect_eq(reply.request, 11);
	cr_expect_eq(reply.flags, FRONT_VERSION | FRONT_REPLY);
	cr_expect_eq(reply.size_bytes, 8);
	cr_expect_arr_eq(reply.payload, ((uint8_t[]){7, 0, 0, 0, 0xff, 0xff, 0, 0}), 8);
	close_channel();
}

Test(channel_answer, a_configuration_is_as_long_as_it_was_asked_for)
{
	uint8_t space[24], expected[256];
	struct front_message sent = front_good(24, -1), reply;

	for (uint32_t i = 0; i < sizeof(space); i++)
		space[i] = (uint8_t)(0x80 + i);
	open_channel(0);
	for (uint32_t offset = 0; offset < 30; offset++) {
		for (uint32_t size = 0; size <= 256; size += size < 30 ? 1 : 113) {
			const uint32_t header[] = {offset == 29 ? UINT32_MAX : offset, size, 5};

			memset(expected, 0, sizeof(expected));
			for (uint32_t i = 0; i < size && header[0] + (uint64_t)i < 24; i++)
				expected[i] = space[offset + i];
			sent.size_bytes = 12 + size;
			memcpy(sent.payload, header, 12);
			memset(sent.payload + 12, 0xee, 256);
			front_send(front, &sent);
			cr_assert_eq(channel_read(&c, &m, &err), 1, "%s", err.message);
			cr_assert_eq(channel_reply_config(&c, m, space, sizeof(space), &err), 0);
			cr_assert_eq(front_receive(front, &reply), 1);
			cr_assert_eq(reply.size_bytes, 12 + size);
			cr_assert_eq(memcmp(reply.payload, header, 12), 0);
			cr_assert_eq(memcmp(reply.payload + 12, expected, size), 0,
				     "%u bytes at %u", size, offset);
		}
	}
	close_channel();
}

Test(channel_answer, inflight_memory_goes_back_with_its_fd_in_the_requests_length)
{
	const struct vhost_inflight inflight = {4096, 8192, 2, 256};
	unsigned int before = netns_open_fds();
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct front_message sent = front_good(31, -1), reply;
	struct stat a, b;

	open_channel(0);
	for (uint32_t size = 20; size <= 24; size += 4) {
		sent.size_bytes = size;
		front_send(front, &sent);
		cr_assert_eq(channel_read(&c, &m, &err), 1, "%s", err.message);
		cr_expect_eq(channel_reply_inflight(&c, m, &inflight, fd, &err), 0);
		cr_assert_eq(front_receive(front, &reply), 1);
		cr_expect_eq(reply.size_bytes, size);
		cr_expect_eq(memcmp(reply.payload, &inflight, 20), 0);
		cr_assert_eq(reply.fd_count, 1);
		cr_expect(!fstat(reply.fds[0], &a) && !fstat(fd, &b) && a.st_rdev == b.st_rdev &&
			  a.st_ino == b.st_ino);
		close(reply.fds[0]);
	}
	cr_expect_geq(fcntl(fd, F_GETFD), 0, "the caller's fd is gone");
	close(fd);
	close_channel();
	cr_expect_eq(netns_open_fds(), before);
}

Test(channel_answer, a_front_end_that_does_not_read_is_broken_and_holds_nobody)
{
	int rc = 0, replies = 0;

	open_channel(0);
	while (!rc && replies < 1000000) {
		ask(1, 0);
		rc = channel_reply_u64(&c, m, 1, &err);
		replies += !rc;
	}
	cr_expect_eq(rc, -EAGAIN, "after %d replies: %s", replies, err.message);
	cr_expect(strstr(err.message, "does not read"), "%s", err.message);
	for (int i = 0; i < replies; i++) /* whole ones, and no part behind them */
		cr_assert_eq(front_expect_u64(front, 1), 1);
	front_expect_silence(front);
	close_channel();
}

Test(channel_answer, a_front_end_that_is_gone_is_gone)
{
	open_channel(0);
	ask(1, 0);
	close(front);
	cr_expect_eq(channel_reply_u64(&c, m, 1, &err), -ECONNRESET, "%s", err.message);
	channel_close(&c);
	cr_expect_eq(channel_reply_u64(&c, m, 1, &err), -EBADF, "%s", err.message);
}

Test(channel_answer, a_reply_that_is_too_long_is_not_sent)
{
	uint8_t bytes[300] = {0};

	open_channel(0);
	ask(1, 0);
	cr_expect_eq(channel_reply(&c, m, bytes, 268, -1, &err), 0);
	cr_expect_eq(channel_reply(&c, m, bytes, 269, -1, &err), -EMSGSIZE);
	close_channel();
}
