/* SPDX-License-Identifier: BSD-2-Clause */
/* One client after the other. While none is there no frame of the interface is taken, and nothing hangs on it. */
#include <errno.h>
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

static int ready(struct session *s)
{
	struct json_object *m = message_new(MESSAGE_READY);

	message_put_text(m, "interface", s->end.opt.ifname);
	if (session_peer_sends(s))
		message_put_mac(m, s->end.said);
	return session_send(s, m);
}

static int take_start(struct session *s, const struct options *opt, struct options *asked)
{
	struct message m;
	int rc = session_expect(s, MESSAGE_START, SESSION_STEP_NS, &m);

	if (rc)
		return rc;
	*asked = *opt;
	rc = request_get(&m, asked, &s->senders, s->why, sizeof(s->why)) ? -EPROTO : 0;
	message_free(&m);
	return rc;
}

static int take_go(struct session *s, uint8_t mac[6])
{
	struct message m;
	int rc = session_expect(s, MESSAGE_GO, SESSION_READY_NS, &m);

	memset(mac, 0, 6);
	if (rc)
		return rc;
	if (session_sends(s) && !message_mac(&m, mac))
		rc = session_fail(s, "%s told no MAC address", s->peer);
	message_free(&m);
	return rc;
}

/* Return: 0; -EPROTO and s->why; -ECHILD: see the end; -EINTR. */
static int run(struct session *s, const struct options *opt)
{
	struct options asked, end;
	uint8_t mac[6];
	int rc = session_greet(s);

	if (!rc)
		rc = take_start(s, opt, &asked);
	if (!rc && remote_end_options(s, &asked, &end, s->why, sizeof(s->why)))
		rc = -EPROTO;
	if (!rc)
		rc = session_prepare(s, &end);
	if (!rc)
		rc = ready(s);
	if (!rc)
		rc = take_go(s, mac);
	if (!rc && end.bidirectional)
		live_head(&end);
	return rc ? rc : session_measure(s, asked.duration_ns, mac);
}

/* Return: the exit code. */
static int fail(struct session *s, int rc)
{
	struct json_object *m = message_new(MESSAGE_ERROR);
	struct net_error err = {0};
	int exit_code = EXIT_FAILED;

	if (rc == -ECHILD)
		exit_code = remote_end_error(s, &err); /* its process has said it */
	else if (rc == -EINTR)
		snprintf(err.message, sizeof(err.message), "a signal has ended it");
	else
		snprintf(err.message, sizeof(err.message), "%s", s->why);
	message_put_text(m, "message", err.message);
	message_send(&s->channel, m);
	if (rc != -ECHILD)
		say("%s", err.message);
	return exit_code;
}

/* Who it is, as far as that can be told. */
static void say_client(const struct sockaddr_storage *address, socklen_t bytes)
{
	char host[64] = "?", port[8] = "?";

	getnameinfo((const struct sockaddr *)address, bytes, host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
	say("a client from %s port %s", host, port);
}

/* Return: 0 and *exit_code; -EAGAIN: nobody was there; -EINTR: it has to end. */
static int serve_one(int listen_fd, int signal_fd, const struct options *opt, int *exit_code)
{
	static struct session s;
	struct sockaddr_storage address = {0};
	socklen_t bytes = sizeof(address);
	int fd = accept4(listen_fd, (struct sockaddr *)&address, &bytes, SOCK_CLOEXEC);
	int rc;

	if (fd < 0) {
		poll(NULL, 0, 10); /* no descriptors, or it is gone again */
		return -EAGAIN;
	}
	say_client(&address, bytes);
	session_open(&s, fd, true, signal_fd, listen_fd);
	rc = run(&s, opt);
	*exit_code = rc ? fail(&s, rc) : remote_report(&s, opt);
	session_close(&s);
	return rc == -EINTR ? rc : 0;
}

static int serve(int listen_fd, int signal_fd, const struct options *opt)
{
	struct pollfd fds[] = {{.fd = listen_fd, .events = POLLIN},
			       {.fd = signal_fd, .events = POLLIN}};

	for (;;) {
		int exit_code, rc;

		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents)
			return 0;
		rc = serve_one(listen_fd, signal_fd, opt, &exit_code);
		if (rc == -EINTR || (!rc && opt->one_off))
			return exit_code;
	}
}

int remote_serve(const struct options *opt)
{
	int signal_fd = run_open_signals();
	struct listen_address where;
	struct net_error err = {0};
	char name[96];
	int fd, rc;

	listen_parse(&where, opt->server);
	fd = signal_fd < 0 ? error_errno(&err, -errno, "setup", "signalfd")
			   : listen_open(&where, &err);
	if (fd < 0) {
		say("--server %s: %s", opt->server, err.message);
		return EXIT_FAILED;
	}
	say("listening on %s, for runs on %s", listen_name(fd, name, sizeof(name)), opt->ifname);
	rc = serve(fd, signal_fd, opt);
	close(fd);
	close(signal_fd);
	return rc;
}
