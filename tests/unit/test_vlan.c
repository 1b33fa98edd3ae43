// SPDX-License-Identifier: BSD-2-Clause
/* Tags: the fields, the TCI's layout, and where a tag goes in a frame. */
#include <string.h>

#include <criterion/criterion.h>

#include "support/frame.h"
#include "base/checksum.h"

Test(vlan, tci_fields_lie_where_8021q_puts_them)
{
	cr_assert(net_vlan_tci((struct net_vlan){.id = 1}) == 0x0001);
	cr_assert(net_vlan_tci((struct net_vlan){.id = 4095}) == 0x0fff);
	cr_assert(net_vlan_tci((struct net_vlan){.drop_eligible = 1}) == 0x1000);
	cr_assert(net_vlan_tci((struct net_vlan){.priority = 1}) == 0x2000);
	cr_assert(net_vlan_tci((struct net_vlan){.priority = 7}) == 0xe000);
}

Test(vlan, tci_each_value_survives_both_ways)
{
	for (uint32_t tci = 0; tci <= 0xffff; tci++) {
		struct net_vlan v = net_vlan_from_tci((uint16_t)tci);

		cr_assert(v.id <= 4095 && v.priority <= 7 && v.drop_eligible <= 1);
		cr_assert(net_vlan_tci(v) == tci, "0x%04x became 0x%04x", tci, net_vlan_tci(v));
	}
}

Test(vlan, tci_fields_out_of_range_do_not_spill)
{
	struct net_vlan v = {.id = 0xf001, .priority = 0xf8 | 2, .drop_eligible = 0xfe};

	cr_assert(net_vlan_tci(v) == (2 << 13 | 1), "0x%04x", net_vlan_tci(v));
}

static void check_insert(uint32_t len)
{
	const struct net_vlan vlan = {.id = 0x123, .priority = 5, .drop_eligible = 1};
	uint8_t frame[2048], before[2048], tagged[2048];
	char why[FRAME_WHY_BYTES];

	frame_plain(before, len, len);
	memcpy(frame + 4, before, len);
	for (uint32_t i = len + 4; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 7);
	vlan_insert(frame, net_vlan_tci(vlan));

	memcpy(tagged, before, 12);
	memcpy(tagged + 12, (uint8_t[]){0x81, 0x00, 0xb1, 0x23}, 4);
	memcpy(tagged + 16, before + 12, len - 12);
	cr_assert(frame_equal(frame, len + 4, tagged, len + 4, why), "length %u: %s", len, why);
	for (uint32_t i = len + 4; i < sizeof(frame); i++)
		cr_assert(frame[i] == (uint8_t)(i * 7),
			  "length %u: byte %u behind the frame changed", len, i);
}

Test(vlan, insert_any_length_puts_the_tag_behind_the_addresses)
{
	for (uint32_t len = 14; len <= 1600; len++)
		check_insert(len);
}

Test(vlan, insert_into_a_tagged_frame_puts_the_new_tag_outside)
{
	const struct frame_spec spec = {
		.ip_version = 4, .protocol = 17, .vlans = {0x0007}, .vlan_count = 1};
	struct net_rx_metadata meta;
	struct frame f;

	frame_build(&f, &spec);
	memmove(f.bytes + 4, f.bytes, f.len);
	vlan_insert(f.bytes, 9);
	cr_assert(frame_read16(f.bytes, 12) == 0x8100 && frame_read16(f.bytes, 14) == 9);
	cr_assert(frame_read16(f.bytes, 16) == 0x8100 && frame_read16(f.bytes, 18) == 7);
	checksum_inspect(f.bytes, f.len + 4, false, false, &meta);
	cr_assert(meta.l4_checksum == NET_CHECKSUM_GOOD, "%d", meta.l4_checksum);
}
