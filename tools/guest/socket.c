// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "socket.h"

#define CONNECT_TRIES 100 /* times 100 ms */
#define PROGRESS_NS   2000000000u
/* Room for a burst while the other side does not run: two processors serve guest, back end and peer. */
#define BUFFER_BYTES (4 << 20)

void die(const char *format, ...)
{
	va_list args;

	fputs("guest-net: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void progress(uint64_t *last, const char *what, uint64_t value)
{
	uint64_t now = now_ns();

	if (*last && now - *last < PROGRESS_NS)
		return;
	if (*last)
		fprintf(stderr, "%s: %" PRIu64 " so far\n", what, value);
	*last = now;
}

static struct sockaddr_in address_of(const char *address, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (address && inet_pton(AF_INET, address, &a.sin_addr) != 1)
		die("'%s' is not an IPv4 address", address);
	return a;
}

static int open_socket(int type)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	return fd;
}

static void bind_to(int fd, uint16_t port)
{
	struct sockaddr_in a = address_of(NULL, port);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) != 0)
		die("port %u: %s", port, strerror(errno));
}

int tcp_connect(const char *address, uint16_t port)
{
	struct sockaddr_in a = address_of(address, port);

	for (int i = 0; i < CONNECT_TRIES; i++) {
		int fd = open_socket(SOCK_STREAM);

		if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
			return fd;
		close(fd);
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	}
	die("no connection to %s port %u: %s", address, port, strerror(errno));
}

int tcp_accept(uint16_t port)
{
	int listener = open_socket(SOCK_STREAM), fd;

	bind_to(listener, port);
	if (listen(listener, 1) != 0)
		die("listen: %s", strerror(errno));
	fprintf(stderr, "listening\n");
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		die("accept: %s", strerror(errno));
	close(listener);
	return fd;
}

int udp_open(const char *address, uint16_t port)
{
	struct sockaddr_in a = address_of(address, port);
	int fd = open_socket(SOCK_DGRAM);

	/* As root beyond net.core.rmem_max; a kernel that has no such option leaves its own size. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){BUFFER_BYTES}, sizeof(int));
	if (!address) {
		bind_to(fd, port);
		fprintf(stderr, "listening\n");
	} else if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) != 0) {
		die("%s: %s", address, strerror(errno));
	}
	return fd;
}
