/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first phase of opening: what needs rights. It yields descriptors and what they belong to, and knows
 * neither memory nor queues. The second phase, memory, registers the UMEM with one of its sockets; the
 * third, bind, is get_queues. Where a process without rights is to do those, this is what it is handed.
 */
#ifndef NET_XDP_ATTACH_H
#define NET_XDP_ATTACH_H

#include "host/undo/steer.h"
#include "net_xdp.h"
#include "program/program.h"
#include "xdp/release.h"

struct attachment {
	struct host host;	      /* the network namespace of open: everything is asked there */
	struct net_xdp_device device; /* as found when the program was attached */
	struct program program;
	struct witness witness;
	struct steer steer;
	char steer_state[200]; /* what was steered, for a person; "" nothing was asked for */
};

/* Nothing is attached; attach_close() is legal. */
void attach_init(struct attachment *a);

/* Find the interface that config names, and attach to it. Return: 0; -errno with err filled, and nothing is
 * left attached. */
int attach_open(struct attachment *a, const struct net_xdp_config *config, struct net_error *err);

/*
 * The interface may have been removed and made again, under the same name, since it was attached to; or
 * moved to another network namespace and back, and has kept the program. Attach where it is not so any more.
 * removal_fd tells where it went (netdev_events_left()). Return: 1 attached anew, 0 it still was; -errno with
 * err filled.
 */
int attach_again(struct attachment *a, const struct net_xdp_config *config, int removal_fd,
		 struct net_error *err);

/* What the kernel refers to the caller's network namespace (a new socket, an attachment) would meet another
 * interface of the same number there. Return: 0; -EXDEV with err filled. */
int attach_check_namespace(const struct attachment *a, const char *step, struct net_error *err);

/* Detach, and put back what was steered: not before, as drivers change no channels under a program. left: the
 * interface has left, though it may be back; NULL it has not. Return: 0; -errno with err filled: something stays
 * steered, and recorded. */
int attach_end(struct attachment *a, const struct netdev_left *left, struct net_error *err);

/* Is the interface where it was attached to, perhaps again? Asked by its number in the endpoint's namespace, in any
 * thread. */
bool attach_is_at_home(struct attachment *a);

void attach_close(struct attachment *a);

#endif
