// SPDX-License-Identifier: BSD-2-Clause
#include "xsk_vhost/ring.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"

static int check(const struct ring_config *c, struct net_error *err)
{
	if (c->size == 0 || c->size > RING_MAX_SIZE || (c->size & (c->size - 1)))
		return error_fill(err, -EINVAL, "ring",
				  "a ring of %u entries: use a power of two up to %u", c->size,
				  RING_MAX_SIZE);
	if ((uintptr_t)c->descriptors % 16 || (uintptr_t)c->avail % 2 || (uintptr_t)c->used % 4)
		return error_fill(
			err, -EINVAL, "ring",
			"a ring at %p, %p, %p: align its descriptors to 16, the avail ring to 2, "
			"the used ring to 4",
			c->descriptors, c->avail, c->used);
	return 0;
}

/* Go on where a device before us was killed, or make the region ready for those after us. */
static int recover(struct ring *r, struct net_error *err)
{
	int count = inflight_queue_recover(r->inflight, (uint16_t)r->published, r->again, err);
	uint16_t posted = (uint16_t)(le16toh(shared_load16_acquire(&r->avail->idx)) - r->published);

	if (count < 0)
		return count;
	/* More than the driver has posted: it was reset since, and these were the old ring's. */
	if (count > posted) {
		inflight_queue_forget(r->inflight);
		count = 0;
	}
	if (!r->inflight->is_used && r->next_avail != r->published)
		return error_fill(
			err, -EPROTO, "inflight",
			"the ring's base is %u and its used index %u, but the inflight area is new: "
			"send a base that is the used index",
			r->next_avail, r->published);
	r->next_avail = r->published + (uint32_t)count;
	r->again_count = (uint32_t)count;
	for (uint32_t i = 0, end = r->again_count; i < end; i++)
		r->owner[r->again[i]] = RING_AGAIN;
	/* ring_pop() takes from the end. */
	for (uint32_t i = 0, end = r->again_count; i < end / 2; i++) {
		uint16_t head = r->again[i];

		r->again[i] = r->again[end - 1 - i];
		r->again[end - 1 - i] = head;
	}
	return 0;
}

int ring_open(struct ring *r, const struct ring_config *config, struct net_error *err)
{
	int rc = check(config, err);

	memset(r, 0, sizeof(*r));
	if (rc < 0)
		return rc;
	r->descriptors = config->descriptors;
	r->avail = config->avail;
	r->used = config->used;
	r->size = config->size;
	r->mask = config->size - 1;
	r->event_idx = config->event_idx;
	r->indirect = config->indirect;
	r->translate = config->translate;
	r->translate_context = config->translate_context;
	r->inflight = config->inflight;
	r->owner = calloc(UINT16_MAX + 1, sizeof(*r->owner));
	r->again = calloc(r->size, sizeof(*r->again));
	r->staged = calloc(r->size, sizeof(*r->staged));
	if (!r->owner || !r->again || !r->staged) {
		rc = error_errno(err, -ENOMEM, "ring", "memory for the heads of a ring");
		goto fail;
	}
	memset(r->owner, RING_DRIVER, r->size);
	r->published = le16toh(shared_load16(&r->used->idx));
	r->next_used = r->published;
	r->next_avail = config->base;
	r->call_owed = r->published != 0;
	if (r->inflight) {
		rc = recover(r, err);
		if (rc < 0)
			goto fail;
	}
	r->avail_seen = r->next_avail;
	r->lost = (uint16_t)(r->next_avail - r->next_used - r->again_count);
	return 0;
fail:
	ring_close(r);
	return rc;
}

void ring_close(struct ring *r)
{
	free(r->owner);
	free(r->again);
	free(r->staged);
	memset(r, 0, sizeof(*r));
}
