/* SPDX-License-Identifier: BSD-2-Clause */
#include "session.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/escape.h"
#include "xsk_bench/worker.h"

void session_open(struct session *s, int fd, bool is_server, int signal_fd, int listen_fd)
{
	memset(s, 0, sizeof(*s));
	s->is_server = is_server;
	s->peer = is_server ? "the client" : "the server";
	s->signal_fd = signal_fd;
	s->listen_fd = listen_fd;
	s->end.ready_fd = s->end.out_fd = -1;
	s->heard_ns = now_ns();
	channel_open(&s->channel, fd);
}

void session_close(struct session *s)
{
	if (s->end_is_open) {
		pair_end_stop(&s->end);
		pair_end_close(&s->end);
		s->end_is_open = false;
	}
	channel_close(&s->channel);
}

int session_fail(struct session *s, const char *format, ...)
{
	va_list args;

	if (!s->why[0]) {
		va_start(args, format);
		vsnprintf(s->why, sizeof(s->why), format, args);
		va_end(args);
	}
	return -EPROTO;
}

/* ---- One event after the other ----------------------------------------------------------------- */

static int fail_io(struct session *s, int rc)
{
	if (rc == -ECONNRESET || rc == -EPIPE)
		return session_fail(s, "%s has closed the connection", s->peer);
	if (rc == -EMSGSIZE)
		return session_fail(s, "%s sent a line of more than %u bytes", s->peer,
				    CHANNEL_LINE_BYTES);
	if (rc == -ETIMEDOUT)
		return session_fail(s, "%s does not read what is sent to it", s->peer);
	return session_fail(s, "the connection to %s: %s", s->peer, strerror(-rc));
}

int session_send(struct session *s, struct json_object *m)
{
	int rc = message_send(&s->channel, m);

	return rc ? fail_io(s, rc) : 0;
}

/* One client at a time. It has not been asked for anything yet, so nothing of it is left unread. */
static void turn_away(struct session *s)
{
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct channel other;
	struct json_object *m;

	if (fd < 0) {
		poll(NULL, 0, 10); /* no descriptors: it stays there */
		return;
	}
	other.fd = fd;
	m = message_new(MESSAGE_ERROR);
	message_put_text(m, "message", "busy: another client is being served; try again later");
	message_send(&other, m);
	close(fd);
}

/* A whole line that has come. Return: it is an event, *event and maybe *m. */
static bool take_line(struct session *s, enum session_event *event, struct message *m)
{
	const char *line;
	char text[280];
	size_t bytes;

	*event = SESSION_FAILED;
	while (channel_take(&s->channel, &line, &bytes)) {
		if (message_read(m, line, bytes)) {
			session_fail(s, "%s sent what is no message of xsk-bench pair", s->peer);
			return true;
		}
		s->heard_ns = now_ns();
		if (m->type == MESSAGE_ERROR) {
			escape_plain(text, sizeof(text), json_read_text(m->root, "message"));
			session_fail(s, "%s: %s", s->peer, text);
			message_free(m);
			return true;
		}
		if (m->type != MESSAGE_ALIVE) {
			*event = SESSION_MESSAGE;
			return true;
		}
		message_free(m);
	}
	return false;
}

/* What time it is for. Return: it is an event. */
static bool check_time(struct session *s, uint64_t now, uint64_t deadline_ns,
		       enum session_event *event)
{
	*event = SESSION_FAILED;
	if (now - s->heard_ns >= SESSION_SILENCE_NS) {
		session_fail(s, "%s has said nothing for %u seconds%s", s->peer,
			     (unsigned int)(SESSION_SILENCE_NS / 1000000000u),
			     s->end_is_open ? "; does the interface that is measured take the "
					      "connection's frames? --keep leaves them to the host"
					    : "");
		return true;
	}
	if (s->greeted && now >= s->alive_ns) {
		s->alive_ns = now + SESSION_ALIVE_NS;
		if (session_send(s, message_new(MESSAGE_ALIVE)))
			return true;
	}
	*event = SESSION_TIMEOUT;
	return now >= deadline_ns;
}

static int until_ms(const struct session *s, uint64_t now, uint64_t deadline_ns)
{
	uint64_t next = s->heard_ns + SESSION_SILENCE_NS;

	if (s->greeted && s->alive_ns < next)
		next = s->alive_ns;
	if (deadline_ns < next)
		next = deadline_ns;
	return next <= now ? 0 : (int)((next - now + 999999) / 1000000);
}

/* Return: something is an event. */
static bool look_around(struct session *s, int timeout_ms, enum session_event *event)
{
	struct pollfd fds[] = {{.fd = s->channel.fd, .events = POLLIN},
			       {.fd = s->signal_fd, .events = POLLIN},
			       {.fd = s->end.ready_fd, .events = POLLIN},
			       {.fd = s->listen_fd, .events = POLLIN}};
	struct signalfd_siginfo signal;
	int rc = 0;

	if (poll(fds, 4, timeout_ms) <= 0)
		return false;
	/* The next client waits while this one may be about to end. */
	if (fds[3].revents && !fds[0].revents && !fds[1].revents && !fds[2].revents)
		turn_away(s);
	if (fds[0].revents)
		rc = channel_fill(&s->channel);
	if (fds[1].revents && read(s->signal_fd, &signal, sizeof(signal)) == sizeof(signal)) {
		*event = SESSION_SIGNAL;
		return true;
	}
	if (fds[2].revents) {
		pair_end_hear(&s->end);
		*event = SESSION_END;
		return true;
	}
	*event = SESSION_FAILED;
	/* A line that came in front of the end of the connection is read first. */
	if (rc && !memchr(s->channel.in, '\n', s->channel.used))
		return fail_io(s, rc);
	return false;
}

