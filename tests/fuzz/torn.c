// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz/torn.h"
#include "support/frame.h"

static struct {
	uint8_t *at;
	size_t bytes; /* 0: nothing changes */
	struct frame_random random;
	uint32_t one_in;
	uint32_t changes;
	size_t offset[TORN_MOST];
} torn;

void torn_start(uint8_t *at, size_t bytes, uint64_t seed, uint32_t one_in)
{
	torn.random = frame_random(seed);
	torn.one_in = one_in;
	torn.changes = 0;
	torn.at = at;
	torn.bytes = bytes;
}

uint32_t torn_stop(const size_t **offsets)
{
	torn.bytes = 0;
	*offsets = torn.offset;
	return torn.changes;
}

#if defined(__clang__)
#if __has_feature(coverage_sanitizer)

#define NOT_TRACED __attribute__((no_sanitize("coverage", "address", "undefined")))

/* xorshift, here because frame_random_next() is itself traced. */
NOT_TRACED static uint32_t next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * 0x2545f4914f6cdd1dull) >> 32);
}

NOT_TRACED static void before_read(const void *from, size_t bytes)
{
	size_t at = (size_t)((const uint8_t *)from - torn.at);

	if (at >= torn.bytes || bytes == 0 || bytes > torn.bytes - at ||
	    torn.changes == TORN_MOST || next(&torn.random.state) % torn.one_in)
		return;
	at += next(&torn.random.state) % bytes;
	torn.at[at] = (uint8_t)next(&torn.random.state);
	torn.offset[torn.changes++] = at;
}

void __sanitizer_cov_load1(uint8_t *from);
void __sanitizer_cov_load2(uint16_t *from);
void __sanitizer_cov_load4(uint32_t *from);
void __sanitizer_cov_load8(uint64_t *from);
void __sanitizer_cov_load16(__int128 *from);
void *__real___asan_memcpy(void *to, const void *from, size_t bytes);
void *__wrap___asan_memcpy(void *to, const void *from, size_t bytes);

NOT_TRACED void __sanitizer_cov_load1(uint8_t *from)
{
	before_read(from, 1);
}

NOT_TRACED void __sanitizer_cov_load2(uint16_t *from)
{
	before_read(from, 2);
}

NOT_TRACED void __sanitizer_cov_load4(uint32_t *from)
{
	before_read(from, 4);
}

NOT_TRACED void __sanitizer_cov_load8(uint64_t *from)
{
	before_read(from, 8);
}

NOT_TRACED void __sanitizer_cov_load16(__int128 *from)
{
	before_read(from, 16);
}

NOT_TRACED void *__wrap___asan_memcpy(void *to, const void *from, size_t bytes)
{
	before_read(from, bytes);
	return __real___asan_memcpy(to, from, bytes);
}

#endif
#endif
