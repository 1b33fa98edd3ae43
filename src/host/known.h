/* SPDX-License-Identifier: BSD-2-Clause */
/* Combinations of driver, kernel and MTU that are known to go wrong, or not as one would expect. */
#ifndef NET_XDP_KNOWN_H
#define NET_XDP_KNOWN_H

#include "net_xdp.h"

enum {
	WHEN_ZERO_COPY = 1 << 0, /* the driver's zero copy would be used */
	WHEN_NATIVE = 1 << 1,
	WHEN_BOND = 1 << 2,
	WHEN_ONE_SEGMENT = 1 << 3, /* zc_max_segments is 1 */
	WHEN_VIRTIO_BITS = 1 << 4, /* virtio_features is known */
	WHEN_DMA_PER_PAGE = 1 << 5,
	WHEN_OVER_HALF = 1 << 6, /* more than half of the possible channels are in use */
	WHEN_NO_SPARE = 1 << 7,	 /* not one channel per processor is left */
	WHEN_SPARE = 1 << 8,	 /* as many are */
};

/* What is 0 or NULL asks for nothing. */
struct known {
	const char *drivers;	 /* one of these, as ethtool -i has them; spaces between */
	uint32_t when;		 /* WHEN_*, all of them */
	uint32_t below;		 /* a kernel before this one */
	uint32_t since;		 /* this one or a later one */
	uint32_t mtu_over;	 /* an MTU larger than this */
	uint64_t virtio_without; /* none of these virtio features */
	uint64_t virtio_with;	 /* at least one of these */

	/* What is found then: see struct net_xdp_finding. LOWERS: auto ends in copy mode. */
	enum net_xdp_finding_kind kind;
	enum net_xdp_reason reason;
	int error;
	const char *sentence; /* NULL ends the table */
	const char *remedy;   /* NULL none */
	const char *source;
};

extern const struct known known[];

/* Does this row hold? when: the WHEN_* that do. */
bool known_holds(const struct known *row, const struct net_xdp_device *device, uint32_t when);

/* What the device alone tells of WHEN_*. */
uint32_t known_when(const struct net_xdp_device *device);

#endif
