/* SPDX-License-Identifier: BSD-2-Clause */
/* What --keep takes: "arp,nd,tcp:22,udp:67-68". The library says rules in the same words. */
#ifndef COMMON_KEEP_WORDS_H
#define COMMON_KEEP_WORDS_H

#include "common/options.h"
#include "net_xdp.h"

/* As in struct net_xdp_config. */
struct keep_list {
	struct net_xdp_keep_rule rules[NET_XDP_KEEP_RULES];
	uint32_t count;
};

enum { KEEP_LIST_BYTES = 700 }; /* 32 of the longest words */

/* The rules in the words of --keep, with commas between. */
void keep_list_text(const struct keep_list *list, char *out, size_t size);

/* struct keep_list: append the rules of a list with commas between. */
option_setter option_keep;

#define OPTION_KEEP .name = "keep", .value = "LIST", .set = option_keep

#endif
