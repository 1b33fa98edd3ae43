/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages that set up rings, and the memory that tells which heads are in flight. */
#include <errno.h>
#include <unistd.h>

#include "common/error.h"
#include "device.h"
#include "device_request.h"
#include "notifier.h"

#define STEP "vhost-user"

static void put_fd(int *slot, int fd)
{
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

/* The ring that a message names. Return: NULL, err filled: there is none. */
static struct device_ring *ring_of(struct device *d, uint64_t number, struct net_error *err)
{
	if (number < d->opt->pairs * DEVICE_RINGS)
		return &d->pairs[number / DEVICE_RINGS].set_up[number % DEVICE_RINGS];
	error_fill(err, -EINVAL, STEP,
		   "there is no ring %llu: this device has %u queue pairs (--pairs)",
		   (unsigned long long)number, d->opt->pairs);
	return NULL;
}

/* What a pair was set up with changes: it stops, and a ring that broke it is forgiven. */
static int stop_pair_of(struct device *d, uint64_t number)
{
	uint32_t index = (uint32_t)(number / DEVICE_RINGS);

	d->pairs[index].is_over = false;
	return device_stop_pair(d, index);
}

/* ---- Rings ------------------------------------------------------------------------------------ */

int device_set_vring_num(struct device *d, struct vhost_message *m, struct net_error *err)
{
	struct device_ring *r = ring_of(d, m->payload.state.index, err);
	uint32_t size = m->payload.state.num;
	int rc;

	if (!r)
		return -EINVAL;
	if (!size || size > RING_MAX_SIZE || size & (size - 1))
		return error_fill(err, -EINVAL, STEP,
				  "a ring of %u descriptors: not a power of two up to %u", size,
				  RING_MAX_SIZE);
	rc = stop_pair_of(d, m->payload.state.index);
	if (rc)
		return rc;
	r->size = size;
	return 0;
}

int device_set_vring_addr(struct device *d, struct vhost_message *m, struct net_error *err)
{
	const struct vhost_vring_addr *a = &m->payload.addr;
	struct device_ring *r = ring_of(d, a->index, err);
	int rc;

	if (!r)
		return -EINVAL;
	rc = stop_pair_of(d, a->index);
	if (rc)
		return rc;
	r->descriptors = a->desc;
	r->avail = a->avail;
	r->used = a->used;
	r->has_addresses = true;
	return 0;
}

int device_set_vring_base(struct device *d, struct vhost_message *m, struct net_error *err)
{
	struct device_ring *r = ring_of(d, m->payload.state.index, err);
	int rc;

	if (!r)
		return -EINVAL;
	if (m->payload.state.num > UINT16_MAX)
		return error_fill(err, -EINVAL, STEP,
				  "SET_VRING_BASE: %u is no index of a split ring, and packed "
				  "ones are not offered",
				  m->payload.state.num);
	rc = stop_pair_of(d, m->payload.state.index);
	if (rc)
		return rc;
	r->base = (uint16_t)m->payload.state.num;
	return 0;
}

/* Stops the ring: when it is answered nothing touches the guest's memory for it any more ("Ring states"). */
int device_get_vring_base(struct device *d, struct vhost_message *m, struct net_error *err)
{
	uint32_t index = m->payload.state.index;
	struct device_ring *r = ring_of(d, index, err);
	int rc;

	if (!r)
		return -EINVAL;
	rc = stop_pair_of(d, index);
	if (rc)
		return rc;
	r->is_started = false;
	return channel_reply_state(&d->channel, m, index, r->base, err);
}

/* The descriptor of a kick, call or error message, if it has one, is fit to be used. */
static int prepare_fd(struct vhost_message *m, struct net_error *err)
{
	return m->fd_count ? notifier_prepare(m->fds[0], vhost_request_name(m->header.request), err)
			   : 0;
}

int device_set_vring_kick(struct device *d, struct vhost_message *m, struct net_error *err)
{
	uint64_t number = m->payload.u64 & VHOST_VRING_INDEX_MASK;
	struct device_ring *r = ring_of(d, number, err);
	uint32_t index = (uint32_t)(number / DEVICE_RINGS);
	int rc;

	if (!r)
		return -EINVAL;
	rc = prepare_fd(m, err);
	if (rc)
		return rc;
	device_pause_pair(d, index);
	put_fd(&r->kick_fd, vhost_message_take_fd(m, 0));
	r->is_started = true;
	d->pairs[index].is_over = false;
	device_resume_pair(d, index);
	return 0;
}

int device_set_vring_call(struct device *d, struct vhost_message *m, struct net_error *err)
{
	uint64_t number = m->payload.u64 & VHOST_VRING_INDEX_MASK;
	struct device_ring *r = ring_of(d, number, err);
	int rc;

	if (!r)
		return -EINVAL;
	rc = prepare_fd(m, err);
	if (rc)
		return rc;
	device_pause_pair(d, (uint32_t)(number / DEVICE_RINGS));
	put_fd(&r->call_fd, vhost_message_take_fd(m, 0));
	device_resume_pair(d, (uint32_t)(number / DEVICE_RINGS));
	return 0;
}

int device_set_vring_err(struct device *d, struct vhost_message *m, struct net_error *err)
{
	struct device_ring *r = ring_of(d, m->payload.u64 & VHOST_VRING_INDEX_MASK, err);
	int rc;

	if (!r)
		return -EINVAL;
	rc = prepare_fd(m, err);
	if (rc)
		return rc;
	put_fd(&r->error_fd, vhost_message_take_fd(m, 0));
	return 0;
}

/* Disabled, a ring must not be touched: some drivers (virtio_uml) free theirs after this, and say no more. */
int device_set_vring_enable(struct device *d, struct vhost_message *m, struct net_error *err)
{
	uint32_t index = m->payload.state.index;
	struct device_ring *r = ring_of(d, index, err);
	int rc;

	if (!r)
		return -EINVAL;
	if (m->payload.state.num > 1)
		return error_fill(err, -EINVAL, STEP, "SET_VRING_ENABLE: %u is neither 0 nor 1",
				  m->payload.state.num);
	if (!m->payload.state.num) {
		rc = stop_pair_of(d, index);
		if (rc)
			return rc;
	}
	r->is_enabled = m->payload.state.num;
	r->is_disabled = !r->is_enabled;
	return 0;
}

/* ---- Inflight --------------------------------------------------------------------------------- */

int device_get_inflight_fd(struct device *d, struct vhost_message *m, struct net_error *err)
{
	const struct vhost_inflight *asked = &m->payload.inflight;
	struct vhost_inflight reply = *asked;
	int rc = device_stop_pairs(d);

	if (rc)
		return rc;
	inflight_area_close(&d->inflight);
	rc = inflight_area_create(&d->inflight, asked->queue_count, asked->queue_size, err);
	if (rc)
		return rc;
	reply.size_bytes = d->inflight.bytes;
	reply.offset_bytes = 0;
	return channel_reply_inflight(&d->channel, m, &reply, d->inflight.fd, err);
}

int device_set_inflight_fd(struct device *d, struct vhost_message *m, struct net_error *err)
{
	const struct vhost_inflight *told = &m->payload.inflight;
	int rc = device_stop_pairs(d);

	if (rc)
		return rc;
	inflight_area_close(&d->inflight);
	return inflight_area_take(&d->inflight, m->fds[0], told->size_bytes, told->offset_bytes,
				  told->queue_count, told->queue_size, err);
}

void device_reset_rings(struct device *d)
{
	for (uint32_t i = 0; i < d->opt->pairs; i++) {
		d->pairs[i].is_over = false;
		for (uint32_t k = 0; k < DEVICE_RINGS; k++) {
			struct device_ring *r = &d->pairs[i].set_up[k];

			put_fd(&r->kick_fd, -1);
			put_fd(&r->call_fd, -1);
			put_fd(&r->error_fd, -1);
			*r = (struct device_ring){.kick_fd = -1, .call_fd = -1, .error_fd = -1};
		}
	}
}
