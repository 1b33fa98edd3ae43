// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/fixture.h"
#include "support/rx_rig.h"

/* Generic XDP runs behind a backlog per CPU: a sender that changes CPUs would let frames overtake
 * each other, which no test here is about. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	cr_assert(sched_setaffinity(0, sizeof(set), &set) == 0, "affinity: %s", strerror(errno));
}

void rx_rig_prepare(struct rx_rig *r, unsigned int queues, unsigned int mtu)
{
	fixture_enter(queues, mtu);
	r->waiting = 0;
	stay_on_one_cpu();
	peer_open(&r->peer, "v1");
	frontend_xdp_prepare(&r->x, "v0");
}

void rx_rig_memory(struct rx_rig *r, uint64_t size_bytes, uint32_t id_count)
{
	frontend_close(&r->x.f);
	frontend_open(&r->x.f, size_bytes, id_count);
	if (r->x.config.rx_id_limit < id_count)
		r->x.config.rx_id_limit = id_count;
}

void rx_rig_start(struct rx_rig *r, uint32_t queues, uint32_t buffers)
{
	struct net_action action;

	frontend_xdp_open(&r->x);
	frontend_xdp_start(&r->x, queues, buffers);
	/* Attaching is itself news of the link; from here on ready means that frames came. */
	while (net_endpoint_poll_action(r->x.ep, &action) == 1)
		;
	for (uint32_t i = 0; i < queues; i++)
		net_queue_poll_ready(r->x.queues[i], &r->x.f.pool);
}

void rx_rig_close(struct rx_rig *r)
{
	for (uint32_t i = 0; i < r->x.queue_count; i++)
		cr_assert(frontend_xdp_counter(&r->x, i, NET_XDP_RX_UNKNOWN) == 0,
			  "queue %u: descriptors of addresses that were never posted", i);
	frontend_xdp_close(&r->x);
	peer_close(&r->peer);
	cr_assert(netns_program_id("v0") == 0, "a program is left on v0");
}

/* ---- Frames --------------------------------------------------------------------------------------- */

void rx_rig_frame(uint8_t *out, uint32_t len, uint32_t n)
{
	frame_plain(out, len, n);
	frame_write16(out, 8, (uint16_t)(n >> 16));
	frame_write16(out, 10, (uint16_t)n);
}

uint32_t rx_rig_len(uint32_t n, uint32_t min, uint32_t max)
{
	struct frame_random random = frame_random(n ^ 0x6c656e00u);

	frame_random_next(&random);
	return min + frame_random_below(&random, max - min + 1);
}

void rx_rig_send(struct rx_rig *r, uint32_t len, uint32_t n)
{
	uint8_t frame[FRAME_MAX_BYTES];

	rx_rig_frame(frame, len, n);
	peer_send(&r->peer, frame, len);
}

/* The driver leaves the sender's queue number in the frame. Native XDP knows better; generic XDP reads
 * it as a receiver's, where 0 stands for "unknown": one less. */
void rx_rig_use_queue(struct rx_rig *r, uint32_t hardware_queue)
{
	bool generic = r->x.config.attach == NET_XDP_ATTACH_GENERIC;

	peer_use_queue(&r->peer, hardware_queue + generic);
}

void rx_rig_receive(struct rx_rig *r, uint32_t queue, uint32_t *ids, uint32_t count)
{
	uint32_t n = frontend_rx_wait(&r->x.f, r->x.queues[queue], ids, count, RX_RIG_DEADLINE_MS);

	cr_assert(n == count, "queue %u: %u of %u frames came", queue, n, count);
}

uint32_t rx_rig_number(struct rx_rig *r, uint32_t id)
{
	const uint8_t *frame = frontend_frame(&r->x.f, id);

	return (uint32_t)frame_read16(frame, 8) << 16 | frame_read16(frame, 10);
}

void rx_rig_expect(struct rx_rig *r, uint32_t id, uint32_t len, uint32_t n)
{
	uint8_t frame[FRAME_MAX_BYTES];

	rx_rig_frame(frame, len, n);
	frontend_expect_frame(&r->x.f, id, frame, len);
}

/* virtio_net's header with and without a hash: 20 or 12 bytes, see src/host/driver.c. */
void rx_rig_allow(struct rx_rig *r, uint32_t id)
{
	uint32_t gap = fixture_is_veth() ? 0 : 20, header = r->x.f.ids[id].buffer.header_bytes;

	gap = gap < header ? gap : header;
	frontend_allow(&r->x.f, frontend_frame_addr(&r->x.f, id) - gap,
		       gap + frontend_metadata(&r->x.f, id)->len_bytes);
}

