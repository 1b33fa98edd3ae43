/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks of get_queues, get_queue and destroy that are the same for each backend. */
#ifndef NET_LIFECYCLE_H
#define NET_LIFECYCLE_H

#include <errno.h>

#include "net_backend.h"
#include "base/error.h"

/* What is reserved can get a meaning later only if nobody sets it today. */
static inline int lifecycle_config(uint32_t index, const struct net_queue_config *c,
				   struct net_error *err)
{
	if (c->reserved[0] || c->reserved[1] || c->reserved[2])
		return error_set(err, -EINVAL, "get_queues",
				 "queue %u: reserved is set in its configuration; zero the "
				 "structure first",
				 index);
	return 0;
}

/* Check that count queues may be made now. Return: 0, -EINVAL or -EBUSY with err filled. */
static inline int lifecycle_get_queues(const struct net_queue_config *configs, uint32_t count,
				       uint32_t max_queues, uint32_t alive, struct net_error *err)
{
	if (count < 1 || count > max_queues)
		return error_set(err, -EINVAL, "get_queues",
				 "%u queues: this endpoint makes 1 to %u", count, max_queues);
	if (alive)
		return error_set(err, -EBUSY, "get_queues",
				 "%u of this endpoint's queues are alive; destroy them first",
				 alive);
	for (uint32_t i = 0; i < count; i++) {
		int rc = lifecycle_config(i, &configs[i], err);

		if (rc)
			return rc;
	}
	return 0;
}

/* Check that queue index may be made again. Return: as above. */
static inline int lifecycle_get_queue(uint32_t index, const struct net_queue_config *config,
				      uint32_t made, bool is_alive, struct net_error *err)
{
	if (index >= made)
		return error_set(err, -EINVAL, "get_queue",
				 "queue %u: get_queues made %u; make all of them first", index,
				 made);
	if (is_alive)
		return error_set(err, -EBUSY, "get_queue", "queue %u is alive; destroy it first",
				 index);
	return lifecycle_config(index, config, err);
}

static inline int lifecycle_destroy(uint32_t alive, struct net_error *err)
{
	if (alive)
		return error_set(err, -EBUSY, "destroy",
				 "%u of this endpoint's queues are alive; destroy them first",
				 alive);
	return 0;
}

#endif
