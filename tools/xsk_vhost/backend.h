/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface behind a device: its endpoint, and its queues as the guest starts and stops its rings. It is opened
 * before there is a guest, with a page of its own for memory, so that what is wrong with the interface is told to
 * who starts the program, and so that the guest can be offered what the endpoint honours.
 *
 * Threads: the control thread's, all of it. A queue's data calls are its pair's, between start and stop.
 */
#ifndef XSK_VHOST_BACKEND_H
#define XSK_VHOST_BACKEND_H

#include "net_control.h"
#include "net_xdp.h"
#include "options.h"

struct backend {
	const struct device_options *opt;
	struct net_xdp_device device; /* when it was opened, but for its ifindex */
	struct net_endpoint_facts facts;
	struct net_endpoint *ep; /* NULL: could not be opened again */
	int page_fd;		 /* the memory until there is a guest's */
	int membership_fd;
	const struct net_xdp_region *regions; /* the guest's, NULL: none yet */
	uint32_t region_count;
	enum net_xdp_rx_checksum rx_checksum;
	bool rx_merge;
	struct net_control *control; /* shows the endpoint and its queues; NULL: nobody looks */
	struct net_queue *queues[OPTIONS_PAIRS]; /* NULL: not made, or ended */
	bool made;				 /* get_queues was called, and some queue lives */
	bool busy[OPTIONS_PAIRS];		 /* a pair has it */
};

/* Return: 0; -errno with err filled and nothing left behind. */
int backend_open(struct backend *b, const struct device_options *opt, struct net_error *err);
/* No pair has a queue. */
void backend_close(struct backend *b);

/* Show the endpoint and its queues from now on, under the interface's name. */
void backend_show(struct backend *b, struct net_control *control);

/* Does the interface get zero copy, as far as can be told beforehand? */
bool backend_predicts_zero_copy(const struct backend *b);

/* The guest's memory from now on; no pair has a queue. regions stay the caller's, and stay as they are until the next
 * call. Return: 0, -errno with err filled: the guest cannot be served with it. */
int backend_set_memory(struct backend *b, const struct net_xdp_region *regions, uint32_t count,
		       struct net_error *err);

/* There is no guest any more: its memory is unmapped, and its pages are not held. */
void backend_forget_memory(struct backend *b);

/* What the guest has agreed to, before its first queue is started. */
void backend_set_guest(struct backend *b, bool takes_partial_sums, bool takes_merged_frames);

/* A queue for pair index, with nothing posted. Return: 0; -errno with err filled. */
int backend_start(struct backend *b, uint32_t index, struct net_queue **queue,
		  struct net_error *err);

/*
 * End a pair's queue. Return: 0: neither kernel nor NIC touches the guest's memory by it. -ETIMEDOUT: that is not
 * confirmed yet, see backend_is_free(). Another -errno: as 0, and err says what was not put back.
 */
int backend_stop(struct backend *b, uint32_t index, struct net_error *err);
/* Wait up to timeout_ms for queues whose end was not confirmed. */
bool backend_is_free(struct backend *b, uint32_t timeout_ms, struct net_error *err);

#endif
