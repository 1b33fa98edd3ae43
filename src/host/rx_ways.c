// SPDX-License-Identifier: BSD-2-Clause
#include "host/driver.h"
#include "host/rx_ways.h"

/* Generic XDP runs behind GRO, and sees what a local sender leaves to be cut: several packets in one frame.
 * tun and tap hand such frames to it under native attach as well (tun_get_user()). Native veth has its
 * peer's stack cut them. */
enum checksum_source rx_ways_source(const struct net_xdp_device *device, bool native)
{
	if (!native || driver_is(device, "tun"))
		return CHECKSUM_JOINED;
	return driver_is(device, "veth") ? CHECKSUM_LOCAL : CHECKSUM_WIRE;
}

/* Only a local sender leaves a sum partial, and of frames that may be joined nothing is claimed: elsewhere mode
 * partial has nothing to look for, and costs nothing. */
enum net_xdp_rx_checksum rx_ways_checksum(enum net_xdp_rx_checksum asked,
					  enum checksum_source source)
{
	return asked == NET_XDP_RX_CHECKSUM_PARTIAL && source != CHECKSUM_LOCAL
		       ? NET_XDP_RX_CHECKSUM_NONE
		       : asked;
}

#define NO_PARTIAL                                                                                 \
	"nothing is told: only on a veth with a native program can an unfinished checksum be "     \
	"known from a wrong one"

const char *rx_ways_say(enum net_xdp_rx_checksum asked, enum checksum_source source)
{
	static const char *const sentences[][3] = {
		[NET_XDP_RX_CHECKSUM_NONE] = {"", "", ""},
		[NET_XDP_RX_CHECKSUM_REPORT] =
			{
				[CHECKSUM_WIRE] = "good or bad is told",
				[CHECKSUM_LOCAL] = "good, bad or partial is told",
				[CHECKSUM_JOINED] = "only good is told: a frame may be several "
						    "packets joined, and then its sum looks wrong",
			},
		[NET_XDP_RX_CHECKSUM_COMPLETE] =
			{
				[CHECKSUM_WIRE] = "good or bad is told; nothing is completed, as "
						  "frames from a wire come complete",
				[CHECKSUM_LOCAL] = "good or bad is told; what the sender left "
						   "unfinished is completed",
				[CHECKSUM_JOINED] = "only good is told, and nothing is completed: "
						    "a frame may be several packets joined, and "
						    "then its sum looks wrong",
			},
		[NET_XDP_RX_CHECKSUM_PARTIAL] =
			{
				[CHECKSUM_WIRE] = NO_PARTIAL,
				[CHECKSUM_LOCAL] = "which are partial is told, from their headers",
				[CHECKSUM_JOINED] = NO_PARTIAL,
			},
	};

	return sentences[asked][source];
}
