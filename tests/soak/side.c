// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "net_xdp.h"
#include "soak/soak.h"

enum {
	PLACE = 2048,
	RX_IDS = 1024,
	TX_SLOTS = 1024,
	MEMORY = (RX_IDS + TX_SLOTS) * PLACE,
	LEN = 200,
	IDLE_MS = 30,
	WAIT_NS = 1000000,
	ACTION_MS = 100,
};
#define BASE 0x100000000ull

/* Behind the Ethernet header. */
struct stamp {
	uint64_t generation, number, check;
};

struct work {
	const struct side *side;
	struct side_shared *shared;
	uint8_t *memory;
	int memory_fd;
	struct net_endpoint *ep;
	struct net_queue *q;
	struct net_error err;
	struct net_rx_buffer buffers[RX_IDS];
	uint32_t lengths[RX_IDS];
	uint32_t free[TX_SLOTS], free_count;
	uint32_t echo[RX_IDS], echo_count;		   /* received ids that are to be sent */
	uint64_t next, last_generation[2], last_number[2]; /* by who sent it first */
	double budget;
	int64_t now_ms, busy_ms, paid_ms, asked_ms;
	struct net_xdp_stats ended;
	uint64_t tx_before, rx_before, kernel_before; /* of the side's earlier processes */
	bool must_restart;
};

static struct work work;

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

_Noreturn static void fail(struct work *w, const char *what, const char *why)
{
	snprintf(w->shared->why, sizeof(w->shared->why), "side %c: %s: %.300s", w->side->letter,
		 what, why);
	w->shared->state = SIDE_FAILED;
	_exit(1);
}

/* ---- The pool ------------------------------------------------------------------------------------- */

static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	(void)pool;
	for (uint32_t i = 0; i < count; i++)
		out[i] = work.buffers[ids[i]];
}

static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	(void)pool;
	for (uint32_t i = 0; i < count; i++)
		work.lengths[ids[i]] = metadata[i].len_bytes;
}

static const struct net_buffer_access_ops ops = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = rx_buffers,
	.rx_metadata = rx_metadata,
};
static struct net_buffer_access pool = {&ops};

/* ---- Life ----------------------------------------------------------------------------------------- */

static void open_memory(struct work *w)
{
	w->memory_fd = memfd_create("soak", MFD_CLOEXEC);
	if (w->memory_fd < 0 || ftruncate(w->memory_fd, MEMORY))
		fail(w, "memory", strerror(errno));
	w->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, w->memory_fd, 0);
	if (w->memory == MAP_FAILED)
		fail(w, "memory", strerror(errno));
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
		fail(w, "open", w->err.message);
	for (uint32_t i = 0; i < RX_IDS; i++)
		w->buffers[i] = (struct net_rx_buffer){
			.addr = BASE + (uint64_t)i * PLACE + net_xdp_frame_offset(&c),
			.capacity_bytes = net_xdp_direct_capacity(&c)};
}

static void open_queue(struct work *w)
{
	static uint32_t ids[RX_IDS];
	struct net_queue_config config = {
		.pool = &pool, .initial_rx = ids, .initial_rx_count = RX_IDS};
	struct net_xdp_report report;

	for (uint32_t i = 0; i < RX_IDS; i++)
		ids[i] = i;
	for (w->free_count = 0; w->free_count < TX_SLOTS; w->free_count++)
		w->free[w->free_count] = RX_IDS + w->free_count;
	w->echo_count = 0;
	w->must_restart = false;
	if (net_endpoint_get_queues(w->ep, &config, 1, NULL, &w->q, &w->err))
		fail(w, "get_queues", w->err.message);
	if (net_xdp_queue_report(w->q, &report))
		fail(w, "report", "there is none");
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
		fail(w, "destroy", w->err.message);
	w->q = NULL;
	add_up(w, &(struct net_xdp_stats){0});
}

static void close_endpoint(struct work *w)
{
	if (net_endpoint_destroy(w->ep, &w->err))
		fail(w, "destroy the endpoint", w->err.message);
	w->ep = NULL;
}

/* ---- Frames --------------------------------------------------------------------------------------- */

static uint64_t check_of(const struct stamp *s)
{
	return (s->generation * 0x9e3779b97f4a7c15ull) ^ (s->number * 0xc2b2ae3d27d4eb4full);
}

static void write_frame(struct work *w, uint8_t *at)
{
	struct stamp stamp = {.generation = w->side->generation, .number = w->next++};

	stamp.check = check_of(&stamp);
	memset(at, 0xff, 6); /* the other end takes broadcast */
	memset(at + 6, 2, 6);
	at[12] = SOAK_ETHERTYPE >> 8;
	at[13] = SOAK_ETHERTYPE & 0xff;
	memcpy(at + 14, &stamp, sizeof(stamp));
}

/* Frames of one generation come in order, each once. */
static void check_frame(struct work *w, uint32_t id)
{
	const uint8_t *at = w->memory + (w->buffers[id].addr - BASE);
	struct stamp stamp;
	char why[200];
	int origin;

	memcpy(&stamp, at + 14, sizeof(stamp));
	if (w->lengths[id] != LEN || stamp.check != check_of(&stamp)) {
		snprintf(why, sizeof(why), "%u bytes, number %" PRIu64 " of %" PRIu64,
			 w->lengths[id], stamp.number, stamp.generation);
		fail(w, "a frame that nobody sent", why);
	}
	origin = (int)(stamp.generation & 1);
	if (stamp.generation < w->last_generation[origin] ||
	    (stamp.generation == w->last_generation[origin] &&
	     stamp.number <= w->last_number[origin])) {
		snprintf(why, sizeof(why),
			 "number %" PRIu64 " of %" PRIu64 " after %" PRIu64 " of %" PRIu64,
			 stamp.number, stamp.generation, w->last_number[origin],
			 w->last_generation[origin]);
		fail(w, "a frame twice, or out of order", why);
	}
	w->last_generation[origin] = stamp.generation;
	w->last_number[origin] = stamp.number;
}

