/* SPDX-License-Identifier: BSD-2-Clause */
/* For backends: pass fields to an inspector. net_inspect.h says what an inspector is. */
#ifndef NET_BACKEND_INSPECT_H
#define NET_BACKEND_INSPECT_H

#include "net_inspect.h"

void inspect_enter(struct net_inspector *to, const char *name, int index);
void inspect_leave(struct net_inspector *to);
void inspect_number(struct net_inspector *to, const char *name, uint64_t value, const char *unit);
void inspect_signed(struct net_inspector *to, const char *name, int64_t value, const char *unit);
void inspect_flag(struct net_inspector *to, const char *name, bool value);
void inspect_text(struct net_inspector *to, const char *name, const char *value);
void inspect_unknown(struct net_inspector *to, const char *name);
void inspect_counter(struct net_inspector *to, const char *name, uint64_t value,
		     enum net_field_class value_class, const char *unit, const char *meaning);

/* The UTF-8 character at s. Return: its length in bytes; 0 there is none, *code is the byte. */
int inspect_decode(const unsigned char *s, uint32_t *code);
/* Would it command a terminal, or turn a line's direction? */
bool inspect_is_control(uint32_t code);

/* The fields that the contract gives of any queue (its counters) and of any endpoint (its facts). */
void inspect_queue_stats(struct net_queue *q, struct net_inspector *to);
void inspect_facts(struct net_endpoint *ep, struct net_inspector *to);

#endif
