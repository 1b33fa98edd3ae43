/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the front end asks for, a handler per message. channel.c has judged lengths, counts and descriptors; here the
 * values are looked at. Section names are those of vhost-user.rst.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "device.h"
#include "notifier.h"

#define STEP "vhost-user"

typedef int handler(struct device *d, struct vhost_message *m, struct net_error *err);

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

/* ---- Features --------------------------------------------------------------------------------- */

static int get_features(struct device *d, struct vhost_message *m, struct net_error *err)
{
	return channel_reply_u64(&d->channel, m, d->offered, err);
}

static int set_features(struct device *d, struct vhost_message *m, struct net_error *err)
{
	uint64_t wanted = m->payload.u64;
	int rc;

	if (wanted & ~d->offered)
		return error_fill(err, -EINVAL, STEP,
				  "the guest insists on features that are not offered: 0x%llx",
				  (unsigned long long)(wanted & ~d->offered));
	if (wanted == d->features)
		return 0;
	rc = device_stop_pairs(d);
	if (rc)
		return rc;
	d->features = wanted;
	return 0;
}

static int get_protocol_features(struct device *d, struct vhost_message *m, struct net_error *err)
{
	return channel_reply_u64(&d->channel, m, d->channel.offered, err);
}

static int set_protocol_features(struct device *d, struct vhost_message *m, struct net_error *err)
{
	uint64_t unknown = m->payload.u64 & ~d->channel.offered;

	if (unknown)
		return error_fill(
			err, -EINVAL, STEP,
			"the front end insists on protocol features that are not offered: "
			"0x%llx",
			(unsigned long long)unknown);
	d->channel.negotiated = m->payload.u64;
	back_channel_flush(&d->back, d->channel.negotiated);
	return 0;
}

/*
 * In rings, as Cloud Hypervisor, crosvm and OpenVMM have it, who would else make half of them or none. QEMU compares it
 * with queue pairs, so it refuses too many of those later: at their rings' messages.
 */
static int get_queue_num(struct device *d, struct vhost_message *m, struct net_error *err)
{
	return channel_reply_u64(&d->channel, m, d->opt->pairs * DEVICE_RINGS, err);
}

static int set_owner(struct device *d, struct vhost_message *m, struct net_error *err)
{
	(void)d, (void)m, (void)err;
	return 0;
}

/* The memory stays: a front end that told it by slots says nothing of it at a reset of the driver. */
static int reset_device(struct device *d, struct vhost_message *m, struct net_error *err)
{
	int rc = device_stop_pairs(d);

	(void)m, (void)err;
	if (rc)
		return rc;
	device_reset_rings(d);
	d->features = 0;
	d->status = 0;
	return 0;
}

static int get_status(struct device *d, struct vhost_message *m, struct net_error *err)
{
	return channel_reply_u64(&d->channel, m, d->status, err);
}

/* 0 is a reset (virtio 1.2, 2.1.2): the rings stop, and are started again by their kicks. Their bases stay, as the
 * front end may ask for them afterwards. */
static int set_status(struct device *d, struct vhost_message *m, struct net_error *err)
{
	int rc = 0;

	(void)err;
	if (!(m->payload.u64 & UINT8_MAX))
		rc = device_stop_pairs(d);
	if (rc)
		return rc;
	d->status = (uint8_t)m->payload.u64;
	for (uint32_t i = 0; i < d->opt->pairs && !d->status; i++)
		for (uint32_t k = 0; k < DEVICE_RINGS; k++)
			d->pairs[i].set_up[k].is_started = false;
	return 0;
}

/* ---- Memory ----------------------------------------------------------------------------------- */

/* The table has changed, or not. Addresses of rings are looked up again by the next start. */
static int memory_changed(struct device *d, int change, struct net_error *err)
{
	int rc;

	if (change < 0)
		return change;
	if (change == GUEST_MEMORY_SAME && d->has_memory)
		return 0;
	d->has_memory = false;
	if (!d->memory.count) {
		backend_forget_memory(&d->backend);
		return 0;
	}
	rc = backend_set_memory(&d->backend, d->regions,
				guest_memory_regions(&d->memory, d->regions), err);
	d->has_memory = !rc;
	return rc;
}

static int set_mem_table(struct device *d, struct vhost_message *m, struct net_error *err)
{
	const struct vhost_memory *table = &m->payload.memory;
	int rc = device_stop_pairs(d);

	if (rc)
		return rc;
	return memory_changed(
		d, guest_memory_set(&d->memory, table->regions, m->fds, table->count, err), err);
}

static int get_max_mem_slots(struct device *d, struct vhost_message *m, struct net_error *err)
{
	return channel_reply_u64(&d->channel, m, GUEST_MEMORY_REGIONS, err);
}

static int add_mem_reg(struct device *d, struct vhost_message *m, struct net_error *err)
{
	int rc = device_stop_pairs(d);

	if (rc)
		return rc;
	return memory_changed(
		d, guest_memory_add(&d->memory, &m->payload.slot.region, m->fds[0], err), err);
}

