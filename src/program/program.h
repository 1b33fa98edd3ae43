/* SPDX-License-Identifier: BSD-2-Clause */
/* The XDP program of an endpoint: load, attach, map, count. No other program is ever detached. */
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
	struct net_xdp_vlan_bpf *vlan;	/* with rx_vlan, instead of plain */
	struct xdp_program *dispatched; /* with the dispatcher; else link_fd is used */
	int link_fd;
	struct maker maker; /* the process that detaches it: see maker_is_us() */
	int xsks_fd;	    /* owned by the object */
	int counters_fd;
	uint32_t ifindex;
	uint32_t id; /* id of our program */
	/* id of the dispatcher that was last seen to call our program; 0 none yet */
	uint32_t dispatcher_id;
	bool native;
	struct net_xdp_rung rung[NET_XDP_RUNGS];
	uint32_t rung_count;
};

/* Load and attach, down the ladder that config allows. On failure nothing is left loaded or
 * attached. */
int program_open(struct program *p, const struct net_xdp_config *config,
		 const struct net_xdp_device *device, struct net_error *err);
void program_close(struct program *p);

/* Return: true if the interface still runs our program. False if the interface was made again, or
 * program_open() failed. */
bool program_is_attached(struct program *p, const struct net_xdp_device *now);

/* Return: true if our bpf_link is attached and has our program; also true with the dispatcher, which
 * has no link, and on kernels that do not say. Needs no capability, and works in any network
 * namespace. Waits for the kernel's RTNL lock. */
bool program_is_linked(const struct program *p);

/* A link message said which program runs (0 none). Return: true if that may be ours, or a dispatcher
 * that calls ours. */
bool program_may_run(struct program *p, uint32_t running_id);

/* Give the frames of a hardware queue to a socket, or with program_clear_socket() to the host again.
 * Return: 0 or -errno. */
int program_set_socket(const struct program *p, uint32_t queue, int socket_fd);
int program_clear_socket(const struct program *p, uint32_t queue);

/* *out has to be 0; keep_count: of the configuration that the program was opened with. */
int program_stats(const struct program *p, uint32_t keep_count, struct net_xdp_program_stats *out);

#endif
