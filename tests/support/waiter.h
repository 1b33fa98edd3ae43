/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for a queue as an event loop does, and a thread that makes something happen meanwhile. */
#ifndef SUPPORT_WAITER_H
#define SUPPORT_WAITER_H

#include <pthread.h>
#include <stdint.h>

#include "net_backend.h"
#include "support/traffic.h"

/* Long enough for any machine; only a failing test waits for it. */
#define WAITER_PATIENCE_MS 20000
#define WAITER_PATIENCE_NS (WAITER_PATIENCE_MS * 1000000ll)

/* The queue becomes pending, and its descriptor says the same. */
void waiter_expect_pending(struct net_queue *q);

/* Sleep on the descriptor alone until the queue is ready. Return: how often it woke us. */
uint32_t waiter_sleep(struct net_queue *q);

/* A thread that does one thing, without assertions, a little later; join it with pthread_join(). */
struct later {
	pthread_t thread;
	int after_ms;
	void (*act)(struct rig *r);
	struct rig *rig;
};

void later_start(struct later *l, struct rig *r, int after_ms, void (*act)(struct rig *r));

#endif
