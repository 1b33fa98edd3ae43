/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive side scaling: the hash that decides to which queue a frame goes. */
#ifndef NET_RSS_H
#define NET_RSS_H

#include <stdint.h>

#include "net_backend.h"

enum {
	RSS_KEY_BYTES = 40, /* enough for two IPv6 addresses and two ports */
	RSS_TABLE_ENTRIES = 128,
};

/*
 * Check rss against the endpoint's facts.
 * Return: 0; -EINVAL with err filled if the key has another size, the table has more entries, or one of
 * them is NULL.
 */
int rss_check(const struct net_rss_config *rss, const struct net_endpoint_facts *facts,
	      struct net_error *err);

/* Copy the table of a checked rss. An entry that is no queue's index becomes 0. */
void rss_copy_table(const struct net_rss_config *rss, uint32_t queue_count, uint16_t *table);

/* The Toeplitz hash of input; key has len + 4 bytes. Source: Microsoft's RSS specification. */
uint32_t rss_toeplitz(const uint8_t *key, const uint8_t *input, uint32_t len);

/* Hash a frame's IP addresses, and its ports if it has any. The frame has len bytes, of which the
 * first present are at frame; key has RSS_KEY_BYTES. Return: the hash; 0 if the frame is not IP. */
uint32_t rss_hash(const uint8_t *key, const uint8_t *frame, uint32_t present, uint32_t len);

#endif
