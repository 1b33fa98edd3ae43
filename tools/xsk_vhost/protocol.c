// SPDX-License-Identifier: BSD-2-Clause
#include "xsk_vhost/protocol.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "common/error.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NO_FEATURE   (-1)

struct request {
	const char *name;
	bool served;
	bool has_reply;
	int feature; /* the request is legal behind this protocol feature */
	uint32_t least_bytes, most_bytes;
	uint32_t least_fds, most_fds;
};

#define STATE  sizeof(struct vhost_vring_state)
#define U64    sizeof(uint64_t)
#define SLOT   sizeof(struct vhost_memory_slot)
#define CONFIG VHOST_CONFIG_HEADER_BYTES

/* SERVED(name, reply, feature, payload bytes from..to, fds from..to), KNOWN(name, reply) */
#define SERVED(n, r, f, b0, b1, f0, f1)                                                            \
	{                                                                                          \
		.name = n, .served = true, .has_reply = r, .feature = f, .least_bytes = b0,        \
		.most_bytes = b1, .least_fds = f0, .most_fds = f1                                  \
	}
#define KNOWN(n, r)                                                                                \
	{                                                                                          \
		.name = n, .has_reply = r, .feature = NO_FEATURE                                   \
	}

/*
 * spec, Front-end message types: each row is the entry of its number. Which of them carry fds is in
 * "Communication", when a vring's fd is left out in the entries 12 to 14. That REM_MEM_REG may come with one is
 * in its own entry.
 */
