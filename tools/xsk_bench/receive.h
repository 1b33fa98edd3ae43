/* SPDX-License-Identifier: BSD-2-Clause */
/* Judging a batch of received frames, for rx and latency. */
#ifndef BENCH_RECEIVE_H
#define BENCH_RECEIVE_H

#include "worker.h"

/* Only frames of this run count as ours (latency), or those of any run (rx). */
enum receive_whose {
	RECEIVE_ANY,
	RECEIVE_OWN,
};

/*
 * Take up to a batch from queue 0 and judge each frame; intact frames of this run are timed when the
 * worker has a histogram. repost: give the buffers back at once.
 * Return: frames taken.
 */
uint32_t receive_batch(struct worker *w, enum receive_whose whose, bool repost);

#endif
