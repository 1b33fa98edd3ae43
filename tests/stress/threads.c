// SPDX-License-Identifier: BSD-2-Clause
/*
 * A real endpoint between threads, built with ThreadSanitizer, under which Criterion does not run: each queue
 * has a thread of its own, one thread makes endpoint calls (actions, queues ended and made again, all or one;
 * capture on and off; inspect), two read what queues tell, one asks at the control socket, and a peer sends. In a
 * network namespace of its own; needs root.
 *
 *     stress_threads [SECONDS]
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "asker.h"
#include "net_control.h"
#include "net_slots.h"
#include "net_wrap.h"
#include "net_xdp.h"
#include "support/frame.h"
#include "support/netns.h"
#include "support/peer.h"
#include "support/whole_number.h"

enum { QUEUES = 4, RX_SLOTS = 64, TX_SLOTS = 16, SLOT_BYTES = 2048, BATCH = 32, FRAME = 200 };

/* A queue and its thread. The thread drives q while it may run; parked it leaves q alone. */
struct seat {
	struct net_queue *q;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool may_run, is_parked, is_over; /* under lock */
	uint32_t free_tx[TX_SLOTS], free_count;
	uint64_t received, sent; /* atomic */
};

static struct seat seats[QUEUES];
static struct net_slots *slots;
static struct net_endpoint *ep;
/* Who reads what queues tell holds it shared; who ends or makes one, alone. The queues' threads never do. */
static pthread_rwlock_t lives = PTHREAD_RWLOCK_INITIALIZER;
static bool done; /* atomic */
static uint64_t reads, answers;
static struct net_control *shown;

static bool is_done(void)
{
	return __atomic_load_n(&done, __ATOMIC_ACQUIRE);
}

/* ---- A queue's thread ----------------------------------------------------------------------------- */

static uint32_t first_slot(const struct seat *s)
{
	return (uint32_t)(s - seats) * (RX_SLOTS + TX_SLOTS);
}

static void send_some(struct seat *s)
{
	struct net_tx_segment segments[TX_SLOTS];
	struct net_tx_metadata packets[TX_SLOTS];
	bool sync;
	int n;

	for (uint32_t i = 0; i < s->free_count; i++) {
		uint32_t id = s->free_tx[s->free_count - 1 - i];

		frame_plain(net_slots_frame(slots, id), FRAME, id);
		packets[i] =
			(struct net_tx_metadata){.id = id, .segment_count = 1, .len_bytes = FRAME};
		segments[i] =
			(struct net_tx_segment){net_slots_addr(slots, id), FRAME, &packets[i]};
	}
	n = net_queue_tx_avail(s->q, net_slots_pool(slots), segments, s->free_count, &sync);
	cr_assert(n >= 0 && !sync, "tx_avail: %d", n);
	s->free_count -= (uint32_t)n;
	__atomic_add_fetch(&s->sent, (uint64_t)n, __ATOMIC_RELAXED);
}

