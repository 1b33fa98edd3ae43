/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random calls of the whole public interface on a real veth pair, beside a model of who owns what.
 *
 *     sequence   the steps
 *     world      the network: v0 is the endpoint's, v1 the peer's, and what happens to v0
 *     guest      the frontend's memory and its pool; who owns each receive id and each packet's slot
 *     data       steps that are data calls, and the peer's traffic
 *     control    steps that open, make queues, end them
 *     shortage   with few descriptors or little locked memory
 *     wrap       the wrappers
 *     calm       everything is put right, restarted, and must balance to the frame
 *
 * The kernel decides when a frame arrives, so the model asserts what always holds: each receive id and each
 * slot has one owner; what arrives was sent, is whole, comes once and in order; each accepted packet completes
 * once or is handed back by destroy; counters say what was seen; a call fails only with a reason that the
 * model knows. Each failed assertion ends the process.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include <criterion/criterion.h>

#include "model/sequence.h"
#include "net_wrap.h"
#include "net_xdp.h"
#include "support/frame.h"
#include "support/footprint.h"
#include "support/peer.h"

enum {
	QUEUES = 4,
	IDS = 512,	   /* receive ids */
	CELL_BYTES = 4096, /* of each receive id and each small slot */
	SLOTS = 128,	   /* packets: the last ones have room for a large one */
	LARGE_SLOTS = 8,
	LARGE_BYTES = 65536,
	RX_BYTES = IDS * CELL_BYTES,
	REGION_BYTES = RX_BYTES + (SLOTS - LARGE_SLOTS) * CELL_BYTES + LARGE_SLOTS * LARGE_BYTES +
		       CELL_BYTES * 8,
	MORE_BYTES = 1 << 20,
	FLOWS = 16,
	LOG = 65536, /* packets of the past whose arrival is still understood */
	NOBODY = -1, /* owner: the frontend */
};

#define GUEST_BASE 0x200000000ull

/* A receive id. */
struct cell {
	int owner; /* a queue or NOBODY */
	struct net_rx_buffer buffer;
	struct net_rx_metadata metadata;
	bool delivered; /* its metadata has come, the id not yet */
	bool marked;  /* ours since its frame was looked at or its queue has ended: nobody writes */
	bool refused; /* in this call */
};

enum packet_kind {
	PACKET_PLAIN,
	PACKET_UDP, /* asks for its checksum */
	PACKET_TCP, /* asks to be cut */
	PACKET_BAD,
	PACKET_KINDS,
};

/* A packet of ours, by its number. */
struct packet {
	uint64_t number;
	uint32_t len_bytes;
	enum packet_kind kind;
	uint8_t queue;
	bool arrived;
};

struct slot {
	int owner; /* a queue or NOBODY */
	uint64_t number;
};

struct model_queue {
	struct net_queue *q; /* NULL: none */
	bool is_bare;	     /* made without an inner endpoint */
	bool is_told;	     /* said NET_TRY_RESTART */
	uint64_t accepted, completed, returned_frames, refused;
};

struct world {
	int other_netns; /* -1 until it is needed */
	bool present, elsewhere, renamed;
	bool is_new;	/* no endpoint has attached to it */
	bool down[2];	/* v0, v1 */
	int foreign_fd; /* -1 none */
	bool foreign_program, foreign_native;
	uint32_t mtu_bytes;
	struct peer peer;
	bool has_peer;
};

struct model {
	struct frame_random random; /* of the configuration only */
	uint32_t queue_count;	    /* of the interfaces */
	struct world world;
	struct footprint before;

	int fd, more_fd; /* more_fd: of a second region, which comes and goes */
	uint8_t *bytes;	 /* our own mapping of the first */
	struct net_buffer_access pool;
	struct cell cells[IDS];
	struct slot slots[SLOTS];
	struct packet log[LOG];
	uint64_t next_packet, next_frame;
	uint64_t last_frame[FLOWS];    /* the last that arrived */
	uint64_t last_packet[QUEUES];  /* likewise */
	uint64_t rx_refused, arrivals; /* arrivals: wire packets seen by the peer ... */
	uint64_t arrivals_from;	       /* ... of packets from this number on */
	struct model_queue *serving;   /* whose data call runs */

