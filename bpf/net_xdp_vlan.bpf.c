// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * As net_xdp, and hands over the VLAN tag that the device stripped. This program has an object of its
 * own: the kfunc makes it device-bound (6.8), and an older kernel would refuse an object that holds it.
 */
#include "redirect.bpf.h"

extern int bpf_xdp_metadata_rx_vlan_tag(const struct xdp_md *ctx, __be16 *vlan_proto,
					__u16 *vlan_tci) __ksym;

SEC("xdp")
int net_xdp_vlan(struct xdp_md *ctx)
{
	struct vlan_hint hint = {.state = VLAN_HINT_NONE}, *slot;
	__be16 protocol = 0;
	__u16 tci = 0;
	int action = decide(ctx, ctx->data_end - ctx->data);

	if (action)
		return action;
	if (bpf_xdp_metadata_rx_vlan_tag(ctx, &protocol, &tci) == 0) {
		hint.state = VLAN_HINT_PRESENT;
		hint.tci = tci;
		hint.protocol = __builtin_bswap16(protocol);
	}
	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(hint)))
		return XDP_ABORTED;
	slot = (struct vlan_hint *)(long)ctx->data_meta;
	if ((void *)(slot + 1) > (void *)(long)ctx->data)
		return XDP_ABORTED;
	*slot = hint;
	return redirect(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
