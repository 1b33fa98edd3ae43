// SPDX-License-Identifier: BSD-2-Clause
/* The smallest frames, as fast as they go. Some get lost; none may come twice or changed. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "modes.h"
#include "socket.h"
#include "stream.h"

#define BATCH	    64
#define SEEN_BITS   (1u << 28) /* one for each sequence number: more than a minute sends */
#define END_PACKETS 20
#define IDLE_S	    5

struct __attribute__((packed)) packet {
	uint64_t sequence; /* of the end: how many were sent */
	uint64_t word;	   /* stream_word() of it */
	uint16_t kind;
};

enum { DATA = 0x6461, END = 0x656e };

struct batch {
	struct packet packets[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr messages[BATCH];
};

struct counts {
	uint64_t received, sent, twice, wrong, first_ns, last_ns;
	unsigned char *seen;
};

static struct batch batch;

static void make_batch(struct batch *b)
{
	for (unsigned i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){&b->packets[i], sizeof(b->packets[i])};
		b->messages[i].msg_hdr = (struct msghdr){.msg_iov = &b->iov[i], .msg_iovlen = 1};
	}
}

static struct packet packet_of(uint64_t sequence, uint16_t kind)
{
	return (struct packet){sequence, stream_word(kind, sequence), kind};
}

/* ENOBUFS and the answer to a packet that came too early are no end. */
static int send_some(int fd, unsigned int count)
{
	int n = sendmmsg(fd, batch.messages, count, 0);

	if (n < 0 && errno != ENOBUFS && errno != ECONNREFUSED && errno != EAGAIN)
		die("send: %s", strerror(errno));
	return n < 0 ? 0 : n;
}

int udp_send(const char *address, uint16_t port, uint64_t seconds)
{
	int fd = udp_open(address, port);
	uint64_t start = now_ns(), end = start + seconds * 1000000000u, sent = 0, last = 0, ns;

	make_batch(&batch);
	while (now_ns() < end && sent < SEEN_BITS - BATCH) {
		for (unsigned i = 0; i < BATCH; i++)
			batch.packets[i] = packet_of(sent + i, DATA);
		sent += (uint64_t)send_some(fd, BATCH);
		progress(&last, "udp-send: packets", sent);
	}
	ns = now_ns() - start;
	for (int i = 0; i < END_PACKETS; i++) {
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
		batch.packets[0] = packet_of(sent, END);
		send_some(fd, 1);
	}
	printf("mode=udp-send packets=%" PRIu64 " ns=%" PRIu64 " pps=%.0f\n", sent, ns,
	       (double)sent * 1e9 / (double)ns);
	return sent == 0;
}

/* Return: whether it was the last one. */
static bool take(struct counts *c, const struct packet *p, unsigned int len)
{
	if (len != sizeof(*p) || p->word != stream_word(p->kind, p->sequence) ||
	    p->sequence >= SEEN_BITS || (p->kind != DATA && p->kind != END)) {
		c->wrong++;
		return false;
	}
	if (p->kind == END) {
		c->sent = p->sequence;
		return true;
	}
	if (c->seen[p->sequence / 8] & 1u << p->sequence % 8)
		c->twice++;
	c->seen[p->sequence / 8] |= (unsigned char)(1u << p->sequence % 8);
	c->received++;
	return false;
}

/* Return: whether the last packet has come. */
static bool receive_some(int fd, struct counts *c)
{
	int n = recvmmsg(fd, batch.messages, BATCH, MSG_WAITFORONE | MSG_TRUNC, NULL);
	bool end = false;

	if (n < 0 && errno == EAGAIN && c->received)
		die("the end did not come, %" PRIu64 " packets did", c->received);
	if (n < 0 && errno != EAGAIN)
		die("receive: %s", strerror(errno));
	for (int i = 0; i < n; i++)
		end |= take(c, &batch.packets[i], batch.messages[i].msg_len);
	if (n > 0 && !end) {
		c->last_ns = now_ns();
		if (!c->first_ns)
			c->first_ns = c->last_ns;
	}
	return end;
}

int udp_receive(uint16_t port)
{
	struct counts c = {.seen = calloc(SEEN_BITS / 8, 1)};
	int fd = udp_open(NULL, port);
	uint64_t last = 0, ns;

	if (!c.seen)
		die("no memory");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = IDLE_S},
		   sizeof(struct timeval));
	make_batch(&batch);
	while (!receive_some(fd, &c))
		progress(&last, "udp-receive: packets", c.received);
	ns = c.last_ns - c.first_ns;
	printf("mode=udp-receive sent=%" PRIu64 " received=%" PRIu64 " twice=%" PRIu64
	       " wrong=%" PRIu64 " ns=%" PRIu64 " pps=%.0f\n",
	       c.sent, c.received, c.twice, c.wrong, ns,
	       ns ? (double)c.received * 1e9 / (double)ns : 0);
	return c.received == 0 || c.received > c.sent || c.twice || c.wrong;
}
