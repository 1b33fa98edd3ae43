/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vhost-user protocol as this back end speaks it: constants, what lies on the wire, and whether a message
 * keeps the rules. No socket, no state. "spec" is QEMU's docs/interop/vhost-user.rst; its sections are named
 * where they decide something.
 *
 * Numbers are in the machine's byte order (spec, Message Specification), so payloads are read as they are.
 */
#ifndef XSK_VHOST_PROTOCOL_H
#define XSK_VHOST_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "net_backend.h"

/* spec, Front-end message types. What is left out here is known by name only (vhost_request_name()). */
enum vhost_request {
	VHOST_GET_FEATURES = 1,
	VHOST_SET_FEATURES = 2,
	VHOST_SET_OWNER = 3,
	VHOST_RESET_OWNER = 4,
	VHOST_SET_MEM_TABLE = 5,
	VHOST_SET_LOG_BASE = 6,
	VHOST_SET_LOG_FD = 7,
	VHOST_SET_VRING_NUM = 8,
	VHOST_SET_VRING_ADDR = 9,
	VHOST_SET_VRING_BASE = 10,
	VHOST_GET_VRING_BASE = 11,
	VHOST_SET_VRING_KICK = 12,
	VHOST_SET_VRING_CALL = 13,
	VHOST_SET_VRING_ERR = 14,
	VHOST_GET_PROTOCOL_FEATURES = 15,
	VHOST_SET_PROTOCOL_FEATURES = 16,
	VHOST_GET_QUEUE_NUM = 17,
	VHOST_SET_VRING_ENABLE = 18,
	VHOST_SEND_RARP = 19,
	VHOST_NET_SET_MTU = 20,
	VHOST_SET_BACKEND_REQ_FD = 21,
	VHOST_GET_CONFIG = 24,
	VHOST_SET_CONFIG = 25,
	VHOST_GET_INFLIGHT_FD = 31,
	VHOST_SET_INFLIGHT_FD = 32,
	VHOST_RESET_DEVICE = 34,
	VHOST_GET_MAX_MEM_SLOTS = 36,
	VHOST_ADD_MEM_REG = 37,
	VHOST_REM_MEM_REG = 38,
	VHOST_SET_STATUS = 39,
	VHOST_GET_STATUS = 40,
	VHOST_REQUESTS, /* one more than the largest that is served */
};

/* spec, Back-end message types: what we ask of the front end. */
enum vhost_backend_request {
	VHOST_BACKEND_CONFIG_CHANGE_MSG = 2,
};

/* spec, Protocol features; bit numbers. */
enum vhost_protocol_feature {
	VHOST_PROTOCOL_F_MQ = 0,
	VHOST_PROTOCOL_F_LOG_SHMFD = 1,
	VHOST_PROTOCOL_F_RARP = 2,
	VHOST_PROTOCOL_F_REPLY_ACK = 3,
	VHOST_PROTOCOL_F_MTU = 4,
	VHOST_PROTOCOL_F_BACKEND_REQ = 5,
	VHOST_PROTOCOL_F_CONFIG = 9,
	VHOST_PROTOCOL_F_INFLIGHT_SHMFD = 12,
	VHOST_PROTOCOL_F_RESET_DEVICE = 13,
	VHOST_PROTOCOL_F_CONFIGURE_MEM_SLOTS = 15,
	VHOST_PROTOCOL_F_STATUS = 16,
};
#define VHOST_PROTOCOL_BIT(feature) (1ull << (feature))

/* The virtio feature bit behind which the protocol's own ones are (spec, Communication). */
#define VHOST_F_PROTOCOL_FEATURES 30

/* spec, Header. */
#define VHOST_VERSION	      1u
#define VHOST_VERSION_MASK    3u
#define VHOST_FLAG_REPLY      (1u << 2)
#define VHOST_FLAG_NEED_REPLY (1u << 3)

/* Of the u64 in SET_VRING_KICK, _CALL and _ERR. */
#define VHOST_VRING_INDEX_MASK 0xffu
#define VHOST_VRING_NO_FD      0x100u

