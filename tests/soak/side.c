// SPDX-License-Identifier: BSD-2-Clause
/* A side's life: what it opens, and what it is told to do. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "soak/side.h"

struct work side_work;

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void side_fail(struct work *w, const char *what, const char *why)
{
	snprintf(w->shared->why, sizeof(w->shared->why), "side %c: %s: %.300s", w->side->letter,
		 what, why);
	w->shared->state = SIDE_FAILED;
	_exit(1);
}

/* ---- Life ----------------------------------------------------------------------------------------- */

static void open_memory(struct work *w)
{
	w->memory_fd = memfd_create("soak", MFD_CLOEXEC);
	if (w->memory_fd < 0 || ftruncate(w->memory_fd, MEMORY))
		side_fail(w, "memory", strerror(errno));
	w->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, w->memory_fd, 0);
	if (w->memory == MAP_FAILED)
		side_fail(w, "memory", strerror(errno));
}

static void open_endpoint(struct work *w)
{
	const struct net_xdp_region region = {
		.guest_addr = BASE, .size_bytes = MEMORY, .fd = w->memory_fd};
	struct net_xdp_config c = net_xdp_config_default();

	c.ifname = w->side->ifname;
	c.regions = &region;
	c.region_count = 1;
	c.napi_defer_hard_irqs = 2;
	c.gro_flush_timeout_ns = 20000;
	if (net_xdp_open(&c, &w->ep, &w->err))
		side_fail(w, "open", w->err.message);
	for (uint32_t i = 0; i < RX_IDS; i++)
		w->buffers[i] = (struct net_rx_buffer){
			.addr = BASE + (uint64_t)i * PLACE + net_xdp_frame_offset(&c),
			.capacity_bytes = net_xdp_direct_capacity(&c)};
}

static void open_queue(struct work *w)
{
	static uint32_t ids[RX_IDS];
	struct net_queue_config config = {
		.pool = &side_pool, .initial_rx = ids, .initial_rx_count = RX_IDS};
	struct net_xdp_report report;

	for (uint32_t i = 0; i < RX_IDS; i++)
		ids[i] = i;
	for (w->free_count = 0; w->free_count < TX_SLOTS; w->free_count++)
		w->free[w->free_count] = RX_IDS + w->free_count;
	w->echo_count = 0;
	w->must_restart = false;
	if (net_endpoint_get_queues(w->ep, &config, 1, NULL, &w->q, &w->err))
		side_fail(w, "get_queues", w->err.message);
	if (net_xdp_queue_report(w->q, &report))
		side_fail(w, "report", "there is none");
	w->shared->deferred = strstr(report.napi_state, "defer 2") != NULL;
}

static void add_up(struct work *w, const struct net_xdp_stats *now)
{
	const struct net_xdp_stats *e = &w->ended;
	uint64_t tx = 0, rx = 0, kernel = 0;

	for (uint32_t i = 0; i < NET_XDP_COUNTERS; i++) {
		struct net_xdp_counter_info info;
		uint64_t value = e->value[i] + now->value[i];

		if (net_xdp_counter_info(i, &info))
			continue;
		/* what the device dropped is the device's to count */
		if (info.value_class == NET_CLASS_TX_LOST && i != NET_XDP_TX_LOST)
			tx += value;
		if (info.value_class == NET_CLASS_RX_LOST)
			rx += value;
		if (info.value_class == NET_CLASS_KERNEL_LOST)
			kernel += value;
	}
	w->shared->tx_dropped = w->tx_before + tx;
	w->shared->rx_dropped = w->rx_before + rx;
	w->shared->rx_kernel = w->kernel_before + kernel;
}

static void count_one(void *context, bool is_rx, uint32_t id)
{
	(void)id;
	if (!is_rx)
		atomic_fetch_add(&((struct work *)context)->shared->unfinished, 1);
}