static const struct request requests[] = {
	[1] = SERVED("GET_FEATURES", true, NO_FEATURE, 0, 0, 0, 0),
	[2] = SERVED("SET_FEATURES", false, NO_FEATURE, U64, U64, 0, 0),
	[3] = SERVED("SET_OWNER", false, NO_FEATURE, 0, 0, 0, 0),
	[4] = SERVED("RESET_OWNER", false, NO_FEATURE, 0, 0, 0, 0),
	/* UML's table is always as long as two regions, its count says one. */
	[5] = SERVED("SET_MEM_TABLE", false, NO_FEATURE, offsetof(struct vhost_memory, regions),
		     sizeof(struct vhost_memory), 0, VHOST_TABLE_REGIONS),
	/* Has a reply with LOG_SHMFD only (Communication), which is not offered. */
	[6] = KNOWN("SET_LOG_BASE", false),
	[7] = KNOWN("SET_LOG_FD", false),
	[8] = SERVED("SET_VRING_NUM", false, NO_FEATURE, STATE, STATE, 0, 0),
	[9] = SERVED("SET_VRING_ADDR", false, NO_FEATURE, sizeof(struct vhost_vring_addr),
		     sizeof(struct vhost_vring_addr), 0, 0),
	[10] = SERVED("SET_VRING_BASE", false, NO_FEATURE, STATE, STATE, 0, 0),
	[11] = SERVED("GET_VRING_BASE", true, NO_FEATURE, STATE, STATE, 0, 0),
	[12] = SERVED("SET_VRING_KICK", false, NO_FEATURE, U64, U64, 0, 1),
	[13] = SERVED("SET_VRING_CALL", false, NO_FEATURE, U64, U64, 0, 1),
	[14] = SERVED("SET_VRING_ERR", false, NO_FEATURE, U64, U64, 0, 1),
	[15] = SERVED("GET_PROTOCOL_FEATURES", true, NO_FEATURE, 0, 0, 0, 0),
	[16] = SERVED("SET_PROTOCOL_FEATURES", false, NO_FEATURE, U64, U64, 0, 0),
	/* Behind MQ, but OpenVMM asks in any case. */
	[17] = SERVED("GET_QUEUE_NUM", true, NO_FEATURE, 0, 0, 0, 0),
	[18] = SERVED("SET_VRING_ENABLE", false, NO_FEATURE, STATE, STATE, 0, 0),
	[19] = SERVED("SEND_RARP", false, VHOST_PROTOCOL_F_RARP, U64, U64, 0, 0),
	[20] = SERVED("NET_SET_MTU", false, VHOST_PROTOCOL_F_MTU, U64, U64, 0, 0),
	[21] = SERVED("SET_BACKEND_REQ_FD", false, VHOST_PROTOCOL_F_BACKEND_REQ, 0, 0, 1, 1),
	[22] = KNOWN("IOTLB_MSG", true),
	[23] = KNOWN("SET_VRING_ENDIAN", false),
	[24] = SERVED("GET_CONFIG", true, VHOST_PROTOCOL_F_CONFIG, CONFIG,
		      CONFIG + VHOST_CONFIG_BYTES, 0, 0),
	[25] = SERVED("SET_CONFIG", false, VHOST_PROTOCOL_F_CONFIG, CONFIG,
		      CONFIG + VHOST_CONFIG_BYTES, 0, 0),
	[26] = KNOWN("CREATE_CRYPTO_SESSION", true),
	[27] = KNOWN("CLOSE_CRYPTO_SESSION", false),
	[28] = KNOWN("POSTCOPY_ADVISE", true),
	[29] = KNOWN("POSTCOPY_LISTEN", false),
	[30] = KNOWN("POSTCOPY_END", true),
	[31] = SERVED("GET_INFLIGHT_FD", true, VHOST_PROTOCOL_F_INFLIGHT_SHMFD,
		      VHOST_INFLIGHT_BYTES, sizeof(struct vhost_inflight), 0, 0),
	[32] = SERVED("SET_INFLIGHT_FD", false, VHOST_PROTOCOL_F_INFLIGHT_SHMFD,
		      VHOST_INFLIGHT_BYTES, sizeof(struct vhost_inflight), 1, 1),
	[33] = KNOWN("GPU_SET_SOCKET", false),
	[34] = SERVED("RESET_DEVICE", false, VHOST_PROTOCOL_F_RESET_DEVICE, 0, 0, 0, 0),
	[35] = KNOWN("VRING_KICK", false),
	[36] = SERVED("GET_MAX_MEM_SLOTS", true, VHOST_PROTOCOL_F_CONFIGURE_MEM_SLOTS, 0, 0, 0, 0),
	[37] = SERVED("ADD_MEM_REG", false, VHOST_PROTOCOL_F_CONFIGURE_MEM_SLOTS, SLOT, SLOT, 1, 1),
	[38] = SERVED("REM_MEM_REG", false, VHOST_PROTOCOL_F_CONFIGURE_MEM_SLOTS, SLOT, SLOT, 0, 1),
	[39] = SERVED("SET_STATUS", false, VHOST_PROTOCOL_F_STATUS, U64, U64, 0, 0),
	[40] = SERVED("GET_STATUS", true, VHOST_PROTOCOL_F_STATUS, 0, 0, 0, 0),
	[41] = KNOWN("GET_SHARED_OBJECT", true),
	[42] = KNOWN("SET_DEVICE_STATE_FD", true),
	[43] = KNOWN("CHECK_DEVICE_STATE", true),
	[44] = KNOWN("GET_SHMEM_CONFIG", true),
	[45] = KNOWN("GET_VRING_BASE_SKIP_DRAIN", true),
};

/* Return: its row; NULL: the specification has no such request. */
static const struct request *request_of(uint32_t number)
{
	return number < COUNT(requests) && requests[number].name ? &requests[number] : NULL;
}

const char *vhost_request_name(uint32_t request)
{
	const struct request *r = request_of(request);

	return r ? r->name : "unknown request";
}

bool vhost_request_has_reply(uint32_t request)
{
	const struct request *r = request_of(request);

	return r && r->has_reply;
}

int vhost_judge_header(const struct vhost_header *h, struct net_error *err)
{
	const char *name = vhost_request_name(h->request);

	if ((h->flags & VHOST_VERSION_MASK) != VHOST_VERSION)
		return error_fill(err, -EPROTO, "message",
				  "request %u (%s): version %u, only %u is known; is the other end "
				  "a vhost-user front end?",
				  h->request, name, h->flags & VHOST_VERSION_MASK, VHOST_VERSION);
	if (h->flags & VHOST_FLAG_REPLY)
		return error_fill(err, -EPROTO, "message",
				  "request %u (%s): is marked as a reply, but nothing was asked; "
				  "is the other end a back end too?",
				  h->request, name);
	if (h->size_bytes > sizeof(((union vhost_payload *)0)->bytes))
		return error_fill(err, -EPROTO, "message",
				  "request %u (%s): %u bytes of payload, the longest that is "
				  "served has %zu; the front end asks for what is not offered",
				  h->request, name, h->size_bytes,
				  sizeof(((union vhost_payload *)0)->bytes));
	return 0;
}

