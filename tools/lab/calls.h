/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's own functions, counted by the kernel: proof of a mode that no option can fake. */
#ifndef LAB_CALLS_H
#define LAB_CALLS_H

#include <stdint.h>

struct calls {
	uint64_t rx_zero_copy; /* __xsk_rcv_zc: a frame stays where the NIC put it */
	uint64_t rx_copy;      /* __xsk_rcv: a frame is copied into the UMEM */
	uint64_t tx_zero_copy; /* xsk_tx_peek_release_desc_batch: the driver asks what to send */
};

/* Start counting (kprobes in tracefs). Return: 0, -errno. */
int calls_open(void);
/* Counts since then. Return: 0, -errno. */
int calls_read(struct calls *out);

#endif