static void receive(struct work *w)
{
	uint32_t ids[SOAK_BATCH], back = 0;
	int n = net_queue_rx_poll(w->q, &pool, ids, SOAK_BATCH);
	bool echoes = w->shared->echoes;

	if (n < 0)
		fail(w, "rx_poll", net_queue_error(w->q));
	atomic_fetch_add(&w->shared->received, (uint64_t)n);
	for (int i = 0; i < n; i++) {
		check_frame(w, ids[i]);
		if (echoes)
			w->echo[w->echo_count++] = ids[i];
		else
			ids[back++] = ids[i];
	}
	if (back && net_queue_rx_avail(w->q, &pool, ids, back))
		fail(w, "rx_avail", "an id was refused");
	if (n)
		w->busy_ms = w->now_ms;
}

/* Give tx_avail packets of one segment each. Return: how many it took. */
static uint32_t send_ids(struct work *w, const uint32_t *ids, uint32_t count)
{
	struct net_tx_segment segments[SOAK_BATCH];
	struct net_tx_metadata packets[SOAK_BATCH];
	bool sync;
	int n;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t addr =
			ids[i] < RX_IDS ? w->buffers[ids[i]].addr : BASE + (uint64_t)ids[i] * PLACE;

		packets[i] = (struct net_tx_metadata){
			.id = ids[i], .len_bytes = LEN, .segment_count = 1};
		segments[i] = (struct net_tx_segment){addr, LEN, &packets[i]};
	}
	atomic_fetch_add(&w->shared->offered, count);
	n = net_queue_tx_avail(w->q, &pool, segments, count, &sync);
	if (n == NET_TRY_RESTART) {
		w->must_restart = true;
		n = 0;
	}
	if (n < 0)
		fail(w, "tx_avail", net_queue_error(w->q));
	atomic_fetch_add(&w->shared->accepted, (uint64_t)n);
	atomic_fetch_sub(&w->shared->offered, count - (uint32_t)n);
	return (uint32_t)n;
}

static void send_echoes(struct work *w)
{
	uint32_t count = w->echo_count < SOAK_BATCH ? w->echo_count : SOAK_BATCH, n;

	if (!count)
		return;
	n = send_ids(w, w->echo, count);
	w->echo_count -= n;
	memmove(w->echo, w->echo + n, w->echo_count * sizeof(*w->echo));
}

static void send_new(struct work *w)
{
	uint32_t count = w->free_count < SOAK_BATCH ? w->free_count : SOAK_BATCH, n;
	uint32_t ids[SOAK_BATCH];
	uint64_t first = w->next;

	w->budget += (double)w->shared->rate_pps * (double)(w->now_ms - w->paid_ms) / 1000;
	w->paid_ms = w->now_ms;
	if (w->budget > SOAK_RING)
		w->budget = SOAK_RING;
	if (count > (uint32_t)w->budget)
		count = (uint32_t)w->budget;
	if (!count)
		return;
	for (uint32_t i = 0; i < count; i++) {
		ids[i] = w->free[w->free_count - 1 - i];
		write_frame(w, w->memory + (size_t)ids[i] * PLACE);
	}
	n = send_ids(w, ids, count);
	w->free_count -= n; /* the first n were its last */
	w->next = first + n;
	w->budget -= n;
}

static void complete(struct work *w)
{
	uint32_t ids[SOAK_BATCH];
	int n = net_queue_tx_poll(w->q, &pool, ids, SOAK_BATCH);

	if (n == NET_TRY_RESTART) {
		w->must_restart = true;
		return;
	}
	if (n < 0)
		fail(w, "tx_poll", net_queue_error(w->q));
	for (int i = 0; i < n; i++) {
		if (ids[i] >= RX_IDS)
			w->free[w->free_count++] = ids[i];
		else if (net_queue_rx_avail(w->q, &pool, &ids[i], 1))
			fail(w, "rx_avail", "an id was refused");
	}
	atomic_fetch_add(&w->shared->completed, (uint64_t)n);
	if (n)
		w->busy_ms = w->now_ms;
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
		fail(w, "poll_action", strerror(-rc));
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
		fail(w, "stats", "there are none");
	add_up(w, &now);
}

/* What has come is taken before the queue ends. */
static void end_queue(struct work *w)
{
	uint64_t before;

	do {
		before = w->shared->received;
		receive(w);
	} while (w->shared->received != before && w->echo_count < RX_IDS - SOAK_BATCH);
	complete(w);
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
	struct work *w = &work;
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
		receive(w);
		send_echoes(w);
		if (order != SIDE_PAUSE)
			send_new(w);
		else
			w->paid_ms = w->now_ms;
		complete(w);
		look_at_actions(w);
		if (order == SIDE_PAUSE && w->shared->state == SIDE_RUNS && is_idle(w)) {
			publish(w);
			w->shared->state = SIDE_IS_PAUSED;
		}
		net_queue_wait(w->q, &pool, WAIT_NS);
	}
}
