/* SPDX-License-Identifier: BSD-2-Clause */
/* What tx leaves to the backend: --checksum, --vlan and --segment as packets and as what each asks for. */
#ifndef BENCH_OFFLOAD_H
#define BENCH_OFFLOAD_H

#include "options.h"
#include "packet.h"
#include "port.h"

/* Frames of a sender without --segment. */
uint32_t offload_frame_bytes(const struct options *opt);

/* The longest frame that the kernel sends: it leaves room for a tag beside the MTU (is_skb_forwardable()). */
uint32_t offload_most_bytes(uint32_t mtu_bytes);

/* The shape of what is sent through this interface. Return: 0; -EINVAL with err filled when --segment does not fit
 * its MTU. */
int offload_shape(const struct options *opt, const struct port *p, struct packet_shape *out,
		  struct net_error *err);

/* The longest wire packet, without the tag that is inserted; and all of one packet's, with theirs. */
uint32_t offload_wire_bytes(const struct packet_shape *shape);
uint64_t offload_all_bytes(const struct options *opt, const struct packet_shape *shape);

/* What each packet's metadata say, but for its id. */
struct net_tx_metadata offload_request(const struct options *opt, const struct packet_shape *shape);

/* Does the open endpoint offer it? Return: 0; -EOPNOTSUPP with err filled. */
int offload_check(const struct options *opt, const struct port *p, const struct packet_shape *shape,
		  struct net_error *err);

#endif
