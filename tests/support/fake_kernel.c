// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "support/fake_kernel.h"
#include "host/xdp_uapi.h"

/* producer: are we the producer, and the kernel the consumer? */
static void open_ring(struct fake_ring *shared, struct ring *view, uint32_t entries,
		      size_t entry_bytes, bool producer, uint32_t start)
{
	shared->entries = entries;
	shared->producer = shared->consumer = shared->kernel = start;
	shared->published = producer ? &shared->consumer : &shared->producer;
	shared->entry = calloc(entries, entry_bytes);
	cr_assert_not_null(shared->entry);
	*view = (struct ring){
		.mine = start,
		.theirs = start,
		.mask = entries - 1,
		.entries = entries,
		.entry = shared->entry,
		.own = producer ? &shared->producer : &shared->consumer,
		.other = producer ? &shared->consumer : &shared->producer,
		.flags = &shared->flags,
	};
}

/* ---- Publishing ----------------------------------------------------------------------------- */

static struct {
	bool given;
	uint64_t seed;
} used;

void fake_use_seed(uint64_t seed)
{
	used.given = true;
	used.seed = seed;
}

static void draw_order(struct fake_kernel *k)
{
	const char *given = getenv("FAKE_KERNEL_SEED");
	uint64_t seed = 0;

	if (used.given)
		seed = used.seed;
	else if (given)
		seed = strtoull(given, NULL, 0);
	else
		cr_assert_eq(getrandom(&seed, sizeof(seed), 0), sizeof(seed));
	k->random = frame_random(seed);
	k->any_order = frame_random_below(&k->random, 2);
	k->lateness = 1u << frame_random_below(&k->random, 5);
	if (!used.given)
		fprintf(stderr, "fake kernel: FAKE_KERNEL_SEED=0x%" PRIx64 ", %s order, 1 of %u\n",
			seed, k->any_order ? "any" : "the kernel's", k->lateness);
	k->ring[0] = &k->rx;
	k->ring[1] = &k->fill;
	k->ring[2] = &k->completion;
	k->ring[3] = &k->tx;
}

uint64_t fake_steps(uint64_t usual)
{
	const char *given = getenv("FAKE_KERNEL_STEPS");

	return given ? strtoull(given, NULL, 0) : usual;
}

bool fake_publish(struct fake_kernel *k)
{
	struct fake_ring *late[FAKE_RINGS], *r;
	uint32_t n = 0, behind;

	for (uint32_t i = 0; i < FAKE_RINGS; i++)
		if (k->ring[i]->kernel != *k->ring[i]->published)
			late[n++] = k->ring[i];
	if (n == 0)
		return false;
	r = late[k->any_order ? frame_random_below(&k->random, n) : 0];
	behind = r->kernel - *r->published;
	if (k->any_order)
		behind = 1 + frame_random_below(&k->random, behind);
	__atomic_store_n(r->published, *r->published + behind, __ATOMIC_RELEASE);
	k->stores++;
	return true;
}

void fake_settle(struct fake_kernel *k)
{
	while (fake_publish(k))
		;
}

/* ---- Set-up ----------------------------------------------------------------------------------- */

