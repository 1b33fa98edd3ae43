/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this room share: one socket, its clients, and what they may ask for. */
#ifndef NET_XDP_CONTROL_H
#define NET_XDP_CONTROL_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

#include "control/stall.h"
#include "net_control.h"

#define CONTROL_STEP "control"

/* ---- place.c: where the socket is ------------------------------------------------------------- */

struct place {
	struct sockaddr_un address;
	int fd; /* that listens; -1: none */
	/* Of the socket's file, so that another one at the path is left alone. */
	dev_t device;
	ino_t inode;
};

/* Listen. Return: 0; -errno with err filled, nothing left behind. */
int place_open(struct place *p, const char *path, const char *name, struct net_error *err);
/* unlink_it: false in a process that only inherited it. */
void place_close(struct place *p, bool unlink_it);

/* ---- document.c: what is told ----------------------------------------------------------------- */

enum { CONTROL_NAME_BYTES = 128 };

struct subject {
	struct subject *next;
	char name[CONTROL_NAME_BYTES];
	struct net_endpoint *ep;
	uint32_t count;
	struct net_queue **queues; /* behind the struct, and then the stalls */
	struct stall *stalls;	   /* of each queue */
};

struct document {
	char program[CONTROL_NAME_BYTES];
	uint32_t pid;
	struct subject *subjects; /* in the order in which they came */
	int64_t looks_at_ms;	  /* when stalls are looked for next */
	net_tell_fn *tell;	  /* NULL: the program tells nothing by itself */
	void *context;
};

struct text {
	char *bytes;
	size_t len_bytes, room_bytes;
	bool is_out; /* of memory: it has no text */
};

/* Look for queues that stand still, if it is time. Return: milliseconds until it is time again; -1: there is no queue. */
int document_look(struct document *d, int64_t now_ms);

/* The answer to a client's line. Owner: the caller, free()s bytes. */
void document_answer(const struct document *d, const char *line, struct text *out);

/* ---- server.c: clients ------------------------------------------------------------------------ */

enum { SERVER_CLIENTS = 16, SERVER_LINE_BYTES = 64 };

struct client {
	int fd; /* -1: free */
	int64_t since_ms;
	char line[SERVER_LINE_BYTES];
	size_t line_bytes;
	bool is_answered; /* text is being sent */
	struct text text;
	size_t sent_bytes;
};

enum { SERVER_STOP = -2 };

/* What server_run() calls. */
struct server_ops {
	/* Answer a line. */
	void (*answer)(void *context, const char *line, struct text *out);
	/* In each round. Return: the longest sleep in milliseconds, -1: no limit; SERVER_STOP. */
	int (*tick)(void *context);
};

/* Serve at listen_fd; wake_fd, an eventfd, begins a new round. */
void server_run(int listen_fd, int wake_fd, const struct server_ops *ops, void *context);

#endif
