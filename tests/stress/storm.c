// SPDX-License-Identifier: BSD-2-Clause
/*
 * Interrupts between two stores of a real kernel. It publishes a frame in the RX ring before it publishes that the fill
 * ring's entry was read, and an interrupt in between makes a window of that: the fill ring looks fuller than it is.
 * Many timers expire on the CPU that receives, while a queue on another one keeps its fill ring full and asks for more.
 * A buffer may come back once, with one frame, later than the last one, and may not be written to while it is ours; at
 * the end each comes back. What is sent meanwhile completes once.
 *
 * In a network namespace of its own; needs root.
 *
 *     stress_storm [SECONDS]
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "net_slots.h"
#include "net_xdp.h"
#include "support/frontend.h"
#include "support/netns.h"
#include "support/peer.h"
#include "support/whole_number.h"
#include "xdp/queue.h"

enum {
	RING = 128, /* no larger: of a larger one two cache lines stay free, and nothing is in the way */
	RX_IDS = 2048,
	TX_IDS = 32,
	SLOT_BYTES = 2048,
	FRAME = 60,
	BATCH = 64,
	VIRTIO_HEADER = 10,
	TIMERS = 16,
};

enum owner { OURS, KERNEL };

static struct net_slots *slots;
static struct net_endpoint *ep;
static struct net_queue *q;
static uint8_t owner[RX_IDS + TX_IDS];
static bool done; /* atomic */

static struct {
	uint64_t received, sent, last, asked, apart;
} seen;

/* ---- Who keeps the kernel from its second store ---------------------------------------------------- */

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	cr_assert(sched_setaffinity(0, sizeof(set), &set) == 0, "CPU %d: %s", cpu, strerror(errno));
}

/* The n-th CPU that we may use, or the only one. */
static int cpu_of(int n)
{
	cpu_set_t set;
	int found = 0;

	cr_assert(sched_getaffinity(0, sizeof(set), &set) == 0, "affinity");
	for (int cpu = 0; cpu < CPU_SETSIZE && n >= 0; cpu++)
		if (CPU_ISSET(cpu, &set)) {
			found = cpu;
			n--;
		}
	return found;
}

/* A timer expires on the CPU that set it. The periods have no common one, so that they meet each instruction. */
static void arm(int timers[TIMERS])
{
	for (int i = 0; i < TIMERS; i++) {
		struct itimerspec when = {{0, 23000 + i * 1700}, {0, 23000 + i * 1700}};

		timers[i] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		cr_assert(timers[i] >= 0 && timerfd_settime(timers[i], 0, &when, NULL) == 0,
			  "timer: %s", strerror(errno));
	}
}

static uint64_t disarm(int timers[TIMERS])
{
	uint64_t interrupts = 0, n;

	for (int i = 0; i < TIMERS; i++) {
		if (read(timers[i], &n, sizeof(n)) == sizeof(n))
			interrupts += n;
		close(timers[i]);
	}
	return interrupts;
}

/* Each byte says which frame it is of, cheaply: the queue has to look often. */
static void fill_frame(uint8_t *frame, uint64_t number)
{
	static const uint8_t head[14] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};

	for (uint32_t at = FRAME - FRAME % 8; at; at -= 8)
		memcpy(frame + at - 8 + FRAME % 8, &number, 8);
	memcpy(frame, head, sizeof(head));
}

struct sender {
	struct peer *peer;
	int cpu;
	uint64_t number, interrupts;
};

/* The veth end that receives works on the sender's CPU. */
static void *send_on(void *arg)
{
	static uint8_t bytes[BATCH][VIRTIO_HEADER + FRAME];
	static struct iovec parts[BATCH];
	static struct mmsghdr messages[BATCH];
	struct sender *s = arg;
	int timers[TIMERS], n;

	pin(s->cpu);
	arm(timers);
	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){bytes[i], sizeof(bytes[i])};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
	}
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		for (int i = 0; i < BATCH; i++)
			fill_frame(bytes[i] + VIRTIO_HEADER, s->number + (uint64_t)i + 1);
		n = sendmmsg(s->peer->fd, messages, BATCH, 0);
		cr_assert(n > 0 || errno == ENOBUFS, "send: %s", strerror(errno));
		s->number += n > 0 ? (uint64_t)n : 0;
	}
	s->interrupts = disarm(timers);
	return NULL;
}

