// SPDX-License-Identifier: BSD-2-Clause
#include "xsk_vhost/back_channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/error.h"
#include "xsk_vhost/protocol.h"

#define DRAIN_BYTES 4096

void back_channel_init(struct back_channel *b)
{
	*b = (struct back_channel){.fd = -1};
}

static void close_fd(struct back_channel *b)
{
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

int back_channel_set(struct back_channel *b, int fd, struct net_error *err)
{
	socklen_t length = sizeof(int);
	int type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) || type != SOCK_STREAM) {
		close(fd);
		return error_fill(err, -ENOTSOCK, "back channel",
				  "SET_BACKEND_REQ_FD: is no stream socket; the front end breaks "
				  "the protocol");
	}
	close_fd(b);
	b->fd = fd;
	return 0;
}

void back_channel_close(struct back_channel *b)
{
	close_fd(b);
	b->config_changed = false;
}

int back_channel_config_changed(struct back_channel *b, uint64_t negotiated)
{
	b->config_changed = true;
	return back_channel_flush(b, negotiated);
}

int back_channel_flush(struct back_channel *b, uint64_t negotiated)
{
	const uint64_t needed = VHOST_PROTOCOL_BIT(VHOST_PROTOCOL_F_BACKEND_REQ) |
				VHOST_PROTOCOL_BIT(VHOST_PROTOCOL_F_CONFIG);
	const struct vhost_header header = {
		.request = VHOST_BACKEND_CONFIG_CHANGE_MSG,
		.flags = VHOST_VERSION,
	};
	ssize_t sent;

	if (!b->config_changed)
		return 0;
	if ((negotiated & needed) != needed) {
		b->config_changed = false;
		return -EOPNOTSUPP;
	}
	if (b->fd < 0)
		return 0;
	/* So short a message is written whole or not at all: one buffer of the kernel's (af_unix.c). */
	do
		sent = send(b->fd, &header, sizeof(header), MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent == sizeof(header)) {
		b->config_changed = false;
		return 1;
	}
	if (sent < 0 && errno == EAGAIN)
		return 0;
	close_fd(b);
	return -ECONNRESET;
}

int back_channel_drain(struct back_channel *b)
{
	uint8_t bytes[DRAIN_BYTES];
	ssize_t got;

	if (b->fd < 0)
		return 0;
	/* Without room for them the kernel closes fds that come along. */
	do
		got = recv(b->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got > 0 || (got < 0 && errno == EAGAIN))
		return 0;
	close_fd(b);
	return -ECONNRESET;
}
