// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>

#include "seat.h"
#include "support/frame.h"

enum { BATCH = 32 };

static void send_some(struct seat *s)
{
	struct net_tx_segment segments[SEAT_TX_SLOTS];
	struct net_tx_metadata packets[SEAT_TX_SLOTS];
	bool sync;
	int n;

	for (uint32_t i = 0; i < s->free_count; i++) {
		uint32_t id = s->free_tx[s->free_count - 1 - i];

		frame_plain(net_slots_frame(s->slots, id), SEAT_FRAME, id);
		packets[i] = (struct net_tx_metadata){
			.id = id, .segment_count = 1, .len_bytes = SEAT_FRAME};
		segments[i] = (struct net_tx_segment){net_slots_addr(s->slots, id), SEAT_FRAME,
						      &packets[i]};
	}
	n = net_queue_tx_avail(s->q, net_slots_pool(s->slots), segments, s->free_count, &sync);
	cr_assert(n >= 0 && !sync, "tx_avail: %d", n);
	s->free_count -= (uint32_t)n;
	__atomic_add_fetch(&s->sent, (uint64_t)n, __ATOMIC_RELAXED);
}

static void drive(struct seat *s)
{
	struct net_buffer_access *pool = net_slots_pool(s->slots);
	uint32_t ids[BATCH];
	int n;

	n = net_queue_wait(s->q, pool, 1000000);
	cr_assert(n >= 0, "wait: %d", n);
	n = net_queue_rx_poll(s->q, pool, ids, BATCH);
	cr_assert(n >= 0, "rx_poll: %d: %s", n, net_queue_error(s->q));
	cr_assert(net_queue_rx_avail(s->q, pool, ids, (uint32_t)n) == 0, "ids refused");
	__atomic_add_fetch(&s->received, (uint64_t)n, __ATOMIC_RELAXED);
	send_some(s);
	n = net_queue_tx_poll(s->q, pool, ids, SEAT_TX_SLOTS);
	cr_assert(n >= 0, "tx_poll: %d: %s", n, net_queue_error(s->q));
	for (int i = 0; i < n; i++)
		s->free_tx[s->free_count++] = ids[i];
	if (__atomic_load_n(&s->sent, __ATOMIC_RELAXED) % 64 == 0)
		net_queue_update_target_vp(s->q, 0);
}

static bool wait_for_turn(struct seat *s)
{
	bool go_on;

	pthread_mutex_lock(&s->lock);
	while (!s->may_run && !s->is_over) {
		s->is_parked = true;
		pthread_cond_broadcast(&s->changed);
		pthread_cond_wait(&s->changed, &s->lock);
	}
	s->is_parked = false;
	go_on = !s->is_over;
	pthread_mutex_unlock(&s->lock);
	return go_on;
}

static void *run_queue(void *seat)
{
	while (wait_for_turn(seat))
		drive(seat);
	return NULL;
}

void seat_park(struct seat *s)
{
	pthread_mutex_lock(&s->lock);
	s->may_run = false;
	while (!s->is_parked)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

void seat_let_run(struct seat *s)
{
	pthread_mutex_lock(&s->lock);
	s->free_count = 0;
	for (uint32_t i = 0; i < SEAT_TX_SLOTS; i++)
		s->free_tx[s->free_count++] = s->first_slot + SEAT_RX_SLOTS + i;
	s->may_run = true;
	s->is_parked = false;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

void seat_open(struct seat *s)
{
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	cr_assert(!pthread_create(&s->thread, NULL, run_queue, s), "thread");
}

void seat_close(struct seat *s)
{
	pthread_mutex_lock(&s->lock);
	s->is_over = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
}
