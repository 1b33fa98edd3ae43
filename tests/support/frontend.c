// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/fixture.h"
#include "support/frame.h"
#include "support/frontend.h"

#define BATCH 64

/* ---- The pool ------------------------------------------------------------------------------------- */

static void pool_rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
			    struct net_rx_buffer *out)
{
	struct frontend *f = (struct frontend *)pool;

	__atomic_add_fetch(&f->rx_buffers_calls, 1, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < count; i++) {
		out[i] = (struct net_rx_buffer){0};
		if (ids[i] >= f->id_count)
			continue;
		out[i] = f->ids[ids[i]].buffer;
		f->ids[ids[i]].posted = true;
	}
}

/* Room for a frame that begins in ids[0], pieces and further ids included. */
static uint32_t capacity(const struct frontend *f, const uint32_t *ids,
			 const struct net_rx_metadata *m)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i <= m->more_ids; i++) {
		const struct frontend_id *id = &f->ids[ids[i]];

		sum += id->buffer.capacity_bytes;
		for (uint32_t p = 0; p < id->piece_count; p++)
			sum += id->pieces[p].len_bytes;
	}
	return sum;
}

static void pool_rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			     const struct net_rx_metadata *metadata, uint32_t count)
{
	struct frontend *f = (struct frontend *)pool;

	__atomic_add_fetch(&f->rx_metadata_calls, 1, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < count; i++) {
		const struct net_rx_metadata *m = &metadata[i];
		struct frontend_id *id = &f->ids[ids[i]];

		cr_assert(ids[i] < f->id_count, "metadata of id %u, which does not exist", ids[i]);
		cr_assert(id->posted, "metadata of id %u, which is not posted", ids[i]);
		cr_assert(!id->delivered, "metadata of id %u came twice", ids[i]);
		cr_assert(m->len_bytes > 0, "id %u: a frame of length 0", ids[i]);
		cr_assert((uint64_t)m->offset_bytes + m->len_bytes <= capacity(f, ids + i, m),
			  "id %u: %u bytes at offset %u in a buffer of %u", ids[i], m->len_bytes,
			  m->offset_bytes, capacity(f, ids + i, m));
		id->metadata = *m;
		id->delivered = true;
	}
}

static struct frontend_region *region_of(struct frontend *f, uint64_t addr, uint64_t len)
{
	for (uint32_t i = 0; i < f->region_count; i++) {
		struct frontend_region *r = &f->regions[i];

		if (addr >= r->guest_addr && len <= r->size_bytes &&
		    addr - r->guest_addr <= r->size_bytes - len)
			return r;
	}
	return NULL;
}

static void *pool_memory(struct net_buffer_access *pool, uint64_t addr, uint32_t len)
{
	struct frontend *f = (struct frontend *)pool;
	struct frontend_region *r = region_of(f, addr, len);

	__atomic_add_fetch(&f->memory_calls, 1, __ATOMIC_RELAXED);
	return r ? r->bytes + (addr - r->guest_addr) : NULL;
}

static uint32_t pool_rx_pieces(struct net_buffer_access *pool, uint32_t id,
			       struct net_rx_piece *out, uint32_t max)
{
	struct frontend *f = (struct frontend *)pool;
	const struct frontend_id *i = &f->ids[id];
	uint32_t n = i->piece_count < max ? i->piece_count : max;

	__atomic_add_fetch(&f->rx_pieces_calls, 1, __ATOMIC_RELAXED);
	for (uint32_t k = 0; k < n; k++)
		out[k] = i->pieces[k];
	return n;
}

static void pool_rx_refused(struct net_buffer_access *pool, uint32_t id, enum net_rx_refusal why)
{
	struct frontend *f = (struct frontend *)pool;

	f->rx_refused_calls++;
	if (id < f->id_count)
		f->ids[id].refused = why;
}

static const struct net_buffer_access_ops pool_ops = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = pool_rx_buffers,
	.rx_metadata = pool_rx_metadata,
	.memory = pool_memory,
	.rx_pieces = pool_rx_pieces,
	.rx_refused = pool_rx_refused,
};

