// SPDX-License-Identifier: BSD-2-Clause
/* A server of xsk-bench pair whose clients are hostile, slow, or gone: each gets a sentence, and the next one is served. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/xsk_bench.h"
#include "support/xsk_bench_server.h"

static void setup(void)
{
	xsk_bench_setup();
	server_start("-i v1");
}

TestSuite(xsk_bench_remote_hostile, .init = setup, .timeout = 90);

#define HELLO "{\"type\":\"hello\",\"protocol\":1}\n"
#define START(sends, options)                                                                      \
	"{\"type\":\"start\",\"sends\":\"" sends "\",\"options\":{" options "}}\n"
#define GO	      "{\"type\":\"go\",\"mac\":\"02:00:00:00:00:01\"}\n"
#define DONE	      "{\"type\":\"done\"}\n"
#define RUN_OF(sends) HELLO START(sends, "\"duration\":30,\"rate\":1000")
#define ALIVE	      "{\"type\":\"alive\"}\n"

static int dial(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)server_port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof(to)), "%s",
		  strerror(errno));
	return fd;
}

static void put(int fd, const char *text)
{
	cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Up to these words, or the end. */
static char *hear(int fd, const char *words, int timeout_ms)
{
	static char text[65536];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t used = 0;

	text[0] = 0;
	while (used < sizeof(text) - 1 && !(words && strstr(text, words))) {
		ssize_t n;

		cr_assert(poll(&p, 1, timeout_ms) == 1, "nothing after '%s'", text);
		n = recv(fd, text + used, sizeof(text) - 1 - used, 0);
		if (n <= 0)
			break;
		used += (size_t)n;
		text[used] = 0;
	}
	return text;
}

/* What it said is refused: a sentence, and the end of the connection. */
static void expect_refusal(int fd, const char *says)
{
	char *text = hear(fd, NULL, 15000);

	cr_expect(strstr(text, "{\"type\":\"error\",\"message\":\"") && strstr(text, says),
		  "'%s' is not in '%s'", says, text);
	close(fd);
}

/* The next client, who is none of these. */
static void expect_fit(void)
{
	CLIENT("-i v0 --rate 20k --count 300 --bidirectional");
	ENDED(0);
	SHOWS("xsk-bench pair, v1 to v0: 1 queue\n  sent        300 frames, ");
	server_await_free("v1");
	server_end();
	cr_expect_eq(server.status, 0, "%s", server.err);
	cr_expect(tool_is_clean(server.err), "%s", server.err);
}

Test(xsk_bench_remote_hostile, messages_that_cannot_be_are_refused_and_the_next_client_is_served)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"GET / HTTP/1.1\r\n\r\n", "the client sent what is no message"},
		{"\n", "the client sent what is no message"},
		{"{}\n", "the client sent what is no message"},
		{"[[[[[[[[[[[[[[[[[[[[\n", "the client sent what is no message"},
		{"{\"type\":\"hello\",\"protocol\":7,\"version\":\"9\\u001b[2J\"}\n",
		 "the client speaks protocol 7 of xsk-bench pair (version 9\\\\x1b[2J), this is 1"},
		{"{\"type\":\"hello\",\"protocol\":-1}\n", "speaks protocol 0"},
		{"{\"type\":\"hello\"}\n", "speaks protocol 0"},
		{GO, "the client sent a message out of turn"},
		{HELLO HELLO, "the client sent a message out of turn"},
		{HELLO GO, "the client sent a message out of turn"},
		{HELLO START("both", "\"rate\":-1"), "--rate -1: must be"},
		{HELLO START("both", "\"rate\":\"x\""), "rate has the wrong type"},
		{HELLO START("both", "\"frame-bytes\":100000"), "--frame-bytes 100000: must be"},
		{HELLO START("both", "\"duration\":1e9"), "--duration 1000000000.000000000: must"},
		{HELLO START("both", "\"flows\":100000000"), "--flows 100000000: must be"},
		{HELLO START("both", "\"ip-dst\":\"8.8.8.8\""), "--ip-src, --ip-dst: on two"},
		{HELLO START("both", "\"l4\":\"tcp\""), "--l4: goes with --checksum"},
		{HELLO START("both", "\"segment\":\"64k\",\"ipv6\":true"), "--ipv6: not with"},
		{RUN_OF("client") GO, "the client sent a message out of turn"},
		{HELLO START("everybody", ""), "sends must be client, server or both"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = dial();

		put(fd, rows[i].text);
		expect_refusal(fd, rows[i].says);
	}
	expect_fit();
}