static void drive(struct seat *s)
{
	struct net_buffer_access *pool = net_slots_pool(slots);
	uint32_t ids[BATCH];
	int n;

	n = net_queue_wait(s->q, pool, 1000000);
	cr_assert(n >= 0, "wait: %d", n);
	n = net_queue_rx_poll(s->q, pool, ids, BATCH);
	cr_assert(n >= 0, "rx_poll: %d: %s", n, net_queue_error(s->q));
	cr_assert(net_queue_rx_avail(s->q, pool, ids, (uint32_t)n) == 0, "ids refused");
	__atomic_add_fetch(&s->received, (uint64_t)n, __ATOMIC_RELAXED);
	send_some(s);
	n = net_queue_tx_poll(s->q, pool, ids, TX_SLOTS);
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

static void park(struct seat *s)
{
	pthread_mutex_lock(&s->lock);
	s->may_run = false;
	while (!s->is_parked)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static void let_run(struct seat *s)
{
	pthread_mutex_lock(&s->lock);
	s->free_count = 0;
	for (uint32_t i = 0; i < TX_SLOTS; i++)
		s->free_tx[s->free_count++] = first_slot(s) + RX_SLOTS + i;
	s->may_run = true;
	s->is_parked = false;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

/* ---- Those who read ------------------------------------------------------------------------------- */

static void enter(struct net_inspector *to, const char *name, int index)
{
	(void)to, (void)name, (void)index;
}

static void leave(struct net_inspector *to)
{
	(void)to;
}

static void field(struct net_inspector *to, const struct net_field *f)
{
	(void)to;
	cr_assert(f->kind != NET_FIELD_TEXT || !f->text || strlen(f->text) < 1000, "%s", f->name);
}

static const struct net_inspector_ops inspector_ops = {sizeof(inspector_ops), enter, leave, field};

static void *read_all(void *unused)
{
	struct net_inspector inspector = {&inspector_ops};
	struct net_capture_stats capture;
	struct net_queue_stats stats;
	struct net_xdp_stats x;

	for (; !is_done(); __atomic_add_fetch(&reads, 1, __ATOMIC_RELAXED)) {
		pthread_rwlock_rdlock(&lives);
		for (uint32_t i = 0; i < QUEUES; i++) {
			if (!seats[i].q)
				continue;
			net_queue_stats(seats[i].q, &stats);
			cr_assert(net_xdp_queue_stats(seats[i].q, &x) == 0, "statistics");
			net_queue_inspect(seats[i].q, &inspector);
		}
		net_capture_get_stats(ep, &capture);
		pthread_rwlock_unlock(&lives);
		poll(NULL, 0, 1); /* a lock that readers hold all the time is nobody else's */
	}
	return unused;
}

static void *ask_on(void *unused)
{
	for (; !is_done(); answers++) {
		asker_ask(net_control_path(shown), answers % 2);
		poll(NULL, 0, 1);
	}
	return unused;
}

/* ---- The peer ------------------------------------------------------------------------------------- */

static void *send_all(void *peer)
{
	static uint8_t bytes[10 + FRAME]; /* behind an empty virtio header */
	struct peer *p = peer;

	frame_plain(bytes + 10, FRAME, 1);
	frame_write16(bytes, 10 + 12, 0x0800);
	bytes[10 + 14] = 0x45;
	bytes[10 + 23] = 17;
	frame_write16(bytes, 10 + 16, FRAME - 14);
	for (uint16_t i = 0; !is_done(); i++) {
		frame_write16(bytes, 10 + 34, i % 64); /* the flow, so the queue */
		if (write(p->fd, bytes, sizeof(bytes)) < 0)
			cr_assert(errno == ENETDOWN || errno == ENOBUFS || errno == ENXIO,
				  "send: %s", strerror(errno));
		if (i % 32 == 0)
			poll(NULL, 0, 1);
	}
	return NULL;
}

/* ---- Control -------------------------------------------------------------------------------------- */

static void configure(struct seat *s, struct net_queue_config *c)
{
	*c = (struct net_queue_config){.pool = net_slots_pool(slots),
				       .initial_rx = net_slots_ids(slots) + first_slot(s),
				       .initial_rx_count = RX_SLOTS};
}

static void show(void)
{
	struct net_queue *queues[QUEUES];

	for (uint32_t i = 0; i < QUEUES; i++)
		queues[i] = seats[i].q;
	cr_assert(net_control_set(shown, "v0", ep, queues, QUEUES) == 0, "show");
}

static void end_queue(struct seat *s)
{
	struct net_error err;
	int rc;

	net_control_set(shown, "v0", NULL, NULL, 0);
	park(s);
	pthread_rwlock_wrlock(&lives);
	rc = net_queue_destroy(s->q, &err);
	cr_assert(rc == 0, "destroy: %d: %s", rc, err.message);
	s->q = NULL;
	pthread_rwlock_unlock(&lives);
}

static void make_one_again(struct seat *s)
{
	struct net_queue_config config;
	struct net_queue *q;
	struct net_error err;
	int rc;

	end_queue(s);
	configure(s, &config);
	rc = net_endpoint_get_queue(ep, (uint32_t)(s - seats), &config, &q, &err);
	cr_assert(rc == 0, "get_queue: %d: %s", rc, err.message);
	pthread_rwlock_wrlock(&lives);
	s->q = q;
	pthread_rwlock_unlock(&lives);
	show();
	let_run(s);
}

static void make_all(void)
{
	struct net_queue_config configs[QUEUES];
	struct net_queue *made[QUEUES];
	struct net_error err;
	int rc;

	for (uint32_t i = 0; i < QUEUES; i++)
		configure(&seats[i], &configs[i]);
	rc = net_endpoint_get_queues(ep, configs, QUEUES, NULL, made, &err);
	cr_assert(rc == 0, "get_queues: %d: %s", rc, err.message);
	pthread_rwlock_wrlock(&lives);
	for (uint32_t i = 0; i < QUEUES; i++)
		seats[i].q = made[i];
	pthread_rwlock_unlock(&lives);
	show();
	for (uint32_t i = 0; i < QUEUES; i++)
		let_run(&seats[i]);
}

static void end_all(void)
{
	for (uint32_t i = 0; i < QUEUES; i++)
		end_queue(&seats[i]);
}

static void capture(bool on)
{
	struct net_capture_config config = net_capture_config_default();
	struct net_error err;
	int rc;

	config.path = "/dev/null";
	config.buffer_bytes = 1 << 20;
	rc = on ? net_capture_start(ep, &config, &err) : net_capture_stop(ep);
	cr_assert(rc == 0, "capture %s: %d", on ? "on" : "off", rc);
}

static void control(uint32_t round)
{
	struct net_inspector inspector = {&inspector_ops};
	struct net_xdp_program_stats program;
	struct net_action action;

	while (net_endpoint_poll_action(ep, &action) == 1)
		cr_assert(action.kind == NET_ACTION_LINK, "nothing has happened");
	net_endpoint_inspect(ep, &inspector);
	cr_assert(net_xdp_program_stats(ep, &program) == 0, "statistics of the program");
	if (round % 10 == 9) {
		end_all();
		make_all();
	} else if (round % 2) {
		make_one_again(&seats[round / 2 % QUEUES]);
	}
	if (round % 6 == 0 || round % 6 == 3)
		capture(round % 6 == 0);
	if (round % 16 == 5)
		netns_down("v1");
	if (round % 16 == 6)
		netns_up("v1");
	poll(NULL, 0, 5);
}

static void open_all(struct peer *peer)
{
	struct net_xdp_config config = net_xdp_config_default();
	struct net_xdp_region region;
	struct net_control_config at = net_control_config_default();
	struct net_endpoint *inner;
	struct net_error err;
	char path[64];

	netns_enter();
	netns_veth("v0", "v1", QUEUES, 1500);
	peer_open(peer, "v1");
	cr_assert(net_slots_open(QUEUES * (RX_SLOTS + TX_SLOTS), SLOT_BYTES, 0, &slots, &err) == 0,
		  "%s", err.message);
	region = (struct net_xdp_region){.size_bytes = net_slots_bytes(slots),
					 .fd = net_slots_fd(slots)};
	config.ifname = "v0";
	config.regions = &region;
	config.region_count = 1;
	config.max_queues = QUEUES;
	config.release_timeout_ms = 20000;
	cr_assert(net_xdp_open(&config, &inner, &err) == 0, "%s", err.message);
	cr_assert(net_capture_open(inner, &ep, &err) == 0, "%s", err.message);
	snprintf(path, sizeof(path), "/tmp/net_xdp.%d.threads", (int)getpid());
	at.path = path;
	cr_assert(net_control_open(&at, &shown, &err) == 0, "%s", err.message);
}

static uint32_t run_for(long seconds)
{
	const time_t end = time(NULL) + seconds;
	uint32_t rounds = 0;

	while (time(NULL) < end || rounds < 20)
		control(rounds++);
	return rounds;
}

int main(int argc, char **argv)
{
	uint64_t received = 0, sent = 0;
	pthread_t readers[2], asker, sender;
	struct peer peer;
	uint32_t rounds, seconds = 8;

	if (argc > 2 || (argc == 2 && !whole_number32("SECONDS", argv[1], 1, 86400, &seconds))) {
		fprintf(stderr, "usage: %s [SECONDS] (8)\n", argv[0]);
		return 2;
	}
	open_all(&peer);
	for (uint32_t i = 0; i < QUEUES; i++) {
		pthread_mutex_init(&seats[i].lock, NULL);
		pthread_cond_init(&seats[i].changed, NULL);
		cr_assert(!pthread_create(&seats[i].thread, NULL, run_queue, &seats[i]), "thread");
	}
	make_all();
	for (int i = 0; i < 2; i++)
		cr_assert(!pthread_create(&readers[i], NULL, read_all, NULL), "thread");
	cr_assert(!pthread_create(&asker, NULL, ask_on, NULL), "thread");
	cr_assert(!pthread_create(&sender, NULL, send_all, &peer), "thread");
	rounds = run_for(seconds);
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	for (int i = 0; i < 2; i++)
		pthread_join(readers[i], NULL);
	pthread_join(asker, NULL);
	pthread_join(sender, NULL);
	end_all();
	for (uint32_t i = 0; i < QUEUES; i++) {
		pthread_mutex_lock(&seats[i].lock);
		seats[i].is_over = true;
		pthread_cond_broadcast(&seats[i].changed);
		pthread_mutex_unlock(&seats[i].lock);
		pthread_join(seats[i].thread, NULL);
		received += seats[i].received;
		sent += seats[i].sent;
	}
	net_control_close(shown);
	cr_assert(net_endpoint_destroy(ep, NULL) == 0, "destroy");
	net_slots_close(slots);
	peer_close(&peer);
	printf("threads: %u rounds, %llu frames received, %llu sent, read %llu times, asked %llu times\n",
	       rounds, (unsigned long long)received, (unsigned long long)sent,
	       (unsigned long long)reads, (unsigned long long)answers);
	return received < 1000 || sent < 1000 || reads < 100 || answers < 20;
}
