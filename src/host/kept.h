/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host keeps by rules: are they sound, and how a person writes them. */
#ifndef NET_KEPT_H
#define NET_KEPT_H

#include "net_xdp.h"

/* Return: 0, -EINVAL with err filled. */
int kept_check(const struct net_xdp_config *c, struct net_error *err);

/* Of a rule that was checked: "tcp:22", "udp:60000-61000", "arp", as the tools' --keep takes it. */
#define KEPT_WORD_BYTES 24
void kept_word(const struct net_xdp_keep_rule *rule, char out[KEPT_WORD_BYTES]);

/* Write all rules, with commas between; what does not fit becomes "...". */
void kept_words(const struct net_xdp_config *c, char *out, size_t size);

#endif
