// SPDX-License-Identifier: BSD-2-Clause
/*
 * The data calls over the fake kernel, whose indices come late and one store at a time, against the oracles of
 * the unit tests: each id has one owner, each packet completes once, the wire is the reference, the kernel gets
 * no chunk twice and none that is the frontend's, and no byte of the frontend's memory is written but those of its
 * frames. What metadata say of tags and checksums is known from how the frames were made.
 *
 * Input: a kind of queue, its options, the kernel's seed, then steps: what is done, and the seed of its lengths,
 * addresses and faults.
 *
 * Subjects: src/xdp/data/ src/xdp/queue_state.c
 * Longest: 300
 */
#include <criterion/criterion.h>

#include "fuzz/fuzz.h"
#include "fuzz/torn.h"
#include "support/rx_oracle.h"
#include "support/tx_oracle.h"

enum { STEPS = 400, TX_BYTES = 32 << 10, TX_PACKETS = 12 };

static struct rx_oracle rx;
static struct tx_oracle tx;

/* ---- What both directions have ---------------------------------------------------------------- */

/* An inspector that reads what it is told. */
struct reader {
	struct net_inspector base;
	int depth;
	size_t read;
};

static void enter(struct net_inspector *to, const char *name, int index)
{
	struct reader *r = (struct reader *)to;

	r->read += strlen(name) + (index >= 0);
	cr_assert_leq(++r->depth, 15);
}

static void leave(struct net_inspector *to)
{
	cr_assert_geq(--((struct reader *)to)->depth, 0);
}

static void field(struct net_inspector *to, const struct net_field *f)
{
	struct reader *r = (struct reader *)to;

	cr_assert_lt(strlen(f->name), 64);
	r->read += strlen(f->unit) + strlen(f->meaning);
	if (f->kind == NET_FIELD_TEXT && f->text)
		r->read += strlen(f->text);
}

static const struct net_inspector_ops reader_ops = {
	.size_bytes = sizeof(struct net_inspector_ops),
	.enter = enter,
	.leave = leave,
	.field = field,
};

static void look(struct fake_kernel *k)
{
	struct net_queue *q = &k->queue.base;
	struct net_queue_stats stats;
	struct reader r = {.base.ops = &reader_ops};

	/* the library looks only at queues of its own */
	q->ops = &queue_ops;
	net_queue_stats(q, &stats);
	net_queue_inspect(q, &r.base);
	q->ops = &fake_calls;
	cr_assert(r.depth == 0 && r.read > 0);
}

/* ---- Receive ---------------------------------------------------------------------------------- */

static const struct oracle_variant rx_kinds[] = {
	{.unaligned = true, .ring = 64},
	{.unaligned = true, .ring = 256},
	{.unaligned = true, .ring = 4},
	{.unaligned = true, .zero_copy = true, .ring = 128},
	{.ring = 64},
	{.zero_copy = true, .ring = 256},
	{.unaligned = true, .jumbo = true, .ring = 64},
	{.zero_copy = true, .ring = 8},
};

/* Bits of an input's options; two each for checksums and driver. */
enum {
	MERGE = 1,
	PIECES = 2,
	CHECKSUM = 4,
	DRIVER = 16,
	VLAN = 64,
	SEALED = 128,
	TORN = 256,
	ORDERED = 512,
};

/* What goes together, as config.c has it. */
static struct oracle_variant rx_variant(uint32_t kind, uint32_t options)
{
	static const char *const drivers[] = {NULL, "veth", "ice", "tun"};
	struct oracle_variant v = rx_kinds[kind];

	/* enough to fill the ring, few to set up */
	v.ids = v.ring + ORACLE_PRIVATE < ORACLE_IDS ? v.ring + ORACLE_PRIVATE : ORACLE_IDS;
	v.merge = options & MERGE;
	v.pieces = options & PIECES;
	v.ordered = options & ORDERED;
	v.driver = drivers[options / DRIVER % 4];
	v.sealed = options & SEALED && !v.jumbo;
	if (v.sealed)
		return v;
	v.checksum = options / CHECKSUM % 4;
	v.vlan = options & VLAN && !v.jumbo && v.driver;
	v.torn = options & TORN && (v.checksum || v.vlan);
	return v;
}