static int rem_mem_reg(struct device *d, struct vhost_message *m, struct net_error *err)
{
	int rc = device_stop_pairs(d);

	if (rc)
		return rc;
	return memory_changed(d, guest_memory_remove(&d->memory, &m->payload.slot.region, err),
			      err);
}

/* ---- Rings ------------------------------------------------------------------------------------ */

static int set_vring_num(struct device *d, struct vhost_message *m, struct net_error *err)
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

static int set_vring_addr(struct device *d, struct vhost_message *m, struct net_error *err)
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

static int set_vring_base(struct device *d, struct vhost_message *m, struct net_error *err)
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
static int get_vring_base(struct device *d, struct vhost_message *m, struct net_error *err)
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

static int set_vring_kick(struct device *d, struct vhost_message *m, struct net_error *err)
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

static int set_vring_call(struct device *d, struct vhost_message *m, struct net_error *err)
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

static int set_vring_err(struct device *d, struct vhost_message *m, struct net_error *err)
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
static int set_vring_enable(struct device *d, struct vhost_message *m, struct net_error *err)
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

static int get_inflight_fd(struct device *d, struct vhost_message *m, struct net_error *err)
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

static int set_inflight_fd(struct device *d, struct vhost_message *m, struct net_error *err)
{
	const struct vhost_inflight *told = &m->payload.inflight;
	int rc = device_stop_pairs(d);

	if (rc)
		return rc;
	inflight_area_close(&d->inflight);
	return inflight_area_take(&d->inflight, m->fds[0], told->size_bytes, told->offset_bytes,
				  told->queue_count, told->queue_size, err);
}

/* ---- The rest --------------------------------------------------------------------------------- */

static int set_backend_req_fd(struct device *d, struct vhost_message *m, struct net_error *err)
{
	int rc = back_channel_set(&d->back, vhost_message_take_fd(m, 0), err);

	if (!rc)
		back_channel_flush(&d->back, d->channel.negotiated);
	return rc;
}

static int get_config(struct device *d, struct vhost_message *m, struct net_error *err)
{
	struct virtio_net_config config;

	device_config(d, &config);
	return channel_reply_config(&d->channel, m, &config, sizeof(config), err);
}

static int set_config(struct device *d, struct vhost_message *m, struct net_error *err)
{
	(void)d, (void)m;
	return error_fill(err, -EROFS, STEP,
			  "SET_CONFIG: nothing of the configuration can be written; --mac sets the "
			  "guest's address");
}

static int net_set_mtu(struct device *d, struct vhost_message *m, struct net_error *err)
{
	if (m->payload.u64 <= d->backend.device.mtu_bytes)
		return 0;
	return error_fill(err, -EINVAL, STEP,
			  "an MTU of %llu is over that of %s, %u: ip link set %s mtu %llu",
			  (unsigned long long)m->payload.u64, d->opt->ifname,
			  d->backend.device.mtu_bytes, d->opt->ifname,
			  (unsigned long long)m->payload.u64);
}

static handler *const handlers[VHOST_REQUESTS] = {
	[VHOST_GET_FEATURES] = get_features,
	[VHOST_SET_FEATURES] = set_features,
	[VHOST_SET_OWNER] = set_owner,
	[VHOST_RESET_OWNER] = reset_device,
	[VHOST_SET_MEM_TABLE] = set_mem_table,
	[VHOST_SET_VRING_NUM] = set_vring_num,
	[VHOST_SET_VRING_ADDR] = set_vring_addr,
	[VHOST_SET_VRING_BASE] = set_vring_base,
	[VHOST_GET_VRING_BASE] = get_vring_base,
	[VHOST_SET_VRING_KICK] = set_vring_kick,
	[VHOST_SET_VRING_CALL] = set_vring_call,
	[VHOST_SET_VRING_ERR] = set_vring_err,
	[VHOST_GET_PROTOCOL_FEATURES] = get_protocol_features,
	[VHOST_SET_PROTOCOL_FEATURES] = set_protocol_features,
	[VHOST_GET_QUEUE_NUM] = get_queue_num,
	[VHOST_SET_VRING_ENABLE] = set_vring_enable,
	[VHOST_NET_SET_MTU] = net_set_mtu,
	[VHOST_SET_BACKEND_REQ_FD] = set_backend_req_fd,
	[VHOST_GET_CONFIG] = get_config,
	[VHOST_SET_CONFIG] = set_config,
	[VHOST_GET_INFLIGHT_FD] = get_inflight_fd,
	[VHOST_SET_INFLIGHT_FD] = set_inflight_fd,
	[VHOST_RESET_DEVICE] = reset_device,
	[VHOST_GET_MAX_MEM_SLOTS] = get_max_mem_slots,
	[VHOST_ADD_MEM_REG] = add_mem_reg,
	[VHOST_REM_MEM_REG] = rem_mem_reg,
	[VHOST_SET_STATUS] = set_status,
	[VHOST_GET_STATUS] = get_status,
};

int device_request(struct device *d, struct vhost_message *m, struct net_error *err)
{
	uint32_t request = m->header.request;

	if (request < VHOST_REQUESTS && handlers[request])
		return handlers[request](d, m, err);
	return error_fill(err, -EOPNOTSUPP, STEP, "%s is not served", vhost_request_name(request));
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