/* ---- The queue, and what must hold ----------------------------------------------------------------- */

static void poison(uint32_t id)
{
	memset(net_slots_frame(slots, id), 0xee, FRAME);
}

static void give(uint32_t id)
{
	static const uint8_t poisoned[FRAME] = {[0 ... FRAME - 1] = 0xee};
	const uint8_t *frame = net_slots_frame(slots, id);

	cr_assert(owner[id] == OURS, "posted twice by the test");
	cr_assert(memcmp(frame, poisoned, FRAME) == 0, "id %u was written to while it was ours",
		  id);
	owner[id] = KERNEL;
}

static void take(uint32_t id)
{
	const uint8_t *frame = net_slots_frame(slots, id);
	uint8_t expected[FRAME];
	uint64_t number;

	cr_assert(id < RX_IDS && owner[id] == KERNEL, "id %u came back twice", id);
	owner[id] = OURS;
	memcpy(&number, frame + FRAME - 8, sizeof(number));
	fill_frame(expected, number);
	cr_assert(memcmp(frame, expected, FRAME) == 0, "id %u is no frame that was sent", id);
	cr_assert(number > seen.last, "frame %llu came after %llu", (unsigned long long)number,
		  (unsigned long long)seen.last);
	seen.last = number;
	seen.received++;
	poison(id);
}

static void post(const uint32_t *ids, uint32_t count)
{
	const struct ring *fill = &queue_of(q)->xsk.fill;

	for (uint32_t i = 0; i < count; i++)
		give(ids[i]);
	seen.apart += fill->mine - __atomic_load_n(fill->other, __ATOMIC_ACQUIRE) > RING;
	cr_assert(net_queue_rx_avail(q, net_slots_pool(slots), ids, count) == 0, "ids refused");
}

static uint32_t receive(uint32_t ids[BATCH])
{
	const int n = net_queue_rx_poll(q, net_slots_pool(slots), ids, BATCH);

	cr_assert(n >= 0, "rx_poll: %d: %s", n, net_queue_error(q));
	for (int i = 0; i < n; i++)
		take(ids[i]);
	return (uint32_t)n;
}

static void transmit(void)
{
	static uint64_t number;
	uint32_t ids[TX_IDS];
	bool sync;
	int n;

	n = net_queue_tx_poll(q, net_slots_pool(slots), ids, TX_IDS);
	cr_assert(n >= 0, "tx_poll: %d: %s", n, net_queue_error(q));
	for (int i = 0; i < n; i++) {
		cr_assert(ids[i] >= RX_IDS && owner[ids[i]] == KERNEL, "id %u completed twice",
			  ids[i]);
		owner[ids[i]] = OURS;
	}
	for (uint32_t id = RX_IDS; id < RX_IDS + TX_IDS; id++) {
		struct net_tx_metadata packet = {.id = id, .segment_count = 1, .len_bytes = FRAME};
		struct net_tx_segment segment = {net_slots_addr(slots, id), FRAME, &packet};

		if (owner[id] != OURS)
			continue;
		fill_frame(net_slots_frame(slots, id), ++number);
		n = net_queue_tx_avail(q, net_slots_pool(slots), &segment, 1, &sync);
		cr_assert(n >= 0 && !sync, "tx_avail: %d", n);
		if (!n)
			break;
		owner[id] = KERNEL;
		seen.sent++;
	}
}

