// SPDX-License-Identifier: BSD-2-Clause
#include "http.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peers.h"

#define CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

enum state {
	READS,	/* its request */
	ASKED,	/* the page has to be made for it */
	WRITES, /* our answer */
	DRAINS, /* the answer is written: until it closes. Closed with bytes unread, TCP would take the answer back */
};

struct client {
	int fd; /* -1: none */
	enum state state;
	uint64_t end_ns;
	char request[HTTP_REQUEST_BYTES];
	size_t used;
	char *answer;
	size_t bytes;
	size_t sent;
};

/* ---- Requests (RFC 9112) ---------------------------------------------------------------------- */

/* Where the head ends; 0: not yet. A line ends with LF, whether there is a CR in front of it or not. */
static bool has_end(const char *request, size_t bytes)
{
	return memmem(request, bytes, "\n\r\n", 3) || memmem(request, bytes, "\n\n", 2);
}

/* The length of the word at the front of the line's rest, without the space behind it. */
static size_t word_bytes(const char *at, const char *end)
{
	const char *space = memchr(at, ' ', (size_t)(end - at));

	return (size_t)((space ? space : end) - at);
}

static bool is_word(const char *at, size_t bytes, const char *word)
{
	return bytes == strlen(word) && !memcmp(at, word, bytes);
}

int http_judge(const char *request, size_t bytes)
{
	const char *end = memchr(request, '\n', bytes), *path, *version;
	size_t method_bytes, path_bytes;
	const char *query;

	if (!has_end(request, bytes))
		return bytes >= HTTP_REQUEST_BYTES ? 431 : 0;
	if (end > request && end[-1] == '\r')
		end--;
	method_bytes = word_bytes(request, end);
	if (!method_bytes || request + method_bytes == end)
		return 400;
	path = request + method_bytes + 1;
	path_bytes = word_bytes(path, end);
	if (!path_bytes || path + path_bytes == end || *path != '/')
		return 400;
	version = path + path_bytes + 1;
	if (end - version != 8 || memcmp(version, "HTTP/", 5))
		return 400;
	if (memcmp(version, "HTTP/1.", 7))
		return 505;
	query = memchr(path, '?', path_bytes);
	if (query)
		path_bytes = (size_t)(query - path);
	if (!is_word(path, path_bytes, "/metrics"))
		return 404;
	return is_word(request, method_bytes, "GET") ? 200 : 405;
}

/* ---- Answers ---------------------------------------------------------------------------------- */

static const char *reason_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 431:
		return "Request Header Fields Too Large";
	case 500:
		return "Internal Server Error";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Bad Request";
	}
}

static uint64_t deadline_ns(void)
{
	return running_now_ns() + HTTP_TIMEOUT_MS * UINT64_C(1000000);
}

static void drop(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->answer);
	c->answer = NULL;
	c->fd = -1;
}

/* body NULL: the reason is the page. */
static void prepare(struct client *c, int status, const char *body, size_t bytes)
{
	const char *reason = reason_of(status);
	char line[64];
	FILE *out = open_memstream(&c->answer, &c->bytes);

	if (!out) {
		drop(c);
		return;
	}
	if (!body) {
		bytes = (size_t)snprintf(line, sizeof(line), "%d %s\n", status, reason);
		body = line;
	}
	fprintf(out,
		"HTTP/1.1 %d %s\r\n"
		"Content-Type: %s\r\n"
		"Content-Length: %zu\r\n"
		"%sConnection: close\r\n\r\n",
		status, reason, status == 200 ? CONTENT_TYPE : "text/plain; charset=utf-8", bytes,
		status == 405 ? "Allow: GET\r\n" : "");
	fwrite(body, 1, bytes, out);
	c->state = WRITES;
	c->sent = 0;
	c->end_ns = deadline_ns();
	if (fclose(out))
		drop(c);
}

/* ---- Clients ---------------------------------------------------------------------------------- */

static void take(struct client *c, int fd)
{
	*c = (struct client){.fd = fd, .state = READS, .end_ns = deadline_ns()};
}

static void read_request(struct client *c)
{
	ssize_t n = recv(c->fd, c->request + c->used, sizeof(c->request) - c->used, 0);
	int status;

	if (n <= 0) {
		if (!n || (errno != EAGAIN && errno != EINTR))
			drop(c);
		return;
	}
	c->used += (size_t)n;
	status = http_judge(c->request, c->used);
	if (status == 200)
		c->state = ASKED;
	else if (status)
		prepare(c, status, NULL, 0);
}