/* When its interface is ready, and in a run. */
Test(xsk_bench_remote_hostile, messages_that_come_out_of_turn_end_a_run)
{
	static const struct {
		const char *text, *then, *says;
	} rows[] = {
		{RUN_OF("server"), "{\"type\":\"go\"}\n", "told no MAC"},
		/* Of one station. */
		{RUN_OF("server"), "{\"type\":\"go\",\"mac\":\"ff:ff:ff:ff:ff:ff\"}\n",
		 "told no MAC"},
		{RUN_OF("server"), START("both", ""), "out of turn"},
		{RUN_OF("server"), GO "{\"type\":\"result\"}\n", "out of turn"},
		{RUN_OF("client"), GO DONE DONE, "out of turn"},
		{RUN_OF("client"), GO "{\"type\":\"ready\"}\n", "out of turn"},
		{RUN_OF("client"), GO DONE "{\"type\":\"result\"}\n", "sent no result that can be"},
		{RUN_OF("client"), GO DONE "{\"type\":\"result\",\"sender\":[]}\n",
		 "sent no result that can be"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = dial();

		put(fd, rows[i].text);
		hear(fd, "\"ready\"", 10000);
		put(fd, rows[i].then);
		expect_refusal(fd, rows[i].says);
	}
	expect_fit();
}

Test(xsk_bench_remote_hostile, line_without_an_end_is_cut_off)
{
	static char text[40000];
	int fd = dial();

	memset(text, 'x', sizeof(text) - 1);
	put(fd, text);
	expect_refusal(fd, "the client sent a line of more than 16384 bytes");
	expect_fit();
}

/* At each step, and with half a line. */
Test(xsk_bench_remote_hostile, client_that_goes_away_at_any_step_leaves_nothing)
{
	static const struct {
		const char *text, *then;
	} said[] = {
		{"", NULL},
		{"{\"type\":\"hel", NULL},
		{HELLO, NULL},
		{HELLO "{\"type\":\"start\"", NULL},
		{RUN_OF("both"), NULL},
		{RUN_OF("client"), NULL},
		{RUN_OF("server"), ""},
		{RUN_OF("both"), ""},
		{RUN_OF("both"), GO},
		{RUN_OF("server"), GO},
		{RUN_OF("server"), GO "{\"type\":\"finish\"}\n"},
		{RUN_OF("client"), GO DONE},
	};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		int fd = dial();

		put(fd, said[i].text);
		if (said[i].then) {
			hear(fd, "\"ready\"", 10000);
			put(fd, said[i].then);
			usleep(400000); /* the run has begun */
		}
		if (i % 2) /* reset, not closed */
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0},
				   sizeof(struct linger));
		close(fd);
	}
	expect_fit();
}

Test(xsk_bench_remote_hostile, second_client_is_told_and_the_first_one_is_not_disturbed)
{
	tool_start(&tool, XSK_BENCH " pair -i v0 --client %s --rate 2k -t 2 --bidirectional",
		   server_name);
	tool_await(&tool, "running on v0");
	for (int i = 0; i < 50; i++)
		expect_refusal(dial(), "busy: another client is being served");
	tool_end(&tool, 0);
	ENDED(0);
	SHOWS("every frame is accounted for");
	expect_fit();
}

static double seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

/* One that says nothing in a run, one that drips bytes, and one that only says that it is alive. */
Test(xsk_bench_remote_hostile, client_that_stalls_or_drips_is_given_up_within_ten_seconds)
{
	struct timespec begin;
	int fd = dial();

	clock_gettime(CLOCK_MONOTONIC, &begin);
	put(fd, RUN_OF("both"));
	hear(fd, "\"ready\"", 10000);
	put(fd, GO);
	expect_refusal(fd, "the client has said nothing for 10 seconds");
	cr_expect_lt(seconds_since(&begin), 14);
	server_await_free("v1");
	fd = dial();
	clock_gettime(CLOCK_MONOTONIC, &begin);
	put(fd, HELLO);
	for (int i = 0; i < 200 && send(fd, "{", 1, MSG_NOSIGNAL) == 1; i++)
		usleep(100000);
	cr_expect_lt(seconds_since(&begin), 14);
	close(fd);
	server_await("the client has said nothing for 10 seconds\n");
	fd = dial();
	clock_gettime(CLOCK_MONOTONIC, &begin);
	put(fd, HELLO);
	for (int i = 0; i < 20 && send(fd, ALIVE, strlen(ALIVE), MSG_NOSIGNAL) > 0; i++)
		usleep(1000000);
	cr_expect_lt(seconds_since(&begin), 14);
	close(fd);
	server_await("the client did not go on within 10 seconds");
	expect_fit();
}

/* ---- A hostile server --------------------------------------------------------------------------- */

static int listening(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(!bind(fd, (struct sockaddr *)&at, bytes) && !listen(fd, 4) &&
		  !getsockname(fd, (struct sockaddr *)&at, &bytes));
	server_port = ntohs(at.sin_port);
	return fd;
}

Test(xsk_bench_remote_hostile, client_takes_nothing_from_a_server_that_speaks_otherwise)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"SSH-2.0-OpenSSH_9.2\r\n", "the server sent what is no message"},
		{"{\"type\":\"hello\",\"protocol\":2,\"version\":\"9\"}\n",
		 "the server speaks protocol 2 of xsk-bench pair (version 9), this is 1"},
		{"", "the server has closed the connection"},
		{HELLO, "the server has closed the connection"},
		{HELLO "{\"type\":\"error\",\"message\":\"no \\u001b[31mway\"}\n",
		 "the server: no \\x1b[31mway"},
		{HELLO "{\"type\":\"ready\"}\n", "the server told no MAC address"},
		{HELLO "{\"type\":\"ready\",\"mac\":\"02:00:00:00:00:09\"}\n{\"type\":\"go\"}\n",
		 "the server sent a message out of turn"},
	};
	int listen_fd = listening(), fd;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tool_start(&tool, XSK_BENCH " pair -i v0 --client 127.0.0.1:%u -t 1 --rate 1k",
			   server_port);
		fd = accept(listen_fd, NULL, NULL);
		put(fd, rows[i].text);
		shutdown(fd, SHUT_WR);
		tool_end(&tool, 0);
		close(fd);
		ENDED(1);
		SAYS(rows[i].says);
		cr_expect_str_eq(tool.out, "");
		cr_assert_eq(netns_program_id("v0"), 0);
	}
	close(listen_fd);
	server_end();
}
