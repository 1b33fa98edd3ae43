/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One vhost-user network device: what its front end has set up, and its queue pairs, which run while both of their
 * rings are set up and enabled, the guest's memory is known, and the interface gives a queue.
 *
 *     front end --channel--> device_request.c: a handler per message, which changes what is set up
 *                            device_pairs.c:   pairs are started and stopped to match
 *     guest <--rings--> pair, on its worker's thread <--queue--> interface
 *
 * Threads: the control thread's, but for what pair.h gives to the workers. A message that changes what a worker uses
 * stops it first; an answer that means "nothing of yours is touched any more" is sent when that is so.
 */
#ifndef XSK_VHOST_DEVICE_H
#define XSK_VHOST_DEVICE_H

#include <poll.h>
#include <pthread.h>

#include "backend.h"
#include "listener.h"
#include "worker.h"
#include "xsk_vhost/back_channel.h"
#include "xsk_vhost/channel.h"

enum { DEVICE_RX = 0, DEVICE_TX = 1, DEVICE_RINGS = 2 };

/* No errno: the system says -EAGAIN as well, of other things. */
enum { DEVICE_NOT_YET = 1 };

/* A ring as the front end set it up (vhost-user.rst, "Ring states"). */
struct device_ring {
	uint32_t size;
	uint64_t descriptors, avail, used; /* user addresses */
	uint16_t base;
	bool has_addresses;
	bool is_started; /* SET_VRING_KICK came, and no GET_VRING_BASE since */
	bool is_enabled;
	bool is_disabled;		/* by a message, not just from the beginning */
	int kick_fd, call_fd, error_fd; /* -1: none */
};

struct device_pair {
	pthread_mutex_t
		told; /* over what the control socket's thread reads: runs with its queue, ended, starts */
	struct device_ring set_up[DEVICE_RINGS];
	struct ring ring[DEVICE_RINGS];
	struct inflight_queue inflight[DEVICE_RINGS];
	struct pair pair;
	struct worker worker;
	bool runs;
	bool works; /* its worker's thread is there; a pair that runs is paused for moments only */
	bool is_ending; /* its queue has ended, but the kernel has not let go of the guest's memory */
	bool is_over; /* its guest broke a ring, or takes its buffers out: until a ring is set up anew */
	struct net_xdp_stats ended; /* of its queues that are no more */
	uint64_t starts;
	_Atomic bool zero_copy, native; /* of its last queue */
};

struct device {
	const struct device_options *opt;
	bool quiet;
	struct listener listener;
	struct backend backend;
	int notify_fd; /* a worker has ended by itself */

	struct channel channel; /* fd -1: no front end */
	struct back_channel back;
	struct guest_memory memory;
	struct net_xdp_region regions[GUEST_MEMORY_REGIONS];
	bool has_memory;
	struct inflight_area inflight;
	uint64_t offered;  /* virtio features */
	uint64_t features; /* that the driver took */
	uint8_t status;	   /* of virtio */
	bool carrier;	   /* of the interface */
	bool link_up; /* as the guest is told: with a carrier, and a queue where it wants one */
	struct device_pair pairs[OPTIONS_PAIRS];

	/* A message whose answer has to wait until the kernel has let go of the guest's memory. */
	struct vhost_message *waiting;
	bool is_leaving; /* the front end has gone, likewise */
	bool is_stuck;	 /* the interface gives no queue: start_pairs tries again at each tick */
	char said[320];	 /* why, so that it is said once */
	_Atomic uint64_t front_ends, broken_rings;
	_Atomic bool is_connected; /* to a front end */
	/* No front end is met before: one that leaves at once, or for whom no descriptor is left, costs no CPU. */
	int64_t meets_at_ms;
	bool is_deaf; /* the listener gives none: said once */
};

/* What a device waits for, for poll(). */
enum {
	DEVICE_POLL_LISTENER,
	DEVICE_POLL_CHANNEL,
	DEVICE_POLL_BACK,
	DEVICE_POLL_ACTION,
	DEVICE_POLL_NOTIFY,
	DEVICE_POLLS,
};

/* listen_fd: a socket of systemd's, -1: make one. Return: 0; -errno with err filled and nothing left behind. */
int device_open(struct device *d, const struct device_options *opt, int listen_fd, bool quiet,
		struct net_error *err);
/* End it; the guest gets all of its buffers back. */
void device_close(struct device *d);

void device_poll(const struct device *d, struct pollfd fds[DEVICE_POLLS]);
void device_handle(struct device *d, const struct pollfd fds[DEVICE_POLLS]);
/* Twice a second, and more often while device_is_waiting(). */
void device_tick(struct device *d);
static inline bool device_is_waiting(const struct device *d)
{
	return d->waiting || d->is_leaving;
}

/* A line for a person, behind the device's socket. */
void device_say(const struct device *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- device_config.c: what is offered --------------------------------------------------------- */

uint64_t device_features(const struct device *d);
uint64_t device_protocol_features(const struct device *d);
/* The configuration space (virtio 1.2, 5.1.4), as it is now. */
void device_config(const struct device *d, struct virtio_net_config *out);
/* Tell the guest whether it has a link, if that is new. */
void device_update_link(struct device *d);

/* ---- device_pairs.c --------------------------------------------------------------------------- */

/* Start what can run now. What the guest has set up wrongly stays out until it is set up anew; where the interface
 * gives no queue the device is stuck. */
void device_start_pairs(struct device *d);
/* Stop a pair, or all. Return: 0; DEVICE_NOT_YET the kernel has not let go of the guest's memory yet: ask
 * device_is_free(). */
int device_stop_pair(struct device *d, uint32_t index);
int device_stop_pairs(struct device *d);
bool device_is_free(struct device *d);
/* Stop a pair's thread and start it again, to change what it uses in between. Its queue stays. */
void device_pause_pair(struct device *d, uint32_t index);
void device_resume_pair(struct device *d, uint32_t index);
/* Workers have ended by themselves, or the endpoint said so: see why, and mend it. */
void device_look_after_pairs(struct device *d);
void device_restart_pairs(struct device *d);
/* A pair as it is at this moment, for any thread. */
struct device_pair_told {
	bool runs;
	uint64_t starts;
	struct net_xdp_stats stats; /* what all of its queues have counted, ended ones included */
};
void device_pair_tell(struct device *d, uint32_t index, struct device_pair_told *out);

/* ---- device_request.c ------------------------------------------------------------------------- */

/* Do what a message asks. Return: 0 done, answered or to be answered by channel_answer(); DEVICE_NOT_YET once
 * more, when device_is_free(); -errno refused or not answered, err filled. */
int device_request(struct device *d, struct vhost_message *m, struct net_error *err);
/* All rings as at the beginning; no pair runs. */
void device_reset_rings(struct device *d);

#endif
