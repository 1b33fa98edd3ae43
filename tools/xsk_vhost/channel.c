// SPDX-License-Identifier: BSD-2-Clause
#include "xsk_vhost/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/error.h"

#define HEADER_BYTES ((uint32_t)sizeof(struct vhost_header))
/* In one call: then epoll's turn, so that a front end which sends rubbish starves nobody. */
#define PASSED_OVER 16

static void start_message(struct channel *c)
{
	vhost_message_close_fds(&c->message);
	memset(&c->message, 0, sizeof(c->message));
	c->have_bytes = 0;
	c->whole = false;
}

void channel_open(struct channel *c, int fd, uint64_t offered_protocol_features)
{
	memset(c, 0, sizeof(*c));
	c->fd = fd;
	c->offered = offered_protocol_features;
}

void channel_close(struct channel *c)
{
	vhost_message_close_fds(&c->message);
	/* 0: never opened. Standard input is there (spec, Backend program conventions). */
	if (c->fd > 0)
		close(c->fd);
	c->fd = -1;
}

/* ---- In --------------------------------------------------------------------------------------- */

/* Put what fds came into the message. Return: 0 or -EPROTO or -EMFILE. */
static int take_fds(struct channel *c, struct msghdr *msg, struct net_error *err)
{
	struct vhost_message *m = &c->message;
	bool late = c->have_bytes > 0;

	for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h; h = CMSG_NXTHDR(msg, h)) {
		uint32_t count = (uint32_t)((h->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		int fds[VHOST_FDS];

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(fds, CMSG_DATA(h), count * sizeof(int));
		for (uint32_t i = 0; i < count; i++) {
			if (m->fd_count == VHOST_FDS)
				close(fds[i]);
			else
				m->fds[m->fd_count++] = fds[i];
		}
		/* spec, Communication: they come with the first byte of the header. */
		if (late)
			return error_fill(err, -EPROTO, "channel",
					  "file descriptors came in the middle of a message; the "
					  "front end breaks the protocol");
	}
	if (!(msg->msg_flags & MSG_CTRUNC))
		return 0;
	if (m->fd_count == VHOST_FDS)
		return error_fill(err, -EPROTO, "channel",
				  "more than %d file descriptors came with one message; the front "
				  "end breaks the protocol",
				  VHOST_FDS);
	return error_fill(err, -EMFILE, "channel",
			  "no file descriptor is left for those that the front end sends; raise "
			  "RLIMIT_NOFILE");
}

/* Read what is there of the part at which the message stands. Return: bytes, 0 nothing now; -errno. */
static ssize_t receive_part(struct channel *c, uint32_t end_bytes, struct net_error *err)
{
	/* A whole number of words: no fd beyond VHOST_FDS fits into padding. */
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(VHOST_FDS * sizeof(int))];
	uint8_t *at = c->have_bytes < HEADER_BYTES
			      ? (uint8_t *)&c->message.header + c->have_bytes
			      : c->message.payload.bytes + (c->have_bytes - HEADER_BYTES);
	struct iovec iov = {.iov_base = at, .iov_len = end_bytes - c->have_bytes};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got;
	int rc;

	do
		got = recvmsg(c->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got < 0)
		return error_errno(err, -errno, "channel", "reading from the front end");
	rc = take_fds(c, &msg, err);
	if (rc)
		return rc;
	if (got == 0)
		return error_fill(err, -ECONNRESET, "channel", "the front end has gone away%s",
				  c->have_bytes ? " in the middle of a message" : "");
	c->have_bytes += (uint32_t)got;
	return got;
}

/* Return: 1 the message is here whole, 0 not yet, -errno. */
static int receive(struct channel *c, struct net_error *err)
{
	for (;;) {
		uint32_t end_bytes = HEADER_BYTES;
		ssize_t got;

		/* Each time: what is read on depends on it, after an error too. */
		if (c->have_bytes >= HEADER_BYTES) {
			int rc = vhost_judge_header(&c->message.header, err);

			if (rc)
				return rc;
			end_bytes += c->message.header.size_bytes;
			if (c->have_bytes == end_bytes)
				return 1;
		}
		got = receive_part(c, end_bytes, err);
		if (got <= 0)
			return (int)got;
	}
}

int channel_read(struct channel *c, struct vhost_message **out, struct net_error *err)
{
	if (c->whole)
		start_message(c);
	for (unsigned i = 0; i < PASSED_OVER; i++) {
		int rc = receive(c, err);

		if (rc <= 0)
			return rc;
		rc = vhost_judge(&c->message, c->offered, err);
		if (!rc) {
			c->whole = true;
			c->messages++;
			*out = &c->message;
			return 1;
		}
		rc = channel_answer(c, &c->message, rc, err, err);
		if (rc)
			return rc;
		start_message(c);
	}
	return 0;
}

/* ---- Out -------------------------------------------------------------------------------------- */

static void attach_fd(struct msghdr *msg, char *control, size_t control_bytes, int fd)
{
	struct cmsghdr *h;

	memset(control, 0, control_bytes);
	msg->msg_control = control;
	msg->msg_controllen = control_bytes;
	h = CMSG_FIRSTHDR(msg);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(h), &fd, sizeof(fd));
}

