// SPDX-License-Identifier: BSD-2-Clause
/*
 * Packets with requests (checksums, tags, segmentation) through the whole of transmit, over the fake kernel. In an
 * exact run the wire is the reference segmenter's, byte for byte. In a loose one headers and requests are broken, or
 * the guest changes its memory between two reads of ours: then each accepted packet still completes once, all
 * that is lent comes back, no descriptor is one that the kernel refuses, and nothing wrote to the guest's memory.
 *
 * Subjects: src/xdp/data/tx src/base/segmenter
 * Longest: 400
 */
#include <criterion/criterion.h>

#include "fuzz/fuzz.h"
#include "fuzz/torn.h"
#include "support/fake_kernel.h"
#include "support/segment_break.h"

enum { SLOTS = 32, SLOT_BYTES = 8192, RING = 256, STEPS = 120, PAYLOAD_MOST = 4000, PIECES = 40 };
enum { IDLE = 0, ACCEPTED = 1 };

/* How the queue sends, and whether packets are broken or torn. */
struct way {
	bool aligned, software, sealed, zero_copy, broken, torn;
	uint32_t descriptors;
};

static struct {
	struct frontend f;
	struct fake_kernel k;
	struct frontend_list list;
	struct way way;
	uint8_t fate[SLOTS]; /* of the id that is the slot's number */
	uint32_t seed[SLOTS];
	uint32_t order[SLOTS], first, end; /* ids whose packets are not all on the wire */
	struct segment_oracle oracle;	   /* of the first of them */
	bool has_oracle;
	uint64_t held[2 * RING];
	uint32_t held_count;
} r;
static struct segment_packet packet, want;
static struct fake_packet got;

static void start(struct way w)
{
	struct net_xdp_config c = net_xdp_config_default();

	memset(&r, 0, sizeof(r));
	r.way = w;
	c.unaligned = !w.aligned;
	c.sealed = w.sealed;
	c.mode = w.zero_copy ? NET_XDP_MODE_AUTO : NET_XDP_MODE_COPY;
	if (w.software)
		c.tx_checksum = NET_XDP_TX_CHECKSUM_SOFTWARE;
	c.rx_ring_frames = c.fill_ring_frames = 8;
	c.tx_ring_frames = c.completion_ring_frames = RING;
	c.private_rx_chunks = 8;
	c.private_tx_frames = 64;
	c.rx_id_limit = 8;
	frontend_open(&r.f, SLOTS * SLOT_BYTES, 8);
	frontend_snapshot(&r.f);
	fake_open(&r.k, c, &r.f, 0xfffffff0);
	frontend_list_open(&r.list, 64);
	queue_set_zero_copy(&r.k.queue, w.zero_copy);
	r.k.endpoint.attached.device.has_features = true;
	if (w.zero_copy && !w.software && !w.aligned) { /* a driver that adds up */
		r.k.endpoint.attached.device.xsk_features = XSK_FEATURE_TX_CHECKSUM;
		r.k.endpoint.memory.tx_request_bytes = XSK_TX_REQUEST_BYTES;
	}
	queue_set_tx(&r.k.queue, w.descriptors ? w.descriptors : XDP_COPY_TX_DESCRIPTORS);
}

/* ---- Packets ---------------------------------------------------------------------------------- */

/* The same packet each time. */
static struct segment_spec spec_of(uint32_t seed)
{
	struct frame_random dice = frame_random(seed);
	const bool segmented = seed & 1;
	struct segment_spec spec = segment_random(
		&dice, (struct segment_wish){.segmented = segmented,
					     .payload_most = segmented ? PAYLOAD_MOST : 1200});
	uint32_t headers;

	if (r.way.sealed) /* it would have to be read */
		spec.padding_bytes = 0;
	segment_oracle_whole(&packet, &spec);
	headers = packet.l2_len + packet.l3_len + packet.l4_len;
	if (spec.mss && spec.mss > 1518 - headers)
		spec.mss = (uint16_t)(1518 - headers);
	if (spec.mss && spec.mss < spec.payload_bytes / PIECES + 1)
		spec.mss = (uint16_t)(spec.payload_bytes / PIECES + 1);
	return spec;
}

