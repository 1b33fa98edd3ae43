/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole vhost-user front end with its guest, stepped by hand: memory of its own, a receive and a transmit ring of the
 * fake driver in it, and the messages that a monitor sends. Any function ends the test when the device does what no
 * device may.
 *
 *     memory:  | receive ring | transmit ring | receive slots ... | transmit slots ... |
 */
#ifndef SUPPORT_VHOST_GUEST_H
#define SUPPORT_VHOST_GUEST_H

#include <linux/virtio_net.h>

#include "support/fake_driver.h"
#include "support/vhost_front.h"

enum {
	GUEST_RX = 0,
	GUEST_TX = 1,
	GUEST_SLOT = 4096, /* bytes of a slot: one per descriptor */
	GUEST_IN_FRONT =
		512, /* so much of it in front of the buffer: the kernel's chunk begins there */
	GUEST_TX_SLOT = 70000, /* room for the largest packet */
	GUEST_TX_SLOTS = 64,
	GUEST_PIECES = 20,
	GUEST_WAIT_MS = 5000,
};
#define GUEST_GPA	 0x100000ull
#define GUEST_UVA	 0x7f1200000000ull
#define GUEST_PAIR_APART 0x40000000ull /* between the memory of two pairs */

/* How a receive buffer lies in its slot. */
enum guest_layout {
	GUEST_ONE,	    /* header and room in one piece of 1536 bytes */
	GUEST_LARGE,	    /* one piece of 1600 bytes: a Linux guest's with HASH_REPORT */
	GUEST_HEADER_APART, /* the header in a piece of its own */
	GUEST_HEADER_SPLIT, /* the header over three pieces, the last of them with room */
	GUEST_PIECES_SMALL, /* room in many pieces */
	GUEST_SHORT,	    /* one piece with room for 300 bytes: frames need several buffers */
	GUEST_LAYOUTS,
};

struct guest_slot {
	struct fake_piece pieces[GUEST_PIECES];
	uint32_t count;
	bool is_posted;
};

struct vhost_guest {
	int socket, memfd;
	int back[2]; /* the back-end channel: ours, the device's */
	uint8_t *memory;
	uint64_t bytes, gpa, uva;
	uint32_t pair; /* of the device's: its rings are those that are spoken of */
	uint32_t ring_size;
	uint32_t header_bytes;
	uint64_t features, protocol_features; /* taken */
	struct fake_driver driver[2];
	int kick[2], call[2], error[2];
	struct guest_slot *slots; /* by token */
	uint64_t rx_at, tx_at;	  /* offsets of the slots */
	enum guest_layout layout;
	bool indirect;
	bool holds; /* received buffers are kept until vhost_guest_post() */
	uint32_t next_tx;
};

/* Memory and rings; on huge pages where the test runs on NICs. wanted: of the features that are offered, these are
 * taken. */
void vhost_guest_open(struct vhost_guest *g, uint32_t ring_size, uint64_t wanted);
void vhost_guest_close(struct vhost_guest *g);

/* Another pair of the same guest, with memory of its own and the first one's socket. */
void vhost_guest_add_pair(struct vhost_guest *g, const struct vhost_guest *first, uint32_t pair);

/* As a new process: connect, and take what is offered of what is wanted. */
void vhost_guest_connect(struct vhost_guest *g, const char *path);
/* The same over a socket that is there, g->socket. */
void vhost_guest_negotiate(struct vhost_guest *g);
void vhost_guest_disconnect(struct vhost_guest *g);

/* A request, with fds[0] = fd unless that is -1. Return: the acknowledgement, or the u64 of its own reply. */
uint64_t vhost_guest_ask(struct vhost_guest *g, uint32_t request, const void *payload,
			 uint32_t size_bytes, int fd);
uint64_t vhost_guest_ask_u64(struct vhost_guest *g, uint32_t request, uint64_t value, int fd);
uint64_t vhost_guest_ask_ring(struct vhost_guest *g, uint32_t request, uint32_t ring, uint32_t num);

/* Memory table, both rings, enabled. */
void vhost_guest_set_memory(struct vhost_guest *g);
/* The memory of two pairs in one table. */
void vhost_guest_set_both(struct vhost_guest *g, const struct vhost_guest *second);
void vhost_guest_set_ring(struct vhost_guest *g, uint32_t ring);
void vhost_guest_enable(struct vhost_guest *g, bool enabled);
void vhost_guest_start(struct vhost_guest *g);
/* GET_VRING_BASE of both: all that the device had taken must have come back by then, and it goes on behind that. */
void vhost_guest_stop(struct vhost_guest *g);

/* The driver starts again with empty rings; the device hears of it by vhost_guest_start(). */
void vhost_guest_reset(struct vhost_guest *g);

/* Post buffers until so many are posted, those included that a stop left in the ring. */
void vhost_guest_post(struct vhost_guest *g, uint32_t count);
/* A frame from the device: its bytes, and its header. Return: its length; 0: none came in time. Its buffers are posted
 * again, unless the guest holds them. */
uint32_t vhost_guest_receive(struct vhost_guest *g, struct virtio_net_hdr_v1 *header, uint8_t *out,
			     uint32_t room, int timeout_ms);

/* Send a packet in so many pieces, the header with the first. Return: its token. */
uint64_t vhost_guest_send(struct vhost_guest *g, const struct virtio_net_hdr_v1 *header,
			  const uint8_t *bytes, uint32_t len, uint32_t pieces);
/* Wait until the packet has come back. */
void vhost_guest_sent(struct vhost_guest *g, uint64_t token);

/* Post a chain as it is; the device must give it back unused. */
void vhost_guest_expect_back(struct vhost_guest *g, uint32_t ring, const struct fake_piece *pieces,
			     uint32_t count, bool indirect, const char *what);

/* Wait for an eventfd. Return: was it written? */
bool vhost_guest_wait(int fd, int timeout_ms);

#endif
