// SPDX-License-Identifier: BSD-2-Clause
/* Which vhost-user messages keep the rules: every request, length and number of fds beside another table. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/vhost_front.h"
#include "xsk_vhost/protocol.h"

static struct vhost_message message_of(const struct front_message *front)
{
	struct vhost_message m = {
		.header = {front->request, front->flags, front->size_bytes},
		.fd_count = front->fd_count,
	};

	for (uint32_t i = 0; i < VHOST_FDS; i++)
		m.fds[i] = -1;
	memcpy(m.payload.bytes, front->payload,
	       front->size_bytes < sizeof(m.payload.bytes) ? front->size_bytes
							   : sizeof(m.payload.bytes));
	return m;
}

static struct vhost_message good(uint32_t request)
{
	struct front_message front = front_good(request, -1);

	return message_of(&front);
}

static int judge(const struct vhost_message *m, uint64_t offered, struct net_error *err)
{
	int rc;

	memset(err, 0, sizeof(*err));
	rc = vhost_judge(m, offered, err);
	cr_assert_eq(rc, err->code);
	cr_assert_eq(rc != 0, err->message[0] != 0);
	return rc;
}

Test(protocol, wire_structures_are_as_long_as_the_specification_says)
{
	cr_expect_eq(sizeof(struct vhost_header), 12);
	cr_expect_eq(sizeof(struct vhost_vring_state), 8);
	cr_expect_eq(sizeof(struct vhost_vring_addr), 40);
	cr_expect_eq(sizeof(struct vhost_memory), 8 + 8 * 32);
	cr_expect_eq(sizeof(struct vhost_memory_slot), 40);
	cr_expect_eq(sizeof(struct vhost_config), 268);
	cr_expect_eq(offsetof(struct vhost_inflight, queue_size), 18);
	cr_expect_eq(sizeof(((union vhost_payload *)0)->bytes), 268);
	cr_expect_eq(offsetof(union vhost_payload, bytes), 0);
}

Test(protocol, every_request_has_its_name_and_says_whether_it_has_a_reply)
{
	for (uint32_t i = 0; i < 300; i++) {
		const struct front_rule *rule = i < FRONT_REQUESTS ? &front_rules[i] : NULL;
		const char *name = rule && rule->name ? rule->name : "unknown request";

		cr_expect_str_eq(vhost_request_name(i), name);
		cr_expect_eq(vhost_request_has_reply(i), rule && rule->has_reply, "%s", name);
	}
	cr_expect_str_eq(vhost_request_name(UINT32_MAX), "unknown request");
}

Test(protocol, a_good_message_of_each_request_is_taken_behind_its_feature_alone)
{
	struct net_error err;

	for (uint32_t i = 0; i < 64; i++) {
		const struct front_rule *rule = i < FRONT_REQUESTS ? &front_rules[i] : NULL;
		bool served = rule && rule->served;
		struct vhost_message m = good(i);

		cr_expect_eq(judge(&m, FRONT_ALL, &err), served ? 0 : -EOPNOTSUPP, "%u", i);
		for (int bit = -1; bit < 64 && served; bit++) {
			uint64_t offered = bit < 0 ? 0 : 1ull << bit;
			bool legal = rule->feature < 0 || rule->feature == bit;

			cr_expect_eq(judge(&m, offered, &err), legal ? 0 : -EOPNOTSUPP,
				     "%s behind bit %d", rule->name, bit);
			cr_expect(legal || strstr(err.message, rule->name), "%s", err.message);
		}
	}
}

/* Is this length right, of a payload that is as good as its length lets it be? */
static bool length_is_right(uint32_t request, uint32_t size_bytes)
{
	switch (request) {
	case 5: /* two regions, and UML sends room for more than it fills */
		return size_bytes >= 8 + 2 * 32 && size_bytes <= 8 + 8 * 32;
	case 31:
	case 32: /* packed or not */
		return size_bytes >= 20 && size_bytes <= 24;
	default:
		return size_bytes == front_rules[request].size_bytes;
	}
}

Test(protocol, every_request_at_every_length)
{
	struct net_error err;

	for (uint32_t i = 1; i < FRONT_REQUESTS; i++) {
		for (uint32_t size = 0; size <= 268 && front_rules[i].served; size++) {
			struct vhost_message m = good(i);
			bool right = length_is_right(i, size);

			m.header.size_bytes = size;
			cr_expect_eq(judge(&m, FRONT_ALL, &err), right ? 0 : -EPROTO,
				     "%s of %u bytes: %s", front_rules[i].name, size, err.message);
			cr_expect(right || strstr(err.message, front_rules[i].name), "%s",
				  err.message);
		}
	}
}

Test(protocol, every_request_with_every_number_of_fds)
{
	struct net_error err;

	for (uint32_t i = 1; i < FRONT_REQUESTS; i++) {
		for (uint32_t fds = 0; fds <= VHOST_FDS && front_rules[i].served; fds++) {
			struct vhost_message m = good(i);
			/* "the back-end MAY accept messages with one" */
			bool right = fds == front_rules[i].fds || (i == 38 && fds == 1);

			m.fd_count = fds;
			cr_expect_eq(judge(&m, FRONT_ALL, &err), right ? 0 : -EPROTO,
				     "%s with %u fds", front_rules[i].name, fds);
		}
	}
}

