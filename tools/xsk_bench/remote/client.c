/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/error.h"
#include "common/listen.h"
#include "common/say.h"
#include "remote.h"
#include "xsk_bench/live.h"
#include "xsk_bench/outcome.h"
#include "xsk_bench/run.h"

#define CONNECT_MS 5000

/* ---- The connection ---------------------------------------------------------------------------- */

/* Return: a descriptor; -errno; -EINTR: a signal has come. */
static int connect_to(const struct addrinfo *where, int signal_fd)
{
	int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd fds[] = {{.fd = fd, .events = POLLOUT}, {.fd = signal_fd, .events = POLLIN}};
	socklen_t bytes = sizeof(int);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (!connect(fd, where->ai_addr, where->ai_addrlen))
		return fd;
	if (errno != EINPROGRESS)
		error = errno;
	else if (poll(fds, 2, CONNECT_MS) <= 0)
		error = ETIMEDOUT;
	else if (fds[1].revents)
		error = EINTR;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes))
		error = errno;
	if (!error)
		return fd;
	close(fd);
	return -error;
}

/* Each address of the host in turn. Return: a descriptor; -errno with err filled. */
static int reach(const char *text, int signal_fd, struct net_error *err)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char host[LISTEN_HOST_BYTES];
	const char *port;
	int rc;

	listen_split(text, host, sizeof(host), &port);
	rc = getaddrinfo(host, port, &hints, &found);
	if (rc)
		return error_fill(err, -EHOSTUNREACH, "connect", "--client %s: %s", text,
				  gai_strerror(rc));
	rc = -EHOSTUNREACH;
	for (const struct addrinfo *at = found; at && rc < 0 && rc != -EINTR; at = at->ai_next)
		rc = connect_to(at, signal_fd);
	freeaddrinfo(found);
	return rc >= 0 ? rc
		       : error_fill(err, rc, "connect",
				    "--client %s: %s; does xsk-bench pair --server listen there?",
				    text, strerror(-rc));
}

/* ---- The run ------------------------------------------------------------------------------------ */

static int ask(struct session *s, const struct options *opt)
{
	struct json_object *m = message_new(MESSAGE_START);

	request_put(m, opt);
	return session_send(s, m);
}

/* The other end's MAC, if it receives. */
static int take_mac(struct session *s, const struct message *m, uint8_t mac[6])
{
	memset(mac, 0, 6);
	return session_sends(s) && !message_mac(m, mac)
		       ? session_fail(s, "%s told no MAC address", s->peer)
		       : 0;
}

static int go(struct session *s)
{
	struct json_object *m = message_new(MESSAGE_GO);

	if (session_peer_sends(s))
		message_put_mac(m, s->end.said);
	return session_send(s, m);
}

/* Return: 0; -EPROTO and s->why; -ECHILD: see the end; -EINTR. */
static int run(struct session *s, const struct options *opt)
{
	struct options end;
	struct message m;
	uint8_t mac[6];
	int rc = session_greet(s);

	s->senders = request_senders(opt);
	if (!rc)
		rc = ask(s, opt);
	/* The server's interface first: the other one is not taken for nothing. */
	if (!rc)
		rc = session_expect(s, MESSAGE_READY, SESSION_READY_NS, &m);
	if (rc)
		return rc;
	rc = take_mac(s, &m, mac);
	message_free(&m);
	if (!rc && remote_end_options(s, opt, &end, s->why, sizeof(s->why)))
		rc = -EPROTO;
	if (!rc && end.bidirectional)
		live_head(&end);
	if (!rc)
		rc = session_prepare(s, &end);
	if (!rc)
		rc = go(s);
	return rc ? rc : session_measure(s, opt->duration_ns, mac);
}

/* Return: the exit code. */
static int fail(struct session *s, int rc, const struct options *opt, struct net_error *err)
{
	struct verdict v = {EXIT_FAILED, err};
	struct json_object *m = message_new(MESSAGE_ERROR);

	if (rc == -ECHILD)
		v.exit_code = remote_end_error(s, err); /* its process has said it */
	else if (rc == -EINTR)
		error_fill(err, rc, "signal", "a signal has ended the run");
	else
		error_fill(err, rc, "control", "%s", s->why);
	message_put_text(m, "message", err->message);
	message_send(&s->channel, m);
	if (rc != -ECHILD)
		say("%s", err->message);
	if (opt->json)
		report_json_error(stdout, "pair", &v);
	return v.exit_code;
}

int remote_ask(const struct options *opt)
{
	static struct session s;
	struct net_error err = {0};
	struct verdict v = {EXIT_FAILED, &err};
	int signal_fd = run_open_signals();
	int fd = signal_fd < 0 ? error_errno(&err, -errno, "setup", "signalfd")
			       : reach(opt->client, signal_fd, &err);
	int rc;

	if (fd < 0) {
		say("%s", err.message);
		if (opt->json)
			report_json_error(stdout, "pair", &v);
		return EXIT_FAILED;
	}
	session_open(&s, fd, false, signal_fd, -1);
	rc = run(&s, opt);
	rc = rc ? fail(&s, rc, opt, &err) : remote_report(&s, opt);
	session_close(&s);
	close(signal_fd);
	return rc;
}
