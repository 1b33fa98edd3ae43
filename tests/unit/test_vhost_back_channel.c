// SPDX-License-Identifier: BSD-2-Clause
/* Our own requests to the front end: what is told, to whom, and that nobody waits for one that does not
 * read. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/vhost_front.h"
#include "xsk_vhost/back_channel.h"

#define BACKEND_REQ (1ull << 5)
#define CONFIG	    (1ull << 9)
#define BOTH	    (BACKEND_REQ | CONFIG)

static struct back_channel b;
static struct net_error err;
static int front;

static void open_back_channel(void)
{
	int back;

	back_channel_init(&b);
	front = front_open(&back);
	cr_assert_eq(back_channel_set(&b, back, &err), 0);
}

static void expect_change(void)
{
	struct front_message m;

	cr_assert_eq(front_receive(front, &m), 1);
	cr_expect_eq(m.request, 2);
	cr_expect_eq(m.flags, FRONT_VERSION);
	cr_expect_eq(m.size_bytes, 0);
	cr_expect_eq(m.fd_count, 0);
}

Test(back_channel, a_change_is_told_to_who_negotiated_both_features)
{
	const uint64_t others = ~BOTH;

	open_back_channel();
	cr_expect_eq(back_channel_flush(&b, BOTH), 0);
	cr_expect_eq(back_channel_config_changed(&b, 0), -EOPNOTSUPP);
	cr_expect_eq(back_channel_config_changed(&b, others | CONFIG), -EOPNOTSUPP);
	cr_expect_eq(back_channel_config_changed(&b, others | BACKEND_REQ), -EOPNOTSUPP);
	cr_expect_eq(back_channel_flush(&b, BOTH), 0, "nothing waits");
	front_expect_silence(front);
	cr_expect_eq(back_channel_config_changed(&b, BOTH), 1);
	expect_change();
	cr_expect_eq(back_channel_config_changed(&b, FRONT_ALL), 1);
	expect_change();
	cr_expect_eq(back_channel_flush(&b, BOTH), 0);
	front_expect_silence(front);
	back_channel_close(&b);
	cr_expect_eq(b.fd, -1);
}

Test(back_channel, a_change_waits_for_a_socket)
{
	int back;

	back_channel_init(&b);
	cr_expect_eq(back_channel_config_changed(&b, BOTH), 0);
	cr_expect_eq(back_channel_drain(&b), 0);
	front = front_open(&back);
	cr_expect_eq(back_channel_set(&b, back, &err), 0);
	cr_expect_eq(back_channel_flush(&b, BOTH), 1);
	expect_change();
	back_channel_close(&b);
	cr_expect_eq(back_channel_config_changed(&b, BOTH), 0);
	back_channel_close(&b);
	cr_expect_eq(b.config_changed, false, "told to the next front end");
}

Test(back_channel, a_front_end_that_does_not_read_is_told_once_when_it_does)
{
	int sent = 0, rc = 1;

	open_back_channel();
	while (rc == 1 && sent < 1000000) {
		rc = back_channel_config_changed(&b, BOTH);
		sent += rc;
	}
	cr_expect_eq(rc, 0);
	for (int i = 0; i < 10; i++)
		cr_expect_eq(back_channel_config_changed(&b, BOTH), 0);
	for (int i = 0; i < sent; i++)
		expect_change();
	front_expect_silence(front);
	cr_expect_eq(back_channel_flush(&b, BOTH), 1);
	expect_change();
	cr_expect_eq(back_channel_flush(&b, BOTH), 0);
	front_expect_silence(front);
	back_channel_close(&b);
}

Test(back_channel, a_closed_end_is_noticed_and_closed_here)
{
	unsigned int before = netns_open_fds();

	open_back_channel();
	close(front);
	cr_expect_eq(back_channel_config_changed(&b, BOTH), -ECONNRESET);
	cr_expect_eq(b.fd, -1);
	open_back_channel();
	cr_expect_eq(back_channel_drain(&b), 0);
	close(front);
	cr_expect_eq(back_channel_drain(&b), -ECONNRESET);
	cr_expect_eq(b.fd, -1);
	cr_expect_eq(back_channel_drain(&b), 0);
	cr_expect_eq(netns_open_fds(), before);
}

Test(back_channel, what_the_front_end_says_is_forgotten_with_its_fds)
{
	struct front_message m = front_good(5, 0);
	unsigned int open;
	int calls = 0;

	open_back_channel();
	open = netns_open_fds();
	for (int i = 0; i < 100; i++)
		front_send(front, &m);
	while (recv(b.fd, &(char){0}, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && calls < 200) {
		cr_assert_eq(back_channel_drain(&b), 0);
		calls++;
	}
	cr_expect_eq(back_channel_drain(&b), 0);
	cr_expect(calls > 1 && calls <= 100, "%d calls", calls);
	cr_expect_eq(netns_open_fds(), open);
	back_channel_close(&b);
}

Test(back_channel, a_front_end_that_says_much_holds_nobody)
{
	static const uint8_t bytes[3 * 4096];
	char one;

	open_back_channel();
	cr_assert_eq(send(front, bytes, sizeof(bytes), MSG_DONTWAIT), sizeof(bytes));
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(recv(b.fd, &one, 1, MSG_PEEK | MSG_DONTWAIT), 1, "call %d", i);
		cr_expect_eq(back_channel_drain(&b), 0);
	}
	cr_expect_eq(recv(b.fd, &one, 1, MSG_PEEK | MSG_DONTWAIT), -1);
	back_channel_close(&b);
}

Test(back_channel, only_a_stream_socket_is_taken_and_in_place_of_the_one_before)
{
	unsigned int before = netns_open_fds();
	int back, was, pair[2];

	open_back_channel();
	was = b.fd;
	cr_expect_eq(back_channel_set(&b, eventfd(0, EFD_CLOEXEC), &err), -ENOTSOCK);
	cr_expect_eq(err.code, -ENOTSOCK);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	cr_expect_eq(back_channel_set(&b, pair[0], &err), -ENOTSOCK);
	close(pair[1]);
	cr_expect_eq(b.fd, was);
	cr_expect_eq(netns_open_fds(), before + 2, "what is not taken is closed");
	close(front);
	front = front_open(&back);
	cr_expect_eq(back_channel_set(&b, back, &err), 0);
	cr_expect_eq(netns_open_fds(), before + 2);
	cr_expect_eq(back_channel_config_changed(&b, BOTH), 1);
	expect_change();
	back_channel_close(&b);
	close(front);
	cr_expect_eq(netns_open_fds(), before);
}
