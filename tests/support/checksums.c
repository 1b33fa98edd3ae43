// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "support/checksums.h"

struct net_rx_metadata checksum_inspected(uint8_t *frame, uint32_t len, bool partial, bool complete)
{
	struct net_rx_metadata meta;

	memset(&meta, 0xa5, sizeof(meta));
	checksum_inspect(frame, len, partial, complete, &meta);
	return meta;
}

void checksum_expect(const struct frame *f, enum net_checksum ip, enum net_checksum l4,
		     enum net_l4 protocol, const char *what)
{
	/* Of exactly its length on the heap, so that a byte read behind it is found. */
	uint8_t *copy = malloc(f->len);
	struct net_rx_metadata meta;

	memcpy(copy, f->bytes, f->len);
	meta = checksum_inspected(copy, f->len, false, true);
	cr_assert(meta.ip_checksum == ip, "%s: IP %d, want %d", what, meta.ip_checksum, ip);
	cr_assert(meta.l4_checksum == l4, "%s: L4 %d, want %d", what, meta.l4_checksum, l4);
	cr_assert(meta.l4_protocol == protocol, "%s: protocol %d, want %d", what, meta.l4_protocol,
		  protocol);
	cr_assert(memcmp(copy, f->bytes, f->len) == 0, "%s: the frame was written", what);
	free(copy);
}

void checksum_refresh_ip(struct frame *f)
{
	if (f->ip_field)
		frame_write16(f->bytes, f->ip_field, frame_ip_checksum(f));
}

struct frame_spec checksum_random_spec(struct frame_random *r)
{
	struct frame_spec spec = {
		.ip_version = frame_random_below(r, 2) ? 4 : 6,
		.protocol = frame_random_below(r, 2) ? 6 : 17,
		.source_port = (uint16_t)frame_random_next(r),
		.destination_port = (uint16_t)frame_random_next(r),
		.vlans = {(uint16_t)frame_random_next(r), (uint16_t)frame_random_next(r)},
		.vlan_count = (uint8_t)frame_random_below(r, 3),
		.padding_bytes = frame_random_below(r, 3) ? 0 : frame_random_below(r, 30),
		.seed = frame_random_next(r),
	};

	spec.payload_bytes = frame_random_below(r, frame_random_below(r, 8) ? 1500 : 9000);
	if (frame_random_below(r, 3) == 0)
		spec.ip_options_bytes =
			(uint8_t)(spec.ip_version == 4 ? frame_random_below(r, 11) * 4
						       : 1 + frame_random_below(r, 4));
	return spec;
}

enum net_checksum checksum_ip_good(const struct frame_spec *spec)
{
	return spec->ip_version == 4 ? NET_CHECKSUM_GOOD : NET_CHECKSUM_UNKNOWN;
}

enum net_l4 checksum_l4_of(const struct frame_spec *spec)
{
	return spec->protocol == 6 ? NET_L4_TCP : NET_L4_UDP;
}
