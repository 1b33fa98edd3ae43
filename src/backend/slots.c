// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net_slots.h"
#include "base/error.h"

struct net_slots {
	/* first member: pool_ops cast a pool to its struct net_slots */
	struct net_buffer_access pool;
	uint32_t count;
	uint32_t slot_bytes;
	uint32_t header_bytes;
	int fd;
	uint8_t *memory;
	uint64_t bytes;
	uint32_t *ids;
	struct net_rx_metadata *metadata;
};

static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	const struct net_slots *s = (const struct net_slots *)pool;

	for (uint32_t i = 0; i < count; i++) {
		bool exists = ids[i] < s->count;

		out[i] = (struct net_rx_buffer){
			.addr = (uint64_t)ids[i] * s->slot_bytes,
			.header_bytes = (uint16_t)s->header_bytes,
			.capacity_bytes = exists ? s->slot_bytes - s->header_bytes : 0,
		};
	}
}

static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	struct net_slots *s = (struct net_slots *)pool;

	for (uint32_t i = 0; i < count; i++)
		s->metadata[ids[i]] = metadata[i];
}

static void *memory(struct net_buffer_access *pool, uint64_t addr, uint32_t len_bytes)
{
	const struct net_slots *s = (const struct net_slots *)pool;

	return len_bytes <= s->bytes && addr <= s->bytes - len_bytes ? s->memory + addr : NULL;
}

static const struct net_buffer_access_ops pool_ops = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = rx_buffers,
	.rx_metadata = rx_metadata,
	.memory = memory,
};

/* Make ids, metadata and memory. Return: 0 or -errno; net_slots_close() frees what was made either
 * way. */
static int make(struct net_slots *s)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	s->bytes = ((uint64_t)s->count * s->slot_bytes + page - 1) / page * page;
	s->ids = malloc(s->count * sizeof(*s->ids));
	s->metadata = calloc(s->count, sizeof(*s->metadata));
	if (!s->ids || !s->metadata)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->count; i++)
		s->ids[i] = i;
	s->fd = memfd_create("net_slots", MFD_CLOEXEC);
	if (s->fd < 0 || ftruncate(s->fd, (off_t)s->bytes))
		return -errno;
	s->memory = mmap(NULL, s->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	return s->memory == MAP_FAILED ? -errno : 0;
}

int net_slots_open(uint32_t count, uint32_t slot_bytes, uint32_t header_bytes,
		   struct net_slots **out, struct net_error *err)
{
	struct net_slots *s;
	int rc;

	if (count < 1 || count > 1u << 24 || slot_bytes < 64 || slot_bytes > 65536 ||
	    header_bytes >= slot_bytes)
		return error_set(err, -EINVAL, "slots",
				 "%u slots of %u bytes, %u of them in front: must be 1 to 16777216 "
				 "of 64 to 65536, with room behind",
				 count, slot_bytes, header_bytes);
	s = calloc(1, sizeof(*s));
	if (!s)
		return error_set(err, -ENOMEM, "slots", "out of memory");
	s->pool.ops = &pool_ops;
	s->count = count;
	s->slot_bytes = slot_bytes;
	s->header_bytes = header_bytes;
	s->fd = -1;
	s->memory = MAP_FAILED;
	rc = make(s);
	if (rc) {
		net_slots_close(s);
		return error_set(err, rc, "slots", "memory for %u slots of %u bytes: %s%s", count,
				 slot_bytes, strerror(-rc), error_hint(rc, CALL_OTHER).text);
	}
	*out = s;
	return 0;
}

void net_slots_close(struct net_slots *s)
{
	if (!s)
		return;
	if (s->memory != MAP_FAILED)
		munmap(s->memory, s->bytes);
	if (s->fd >= 0)
		close(s->fd);
	free(s->ids);
	free(s->metadata);
	free(s);
}

struct net_buffer_access *net_slots_pool(struct net_slots *s)
{
	return &s->pool;
}

int net_slots_fd(const struct net_slots *s)
{
	return s->fd;
}

uint64_t net_slots_bytes(const struct net_slots *s)
{
	return s->bytes;
}

const uint32_t *net_slots_ids(const struct net_slots *s)
{
	return s->ids;
}

uint8_t *net_slots_frame(struct net_slots *s, uint32_t id)
{
	return s->memory + net_slots_addr(s, id);
}

uint64_t net_slots_addr(const struct net_slots *s, uint32_t id)
{
	return (uint64_t)id * s->slot_bytes + s->header_bytes;
}

const struct net_rx_metadata *net_slots_metadata(const struct net_slots *s, uint32_t id)
{
	return &s->metadata[id];
}
