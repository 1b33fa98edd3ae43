/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frontend's memory as one arena, which is the UMEM, and where a guest address lies in it.
 *
 *     reservation (PROT_NONE)
 *     | ... | guard page | region 0 | (filler) | region 1 | ... | private area | ... |
 *           ^ UMEM offset 0                                                    ^ bytes
 *
 * The guard page gives the first buffers of region 0 the 256 + headroom bytes in front that their
 * chunks need. The private area, which holds the private chunks, does the same behind the last region.
 * A filler keeps each region aligned to its page size. All of this is real memory, because the kernel
 * pins every page.
 */
#ifndef NET_XDP_MEMORY_H
#define NET_XDP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_xdp.h"

#define MEMORY_REGIONS	  64
#define MEMORY_PAGE_BYTES 4096u /* the kernel's largest chunk; UMEM addresses are aligned to it */

struct memory_region {
	uint64_t guest_addr;
	uint64_t bytes;
	uint64_t offset;     /* UMEM offset of the first byte */
	uint64_t page_bytes; /* page size of the memory behind it */
};

struct memory {
	uint8_t *base; /* our mapping of UMEM offset 0 */
	uint64_t bytes;
	uint64_t private_offset;
	/* huge pages are not contiguous for DMA (dma.h): the page rule is 4096 bytes */
	bool dma_per_page;
	uint32_t region_count;
	struct memory_region region[MEMORY_REGIONS]; /* sorted by guest address */
	void *reservation;			     /* NULL with memory_as_is */
	/* in front of each frame that is sent, once registered: 0 or XSK_TX_REQUEST_BYTES */
	uint32_t tx_request_bytes;
	size_t reservation_bytes;
	bool sealed;
};

/* Map the regions that config names. Return: 0; -errno with err filled and nothing mapped. */
int memory_open(struct memory *m, const struct net_xdp_config *config, struct net_error *err);
void memory_close(struct memory *m);

/* Make our mapping of the regions inaccessible, or accessible again before a registration. Return: 0
 * or -errno. */
int memory_seal(struct memory *m, bool sealed);

/* Return: true if len bytes at a guest address lie in the region. */
static inline bool region_holds(const struct memory_region *r, uint64_t addr, uint64_t len)
{
	uint64_t at = addr - r->guest_addr; /* huge in front of the region */

	return at < r->bytes && len <= r->bytes - at;
}

/* Look at all regions. Return: true and *hint, if one holds the range. */
bool memory_find(const struct memory *m, uint32_t *hint, uint64_t addr, uint64_t len);

/* Turn to another region. Return: true and *hint, if not the hinted region but another one holds the
 * range. */
static inline bool memory_turn(const struct memory *m, uint32_t *hint, uint64_t addr, uint64_t len)
{
	return !region_holds(&m->region[*hint], addr, len) && memory_find(m, hint, addr, len);
}

/*
 * Translate a guest address to a UMEM offset. hint: index of the region that answered last.
 * Return: true and *offset; false if any of the len bytes is outside, or the range crosses from one
 * region into another.
 */
static inline bool memory_offset(const struct memory *m, uint32_t *hint, uint64_t addr,
				 uint64_t len, uint64_t *offset)
{
	const struct memory_region *r = &m->region[*hint];

	if (__builtin_expect(!region_holds(r, addr, len), 0)) {
		if (!memory_find(m, hint, addr, len))
			return false;
		r = &m->region[*hint];
	}
	*offset = r->offset + (addr - r->guest_addr);
	return true;
}

/*
 * Return: how many of the len bytes from a UMEM offset on are contiguous for DMA. Neighbouring pages of
 * the arena need not be. The bytes of one page of the memory are, unless dma_per_page.
 */
uint64_t memory_contiguous(const struct memory *m, uint64_t offset, uint64_t len);

/* The page rule of one region, for loops: what memory_contiguous() finds out, as two constants. */
struct page_rule {
	uint64_t base;	/* UMEM offset + this: address in our mapping */
	uint64_t bytes; /* page size, a power of two */
};

static inline struct page_rule memory_page_rule(const struct memory *m,
						const struct memory_region *r)
{
	return (struct page_rule){(uintptr_t)m->base,
				  m->dma_per_page ? MEMORY_PAGE_BYTES : r->page_bytes};
}

/* Return: true if len bytes at a UMEM offset cross from one page into the next. They may begin in
 * front of the region, because regions begin with a page. */
static inline bool page_crossed(struct page_rule rule, uint64_t offset, uint64_t len)
{
	return ((rule.base + offset) & (rule.bytes - 1)) + len > rule.bytes;
}

/* Return: how many bytes there are from a UMEM offset to the end of its page. */
static inline uint64_t page_left(struct page_rule rule, uint64_t offset)
{
	return rule.bytes - ((rule.base + offset) & (rule.bytes - 1));
}

#endif
