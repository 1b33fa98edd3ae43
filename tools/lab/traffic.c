// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>
#include <time.h>

#include "traffic.h"

#define QUIET_NS 3000000000ull /* nothing for so long: nothing will come */

enum {
	FRAMES_PER_SECOND = 8000, /* emulated NICs lose and reorder when they are rushed */
	IN_FLIGHT = 64,
	BATCH = 32,
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void read_stats(struct port *p, struct net_xdp_stats *out)
{
	memset(out, 0, sizeof(*out));
	if (p->q)
		net_xdp_queue_stats(p->q, out);
}

void traffic_begin(struct traffic *t, struct port *from, struct port *to)
{
	static uint16_t run;

	*t = (struct traffic){
		.from = from,
		.to = to,
		.flow = {.ip_src = 0xc6120001, .ip_dst = 0xc6120002, .run = ++run}, /* RFC 2544 */
		.next_ns = now_ns(),
	};
	memcpy(t->flow.src_mac, from->mac, 6);
	memcpy(t->flow.dst_mac, to->mac, 6);
	for (uint32_t slot = 0; slot < PORT_TX; slot++)
		t->prepared[slot] = frame_prepare(
			&t->flow, slot, from->bytes + port_tx_at(from, slot), port_tx_len(slot));
	read_stats(from, &t->from_before);
	read_stats(to, &t->to_before);
}

static void give_back(struct port *p, uint32_t slot)
{
	p->free_tx[(p->free_head + p->free_count++) % PORT_TX] = slot;
}

static void send_one(struct traffic *t)
{
	uint32_t slot = t->from->free_tx[t->from->free_head % PORT_TX];
	struct net_tx_metadata meta = {
		.id = slot,
		.len_bytes = port_tx_len(slot),
		.segment_count = 1,
	};
	struct net_tx_segment segment = {
		.addr = t->from->region[0].guest_addr + port_tx_at(t->from, slot),
		.len_bytes = meta.len_bytes,
		.head = &meta,
	};
	bool sync;

	frame_stamp(t->from->bytes + port_tx_at(t->from, slot), t->prepared[slot], t->sent,
		    now_ns());
	if (!net_queue_tx_avail(t->from->q, &t->from->access, &segment, 1, &sync))
		return;
	t->sent++;
	t->crossing += port_tx_crosses(t->from, slot);
	t->cut += meta.len_bytes > PIECE;
	t->from->free_head++;
	t->from->free_count--;
	if (sync)
		give_back(t->from, slot);
}

static void take_one(struct traffic *t, uint32_t id)
{
	const struct net_rx_metadata *m = &t->to->received[id];
	struct frame_info info;

	switch (frame_check(t->to->bytes + port_rx_at(t->to, id) + m->offset_bytes, m->len_bytes,
			    &info)) {
	case FRAME_GOOD:
		if (info.run == t->flow.run) {
			flow_note(&t->table, info.run, info.stream, info.sequence);
			t->received++;
			return;
		}
		break;
	case FRAME_CORRUPT:
	case FRAME_BAD_SUM:
		t->corrupt++;
		return;
	case FRAME_FOREIGN:
		break;
	}
	t->foreign++;
}

void traffic_release(struct traffic *t)
{
	net_queue_rx_avail(t->to->q, &t->to->access, t->held, t->held_count);
	t->held_count = 0;
}

/* Collect what there is at both ends. Return: was there anything? */
static bool collect(struct traffic *t)
{
	uint32_t ids[BATCH], got = 0;
	int done;

	if (t->to->q) {
		got = net_queue_rx_poll(t->to->q, &t->to->access, ids, BATCH);
		for (uint32_t i = 0; i < got; i++) {
			take_one(t, ids[i]);
			t->held[t->held_count++] = ids[i];
		}
		if (!t->hold)
			traffic_release(t);
	}
	done = net_queue_tx_poll(t->from->q, &t->from->access, ids, BATCH);
	for (int i = 0; i < done; i++)
		give_back(t->from, ids[i]);
	return got || done > 0;
}

void traffic_run(struct traffic *t, uint64_t frames)
{
	uint64_t last = t->sent + frames, moved = now_ns(), now;

	while (t->sent < last && (now = now_ns()) - moved < QUIET_NS) {
		if (now >= t->next_ns && PORT_TX - t->from->free_count < IN_FLIGHT) {
			send_one(t);
			t->next_ns = now + 1000000000 / FRAMES_PER_SECOND;
			moved = now;
		}
		collect(t);
	}
}

void traffic_settle(struct traffic *t)
{
	uint64_t quiet_since = now_ns();

	while (((t->to->q && t->received < t->sent) || t->from->free_count < PORT_TX) &&
	       now_ns() - quiet_since < QUIET_NS)
		if (collect(t))
			quiet_since = now_ns();
}

static void grown(const struct net_xdp_stats *before, struct net_xdp_stats *now)
{
	for (int i = 0; i < NET_XDP_COUNTERS; i++)
		now->value[i] -= before->value[i];
}

void traffic_end(struct traffic *t, struct traffic_result *r)
{
	static const enum net_xdp_counter tx_causes[] = {
		NET_XDP_TX_DROP_ADDRESS, NET_XDP_TX_DROP_MALFORMED, NET_XDP_TX_DROP_SIZE,
		NET_XDP_TX_DROP_OFFLOAD, NET_XDP_TX_DROP_SEALED,    NET_XDP_TX_LOST,
	};
	static const enum net_xdp_counter rx_causes[] = {
		NET_XDP_RX_DROP_CAPACITY, NET_XDP_RX_DROP_EMPTY,     NET_XDP_RX_DROP_SPLIT,
		NET_XDP_RX_DROP_BUFFER,	  NET_XDP_RX_KERNEL_DROPPED, NET_XDP_RX_KERNEL_RING_FULL,
	};
	struct flow_table *table = &t->table;
	uint64_t arrived;

	*r = (struct traffic_result){0};
	flow_totals(&table, 1, &r->frames);
	flow_free(table);
	read_stats(t->from, &r->from);
	read_stats(t->to, &r->to);
	grown(&t->from_before, &r->from);
	grown(&t->to_before, &r->to);
	for (unsigned i = 0; i < sizeof(tx_causes) / sizeof(*tx_causes); i++)
		r->named += r->from.value[tx_causes[i]];
	for (unsigned i = 0; i < sizeof(rx_causes) / sizeof(*rx_causes); i++)
		r->named += r->to.value[rx_causes[i]];
	arrived = r->frames.unique + t->corrupt + r->named;
	r->unexplained = t->sent > arrived ? t->sent - arrived : arrived - t->sent;
}

bool traffic_crosses(struct port *from, struct port *to, unsigned timeout_s)
{
	uint64_t deadline = now_ns() + timeout_s * 1000000000ull;
	struct traffic_result result;
	struct traffic t;

	traffic_begin(&t, from, to);
	while (!t.received && now_ns() < deadline) {
		traffic_run(&t, 1);
		for (uint64_t until = now_ns() + 20000000; now_ns() < until && !t.received;)
			collect(&t);
	}
	traffic_settle(&t);
	traffic_end(&t, &result);
	return result.frames.unique > 0;
}
