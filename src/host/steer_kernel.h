/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An interface's steering, as the kernel tells it and as it is set: ethtool ioctls, which all kernels have.
 * Netlink has the channels since 5.6, sets the table since 6.17 and has no rules (6.18), so one way for all is
 * the older one. Flags are set by rtnetlink, which changes one and leaves the others. Cold code only.
 */
#ifndef NET_XDP_STEER_KERNEL_H
#define NET_XDP_STEER_KERNEL_H

#include "host/host.h"
#include "host/steer_plan.h"

struct steer_device {
	struct host *host;
	uint32_t ifindex;
	char ifname[16]; /* as it is called now */
	/* An XDP program is attached: virtio_net adds channels of its own for it, and tells them. */
	bool under_program;
};

/* Look up the name. Return: 0; -ENODEV it is gone; -errno. */
int steer_device_find(struct steer_device *d, struct host *h, uint32_t ifindex);

/* Fill in all of *out; the plan says which rules and groups to look for. Return: 0; -ENODEV, -errno. */
int steer_read(const struct steer_device *d, const struct net_xdp_steer *plan,
	       struct steer_state *out);

/* One of them. Return: 0; -errno. */
int steer_read_channels(const struct steer_device *d, struct steer_channels *now,
			struct steer_channels *most);
int steer_read_table(const struct steer_device *d, struct steer_table *out);
int steer_read_queues(const struct steer_device *d, uint32_t *out);
int steer_read_flags(const struct steer_device *d, uint32_t *out);
/* Is the feature on, and how many rules of anybody are there? */
int steer_read_ntuple(const struct steer_device *d, bool *on, uint32_t *rules);
/* Find a rule at a location, or with STEER_NOWHERE at any. Return: 1 and *at; 0 there is none, or with a
 * location another one (*at is STEER_NOWHERE if there is none at all); -errno. */
int steer_find_rule(const struct steer_device *d, const struct net_xdp_steer_rule *r,
		    uint32_t location, uint32_t *at);

/* Change. Return: 0 or -errno. */
int steer_set_channels(const struct steer_device *d, const struct steer_channels *c);
int steer_set_table(const struct steer_device *d,
		    const struct steer_table *t); /* NULL: the default one */
int steer_set_ntuple(const struct steer_device *d, bool on);
int steer_insert_rule(const struct steer_device *d, const struct net_xdp_steer_rule *r,
		      uint32_t location);
int steer_delete_rule(const struct steer_device *d, uint32_t location);
/* Only those of mask. */
int steer_set_flags(const struct steer_device *d, uint32_t mask, uint32_t flags);
/* Return: as above; -ENOENT of one to be removed: nobody has joined it. */
int steer_set_group(const struct steer_device *d, const uint8_t mac[6], bool member);

#endif
