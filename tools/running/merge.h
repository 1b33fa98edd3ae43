/* SPDX-License-Identifier: BSD-2-Clause */
/* The texts of several programs in one: a family's samples stand together. */
#ifndef RUNNING_MERGE_H
#define RUNNING_MERGE_H

#include <stdint.h>
#include <stdio.h>

#include "exposition.h"

struct merge {
	struct merged_family *families;
	uint32_t count;
};

/* Take all of e's samples, or none. Return: 0, then e may be freed; -EINVAL: a family of it has another type or unit
 * than one of that name that is here already, or its samples would be taken for those of another; -ENOMEM. */
int merge_add(struct merge *m, const struct exposition *e);
/* All families, without "# EOF". */
void merge_print(const struct merge *m, FILE *out);
void merge_free(struct merge *m);

#endif
