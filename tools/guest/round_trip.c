// SPDX-License-Identifier: BSD-2-Clause
/* There and back, one packet at a time. */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "modes.h"
#include "socket.h"
#include "stream.h"

#define TIMEOUT_US 500000
#define LAST	   UINT64_MAX

struct message {
	uint64_t sequence, word;
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void set_timeout(int fd, long us)
{
	struct timeval t = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
}

/* Return: nanoseconds, 0 when nothing came back in time. What is left of an earlier one is passed over. */
static uint64_t one_trip(int fd, uint64_t sequence)
{
	struct message out = {sequence, stream_word(0, sequence)}, in;
	uint64_t start = now_ns();

	if (send(fd, &out, sizeof(out), 0) < 0 && errno != ECONNREFUSED)
		die("send: %s", strerror(errno));
	for (;;) {
		ssize_t n = recv(fd, &in, sizeof(in), 0);

		if (n < 0)
			return 0;
		if (n == sizeof(in) && memcmp(&in, &out, sizeof(in)) == 0)
			return now_ns() - start;
	}
}

int round_trip(const char *address, uint16_t port, uint64_t count)
{
	int fd = udp_open(address, port);
	uint64_t *ns = calloc(count, sizeof(*ns)), good = 0, last = 0;

	if (!ns || !count)
		die("no memory for %" PRIu64 " round trips", count);
	set_timeout(fd, TIMEOUT_US);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t took = one_trip(fd, i);

		if (took)
			ns[good++] = took;
		progress(&last, "round-trip: done", i);
	}
	for (int i = 0; i < 5; i++)
		send(fd, &(struct message){LAST, 0}, sizeof(struct message), 0);
	qsort(ns, good, sizeof(*ns), compare);
	printf("mode=round-trip count=%" PRIu64 " lost=%" PRIu64
	       " p50_us=%.1f p99_us=%.1f max_us=%.1f\n",
	       count, count - good, good ? (double)ns[good / 2] / 1000 : 0,
	       good ? (double)ns[good * 99 / 100] / 1000 : 0,
	       good ? (double)ns[good - 1] / 1000 : 0);
	free(ns);
	return good == 0;
}

int echo(uint16_t port)
{
	int fd = udp_open(NULL, port);
	uint64_t echoed = 0;

	for (;;) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		struct message m;
		ssize_t n = recvfrom(fd, &m, sizeof(m), 0, (struct sockaddr *)&from, &size);

		if (n < 0)
			die("receive: %s", strerror(errno));
		if (n != sizeof(m))
			continue;
		if (m.sequence == LAST)
			break;
		sendto(fd, &m, sizeof(m), 0, (struct sockaddr *)&from, size);
		echoed++;
	}
	printf("mode=echo packets=%" PRIu64 "\n", echoed);
	return echoed == 0;
}
