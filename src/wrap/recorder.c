// SPDX-License-Identifier: BSD-2-Clause
/*
 * The recorder's life. Its thread looks at the spools every few milliseconds, so that a data call need
 * not wake it, which would be a system call. The links of the list of spools are written under the
 * lock. A new spool goes to the front, and only the thread takes one out, so the thread itself reads
 * the list without the lock.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "wrap/recorder.h"

enum { LOOK_MS = 5 };

uint64_t recorder_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- The thread ---------------------------------------------------------------------------- */

/* Write what waits in all spools. Return: true if there was anything. */
static bool write_all(struct recorder *r)
{
	struct spool *s;
	bool any = false;
	uint64_t n;

	pthread_mutex_lock(&r->lock);
	s = r->spools;
	pthread_mutex_unlock(&r->lock);
	for (; s; s = s->next) {
		n = recorder_file_write(r, s);
		spool_release(s, n);
		any |= n != 0;
	}
	return any;
}

/* Free the spools whose queues have ended and which are empty. */
static void reap(struct recorder *r)
{
	struct spool_part parts[2];

	pthread_mutex_lock(&r->lock);
	for (struct spool **link = &r->spools; *link;) {
		struct spool *s = *link;

		/* Load closed before spool_peek(): what the queue put in before it closed the spool
		 * is then seen. */
		if (!__atomic_load_n(&s->closed, __ATOMIC_ACQUIRE) || spool_peek(s, 1, parts)) {
			link = &s->next;
			continue;
		}
		r->missed_past += spool_missed(s);
		*link = s->next;
		spool_free(s);
	}
	pthread_mutex_unlock(&r->lock);
}

static void sleep_a_little(struct recorder *r)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_mutex_lock(&r->lock);
	if (!r->ending)
		pthread_cond_timedwait(&r->wake, &r->lock, &until);
	pthread_mutex_unlock(&r->lock);
}

static void *record(void *context)
{
	struct recorder *r = context;
	bool ending;

	recorder_file_start(r);
	do {
		/* Load ending before the spools are looked at: once it is true nothing is put in any
		 * more. */
		ending = __atomic_load_n(&r->ending, __ATOMIC_ACQUIRE);
		while (write_all(r))
			reap(r);
		reap(r);
		if (!ending)
			sleep_a_little(r);
	} while (!ending);
	recorder_file_end(r);
	return NULL;
}

/* Start the thread with all signals blocked, SIGPIPE of its own writes included. */
static int start_thread(struct recorder *r)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&r->thread, NULL, record, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -rc;
}

/* ---- Open and close ------------------------------------------------------------------------ */

static void recorder_free(struct recorder *r)
{
	struct spool *next;

	for (struct spool *s = r->spools; s; s = next) {
		next = s->next;
		spool_free(s);
	}
	if (r->fd >= 0)
		close(r->fd);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r->path);
	free(r);
}

static void init_locks(struct recorder *r)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->wake, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&r->lock, NULL);
}

int recorder_open(const struct net_capture_config *config, const char *type, struct recorder **out,
		  struct net_error *err)
{
	struct recorder *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return error_set(err, -ENOMEM, "capture", "out of memory");
	init_locks(r);
	r->fd = -1;
	r->pid = getpid();
	r->start_ns = recorder_now_ns();
	r->snap_bytes = config->snap_bytes;
	r->buffer_bytes = config->buffer_bytes;
	r->rotate_bytes = config->rotate_bytes;
	r->rotate_files = config->rotate_files;
	memccpy(r->interface, *config->interface ? config->interface : type, '\0',
		sizeof(r->interface) - 1);
	rc = recorder_file_open(r, config, err);
	if (!rc) {
		rc = start_thread(r);
		if (rc)
			error_set(err, rc, "capture", "starting the thread that writes: %s",
				  strerror(-rc));
	}
	if (rc) {
		recorder_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

struct spool *recorder_add(struct recorder *r)
{
	struct spool *s = spool_open(r->buffer_bytes);

	if (!s)
		return NULL;
	pthread_mutex_lock(&r->lock);
	s->next = r->spools;
	r->spools = s;
	pthread_mutex_unlock(&r->lock);
	return s;
}

void recorder_fail(struct recorder *r, int error)
{
	int none = 0;

	__atomic_compare_exchange_n(&r->error, &none, error, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
}

void recorder_retire(struct spool *s)
{
	__atomic_store_n(&s->closed, true, __ATOMIC_RELEASE);
}

void recorder_stats(struct recorder *r, struct net_capture_stats *out)
{
	*out = (struct net_capture_stats){
		.frames = __atomic_load_n(&r->frames, __ATOMIC_RELAXED),
		.bytes = __atomic_load_n(&r->bytes, __ATOMIC_RELAXED),
		.missed = __atomic_load_n(&r->discarded, __ATOMIC_RELAXED),
		.error = __atomic_load_n(&r->error, __ATOMIC_RELAXED),
	};
	pthread_mutex_lock(&r->lock);
	out->missed += r->missed_past;
	for (struct spool *s = r->spools; s; s = s->next)
		out->missed += spool_missed(s);
	pthread_mutex_unlock(&r->lock);
}

/* A forked child has no such thread, and the lock may be held for ever there: the file is the
 * parent's, and the child leaves everything alone. */
void recorder_close(struct recorder *r, struct net_capture_stats *out)
{
	*out = (struct net_capture_stats){.error = -ECHILD};
	if (r->pid != getpid())
		return;
	pthread_mutex_lock(&r->lock);
	__atomic_store_n(&r->ending, true, __ATOMIC_RELEASE);
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	recorder_stats(r, out);
	recorder_free(r);
}