void fake_open(struct fake_kernel *k, struct net_xdp_config config, struct frontend *f,
	       uint32_t start)
{
	struct net_xdp_region regions[FRONTEND_REGIONS];
	struct net_xdp_queue *q = &k->queue;
	struct net_error err = {0};

	memset(k, 0, sizeof(*k));
	k->frontend = f;
	draw_order(k);
	for (uint32_t i = 0; i < f->region_count; i++)
		regions[i] = (struct net_xdp_region){
			.guest_addr = f->regions[i].guest_addr,
			.size_bytes = f->regions[i].size_bytes,
			.fd = f->regions[i].fd,
		};
	config.ifname = "fake0";
	config.regions = regions;
	config.region_count = f->region_count;
	cr_assert_eq(net_xdp_config_check(&config, &err), 0, "%s", err.message);
	k->endpoint.config = config;
	cr_assert_eq(memory_open(&k->endpoint.memory, &config, &err), 0, "%s", err.message);

	q->base.ops = &fake_calls;
	q->endpoint = &k->endpoint;
	q->xsk.fd = q->ready_fd = q->timer_fd = -1;
	queue_set_facts(q, &k->endpoint);
	if (tx_ways_want_requests(&config, &k->endpoint.attached.device, true))
		k->endpoint.memory.tx_request_bytes = XSK_TX_REQUEST_BYTES;
	queue_set_tx(q, XDP_COPY_TX_DESCRIPTORS);
	open_ring(&k->fill, &q->xsk.fill, config.fill_ring_frames, 8, true, start);
	open_ring(&k->completion, &q->xsk.completion, config.completion_ring_frames, 8, false,
		  start);
	open_ring(&k->rx, &q->xsk.rx, config.rx_ring_frames, 16, false, start);
	open_ring(&k->tx, &q->xsk.tx, config.tx_ring_frames, 16, true, start);
	cr_assert_eq(queue_open_tables(q, &k->endpoint, &err), 0, "%s", err.message);
	if (config.sealed)
		cr_assert_eq(memory_seal(&k->endpoint.memory, true), 0);
}

void fake_close(struct fake_kernel *k)
{
	queue_close_tables(&k->queue);
	memory_close(&k->endpoint.memory);
	free(k->fill.entry);
	free(k->completion.entry);
	free(k->rx.entry);
	free(k->tx.entry);
}

uint32_t fake_filled(const struct fake_kernel *k)
{
	return k->fill.producer - k->fill.kernel;
}

bool fake_take_fill(struct fake_kernel *k, uint64_t *address)
{
	cr_assert_leq(fake_filled(k), k->fill.entries, "the fill ring was overrun");
	if (fake_filled(k) == 0)
		return false;
	*address = ((uint64_t *)k->fill.entry)[k->fill.kernel++ % k->fill.entries];
	return true;
}

/* xsk_buff_pool.c: xp_check_unaligned(), xp_check_aligned() in copy mode. */
bool fake_fill_is_valid(const struct fake_kernel *k, uint64_t address)
{
	const struct net_xdp_config *c = &k->endpoint.config;
	uint64_t size = k->endpoint.memory.bytes;

	if (c->unaligned)
		return address < size && address + c->chunk_bytes <= size;
	return (address & ~(uint64_t)(c->chunk_bytes - 1)) < size;
}

uint8_t *fake_view(const struct fake_kernel *k, uint64_t offset)
{
	for (uint32_t i = 0; i < k->endpoint.memory.region_count; i++) {
		const struct memory_region *r = &k->endpoint.memory.region[i];

		if (offset - r->offset < r->bytes)
			return frontend_at(k->frontend, r->guest_addr + (offset - r->offset), 1);
	}
	return k->endpoint.memory.base + offset;
}

bool fake_receive_into(struct fake_kernel *k, uint64_t fill_address, const void *bytes,
		       uint32_t len, uint32_t options, uint32_t shift)
{
	const struct net_xdp_config *c = &k->endpoint.config;
	uint64_t distance = k->queue.frame_offset + shift;
	struct xdp_desc *d = (struct xdp_desc *)k->rx.entry + k->rx.kernel % k->rx.entries;

	cr_assert(fake_fill_is_valid(k, fill_address), "fill entry 0x%lx would be swallowed",
		  fill_address);
	if (k->rx.kernel - k->rx.consumer == k->rx.entries)
		return false;
	if (!c->unaligned)
		fill_address &= ~(uint64_t)(c->chunk_bytes - 1);
	memcpy(fake_view(k, fill_address + distance), bytes, len);
	d->addr = c->unaligned ? fill_address | distance << 48 : fill_address + distance;
	d->len = len;
	d->options = options;
	k->rx.kernel++;
	return true;
}

bool fake_receive(struct fake_kernel *k, const void *bytes, uint32_t len)
{
	uint64_t address;

	if (k->rx.kernel - k->rx.consumer == k->rx.entries || !fake_take_fill(k, &address))
		return false;
	return fake_receive_into(k, address, bytes, len, 0, 0);
}