/* Keep what comes until what the library parked is in the ring as well; then give what came back, and one more. */
static void drive(uint32_t seconds)
{
	const int64_t end = frontend_now_ms() + seconds * 1000;
	static uint32_t spare[RX_IDS];
	uint32_t ids[BATCH], spares = 0, n;
	bool is_feeding = false;

	for (uint32_t round = 0; round % 1024 || frontend_now_ms() < end; round++) {
		if (round % 4096 == 0)
			transmit();
		n = receive(ids);
		if (!n)
			continue;
		if (!is_feeding) {
			memcpy(spare + spares, ids, n * sizeof(*ids));
			spares += n;
			is_feeding = spares > RING;
			continue;
		}
		post(ids, n);
		post(&spare[--spares], 1);
		seen.asked++;
		is_feeding = spares > 0;
	}
	post(spare, spares);
}

/* The storm is over: each buffer and packet that is not ours comes back. */
static void expect_all_back(struct sender *s)
{
	const int64_t deadline = frontend_now_ms() + 10000;
	uint8_t frame[FRAME];
	uint32_t ids[BATCH], left;

	do {
		fill_frame(frame, ++s->number);
		peer_send(s->peer, frame, FRAME);
		receive(ids);
		transmit();
		left = 0;
		for (uint32_t id = 0; id < RX_IDS; id++)
			left += owner[id] == KERNEL;
	} while (left && frontend_now_ms() < deadline);
	cr_assert(left == 0, "%u ids are lost", left);
	cr_assert(seen.last <= s->number, "frame %llu was never sent",
		  (unsigned long long)seen.last);
}

static void open_all(struct peer *peer)
{
	struct net_xdp_config config = net_xdp_config_default();
	struct net_queue_config of_queue;
	struct net_xdp_region region;
	struct net_error err;

	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	peer_open(peer, "v1");
	cr_assert(net_slots_open(RX_IDS + TX_IDS, SLOT_BYTES, 0, &slots, &err) == 0, "%s",
		  err.message);
	region = (struct net_xdp_region){.size_bytes = net_slots_bytes(slots),
					 .fd = net_slots_fd(slots)};
	config.ifname = "v0";
	config.regions = &region;
	config.region_count = 1;
	config.fill_ring_frames = RING;
	config.rx_id_limit = RX_IDS;
	config.private_rx_chunks = 0;
	cr_assert(net_xdp_open(&config, &ep, &err) == 0, "%s", err.message);
	of_queue = (struct net_queue_config){.pool = net_slots_pool(slots)};
	cr_assert(net_endpoint_get_queues(ep, &of_queue, 1, NULL, &q, &err) == 0, "%s",
		  err.message);
	for (uint32_t id = 0; id < RX_IDS; id++)
		poison(id);
	post(net_slots_ids(slots), RX_IDS);
}

int main(int argc, char **argv)
{
	struct peer peer;
	struct sender sender = {.peer = &peer, .cpu = cpu_of(0)};
	uint32_t seconds = 5;
	pthread_t thread;

	if (argc > 2 || (argc == 2 && !whole_number32("SECONDS", argv[1], 1, 86400, &seconds))) {
		fprintf(stderr, "usage: %s [SECONDS] (5)\n", argv[0]);
		return 2;
	}
	open_all(&peer);
	cr_assert(!pthread_create(&thread, NULL, send_on, &sender), "thread");
	pin(cpu_of(1));
	drive(seconds);
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	expect_all_back(&sender);
	cr_assert(net_queue_destroy(q, NULL) == 0 && net_endpoint_destroy(ep, NULL) == 0,
		  "destroy");
	net_slots_close(slots);
	peer_close(&peer);
	printf("storm: %u s, %llu interrupts, %llu frames received, %llu sent; a full ring was asked for room %llu "
	       "times, and the kernel's stores were seen apart %llu times\n",
	       seconds, (unsigned long long)sender.interrupts, (unsigned long long)seen.received,
	       (unsigned long long)seen.sent, (unsigned long long)seen.asked,
	       (unsigned long long)seen.apart);
	if (!seen.apart)
		fprintf(stderr,
			"storm: never apart, so this run says nothing of that: take longer, or "
			"two CPUs that nobody else needs\n");
	return seen.received < 1000 || seen.sent < 1000 || seen.asked < 100 || !sender.interrupts;
}
