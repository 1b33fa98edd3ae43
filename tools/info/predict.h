/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two halves of the prediction share. A rule adds sentences, and may lower the mode. */
#ifndef XSK_INFO_PREDICT_H
#define XSK_INFO_PREDICT_H

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
void note(struct info_prediction *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

void add_known(struct info_prediction *p, const struct info_known *row);
/* Whose word the last sentence is. */
void cite(struct info_prediction *p, const char *source);

bool is_driver(const struct info_facts *facts, const char *name);

/* predict_mode.c, in this order */
void attach_rule(const struct info_facts *facts, struct info_prediction *p);
void zero_copy_rule(const struct info_facts *facts, struct info_prediction *p);
/* Return: false when a chunk has too little room for the MTU in zero copy, which was said. */
bool zero_copy_room(const struct info_facts *facts, struct info_prediction *p);

/* known.c */
void known_rule(const struct info_facts *facts, struct info_prediction *p);

#endif
