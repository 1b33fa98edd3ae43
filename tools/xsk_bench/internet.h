/* SPDX-License-Identifier: BSD-2-Clause */
/* The Internet checksum (RFC 1071), in memory order: over bytes whose checksum is right the sum is 0xffff. */
#ifndef BENCH_INTERNET_H
#define BENCH_INTERNET_H

#include <stdint.h>

/* Add n bytes to a sum. Return: folded to 16 bits. */
uint16_t internet_sum(uint16_t sum, const uint8_t *p, uint32_t n);

/* The sum of the pseudo-header for l4_bytes behind an IPv4 header without options. */
uint16_t internet_pseudo(const uint8_t *ip, uint32_t l4_bytes);
/* The same behind an IPv6 header without extension headers. */
uint16_t internet_pseudo6(const uint8_t *ip, uint32_t l4_bytes);

#endif
