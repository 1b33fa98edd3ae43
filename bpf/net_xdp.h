/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the XDP programs and the library agree on. */
#ifndef NET_XDP_BPF_H
#define NET_XDP_BPF_H

#define TAKE_MACS 16 /* NET_XDP_TAKE_MACS */

#define KEEP_RULES 32 /* NET_XDP_KEEP_RULES */

/* What a rule of keep looks at: enum net_xdp_keep_kind. A key is such a kind and a number. */
enum keep_kind {
	KEEP_ETHERTYPE = 1,
	KEEP_PROTOCOL,
	KEEP_FRAGMENT,
	KEEP_TCP_PORT,
	KEEP_TCP_SOURCE,
	KEEP_UDP_PORT,
	KEEP_UDP_SOURCE,
	KEEP_ICMP,
	KEEP_ICMPV6,
};
#define KEEP_KEY(kind, number) ((__u32)(kind) << 16 | (number))

/* Index of a counter in the program's per-CPU array. Behind these each rule of keep has one. */
enum program_counter {
	PROGRAM_REDIRECTED,
	PROGRAM_PASSED,
	PROGRAM_KEPT,
	PROGRAM_TOO_LONG,
	PROGRAM_COUNTERS,
};

/* The VLAN hint: a tag that the device stripped, which the program writes right in front of the
 * frame. The program writes a hint in front of every frame, so that bytes of an earlier frame are
 * never taken for one. */
#define VLAN_HINT_NONE	  0x6e78646e /* no tag was stripped */
#define VLAN_HINT_PRESENT 0x6e786474

struct vlan_hint {
	__u32 state;
	__u16 tci; /* host byte order */
	__u16 protocol;
};

#endif
