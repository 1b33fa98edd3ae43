/* SPDX-License-Identifier: BSD-2-Clause */
/* The XDP program of an endpoint: load, attach, map, count. Only our own is ever detached. */
#ifndef NET_XDP_PROGRAM_H
#define NET_XDP_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "net_xdp.h"
#include "base/maker.h"

struct net_xdp_bpf;
struct net_xdp_vlan_bpf;
struct xdp_program;

struct program {
	struct net_xdp_bpf *plain;
	struct net_xdp_vlan_bpf *vlan;	/* instead of plain, with rx_vlan */
	struct xdp_program *dispatched; /* with the dispatcher; else: */
	int link_fd;
	struct maker maker; /* who detaches it, see maker_is_us() */
	int xsks_fd;	    /* the objects own these two */
	int counters_fd;
	uint32_t ifindex;
	uint32_t id;		/* of our program */
	uint32_t dispatcher_id; /* that was last seen to call it, 0 none yet */
	bool native;
	struct net_xdp_rung rung[NET_XDP_RUNGS];
	uint32_t rung_count;
};

/* Load and attach, down the ladder that config allows. On failure nothing is left behind. */
int program_open(struct program *p, const struct net_xdp_config *config,
		 const struct net_xdp_device *device, struct net_error *err);
void program_close(struct program *p);

/* Is it still ours that runs there? Not when the interface was made again, or open failed. */
bool program_is_attached(struct program *p, const struct net_xdp_device *now);

/* Is our bpf_link attached, and our program in it? True with the dispatcher, which has no link, and
 * where the kernel does not say. Needs no capability, in any network namespace. Waits for the kernel's
 * RTNL lock. */
bool program_is_linked(const struct program *p);

/* A link message names the program that runs, 0 none: may it be a dispatcher that calls ours? */
bool program_may_run(struct program *p, uint32_t running_id);

/* From now on (no longer) the frames of a hardware queue go to a socket. Return: 0 or -errno. */
int program_set_socket(const struct program *p, uint32_t queue, int socket_fd);
int program_clear_socket(const struct program *p, uint32_t queue);

int program_stats(const struct program *p, struct net_xdp_program_stats *out);

#endif
