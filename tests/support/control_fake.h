/* SPDX-License-Identifier: BSD-2-Clause */
/* A folder of control sockets whose programs behave as the test says. All of these end the test when something
 * fails. */
#ifndef SUPPORT_CONTROL_FAKE_H
#define SUPPORT_CONTROL_FAKE_H

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

enum control_manner {
	CONTROL_ANSWERS, /* a line is read, json or openmetrics is written, the connection closed */
	CONTROL_SILENT,	 /* takes connections, and says nothing */
	CONTROL_HALF,	 /* half of the answer, and no end */
	CONTROL_HUGE,	 /* an answer without end */
	CONTROL_CLOSES,	 /* at once */
	CONTROL_FULL,	 /* takes no connections, and its backlog is full */
	CONTROL_GONE,	 /* the file is there, and nobody listens */
};

struct control_program {
	enum control_manner manner;
	const char *json;
	const char *openmetrics;
	int fd;
	int waiting[4]; /* connections that fill the backlog */
	pthread_t thread;
	int delay_ms;	    /* before it begins */
	volatile int asked; /* how many lines were read */
};

struct control_fake {
	char folder[64];
	struct control_program programs[32];
	uint32_t count;
};

/* A folder of its own below /tmp. */
void control_fake_open(struct control_fake *f);
/* A socket PID.NAME. The texts live as long as f. */
struct control_program *control_fake_add(struct control_fake *f, pid_t pid, const char *name,
					 enum control_manner manner, const char *json,
					 const char *openmetrics);
/* One whose backlog is full answers after some time. */
void control_fake_wake(struct control_program *p, int delay_ms);
/* Ends all, and removes the folder. */
void control_fake_close(struct control_fake *f);

/* A process that has ended: nobody has this number now. */
pid_t control_fake_ended(void);

#endif