/* ---- Counters ------------------------------------------------------------------------------------- */

uint64_t rx_rig_counter(struct rx_rig *r, enum net_xdp_counter counter)
{
	return frontend_xdp_counter(&r->x, 0, counter);
}

struct net_xdp_program_stats rx_rig_program(struct rx_rig *r)
{
	struct net_xdp_program_stats stats;
	int rc = net_xdp_program_stats(r->x.ep, &stats);

	cr_assert(rc == 0, "program's counters: %s", strerror(-rc));
	return stats;
}

void rx_rig_wait_counter(struct rx_rig *r, enum net_xdp_counter counter, uint64_t value)
{
	int64_t deadline = frontend_now_ms() + RX_RIG_DEADLINE_MS;
	uint64_t now;

	while ((now = rx_rig_counter(r, counter)) < value && frontend_now_ms() < deadline)
		frontend_sleep_ms(1);
	cr_assert(now == value, "%s is %" PRIu64 ", want %" PRIu64, net_xdp_counter_name(counter),
		  now, value);
}

void rx_rig_expect_no_buffer(struct rx_rig *r, uint32_t frames)
{
	if (fixture_is_veth()) {
		rx_rig_wait_counter(r, NET_XDP_RX_KERNEL_DROPPED, frames);
		return;
	}
	frontend_sleep_ms(50); /* by then they would be here */
	r->waiting = frames;
}

void rx_rig_poll_drops(struct rx_rig *r, enum net_xdp_counter counter, uint64_t value)
{
	int64_t deadline = frontend_now_ms() + RX_RIG_DEADLINE_MS;
	uint64_t now;
	uint32_t id;

	while ((now = rx_rig_counter(r, counter)) < value && frontend_now_ms() < deadline)
		cr_assert(frontend_rx(&r->x.f, r->x.queues[0], &id, 1) == 0,
			  "id %u came for a frame that is to be dropped", id);
	cr_assert(now == value, "%s is %" PRIu64 ", want %" PRIu64, net_xdp_counter_name(counter),
		  now, value);
}

/* Frames of a queue: received, or lost with a name. */
static uint64_t accounted(struct rx_rig *r, uint32_t queue)
{
	static const enum net_xdp_counter names[] = {
		NET_XDP_RX_FRAMES,	     NET_XDP_RX_DROP_CAPACITY, NET_XDP_RX_DROP_EMPTY,
		NET_XDP_RX_DROP_SPLIT,	     NET_XDP_RX_DROP_BUFFER,   NET_XDP_RX_KERNEL_DROPPED,
		NET_XDP_RX_KERNEL_RING_FULL,
	};
	struct net_xdp_stats stats;
	uint64_t sum = 0;

	cr_assert(net_xdp_queue_stats(r->x.queues[queue], &stats) == 0, "stats of queue %u", queue);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		sum += stats.value[names[i]];
	return sum;
}

/* Where the frames went, as far as they are known of. */
struct whereabouts {
	struct net_xdp_program_stats program;
	uint64_t queues; /* accounted for by these */
};

static struct whereabouts look(struct rx_rig *r)
{
	struct whereabouts w = {.program = rx_rig_program(r)};

	for (uint32_t i = 0; i < r->x.queue_count; i++)
		w.queues += accounted(r, i);
	return w;
}

static bool is_balanced(const struct whereabouts *w, uint64_t sent)
{
	const struct net_xdp_program_stats *p = &w->program;

	return p->redirected == w->queues &&
	       w->queues + p->passed + p->kept + p->kept_by_rule + p->dropped_too_long == sent;
}

bool rx_rig_is_balanced(struct rx_rig *r, uint64_t sent)
{
	struct whereabouts w = look(r);

	return is_balanced(&w, sent - r->waiting);
}

void rx_rig_balance(struct rx_rig *r, uint64_t sent)
{
	int64_t deadline = frontend_now_ms() + RX_RIG_DEADLINE_MS;
	struct whereabouts w = look(r);

	while (!is_balanced(&w, sent - r->waiting) && frontend_now_ms() < deadline) {
		frontend_sleep_ms(1);
		w = look(r);
	}
	cr_assert(is_balanced(&w, sent - r->waiting),
		  "%" PRIu64 " sent; %" PRIu64 " redirected, of which %" PRIu64
		  " are accounted for; passed %" PRIu64 ", kept %" PRIu64 " and by rule %" PRIu64
		  ", too long %" PRIu64,
		  sent, w.program.redirected, w.queues, w.program.passed, w.program.kept,
		  w.program.kept_by_rule, w.program.dropped_too_long);
}