enum session_event session_wait(struct session *s, uint64_t deadline_ns, struct message *m)
{
	enum session_event event;

	for (;;) {
		uint64_t now;

		if (take_line(s, &event, m))
			return event;
		now = now_ns();
		if (check_time(s, now, deadline_ns, &event) ||
		    look_around(s, until_ms(s, now, deadline_ns), &event))
			return event;
	}
}

/* ---- In front of a run -------------------------------------------------------------------------- */

/* Return: 0 a message; -EAGAIN nothing that matters; -ETIMEDOUT; -ECHILD, -EINTR, -EPROTO: the session is over. */
static int wait_in_front(struct session *s, uint64_t deadline_ns, struct message *m)
{
	switch (session_wait(s, deadline_ns, m)) {
	case SESSION_MESSAGE:
		return 0;
	case SESSION_END:
		return pair_end_is_over(&s->end) ? -ECHILD : -EAGAIN;
	case SESSION_SIGNAL:
		return -EINTR;
	case SESSION_TIMEOUT:
		return -ETIMEDOUT;
	case SESSION_FAILED:
		break;
	}
	return -EPROTO;
}

int session_expect(struct session *s, enum message_type type, uint64_t ns, struct message *m)
{
	uint64_t deadline_ns = now_ns() + ns;
	int rc;

	do
		rc = wait_in_front(s, deadline_ns, m);
	while (rc == -EAGAIN);
	if (rc == -ETIMEDOUT)
		return session_fail(s, "%s did not go on within %u seconds", s->peer,
				    (unsigned int)(ns / 1000000000u));
	if (!rc && m->type != type) {
		message_free(m);
		return session_fail(s, "%s sent a message out of turn", s->peer);
	}
	return rc;
}

static int say_hello(struct session *s)
{
	struct json_object *m = message_new(MESSAGE_HELLO);

	message_put(m, "protocol", json_object_new_int(MESSAGE_PROTOCOL));
	message_put_text(m, "version", NET_XDP_VERSION);
	return session_send(s, m);
}

int session_greet(struct session *s)
{
	struct message m;
	char version[24];
	uint64_t protocol;
	int rc = s->is_server ? say_hello(s) : 0;

	if (!rc)
		rc = session_expect(s, MESSAGE_HELLO, SESSION_STEP_NS, &m);
	if (rc)
		return rc;
	protocol = message_protocol(&m);
	escape_plain(version, sizeof(version), json_read_text(m.root, "version"));
	if (protocol != MESSAGE_PROTOCOL)
		rc = session_fail(s,
				  "%s speaks protocol %llu of xsk-bench pair (version %s), this is "
				  "%d (version %s); use the same version on both machines",
				  s->peer, (unsigned long long)protocol, version, MESSAGE_PROTOCOL,
				  NET_XDP_VERSION);
	message_free(&m);
	s->greeted = !rc;
	return rc || s->is_server ? rc : say_hello(s);
}

bool session_sends(const struct session *s)
{
	return s->senders & (s->is_server ? REQUEST_SERVER : REQUEST_CLIENT);
}

bool session_peer_sends(const struct session *s)
{
	return s->senders & (s->is_server ? REQUEST_CLIENT : REQUEST_SERVER);
}

/* Nobody has a turn while an interface is made ready: what comes is a fault. */
static int await_ready(struct session *s)
{
	uint64_t deadline_ns = now_ns() + SESSION_READY_NS;
	struct message m;
	int rc = -EAGAIN;

	while (rc == -EAGAIN && !pair_end_is_ready(&s->end))
		rc = wait_in_front(s, deadline_ns, &m);
	if (rc == -EAGAIN)
		return 0;
	if (rc == -ETIMEDOUT)
		return session_fail(s, "the interface was not ready within %u seconds",
				    (unsigned int)(SESSION_READY_NS / 1000000000u));
	if (!rc) {
		message_free(&m);
		return session_fail(s, "%s sent a message out of turn", s->peer);
	}
	return rc;
}

int session_prepare(struct session *s, const struct options *opt)
{
	int rc = pair_end_open(&s->end, opt);

	s->end_is_open = true;
	s->end.keep_out[0] = s->channel.fd;
	s->end.keep_out[1] = s->listen_fd;
	/* Who only sends has no MAC to tell, and does not begin before it knows the other one's. */
	if (!rc && !session_peer_sends(s))
		return 0;
	if (!rc)
		rc = pair_end_start(&s->end);
	if (rc)
		return session_fail(s, "a process could not be started: %s", strerror(-rc));
	return await_ready(s);
}