static void is_posted(void *context, bool is_rx, uint32_t id)
{
	uint8_t *told = context;

	cr_assert(is_rx && id < rx.v.ids && rx.id[id].posted, "id %u is the frontend's", id);
	cr_assert(!told[id], "id %u was told twice", id);
	told[id] = 1;
}

static void expect_outstanding_rx(void)
{
	uint8_t told[ORACLE_IDS] = {0};

	net_queue_outstanding(&rx.q->base, is_posted, told);
	for (uint32_t id = 0; id < rx.v.ids; id++)
		cr_assert_eq(told[id], rx.id[id].posted, "id %u was not told", id);
}

static void rx_poll_step(uint32_t most)
{
	const struct memory *m = &rx.k.endpoint.memory;
	const size_t *changed;
	uint32_t count;

	if (rx.v.torn)
		torn_start(m->base + m->region[0].offset, ORACLE_BYTES, rx.k.stores + rx.number,
			   1 + rx.number % 8);
	rx_oracle_poll(&rx, most);
	count = torn_stop(&changed);
	for (uint32_t i = 0; i < count && rx.v.torn; i++)
		frontend_allow(&rx.f, FRONTEND_BASE + changed[i], 1);
}

static void rx_guest_step(uint32_t amount)
{
	if (amount % 4 == 0)
		rx_oracle_recant(&rx);
	else if (amount % 4 == 1)
		rx_oracle_scribble(&rx);
	else
		for (; amount; amount--)
			rx_oracle_lie(&rx);
}

static void rx_step(uint32_t what)
{
	const uint32_t amount = what >> 4;
	bool is_ready;

	switch (what % 16) {
	case 0:
	case 1:
	case 2:
		rx_oracle_post(&rx);
		break;
	case 3:
	case 4:
	case 5:
		rx_poll_step(rx.v.merge ? amount * amount : amount * 4);
		break;
	case 6:
	case 7:
		rx_oracle_take(&rx, 1 + amount * rx.v.ring / 16);
		break;
	case 8:
		fake_publish(&rx.k);
		break;
	case 9:
		fake_settle(&rx.k);
		break;
	case 10:
		is_ready = net_queue_poll_ready(&rx.q->base, &rx.f.pool);
		cr_assert(is_ready || !rx.has_left, "a frame is left, and nothing is ready");
		break;
	case 11:
		expect_outstanding_rx();
		look(&rx.k);
		break;
	case 12:
		rx_guest_step(amount);
		break;
	default:
		rx_oracle_receive_some(&rx, 1 + amount * 3);
		break;
	}
	rx_oracle_balance(&rx);
}

static void rx_run(struct oracle_variant v, struct script *s)
{
	rx_oracle_open(&rx, v);
	for (uint32_t i = 0; i < STEPS && s->left; i++) {
		uint32_t what = script_u8(s);

		srand(script_u16(s));
		rx_step(what);
	}
	expect_outstanding_rx();
	rx_oracle_drain(&rx);
	rx_oracle_close(&rx);
}

/* ---- Transmit --------------------------------------------------------------------------------- */

static const struct tx_variant tx_kinds[] = {
	{.unaligned = true, .flight = TX_ORACLE_RING},
	{.unaligned = true, .zero_copy = true, .flight = TX_ORACLE_FLIGHT},
	{.flight = 2 * TX_ORACLE_RING},
	{.unaligned = true, .jumbo = true, .flight = TX_ORACLE_FLIGHT},
	{.zero_copy = true, .flight = TX_ORACLE_RING},
	{.jumbo = true, .zero_copy = true, .unaligned = true, .flight = 2 * TX_ORACLE_RING},
};

static void is_accepted(void *context, bool is_rx, uint32_t id)
{
	enum tx_fate fate = tx.fate[id % TX_ORACLE_IDS];
	uint8_t *told = context;

	cr_assert(!is_rx && id < tx.ids && (fate == TX_ORACLE_SENT || fate == TX_ORACLE_DROPPED),
		  "id %u: fate %d", id, fate);
	cr_assert(!told[id % TX_ORACLE_IDS], "id %u was told twice", id);
	told[id % TX_ORACLE_IDS] = 1;
}

