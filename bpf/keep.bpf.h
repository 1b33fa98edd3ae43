/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the host keeps by rules: the frame's keys, and the first rule that one of them meets.
 *
 * Only what lies whole in the frame's first buffer has a key (bpf_xdp_load_bytes(), which reads the others, is of
 * Linux 5.18; headers lie in the first). The lengths that headers tell of packets are not looked at: what is
 * wrong there the host drops, whoever gets it.
 */
#ifndef NET_XDP_KEEP_BPF_H
#define NET_XDP_KEEP_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "net_xdp.h"

const volatile __u32 keep_count = 0;
/* A rule is met by so many keys behind its first, and by that. */
const volatile __u32 keep_first[KEEP_RULES] = {};
const volatile __u32 keep_span[KEEP_RULES] = {};

enum {
	KEEP_TAGS = 2,	     /* most VLAN tags passed over */
	KEEP_EXTENSIONS = 8, /* longest chain of IPv6 extension headers passed over */

	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_TAG = 0x8100,
	TYPE_SERVICE_TAG = 0x88a8,

	IP_ICMP = 1,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_ICMPV6 = 58,
	/* IPv6 extension headers */
	IP_HOP_BY_HOP = 0,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_DESTINATION = 60,

	IPV4_FRAGMENT = 0x3fff, /* more fragments, and the offset */
};

/* 0: the frame has none. A packet has a port or a type of ICMP, a fragment has neither: only the first one
 * would, and a datagram must not be torn between the host and us. */
struct keep_keys {
	__u32 outer; /* the first Ethernet type: a tag's, or the same as inner */
	__u32 inner; /* behind the tags */
	__u32 protocol;
	__u32 port; /* KEEP_TCP_PORT, KEEP_UDP_PORT, KEEP_ICMP, KEEP_ICMPV6 or KEEP_FRAGMENT */
	__u32 source;
};

static __always_inline __u32 read16(const unsigned char *at)
{
	return (__u32)at[0] << 8 | at[1];
}

static __always_inline void keep_ports(struct keep_keys *k, __u32 kind, const unsigned char *at,
				       const unsigned char *end)
{
	if (at + 4 > end)
		return;
	k->source = KEEP_KEY(kind + 1, read16(at));
	k->port = KEEP_KEY(kind, read16(at + 2));
}

static __always_inline void keep_transport(struct keep_keys *k, __u32 protocol,
					   const unsigned char *at, const unsigned char *end,
					   __u32 icmp, __u32 icmp_kind)
{
	k->protocol = KEEP_KEY(KEEP_PROTOCOL, protocol);
	if (protocol == IP_TCP)
		keep_ports(k, KEEP_TCP_PORT, at, end);
	else if (protocol == IP_UDP)
		keep_ports(k, KEEP_UDP_PORT, at, end);
	else if (protocol == icmp && at + 1 <= end)
		k->port = KEEP_KEY(icmp_kind, at[0]);
}

static __always_inline void keep_fragment(struct keep_keys *k, __u32 protocol)
{
	k->protocol = KEEP_KEY(KEEP_PROTOCOL, protocol);
	k->port = KEEP_KEY(KEEP_FRAGMENT, protocol);
}

static __always_inline void keep_ipv4(struct keep_keys *k, const unsigned char *at,
				      const unsigned char *end)
{
	__u32 header, protocol;

	if (at + 20 > end || at[0] >> 4 != 4)
		return;
	header = (at[0] & 0xf) * 4;
	protocol = at[9];
	if (header < 20)
		return;
	if (read16(at + 6) & IPV4_FRAGMENT)
		keep_fragment(k, protocol);
	else
		keep_transport(k, protocol, at + header, end, IP_ICMP, KEEP_ICMP);
}

/* All are as long as their second byte says, in one way: with the ways of the authentication header and of a
 * fragment that is whole, the paths through eight headers would be half a million instructions for the
 * verifier. */
static __always_inline int is_extension(__u32 kind)
{
	return kind == IP_HOP_BY_HOP || kind == IP_ROUTING || kind == IP_DESTINATION;
}

static __always_inline void keep_ipv6(struct keep_keys *k, const unsigned char *at,
				      const unsigned char *end)
{
	__u32 next;

	if (at + 40 > end || at[0] >> 4 != 6)
		return;
	next = at[6];
	at += 40;
	for (int i = 0; i < KEEP_EXTENSIONS; i++) {
		if (!is_extension(next) || at + 8 > end)
			break;
		next = at[0];
		at += (at[1] + 1) * 8;
	}
	if (next == IP_FRAGMENT && at + 8 <= end)
		keep_fragment(k, at[0]);
	else
		keep_transport(k, next, at, end, IP_ICMPV6, KEEP_ICMPV6);
}

static __always_inline void keep_look(struct keep_keys *k, const unsigned char *at,
				      const unsigned char *end)
{
	__u32 type;

	if (at + 14 > end)
		return;
	type = read16(at + 12);
	k->outer = k->inner = KEEP_KEY(KEEP_ETHERTYPE, type);
	at += 14;
	for (int i = 0; i < KEEP_TAGS; i++) {
		if ((type != TYPE_TAG && type != TYPE_SERVICE_TAG) || at + 4 > end)
			break;
		type = read16(at + 2);
		at += 4;
	}
	k->inner = KEEP_KEY(KEEP_ETHERTYPE, type);
	if (type == TYPE_IPV4)
		keep_ipv4(k, at, end);
	else if (type == TYPE_IPV6)
		keep_ipv6(k, at, end);
}

/* Return: the first rule that the frame meets, -1 none. Not inlined, because the many registers that it needs would
 * be saved in front of each frame, also where there is no rule. */
static __noinline int keep_find(const struct xdp_md *ctx)
{
	struct keep_keys k = {};

	keep_look(&k, (const unsigned char *)(long)ctx->data,
		  (const unsigned char *)(long)ctx->data_end);
	for (__u32 i = 0; i < KEEP_RULES; i++) {
		__u32 first, span;

		if (i >= keep_count)
			break;
		first = keep_first[i];
		span = keep_span[i];
		if (k.outer - first <= span || k.inner - first <= span ||
		    k.protocol - first <= span || k.port - first <= span ||
		    k.source - first <= span)
			return (int)i;
	}
	return -1;
}

#endif
