// SPDX-License-Identifier: BSD-2-Clause
#include "support/fake_driver.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t align(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

static uint64_t avail_offset(uint32_t size)
{
	return (uint64_t)size * 16;
}

static uint64_t used_offset(uint32_t size)
{
	return align(avail_offset(size) + 6 + (uint64_t)size * 2, 4);
}

static uint64_t table_offset(uint32_t size)
{
	return align(used_offset(size) + 6 + (uint64_t)size * 8, 4096);
}

uint64_t fake_driver_bytes(uint32_t size)
{
	return table_offset(size) + (uint64_t)size * FAKE_DRIVER_TABLE * 16;
}

void fake_driver_open(struct fake_driver *d, const struct fake_driver_config *config)
{
	memset(d, 0, sizeof(*d));
	d->config = *config;
	memset(config->memory, 0, fake_driver_bytes(config->size));
	d->desc = (void *)config->memory;
	d->avail = (void *)(config->memory + avail_offset(config->size));
	d->used = (void *)(config->memory + used_offset(config->size));
	d->posted = calloc(config->size, sizeof(*d->posted));
	d->next_free = calloc(config->size, sizeof(*d->next_free));
	if (!d->posted || !d->next_free)
		abort();
	for (uint32_t i = 0; i < config->size; i++)
		d->next_free[i] = (uint16_t)(i + 1);
	d->free_descriptors = config->size;
	d->avail_idx = config->start;
	d->kicked_idx = config->start;
	d->last_used = config->start;
	d->avail->idx = htole16(config->start);
	d->used->idx = htole16(config->start);
}

void fake_driver_close(struct fake_driver *d)
{
	free(d->posted);
	free(d->next_free);
	memset(d, 0, sizeof(*d));
}

void *fake_driver_at(const struct fake_driver *d, uint64_t gpa)
{
	return d->config.memory + (gpa - d->config.gpa);
}

uint64_t fake_driver_table_gpa(const struct fake_driver *d, uint16_t head)
{
	return d->config.gpa + table_offset(d->config.size) +
	       (uint64_t)head * FAKE_DRIVER_TABLE * 16;
}

struct vring_desc *fake_driver_table(const struct fake_driver *d, uint16_t head)
{
	return fake_driver_at(d, fake_driver_table_gpa(d, head));
}

/* Take a descriptor off the free list. */
static uint16_t take(struct fake_driver *d)
{
	uint16_t i = d->first_free;

	d->first_free = d->next_free[i];
	d->free_descriptors--;
	return i;
}

static void fill(struct vring_desc *desc, const struct fake_piece *piece, bool more, uint32_t next)
{
	desc->addr = htole64(piece->gpa);
	desc->len = htole32(piece->len);
	desc->flags = htole16((uint16_t)((piece->write ? VRING_DESC_F_WRITE : 0) |
					 (more ? VRING_DESC_F_NEXT : 0)));
	desc->next = htole16((uint16_t)next);
}

static void fill_table(struct fake_driver *d, uint16_t head, const struct fake_piece *pieces,
		       uint32_t count)
{
	struct vring_desc *table = fake_driver_table(d, head);

	for (uint32_t i = 0; i < count; i++)
		fill(&table[i], &pieces[i], i + 1 < count, i + 1);
	d->desc[head] = (struct vring_desc){
		.addr = htole64(fake_driver_table_gpa(d, head)),
		.len = htole32(count * 16),
		.flags = htole16(VRING_DESC_F_INDIRECT),
	};
}

int fake_driver_post(struct fake_driver *d, const struct fake_piece *pieces, uint32_t count,
		     bool indirect, uint64_t token)
{
	uint32_t needed = indirect ? 1 : count;
	struct fake_posted *posted;
	uint16_t head;

	if (needed > d->free_descriptors || (indirect && count > FAKE_DRIVER_TABLE))
		return -ENOSPC;
	head = take(d);
	posted = &d->posted[head];
	*posted = (struct fake_posted){
		.is_out = true, .token = token, .descriptors = (uint16_t)needed};
	for (uint32_t i = 0; i < count; i++)
		posted->in_bytes += pieces[i].write ? pieces[i].len : 0;
	if (indirect) {
		fill_table(d, head, pieces, count);
	} else {
		for (uint32_t i = 0, at = head; i < count; i++) {
			bool more = i + 1 < count;
			uint32_t next = more ? take(d) : 0;

			fill(&d->desc[at], &pieces[i], more, next);
			at = next;
		}
	}
	d->avail->ring[d->avail_idx % d->config.size] = htole16(head);
	d->avail_idx++;
	d->outstanding++;
	return head;
}

