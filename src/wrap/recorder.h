/* SPDX-License-Identifier: BSD-2-Clause */
/* A capture that is on: its spools, and the thread that writes them to one file after the other. */
#ifndef NET_RECORDER_H
#define NET_RECORDER_H

#include <pthread.h>
#include <sys/types.h>

#include "net_wrap.h"
#include "wrap/pcapng.h"
#include "wrap/spool.h"

struct recorder {
	/* Of the configuration: */
	char *path; /* NULL if fd was given */
	char interface[PCAPNG_NAME_BYTES];
	uint32_t snap_bytes; /* bytes of a frame that the queues' threads copy */
	uint32_t buffer_bytes;
	uint64_t rotate_bytes;
	uint32_t rotate_files;

	/* The file, which only the recorder's thread uses: */
	int fd;
	bool is_socket, is_regular;
	uint64_t file_bytes;	   /* bytes of this file so far */
	uint64_t file_start_bytes; /* of these: before the first packet */
	uint64_t start_ns;
	/* since ending was set nothing could be written for so long */
	uint32_t stalled_ms;

	pid_t pid; /* process that started the capture: a forked child has no thread */
	pthread_t thread;
	pthread_mutex_t lock; /* of the members below, and for the list's links */
	pthread_cond_t wake;
	struct spool *spools;
	bool ending;	      /* atomic */
	uint64_t missed_past; /* frames missed by spools that were freed */

	/* Atomic: */
	uint64_t frames, bytes;
	uint64_t discarded; /* frames that were in a spool and could not be written */
	int error;
};

/* Start a recorder. type: the interface's name in the file if config has none. Return: 0 or -errno
 * with err filled. */
int recorder_open(const struct net_capture_config *config, const char *type, struct recorder **out,
		  struct net_error *err);
/* Make a spool for one more queue. Return: NULL if there is no memory. */
struct spool *recorder_add(struct recorder *r);
/* The spool's queue has ended: the thread frees the spool once it is empty. */
void recorder_retire(struct spool *s);
/* Nothing more is written; the first error is told. Any thread may call this. */
void recorder_fail(struct recorder *r, int error);
void recorder_stats(struct recorder *r, struct net_capture_stats *out);
/* Write what waits, then end the thread and the file. *out: how the capture went. */
void recorder_close(struct recorder *r, struct net_capture_stats *out);

/* ---- recorder_file.c: the recorder's thread ------------------------------------------------ */

/* Open the file that the configuration names. Return: 0 or -errno with err filled. */
int recorder_file_open(struct recorder *r, const struct net_capture_config *config,
		       struct net_error *err);
/* Write the start of a file. */
void recorder_file_start(struct recorder *r);
/* Write whole blocks of a spool and count them. Return: how many bytes of the spool are free again. */
uint64_t recorder_file_write(struct recorder *r, struct spool *s);
/* Write the end of the file and close it. */
void recorder_file_end(struct recorder *r);

uint64_t recorder_now_ns(void);

#endif
