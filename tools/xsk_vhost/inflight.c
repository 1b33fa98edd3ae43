// SPDX-License-Identifier: BSD-2-Clause
#include "xsk_vhost/inflight.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"

_Static_assert(sizeof(struct inflight_head) == 16, "DescStateSplit");
_Static_assert(sizeof(struct inflight_region) == 16, "QueueRegionSplit");

/* ---- The memory of all rings ------------------------------------------------------------------ */

/* Whole cache lines, so that two rings' threads do not share one. */
static uint64_t region_bytes(uint32_t queue_size)
{
	uint64_t bytes = sizeof(struct inflight_region) +
			 (uint64_t)queue_size * sizeof(struct inflight_head);

	return (bytes + 63) & ~(uint64_t)63;
}

uint64_t inflight_area_bytes(uint32_t queues, uint32_t queue_size)
{
	return queues * region_bytes(queue_size);
}

static int check_sizes(uint32_t queues, uint32_t queue_size, struct net_error *err)
{
	if (queues == 0 || queues > INFLIGHT_MAX_QUEUES)
		return error_fill(err, -EINVAL, "inflight",
				  "an inflight area of %u queues: ask for 1 to %u", queues,
				  INFLIGHT_MAX_QUEUES);
	if (queue_size == 0 || queue_size > INFLIGHT_MAX_SIZE)
		return error_fill(err, -EINVAL, "inflight",
				  "an inflight area for queues of %u entries: ask for 1 to %u",
				  queue_size, INFLIGHT_MAX_SIZE);
	return 0;
}

static int map(struct inflight_area *area, int fd, uint64_t offset, uint32_t queues,
	       uint32_t queue_size, struct net_error *err)
{
	void *memory = mmap(NULL, inflight_area_bytes(queues, queue_size), PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, (off_t)offset);

	if (memory == MAP_FAILED)
		return error_errno(err, -errno, "inflight", "map the inflight area");
	area->memory = memory;
	area->bytes = inflight_area_bytes(queues, queue_size);
	area->queues = queues;
	area->queue_size = queue_size;
	return 0;
}

int inflight_area_create(struct inflight_area *area, uint32_t queues, uint32_t queue_size,
			 struct net_error *err)
{
	int rc = check_sizes(queues, queue_size, err);

