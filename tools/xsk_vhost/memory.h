/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's memory: the regions that the front end told, each mapped here, and where an address of the
 * guest's (guest physical, "gpa") or of the front end's (user, "uva": ring addresses) lies in them.
 *
 * A change is all or nothing, and a region that stays keeps its mapping: pointers into it stay right.
 * Changing the table is for one thread alone, with no other that looks addresses up.
 *
 * Bytes behind these pointers are the guest's and change while they are read. A file that its owner cuts
 * short later ends this process with SIGBUS at the next touch; nothing here can prevent that. The seal
 * F_SEAL_SHRINK rules it out, guest_memory_may_shrink() tells whether one lacks it.
 */
#ifndef XSK_VHOST_MEMORY_H
#define XSK_VHOST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net_xdp.h"
#include "xsk_vhost/protocol.h"

#define GUEST_MEMORY_REGIONS 64 /* net_xdp's own limit; GET_MAX_MEM_SLOTS */

struct guest_region {
	uint64_t gpa;
	uint64_t size_bytes;
	uint8_t *memory; /* our mapping of its first byte */
	uint64_t uva;
	uint64_t offset_bytes; /* in the file */
	uint64_t page_bytes;   /* of what backs it */
	int fd;		       /* our own duplicate */
	bool may_shrink;
	dev_t device; /* which file it is */
	ino_t inode;
};

struct guest_memory {
	uint32_t count;
	struct guest_region
		regions[GUEST_MEMORY_REGIONS]; /* the largest first: nearly all addresses are its */
};

/* What became of the table that net_xdp knows. */
enum guest_memory_change {
	/* The same bytes at the same guest addresses: a UMEM over them may stay. User addresses may be
	 * others, so ring addresses are to be looked up again all the same. */
	GUEST_MEMORY_SAME,
	/* net_xdp_set_regions() with guest_memory_regions() */
	GUEST_MEMORY_OTHER,
};

/*
 * SET_MEM_TABLE: these are all regions from now on. fds: one of each, the caller's still; what stays is
 * duplicated.
 * Return: enum guest_memory_change; -errno, err filled with one sentence, and the table is as it was:
 * -EINVAL no region, no bytes, a region that wraps, is not of whole pages or is longer than its file, two
 * that overlap in guest or user addresses, a file on disk or one that is sealed against writing · -E2BIG
 * more than GUEST_MEMORY_REGIONS · else of fstat(), fcntl() or mmap().
 */
int guest_memory_set(struct guest_memory *m, const struct vhost_memory_region *regions,
		     const int *fds, uint32_t count, struct net_error *err);
/* ADD_MEM_REG. Return: as guest_memory_set(). A region that is there already, to the last number, is the
 * SAME. */
int guest_memory_add(struct guest_memory *m, const struct vhost_memory_region *region, int fd,
		     struct net_error *err);
/* REM_MEM_REG: the one of this guest address, user address and size; its offset is not looked at (spec).
 * Return: GUEST_MEMORY_OTHER; -ENOENT, err filled: there is none. */
int guest_memory_remove(struct guest_memory *m, const struct vhost_memory_region *region,
			struct net_error *err);
/* Unmap all. A zeroed table is an empty one. */
void guest_memory_close(struct guest_memory *m);

/* As net_xdp takes them; the fds stay the table's. Return: their number. */
uint32_t guest_memory_regions(const struct guest_memory *m,
			      struct net_xdp_region out[GUEST_MEMORY_REGIONS]);
/* Can the owner of one of the files cut it short? */
bool guest_memory_may_shrink(const struct guest_memory *m);

/* The region that holds the address; NULL: none does. */
static inline const struct guest_region *guest_region_of(const struct guest_memory *m, uint64_t gpa)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (gpa - m->regions[i].gpa < m->regions[i].size_bytes)
			return &m->regions[i];
	return NULL;
}

/* Return: the byte at a guest address, *run_bytes (at least 1) go on behind it in one piece, and for
 * net_xdp in one region; NULL: no region has it. */
static inline uint8_t *guest_run(const struct guest_memory *m, uint64_t gpa, uint64_t *run_bytes)
{
	const struct guest_region *r = guest_region_of(m, gpa);

	if (!r)
		return NULL;
	*run_bytes = r->size_bytes - (gpa - r->gpa);
	return r->memory + (gpa - r->gpa);
}

/* Return: size_bytes at a guest address, in one piece; NULL: they are not all in one region. */
static inline void *guest_at(const struct guest_memory *m, uint64_t gpa, uint64_t size_bytes)
{
	uint64_t run_bytes;
	uint8_t *at = guest_run(m, gpa, &run_bytes);

	return at && size_bytes <= run_bytes ? at : NULL;
}

/* The same at a user address of the front end's: once per ring, so it is not inlined. */
void *guest_at_user(const struct guest_memory *m, uint64_t uva, uint64_t size_bytes);

/* Copy between here and guest memory that may reach over regions which follow one another without a gap.
 * Return: are all bytes in the guest's memory? If not, some may have been copied. */
bool guest_read(const struct guest_memory *m, uint64_t gpa, void *to, size_t size_bytes);
bool guest_write(const struct guest_memory *m, uint64_t gpa, const void *from, size_t size_bytes);

#endif
