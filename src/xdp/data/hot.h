/* SPDX-License-Identifier: BSD-2-Clause */
/* How the data calls are written: in batches, with a loop of its own for the fast path. */
#ifndef NET_XDP_HOT_H
#define NET_XDP_HOT_H

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* A function that is a loop and needs all registers: inlined, half of its locals would live on the
 * stack. */
#define ALONE __attribute__((noinline))

/* A loop body for GROUP frames or for one: count is a constant, so the compiler writes the body
 * GROUP times and advances the array pointers once per group. */
#define INLINE static inline __attribute__((always_inline))
#define GROUP  8u
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

/* Ids per call of the pool's operations: what describes them lives on the stack. */
#define BATCH 64u

#endif