	*area = (struct inflight_area){.fd = -1};
	if (rc < 0)
		return rc;
	area->fd = memfd_create("xsk-vhost inflight", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (area->fd < 0)
		return error_errno(err, -errno, "inflight", "make the inflight area");
	/* A file that is cut under a mapping kills by SIGBUS. */
	if (ftruncate(area->fd, (off_t)inflight_area_bytes(queues, queue_size)) < 0 ||
	    fcntl(area->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		rc = error_errno(err, -errno, "inflight", "size the inflight area");
	else
		rc = map(area, area->fd, 0, queues, queue_size, err);
	if (rc < 0)
		inflight_area_close(area);
	return rc;
}

int inflight_area_take(struct inflight_area *area, int fd, uint64_t bytes, uint64_t offset,
		       uint32_t queues, uint32_t queue_size, struct net_error *err)
{
	int rc = check_sizes(queues, queue_size, err);
	struct stat file;

	*area = (struct inflight_area){.fd = -1};
	if (rc < 0)
		return rc;
	if (bytes < inflight_area_bytes(queues, queue_size))
		return error_fill(
			err, -EINVAL, "inflight",
			"an inflight area of %llu bytes, and %u queues of %u need %llu: send the "
			"mmap_size of the reply to GET_INFLIGHT_FD",
			(unsigned long long)bytes, queues, queue_size,
			(unsigned long long)inflight_area_bytes(queues, queue_size));
	if (offset % (uint64_t)sysconf(_SC_PAGESIZE))
		return error_fill(
			err, -EINVAL, "inflight",
			"an inflight area at offset %llu: send a multiple of the page size",
			(unsigned long long)offset);
	if (fstat(fd, &file) < 0)
		return error_errno(err, -errno, "inflight", "look at the inflight area's file");
	if (offset > (uint64_t)file.st_size || bytes > (uint64_t)file.st_size - offset)
		return error_fill(
			err, -EINVAL, "inflight",
			"an inflight area of %llu bytes at offset %llu in a file of %llu: send "
			"the descriptor of the reply to GET_INFLIGHT_FD",
			(unsigned long long)bytes, (unsigned long long)offset,
			(unsigned long long)file.st_size);
	return map(area, fd, offset, queues, queue_size, err);
}

void inflight_area_close(struct inflight_area *area)
{
	if (area->memory)
		munmap(area->memory, area->bytes);
	if (area->fd >= 0)
		close(area->fd);
	*area = (struct inflight_area){.fd = -1};
}

/* ---- One ring's region ------------------------------------------------------------------------ */

int inflight_queue_open(struct inflight_queue *q, struct inflight_area *area, uint32_t index,
			uint32_t ring_size, struct net_error *err)
{
	struct inflight_region *region;
	uint16_t version;

	*q = (struct inflight_queue){.size = ring_size, .entries = area->queue_size};
	if (index >= area->queues)
		return error_fill(err, -EINVAL, "inflight",
				  "ring %u in an inflight area of %u: make it for all rings", index,
				  area->queues);
	if (ring_size > area->queue_size)
		return error_fill(err, -EINVAL, "inflight",
				  "a ring of %u entries in an inflight area for %u: make it larger",
				  ring_size, area->queue_size);
	region = (void *)((char *)area->memory + index * region_bytes(area->queue_size));
	version = shared_load16(&region->version);
	if (version == 0) {
		shared_store16(&region->desc_num, (uint16_t)area->queue_size);
	} else if (version != INFLIGHT_VERSION || shared_load64(&region->features) != 0 ||
		   shared_load16(&region->desc_num) != area->queue_size) {
		return error_fill(
			err, -EPROTO, "inflight",
			"ring %u's inflight region has version %u for %u entries, and this "
			"device writes version %u for %u: send the area that it made",
			index, version, shared_load16(&region->desc_num), INFLIGHT_VERSION,
			area->queue_size);
	}
	q->region = region;
	q->is_used = version != 0;
	return 0;
}

/* The driver has the last batch, but the device before us may have died before it wrote that down. */
static int settle_last_batch(struct inflight_queue *q, uint16_t used_idx, struct net_error *err)
{
	struct inflight_region *region = q->region;
	uint16_t count = (uint16_t)(used_idx - shared_load16(&region->used_idx));
	uint16_t head = shared_load16(&region->last_batch_head);

	/* No batch is larger than its ring: this is another ring's index, after a reset of the driver. */
	if (count > q->size)
		count = 0;
	for (; count; count--) {
		if (head >= q->size)
			return error_fill(err, -EPROTO, "inflight",
					  "the inflight region lists head %u in a ring of %u: send "
					  "the area of this ring",
					  head, q->size);
		shared_store8(&region->desc[head].inflight, 0);
		head = shared_load16(&region->desc[head].next);
	}
	shared_order_if_killed();
	shared_store16(&region->used_idx, used_idx);
	shared_order_if_killed();
	return 0;
}

struct taken {
	uint64_t counter;
	uint16_t head;
};

static int by_counter(const void *a, const void *b)
{
	const struct taken *left = a, *right = b;

	return (left->counter > right->counter) - (left->counter < right->counter);
}

int inflight_queue_recover(struct inflight_queue *q, uint16_t used_idx, uint16_t *heads,
			   struct net_error *err)
{
	struct inflight_region *region = q->region;
	struct taken *taken;
	uint32_t count = 0;
	int rc = settle_last_batch(q, used_idx, err);

	if (rc < 0)
		return rc;
	taken = calloc(q->size, sizeof(*taken));
	if (!taken)
		return error_errno(err, -ENOMEM, "inflight", "memory for the heads in flight");
	for (uint32_t i = 0; i < q->entries; i++) {
		if (!shared_load8(&region->desc[i].inflight))
			continue;
		if (i >= q->size) {
			free(taken);
			return error_fill(
				err, -EPROTO, "inflight",
				"the inflight region has head %u in flight in a ring of %u: "
				"send the area of this ring",
				i, q->size);
		}
		taken[count++] = (struct taken){.counter = shared_load64(&region->desc[i].counter),
						.head = (uint16_t)i};
	}
	qsort(taken, count, sizeof(*taken), by_counter);
	for (uint32_t i = 0; i < count; i++)
		heads[i] = taken[i].head;
	q->counter = count ? taken[count - 1].counter + 1 : 0;
	free(taken);
	shared_store16(&region->version, INFLIGHT_VERSION);
	return (int)count;
}

void inflight_queue_forget(struct inflight_queue *q)
{
	for (uint32_t i = 0; i < q->entries; i++)
		shared_store8(&q->region->desc[i].inflight, 0);
	shared_order_if_killed();
}
