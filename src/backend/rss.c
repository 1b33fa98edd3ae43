// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "backend/rss.h"
#include "base/error.h"
#include "base/headers.h"

int rss_check(const struct net_rss_config *rss, const struct net_endpoint_facts *facts,
	      struct net_error *err)
{
	if (rss->key_bytes != facts->rss_key_bytes || (rss->key_bytes && !rss->key))
		return error_set(err, -EINVAL, "rss",
				 "key of %u bytes%s: this endpoint takes a key of exactly %u",
				 rss->key_bytes, rss->key_bytes && !rss->key ? " at NULL" : "",
				 facts->rss_key_bytes);
	if (rss->table_entries > facts->rss_table_entries)
		return error_set(err, -EINVAL, "rss",
				 "table of %u entries: this endpoint takes at most %u",
				 rss->table_entries, facts->rss_table_entries);
	if (rss->table_entries && !rss->table)
		return error_set(err, -EINVAL, "rss", "table of %u entries is NULL",
				 rss->table_entries);
	return 0;
}

void rss_copy_table(const struct net_rss_config *rss, uint32_t queue_count, uint16_t *table)
{
	for (uint32_t i = 0; i < rss->table_entries; i++)
		table[i] = rss->table[i] < queue_count ? rss->table[i] : 0;
}

uint32_t rss_toeplitz(const uint8_t *key, const uint8_t *input, uint32_t len)
{
	uint32_t window =
		(uint32_t)key[0] << 24 | (uint32_t)key[1] << 16 | (uint32_t)key[2] << 8 | key[3];
	uint32_t hash = 0;

	/* For each bit that is set in the input, add the 32 bits of the key that begin at the bit's
	 * position. */
	for (uint32_t i = 0; i < len; i++) {
		for (int bit = 7; bit >= 0; bit--) {
			if (input[i] >> bit & 1)
				hash ^= window;
			window = window << 1 | (key[i + 4] >> bit & 1);
		}
	}
	return hash;
}

uint32_t rss_hash(const uint8_t *key, const uint8_t *frame, uint32_t present, uint32_t len)
{
	struct headers h = headers_find(frame, present, len);
	uint8_t input[16 + 16 + 4];
	uint32_t n;

	if (!h.ip_version)
		return 0;
	n = h.ip_version == 4 ? 8 : 32;
	memcpy(input, frame + h.l3 + (h.ip_version == 4 ? 12 : 8), n);
	if (h.protocol) {
		memcpy(input + n, frame + h.l4, 4);
		n += 4;
	}
	return rss_toeplitz(key, input, n);
}
