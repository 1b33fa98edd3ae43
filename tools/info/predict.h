/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the prediction share. A rule adds sentences. */
#ifndef XSK_INFO_PREDICT_H
#define XSK_INFO_PREDICT_H

#include "common/escape.h"
#include "info.h"

/* Add a sentence of the kind; those beyond INFO_SENTENCES are left out. */
void blocks(struct info_prediction *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What cannot be seen: the prediction is not sure then. */
void unsure(struct info_prediction *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void note(struct info_prediction *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline const char *word(const char *name)
{
	return escape_word(name);
}

typedef void predict_rule(const struct info_facts *facts, struct info_prediction *p);

/* predict_access.c: what makes an attach fail */
predict_rule socket_rule, program_load_rule, memory_rule, program_rule, queue_rule;
/* predict_host.c: what else to know */
predict_rule host_rule, address_rule;

#endif
