// SPDX-License-Identifier: BSD-2-Clause
/* A bulk stream: header, bytes, and at the end the receiver's verdict, which both sides exit by. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "modes.h"
#include "socket.h"
#include "stream.h"

#define BUFFER_BYTES (256u << 10)
#define MAGIC	     0x6e782d7463702d31u

/* First on the wire. Both ends are this program on one processor, so it is in its byte order. */
struct header {
	uint64_t magic, seed, bytes;
};

static unsigned char buffer[BUFFER_BYTES];

static void send_whole(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0)
			die("send: %s", strerror(errno));
		at += n;
		len -= (size_t)n;
	}
}

static void print_figures(const char *mode, uint64_t bytes, uint64_t ns, bool right)
{
	printf("mode=%s bytes=%" PRIu64 " ns=%" PRIu64 " mbit_s=%.0f right=%s\n", mode, bytes, ns,
	       ns ? (double)bytes * 8000 / (double)ns : 0, right ? "yes" : "no");
}

int tcp_send(const char *address, uint16_t port, uint64_t bytes)
{
	int fd = tcp_connect(address, port);
	uint64_t start = now_ns(), last = 0;
	struct header h = {.magic = MAGIC, .seed = start, .bytes = bytes};
	char verdict = 0;

	send_whole(fd, &h, sizeof(h));
	for (uint64_t sent = 0; sent < bytes;) {
		size_t len = bytes - sent < sizeof(buffer) ? bytes - sent : sizeof(buffer);

		stream_fill(h.seed, sent, buffer, len);
		send_whole(fd, buffer, len);
		sent += len;
		progress(&last, "tcp-send: bytes", sent);
	}
	shutdown(fd, SHUT_WR);
	if (recv(fd, &verdict, 1, MSG_WAITALL) != 1)
		die("the receiver gave no verdict");
	print_figures("tcp-send", bytes, now_ns() - start, verdict == 'y');
	return verdict != 'y';
}

/* Return: bytes that came, all of them checked; *right is false from the first wrong one on. */
static uint64_t receive_stream(int fd, const struct header *h, bool *right)
{
	uint64_t received = 0, last = 0;
	ssize_t n;

	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
		size_t good = *right ? stream_check(h->seed, received, buffer, (size_t)n) : 0;

		if (*right && good < (size_t)n) {
			fprintf(stderr, "byte %" PRIu64 " is wrong\n", received + good);
			*right = false;
		}
		received += (uint64_t)n;
		progress(&last, "tcp-receive: bytes", received);
	}
	if (n < 0)
		die("receive: %s", strerror(errno));
	return received;
}

int tcp_receive(uint16_t port)
{
	int fd = tcp_accept(port);
	bool right = true;
	uint64_t start, received;
	struct header h;

	if (recv(fd, &h, sizeof(h), MSG_WAITALL) != sizeof(h) || h.magic != MAGIC)
		die("the sender is not guest-net");
	start = now_ns();
	received = receive_stream(fd, &h, &right);
	if (received != h.bytes) {
		fprintf(stderr, "%" PRIu64 " bytes came, %" PRIu64 " were sent\n", received,
			h.bytes);
		right = false;
	}
	print_figures("tcp-receive", received, now_ns() - start, right);
	send_whole(fd, right ? "y" : "n", 1);
	close(fd);
	return !right;
}
