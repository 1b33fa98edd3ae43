/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket to the front end: whole, judged messages in, replies and acknowledgements out. Nothing here
 * blocks, whatever flags the socket has.
 *
 * Every fd that comes is accounted for: it sits in the channel's message until vhost_message_take_fd(),
 * and what is left there is closed by the message's answer, by the next channel_read() and by
 * channel_close().
 *
 * What the specification leaves a back end to say no (REPLY_ACK; "Communication"): a number other than
 * zero where the front end has asked for an acknowledgement and has negotiated REPLY_ACK, a reply that
 * means failure where the request's own reply can say that, and else the end of the connection. A front
 * end that is answered with silence would go on as if we had done what it asked, or wait for ever.
 */
#ifndef XSK_VHOST_CHANNEL_H
#define XSK_VHOST_CHANNEL_H

#include "xsk_vhost/protocol.h"

struct channel {
	int fd; /* -1: closed */
	/* What GET_PROTOCOL_FEATURES tells: requests behind other features are refused. */
	uint64_t offered;
	/* What SET_PROTOCOL_FEATURES chose: the device writes it. 0 until then. */
	uint64_t negotiated;
	/* The message under way: this many of its bytes are here, the header's included. */
	uint32_t have_bytes;
	bool whole; /* it was handed out */
	struct vhost_message message;
	uint64_t messages; /* handed out */
	uint64_t refused;  /* refused here or by channel_answer(), with an answer that said so */
	struct net_error refusal; /* of the last of them; code 0: none yet */
};

/* Owner: fd is the channel's now. */
void channel_open(struct channel *c, int fd, uint64_t offered_protocol_features);
/* A channel that was zeroed, or is closed, stays as it is. */
void channel_close(struct channel *c);

/*
 * The next message, once it is here to its last byte. Messages that vhost_judge() refuses are answered
 * here and not handed out; at most 16 of them are passed over in one call.
 * Return: 1, *out is the message: the channel's, until the next channel_read() or channel_close(). Who
 *         cannot answer it yet (GET_VRING_BASE while a queue ends) does not read on until then.
 *         0: no whole message now. Where there is more to read all the same, epoll says so.
 *         -errno, err filled: the connection is over, close it. -ECONNRESET the front end has closed it ·
 *         -EPROTO it broke the protocol · -EOPNOTSUPP it asked for what is not served, and cannot be told ·
 *         -EMFILE no fd was left for those that came · else recvmsg()'s, or of the answers below.
 */
int channel_read(struct channel *c, struct vhost_message **out, struct net_error *err);

/*
 * Answers. Each closes those of the message's fds that nobody took. They are written whole or not at all, and a
 * front end that has let its socket fill up with replies unread is broken, so:
 * Return: 0; -errno, err filled: the connection is over. -ECONNRESET the front end has closed it · -EAGAIN it
 * does not read.
 */

/* The request's own reply: size_bytes of payload, and fd unless -1 (it stays the caller's). */
int channel_reply(struct channel *c, struct vhost_message *message, const void *payload,
		  uint32_t size_bytes, int fd, struct net_error *err);
int channel_reply_u64(struct channel *c, struct vhost_message *message, uint64_t value,
		      struct net_error *err);
/* To GET_VRING_BASE. */
int channel_reply_state(struct channel *c, struct vhost_message *message, uint32_t index,
			uint32_t num, struct net_error *err);
/* To GET_CONFIG: as long as the request was. space: the whole configuration space; what the front end asks for
 * beyond it is zero (guests ask for more than a device has). */
int channel_reply_config(struct channel *c, struct vhost_message *message, const void *space,
			 uint32_t space_bytes, struct net_error *err);
/* To GET_INFLIGHT_FD: as long as the request was. */
int channel_reply_inflight(struct channel *c, struct vhost_message *message,
			   const struct vhost_inflight *inflight, int fd, struct net_error *err);

/*
 * How a request ended that has no reply of its own: acknowledged where the front end asked for that. Nothing is
 * sent for rc 0 to a request that has a reply: that was sent already.
 * rc < 0: the request is refused, and why holds the sentence (why and err may be the same). It is said by the
 * acknowledgement, by an empty reply to GET_CONFIG, or by one without memory to GET_INFLIGHT_FD.
 * Return: 0; -errno as above; rc itself, err = *why: the front end cannot be told, so the connection is over.
 */
int channel_answer(struct channel *c, struct vhost_message *message, int rc,
		   const struct net_error *why, struct net_error *err);

#endif
