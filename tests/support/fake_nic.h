/* SPDX-License-Identifier: BSD-2-Clause */
/* A NIC whose channels, table, rules and filters can be set by ethtool's ioctls, as kernel and drivers take them. It
 * outlives the process that changes it, refuses any change or kills who asks for it. In place of ioctl(), for the
 * descriptor of one host only. */
#ifndef SUPPORT_FAKE_NIC_H
#define SUPPORT_FAKE_NIC_H

#include "host/netdev.h"
#include "host/steer_kernel.h"
#include "host/steer_flow.h"

enum { FAKE_NIC_RULES = 16, FAKE_NIC_GROUPS = 8, FAKE_NIC_TABLE = 128, FAKE_NIC_INDEX = 4711 };

/* What can be set. */
struct fake_nic_state {
	struct steer_channels channels;
	struct steer_table table;
	bool table_is_wish; /* IFF_RXFH_CONFIGURED */
	bool ntuple;
	uint32_t flags;
	bool has_rule[FAKE_NIC_RULES];
	struct ethtool_rx_flow_spec rule[FAKE_NIC_RULES];
	uint8_t group[FAKE_NIC_GROUPS][6];
};

struct fake_nic {
	struct fake_nic_state state;
	struct steer_channels most;
	bool has_no_table, has_no_rules, rules_anywhere;
	bool in_rows;	   /* the driver's own table is igb's: entries of a queue in a row */
	bool resets_table; /* a change of the channels forgets the table, wish or not */
	unsigned changes;  /* asked for so far */
	unsigned refuse_at, refuse_count; /* the first one to be refused, from 1 on, and how many */
	int refuse_error;
	void (*meanwhile)(
		void); /* what somebody does behind each look at the state; NULL nothing */
	unsigned kill_before, kill_after; /* number of the change; 0 none */
};

extern struct fake_nic *nic;

/* A NIC with 4 of 8 combined channels, a default table, and no rules; a host that reaches it. */
void fake_nic_make(struct host *h, struct net_xdp_device *device);
/* The kernel's default. */
void fake_nic_default_table(void);

#endif
