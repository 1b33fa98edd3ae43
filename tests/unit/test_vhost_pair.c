// SPDX-License-Identifier: BSD-2-Clause
/* A pair's pass is bounded, whatever the guest posts: the worker looks at what the control thread wants between two. */
#include <sys/mman.h>

#include <criterion/criterion.h>

#include "support/fake_driver.h"
#include "xsk_vhost/pair.h"

enum { RING = 512, GPA = 0x40000000 };

static struct guest_memory memory;
static struct fake_driver driver[2];
static struct ring rings[2];
static struct pair pair;
static struct net_endpoint *ep;

static const void *translate(void *context, uint64_t gpa, uint64_t bytes)
{
	return guest_at(context, gpa, bytes);
}

static void open_ring(uint32_t which, uint8_t *at, uint64_t gpa)
{
	struct ring_config config = {
		.size = RING, .translate = translate, .translate_context = &memory};
	struct net_error err;

	fake_driver_open(&driver[which],
			 &(struct fake_driver_config){.memory = at, .gpa = gpa, .size = RING});
	config.descriptors = driver[which].desc;
	config.avail = driver[which].avail;
	config.used = driver[which].used;
	cr_assert_eq(ring_open(&rings[which], &config, &err), 0, "%s", err.message);
}

static void begin(void)
{
	uint64_t ring_bytes = (fake_driver_bytes(RING) + 4095) / 4096 * 4096;
	struct pair_config config = {.memory = &memory,
				     .rx = &rings[0],
				     .tx = &rings[1],
				     .features = 1ull << 32,
				     .rx_call_fd = -1,
				     .tx_call_fd = -1};
	struct net_queue_config queue = {0};
	struct net_error err;
	uint8_t *at = mmap(NULL, 2 * ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);

	cr_assert_neq(at, MAP_FAILED);
	memory.count = 1;
	memory.regions[0] = (struct guest_region){
		.gpa = GPA, .size_bytes = 2 * ring_bytes, .memory = at, .fd = -1};
	open_ring(0, at, GPA);
	open_ring(1, at + ring_bytes, GPA + ring_bytes);
	cr_assert_eq(net_null_open(&ep, &err), 0);
	cr_assert_eq(net_endpoint_get_queues(ep, &queue, 1, NULL, &config.queue, &err), 0);
	cr_assert_eq(pair_open(&pair, &config, &err), 0);
}

static void end(void)
{
	net_queue_destroy(pair.queue, NULL);
	pair_close(&pair);
	net_endpoint_destroy(ep, NULL);
	for (uint32_t i = 0; i < 2; i++) {
		ring_close(&rings[i]);
		fake_driver_close(&driver[i]);
	}
	munmap(memory.regions[0].memory, memory.regions[0].size_bytes);
}

/* No packet and no buffer: what is to be read where it shall be written, and the other way around. */
static void post_useless(uint32_t which)
{
	struct fake_piece piece = {.gpa = GPA, .len = 64, .write = which == 1};

	for (uint64_t i = 0; i < RING; i++)
		cr_assert_geq(fake_driver_post(&driver[which], &piece, 1, false, i), 0);
	fake_driver_publish(&driver[which]);
}

Test(vhost_pair, packets_that_are_none_fill_no_more_than_a_batch)
{
	begin();
	post_useless(1);
	for (uint32_t i = 1; i <= RING / PAIR_BATCH; i++) {
		cr_assert(pair_transmit(&pair));
		cr_assert_eq(pair.counters.tx_bad_packets, i * PAIR_BATCH);
	}
	cr_assert(!pair_transmit(&pair));
	end();
}

Test(vhost_pair, buffers_that_are_none_fill_no_more_than_a_pass)
{
	begin();
	post_useless(0);
	cr_assert(pair_receive(&pair));
	cr_assert_leq(pair.counters.rx_bad_buffers, RING / 2);
	for (uint32_t i = 0; i < RING; i++)
		pair_receive(&pair);
	cr_assert_eq(pair.counters.rx_bad_buffers, RING);
	cr_assert(!pair_receive(&pair));
	end();
}
