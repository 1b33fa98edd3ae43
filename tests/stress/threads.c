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
#include "seat.h"
#include "net_control.h"
#include "net_slots.h"
#include "net_wrap.h"
#include "net_xdp.h"
#include "support/frame.h"
#include "support/netns.h"
#include "support/peer.h"
#include "support/whole_number.h"

enum {
	QUEUES = 4,
	SEAT_SLOTS = SEAT_RX_SLOTS + SEAT_TX_SLOTS,
	SLOT_BYTES = 2048,
	FRAME = SEAT_FRAME
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
				       .initial_rx = net_slots_ids(slots) + s->first_slot,
				       .initial_rx_count = SEAT_RX_SLOTS};
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
	seat_park(s);
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
	seat_let_run(s);
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
		seat_let_run(&seats[i]);
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
	cr_assert(net_slots_open(QUEUES * SEAT_SLOTS, SLOT_BYTES, 0, &slots, &err) == 0, "%s",
		  err.message);
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
		seats[i].slots = slots;
		seats[i].first_slot = i * SEAT_SLOTS;
		seat_open(&seats[i]);
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
		seat_close(&seats[i]);
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
