// SPDX-License-Identifier: BSD-2-Clause
/* Clients side by side, none of which can hold up the others. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/deadline.h"
#include "control/control.h"

enum {
	PATIENCE_MS = 10000, /* a person types the word */
	GRACE_MS = 1000,     /* while others wait */
	REST_MS = 100,	     /* after accept4() failed, for want of a descriptor say */
};

struct server {
	struct client clients[SERVER_CLIENTS];
	int listen_fd, wake_fd;
	int64_t listens_at_ms;
	const struct server_ops *ops;
	void *context;
};

static void drop(struct client *c)
{
	/* A child that the program forked meanwhile has a copy, which would keep the client waiting for the end. */
	shutdown(c->fd, SHUT_RDWR);
	close(c->fd);
	free(c->text.bytes);
	*c = (struct client){.fd = -1};
}

static struct client *oldest(struct server *s)
{
	struct client *found = &s->clients[0];

	for (int i = 1; i < SERVER_CLIENTS; i++)
		if (s->clients[i].since_ms < found->since_ms)
			found = &s->clients[i];
	return found;
}

static struct client *free_place(struct server *s)
{
	for (int i = 0; i < SERVER_CLIENTS; i++)
		if (s->clients[i].fd < 0)
			return &s->clients[i];
	return NULL;
}

static void take_client(struct server *s, int64_t now)
{
	struct client *c = free_place(s);
	int fd;

	if (!c && now - oldest(s)->since_ms < GRACE_MS)
		return;
	fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			s->listens_at_ms = now + REST_MS;
		return;
	}
	if (!c) {
		c = oldest(s);
		drop(c);
	}
	*c = (struct client){.fd = fd, .since_ms = now};
}

/* Return: false: the client is done with. */
static bool send_some(struct client *c)
{
	char rest[4096];

	while (c->sent_bytes < c->text.len_bytes) {
		ssize_t n = send(c->fd, c->text.bytes + c->sent_bytes,
				 c->text.len_bytes - c->sent_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->sent_bytes += (size_t)n;
	}
	/* Closing on what the client wrote behind its line would look like a failure to it (ECONNRESET). */
	recv(c->fd, rest, sizeof(rest), MSG_DONTWAIT);
	return false;
}

/* Return: true: the line has ended, by its end or by the end of what the client writes. */
static bool read_line(struct client *c, bool *is_gone)
{
	size_t room = sizeof(c->line) - 1 - c->line_bytes;
	ssize_t n = recv(c->fd, c->line + c->line_bytes, room, MSG_DONTWAIT);
	char *end;

	if (n < 0) {
		*is_gone = errno != EAGAIN && errno != EINTR;
		return false;
	}
	c->line_bytes += (size_t)n;
	c->line[c->line_bytes] = '\0';
	end = c->line + strcspn(c->line, "\r\n");
	*is_gone = !n && !c->line_bytes;
	/* A line that is too long is no word, and is told so. */
	if (!*end && n && c->line_bytes < sizeof(c->line) - 1)
		return false;
	*end = '\0';
	return !*is_gone;
}

static void serve(struct server *s, struct client *c)
{
	bool is_gone = false;

	if (!c->is_answered && read_line(c, &is_gone)) {
		s->ops->answer(s->context, c->line, &c->text);
		c->is_answered = true;
	}
	if (is_gone || (c->is_answered && !send_some(c)))
		drop(c);
}

/* When poll has to end by itself: after sleep unless that is -1, when a client's time is over, or the listener's rest.
 * Return: -1: never. */
static int timeout_of(const struct server *s, bool is_full, int sleep, int64_t now)
{
	int64_t first = sleep < 0 ? INT64_MAX : now + sleep;

	for (int i = 0; i < SERVER_CLIENTS; i++) {
		const struct client *c = &s->clients[i];
		int64_t end = c->since_ms +
			      (is_full && c->since_ms + GRACE_MS > now ? GRACE_MS : PATIENCE_MS);

		if (c->fd >= 0 && end < first)
			first = end;
	}
	if (s->listens_at_ms > now && s->listens_at_ms < first)
		first = s->listens_at_ms;
	return first == INT64_MAX ? -1 : first <= now ? 0 : (int)(first - now);
}

static void look(struct server *s, const struct pollfd *fds, int64_t now)
{
	for (int i = 0; i < SERVER_CLIENTS; i++) {
		struct client *c = &s->clients[i];

		if (c->fd >= 0 && fds[i].revents)
			serve(s, c);
		if (c->fd >= 0 && now - c->since_ms >= PATIENCE_MS)
			drop(c);
	}
}

void server_run(int listen_fd, int wake_fd, const struct server_ops *ops, void *context)
{
	struct server s = {
		.listen_fd = listen_fd, .wake_fd = wake_fd, .ops = ops, .context = context};
	struct pollfd fds[SERVER_CLIENTS + 2];
	eventfd_t n;
	int sleep;

	for (int i = 0; i < SERVER_CLIENTS; i++)
		s.clients[i].fd = -1;
	while ((sleep = ops->tick(context)) != SERVER_STOP) {
		int64_t now = clock_ms();
		bool is_full = !free_place(&s);
		bool listens = now >= s.listens_at_ms &&
			       (!is_full || now - oldest(&s)->since_ms >= GRACE_MS);

		for (int i = 0; i < SERVER_CLIENTS; i++)
			fds[i] = (struct pollfd){.fd = s.clients[i].fd,
						 .events = s.clients[i].is_answered ? POLLOUT
										    : POLLIN};
		fds[SERVER_CLIENTS] =
			(struct pollfd){.fd = listens ? listen_fd : -1, .events = POLLIN};
		fds[SERVER_CLIENTS + 1] = (struct pollfd){.fd = wake_fd, .events = POLLIN};
		if (poll(fds, SERVER_CLIENTS + 2, timeout_of(&s, is_full, sleep, now)) < 0)
			continue;
		if (fds[SERVER_CLIENTS + 1].revents)
			eventfd_read(wake_fd, &n);
		now = clock_ms();
		look(&s, fds, now);
		if (fds[SERVER_CLIENTS].revents)
			take_client(&s, now);
	}
	for (int i = 0; i < SERVER_CLIENTS; i++)
		if (s.clients[i].fd >= 0)
			drop(&s.clients[i]);
}
