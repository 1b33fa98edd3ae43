/* SPDX-License-Identifier: BSD-2-Clause */
/* A channel of xsk-vhost and its front end's side, and what every test expects of it. */
#ifndef SUPPORT_VHOST_CHANNEL_RIG_H
#define SUPPORT_VHOST_CHANNEL_RIG_H

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/vhost_front.h"
#include "xsk_vhost/channel.h"

struct channel_rig {
	int front;
	int some_fd; /* what the front end sends as its fds */
	unsigned int before;
	struct channel c;
	struct vhost_message *m;
	struct net_error err;
};

static inline void channel_rig_open(struct channel_rig *r)
{
	int back;

	memset(r, 0, sizeof(*r));
	r->before = netns_open_fds();
	r->some_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	cr_assert_geq(r->some_fd, 0);
	r->front = front_open(&back);
	channel_open(&r->c, back, FRONT_ALL);
}

/* Nothing may be left, whatever happened. */
static inline void channel_rig_close(struct channel_rig *r, const char *what)
{
	channel_close(&r->c);
	channel_close(&r->c);
	close(r->front);
	close(r->some_fd);
	cr_assert_eq(netns_open_fds(), r->before, "%s: %u descriptors before, %u now", what,
		     r->before, netns_open_fds());
}

static inline int channel_rig_read(struct channel_rig *r)
{
	int rc;

	memset(&r->err, 0, sizeof(r->err));
	r->m = NULL;
	rc = channel_read(&r->c, &r->m, &r->err);
	cr_assert(rc >= 0 || (r->err.code == rc && r->err.message[0]), "%d: %s", rc,
		  r->err.message);
	cr_assert_eq(rc == 1, r->m != NULL);
	return rc;
}

static inline bool channel_rig_same_file(int a, int b)
{
	struct stat x, y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static inline void channel_rig_expect(struct channel_rig *r, const struct front_message *sent)
{
	const struct vhost_message *m = r->m;

	cr_assert_eq(m->header.request, sent->request);
	cr_assert_eq(m->header.flags, sent->flags);
	cr_assert_eq(m->header.size_bytes, sent->size_bytes);
	cr_assert_eq(memcmp(m->payload.bytes, sent->payload, sent->size_bytes), 0);
	for (size_t i = sent->size_bytes; i < sizeof(m->payload.bytes); i++)
		cr_assert_eq(m->payload.bytes[i], 0, "byte %zu behind the payload", i);
	cr_assert_eq(m->fd_count, sent->fd_count);
	for (uint32_t i = 0; i < m->fd_count; i++) {
		cr_assert(channel_rig_same_file(m->fds[i], sent->fds[i]));
		cr_assert_eq(fcntl(m->fds[i], F_GETFD), FD_CLOEXEC);
	}
}

/* Is an answer that says no possible, so that the connection goes on? */
static inline bool channel_rig_can_refuse(uint32_t request, bool ack)
{
	const struct front_rule none = {0};
	const struct front_rule *rule = request < FRONT_REQUESTS ? &front_rules[request] : &none;

	return request == 24 || request == 31 || (ack && !rule->has_reply);
}

static inline void channel_rig_expect_refusal(struct channel_rig *r, uint32_t request,
					      const char *what)
{
	struct front_message reply;

	if (request == 24) {
		cr_assert_eq(front_receive(r->front, &reply), 1, "%s", what);
		cr_assert_eq(reply.request, 24);
		cr_assert_eq(reply.size_bytes, 0);
	} else if (request == 31) {
		cr_assert_eq(front_receive(r->front, &reply), 1, "%s", what);
		cr_assert_eq(reply.request, 31);
		cr_assert(reply.size_bytes == 20 || reply.size_bytes == 24);
		for (uint32_t i = 0; i < reply.size_bytes; i++)
			cr_assert_eq(reply.payload[i], 0);
		cr_assert_eq(reply.fd_count, 0);
	} else {
		cr_assert_neq(front_expect_u64(r->front, request), 0, "%s", what);
	}
}

#endif
