/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection of lines, each bounded in length. It trusts nobody at its other end. */
#ifndef REMOTE_CHANNEL_H
#define REMOTE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#define CHANNEL_LINE_BYTES 16384 /* its end included */
#define CHANNEL_SEND_MS	   5000	 /* for whoever does not read */

struct channel {
	int fd; /* -1: closed */
	size_t used;
	size_t taken; /* of these: the line that was given out last */
	char in[CHANNEL_LINE_BYTES];
};

/* fd is the channel's from here on, and non-blocking. */
void channel_open(struct channel *c, int fd);

/* Take a whole line out of what has been read; it lives until the next call, without its end. Return: there is one. */
bool channel_take(struct channel *c, const char **line, size_t *bytes);

/* Read what has come. Return: 0, -ECONNRESET: it is closed; -EMSGSIZE: the line is too long; -errno. */
int channel_fill(struct channel *c);

/* Return: 0, -ETIMEDOUT: it does not read; -errno. */
int channel_send(struct channel *c, const char *line, size_t bytes);

/* What was sent last shall arrive: what the other end has sent and nobody has read would have it taken back. */
void channel_close(struct channel *c);

#endif
