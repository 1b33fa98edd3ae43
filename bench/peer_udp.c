// SPDX-License-Identifier: BSD-2-Clause
/*
 * The round trip of a plain UDP socket, measured the way xsk-bench latency measures: open loop, every
 * packet carries the time at which the schedule wanted it sent, whenever it really went, so that a
 * stall is charged to all that it delayed (no coordinated omission).
 *
 *     peer-udp echo ADDR                 sends back what comes, until SIGINT or SIGTERM
 *     peer-udp client ADDR PPS SECONDS   one line of JSON
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "xsk_bench/histogram.h"
#include "support/whole_number.h"

#define PORT	      7007
#define PAYLOAD_BYTES 18 /* a frame of 60 bytes, as xsk-bench sends */
#define STRAGGLERS_NS 1000000000u

struct probe {
	uint64_t sequence;
	uint64_t due_ns;
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int fail(const char *what)
{
	fprintf(stderr, "peer-udp: %s: %s\n", what, strerror(errno));
	return 1;
}

static int echo(int fd, const struct sockaddr_in *at)
{
	struct sockaddr_in from;
	char data[2048];

	if (bind(fd, (const struct sockaddr *)at, sizeof(*at)))
		return fail("bind");
	fprintf(stderr, "peer-udp: running\n");
	while (!stopped) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &len);

		if (n > 0)
			sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&from, len);
		else if (n < 0 && errno != EINTR)
			return fail("recvfrom");
	}
	return 0;
}

struct client {
	int fd, epoll_fd;
	uint64_t start_ns, rate, total;
	uint64_t sent, received;
	struct histogram latency;
};

static uint64_t due_ns(const struct client *c, uint64_t sequence)
{
	return c->start_ns + sequence * 1000000000u / c->rate;
}

/* Return: did any answer come? */
static bool collect(struct client *c)
{
	char data[PAYLOAD_BYTES];
	struct probe p;
	bool any = false;

	while (recv(c->fd, data, sizeof(data), MSG_DONTWAIT) == sizeof(data)) {
		memcpy(&p, data, sizeof(p));
		histogram_add(&c->latency, now_ns() - p.due_ns);
		c->received++;
		any = true;
	}
	return any;
}

static bool send_due(struct client *c)
{
	char data[PAYLOAD_BYTES] = {0};
	uint64_t now = now_ns();
	bool any = false;

	while (c->sent < c->total && due_ns(c, c->sent) <= now) {
		struct probe p = {c->sent, due_ns(c, c->sent)};

		memcpy(data, &p, sizeof(p));
		if (send(c->fd, data, sizeof(data), MSG_DONTWAIT) != sizeof(data))
			break;
		c->sent++;
		any = true;
	}
	return any;
}

static void wait_until(const struct client *c, uint64_t deadline)
{
	struct epoll_event event;
	uint64_t now = now_ns();
	struct timespec left = {0};

	if (deadline <= now)
		return;
	left.tv_sec = (time_t)((deadline - now) / 1000000000u);
	left.tv_nsec = (long)((deadline - now) % 1000000000u);
	epoll_pwait2(c->epoll_fd, &event, 1, &left, NULL);
}

static int client(int fd, const struct sockaddr_in *to, uint64_t rate, double seconds)
{
	static struct client c;
	struct epoll_event event = {.events = EPOLLIN};
	uint64_t end;

	c.fd = fd;
	c.rate = rate;
	c.total = (uint64_t)((double)rate * seconds);
	c.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) || c.epoll_fd < 0 ||
	    epoll_ctl(c.epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return fail("connect");
	c.start_ns = now_ns();
	while (!stopped && c.sent < c.total)
		if (!collect(&c) && !send_due(&c))
			wait_until(&c, due_ns(&c, c.sent));
	end = now_ns() + STRAGGLERS_NS;
	while (c.received < c.sent && now_ns() < end)
		if (!collect(&c))
			wait_until(&c, end);
	printf("{\"generated\": %llu, \"good\": %llu, \"p50\": %llu, \"p99\": %llu, "
	       "\"p99_9\": %llu, \"max\": %llu}\n",
	       (unsigned long long)c.sent, (unsigned long long)c.received,
	       (unsigned long long)histogram_percentile(&c.latency, 500),
	       (unsigned long long)histogram_percentile(&c.latency, 990),
	       (unsigned long long)histogram_percentile(&c.latency, 999),
	       (unsigned long long)c.latency.max_ns);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	struct sigaction action = {.sa_handler = stop};
	bool is_echo = argc == 3 && !strcmp(argv[1], "echo");
	bool is_client = argc == 5 && !strcmp(argv[1], "client");
	uint32_t pps = 0;
	double seconds = 0;
	int fd;

	if ((!is_echo && !is_client) || inet_pton(AF_INET, argv[2], &addr.sin_addr) != 1 ||
	    (is_client && (!whole_number32("PPS", argv[3], 1, 1000000000, &pps) ||
			   !seconds_number("SECONDS", argv[4], &seconds)))) {
		fputs("usage: peer-udp echo ADDR | client ADDR PPS SECONDS\n", stderr);
		return 2;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); /* as xsk-bench: sleeps end on time */
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail("socket");
	if (is_echo)
		return echo(fd, &addr);
	return client(fd, &addr, pps, seconds);
}