bool fake_driver_publish(struct fake_driver *d)
{
	uint16_t old = d->kicked_idx, now = d->avail_idx;
	const uint16_t *event = (void *)&d->used->ring[d->config.size];

	if (now == old)
		return false;
	__atomic_store_n(&d->avail->idx, htole16(now), __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	d->kicked_idx = now;
	if (!d->config.event_idx)
		return !(le16toh(__atomic_load_n(&d->used->flags, __ATOMIC_RELAXED)) &
			 VRING_USED_F_NO_NOTIFY);
	/* Was the entry that the device waits for among the new ones? */
	for (uint16_t i = old; i != now; i++)
		if (i == le16toh(__atomic_load_n(event, __ATOMIC_RELAXED)))
			return true;
	return false;
}

static int fault(struct fake_driver *d, const char *what, uint32_t a, uint32_t b)
{
	snprintf(d->fault, sizeof(d->fault), "%s: %u, %u", what, a, b);
	return -EPROTO;
}

/* The chain's descriptors are free again: those that the driver itself linked, but it keeps no list of them
 * beside the table, so nobody may have changed it. */
static void give_back(struct fake_driver *d, uint16_t head)
{
	struct fake_posted *posted = &d->posted[head];
	uint16_t at = head;

	for (uint32_t i = 0; i < posted->descriptors; i++) {
		uint16_t next = le16toh(d->desc[at].next);

		d->next_free[at] = d->first_free;
		d->first_free = at;
		d->free_descriptors++;
		at = next;
	}
	posted->is_out = false;
	d->outstanding--;
}

int fake_driver_collect(struct fake_driver *d, struct fake_used *out)
{
	uint16_t idx = le16toh(__atomic_load_n(&d->used->idx, __ATOMIC_ACQUIRE));
	const struct vring_used_elem *e = &d->used->ring[d->last_used % d->config.size];
	uint32_t head, len;

	if ((uint16_t)(idx - d->last_used) > d->outstanding)
		return fault(d, "more used than outstanding", (uint16_t)(idx - d->last_used),
			     d->outstanding);
	if (idx == d->last_used)
		return 0;
	head = le32toh(e->id);
	len = le32toh(e->len);
	if (head >= d->config.size || !d->posted[head].is_out)
		return fault(d, "a used head that the device does not have", head, len);
	if (len > d->posted[head].in_bytes)
		return fault(d, "more bytes written than there is room", len,
			     d->posted[head].in_bytes);
	*out = (struct fake_used){
		.head = (uint16_t)head, .token = d->posted[head].token, .len = len};
	give_back(d, (uint16_t)head);
	d->last_used++;
	return 1;
}

bool fake_driver_arm_call(struct fake_driver *d)
{
	if (d->config.event_idx)
		__atomic_store_n(&d->avail->ring[d->config.size], htole16(d->last_used),
				 __ATOMIC_RELAXED);
	else
		__atomic_store_n(&d->avail->flags, 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return le16toh(__atomic_load_n(&d->used->idx, __ATOMIC_ACQUIRE)) != d->last_used;
}

void fake_driver_disarm_call(struct fake_driver *d)
{
	/* With EVENT_IDX an index far away does: Linux takes the one behind the used index. */
	if (d->config.event_idx)
		__atomic_store_n(&d->avail->ring[d->config.size], htole16(d->last_used - 1),
				 __ATOMIC_RELAXED);
	else
		__atomic_store_n(&d->avail->flags, htole16(VRING_AVAIL_F_NO_INTERRUPT),
				 __ATOMIC_RELAXED);
}

void fake_driver_take_back(struct fake_driver *d)
{
	for (uint32_t head = 0; head < d->config.size; head++) {
		if (!d->posted[head].is_out)
			continue;
		give_back(d, (uint16_t)head);
		d->avail_idx--;
		d->kicked_idx = d->avail_idx;
		__atomic_store_n(&d->avail->idx, htole16(d->avail_idx), __ATOMIC_RELAXED);
		return;
	}
}
