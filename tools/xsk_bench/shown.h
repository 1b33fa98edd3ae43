/* SPDX-License-Identifier: BSD-2-Clause */
/* What others see of a run while it runs (net_control.h): its interfaces, and what the run itself has measured. */
#ifndef BENCH_SHOWN_H
#define BENCH_SHOWN_H

#include "run.h"

/* Listen, as --control says. Return: 0; -errno with err filled. */
int shown_open(struct run *run, struct net_error *err);
/* The ports have queues: show them. */
void shown_begin(struct run *run);
/* A port is about to end. */
void shown_end(struct run *run, const struct port *port);
void shown_close(struct run *run);

#endif
