/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the prediction share. A rule adds sentences, and may lower the mode. */
#ifndef XSK_INFO_PREDICT_H
#define XSK_INFO_PREDICT_H

#include "common/escape.h"
#include "info.h"

#define ETHERNET_BYTES 18 /* header and one VLAN tag: what a frame has beyond the MTU */
/* veth_xdp_set(): one page less headroom, skb_shared_info and Ethernet header. Other drivers have
 * about the same. */
#define SINGLE_BUFFER_MTU 3506

/* Add a sentence of the kind; those beyond INFO_SENTENCES are left out. */
void blocks(struct info_prediction *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void lowers(struct info_prediction *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What cannot be seen: the prediction is not sure then. */
void unsure(struct info_prediction *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void note(struct info_prediction *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

void add_known(struct info_prediction *p, const struct info_known *row);
/* Whose word the last sentence is. */
void cite(struct info_prediction *p, const char *source);

static inline const char *word(const char *name)
{
	return escape_word(name);
}

bool is_driver(const struct info_facts *facts, const char *name);

typedef void predict_rule(const struct info_facts *facts, struct info_prediction *p);

/* predict_access.c: what makes an attach fail */
predict_rule socket_rule, program_load_rule, memory_rule, program_rule, link_type_rule, queue_rule;
/* predict_mode.c, in this order */
predict_rule attach_rule, zero_copy_rule;
/* Return: false when a chunk has too little room for the MTU in zero copy, which was said. */
bool zero_copy_room(const struct info_facts *facts, struct info_prediction *p);
/* predict_notes.c: what else to know */
predict_rule mtu_rule, joined_rule, tag_rule, veth_rule, link_rule, spread_rule, host_rule,
	address_rule;
/* known.c */
predict_rule known_rule;

#endif