int channel_reply(struct channel *c, struct vhost_message *message, const void *payload,
		  uint32_t size_bytes, int fd, struct net_error *err)
{
	struct vhost_header header = {
		.request = message->header.request,
		.flags = VHOST_VERSION | VHOST_FLAG_REPLY,
		.size_bytes = size_bytes,
	};
	union vhost_payload copy; /* sendmsg() wants memory that may be written */
	struct iovec iov[] = {{&header, sizeof(header)}, {copy.bytes, size_bytes}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	ssize_t sent;

	vhost_message_close_fds(message);
	if (size_bytes > sizeof(copy.bytes))
		return error_fill(err, -EMSGSIZE, "channel", "%s: a reply of %u bytes is too long",
				  vhost_request_name(header.request), size_bytes);
	if (size_bytes)
		memcpy(copy.bytes, payload, size_bytes);
	if (fd >= 0)
		attach_fd(&msg, control, sizeof(control), fd);
	do
		sent = sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent == (ssize_t)(sizeof(header) + size_bytes))
		return 0;
	if (sent >= 0 || errno == EAGAIN)
		return error_fill(err, -EAGAIN, "channel",
				  "the front end does not read the replies to its requests");
	if (errno == EPIPE || errno == ECONNRESET)
		return error_fill(err, -ECONNRESET, "channel", "the front end has gone away");
	return error_errno(err, -errno, "channel", "replying to the front end");
}

int channel_reply_u64(struct channel *c, struct vhost_message *message, uint64_t value,
		      struct net_error *err)
{
	return channel_reply(c, message, &value, sizeof(value), -1, err);
}

int channel_reply_state(struct channel *c, struct vhost_message *message, uint32_t index,
			uint32_t num, struct net_error *err)
{
	struct vhost_vring_state state = {.index = index, .num = num};

	return channel_reply(c, message, &state, sizeof(state), -1, err);
}

int channel_reply_config(struct channel *c, struct vhost_message *message, const void *space,
			 uint32_t space_bytes, struct net_error *err)
{
	struct vhost_config config = {
		.offset_bytes = message->payload.config.offset_bytes,
		.size_bytes = message->payload.config.size_bytes,
		.flags = message->payload.config.flags,
	};
	uint32_t left = space_bytes > config.offset_bytes ? space_bytes - config.offset_bytes : 0;

	if (left > sizeof(config.data))
		left = sizeof(config.data);
	if (left)
		memcpy(config.data, (const uint8_t *)space + config.offset_bytes, left);
	return channel_reply(c, message, &config, message->header.size_bytes, -1, err);
}

int channel_reply_inflight(struct channel *c, struct vhost_message *message,
			   const struct vhost_inflight *inflight, int fd, struct net_error *err)
{
	uint32_t size_bytes = message->header.size_bytes;

	/* A request of another length is refused, by a reply of a right one. */
	if (size_bytes != sizeof(*inflight))
		size_bytes = VHOST_INFLIGHT_BYTES;
	return channel_reply(c, message, inflight, size_bytes, fd, err);
}

/* spec, REPLY_ACK: the flag counts once the feature is negotiated, and not where there is a reply anyway. */
static bool wants_acknowledgement(const struct channel *c, const struct vhost_message *message)
{
	return (c->negotiated & VHOST_PROTOCOL_BIT(VHOST_PROTOCOL_F_REPLY_ACK)) &&
	       (message->header.flags & VHOST_FLAG_NEED_REPLY) &&
	       !vhost_request_has_reply(message->header.request);
}

/* Say no. Return: 0; rc, the code of why, where the front end cannot be told; -errno of the reply. */
static int refuse(struct channel *c, struct vhost_message *message, int rc,
		  const struct net_error *why, struct net_error *err)
{
	uint32_t request = message->header.request;
	struct vhost_inflight none = {0};

	if (request != VHOST_GET_CONFIG && request != VHOST_GET_INFLIGHT_FD &&
	    !wants_acknowledgement(c, message)) {
		vhost_message_close_fds(message);
		if (err != why)
			*err = *why;
		return rc;
	}
	c->refused++;
	c->refusal = *why;
	switch (request) {
	case VHOST_GET_CONFIG: /* its entry: "zero length of payload to indicate an error" */
		return channel_reply(c, message, NULL, 0, -1, err);
	case VHOST_GET_INFLIGHT_FD: /* QEMU and libvhost-user: no memory, then none is used */
		return channel_reply_inflight(c, message, &none, -1, err);
	default: /* REPLY_ACK: "non-zero on failure" */
		return channel_reply_u64(c, message, 1, err);
	}
}

int channel_answer(struct channel *c, struct vhost_message *message, int rc,
		   const struct net_error *why, struct net_error *err)
{
	if (rc < 0)
		return refuse(c, message, rc, why, err);
	if (wants_acknowledgement(c, message))
		return channel_reply_u64(c, message, 0, err);
	vhost_message_close_fds(message);
	return 0;
}
