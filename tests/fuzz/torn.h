/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of a guest that changes between two reads of ours. In preset fuzz each load of the library, and each
 * copy, first comes here, and may find that a byte of what it is about to read is another one now. In other presets the
 * compiler has no such calls, and nothing changes.
 */
#ifndef FUZZ_TORN_H
#define FUZZ_TORN_H

#include <stddef.h>
#include <stdint.h>

enum { TORN_MOST = 256 };

/* From now on one of so many reads of this memory finds a byte changed. */
void torn_start(uint8_t *at, size_t bytes, uint64_t seed, uint32_t one_in);
/* Return: how many bytes were changed, at most TORN_MOST; *offsets says which, some maybe twice. */
uint32_t torn_stop(const size_t **offsets);

#endif
