// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/whole_fake.h"

enum { PACKET_SOCKET = -7, TCP = 6 };

struct whole_fake fake;

static void take_ring(uint32_t most)
{
	for (uint32_t n = 0; n < most && fake_transmit(&fake.r.k, &fake.r.packet); n++) {
		cr_assert_lt(fake.wire_count, WHOLE_FAKE_WIRE);
		fake.wire[fake.wire_count++] = fake.r.packet.len;
		for (uint32_t i = 0; i < fake.r.packet.descriptors; i++)
			fake.held[fake.held_count++] = fake.r.packet.address[i];
	}
	for (uint32_t i = 0; i < fake.held_count && !fake.holding; i++)
		fake_complete(&fake.r.k, fake.held[i]);
	fake.held_count = fake.holding ? fake.held_count : 0;
	fake_settle(&fake.r.k);
}

/* In place of the C library's, for the fake kernel's sockets only. */
ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	if (fd != fake.r.k.queue.xsk.fd)
		return syscall(SYS_sendto, fd, bytes, len, flags, to, to_len);
	fake.calls++;
	if (!fake.ring_busy)
		take_ring(fake.kick_frames ? fake.kick_frames : UINT32_MAX);
	errno = EAGAIN;
	return fake.ring_busy ? -1 : 0;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (fd != PACKET_SOCKET)
		return syscall(SYS_sendmsg, fd, message, flags);
	cr_assert_eq(flags, MSG_DONTWAIT);
	cr_assert_eq(fake.r.k.tx.kernel, fake.r.k.tx.producer,
		     "not all that was sent before is taken");
	fake.attempts++;
	fake.calls++;
	errno = fake.refusal;
	if (fake.refusal)
		return -1;
	memcpy(&fake.whole.how, message->msg_iov[0].iov_base, sizeof(fake.whole.how));
	cr_assert_eq(message->msg_iov[0].iov_len, sizeof(fake.whole.how));
	fake.whole.len = 0;
	for (size_t i = 1; i < message->msg_iovlen; i++) {
		const struct iovec *part = &message->msg_iov[i];

		cr_assert_leq(fake.whole.len + part->iov_len, sizeof(fake.whole.bytes));
		memcpy(fake.whole.bytes + fake.whole.len, part->iov_base, part->iov_len);
		fake.whole.len += (uint32_t)part->iov_len;
	}
	fake.wire[fake.wire_count++] = 0;
	return fake.whole.len;
}

void whole_fake_open(struct net_xdp_config config)
{
	fake.dice = frame_random(29);
	fake.wire_count = fake.attempts = fake.calls = fake.held_count = 0;
	fake.refusal = 0;
	fake.kick_frames = 0;
	fake.ring_busy = fake.holding = false;
	tx_fake_open(&fake.r, config);
	fake.r.k.queue.whole.flags = NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION;
	fake.r.k.queue.whole.fd = PACKET_SOCKET;
}

void whole_fake_start(void)
{
	whole_fake_open(net_xdp_config_default());
}

void whole_fake_add(uint32_t id, const struct segment_spec *spec, enum segment_style style,
		    uint32_t segments)
{
	uint64_t addr = FRONTEND_BASE + 4096 + 200000 * (uint64_t)fake.r.list.packet_count;
	struct net_tx_metadata *meta = frontend_list_packet(&fake.r.list, id), asked;

	segment_oracle_whole(&fake.packet, spec);
	segment_apply(&fake.packet, spec, style);
	asked = segment_request(&fake.packet, spec).meta;
	for (uint32_t i = 0, at = 0; i < segments; i++) {
		const uint32_t left = fake.packet.len - at;
		const uint32_t n = i + 1 == segments ? left : left / (segments - i);

		memcpy(frontend_at(&fake.r.f, addr, n), fake.packet.bytes + at, n);
		frontend_allow(&fake.r.f, addr, n);
		frontend_list_segment(&fake.r.list, addr, n);
		at += n;
		addr += n + frame_random_below(&fake.dice, 500);
	}
	asked.id = id;
	asked.segment_count = meta->segment_count;
	*meta = asked;
}

void whole_fake_add_plain(uint32_t id, uint32_t len)
{
	uint64_t addr = FRONTEND_BASE + 4096 + 200000 * (uint64_t)fake.r.list.packet_count;

	frontend_allow(&fake.r.f, addr, len);
	frontend_list_frame(&fake.r.list, id, addr, len);
}

uint32_t whole_fake_collect(uint32_t *ids)
{
	take_ring(UINT32_MAX);
	return (uint32_t)net_queue_tx_poll(fake.r.q, &fake.r.f.pool, ids, WHOLE_FAKE_IDS);
}

void whole_fake_expect_id(uint32_t id)
{
	uint32_t ids[WHOLE_FAKE_IDS];

	cr_assert_eq(whole_fake_collect(ids), 1);
	cr_assert_eq(ids[0], id);
}

struct segment_spec whole_fake_large(void)
{
	return segment_plain(4, TCP, 20000, 1000);
}

void whole_fake_send_large(uint32_t id)
{
	const struct segment_spec spec = whole_fake_large();

	fake.wire_count = 0;
	frontend_list_clear(&fake.r.list);
	whole_fake_add(id, &spec, SEGMENT_ZERO, 2);
	cr_assert_eq(tx_fake_offer(&fake.r, 0), fake.r.list.count);
	whole_fake_expect_id(id);
}
