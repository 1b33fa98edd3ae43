// SPDX-License-Identifier: BSD-2-Clause
/* Each system call that a data call makes fails once. Nothing is lost but what a counter names: every id comes back,
 * once, and the queue goes on; or it says that it ends, in a sentence, and its successor works. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/fault.h"
#include "support/fault_rig.h"
#include "support/netns.h"
#include "support/traffic.h"

enum { EACH = 8, POSTED = 64, LEN = 200, WAIT_NS = 1000000, DEADLINE_MS = 2000 };

struct round {
	struct rig r;
	struct frontend_list list;
	uint32_t received, completed, accepted;
	uint32_t twice,
		wrong; /* ids that came back though they were not posted, frames that are not as sent */
	bool posted[POSTED];
	uint32_t ids[POSTED];
	bool ended;
	char why[320];
	struct net_xdp_stats before;
};

/* The frontend's pool makes assertions, and one that holds is a message to the runner. */
static struct round *now;

static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	(void)pool;
	for (uint32_t i = 0; i < count; i++) {
		now->twice += now->posted[ids[i]];
		now->posted[ids[i]] = true;
		out[i] = now->r.x.f.ids[ids[i]].buffer;
	}
}

static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	(void)pool;
	for (uint32_t i = 0; i < count; i++)
		now->wrong += metadata[i].len_bytes != LEN || !now->posted[ids[i]];
}

static const struct net_buffer_access_ops quiet_ops = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = rx_buffers,
	.rx_metadata = rx_metadata,
};
static struct net_buffer_access quiet = {&quiet_ops};

/* Everything between arming and disarming: no assertion is made. */
static void take(struct round *t, struct net_queue *q)
{
	uint32_t ids[POSTED];
	int n = net_queue_rx_poll(q, &quiet, ids, POSTED);

	for (int i = 0; i < n; i++) {
		t->received++;
		t->twice += !t->posted[ids[i]];
		t->posted[ids[i]] = false;
	}
	if (n > 0)
		net_queue_rx_avail(q, &quiet, ids, (uint32_t)n);
	n = net_queue_tx_poll(q, &quiet, ids, POSTED);
	if (n >= 0) {
		t->completed += (uint32_t)n;
		return;
	}
	t->ended = true;
	snprintf(t->why, sizeof(t->why), "%s", net_queue_error(q));
}

static void send_some(struct round *t, struct net_queue *q)
{
	struct frontend_list *list = &t->list;
	bool sync;
	int n = net_queue_tx_avail(q, &quiet, list->segments + t->accepted,
				   list->count - t->accepted, &sync);

	if (n > 0)
		t->accepted += (uint32_t)n;
}

static void one_round(struct round *t)
{
	struct net_queue *q = t->r.x.queues[0];

	send_some(t, q);
	take(t, q);
	net_queue_poll_ready(q, &quiet);
	net_queue_wait(q, &quiet, WAIT_NS);
	send_some(t, q);
	take(t, q);
	net_queue_wait(q, &quiet, WAIT_NS);
	take(t, q);
}

static uint64_t lost(struct round *t)
{
	struct net_xdp_stats s = frontend_xdp_stats(&t->r.x, 0);

	return s.value[NET_XDP_RX_KERNEL_DROPPED] - t->before.value[NET_XDP_RX_KERNEL_DROPPED];
}

/* Without faults: what is still on its way comes. */
static void finish_round(struct round *t, const char *call, unsigned int k)
{
	struct net_queue *q = t->r.x.queues[0];
	int64_t deadline = frontend_now_ms() + DEADLINE_MS;

	while (!t->ended && frontend_now_ms() < deadline &&
	       (t->completed < EACH || t->received + lost(t) < EACH)) {
		send_some(t, q);
		take(t, q);
		net_queue_wait(q, &quiet, 10 * WAIT_NS);
	}
	if (t->ended)
		cr_expect_gt(strlen(t->why), 10, "call %u (%s) ends the queue without a sentence",
			     k, call);
	else
		cr_expect(t->completed == EACH && t->received + lost(t) == EACH,
			  "call %u (%s): of %u sent %u, of %u received %u", k, call, EACH,
			  t->completed, EACH, t->received);
}

/* What another process would do next: restart. */
static void restart(struct round *t)
{
	struct net_queue_config config = {
		.pool = &quiet, .initial_rx = t->ids, .initial_rx_count = POSTED};
	struct frontend_xdp *x = &t->r.x;

	frontend_xdp_stop(x);
	memset(t->posted, 0, sizeof(t->posted));
	for (uint32_t i = 0; i < POSTED; i++)
		t->ids[i] = i;
	cr_assert_eq(net_endpoint_get_queues(x->ep, &config, 1, NULL, x->queues, &x->err), 0, "%s",
		     x->err.message);
	x->queue_count = 1;
}

static void fail_each_call(int error, void (*configure)(struct net_xdp_config *))
{
	unsigned int hits = 0, ends = 0;
	const char *call = "";
	struct round t = {0};
	uint8_t frame[LEN];

	rig_prepare(&t.r, 1);
	if (configure)
		configure(&t.r.x.config);
	frontend_xdp_open(&t.r.x);
	now = &t;
	restart(&t);
	frontend_list_open(&t.list, EACH);
	for (uint32_t i = 0; i < EACH; i++)
		traffic_put(&t.r.x, &t.list, i, LEN);
	frame_plain(frame, LEN, 5);
	for (unsigned int k = 1; call; k++) {
		t.received = t.completed = t.accepted = 0;
		t.before = frontend_xdp_stats(&t.r.x, 0);
		for (int i = 0; i < EACH; i++)
			peer_send(&t.r.peer, frame, LEN);
		fault_arm(k, error);
		one_round(&t);
		call = fault_disarm();
		hits += call != NULL;
		finish_round(&t, call ? call : "none", k);
		ends += t.ended;
		cr_expect(!t.twice && !t.wrong, "call %u (%s): %u ids twice, %u frames wrong", k,
			  call, t.twice, t.wrong);
		if (t.ended || k % 4 == 0)
			restart(&t);
		t.ended = false;
		peer_drain(&t.r.peer);
	}
	cr_assert_gt(hits, 4, "only %u calls were made", hits);
	cr_log_info("error %d: %u calls failed, %u ended the queue", error, hits, ends);
	frontend_xdp_stop(&t.r.x);
	frontend_xdp_start(&t.r.x, 1, POSTED);
	traffic_both_ways(&t.r.x, &t.r.peer);
	frontend_list_close(&t.list);
	rig_close(&t.r);
}

static void busy(struct net_xdp_config *c)
{
	c->busy_poll_us = 20;
	c->napi_defer_hard_irqs = 2;
	c->gro_flush_timeout_ns = 200000;
}

#define EACH_CALL(error)                                                                           \
	Test(data, each_call_##error##_costs_nothing_without_a_name, .timeout = 60)                \
	{                                                                                          \
		fail_each_call(error, NULL);                                                       \
	}
EACH_CALL(EAGAIN)
EACH_CALL(EINTR)
EACH_CALL(EBUSY)
EACH_CALL(ENOBUFS)
EACH_CALL(ENOMEM)
EACH_CALL(ENETDOWN)
EACH_CALL(EIO)
EACH_CALL(EPERM)
EACH_CALL(EINVAL)
EACH_CALL(ENXIO)

Test(data, each_call_of_a_busy_poller_that_fails_costs_nothing_without_a_name, .timeout = 60)
{
	fail_each_call(EIO, busy);
}
