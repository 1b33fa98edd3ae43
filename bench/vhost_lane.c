// SPDX-License-Identifier: BSD-2-Clause
#include "vhost_lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fake_driver.h"
#include "xsk_vhost/pair.h"

enum {
	RING = 256, /* descriptors, as many as virtio_uml and QEMU take */
	SLOT = 2048,
	MARGIN = 512, /* the kernel's chunk begins so far in front of its buffer, or less */
	RX_AT = SLOT, /* offsets in the memory */
	TX_AT = RX_AT + RING * SLOT,
	RINGS_AT = TX_AT + RING * SLOT,
	RX_BYTES = 1536, /* what Linux posts with MRG_RXBUF */
	HEADER = 12,
};

static struct vhost_lane_config config;
static struct guest_memory memory;
static struct fake_driver driver[2];
static struct ring rings[2];
static struct pair pair;
static uint64_t free_buffers[RING];
static uint32_t free_buffer_count;

bool vhost_lane_pass(void)
{
	return pair_pass(&pair);
}

__attribute__((noinline)) bool measured_pass(void)
{
	return pair_pass(&pair);
}

void vhost_lane_post_buffers(void)
{
	while (free_buffer_count) {
		uint64_t slot = free_buffers[--free_buffer_count];
		struct fake_piece piece = {.gpa = config.gpa + RX_AT + slot * SLOT + MARGIN,
					   .len = RX_BYTES,
					   .write = true};

		fake_driver_post(&driver[0], &piece, 1, false, slot);
	}
	fake_driver_publish(&driver[0]);
}

/* Header and packet in one piece, as virtio_net sends small ones. */
static void post_packet(uint64_t slot)
{
	struct fake_piece piece = {.gpa = config.gpa + TX_AT + slot * SLOT + MARGIN,
				   .len = HEADER + config.packet_bytes};
	struct virtio_net_hdr_v1 header = {0};
	uint8_t *at = guest_at(&memory, piece.gpa, piece.len);

	if (config.checksum_start_bytes)
		header = (struct virtio_net_hdr_v1){
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			.csum_start = htole16((uint16_t)config.checksum_start_bytes),
			.csum_offset = htole16((uint16_t)config.checksum_field_bytes)};
	memcpy(at, &header, HEADER);
	memcpy(at + HEADER, config.packet, config.packet_bytes);
	fake_driver_post(&driver[1], &piece, 1, false, slot);
}

void vhost_lane_post_packets(uint32_t count)
{
	for (uint32_t slot = 0; slot < count; slot++)
		post_packet(slot);
	fake_driver_publish(&driver[1]);
}

static bool collect(struct fake_driver *d, struct fake_used *used)
{
	int rc = fake_driver_collect(d, used);

	if (rc < 0) {
		fprintf(stderr, "vhost-bench: %s\n", d->fault);
		exit(1);
	}
	return rc > 0;
}

uint32_t vhost_lane_received(void)
{
	struct fake_used used;
	uint32_t n = 0;

	for (; collect(&driver[0], &used); n++)
		free_buffers[free_buffer_count++] = used.token;
	fake_driver_arm_call(&driver[0]);
	return n;
}

uint32_t vhost_lane_sent(void)
{
	struct fake_used used;
	uint32_t n = 0;

	while (collect(&driver[1], &used))
		n++;
	return n;
}

static const void *translate(void *context, uint64_t gpa, uint64_t bytes)
{
	return guest_at(context, gpa, bytes);
}

static int open_ring(uint32_t which, struct net_error *err)
{
	uint64_t bytes = (fake_driver_bytes(RING) + 4095) & ~4095ull;
	uint64_t offset = RINGS_AT + which * bytes;
	struct fake_driver *d = &driver[which];
	struct fake_driver_config guest = {.memory = config.memory + offset,
					   .gpa = config.gpa + offset,
					   .size = RING,
					   .event_idx = true};
	struct ring_config device = {.size = RING,
				     .event_idx = true,
				     .translate = translate,
				     .translate_context = &memory};

	fake_driver_open(d, &guest);
	device.descriptors = d->desc;
	device.avail = d->avail;
	device.used = d->used;
	return ring_open(&rings[which], &device, err);
}

int vhost_lane_open(const struct vhost_lane_config *c, struct net_error *err)
{
	struct pair_config opened = {.memory = &memory,
				     .rx = &rings[0],
				     .tx = &rings[1],
				     .queue = c->queue,
				     .features = VIRTIO_BIT(VIRTIO_F_VERSION_1) |
						 VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM),
				     .rx_call_fd = -1,
				     .tx_call_fd = -1,
				     .only_mac = c->packet};
	int rc;

	config = *c;
	memory.count = 1;
	memory.regions[0] = (struct guest_region){
		.gpa = c->gpa, .size_bytes = VHOST_LANE_BYTES, .memory = c->memory, .fd = -1};
	for (uint64_t slot = 0; slot < RING; slot++)
		free_buffers[free_buffer_count++] = slot;
	rc = open_ring(0, err);
	if (!rc)
		rc = open_ring(1, err);
	return rc ? rc : pair_open(&pair, &opened, err);
}
