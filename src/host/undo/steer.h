/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steering that is put back: each old value is in the lease before the first is changed, and whoever finds the
 * lease puts back, in reverse order, what is still as it was set. Each step back can be made twice, so a
 * process that is killed on the way back leaves no more than the next one finds.
 */
#ifndef NET_XDP_STEER_H_UNDO
#define NET_XDP_STEER_H_UNDO

#include "base/maker.h"
#include "host/netdev.h"
#include "host/steer_kernel.h"
#include "host/undo/lease.h"

struct steer {
	struct host *host;
	uint32_t ifindex;
	char ifname[16];
	uint8_t mac[6];	    /* by it the interface is known in another namespace */
	struct lease lease; /* held while something of ours is set */
	struct maker maker;
	struct steer_record record;
};

/* Nothing is held; steer_end() is legal. */
void steer_init(struct steer *s);

/*
 * Change what the plan wants, all of it or nothing. What a process that was killed has left is put back first.
 * stays: the lease is left behind, for steer_restore().
 * Return: 0; -EBUSY somebody has steered it; -EOPNOTSUPP, -EPERM, -errno with err and *report filled.
 */
int steer_apply(struct steer *s, struct host *h, const char *directory,
		const struct net_xdp_device *device, const struct net_xdp_steer *plan, bool stays,
		struct net_xdp_steer_report *report, struct net_error *err);

/*
 * Put back what was changed, and hold nothing any more; in a forked child whose parent lives leave it to that
 * one. left: where the interface went, NULL: nowhere. All goes with one that was removed; one that was moved is
 * followed. Return: 0; -errno with err filled: something of ours stays, and so does the lease. -EXDEV: it cannot be
 * followed.
 */
int steer_end(struct steer *s, const struct netdev_left *left, struct net_error *err);

/* Put back what somebody who has ended left. asked: also what is to stay until that is asked for. Return: 1 put
 * back; 0 there was nothing; -EBUSY its maker lives; -errno with err filled. */
int steer_restore(struct host *h, const char *directory, const struct net_xdp_device *device,
		  bool asked, struct net_xdp_steer_report *report, struct net_error *err);

/* Say who has steered the interface. Return: true if it is to be put back: its maker has ended. */
bool steer_look(struct host *h, const char *directory, uint32_t ifindex, char *state, size_t size);

/* Read the state of an interface for a plan. */
int steer_state(struct host *h, const struct net_xdp_device *device,
		const struct net_xdp_steer *plan, struct steer_state *out);

#endif
