/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What both programs do: decide whose the frame is and whether it fits, count it, redirect it. */
#ifndef NET_XDP_REDIRECT_BPF_H
#define NET_XDP_REDIRECT_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "keep.bpf.h"
#include "net_xdp.h"

/* The library sets these before load, and those of keep.bpf.h. They are constants for the verifier, which
 * removes code that is not reached. */
const volatile __u32 max_frame_bytes = 1518;
/* Not 0 if take_macs or keep has an entry. One load answers for both, so whoever uses neither executes no
 * more than that. */
const volatile __u32 host_keeps = 0;
const volatile __u32 take_mac_count = 0;
/* six bytes of the address, then two of zero */
const volatile __u64 take_macs[TAKE_MACS] = {};

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} xsks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROGRAM_COUNTERS + KEEP_RULES);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline void count(__u32 which)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &which);

	if (value)
		++*value;
}

/* Return: 1 if the destination MAC is in take_macs, or if that list is empty. */
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

/* Return: XDP_PASS, counted, if the frame is the host's by take_macs or by keep, else 0. */
static __always_inline int keep(const struct xdp_md *ctx)
{
	int rule;

	if (!is_taken(ctx)) {
		count(PROGRAM_KEPT);
		return XDP_PASS;
	}
	if (keep_count == 0)
		return 0;
	rule = keep_find(ctx);
	if (rule < 0)
		return 0;
	count(PROGRAM_COUNTERS + rule);
	return XDP_PASS;
}

/* Return: 0 if the frame is ours and fits; else the XDP action for it, counted: XDP_PASS gives it to
 * the host. */
static __always_inline int decide(const struct xdp_md *ctx, __u64 length)
{
	if (host_keeps) {
		int action = keep(ctx);

		if (action)
			return action;
	}
	if (length > max_frame_bytes) {
		count(PROGRAM_TOO_LONG);
		return XDP_DROP;
	}
	return 0;
}

/* Redirect the frame to its queue's socket, or give it to the host if the queue has none. */
static __always_inline int redirect(const struct xdp_md *ctx)
{
	int action = bpf_redirect_map(&xsks, ctx->rx_queue_index, XDP_PASS);

	count(action == XDP_REDIRECT ? PROGRAM_REDIRECTED : PROGRAM_PASSED);
	return action;
}

#endif
