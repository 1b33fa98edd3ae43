/* SPDX-License-Identifier: BSD-2-Clause */
/* What an end has counted in one direction, as a member of "result", and as a document for whoever reads --json. */
#ifndef REMOTE_RESULT_H
#define REMOTE_RESULT_H

#include "message.h"
#include "xsk_bench/pair.h"

struct json_object *result_put(const struct pair_side *side);

/* What cannot be is refused. Return: 0; -EINVAL. */
int result_get(struct json_object *o, struct pair_side *out);

/* The document of the other machine's end: the totals that it told, by the names that they have in one's own. Return: text
 * to be freed; NULL without memory. */
char *result_document(const struct pair_side *side, enum pair_view view);

#endif
