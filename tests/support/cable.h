/* SPDX-License-Identifier: BSD-2-Clause */
/* A frontend on a disconnectable, and loopbacks to be its inner endpoint. */
#ifndef SUPPORT_CABLE_H
#define SUPPORT_CABLE_H

#include <stdbool.h>

#include "net_wrap.h"
#include "support/frontend.h"

enum { CABLE_QUEUES = 2, CABLE_IDS = 512 };

struct cable {
	struct frontend f;
	struct net_endpoint *ep; /* the disconnectable */
	struct net_queue *queues[CABLE_QUEUES];
	struct frontend_list list;
	uint32_t ids[CABLE_IDS];
};

/* Disconnected, without queues; it promises the facts of a loopback. */
void cable_open(struct cable *r);
void cable_close(struct cable *r);

struct net_endpoint *cable_loopback(uint32_t queues);
void cable_connect_to(struct cable *r, struct net_endpoint *inner);
/* Disconnect without waiting. Return: its result. */
int cable_disconnect(struct cable *r, struct net_endpoint **inner);

void cable_get_queues(struct cable *r);
void cable_end_queues(struct cable *r);

/* Make a list of count frames. */
void cable_put(struct cable *r, uint32_t count);
/* One frame through queue 0 and back. */
void cable_expect_traffic(struct cable *r);
/* The actions that wait are these: d link down, r restart required, u link up. */
void cable_expect_actions(struct cable *r, const char *want);

bool cable_is_readable(int fd);

#endif
