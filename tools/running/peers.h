/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs of this machine that answer questions about their endpoints: each has a socket PID.NAME in one
 * folder. What they answer is not trusted: bounded in time and size, and looked through by who uses it.
 */
#ifndef RUNNING_PEERS_H
#define RUNNING_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net_control.h"

#define PEERS_FOLDER NET_CONTROL_DIRECTORY
/* Who has not answered by then is left out. */
#define PEERS_TIMEOUT_MS 1000
/* An endpoint of 64 queues tells some 400 kB. */
#define PEER_ANSWER_BYTES (8u << 20)

struct peer {
	pid_t pid;
	char file[256];	  /* in the folder: PID.NAME */
	const char *name; /* in file; whatever its program chose */
	int fd;
	bool pending;
	int error;    /* 0: it has answered; -ETIMEDOUT, -EFBIG, -ENODATA, -errno */
	char *answer; /* ends with a NUL that is not counted */
	size_t bytes;
	size_t room;
	uint64_t answered_ns; /* CLOCK_MONOTONIC */
};

struct peers {
	struct peer *list; /* by PID, then name */
	uint32_t count;
};

/* Who has a socket in the folder; that there is no folder means nobody. pid 0: all, else those of this process.
 * Return: 0 and *p, to be freed by peers_free(); -errno and *err. */
int peers_list(struct peers *p, const char *folder, pid_t pid, struct net_error *err);
void peers_free(struct peers *p);

/* Ask all of them at once, and wait until each has answered or timeout_ms is over. A socket whose process has ended is
 * removed, that is said, and its peer is taken out of the list. */
void peers_ask(struct peers *p, const char *folder, const char *question, int timeout_ms);

uint64_t running_now_ns(void);

#endif