static void expect_outstanding_tx(void)
{
	const uint32_t ids = tx.ids < TX_ORACLE_IDS ? tx.ids : TX_ORACLE_IDS;
	static uint8_t told[TX_ORACLE_IDS];

	memset(told, 0, ids);
	net_queue_outstanding(&tx.k.queue.base, is_accepted, told);
	for (uint32_t i = 0; i < ids; i++)
		cr_assert(told[i] ||
				  (tx.fate[i] != TX_ORACLE_SENT && tx.fate[i] != TX_ORACLE_DROPPED),
			  "id %u was not told", i);
}

static void tx_step(uint32_t what)
{
	const uint32_t amount = 1 + (what >> 4) * 4;

	switch (what % 16) {
	case 0:
	case 1:
	case 2:
	case 3:
		if (tx.offered == tx.list.count)
			tx_oracle_list(&tx);
		tx_oracle_offer(&tx);
		break;
	case 4:
	case 5:
	case 6:
		tx_oracle_transmit(&tx, amount);
		break;
	case 7:
	case 8:
	case 9:
		tx_oracle_complete(&tx, amount, what % 16 != 9);
		break;
	case 10:
		fake_publish(&tx.k);
		break;
	case 11:
		fake_settle(&tx.k);
		break;
	case 12:
		net_queue_poll_ready(&tx.k.queue.base, &tx.f.pool);
		break;
	case 13:
		expect_outstanding_tx();
		look(&tx.k);
		break;
	default:
		tx_oracle_collect(&tx, amount);
		break;
	}
	cr_assert_leq(tx.held_count, inflight_count(&tx.k.queue.tx_inflight));
}

static void tx_run(struct tx_variant v, uint32_t options, struct script *s)
{
	const uint64_t *c = tx.k.queue.counter;

	v.sealed = options & SEALED && !v.jumbo;
	v.bytes = TX_BYTES;
	v.packets = TX_PACKETS;
	tx_oracle_open(&tx, v);
	for (uint32_t i = 0; i < STEPS && s->left; i++) {
		uint32_t what = script_u8(s);

		srand(script_u16(s));
		tx_step(what);
	}
	expect_outstanding_tx();
	tx_oracle_drain(&tx);
	cr_assert_eq(tx.completed, tx.ids, "%u of %u packets completed", tx.completed, tx.ids);
	cr_assert_eq(c[NET_XDP_TX_PACKETS], tx.wire);
	cr_assert_eq(c[NET_XDP_TX_DIRECT] + c[NET_XDP_TX_SPLIT] + c[NET_XDP_TX_BOUNCED], tx.wire);
	cr_assert_eq(c[NET_XDP_TX_ACCEPTED], tx.ids);
	cr_assert_eq(c[NET_XDP_TX_UNKNOWN], 0);
	cr_assert_eq(inflight_count(&tx.k.queue.tx_inflight), 0);
	cr_assert_eq(tx.k.queue.tx_records.free_count, v.flight, "every record came back");
	cr_assert_eq(tx.k.queue.tx_private.free_count, tx.k.queue.tx_private.slots,
		     "every private slot came back");
	cr_assert(!v.sealed || c[NET_XDP_TX_BOUNCED] == 0, "sealed, and copied");
	cr_assert_geq(c[NET_XDP_TX_DROP_SEALED], tx.sealed_out);
	tx_oracle_close(&tx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint32_t rx_count = sizeof(rx_kinds) / sizeof(*rx_kinds);
	const uint32_t tx_count = sizeof(tx_kinds) / sizeof(*tx_kinds);
	struct script s = {data, size};
	uint32_t kind, options;

	kind = script_u8(&s) % (rx_count + tx_count);
	options = script_u16(&s);
	fake_use_seed(script_u16(&s));
	if (kind < rx_count)
		rx_run(rx_variant(kind, options), &s);
	else
		tx_run(tx_kinds[kind - rx_count], options, &s);
	return 0;
}
