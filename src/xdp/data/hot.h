/* SPDX-License-Identifier: BSD-2-Clause */
/* How the data calls are written: for batches, with the usual case in loops of its own. */
#ifndef NET_XDP_HOT_H
#define NET_XDP_HOT_H

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* A loop that wants all registers for itself: inlined, half of its locals would live on the stack. */
#define ALONE __attribute__((noinline))

/* A loop body for GROUP frames at once or for one: with a constant count the compiler writes the frames
 * out behind each other, and steps through the arrays once per group. */
#define INLINE static inline __attribute__((always_inline))
#define GROUP  8u
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

/* Ids handled per call of the pool's operations; their descriptions live on the stack. */
#define BATCH 64u

#endif
