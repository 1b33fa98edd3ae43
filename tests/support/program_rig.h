/* SPDX-License-Identifier: BSD-2-Clause */
/* The XDP program by BPF_PROG_TEST_RUN: a frame, the program's constants, and what has to be counted. */
#ifndef SUPPORT_PROGRAM_RIG_H
#define SUPPORT_PROGRAM_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "net_xdp.skel.h"
#include "support/frame.h"
#include "program/vlan_hint.h"

enum { PROGRAM_RIG_QUEUES = 4 };

struct program_rig {
	struct net_xdp_bpf *object;
	int ifindex, fd;
	uint8_t frame[FRAME_MAX_BYTES];
	uint64_t expected[PROGRAM_COUNTERS + KEEP_RULES];
};

/* Open, with room to change the constants before program_rig_load(). */
void program_rig_open(struct program_rig *r);
void program_rig_load(struct program_rig *r, bool frags);
/* Compare all counters with what was expected. */
void program_rig_close(struct program_rig *r);
/* Close, and open with other constants. */
void program_rig_again(struct program_rig *r);

/* Return: the program's action on the first len bytes of the frame, or -errno. */
int program_rig_run(struct program_rig *r, uint32_t len, uint32_t queue);

/* Run, and expect what goes with this counter. */
void program_rig_expect(struct program_rig *r, uint32_t len, uint32_t queue, uint32_t which);

/* A socket in the map's entry; it need not be bound for the program's decision. */
int program_rig_socket(struct program_rig *r, uint32_t queue);

#endif
