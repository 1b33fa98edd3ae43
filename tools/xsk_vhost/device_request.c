/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the front end asks for, a handler per message. channel.c has judged lengths, counts and descriptors; here the
 * values are looked at. Section names are those of vhost-user.rst.
 */
#include <errno.h>

#include "common/error.h"
#include "device.h"
#include "device_request.h"

#define STEP "vhost-user"

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
	if (!rc && guest_memory_may_shrink(&d->memory))
		device_say(d,
			   "the guest's memory has no F_SEAL_SHRINK: whoever has its file can cut "
			   "it short, which ends this process for all of its guests");
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

static device_handler *const handlers[VHOST_REQUESTS] = {
	[VHOST_GET_FEATURES] = get_features,
	[VHOST_SET_FEATURES] = set_features,
	[VHOST_SET_OWNER] = set_owner,
	[VHOST_RESET_OWNER] = reset_device,
	[VHOST_SET_MEM_TABLE] = set_mem_table,
	[VHOST_SET_VRING_NUM] = device_set_vring_num,
	[VHOST_SET_VRING_ADDR] = device_set_vring_addr,
	[VHOST_SET_VRING_BASE] = device_set_vring_base,
	[VHOST_GET_VRING_BASE] = device_get_vring_base,
	[VHOST_SET_VRING_KICK] = device_set_vring_kick,
	[VHOST_SET_VRING_CALL] = device_set_vring_call,
	[VHOST_SET_VRING_ERR] = device_set_vring_err,
	[VHOST_GET_PROTOCOL_FEATURES] = get_protocol_features,
	[VHOST_SET_PROTOCOL_FEATURES] = set_protocol_features,
	[VHOST_GET_QUEUE_NUM] = get_queue_num,
	[VHOST_SET_VRING_ENABLE] = device_set_vring_enable,
	[VHOST_NET_SET_MTU] = net_set_mtu,
	[VHOST_SET_BACKEND_REQ_FD] = set_backend_req_fd,
	[VHOST_GET_CONFIG] = get_config,
	[VHOST_SET_CONFIG] = set_config,
	[VHOST_GET_INFLIGHT_FD] = device_get_inflight_fd,
	[VHOST_SET_INFLIGHT_FD] = device_set_inflight_fd,
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
