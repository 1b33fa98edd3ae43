/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive side scaling: which queue a frame belongs to. */
#ifndef NET_RSS_H
#define NET_RSS_H

#include <stdint.h>

#include "net_backend.h"

enum {
	RSS_KEY_BYTES = 40, /* enough for two IPv6 addresses and two ports */
	RSS_TABLE_ENTRIES = 128,
};

/*
 * Check rss against what the endpoint's facts promise. Return: 0, or -EINVAL with err filled: the
 * key has another size, the table more entries, or one of them is missing.
 */
int rss_check(const struct net_rss_config *rss, const struct net_endpoint_facts *facts,
	      struct net_error *err);

/* Copy the table of a checked rss; an entry that names no queue means queue 0. */
void rss_copy_table(const struct net_rss_config *rss, uint32_t queue_count, uint16_t *table);

/* The Toeplitz hash of input; key has len + 4 bytes. Source: Microsoft's RSS specification. */
uint32_t rss_toeplitz(const uint8_t *key, const uint8_t *input, uint32_t len);

/* Hash the addresses of a frame of len bytes, and its ports where there are any; 0 for what is not
 * IP. Only the first present bytes are at frame. The key has RSS_KEY_BYTES. */
uint32_t rss_hash(const uint8_t *key, const uint8_t *frame, uint32_t present, uint32_t len);

#endif
