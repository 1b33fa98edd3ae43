// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench fwd between links of two sizes: which MTU it was, and when no frame went. */
#include <unistd.h>

#include "support/frame.h"
#include "support/peer.h"
#include "support/xsk_bench.h"

TestSuite(xsk_bench_mtu, .init = xsk_bench_setup, .timeout = 60);

enum { SHORT = 200, LONG = 2000 };

static struct peer p;

/* From v1, where long frames fit, to w0, where they do not. */
static void start_forwarding(void)
{
	netns_run("ip link set v0 mtu 3000 && ip link set v1 mtu 3000");
	netns_veth("w0", "w1", 1, 1500);
	peer_open(&p, "v1");
	peer_use_queue(&p, 0);
	tool_start(&tool, XSK_BENCH " fwd -i v0 --to w0 --frame-bytes 2000 --duration 1.5");
	tool_await(&tool, "is running");
}

static void send_some(uint32_t len)
{
	uint8_t bytes[LONG];

	for (uint32_t n = 0; n < 5; n++) {
		frame_plain(bytes, len, n);
		peer_send(&p, bytes, len);
	}
}

static void end(int code)
{
	tool_end(&tool, 0);
	ENDED(code);
	peer_close(&p);
}

Test(xsk_bench_mtu, forwarding_says_which_mtu_some_frames_did_not_fit)
{
	start_forwarding();
	send_some(SHORT);
	send_some(LONG);
	end(0);
	SAYS("w0: the MTU is 1500 now: frames over 1514 bytes are not sent, and counted as tx_lost\n");
	SHOWS("  lost        tx_lost 5\n");
}

Test(xsk_bench_mtu, forwarding_of_nothing_but_longer_frames_fails_and_names_the_mtu)
{
	start_forwarding();
	send_some(LONG);
	end(1);
	SAYS("xsk-bench: link: v0: none of 5 frames was sent: the MTU of w0 is 1500 now, and they are "
	     "longer\n");
	SILENT("see what was lost");
}

/* What took them is not to be seen any more. */
Test(xsk_bench_mtu, forwarding_of_nothing_fails_also_where_each_mtu_would_do)
{
	start_forwarding();
	send_some(LONG);
	usleep(300000);
	netns_run("ip link set w0 mtu 3000 && ip link set w1 mtu 3000");
	end(1);
	SAYS("xsk-bench: link: v0: none of 5 frames was sent; see what was lost\n");
	SILENT("MTU of");
}