static void write_answer(struct client *c)
{
	ssize_t n = send(c->fd, c->answer + c->sent, c->bytes - c->sent, MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			drop(c);
		return;
	}
	c->sent += (size_t)n;
	if (c->sent == c->bytes) {
		shutdown(c->fd, SHUT_WR);
		c->state = DRAINS;
	}
}

static void drain(struct client *c)
{
	ssize_t n = recv(c->fd, c->request, sizeof(c->request), 0);

	if (!n || (n < 0 && errno != EAGAIN && errno != EINTR))
		drop(c);
}

/* One page for all who have asked by now. */
static void answer_asked(struct client *clients, http_body_fn *make, void *context)
{
	char *body = NULL;
	size_t bytes = 0;
	bool made = false;

	for (int i = 0; i < HTTP_CLIENTS; i++) {
		if (clients[i].fd < 0 || clients[i].state != ASKED)
			continue;
		if (!made)
			body = make(context, &bytes);
		made = true;
		prepare(&clients[i], body ? 200 : 500, body, bytes);
	}
	free(body);
}

/* ---- The loop --------------------------------------------------------------------------------- */

struct server {
	int listen_fd;
	int stop_fd;
	struct client clients[HTTP_CLIENTS];
	struct pollfd fds[HTTP_CLIENTS + 2];
};

static struct client *free_client(struct server *s)
{
	for (int i = 0; i < HTTP_CLIENTS; i++)
		if (s->clients[i].fd < 0)
			return &s->clients[i];
	return NULL;
}

/* Return: milliseconds until somebody's time is over, -1 nobody is here. Those whose time is over are dropped. */
static int prepare_poll(struct server *s)
{
	const uint64_t now_ns = running_now_ns();
	uint64_t first_ns = UINT64_MAX;

	for (int i = 0; i < HTTP_CLIENTS; i++) {
		struct client *c = &s->clients[i];

		if (c->fd >= 0 && c->end_ns <= now_ns)
			drop(c);
		s->fds[i] = (struct pollfd){.fd = c->fd,
					    .events = c->state == WRITES ? POLLOUT : POLLIN};
		if (c->fd >= 0 && c->end_ns < first_ns)
			first_ns = c->end_ns;
	}
	/* Others wait in the backlog. */
	s->fds[HTTP_CLIENTS] =
		(struct pollfd){.fd = free_client(s) ? s->listen_fd : -1, .events = POLLIN};
	s->fds[HTTP_CLIENTS + 1] = (struct pollfd){.fd = s->stop_fd, .events = POLLIN};
	return first_ns == UINT64_MAX ? -1 : (int)((first_ns - now_ns) / 1000000u) + 1;
}

static void serve_client(struct client *c)
{
	if (c->state == READS)
		read_request(c);
	else if (c->state == WRITES)
		write_answer(c);
	else if (c->state == DRAINS)
		drain(c);
}

static void accept_client(struct server *s)
{
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		take(free_client(s), fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
		usleep(10000); /* the connection stays in the backlog, and poll() would return at once */
}

int http_serve(int listen_fd, int stop_fd, http_body_fn *body, void *context)
{
	struct server *s = calloc(1, sizeof(*s));
	int rc = s ? 0 : -ENOMEM;

	for (int i = 0; s && i < HTTP_CLIENTS; i++)
		s->clients[i].fd = -1;
	while (!rc) {
		int timeout_ms;

		s->listen_fd = listen_fd;
		s->stop_fd = stop_fd;
		timeout_ms = prepare_poll(s);
		if (poll(s->fds, HTTP_CLIENTS + 2, timeout_ms) < 0) {
			rc = errno == EINTR ? 0 : -errno;
			continue;
		}
		if (s->fds[HTTP_CLIENTS + 1].revents)
			break;
		for (int i = 0; i < HTTP_CLIENTS; i++)
			if (s->fds[i].revents)
				serve_client(&s->clients[i]);
		answer_asked(s->clients, body, context);
		if (s->fds[HTTP_CLIENTS].revents)
			accept_client(s);
	}
	for (int i = 0; s && i < HTTP_CLIENTS; i++)
		drop(&s->clients[i]);
	free(s);
	return rc;
}