/* xp_unaligned_validate_desc(), xp_aligned_validate_desc(): in front of what is sent there is room for a
 * request, whether it has one or not. */
static void check_descriptor(const struct fake_kernel *k, const struct xdp_desc *d, bool is_first)
{
	uint64_t size = k->endpoint.memory.bytes, chunk = k->endpoint.config.chunk_bytes;
	uint32_t request = k->endpoint.memory.tx_request_bytes;

	cr_assert(d->len > 0 && d->len + request <= chunk, "length %u", d->len);
	cr_assert(d->addr >= request && d->addr < size && d->addr + d->len <= size,
		  "address 0x%llx", d->addr);
	if (!k->endpoint.config.unaligned)
		cr_assert_eq((d->addr - request) / chunk, (d->addr + d->len - 1) / chunk,
			     "crosses a chunk");
	cr_assert_eq(d->options & ~(uint32_t)(XDP_PKT_CONTD | XDP_TX_METADATA), 0, "options 0x%x",
		     d->options);
	cr_assert(is_first || !(d->options & XDP_TX_METADATA), "a request behind the first");
}

/* Of len bytes that begin at an even place. */
static uint16_t ones_sum(const uint8_t *at, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < len; i++) {
		sum += i % 2 ? at[i] : at[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

/* xsk_skb_metadata() and skb_checksum_help(). What would make sendto() fail for ever, or lies where a guest
 * may write, is a fault. */
static void obey_request(const struct fake_kernel *k, const struct xdp_desc *d,
			 struct fake_packet *packet)
{
	struct xsk_tx_request r;
	uint16_t sum;

	cr_assert_neq(k->endpoint.memory.tx_request_bytes, 0, "the kernel takes no requests");
	cr_assert_geq(d->addr - sizeof(r), k->endpoint.memory.private_offset);
	memcpy(&r, fake_view(k, d->addr - sizeof(r)), sizeof(r));
	cr_assert_eq(r.flags, XDP_TXMD_FLAGS_CHECKSUM);
	cr_assert_leq(r.csum_start + r.csum_offset + 2u, d->len, "sum at %u + %u in %u bytes",
		      r.csum_start, r.csum_offset, d->len);
	sum = (uint16_t)~ones_sum(packet->bytes + r.csum_start, packet->len - r.csum_start);
	frame_write16(packet->bytes, r.csum_start + r.csum_offset, sum ? sum : 0xffff);
	packet->requests++;
}

bool fake_transmit(struct fake_kernel *k, struct fake_packet *packet)
{
	const struct xdp_desc *first = NULL;
	bool more = true;

	cr_assert_leq(k->tx.producer - k->tx.kernel, k->tx.entries, "the TX ring was overrun");
	if (k->tx.producer == k->tx.kernel)
		return false;
	packet->len = packet->descriptors = packet->requests = 0;
	while (more) {
		const struct xdp_desc *d;

		cr_assert_neq(k->tx.producer, k->tx.kernel, "a packet was published in part");
		d = (struct xdp_desc *)k->tx.entry + k->tx.kernel++ % k->tx.entries;
		check_descriptor(k, d, !first);
		first = first ? first : d;
		cr_assert_lt(packet->descriptors, k->queue.tx_max_descriptors);
		memcpy(packet->bytes + packet->len, fake_view(k, d->addr), d->len);
		packet->len += d->len;
		packet->address[packet->descriptors++] = d->addr;
		more = d->options & XDP_PKT_CONTD;
	}
	if (first->options & XDP_TX_METADATA)
		obey_request(k, first, packet);
	return true;
}

void fake_complete(struct fake_kernel *k, uint64_t address)
{
	cr_assert_lt(k->completion.kernel - k->completion.consumer, k->completion.entries,
		     "the completion ring was overrun");
	((uint64_t *)k->completion.entry)[k->completion.kernel++ % k->completion.entries] =
		address & ~1ull;
}
