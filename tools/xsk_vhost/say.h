/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines on stderr, behind the program's name. Names that somebody else chose are made harmless to a terminal. */
#ifndef XSK_VHOST_SAY_H
#define XSK_VHOST_SAY_H

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
