// SPDX-License-Identifier: BSD-2-Clause
/* Headers of which only the first bytes are there: each is found when it is there whole, just so. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/headers.h"
#include "support/frame.h"

/* The first present bytes alone, on the heap, so that a byte read behind them is found. */
static struct headers find(const struct frame *f, uint32_t present)
{
	uint8_t *copy = malloc(present ? present : 1);
	struct headers h;

	memcpy(copy, f->bytes, present);
	h = headers_find(copy, present, f->len);
	free(copy);
	return h;
}

static void check_every_length(const struct frame_spec *spec)
{
	const uint32_t transport = spec->protocol == 6 ? 20 : 8;
	struct frame f;

	frame_build(&f, spec);
	for (uint32_t present = 0; present <= f.len; present++) {
		const uint32_t ip = spec->ip_version == 4 ? f.l3_len : 40;
		struct headers h = find(&f, present);

		cr_assert_eq(h.ip_version, present < f.l2_len + ip ? 0 : spec->ip_version,
			     "%u tags, %u bytes", spec->vlan_count, present);
		cr_assert_eq(h.protocol,
			     present < f.l2_len + f.l3_len + transport ? 0 : spec->protocol,
			     "%u tags, %u bytes", spec->vlan_count, present);
		if (h.protocol)
			cr_assert(h.l3 == f.l2_len && h.l4 == f.l2_len + f.l3_len &&
				  h.l4_len_bytes == f.l4_len);
	}
}

Test(headers, each_is_found_with_its_last_byte)
{
	for (uint32_t i = 0; i < 3 * 2 * 2 * 3; i++) {
		struct frame_spec spec = {
			.vlan_count = (uint8_t)(i % 3),
			.ip_version = i / 3 % 2 ? 4 : 6,
			.protocol = i / 6 % 2 ? 6 : 17,
			.payload_bytes = i / 12 % 3 * 7, /* 0: the packet ends with its headers */
		};

		spec.ip_options_bytes = spec.ip_version == 4 ? (uint8_t)(i / 12 % 3 * 4) : 0;
		check_every_length(&spec);
	}
}