/* ---- Memory --------------------------------------------------------------------------------------- */

void frontend_open(struct frontend *f, uint64_t size_bytes, uint32_t id_count)
{
	*f = (struct frontend){.pool.ops = &pool_ops, .id_count = id_count};
	f->ids = calloc(id_count ? id_count : 1, sizeof(*f->ids));
	cr_assert(f->ids != NULL, "memory for %u ids", id_count);
	if (size_bytes)
		frontend_add_region(f, FRONTEND_BASE, size_bytes, -1);
}

void frontend_close(struct frontend *f)
{
	for (uint32_t i = 0; i < f->region_count; i++) {
		munmap(f->regions[i].bytes, f->regions[i].size_bytes);
		close(f->regions[i].fd);
		free(f->regions[i].snapshot);
	}
	free(f->ids);
	*f = (struct frontend){0};
}

uint32_t frontend_add_region(struct frontend *f, uint64_t guest_addr, uint64_t size_bytes, int fd)
{
	struct frontend_region *r = &f->regions[f->region_count];
	bool huge = !fixture_is_veth() && size_bytes % FIXTURE_HUGE_PAGE == 0;

	cr_assert(f->region_count < FRONTEND_REGIONS, "more than %d regions", FRONTEND_REGIONS);
	if (fd < 0) {
		fd = memfd_create("frontend", MFD_CLOEXEC | (huge ? MFD_HUGETLB : 0));
		cr_assert(fd >= 0, "memfd: %s", strerror(errno));
		cr_assert(ftruncate(fd, (off_t)size_bytes) == 0, "ftruncate: %s", strerror(errno));
	}
	*r = (struct frontend_region){.guest_addr = guest_addr, .size_bytes = size_bytes, .fd = fd};
	r->bytes = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert(r->bytes != MAP_FAILED, "mmap: %s", strerror(errno));
	return f->region_count++;
}

uint8_t *frontend_at(struct frontend *f, uint64_t addr, uint64_t len)
{
	struct frontend_region *r = region_of(f, addr, len);

	cr_assert(r != NULL, "%llu bytes at 0x%llx are outside the memory", (unsigned long long)len,
		  (unsigned long long)addr);
	return r->bytes + (addr - r->guest_addr);
}

void frontend_poison(struct frontend *f, uint64_t seed)
{
	for (uint32_t i = 0; i < f->region_count; i++) {
		struct frame_random random = frame_random(seed + i);
		struct frontend_region *r = &f->regions[i];
		uint32_t word;

		for (uint64_t at = 0; at + sizeof(word) <= r->size_bytes; at += sizeof(word)) {
			word = frame_random_next(&random);
			memcpy(r->bytes + at, &word, sizeof(word));
		}
	}
	frontend_snapshot(f);
}

void frontend_snapshot(struct frontend *f)
{
	for (uint32_t i = 0; i < f->region_count; i++) {
		struct frontend_region *r = &f->regions[i];

		if (!r->snapshot)
			r->snapshot = malloc(r->size_bytes);
		cr_assert(r->snapshot != NULL, "memory for a snapshot");
		memcpy(r->snapshot, r->bytes, r->size_bytes);
	}
}

void frontend_allow(struct frontend *f, uint64_t addr, uint64_t len)
{
	struct frontend_region *r = region_of(f, addr, len);

	cr_assert(r != NULL && r->snapshot != NULL, "nothing remembered at 0x%llx",
		  (unsigned long long)addr);
	memcpy(r->snapshot + (addr - r->guest_addr), r->bytes + (addr - r->guest_addr), len);
}

uint64_t frontend_first_change(struct frontend *f)
{
	for (uint32_t i = 0; i < f->region_count; i++) {
		struct frontend_region *r = &f->regions[i];

		cr_assert(r->snapshot != NULL, "nothing remembered");
		if (memcmp(r->bytes, r->snapshot, r->size_bytes) == 0)
			continue;
		for (uint64_t at = 0; at < r->size_bytes; at++) {
			if (r->bytes[at] != r->snapshot[at])
				return r->guest_addr + at;
		}
	}
	return 0;
}

/* ---- Receive -------------------------------------------------------------------------------------- */

