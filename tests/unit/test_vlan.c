// SPDX-License-Identifier: BSD-2-Clause
/* Tags: the fields, and the TCI's layout. */
#include <criterion/criterion.h>

#include "net_backend.h"

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
