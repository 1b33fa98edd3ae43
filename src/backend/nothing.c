// SPDX-License-Identifier: BSD-2-Clause
#include "backend/nothing.h"

int nothing_tx_poll(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids,
		    uint32_t count)
{
	(void)q, (void)pool, (void)ids, (void)count;
	return 0;
}

void nothing_update_target_vp(struct net_queue *q, uint32_t cpu)
{
	(void)q, (void)cpu;
}

int nothing_poll_action(struct net_endpoint *ep, struct net_action *out)
{
	(void)ep, (void)out;
	return 0;
}

int nothing_action_fd(struct net_endpoint *ep)
{
	(void)ep;
	return -1;
}

const char *nothing_error(struct net_queue *q)
{
	(void)q;
	return "";
}
