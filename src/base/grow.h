/* SPDX-License-Identifier: BSD-2-Clause */
/* Structs that cross the library's boundary with their size: caller and library may each know fewer
 * members than the other. */
#ifndef NET_GROW_H
#define NET_GROW_H

#include <stddef.h>
#include <string.h>

/* Copy a struct of ours to a caller who knows its first out_bytes. Members that only the caller
 * knows become 0. */
static inline void grow_out(void *out, size_t out_bytes, const void *ours, size_t our_bytes)
{
	size_t both = out_bytes < our_bytes ? out_bytes : our_bytes;

	memcpy(out, ours, both);
	memset((char *)out + both, 0, out_bytes - both);
}

/* True if a table of operations has this one: it is in the table's size_bytes and not NULL. */
#define GROW_HAS(ops, operation)                                                                   \
	((ops)->size_bytes >=                                                                      \
		 offsetof(__typeof__(*(ops)), operation) + sizeof((ops)->operation) &&             \
	 (ops)->operation)

#endif
