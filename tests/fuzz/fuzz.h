/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every target has, and how it reads its input. The comment at a target's top ends with two lines that
 * tools/fuzz reads: the sources whose coverage it prints, and how long an input may be.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An input as a script: numbers, one after the other; behind its end all are 0. */
struct script {
	const uint8_t *at;
	size_t left;
};

static inline uint64_t script_take(struct script *s, size_t bytes)
{
	size_t n = s->left < bytes ? s->left : bytes;
	uint64_t value = 0;

	if (n)
		memcpy(&value, s->at, n);
	s->at += n;
	s->left -= n;
	return value;
}

static inline uint8_t script_u8(struct script *s)
{
	return (uint8_t)script_take(s, 1);
}

static inline uint16_t script_u16(struct script *s)
{
	return (uint16_t)script_take(s, 2);
}

static inline uint32_t script_u32(struct script *s)
{
	return (uint32_t)script_take(s, 4);
}

static inline uint64_t script_u64(struct script *s)
{
	return script_take(s, 8);
}

#endif