/* Write the packet to its slot, cut into so many segments. */
static void place(uint32_t id, uint32_t segments, struct frame_random *dice)
{
	const uint64_t end = FRONTEND_BASE + (id + 1) * SLOT_BYTES;
	uint64_t addr = FRONTEND_BASE + id * SLOT_BYTES + frame_random_below(dice, 64);
	uint32_t at = 0;

	for (uint32_t i = 0; i < segments; i++) {
		const uint32_t left = packet.len - at, rest = segments - i;
		const uint32_t n = rest == 1 ? left : frame_random_below(dice, 2 * left / rest + 1);

		if (n)
			memcpy(frontend_at(&r.f, addr, n), packet.bytes + at, n);
		frontend_list_segment(&r.list, n ? addr : UINT64_MAX, n);
		at += n;
		addr += n + frame_random_below(dice, (uint32_t)(end - addr - left) / rest);
	}
	frontend_allow(&r.f, FRONTEND_BASE + id * SLOT_BYTES, SLOT_BYTES);
}

static uint32_t offer_torn(void)
{
	const struct memory *m = &r.k.endpoint.memory;
	uint8_t *at = r.way.sealed ? r.f.regions[0].bytes : m->base + m->region[0].offset;
	const size_t *changed;
	uint32_t n, count;
	bool sync;

	if (r.way.torn)
		torn_start(at, r.f.regions[0].size_bytes, r.k.stores + r.end, 1 + r.end % 8);
	n = (uint32_t)net_queue_tx_avail(&r.k.queue.base, &r.f.pool, r.list.segments, r.list.count,
					 &sync);
	count = torn_stop(&changed);
	for (uint32_t i = 0; i < count && r.way.torn; i++)
		frontend_allow(&r.f, FRONTEND_BASE + changed[i], 1);
	return n;
}

static void expect_not_dropped(void)
{
	const uint64_t *c = r.k.queue.counter;

	if (r.way.broken || r.way.torn)
		return;
	for (uint32_t i = NET_XDP_TX_DROP_ADDRESS; i <= NET_XDP_TX_DROP_SEALED; i++)
		cr_assert_eq(c[i], 0, "dropped: counter %u", i);
}

static void send_packet(uint32_t seed, uint32_t shape)
{
	struct frame_random dice = frame_random(seed ^ shape);
	struct segment_spec spec = spec_of(seed);
	enum segment_style style = (enum segment_style)(shape % SEGMENT_STYLES);
	struct segment_request asked;
	uint32_t id = 0, n;

	while (id < SLOTS && r.fate[id] != IDLE)
		id++;
	if (id == SLOTS)
		return;
	segment_apply(&packet, &spec, spec.mss || style == SEGMENT_PSEUDO ? style : SEGMENT_FULL);
	asked = segment_request(&packet, &spec);
	if (r.way.broken) {
		segment_break_bytes(&packet, &dice);
		segment_break_request(&packet, &dice, &asked);
	}
	frontend_list_clear(&r.list);
	*frontend_list_packet(&r.list, id) = (struct net_tx_metadata){.id = id};
	/* a sealed queue cannot copy what has more segments than descriptors */
	place(id, 1 + shape / SEGMENT_STYLES % (r.way.sealed ? 4 : 20), &dice);
	asked.meta.id = id;
	asked.meta.segment_count = r.list.packets[0].segment_count;
	if (asked.meta.len_bytes < r.list.packets[0].len_bytes && !(shape & 0x80))
		asked.meta.len_bytes = r.list.packets[0].len_bytes;
	r.list.packets[0] = asked.meta;
	n = offer_torn();
	cr_assert(n == 0 || n == r.list.count, "%u of %u segments", n, r.list.count);
	if (n == 0)
		return;
	expect_not_dropped();
	r.fate[id] = ACCEPTED;
	r.seed[id] = seed;
	r.order[r.end++ % SLOTS] = id;
}

/* ---- The wire --------------------------------------------------------------------------------- */

/* Zero-copy drivers look at what lies in front of a packet whether its descriptor has XDP_TX_METADATA or not
 * (xsk_buff_get_metadata()). */
static void expect_no_stale_request(void)
{
	struct xsk_tx_request request;

	if (!r.k.endpoint.memory.tx_request_bytes)
		return;
	if (got.address[0] < r.k.endpoint.memory.private_offset)
		return;
	memcpy(&request, r.k.endpoint.memory.base + got.address[0] - sizeof(request),
	       sizeof(request));
	cr_assert_eq(request.flags, got.requests ? XDP_TXMD_FLAGS_CHECKSUM : 0);
}

