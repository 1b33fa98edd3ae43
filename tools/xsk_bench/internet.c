/* SPDX-License-Identifier: BSD-2-Clause */
#include "internet.h"

#include <arpa/inet.h>
#include <string.h>

#define PROTOCOL_AT   9
#define ADDRESSES_AT  12
#define PROTOCOL6_AT  6
#define ADDRESSES6_AT 8

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint16_t internet_sum(uint16_t sum, const uint8_t *p, uint32_t n)
{
	uint64_t all = sum; /* carries collect above bit 32 */
	uint32_t word;

	for (; n >= 4; n -= 4, p += 4) {
		memcpy(&word, p, sizeof(word));
		all += word;
	}
	word = 0; /* an odd last byte is summed as if a zero byte followed */
	memcpy(&word, p, n);
	return fold(all + word);
}

uint16_t internet_pseudo(const uint8_t *ip, uint32_t l4_bytes)
{
	uint32_t rest = (uint32_t)htons(ip[PROTOCOL_AT]) + htons((uint16_t)l4_bytes);

	return internet_sum(fold(rest), ip + ADDRESSES_AT, 8);
}

uint16_t internet_pseudo6(const uint8_t *ip, uint32_t l4_bytes)
{
	uint32_t rest = (uint32_t)htons(ip[PROTOCOL6_AT]) + htons((uint16_t)l4_bytes);

	return internet_sum(fold(rest), ip + ADDRESSES6_AT, 32);
}