Test(protocol, a_memory_table_has_as_many_regions_as_bytes_and_fds)
{
	const uint32_t counts[] = {9, 10, 1u << 27, UINT32_MAX};
	struct net_error err;
	struct vhost_message m = good(5);

	for (uint32_t count = 0; count <= 8; count++) {
		for (uint32_t size = 8; size <= 8 + 8 * 32; size += 4) {
			for (uint32_t fds = 0; fds <= 8; fds++) {
				bool right = count && 8 + count * 32 <= size && fds == count;

				m.header.size_bytes = size;
				m.payload.memory.count = count;
				m.fd_count = fds;
				cr_expect_eq(judge(&m, 0, &err), right ? 0 : -EPROTO,
					     "%u regions, %u bytes, %u fds", count, size, fds);
			}
		}
	}
	m.header.size_bytes = 8 + 8 * 32;
	m.fd_count = 8;
	for (uint32_t i = 0; i < 4; i++) {
		m.payload.memory.count = counts[i];
		cr_expect_eq(judge(&m, 0, &err), -EPROTO, "%u regions", counts[i]);
	}
	m.payload.memory.count = 0;
	m.fd_count = 0;
	cr_expect_eq(judge(&m, 0, &err), -EPROTO);
	cr_expect(strstr(err.message, "share=on"), "%s", err.message);
}

Test(protocol, a_vrings_fd_is_there_exactly_when_the_message_says_so)
{
	struct net_error err;

	for (uint32_t i = 12; i <= 14; i++) {
		for (uint32_t fds = 0; fds <= 2; fds++) {
			for (uint64_t value = 0; value < 0x400; value++) {
				struct vhost_message m = good(i);
				bool right = fds == (value & 0x100 ? 0 : 1);

				m.payload.u64 = value;
				m.fd_count = fds;
				cr_assert_eq(judge(&m, 0, &err), right ? 0 : -EPROTO,
					     "%s of 0x%lx with %u fds", front_rules[i].name,
					     (unsigned long)value, fds);
			}
		}
	}
}

Test(protocol, a_configuration_is_as_long_as_it_says)
{
	struct net_error err;

	for (uint32_t i = 24; i <= 25; i++) {
		struct vhost_message m = good(i);

		for (uint32_t size = 0; size <= 256; size++) {
			m.header.size_bytes = 12 + size;
			m.payload.config.offset_bytes = UINT32_MAX - size;
			m.payload.config.size_bytes = size;
			cr_expect_eq(judge(&m, FRONT_ALL, &err), 0, "%u bytes", size);
			m.payload.config.size_bytes = size + 1;
			cr_expect_eq(judge(&m, FRONT_ALL, &err), -EPROTO, "%u bytes", size);
			m.payload.config.size_bytes = size - 1;
			cr_expect_eq(judge(&m, FRONT_ALL, &err), -EPROTO, "%u bytes", size);
		}
	}
}

Test(protocol, a_header_has_the_version_no_reply_and_no_more_than_can_be_held)
{
	struct net_error err;

	for (uint32_t flags = 0; flags < 64; flags++) {
		struct vhost_header h = {VHOST_SET_OWNER, flags, 0};
		bool right = (flags & 7) == 1;

		cr_expect_eq(vhost_judge_header(&h, &err), right ? 0 : -EPROTO, "flags %u", flags);
		cr_expect(right || strstr(err.message, "SET_OWNER"), "%s", err.message);
	}
	for (uint32_t size = 0; size < 1000; size++) {
		struct vhost_header h = {VHOST_SET_OWNER, 1, size};

		cr_expect_eq(vhost_judge_header(&h, &err), size <= 268 ? 0 : -EPROTO, "%u", size);
	}
	cr_expect_eq(vhost_judge_header(&(struct vhost_header){1, 1, UINT32_MAX}, &err), -EPROTO);
}

Test(protocol, fds_are_taken_once_and_the_others_closed)
{
	unsigned int before = netns_open_fds();
	struct vhost_message m = {.fd_count = 3};
	int taken;

	for (uint32_t i = 0; i < 3; i++)
		m.fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	taken = vhost_message_take_fd(&m, 1);
	cr_expect_geq(taken, 0);
	cr_expect_eq(vhost_message_take_fd(&m, 1), -1);
	cr_expect_eq(vhost_message_take_fd(&m, 3), -1);
	cr_expect_eq(vhost_message_take_fd(&m, UINT32_MAX), -1);
	vhost_message_close_fds(&m);
	vhost_message_close_fds(&m);
	cr_expect_eq(vhost_message_take_fd(&m, 0), -1);
	cr_expect_eq(netns_open_fds(), before + 1);
	cr_expect_eq(fcntl(taken, F_GETFD), FD_CLOEXEC);
	close(taken);
}
