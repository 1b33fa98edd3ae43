/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person should hear of an interface before the first frame, and when it ends. */
#ifndef BENCH_LOOK_H
#define BENCH_LOOK_H

#include "common/host_way.h"
#include "port.h"

/* Look at p->ifname without touching it: fills p->device.
 * Return: 0; -EINVAL when an option does not fit it, -errno; with err filled. */
int look_at_port(struct port *p, const struct options *opt, struct net_error *err);

/* Say on stderr what is odd about it. Return: 0; -EPERM with err filled when the run would cut the
 * machine off and --force is not given. */
int look_at_host(const struct port *p, const struct options *opt, const struct host_net *net,
		 struct net_error *err);

/* The queues are there, and p->told is taken: say it where auto ended in generic XDP, where frames will be dropped or go
 * past these queues, and which option has no effect. */
void look_at_mode(const struct port *p, const struct options *opt);

/* The run has ended and p->told is taken: say what was lost that another choice would have kept. */
void look_at_losses(const struct port *p, const struct options *opt);

/* The endpoint wants a restart: err says why, as far as the interface shows it. Return: code. */
int look_at_restart(const struct port *p, int code, struct net_error *err);

/* Whose MTU does not let a frame so long out, now: the interface's, or that of its other end, which counts on a veth.
 * Return: 0 with ifname and MTU in *out; -ENOENT: nobody's, or there is no such interface. */
int look_at_mtu(const struct port *p, uint32_t frame_bytes, struct net_xdp_device *out);

/* Return: does the interface have a link now? One that is gone has none. */
bool look_at_link(const struct port *p);

#endif
