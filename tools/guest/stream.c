// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "stream.h"

/* SplitMix64: each bit of the result depends on each of the input. */
uint64_t stream_word(uint64_t seed, uint64_t index)
{
	uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void stream_fill(uint64_t seed, uint64_t offset, unsigned char *out, size_t len)
{
	while (len > 0) {
		uint64_t word = stream_word(seed, offset / sizeof(word));
		size_t skip = offset % sizeof(word), take = sizeof(word) - skip;

		if (take > len)
			take = len;
		memcpy(out, (const unsigned char *)&word + skip, take);
		out += take;
		offset += take;
		len -= take;
	}
}

size_t stream_check(uint64_t seed, uint64_t offset, const unsigned char *bytes, size_t len)
{
	unsigned char want[4096];
	size_t done = 0;

	while (done < len) {
		size_t take = len - done < sizeof(want) ? len - done : sizeof(want);

		stream_fill(seed, offset + done, want, take);
		if (memcmp(want, bytes + done, take) != 0) {
			for (size_t i = 0; want[i] == bytes[done]; i++)
				done++;
			return done;
		}
		done += take;
	}
	return len;
}