void frontend_set_buffer(struct frontend *f, uint32_t id, uint64_t addr, uint32_t header_bytes,
			 uint32_t capacity_bytes)
{
	cr_assert(id < f->id_count, "id %u: the frontend has %u", id, f->id_count);
	f->ids[id].buffer = (struct net_rx_buffer){
		.addr = addr,
		.header_bytes = header_bytes,
		.capacity_bytes = capacity_bytes,
	};
}

void frontend_layout(struct frontend *f, uint32_t first, uint32_t count, uint64_t addr,
		     uint32_t stride_bytes, uint32_t header_bytes, uint32_t capacity_bytes)
{
	for (uint32_t i = 0; i < count; i++)
		frontend_set_buffer(f, first + i, addr + (uint64_t)i * stride_bytes, header_bytes,
				    capacity_bytes);
}

void frontend_post_ids(struct frontend *f, struct net_queue *q, const uint32_t *ids, uint32_t count)
{
	uint32_t refused = net_queue_rx_avail(q, &f->pool, ids, count);

	cr_assert(refused == 0, "%u of %u ids were refused", refused, count);
}

void frontend_post(struct frontend *f, struct net_queue *q, uint32_t first, uint32_t count)
{
	uint32_t ids[BATCH], n;

	for (uint32_t done = 0; done < count; done += n) {
		n = count - done < BATCH ? count - done : BATCH;
		for (uint32_t i = 0; i < n; i++)
			ids[i] = first + done + i;
		frontend_post_ids(f, q, ids, n);
	}
}

uint32_t frontend_rx(struct frontend *f, struct net_queue *q, uint32_t *ids, uint32_t count)
{
	int n = net_queue_rx_poll(q, &f->pool, ids, count);

	cr_assert(n >= 0, "rx_poll: %d: %s", n, net_queue_error(q));
	cr_assert((uint32_t)n <= count, "rx_poll returned %d of at most %u", n, count);
	for (int i = 0; i < n; i++) {
		cr_assert(ids[i] < f->id_count, "id %u does not exist", ids[i]);
		cr_assert(f->ids[ids[i]].posted, "id %u came back but is not posted", ids[i]);
		cr_assert(f->ids[ids[i]].delivered, "id %u came back without metadata", ids[i]);
		f->ids[ids[i]].posted = false;
		f->ids[ids[i]].delivered = false;
	}
	return (uint32_t)n;
}

uint32_t frontend_rx_wait(struct frontend *f, struct net_queue *q, uint32_t *ids, uint32_t count,
			  int timeout_ms)
{
	int64_t deadline = frontend_now_ms() + timeout_ms, left;
	uint32_t n = frontend_rx(f, q, ids, count);
	int rc;

	while (n < count && (left = deadline - frontend_now_ms()) > 0) {
		rc = net_queue_wait(q, &f->pool, left * 1000000);
		cr_assert(rc >= 0 || rc == -EINTR, "wait: %s", strerror(-rc));
		n += frontend_rx(f, q, ids + n, count - n);
	}
	return n;
}

const struct net_rx_metadata *frontend_metadata(struct frontend *f, uint32_t id)
{
	return &f->ids[id].metadata;
}

uint64_t frontend_frame_addr(struct frontend *f, uint32_t id)
{
	const struct frontend_id *i = &f->ids[id];

	return i->buffer.addr + i->buffer.header_bytes + i->metadata.offset_bytes;
}

const uint8_t *frontend_frame(struct frontend *f, uint32_t id)
{
	return frontend_at(f, frontend_frame_addr(f, id), f->ids[id].metadata.len_bytes);
}

void frontend_expect_frame(struct frontend *f, uint32_t id, const uint8_t *frame, uint32_t len)
{
	const struct net_rx_metadata *m = frontend_metadata(f, id);
	char why[FRAME_WHY_BYTES];

	cr_assert(m->offset_bytes == 0, "id %u: frame at offset %u", id, m->offset_bytes);
	cr_assert(frame_equal(frontend_frame(f, id), m->len_bytes, frame, len, why), "id %u: %s",
		  id, why);
}
