/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One control connection with an end of pair behind it: whatever happens is one event after the other, and nothing is
 * waited for without an end. Client and server measure in the same way once both may begin.
 */
#ifndef REMOTE_SESSION_H
#define REMOTE_SESSION_H

#include "message.h"
#include "request.h"
#include "xsk_bench/pair_end.h"

/* Who says nothing for so long is gone; each says something each second. */
#define SESSION_SILENCE_NS (10 * UINT64_C(1000000000))
#define SESSION_ALIVE_NS   UINT64_C(1000000000)
/* For one step in front of a run, whatever else is said; and for an interface that is made ready. */
#define SESSION_STEP_NS	 (10 * UINT64_C(1000000000))
#define SESSION_READY_NS (60 * UINT64_C(1000000000))

struct session {
	struct channel channel;
	const char *peer; /* "the client" or "the server" */
	bool is_server;
	int signal_fd;
	int listen_fd; /* who comes meanwhile is turned away; -1: nobody can */
	enum request_senders senders;
	struct pair_end end;
	bool end_is_open;
	bool greeted; /* both speak the same protocol */
	uint64_t heard_ns;
	uint64_t alive_ns; /* when the next one is due */
	struct pair_side theirs[PAIR_VIEWS];
	bool has_theirs;
	char why[sizeof(((struct net_error *)NULL)->message)]; /* it failed */
};

enum session_event {
	SESSION_MESSAGE, /* *m is to be freed */
	SESSION_END,	 /* the end has said something, or its process has ended */
	SESSION_SIGNAL,
	SESSION_TIMEOUT,
	SESSION_FAILED, /* the connection, see why */
};

/* fd becomes the session's. */
void session_open(struct session *s, int fd, bool is_server, int signal_fd, int listen_fd);
enum session_event session_wait(struct session *s, uint64_t deadline_ns, struct message *m);
/* The end's process is gone, whatever happened. */
void session_close(struct session *s);

/* What failed: fills why, unless it is known better already. Return: -EPROTO. */
int session_fail(struct session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Return: 0, -EPROTO and why. */
int session_send(struct session *s, struct json_object *m);
/* The next message has to be this one, within so long. Return: 0 and *m, to be freed; -EPROTO and why; -EINTR: a signal;
 * -ECHILD: the end has ended. */
int session_expect(struct session *s, enum message_type type, uint64_t ns, struct message *m);
/* Say hello, and see that the other end speaks this protocol; the server says it first. Return: as session_expect(). */
int session_greet(struct session *s);

/* Does this end send, and does the other machine's? */
bool session_sends(const struct session *s);
bool session_peer_sends(const struct session *s);

/* Make the end, with opt, and if it receives wait until it does. Return: as session_expect(). */
int session_prepare(struct session *s, const struct options *opt);
/* Send and receive until all is sent, and exchange what was counted. dst_mac: the other end's, if it receives. Return: 0
 * and theirs; -EPROTO and why; -EINTR. (measure.c) */
int session_measure(struct session *s, uint64_t duration_ns, const uint8_t dst_mac[6]);

/* The directions that were measured, forward first, out of this end and theirs. Return: how many. (measure.c) */
uint32_t session_results(const struct session *s, struct pair_result out[2]);

#endif
