// SPDX-License-Identifier: BSD-2-Clause
/* Everything is put right: then queues can be made, traffic flows, and each frame is somewhere. */
#include <string.h>
#include <time.h>

#include "model/model.h"

enum { PATIENCE_MS = 20000, QUIET_MS = 20, FRAMES = 48, PACKETS = 16 };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void work(struct model *m)
{
	for (uint32_t i = 0; i < QUEUES; i++) {
		struct model_queue *q = &m->queues[i];

		if (!q->q)
			continue;
		data_receive(m, q, 64);
		data_complete(m, q, 64);
		net_queue_poll_ready(q->q, &m->pool);
	}
	world_receive(m);
}

/* Where every frame and packet is by now. */
struct sums {
	uint64_t received; /* delivered, lost by name, or the host's */
	uint64_t sent;	   /* wire packets that the kernel took */
	uint64_t in_flight;
};

static struct sums sums_of(struct model *m)
{
	struct net_xdp_program_stats program;
	struct net_xdp_counter_info info;
	struct net_xdp_stats x;
	struct sums s = {0};

	for (uint32_t i = 0; i < QUEUES; i++) {
		const struct model_queue *q = &m->queues[i];

		if (!q->q)
			continue;
		cr_assert(net_xdp_queue_stats(q->q, &x) == 0, "statistics of queue %u", i);
		for (uint32_t c = 0; c < NET_XDP_COUNTERS; c++) {
			net_xdp_counter_info(c, &info);
			if (c == NET_XDP_RX_FRAMES || info.value_class == NET_CLASS_RX_LOST ||
			    info.value_class == NET_CLASS_KERNEL_LOST)
				s.received += x.value[c];
		}
		s.sent += x.value[NET_XDP_TX_PACKETS];
		s.in_flight += q->accepted - q->completed;
	}
	cr_assert(net_xdp_program_stats(m->ep, &program) == 0, "statistics of the program");
	s.received += program.passed + program.kept + program.dropped_too_long;
	return s;
}

static void wait_for_quiet(struct model *m)
{
	int64_t deadline = now_ms() + PATIENCE_MS, quiet = now_ms();
	struct sums before = sums_of(m), s;
	uint64_t arrivals = m->arrivals;

	while (now_ms() - quiet < QUIET_MS) {
		work(m);
		s = sums_of(m);
		if (s.in_flight || s.received != before.received || s.sent != before.sent ||
		    m->arrivals != arrivals)
			quiet = now_ms();
		before = s;
		arrivals = m->arrivals;
		cr_assert(now_ms() < deadline, "%llu packets never complete",
			  (unsigned long long)s.in_flight);
	}
}

static void balance(struct model *m, uint32_t seed)
{
	const uint32_t most = m->config.max_frame_bytes + (seed % 3 ? 0 : 200);
	const uint32_t mtu = m->config.max_frame_bytes > 2000 ? 3014 : 1514;
	uint64_t sent = 0, arrivals;
	struct sums before, now;
	int64_t deadline;

	wait_for_quiet(m);
	/* On a busy machine the kernel holds a packet longer than that. */
	m->arrivals_from = m->next_packet;
	before = sums_of(m);
	arrivals = m->arrivals;
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < QUEUES; i++) {
			if (!m->queues[i].q)
				continue;
			data_post(m, &m->queues[i], (seed >> i) % 40, seed + round, true);
			data_send(m, &m->queues[i], PACKETS, seed + round, true);
		}
		sent += world_send(m, FRAMES, seed + round, most < mtu ? most : mtu);
		work(m);
	}
	for (deadline = now_ms() + PATIENCE_MS;;) {
		work(m);
		now = sums_of(m);
		if (!now.in_flight && now.received - before.received == sent &&
		    now.sent - before.sent == m->arrivals - arrivals)
			break;
		cr_assert(now_ms() < deadline,
			  "%llu frames sent, %llu are somewhere; %llu packets went, %llu arrived; "
			  "%llu are in flight",
			  (unsigned long long)sent,
			  (unsigned long long)(now.received - before.received),
			  (unsigned long long)(now.sent - before.sent),
			  (unsigned long long)(m->arrivals - arrivals),
			  (unsigned long long)now.in_flight);
	}
	cr_assert(sent == 3 * FRAMES, "the peer could send %llu frames", (unsigned long long)sent);
}

void calm(struct model *m, uint32_t seed)
{
	bool restart = !m->made || m->disturbed || seed % 2;

	world_heal(m);
	if (!m->ep) {
		control_open(m);
		world_heal(m); /* of another MTU maybe */
	}
	control_actions(m);
	for (uint32_t i = 0; i < QUEUES; i++)
		restart |= m->queues[i].is_told || m->queues[i].is_bare;
	if (restart) {
		control_end_queues(m);
		wrap_cable_in(m);
		cr_assert(control_inner(m), "the cable is still out");
		control_get_queues(m, 1 + seed % m->queue_count, seed);
	}
	control_actions(m);
	balance(m, seed);
}