/* What the kernel adds up to 0 is the same as 0xffff. */
static void expect_next(void)
{
	char why[FRAME_WHY_BYTES];

	if (!r.has_oracle) {
		static struct segment_spec spec;

		cr_assert(r.first != r.end, "more on the wire than there should be");
		spec = spec_of(r.seed[r.order[r.first % SLOTS]]);
		r.oracle = segment_oracle_start(&spec);
		r.has_oracle = true;
	}
	cr_assert(segment_oracle_next(&r.oracle, &want));
	if (got.requests && frame_read16(want.bytes, want.l4_field) == 0)
		frame_write16(want.bytes, want.l4_field, 0xffff);
	cr_assert(frame_equal(got.bytes, got.len, want.bytes, want.len, why), "%s", why);
	if (r.oracle.is_done) {
		r.first++;
		r.has_oracle = false;
	}
}

static void transmit(uint32_t count)
{
	const bool exact = !r.way.broken && !r.way.torn;

	/* a packet's payload comes from a buffer that the next one overwrites: whole packets */
	while ((count-- || r.has_oracle) && fake_transmit(&r.k, &got)) {
		cr_assert_leq(got.len, 1518 + 4);
		if (exact)
			expect_next();
		expect_no_stale_request();
		for (uint32_t i = 0; i < got.descriptors; i++)
			r.held[r.held_count++] = got.address[i];
	}
	cr_assert(!exact || !r.has_oracle, "less on the wire than there should be");
}

static void complete(uint32_t count, uint32_t seed)
{
	struct frame_random dice = frame_random(seed);

	while (count-- && r.held_count) {
		const uint32_t i = frame_random_below(&dice, r.held_count);

		fake_complete(&r.k, r.held[i]);
		r.held[i] = r.held[--r.held_count];
	}
}

static uint32_t collect(uint32_t most)
{
	uint32_t ids[64];
	int n = net_queue_tx_poll(&r.k.queue.base, &r.f.pool, ids, most < 64 ? most : 64);

	cr_assert_geq(n, 0);
	for (int i = 0; i < n; i++) {
		cr_assert(ids[i] < SLOTS && r.fate[ids[i]] == ACCEPTED, "id %u came back", ids[i]);
		r.fate[ids[i]] = IDLE;
	}
	return (uint32_t)n;
}

static void step(struct script *s)
{
	const uint8_t what = script_u8(s);
	uint32_t seed;

	switch (what % 8) {
	case 0:
	case 1:
	case 2:
		seed = script_u16(s);
		send_packet(seed, what * 8u + script_u8(s));
		break;
	case 3:
		transmit(1 + what / 4);
		break;
	case 4:
		complete(1 + what / 2, script_u8(s));
		break;
	case 5:
		collect(1 + what / 8);
		break;
	case 6:
		fake_publish(&r.k);
		break;
	default:
		fake_settle(&r.k);
		break;
	}
}

static void finish(void)
{
	struct net_xdp_queue *q = &r.k.queue;

	for (uint32_t idle = 0; idle < 4; idle++) {
		transmit(RING);
		complete(2 * RING, 1);
		fake_settle(&r.k);
		if (collect(64))
			idle = 0;
	}
	for (uint32_t id = 0; id < SLOTS; id++)
		cr_assert_eq(r.fate[id], IDLE, "id %u is lost", id);
	cr_assert_eq(inflight_count(&q->tx_inflight), 0);
	cr_assert_eq(q->tx_headers.free_count, q->tx_headers.slots);
	cr_assert_eq(q->tx_private.free_count, q->tx_private.slots);
	cr_assert_eq(q->tx_records.free_count, q->tx_records.size);
	cr_assert_eq(q->counter[NET_XDP_TX_UNKNOWN], 0);
	cr_assert_eq(frontend_first_change(&r.f), 0, "transmit wrote to the frontend's memory");
	frontend_list_close(&r.list);
	fake_close(&r.k);
	frontend_close(&r.f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t descriptors[] = {0, 1, 2, 5, 18};
	struct script s = {data, size};
	const uint8_t how = script_u8(&s), more = script_u8(&s);
	struct way w = {
		.aligned = how & 1,
		.software = how & 2,
		.zero_copy = how & 4,
		.broken = how & 8,
		.torn = how & 16,
		.sealed = (how & 0x67) == 0x60,
	};

	if (w.zero_copy)
		w.descriptors = descriptors[more % 5];
	if (w.descriptors == 1)
		w.software = true;
	fake_use_seed(script_u16(&s));
	start(w);
	for (uint32_t i = 0; i < STEPS && s.left; i++)
		step(&s);
	finish();
	return 0;
}
