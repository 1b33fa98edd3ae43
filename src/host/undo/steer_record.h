/* SPDX-License-Identifier: BSD-2-Clause */
/* A steering record as the text of a lease, and back. */
#ifndef NET_XDP_STEER_RECORD_H
#define NET_XDP_STEER_RECORD_H

#include "host/steer_plan.h"

/* Return: the text, to be freed; NULL out of memory. */
char *steer_record_format(const struct steer_record *r);

/* Return: true; false the text is not one of the first function's. */
bool steer_record_parse(struct steer_record *r, const char *text);

#endif
