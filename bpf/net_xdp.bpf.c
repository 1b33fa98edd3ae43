// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Redirect the frames of each receive queue into its AF_XDP socket. */
#include "redirect.bpf.h"

SEC("xdp")
int net_xdp(struct xdp_md *ctx)
{
	int action = decide(ctx, ctx->data_end - ctx->data);

	return action ? action : redirect(ctx);
}

/* The same for jumbo endpoints: a frame may lie in several buffers (5.18). */
SEC("xdp.frags")
int net_xdp_frags(struct xdp_md *ctx)
{
	int action = decide(ctx, bpf_xdp_get_buff_len(ctx));

	return action ? action : redirect(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
