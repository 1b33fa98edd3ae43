/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words in memory that somebody else writes at the same time: the guest its rings, the front end the inflight
 * area. Each is read by one load and written by one store, so what was judged is what is used. The order
 * between words is the caller's matter: it stands at the call.
 */
#ifndef XSK_VHOST_SHARED_H
#define XSK_VHOST_SHARED_H

#include <stdint.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* A test that kills the device after its k-th store defines this to be told of each. */
#ifndef SHARED_STORED
#define SHARED_STORED() ((void)0)
#endif

static inline uint8_t shared_load8(const uint8_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline uint16_t shared_load16(const uint16_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline uint16_t shared_load16_acquire(const uint16_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline uint32_t shared_load32(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

/* Aligned to 8; the kernel's headers and stdint.h differ in the type. */
static inline uint64_t shared_load64(const void *p)
{
	typedef uint64_t __attribute__((may_alias)) word;

	return __atomic_load_n((const word *)p, __ATOMIC_RELAXED);
}

/* An indirect table may stand at any address: the specification names no alignment for it. */
static inline uint64_t shared_load64_anywhere(const void *p)
{
	struct anywhere {
		uint64_t word;
	} __attribute__((packed, may_alias));

	return ((const volatile struct anywhere *)p)->word;
}

static inline void shared_store8(uint8_t *p, uint8_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELAXED);
	SHARED_STORED();
}

static inline void shared_store16(uint16_t *p, uint16_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELAXED);
	SHARED_STORED();
}

static inline void shared_store16_release(uint16_t *p, uint16_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELEASE);
	SHARED_STORED();
}

static inline void shared_store32(uint32_t *p, uint32_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELAXED);
	SHARED_STORED();
}

static inline void shared_store64(uint64_t *p, uint64_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELAXED);
	SHARED_STORED();
}

/*
 * Between two stores whose order a successor relies on after this process was killed. What a killed process
 * has stored is there for everybody, in the order of its program: only the compiler must be held back.
 */
static inline void shared_order_if_killed(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

#endif
