/* SPDX-License-Identifier: BSD-2-Clause */
/* pair on two machines: a server that has an interface, and a client that says what to measure. */
#ifndef REMOTE_H
#define REMOTE_H

#include "session.h"

/* Command lines with pair --server and pair --client. Return: the exit code. */
int remote_serve(const struct options *opt);
int remote_ask(const struct options *opt);

/* ---- Of both (remote.c) ------------------------------------------------------------------------ */

/* This machine's end, of the client's options or of the server's with what it was asked for. Return: 0; -EINVAL with
 * why. */
int remote_end_options(const struct session *s, const struct options *opt, struct options *out,
		       char *why, size_t why_size);

/* What the end that could not be started has said of it. Return: its exit code. */
int remote_end_error(const struct session *s, struct net_error *err);

/* Print the account. Return: the exit code. */
int remote_report(const struct session *s, const struct options *opt);

#endif