	struct net_xdp_config config;
	struct net_xdp_region regions[2];
	struct net_endpoint_facts facts;
	struct net_endpoint *ep, *cable, *spare; /* cable: the disconnectable in ep */
	bool wrap_capture, wrap_cable, capturing, merge;
	struct model_queue queues[QUEUES];
	uint32_t made;	/* queues of the last get_queues */
	bool disturbed; /* since get_queues something happened for which a restart may be asked */
	bool link_told;
	int few_descriptors, few_locked; /* for the next set-up call; -1: enough */
};

/* ---- world ---------------------------------------------------------------------------------------- */

void world_open(struct model *m);
void world_close(struct model *m);
/* Undo everything that was done to the network. */
void world_heal(struct model *m);
/* Return: a reason for a set-up call to fail now, NULL: none. */
const char *world_objection(const struct model *m);
void world_step(struct model *m, const struct step *step);
/* Numbered frames of the peer. Return: how many it could send. */
uint32_t world_send(struct model *m, uint32_t count, uint32_t seed, uint32_t most_bytes);
/* Look at what has arrived at the peer. */
void world_receive(struct model *m);

/* ---- guest ---------------------------------------------------------------------------------------- */

void guest_open(struct model *m);
void guest_close(struct model *m);
/* Draw a buffer for an id that is ours, and mark it. */
void guest_draw_buffer(struct model *m, uint32_t id, uint32_t seed);
/* Nobody may have written to an id that is ours. */
void guest_check_mark(struct model *m, uint32_t id);
void guest_mark(struct model *m, uint32_t id);
uint64_t guest_slot_addr(uint32_t slot);
uint32_t guest_slot_bytes(uint32_t slot);
uint8_t *guest_at(struct model *m, uint64_t addr);
/* The frame that begins in ids[0]. Return: how many ids it has. */
uint32_t guest_take_frame(struct model *m, const uint32_t *ids, uint32_t count);

/* ---- bytes ---------------------------------------------------------------------------------------- */

enum { BYTES_LEAST = 64 };

/* A frame of the peer by its number: UDP of one of the flows. */
void bytes_frame(uint8_t *out, uint32_t len, uint64_t number);
void bytes_check_frame(struct model *m, const uint8_t *frame, uint32_t len);
/* A packet of ours as it lies in its slot. */
void bytes_packet(uint8_t *out, uint32_t len, enum packet_kind kind, uint64_t number);
/* One that arrived at the peer. */
void bytes_check_packet(struct model *m, const uint8_t *frame, uint32_t len, bool partial);

/* ---- data ----------------------------------------------------------------------------------------- */

void data_step(struct model *m, const struct step *step);
uint32_t data_post(struct model *m, struct model_queue *q, uint32_t count, uint32_t seed,
		   bool honest);
/* Return: segments accepted, or less than 0. */
int data_send(struct model *m, struct model_queue *q, uint32_t count, uint32_t seed, bool honest);
void data_receive(struct model *m, struct model_queue *q, uint32_t count);
void data_complete(struct model *m, struct model_queue *q, uint32_t count);
void data_check_stats(struct model *m, struct model_queue *q);
void data_check_outstanding(struct model *m, struct model_queue *q);
uint32_t data_index(const struct model *m, const struct model_queue *q);

/* ---- control -------------------------------------------------------------------------------------- */

void control_step(struct model *m, const struct step *step);
void control_open(struct model *m);
void control_close(struct model *m);
void control_end_queues(struct model *m);
/* Return: the queues are there. */
bool control_get_queues(struct model *m, uint32_t count, uint32_t seed);
void control_actions(struct model *m);
/* The AF_XDP endpoint inside, NULL: the cable is out. */
struct net_endpoint *control_inner(const struct model *m);

/* ---- shortage ------------------------------------------------------------------------------------- */

struct shortage {
	const char *objection;
	unsigned int fds, program_fds; /* program_fds: of the program that it may attach first */
	struct rlimit descriptors, locked;
	bool had_descriptors, had_locked;
};

/* Around a set-up call: what the next one is to be short of. */
struct shortage shortage_begin(struct model *m);
/* A failure has a reason that we know, a sentence, and leaves nothing behind. */
void shortage_end(const struct shortage *s, int rc, const struct net_error *err, const char *what);

/* ---- wrap ----------------------------------------------------------------------------------------- */

void wrap_capture_on(struct model *m, uint32_t seed);
void wrap_capture_off(struct model *m);
void wrap_cable_out(struct model *m);
void wrap_cable_in(struct model *m);

/* ---- calm ----------------------------------------------------------------------------------------- */

void calm(struct model *m, uint32_t seed);

#endif
