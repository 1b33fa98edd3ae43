// SPDX-License-Identifier: BSD-2-Clause
/* Receive side scaling: the hash against published vectors, and what a bad config costs. */
#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "backend/rss.h"
#include "support/frame.h"

/* Key and vectors of "Verifying the RSS Hash Calculation", Microsoft's RSS specification. */
static const uint8_t key[RSS_KEY_BYTES] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

struct vector {
	uint8_t source[16], destination[16];
	uint16_t source_port, destination_port;
	uint32_t with_ports, without;
};

static const struct vector v4[] = {
	{{66, 9, 149, 187}, {161, 142, 100, 80}, 2794, 1766, 0x51ccc178, 0x323e8fc2},
	{{199, 92, 111, 2}, {65, 69, 140, 83}, 14230, 4739, 0xc626b0ea, 0xd718262a},
	{{24, 19, 198, 95}, {12, 22, 207, 184}, 12898, 38024, 0x5c2b394a, 0xd2d0a5de},
	{{38, 27, 205, 30}, {209, 142, 163, 6}, 48228, 2217, 0xafc7327f, 0x82989176},
	{{153, 39, 163, 191}, {202, 188, 127, 2}, 44251, 1303, 0x10e828a2, 0x5d1809c5},
};

static const struct vector v6[] = {
	{{0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7},
	 {0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03, 0, 0, 0, 0, 0, 0, 0, 1},
	 2794,
	 1766,
	 0x40207d3d,
	 0x2cc18cd5},
};

static void check_vectors(const struct vector *vectors, size_t count, uint8_t version)
{
	uint32_t address = version == 4 ? 4 : 16, at = version == 4 ? 12 : 8, hash;
	struct frame_spec spec = {.ip_version = version, .payload_bytes = 20};
	struct frame f;

	for (size_t i = 0; i < count; i++) {
		for (spec.vlan_count = 0; spec.vlan_count <= 2; spec.vlan_count++) {
			spec.protocol = i & 1 ? 6 : 17;
			spec.source_port = vectors[i].source_port;
			spec.destination_port = vectors[i].destination_port;
			frame_build(&f, &spec);
			memcpy(f.bytes + f.l2_len + at, vectors[i].source, address);
			memcpy(f.bytes + f.l2_len + at + address, vectors[i].destination, address);
			hash = rss_hash(key, f.bytes, f.len, f.len);
			cr_assert(hash == vectors[i].with_ports, "IPv%d vector %zu: 0x%08x",
				  version, i, hash);
			/* Neither TCP nor UDP: only the addresses count. */
			f.bytes[f.l2_len + (version == 4 ? 9 : 6)] = 253;
			hash = rss_hash(key, f.bytes, f.len, f.len);
			cr_assert(hash == vectors[i].without, "IPv%d vector %zu: 0x%08x", version,
				  i, hash);
		}
	}
}

Test(rss, hash_published_vectors_match)
{
	check_vectors(v4, sizeof(v4) / sizeof(*v4), 4);
	check_vectors(v6, sizeof(v6) / sizeof(*v6), 6);
}

Test(rss, hash_not_ip_is_zero)
{
	uint8_t frame[64];

	frame_plain(frame, sizeof(frame), 3);
	cr_assert(rss_hash(key, frame, sizeof(frame), sizeof(frame)) == 0);
	cr_assert(rss_hash(key, frame, 13, 13) == 0);
	cr_assert(rss_hash(key, frame, 0, 0) == 0);
}

/* Else the long and the short frames of a flow would go to different queues. */
Test(rss, hash_head_of_a_frame_is_that_of_the_frame)
{
	static const struct {
		uint8_t protocol;
		uint32_t header;
	} transports[] = {{17, 8}, {6, 20}};

	for (size_t t = 0; t < 2; t++) {
		const struct frame_spec spec = {.ip_version = 4,
						.protocol = transports[t].protocol,
						.source_port = 1,
						.payload_bytes = 1000};
		uint32_t end = 14 + 20 + transports[t].header, whole;
		struct frame f;

		frame_build(&f, &spec);
		whole = rss_hash(key, f.bytes, f.len, f.len);
		for (uint32_t present = end; present < f.len; present++)
			cr_assert(rss_hash(key, f.bytes, present, f.len) == whole, "%u bytes",
				  present);
		cr_assert(rss_hash(key, f.bytes, end - 1, f.len) != whole);
	}
}

static const struct net_endpoint_facts facts = {
	.rss_key_bytes = RSS_KEY_BYTES,
	.rss_table_entries = 4,
};

Test(rss, check_right_config_is_accepted)
{
	const uint16_t table[4] = {0};
	const struct net_rss_config full = {key, RSS_KEY_BYTES, table, 4};
	const struct net_rss_config no_table = {key, RSS_KEY_BYTES, NULL, 0};
	struct net_error err = {0};

	cr_assert(rss_check(&full, &facts, &err) == 0, "%s", err.message);
	cr_assert(rss_check(&no_table, &facts, &err) == 0, "%s", err.message);
	cr_assert(err.code == 0);
}

Test(rss, check_wrong_config_is_refused_with_the_rule)
{
	const uint16_t table[5] = {0};
	const struct {
		struct net_rss_config config;
		const char *says;
	} bad[] = {
		{{key, RSS_KEY_BYTES - 1, table, 4}, "39"},
		{{key, RSS_KEY_BYTES + 1, table, 4}, "41"},
		{{key, 0, table, 4}, "exactly 40"},
		{{NULL, RSS_KEY_BYTES, table, 4}, "NULL"},
		{{key, RSS_KEY_BYTES, table, 5}, "at most 4"},
		{{key, RSS_KEY_BYTES, NULL, 4}, "NULL"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct net_error err = {0};

		cr_assert(rss_check(&bad[i].config, &facts, &err) == -EINVAL, "row %zu", i);
		cr_assert(rss_check(&bad[i].config, &facts, NULL) == -EINVAL, "row %zu", i);
		cr_assert(err.code == -EINVAL && strcmp(err.step, "rss") == 0, "row %zu", i);
		cr_assert(strstr(err.message, bad[i].says) != NULL, "row %zu: %s", i, err.message);
	}
}

Test(rss, copy_table_entry_out_of_range_means_queue_zero)
{
	const uint16_t table[4] = {3, 4, 0xffff, 1};
	const struct net_rss_config config = {key, RSS_KEY_BYTES, table, 4};
	uint16_t copy[5] = {9, 9, 9, 9, 9};

	rss_copy_table(&config, 4, copy);
	cr_assert(copy[0] == 3 && copy[1] == 0 && copy[2] == 0 && copy[3] == 1);
	cr_assert(copy[4] == 9, "written behind the table");
}