static int judge_length(const struct request *r, uint32_t size_bytes, struct net_error *err)
{
	if (size_bytes >= r->least_bytes && size_bytes <= r->most_bytes)
		return 0;
	return error_fill(err, -EPROTO, "message",
			  "%s: %u bytes of payload, must be %u to %u; the front end breaks the "
			  "protocol",
			  r->name, size_bytes, r->least_bytes, r->most_bytes);
}

static int judge_fds(const struct request *r, uint32_t fds, uint32_t least, uint32_t most,
		     struct net_error *err)
{
	if (fds >= least && fds <= most)
		return 0;
	return error_fill(err, -EPROTO, "message",
			  "%s: came with %u file descriptors, must be %u to %u; the front end "
			  "breaks the protocol",
			  r->name, fds, least, most);
}

static int judge_table(const struct request *r, const struct vhost_message *m,
		       struct net_error *err)
{
	const struct vhost_memory *table = &m->payload.memory;
	size_t room = m->header.size_bytes - offsetof(struct vhost_memory, regions);

	if (table->count == 0)
		return error_fill(err, -EPROTO, "message",
				  "%s: no region; give the guest shared memory (QEMU: share=on)",
				  r->name);
	if (table->count > room / sizeof(table->regions[0]))
		return error_fill(err, -EPROTO, "message",
				  "%s: %u regions in %u bytes of payload; the front end breaks the "
				  "protocol",
				  r->name, table->count, m->header.size_bytes);
	return judge_fds(r, m->fd_count, table->count, table->count, err);
}

static int judge_config(const struct request *r, const struct vhost_message *m,
			struct net_error *err)
{
	uint32_t data_bytes = m->header.size_bytes - VHOST_CONFIG_HEADER_BYTES;

	if (m->payload.config.size_bytes == data_bytes)
		return 0;
	return error_fill(err, -EPROTO, "message",
			  "%s: asks for %u bytes with room for %u; the front end breaks the "
			  "protocol",
			  r->name, m->payload.config.size_bytes, data_bytes);
}

/* What a message's own numbers say of its length and fds. */
static int judge_payload(const struct request *r, const struct vhost_message *m,
			 struct net_error *err)
{
	uint32_t fds;

	switch (m->header.request) {
	case VHOST_SET_MEM_TABLE:
		return judge_table(r, m, err);
	case VHOST_SET_VRING_KICK:
	case VHOST_SET_VRING_CALL:
	case VHOST_SET_VRING_ERR:
		fds = m->payload.u64 & VHOST_VRING_NO_FD ? 0 : 1;
		return judge_fds(r, m->fd_count, fds, fds, err);
	case VHOST_GET_CONFIG:
	case VHOST_SET_CONFIG:
		return judge_config(r, m, err);
	default:
		return 0;
	}
}

int vhost_judge(const struct vhost_message *m, uint64_t offered, struct net_error *err)
{
	const struct request *r = request_of(m->header.request);
	int rc;

	if (!r)
		return error_fill(err, -EOPNOTSUPP, "message",
				  "request %u is unknown; the front end asks for what is not "
				  "offered",
				  m->header.request);
	if (!r->served || (r->feature != NO_FEATURE && !(offered & VHOST_PROTOCOL_BIT(r->feature))))
		return error_fill(err, -EOPNOTSUPP, "message",
				  "%s is not served, and the feature it belongs to not offered; "
				  "the front end must not ask for it",
				  r->name);
	rc = judge_length(r, m->header.size_bytes, err);
	if (!rc)
		rc = judge_fds(r, m->fd_count, r->least_fds, r->most_fds, err);
	return rc ? rc : judge_payload(r, m, err);
}

int vhost_message_take_fd(struct vhost_message *m, uint32_t index)
{
	int fd = -1;

	if (index < m->fd_count) {
		fd = m->fds[index];
		m->fds[index] = -1;
	}
	return fd;
}

void vhost_message_close_fds(struct vhost_message *m)
{
	for (uint32_t i = 0; i < m->fd_count; i++)
		if (m->fds[i] >= 0)
			close(m->fds[i]);
	m->fd_count = 0;
}
