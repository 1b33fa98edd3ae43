/* SPDX-License-Identifier: BSD-2-Clause */
/* One line on stderr behind the program's name; on a terminal broken before column 80. Names that somebody else chose
 * are made harmless to a terminal. */
#ifndef COMMON_SAY_H
#define COMMON_SAY_H

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
