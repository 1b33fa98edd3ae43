// SPDX-License-Identifier: BSD-2-Clause
/*
 * The recorder's file. It may be on a disk that is full, a pipe whose reader has gone or is slow, or a
 * socket. The first error ends the writing: what could not be written is counted, and the queues do not
 * notice.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "wrap/recorder.h"

enum {
	WRITE_BYTES = 1 << 20, /* most bytes of one write() */
	/* how long the end of a capture waits for a reader that does not read */
	PATIENCE_MS = 1000,
	POLL_MS = 100,
	MODE = 0600, /* nobody else may read other people's frames */
};

/* ---- Bytes --------------------------------------------------------------------------------- */

static bool has_failed(const struct recorder *r)
{
	return __atomic_load_n(&r->error, __ATOMIC_RELAXED) != 0;
}

/* Wait until a pipe or socket takes bytes. Return: 0 or -errno. */
static int wait_writable(struct recorder *r)
{
	struct pollfd pfd = {.fd = r->fd, .events = POLLOUT};
	int n;

	for (;;) {
		n = poll(&pfd, 1, POLL_MS);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (!__atomic_load_n(&r->ending, __ATOMIC_RELAXED))
			continue;
		r->stalled_ms += POLL_MS;
		if (r->stalled_ms >= PATIENCE_MS)
			return -ETIMEDOUT;
	}
}

/* Write some of the bytes without blocking. A pipe that poll() calls writable takes PIPE_BUF bytes,
 * whether or not its owner made it non-blocking. Return: how many bytes, or -errno. */
static ssize_t write_some(struct recorder *r, const uint8_t *bytes, uint64_t len)
{
	ssize_t n;
	int rc = r->is_regular ? 0 : wait_writable(r);

	if (rc)
		return rc;
	if (!r->is_regular && !r->is_socket && len > PIPE_BUF)
		len = PIPE_BUF;
	n = r->is_socket ? send(r->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT)
			 : write(r->fd, bytes, len);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (n > 0)
		r->stalled_ms = 0;
	return n;
}

/* Write bytes. Return: how many were written: all, unless there was an error. */
static uint64_t write_bytes(struct recorder *r, const uint8_t *bytes, uint64_t len)
{
	uint64_t done = 0;

	while (done < len && !has_failed(r)) {
		ssize_t n = write_some(r, bytes + done, len - done);

		if (n < 0)
			recorder_fail(r, (int)n);
		else
			done += (uint64_t)n;
	}
	r->file_bytes += done;
	__atomic_store_n(&r->bytes, r->bytes + done, __ATOMIC_RELAXED);
	return done;
}

/* ---- Files --------------------------------------------------------------------------------- */

/* Open path. A named pipe without a reader fails with -ENXIO instead of waiting for one. */
static int open_path(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, MODE);

	return fd < 0 ? -errno : fd;
}

static int open_given(int given)
{
	int flags = fcntl(given, F_GETFL);

	if (flags < 0)
		return -errno;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	/* Copy the descriptor: the caller may close its own, and the number may then be another
	 * file's. */
	given = fcntl(given, F_DUPFD_CLOEXEC, 0);
	return given < 0 ? -errno : given;
}

int recorder_file_open(struct recorder *r, const struct net_capture_config *config,
		       struct net_error *err)
{
	struct stat stat;

	if (config->fd >= 0) {
		r->fd = open_given(config->fd);
		if (r->fd < 0)
			return error_set(err, r->fd, "capture",
					 "fd %d cannot be written to: %s; open it for writing",
					 config->fd, strerror(-r->fd));
	} else {
		r->path = strdup(config->path);
		if (!r->path)
			return error_set(err, -ENOMEM, "capture", "out of memory");
		r->fd = open_path(r->path);
		if (r->fd < 0)
			return error_set(err, r->fd, "capture", "%s: %s", r->path,
					 strerror(-r->fd));
	}
	if (fstat(r->fd, &stat))
		return error_set(err, -errno, "capture", "fstat: %s", strerror(errno));
	r->is_regular = S_ISREG(stat.st_mode);
	r->is_socket = S_ISSOCK(stat.st_mode);
	return 0;
}

void recorder_file_start(struct recorder *r)
{
	uint8_t start[PCAPNG_START_BYTES];

	r->file_bytes = 0;
	write_bytes(r, start, pcapng_start(start, r->interface, r->snap_bytes));
	r->file_start_bytes = r->file_bytes;
}

void recorder_file_end(struct recorder *r)
{
	uint8_t end[PCAPNG_END_BYTES];
	struct net_capture_stats now;

	recorder_stats(r, &now);
	pcapng_end(end, &(struct pcapng_statistics){
				.start_ns = r->start_ns,
				.end_ns = recorder_now_ns(),
				.received = now.frames + now.missed,
				.dropped = now.missed,
			});
	write_bytes(r, end, sizeof(end));
	if (close(r->fd) && r->path)
		recorder_fail(r, -errno);
	r->fd = -1;
}

/* Rename PATH to PATH.1, PATH.1 to PATH.2 and so on; the oldest is removed. */
static void rotate(struct recorder *r)
{
	char from[PATH_MAX + 16], to[PATH_MAX + 16];
	int fd;

	recorder_file_end(r);
	for (uint32_t i = r->rotate_files - 1; i > 0; i--) {
		snprintf(from, sizeof(from), i > 1 ? "%s.%u" : "%s", r->path, i - 1);
		snprintf(to, sizeof(to), "%s.%u", r->path, i);
		if (rename(from, to) && errno != ENOENT)
			recorder_fail(r, -errno);
	}
	fd = open_path(r->path);
	if (fd < 0)
		recorder_fail(r, fd);
	else
		r->fd = fd;
	recorder_file_start(r);
}

/* ---- Blocks -------------------------------------------------------------------------------- */

/* Return: how many bytes may still be written to this file, its end not counted. A file has at least
 * one packet. */
static uint64_t room(struct recorder *r, const struct spool *s)
{
	struct spool_part parts[2];
	uint64_t used = r->file_bytes + PCAPNG_END_BYTES, left;

	if (!r->rotate_bytes)
		return WRITE_BYTES;
	left = r->rotate_bytes > used ? r->rotate_bytes - used : 0;
	if (r->file_bytes > r->file_start_bytes && spool_peek(s, 1, parts) > left) {
		rotate(r);
		used = r->file_bytes + PCAPNG_END_BYTES;
		left = r->rotate_bytes > used ? r->rotate_bytes - used : 0;
	}
	return left < WRITE_BYTES ? left : WRITE_BYTES;
}

uint64_t recorder_file_write(struct recorder *r, struct spool *s)
{
	struct spool_part parts[2];
	uint64_t bytes, done, whole, written, blocks;

	bytes = spool_peek(s, has_failed(r) ? UINT64_MAX : room(r, s), parts);
	done = write_bytes(r, parts[0].bytes, parts[0].len_bytes);
	done += write_bytes(r, parts[1].bytes, parts[1].len_bytes);
	blocks = spool_count(s, bytes, &whole);
	written = spool_count(s, done, &whole);
	__atomic_store_n(&r->frames, r->frames + written, __ATOMIC_RELAXED);
	__atomic_store_n(&r->discarded, r->discarded + blocks - written, __ATOMIC_RELAXED);
	/* The disk is full: cut the file behind its last whole block. */
	if (done > whole && r->path && r->is_regular &&
	    ftruncate(r->fd, (off_t)(r->file_bytes - (done - whole))) == 0)
		__atomic_store_n(&r->bytes, r->bytes - (done - whole), __ATOMIC_RELAXED);
	return bytes;
}
