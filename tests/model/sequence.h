/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run does: steps drawn from a seed, or read from a file. Each step is legal in every state, so that
 * any part of a sequence is a sequence too. */
#ifndef MODEL_SEQUENCE_H
#define MODEL_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* X(symbol, name, weight of 10000) */
#define STEPS_LIST(X)                                                                              \
	X(RX_AVAIL, "rx_avail", 2000)                                                              \
	X(RX_POLL, "rx_poll", 2000)                                                                \
	X(TX_AVAIL, "tx_avail", 1600)                                                              \
	X(TX_POLL, "tx_poll", 1600)                                                                \
	X(PEER_SEND, "peer_send", 1200)                                                            \
	X(PEER_RECEIVE, "peer_receive", 500)                                                       \
	X(READY, "ready", 300)                                                                     \
	X(WAIT, "wait", 60)                                                                        \
	X(STATS, "stats", 150)                                                                     \
	X(INSPECT, "inspect", 40)                                                                  \
	X(OUTSTANDING, "outstanding", 100)                                                         \
	X(TARGET, "target", 10)                                                                    \
	X(ACTIONS, "actions", 150)                                                                 \
	X(STOP, "stop", 20)                                                                        \
	X(END_QUEUE, "end_queue", 20)                                                              \
	X(ONE_QUEUE, "one_queue", 30)                                                              \
	X(RESTART, "restart", 25)                                                                  \
	X(REOPEN, "reopen", 6)                                                                     \
	X(REGIONS, "regions", 10)                                                                  \
	X(CAPTURE_ON, "capture_on", 15)                                                            \
	X(CAPTURE_OFF, "capture_off", 12)                                                          \
	X(CABLE_OUT, "cable_out", 10)                                                              \
	X(CABLE_IN, "cable_in", 15)                                                                \
	X(LINK_DOWN, "link_down", 12)                                                              \
	X(LINK_UP, "link_up", 18)                                                                  \
	X(MTU, "mtu", 10)                                                                          \
	X(REMOVE, "remove", 4)                                                                     \
	X(MOVE, "move", 4)                                                                         \
	X(RENAME, "rename", 6)                                                                     \
	X(DETACH, "detach", 6)                                                                     \
	X(REPLACE, "replace", 4)                                                                   \
	X(FOREIGN_PROGRAM, "foreign_program", 4)                                                   \
	X(MAP_ENTRY, "map_entry", 10)                                                              \
	X(FOREIGN_SOCKET, "foreign_socket", 4)                                                     \
	X(FEW_DESCRIPTORS, "few_descriptors", 8)                                                   \
	X(FEW_LOCKED, "few_locked", 4)                                                             \
	X(HEAL, "heal", 20)                                                                        \
	X(CALM, "calm", 15)

enum step_kind {
#define STEP_SYMBOL(symbol, name, weight) STEP_##symbol,
	STEPS_LIST(STEP_SYMBOL)
#undef STEP_SYMBOL
		STEP_KINDS
};

struct step {
	enum step_kind kind;
	uint32_t a, b;
};

struct sequence {
	uint64_t seed; /* of the network and the configuration */
	struct step *steps;
	uint32_t count;
};

const char *step_name(enum step_kind kind);

/* Both end the process when memory is short. */
void sequence_draw(struct sequence *s, uint64_t seed, uint32_t count);
/* All steps but those from first to first + count. */
void sequence_without(struct sequence *out, const struct sequence *s, uint32_t first,
		      uint32_t count);
void sequence_free(struct sequence *s);

/* As text: a line "seed N", then a line "name a b" per step. Return: true. */
bool sequence_write(const struct sequence *s, FILE *to);
bool sequence_read(struct sequence *s, FILE *from);

#endif