#define VHOST_TABLE_REGIONS 8	/* in one SET_MEM_TABLE */
#define VHOST_FDS	    8	/* with one message: the largest is SET_MEM_TABLE's */
#define VHOST_CONFIG_BYTES  256 /* QEMU's VHOST_USER_MAX_CONFIG_SIZE */

struct vhost_header {
	uint32_t request;
	uint32_t flags;
	uint32_t size_bytes; /* of the payload */
};

struct vhost_vring_state {
	uint32_t index;
	uint32_t num;
};

struct vhost_vring_addr {
	uint32_t index;
	uint32_t flags; /* bit 0: log writes to the used ring; never asked of us */
	uint64_t desc;	/* the front end's user addresses: guest_at_user() */
	uint64_t used;
	uint64_t avail;
	uint64_t log;
};

struct vhost_memory_region {
	uint64_t guest_addr;
	uint64_t size_bytes;
	uint64_t user_addr;
	uint64_t offset_bytes; /* in the file */
};

struct vhost_memory {
	uint32_t count;
	uint32_t padding;
	struct vhost_memory_region regions[VHOST_TABLE_REGIONS];
};

struct vhost_memory_slot {
	uint64_t padding;
	struct vhost_memory_region region;
};

struct vhost_config {
	uint32_t offset_bytes;
	uint32_t size_bytes;
	uint32_t flags; /* of SET_CONFIG: 0 the driver wrote a writable field, 1 live migration */
	uint8_t data[VHOST_CONFIG_BYTES];
};
#define VHOST_CONFIG_HEADER_BYTES 12u

/* 20 bytes from who packs it, 24 from who does not (QEMU, DPDK). QEMU wants the reply as long as its request
 * was: channel_reply_inflight(). */
struct vhost_inflight {
	uint64_t size_bytes;
	uint64_t offset_bytes;
	uint16_t queue_count;
	uint16_t queue_size;
};
#define VHOST_INFLIGHT_BYTES 20u

union vhost_payload {
	uint64_t u64;
	struct vhost_vring_state state;
	struct vhost_vring_addr addr;
	struct vhost_memory memory;
	struct vhost_memory_slot slot;
	struct vhost_config config;
	struct vhost_inflight inflight;
	uint8_t bytes[VHOST_CONFIG_HEADER_BYTES + VHOST_CONFIG_BYTES];
};

/* A request as it came. The payload's bytes behind header.size_bytes are zero. */
struct vhost_message {
	struct vhost_header header;
	union vhost_payload payload;
	uint32_t fd_count;
	int fds[VHOST_FDS]; /* -1: taken, or none */
};

/* "SET_MEM_TABLE"; "unknown request" where the specification has none of that number. Never NULL. */
const char *vhost_request_name(uint32_t request);

/* Does the specification give the request a reply of its own? Then it never gets an acknowledgement (spec,
 * REPLY_ACK: "brings no behavioural change"). */
bool vhost_request_has_reply(uint32_t request);

/*
 * Judge a header before the payload is read: version, no reply, and a payload that fits union vhost_payload.
 * Return: 0; -EPROTO, err filled: nothing behind such a header can be found again, the connection is over.
 */
int vhost_judge_header(const struct vhost_header *header, struct net_error *err);

/*
 * Judge a whole message: a request that is served and whose protocol feature is among offered (bits that
 * GET_PROTOCOL_FEATURES told; the specification asks for "negotiated" with some and for "offered" with others,
 * and no harm comes of the wider one), its length and what its own counts say of it, the number of its fds.
 * What only the device can know (queue numbers, ring sizes, the order of messages) is not looked at.
 * Return: 0; -EOPNOTSUPP the request is not served, -EPROTO it is malformed, err filled.
 */
int vhost_judge(const struct vhost_message *message, uint64_t offered, struct net_error *err);

/* Fds: the message's stays with it until somebody takes it. Return: the fd, the caller's now; -1: there
 * is none. */
int vhost_message_take_fd(struct vhost_message *message, uint32_t index);
/* Close those that nobody took. */
void vhost_message_close_fds(struct vhost_message *message);

#endif
