/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that depend on a seed and on where they stand, so that a byte lost, doubled, moved or changed is
 * seen at the place where it is. */
#ifndef GUEST_STREAM_H
#define GUEST_STREAM_H

#include <stddef.h>
#include <stdint.h>

/* The eight bytes number index. */
uint64_t stream_word(uint64_t seed, uint64_t index);
/* What stands at offset, len bytes. */
void stream_fill(uint64_t seed, uint64_t offset, unsigned char *out, size_t len);
/* Return: how many bytes from the start on are right; len when all are. */
size_t stream_check(uint64_t seed, uint64_t offset, const unsigned char *bytes, size_t len);

#endif
