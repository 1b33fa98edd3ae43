/* SPDX-License-Identifier: BSD-2-Clause */
/* One interface of a run: endpoint, queues, and what they say when they end. */
#ifndef BENCH_PORT_H
#define BENCH_PORT_H

#include "common/told.h"
#include "options.h"
#include "pool.h"

#include "net_wrap.h"

struct port {
	const char *ifname;
	struct net_xdp_device device; /* before the run */
	struct net_endpoint *ep;      /* NULL: not open */
	struct net_endpoint_facts facts;
	struct net_queue *queues[BENCH_MAX_QUEUES]; /* NULL: not made, or ended */
	uint32_t queue_count;
	/* What the XDP program did since the queues were there, and until the first good frame: the
	 * losses of a stream that was joined are not those of before. */
	struct net_xdp_program_stats program;
	struct net_xdp_program_stats program_early;
	struct net_xdp_program_stats program_base; /* before the queues were there */
	int program_error;			   /* its counters cannot be read: -errno */
	bool link_up;				   /* at the end */
	struct told told;			   /* endpoint and queues, by port_tell() */
	bool capturing;
	struct net_capture_stats captured; /* when capture has ended */
};

/* As ip link shows it: at most 15 characters, where an alternative name has up to 127. */
static inline const char *port_name(const struct port *p)
{
	return p->device.ifname[0] ? p->device.ifname : p->ifname;
}

/* The backend's configuration for these options; memory may be NULL to check or measure only. */
struct net_xdp_config port_config(const struct options *opt, const struct port *p, uint32_t rx_ids,
				  struct net_xdp_region *region);

/* The largest frame that is taken, and that is sent. */
uint32_t port_largest_frame(const struct options *opt);

/* Whose frames are taken: the MACs of --mac. Return: their number, 0 for all frames. */
uint32_t port_macs(const struct options *opt, const uint8_t own[6],
		   uint8_t macs[NET_XDP_TAKE_MACS][6]);

/* Open the endpoint. Return: 0, -errno with err filled and nothing left behind. */
int port_open(struct port *p, const struct net_xdp_config *config, struct net_error *err);

/* Wrap the endpoint and write its frames to opt->capture_path from now on. Return: 0, -errno with err filled. */
int port_capture(struct port *p, const struct options *opt, struct net_error *err);

/* End the capture, if there is one. Return: 0; -errno with err filled: frames are missing from the file since the
 * disk said so. */
int port_capture_end(struct port *p, const struct options *opt, struct net_error *err);

/* Let endpoint and queues tell now; their threads may work. port_close() does it once more. */
void port_tell(struct port *p);

/* Make the queues; every receive id of pools[i] is posted on queue i. Return: 0, -errno. */
int port_start(struct port *p, struct pool *const *pools, uint32_t count, struct net_error *err);

/* What the XDP program did since the queues were there. Return: 0, or -errno kept in
 * p->program_error; *out is zero then. */
int port_program(struct port *p, struct net_xdp_program_stats *out);

/* A counter of ours or of the kernel that calls frames lost. */
static inline bool port_is_lost(enum net_field_class value_class)
{
	return value_class == NET_CLASS_RX_LOST || value_class == NET_CLASS_TX_LOST ||
	       value_class == NET_CLASS_KERNEL_LOST;
}

/* Frames that the kernel has completed and not lost: it completes a frame that it lost, too. */
static inline uint64_t port_sent(const struct net_xdp_stats *stats)
{
	uint64_t completed = stats->value[NET_XDP_TX_PACKETS], lost = stats->value[NET_XDP_TX_LOST];

	return completed > lost ? completed - lost : 0;
}

/* Keep what the endpoint and its queues tell in p->told, and end them. Return: 0, or the first -errno with err
 * filled; everything is given back either way. */
int port_close(struct port *p, struct net_error *err);

#endif
