/* SPDX-License-Identifier: BSD-2-Clause */
/* Sizes that follow from a valid configuration. */
#ifndef NET_XDP_CONFIG_H
#define NET_XDP_CONFIG_H

#include "net_xdp.h"

/* The caller's configuration, of whatever size he knows, as one of ours: members that only we know have
 * their defaults. Return: 0, -EINVAL when it is none, or asks for what only a newer library knows. */
int config_take(struct net_xdp_config *own, const struct net_xdp_config *config,
		struct net_error *err);

/* What holds for a configuration before interface and memory are named. Return: 0, -EINVAL with err filled. */
int config_check_rules(const struct net_xdp_config *c, struct net_error *err);

/* Size of one receive chunk of the private area: a power of two, so that none crosses a page. */
uint32_t config_private_chunk_bytes(const struct net_xdp_config *c);
/* Size of one transmit slot of the private area: a whole frame with a tag. */
uint32_t config_private_frame_bytes(const struct net_xdp_config *c);
/* Slots of the private area for headers that we write, each of CONFIG_HEADER_BYTES: a request to the kernel,
 * and behind it SEGMENTER_HEADERS_MAX bytes. */
#define CONFIG_HEADER_BYTES 256
uint32_t config_private_headers(const struct net_xdp_config *c);
uint64_t config_private_bytes_per_queue(const struct net_xdp_config *c);

#endif
