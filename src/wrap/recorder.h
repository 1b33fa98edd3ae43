/* SPDX-License-Identifier: BSD-2-Clause */
/* A capture that is on: its spools, and the thread that writes them to a file, or to several in
 * turn. */
#ifndef NET_RECORDER_H
#define NET_RECORDER_H

#include <pthread.h>
#include <sys/types.h>

#include "net_wrap.h"
#include "wrap/pcapng.h"
#include "wrap/spool.h"

struct recorder {
	/* Of the configuration: */
	char *path; /* NULL: fd was given */
	char interface[PCAPNG_NAME_BYTES];
	uint32_t snap_bytes; /* what the queues' threads read */
	uint32_t buffer_bytes;
	uint64_t rotate_bytes;
	uint32_t rotate_files;

	/* The file, the recorder's thread's: */
	int fd;
	bool is_socket, is_regular;
	uint64_t file_bytes;	   /* of this file so far */
	uint64_t file_start_bytes; /* of these: before the first packet */
	uint64_t start_ns;
	uint32_t stalled_ms; /* for how long nothing could be written since ending */

	pid_t pid; /* who started it: a forked child has no thread */
	pthread_t thread;
	pthread_mutex_t lock; /* of the members below, and for the list's links */
	pthread_cond_t wake;
	struct spool *spools;
	bool ending;	      /* atomic */
	uint64_t missed_past; /* by spools that are gone */

	/* Atomic: */
	uint64_t frames, bytes;
	uint64_t discarded; /* frames that were in a spool and could not be written */
	int error;
};

/* Return: 0 or -errno with err filled. type: what the interface is called without a name. */
int recorder_open(const struct net_capture_config *config, const char *type, struct recorder **out,
		  struct net_error *err);
/* A spool for one more queue. Return: NULL without memory. */
struct spool *recorder_add(struct recorder *r);
/* The spool's queue has ended: it goes when it is empty. */
void recorder_retire(struct spool *s);
void recorder_stats(struct recorder *r, struct net_capture_stats *out);
/* Write what waits, end the file and the thread. *out is how it went. */
void recorder_close(struct recorder *r, struct net_capture_stats *out);

/* ---- recorder_file.c: the recorder's thread ------------------------------------------------ */

/* Open what the configuration says. Return: 0 or -errno with err filled. */
int recorder_file_open(struct recorder *r, const struct net_capture_config *config,
		       struct net_error *err);
/* Write the start of a file. */
void recorder_file_start(struct recorder *r);
/* Write whole blocks of a spool, and count them. Return: how many bytes of it are done with. */
uint64_t recorder_file_write(struct recorder *r, struct spool *s);
/* Write the end of the file and close it. */
void recorder_file_end(struct recorder *r);

uint64_t recorder_now_ns(void);

#endif
