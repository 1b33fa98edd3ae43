// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/vhost_front.h"

const struct front_rule front_rules[FRONT_REQUESTS] = {
	[1] = {"GET_FEATURES", true, 0, 0, -1, true},
	[2] = {"SET_FEATURES", true, 8, 0, -1, false},
	[3] = {"SET_OWNER", true, 0, 0, -1, false},
	[4] = {"RESET_OWNER", true, 0, 0, -1, false},
	[5] = {"SET_MEM_TABLE", true, 8 + 2 * 32, 2, -1, false},
	[6] = {"SET_LOG_BASE", false, 16, 1, 1, false},
	[7] = {"SET_LOG_FD", false, 0, 1, -1, false},
	[8] = {"SET_VRING_NUM", true, 8, 0, -1, false},
	[9] = {"SET_VRING_ADDR", true, 40, 0, -1, false},
	[10] = {"SET_VRING_BASE", true, 8, 0, -1, false},
	[11] = {"GET_VRING_BASE", true, 8, 0, -1, true},
	[12] = {"SET_VRING_KICK", true, 8, 1, -1, false},
	[13] = {"SET_VRING_CALL", true, 8, 1, -1, false},
	[14] = {"SET_VRING_ERR", true, 8, 1, -1, false},
	[15] = {"GET_PROTOCOL_FEATURES", true, 0, 0, -1, true},
	[16] = {"SET_PROTOCOL_FEATURES", true, 8, 0, -1, false},
	[17] = {"GET_QUEUE_NUM", true, 0, 0, -1, true},
	[18] = {"SET_VRING_ENABLE", true, 8, 0, -1, false},
	[19] = {"SEND_RARP", true, 8, 0, 2, false},
	[20] = {"NET_SET_MTU", true, 8, 0, 4, false},
	[21] = {"SET_BACKEND_REQ_FD", true, 0, 1, 5, false},
	[22] = {"IOTLB_MSG", false, 32, 0, -1, true},
	[23] = {"SET_VRING_ENDIAN", false, 8, 0, 6, false},
	[24] = {"GET_CONFIG", true, 12 + 20, 0, 9, true},
	[25] = {"SET_CONFIG", true, 12 + 20, 0, 9, false},
	[26] = {"CREATE_CRYPTO_SESSION", false, 64, 0, 7, true},
	[27] = {"CLOSE_CRYPTO_SESSION", false, 8, 0, 7, false},
	[28] = {"POSTCOPY_ADVISE", false, 0, 0, 8, true},
	[29] = {"POSTCOPY_LISTEN", false, 0, 0, 8, false},
	[30] = {"POSTCOPY_END", false, 0, 0, 8, true},
	[31] = {"GET_INFLIGHT_FD", true, 24, 0, 12, true},
	[32] = {"SET_INFLIGHT_FD", true, 20, 1, 12, false},
	[33] = {"GPU_SET_SOCKET", false, 0, 1, -1, false},
	[34] = {"RESET_DEVICE", true, 0, 0, 13, false},
	[35] = {"VRING_KICK", false, 8, 0, 14, false},
	[36] = {"GET_MAX_MEM_SLOTS", true, 0, 0, 15, true},
	[37] = {"ADD_MEM_REG", true, 40, 1, 15, false},
	[38] = {"REM_MEM_REG", true, 40, 0, 15, false},
	[39] = {"SET_STATUS", true, 8, 0, 16, false},
	[40] = {"GET_STATUS", true, 0, 0, 16, true},
	[41] = {"GET_SHARED_OBJECT", false, 16, 0, 18, true},
	[42] = {"SET_DEVICE_STATE_FD", false, 8, 1, 19, true},
	[43] = {"CHECK_DEVICE_STATE", false, 0, 0, 19, true},
	[44] = {"GET_SHMEM_CONFIG", false, 0, 0, 22, true},
	[45] = {"GET_VRING_BASE_SKIP_DRAIN", false, 8, 0, 23, true},
};

struct front_message front_good(uint32_t request, int fd)
{
	const struct front_rule none = {0};
	const struct front_rule *rule = request < FRONT_REQUESTS ? &front_rules[request] : &none;
	struct front_message m = {
		.request = request,
		.flags = FRONT_VERSION,
		.size_bytes = rule->size_bytes,
		.fd_count = rule->fds,
	};
	uint32_t two = 2, config[2] = {0, 20};

	for (uint32_t i = 0; i < m.size_bytes; i++)
		m.payload[i] = (uint8_t)(request * 37 + i);
	for (uint32_t i = 0; i < m.fd_count; i++)
		m.fds[i] = fd;
	if (request == 5)
		memcpy(m.payload, &two, sizeof(two));
	if (request == 24 || request == 25)
		memcpy(m.payload, config, sizeof(config));
	if (request >= 12 && request <= 14)
		m.payload[1] = 0; /* bit 8 */
	return m;
}

int front_open(int *back)
{
	int pair[2];

	cr_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "%s",
		  strerror(errno));
	*back = pair[1];
	return pair[0];
}

uint32_t front_wire_bytes(const struct front_message *m)
{
	return 12 + m->size_bytes;
}

void front_send_part(int fd, const struct front_message *m, uint32_t from, uint32_t to)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FRONT_FDS * sizeof(int))] = {0};
	uint8_t wire[12 + FRONT_PAYLOAD];
	struct iovec iov = {wire + from, to - from};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	memcpy(wire, &m->request, 4);
	memcpy(wire + 4, &m->flags, 4);
	memcpy(wire + 8, &m->size_bytes, 4);
	memcpy(wire + 12, m->payload, sizeof(m->payload));
	if (m->fd_count) {
		struct cmsghdr *h;

		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(m->fd_count * sizeof(int));
		h = CMSG_FIRSTHDR(&msg);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(m->fd_count * sizeof(int));
		memcpy(CMSG_DATA(h), m->fds, m->fd_count * sizeof(int));
	}
	cr_assert(sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)(to - from), "%s", strerror(errno));
}

void front_send(int fd, const struct front_message *m)
{
	front_send_part(fd, m, 0, front_wire_bytes(m));
}

int front_receive(int fd, struct front_message *m)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FRONT_FDS * sizeof(int))];
	struct iovec iov = {m, 12};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got;

	memset(m, 0, sizeof(*m));
	got = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got <= 0)
		return -1;
	cr_assert_eq(got, 12);
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&msg); h; h = CMSG_NXTHDR(&msg, h)) {
		m->fd_count = (uint32_t)((h->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(m->fds, CMSG_DATA(h), m->fd_count * sizeof(int));
	}
	cr_assert(m->size_bytes <= FRONT_PAYLOAD, "%u bytes", m->size_bytes);
	if (m->size_bytes)
		cr_assert_eq(recv(fd, m->payload, m->size_bytes, MSG_DONTWAIT), m->size_bytes);
	return 1;
}

uint64_t front_expect_u64(int fd, uint32_t request)
{
	struct front_message m;
	uint64_t value;

	cr_assert_eq(front_receive(fd, &m), 1, "no reply to request %u", request);
	cr_assert_eq(m.request, request);
	cr_assert_eq(m.flags, FRONT_VERSION | FRONT_REPLY);
	cr_assert_eq(m.size_bytes, 8);
	cr_assert_eq(m.fd_count, 0);
	memcpy(&value, m.payload, sizeof(value));
	return value;
}

void front_expect_silence(int fd)
{
	struct front_message m;

	cr_assert_eq(front_receive(fd, &m), 0, "an answer to request %u", m.request);
}
