/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/error.h"

#define HUGE_PAGE_BYTES (2u << 20)
#ifndef MFD_HUGE_2MB /* Debian 12: only in linux/memfd.h, which clashes with sys/mman.h */
#define MFD_HUGE_2MB (21u << 26)
#endif
/* Not 0, and not where the memory is mapped: addresses have to be translated, as a guest's are. */
#define GUEST_ADDR (1ull << 30)

static int open_memory(struct bench_memory *m, uint64_t size_bytes, bool huge,
		       struct net_error *err)
{
	uint64_t page = huge ? HUGE_PAGE_BYTES : (uint64_t)sysconf(_SC_PAGESIZE);
	void *at;
	int rc;

	m->bytes = NULL;
	m->size_bytes = (size_bytes + page - 1) / page * page;
	m->guest_addr = GUEST_ADDR;
	m->huge = huge;
	m->fd = memfd_create("xsk-bench", MFD_CLOEXEC | (huge ? MFD_HUGETLB | MFD_HUGE_2MB : 0));
	if (m->fd < 0)
		return error_errno(err, -errno, "memory", "memfd_create");
	if (ftruncate(m->fd, (off_t)m->size_bytes) < 0) {
		rc = error_errno(err, -errno, "memory", "sizing the memory file");
		goto out;
	}
	at = mmap(NULL, m->size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, m->fd, 0);
	if (at == MAP_FAILED) {
		rc = error_errno(
			err, -errno, "memory",
			huge ? "mapping huge pages (raise vm.nr_hugepages, or use --pages auto)"
			     : "mapping the memory file");
		goto out;
	}
	m->bytes = at;
	return 0;
out:
	bench_memory_close(m);
	return rc;
}

int bench_memory_open(struct bench_memory *m, uint64_t size_bytes, enum bench_pages pages,
		      struct net_error *err)
{
	int rc = pages == BENCH_PAGES_SMALL ? -ENOMEM : open_memory(m, size_bytes, true, err);

	return rc && pages != BENCH_PAGES_HUGE ? open_memory(m, size_bytes, false, err) : rc;
}

void bench_memory_close(struct bench_memory *m)
{
	if (m->bytes)
		munmap(m->bytes, m->size_bytes);
	if (m->fd >= 0)
		close(m->fd);
	m->bytes = NULL;
	m->fd = -1;
}

/* Slots are a power of two up to a page, whole pages above: no chunk crosses a page needlessly. */
struct pool_shape pool_shape_of(const struct net_xdp_config *config, uint32_t rx_count,
				uint32_t tx_count, uint32_t packet_bytes)
{
	struct pool_shape s = {
		.frame_offset_bytes = net_xdp_frame_offset(config),
		.capacity_bytes = net_xdp_direct_capacity(config),
		.rx_count = rx_count,
		.tx_count = tx_count,
	};
	uint32_t need;

	if (s.frame_offset_bytes < POOL_HEADER_BYTES)
		s.frame_offset_bytes = POOL_HEADER_BYTES;
	if (s.capacity_bytes < config->max_frame_bytes)
		s.capacity_bytes = config->max_frame_bytes;
	if (s.capacity_bytes < packet_bytes)
		s.capacity_bytes = packet_bytes;
	need = s.frame_offset_bytes + s.capacity_bytes;
	s.stride_bytes = need <= 2048 ? 2048 : (need + 4095) / 4096 * 4096;
	return s;
}

uint64_t pool_bytes(const struct pool_shape *shape)
{
	return (uint64_t)shape->stride_bytes * (shape->rx_count + shape->tx_count);
}

static void describe_buffers(struct net_buffer_access *access, const uint32_t *ids, uint32_t count,
			     struct net_rx_buffer *out)
{
	const struct pool *p = (const struct pool *)access;

	for (uint32_t i = 0; i < count; i++) {
		if (ids[i] >= p->shape.rx_count) {
			out[i] = (struct net_rx_buffer){0};
			continue;
		}
		out[i] = (struct net_rx_buffer){
			.addr = pool_addr(p, ids[i]) - POOL_HEADER_BYTES,
			.header_bytes = POOL_HEADER_BYTES,
			.capacity_bytes = p->shape.capacity_bytes,
		};
	}
}

static void take_metadata(struct net_buffer_access *access, const uint32_t *ids,
			  const struct net_rx_metadata *metadata, uint32_t count)
{
	struct pool *p = (struct pool *)access;

	for (uint32_t i = 0; i < count; i++)
		p->received[ids[i]] = (struct pool_frame){
			.offset_bytes = metadata[i].offset_bytes,
			.len_bytes = metadata[i].len_bytes,
			.has_vlan = metadata[i].has_vlan,
			.vlan_tci = metadata[i].vlan_tci,
		};
}

static void *memory_at(struct net_buffer_access *access, uint64_t addr, uint32_t len_bytes)
{
	const struct bench_memory *m = ((const struct pool *)access)->memory;
	uint64_t at = addr - m->guest_addr;

	if (addr < m->guest_addr || at > m->size_bytes || len_bytes > m->size_bytes - at)
		return NULL;
	return m->bytes + at;
}

static const struct net_buffer_access_ops pool_ops = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = describe_buffers,
	.rx_metadata = take_metadata,
	.memory = memory_at,
};

int pool_open(struct pool *p, const struct bench_memory *memory, uint64_t offset,
	      const struct pool_shape *shape, struct net_error *err)
{
	uint32_t slots = shape->rx_count + shape->tx_count;

	memset(p, 0, sizeof(*p));
	p->access.ops = &pool_ops;
	p->memory = memory;
	p->offset = offset;
	p->shape = *shape;
	p->received = calloc(slots, sizeof(*p->received));
	p->ids = calloc(slots, sizeof(*p->ids));
	if (!p->received || !p->ids) {
		pool_close(p);
		return error_errno(err, -ENOMEM, "memory", "the pool's tables");
	}
	/* Both uses at once: the first rx_count are to be posted, the rest are free to send. */
	for (uint32_t i = 0; i < slots; i++)
		p->ids[i] = i;
	return 0;
}

void pool_close(struct pool *p)
{
	free(p->received);
	free(p->ids);
	p->received = NULL;
	p->ids = NULL;
}
