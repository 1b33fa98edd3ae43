/* SPDX-License-Identifier: BSD-2-Clause */
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xsk_bench/worker.h"

#define CLOSE_MS    200
#define CLOSE_BYTES 65536

void channel_open(struct channel *c, int fd)
{
	c->fd = fd;
	c->used = c->taken = 0;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	/* Lines are few and short, and somebody waits for each. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

bool channel_take(struct channel *c, const char **line, size_t *bytes)
{
	char *end;

	c->used -= c->taken;
	memmove(c->in, c->in + c->taken, c->used);
	c->taken = 0;
	end = memchr(c->in, '\n', c->used);
	if (!end)
		return false;
	*end = 0;
	*line = c->in;
	*bytes = (size_t)(end - c->in);
	c->taken = *bytes + 1;
	return true;
}

int channel_fill(struct channel *c)
{
	ssize_t n;

	if (c->used == sizeof(c->in))
		return -EMSGSIZE;
	n = recv(c->fd, c->in + c->used, sizeof(c->in) - c->used, 0);
	if (!n)
		return -ECONNRESET;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	c->used += (size_t)n;
	return c->used == sizeof(c->in) && !memchr(c->in, '\n', c->used) ? -EMSGSIZE : 0;
}

int channel_send(struct channel *c, const char *line, size_t bytes)
{
	uint64_t end = now_ns() + CHANNEL_SEND_MS * UINT64_C(1000000), now;

	while (bytes) {
		ssize_t n = send(c->fd, line, bytes, MSG_NOSIGNAL);

		if (n >= 0) {
			line += n;
			bytes -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		now = now_ns();
		if (now >= end)
			return -ETIMEDOUT;
		poll(&(struct pollfd){.fd = c->fd, .events = POLLOUT}, 1,
		     (int)((end - now) / 1000000) + 1);
	}
	return 0;
}

void channel_close(struct channel *c)
{
	uint64_t end = now_ns() + CLOSE_MS * UINT64_C(1000000), now;
	size_t left = CLOSE_BYTES;

	if (c->fd < 0)
		return;
	shutdown(c->fd, SHUT_WR);
	while (left && (now = now_ns()) < end) {
		ssize_t n = recv(c->fd, c->in, sizeof(c->in), 0);

		if (!n || (n < 0 && errno != EAGAIN && errno != EINTR))
			break;
		if (n > 0)
			left -= (size_t)n < left ? (size_t)n : left;
		else
			poll(&(struct pollfd){.fd = c->fd, .events = POLLIN}, 1,
			     (int)((end - now) / 1000000) + 1);
	}
	close(c->fd);
	c->fd = -1;
}
