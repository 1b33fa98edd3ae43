/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The decision both programs share: whose frame is it, does it fit, count it. */
#ifndef NET_XDP_REDIRECT_BPF_H
#define NET_XDP_REDIRECT_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "net_xdp.h"

/* Set before load; constant for the verifier, which removes what is not used. */
const volatile __u32 max_frame_bytes = 1518;
const volatile __u32 take_mac_count = 0;
const volatile __u64 take_macs[TAKE_MACS] = {}; /* six bytes of the address, then zero */

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} xsks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROGRAM_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline void count(__u32 which)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &which);

	if (value)
		++*value;
}

/* Is the destination MAC one of ours? Everything is while no list was given. */
static __always_inline int is_taken(const struct xdp_md *ctx)
{
	const unsigned char *mac = (const unsigned char *)(long)ctx->data;
	__u64 address = 0;

	if (take_mac_count == 0)
		return 1;
	if (mac + 6 > (const unsigned char *)(long)ctx->data_end)
		return 0;
	__builtin_memcpy(&address, mac, 6);
	for (__u32 i = 0; i < TAKE_MACS; i++) {
		if (i >= take_mac_count)
			break;
		if (take_macs[i] == address)
			return 1;
	}
	return 0;
}

/* 0: ours, and it fits. Otherwise the XDP action, counted. */
static __always_inline int refuse(const struct xdp_md *ctx, __u64 length)
{
	if (!is_taken(ctx)) {
		count(PROGRAM_KEPT);
		return XDP_PASS;
	}
	if (length > max_frame_bytes) {
		count(PROGRAM_TOO_LONG);
		return XDP_DROP;
	}
	return 0;
}

/* To the queue's socket; to the host when the queue has none. */
static __always_inline int redirect(const struct xdp_md *ctx)
{
	int action = bpf_redirect_map(&xsks, ctx->rx_queue_index, XDP_PASS);

	count(action == XDP_REDIRECT ? PROGRAM_REDIRECTED : PROGRAM_PASSED);
	return action;
}

#endif