static void close_queue(struct work *w)
{
	struct net_xdp_stats now;

	net_queue_outstanding(w->q, count_one, w);
	if (net_xdp_queue_stats(w->q, &now) == 0)
		for (uint32_t i = 0; i < NET_XDP_COUNTERS; i++)
			w->ended.value[i] += now.value[i];
	w->shared->queues_ended++;
	if (net_queue_destroy(w->q, &w->err))
		side_fail(w, "destroy", w->err.message);
	w->q = NULL;
	add_up(w, &(struct net_xdp_stats){0});
}

static void close_endpoint(struct work *w)
{
	if (net_endpoint_destroy(w->ep, &w->err))
		side_fail(w, "destroy the endpoint", w->err.message);
	w->ep = NULL;
}

/* ---- Orders --------------------------------------------------------------------------------------- */

static void look_at_actions(struct work *w)
{
	struct net_action action;
	int rc;

	if (w->now_ms - w->asked_ms < ACTION_MS)
		return;
	w->asked_ms = w->now_ms;
	while ((rc = net_endpoint_poll_action(w->ep, &action)) == 1)
		w->must_restart |= action.kind == NET_ACTION_RESTART_REQUIRED;
	if (rc < 0)
		side_fail(w, "poll_action", strerror(-rc));
}

/* Paused: nothing of ours is on its way, and nothing came for a while. */
static bool is_idle(struct work *w)
{
	struct side_shared *s = w->shared;

	return !w->echo_count && s->accepted == s->completed + s->unfinished &&
	       w->now_ms - w->busy_ms >= IDLE_MS;
}

static void publish(struct work *w)
{
	struct net_xdp_stats now;

	if (net_xdp_queue_stats(w->q, &now))
		side_fail(w, "stats", "there are none");
	add_up(w, &now);
}

/* What has come is taken before the queue ends. */
static void end_queue(struct work *w)
{
	uint64_t before;

	do {
		before = w->shared->received;
		side_receive(w);
	} while (w->shared->received != before && w->echo_count < RX_IDS - SOAK_BATCH);
	side_complete(w);
	close_queue(w);
}

static void obey(struct work *w, enum side_order order, uint32_t number)
{
	switch (order) {
	case SIDE_RUN:
	case SIDE_PAUSE:
		break;
	case SIDE_RESTART:
		end_queue(w);
		open_queue(w);
		break;
	case SIDE_REOPEN:
		end_queue(w);
		close_endpoint(w);
		open_endpoint(w);
		open_queue(w);
		break;
	case SIDE_END:
		end_queue(w);
		close_endpoint(w);
		w->shared->state = SIDE_HAS_ENDED;
		w->shared->done_number = number;
		_exit(0);
	}
	w->busy_ms = w->now_ms;
	w->shared->state = SIDE_RUNS;
	w->shared->done_number = number;
}

void side_live(const struct side *s)
{
	struct work *w = &side_work;
	enum side_order order = SIDE_RUN;
	uint32_t number = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	w->side = s;
	w->next = 1;
	w->shared = s->shared;
	w->tx_before = w->shared->tx_dropped;
	w->rx_before = w->shared->rx_dropped;
	w->kernel_before = w->shared->rx_kernel;
	open_memory(w);
	open_endpoint(w);
	open_queue(w);
	w->now_ms = w->paid_ms = w->busy_ms = clock_ms();
	w->shared->state = SIDE_RUNS;
	for (;;) {
		w->now_ms = clock_ms();
		if (w->shared->order_number != number) {
			number = w->shared->order_number;
			order = (enum side_order)w->shared->order;
			obey(w, order, number);
		}
		if (w->must_restart)
			obey(w, SIDE_RESTART, number);
		side_receive(w);
		side_send_echoes(w);
		if (order != SIDE_PAUSE)
			side_send_new(w);
		else
			w->paid_ms = w->now_ms;
		side_complete(w);
		look_at_actions(w);
		if (order == SIDE_PAUSE && w->shared->state == SIDE_RUNS && is_idle(w)) {
			publish(w);
			w->shared->state = SIDE_IS_PAUSED;
		}
		net_queue_wait(w->q, &side_pool, WAIT_NS);
	}
}
