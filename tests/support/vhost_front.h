/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vhost-user front end's side of the socket, from the specification's pages and without the back end's
 * sources: it sends what it is told, also what nobody should, and reads replies.
 */
#ifndef SUPPORT_VHOST_FRONT_H
#define SUPPORT_VHOST_FRONT_H

#include <stdbool.h>
#include <stdint.h>

#define FRONT_VERSION	 1u
#define FRONT_REPLY	 4u
#define FRONT_NEED_REPLY 8u
#define FRONT_REPLY_ACK	 (1ull << 3) /* protocol feature */
#define FRONT_ALL	 UINT64_MAX
#define FRONT_PAYLOAD	 320 /* longer than any that is served */
#define FRONT_FDS	 16
#define FRONT_REQUESTS	 46 /* one more than the specification's largest */

/* What the specification says of a request; name NULL: there is none of this number. */
struct front_rule {
	const char *name;
	bool served;
	uint32_t size_bytes; /* of a good one, see front_good() */
	uint32_t fds;
	int feature; /* bit, -1 none */
	bool has_reply;
};
extern const struct front_rule front_rules[FRONT_REQUESTS];

struct front_message {
	uint32_t request, flags, size_bytes;
	uint8_t payload[FRONT_PAYLOAD];
	uint32_t fd_count;
	int fds[FRONT_FDS];
};

/* A message that keeps every rule: size, counts, number of fds (all of them 'fd'). */
struct front_message front_good(uint32_t request, int fd);

/* Make a pair of sockets: ours, and the back end's in *back. */
int front_open(int *back);
/* Send bytes from..to of the message as it lies on the wire, its fds with the first one sent. */
void front_send_part(int fd, const struct front_message *m, uint32_t from, uint32_t to);
void front_send(int fd, const struct front_message *m);
uint32_t front_wire_bytes(const struct front_message *m);

/* Read one whole message. Its fds are the caller's. Return: 1; 0 nothing is there; -1 the other end is
 * closed. */
int front_receive(int fd, struct front_message *m);
/* There must be one, of this request, with the reply flag, without fds and with one u64. Return: that. */
uint64_t front_expect_u64(int fd, uint32_t request);
void front_expect_silence(int fd);

#endif
