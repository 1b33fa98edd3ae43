// SPDX-License-Identifier: BSD-2-Clause
/*
 * Packets to be cut that the kernel takes whole, over the fake kernel and a fake packet socket: which packets those
 * are, what the kernel is told of them, their place among others, and what becomes of one that is refused.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/virtio_net.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/segment_case.h"
#include "support/tx_fake.h"

enum { PACKET_SOCKET = -7, TCP = 6, UDP = 17, CWR = 0x80, SYN = 0x02, URG = 0x20 };
enum { WIRE_MAX = 65536, IDS_MAX = 64 };

static struct tx_fake r;
static struct frame_random dice;
static struct segment_packet packet, want;

/* What the kernel got, in order: the length of a wire packet from the ring, or 0 for a whole one. */
static uint32_t wire[WIRE_MAX], wire_count;
static struct {
	struct virtio_net_hdr how;
	uint32_t len;
	uint8_t bytes[SEGMENT_PACKET_MAX];
} whole;
static uint32_t attempts;
static int refusal;    /* errno of the packet socket; 0: it takes all */
static bool ring_busy; /* a kick sends nothing */
static bool holding;   /* what is sent is not completed yet */
static uint64_t held[WIRE_MAX];
static uint32_t held_count;

static void take_ring(void)
{
	while (fake_transmit(&r.k, &r.packet)) {
		cr_assert_lt(wire_count, WIRE_MAX);
		wire[wire_count++] = r.packet.len;
		for (uint32_t i = 0; i < r.packet.descriptors; i++)
			held[held_count++] = r.packet.address[i];
	}
	for (uint32_t i = 0; i < held_count && !holding; i++)
		fake_complete(&r.k, held[i]);
	held_count = holding ? held_count : 0;
	fake_settle(&r.k);
}

/* In place of the C library's, for the fake kernel's sockets only. */
ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	if (fd != r.k.queue.xsk.fd)
		return syscall(SYS_sendto, fd, bytes, len, flags, to, to_len);
	if (!ring_busy)
		take_ring();
	errno = EAGAIN;
	return ring_busy ? -1 : 0;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (fd != PACKET_SOCKET)
		return syscall(SYS_sendmsg, fd, message, flags);
	cr_assert_eq(flags, MSG_DONTWAIT);
	cr_assert_eq(r.k.tx.kernel, r.k.tx.producer, "not all that was sent before is taken");
	attempts++;
	errno = refusal;
	if (refusal)
		return -1;
	memcpy(&whole.how, message->msg_iov[0].iov_base, sizeof(whole.how));
	cr_assert_eq(message->msg_iov[0].iov_len, sizeof(whole.how));
	whole.len = 0;
	for (size_t i = 1; i < message->msg_iovlen; i++) {
		const struct iovec *part = &message->msg_iov[i];

		cr_assert_leq(whole.len + part->iov_len, sizeof(whole.bytes));
		memcpy(whole.bytes + whole.len, part->iov_base, part->iov_len);
		whole.len += (uint32_t)part->iov_len;
	}
	wire[wire_count++] = 0;
	return whole.len;
}

static void start_with(struct net_xdp_config config)
{
	dice = frame_random(29);
	wire_count = attempts = held_count = 0;
	refusal = 0;
	ring_busy = holding = false;
	tx_fake_open(&r, config);
	r.k.queue.whole.flags = NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION;
	r.k.queue.whole.fd = PACKET_SOCKET;
}

static void start(void)
{
	start_with(net_xdp_config_default());
}

/* Add the packet of a description to the list, in segments of its own. */
static void add(uint32_t id, const struct segment_spec *spec, enum segment_style style,
		uint32_t segments)
{
	uint64_t addr = FRONTEND_BASE + 4096 + 200000 * (uint64_t)r.list.packet_count;
	struct net_tx_metadata *meta = frontend_list_packet(&r.list, id), asked;

	segment_oracle_whole(&packet, spec);
	segment_apply(&packet, spec, style);
	asked = segment_request(&packet, spec).meta;
	for (uint32_t i = 0, at = 0; i < segments; i++) {
		const uint32_t left = packet.len - at;
		const uint32_t n = i + 1 == segments ? left : left / (segments - i);

		memcpy(frontend_at(&r.f, addr, n), packet.bytes + at, n);
		frontend_allow(&r.f, addr, n);
		frontend_list_segment(&r.list, addr, n);
		at += n;
		addr += n + frame_random_below(&dice, 500);
	}
	asked.id = id;
	asked.segment_count = meta->segment_count;
	*meta = asked;
}

static void add_plain(uint32_t id, uint32_t len)
{
	uint64_t addr = FRONTEND_BASE + 4096 + 200000 * (uint64_t)r.list.packet_count;

	frontend_allow(&r.f, addr, len);
	frontend_list_frame(&r.list, id, addr, len);
}

static uint32_t collect(uint32_t *ids)
{
	take_ring();
	return (uint32_t)net_queue_tx_poll(r.q, &r.f.pool, ids, IDS_MAX);
}

static void expect_id(uint32_t id)
{
	uint32_t ids[IDS_MAX];

	cr_assert_eq(collect(ids), 1);
	cr_assert_eq(ids[0], id);
}

static void fit(struct segment_spec *spec)
{
	spec->mss = (uint16_t)(400 + frame_random_below(&dice, 900));
	spec->tcp_flags &= (uint8_t) ~(SYN | URG);
}

/* Is this one that goes whole? */
static bool is_common(const struct segment_spec *s)
{
	const uint32_t pieces = (s->payload_bytes + s->mss - 1u) / s->mss;

	return s->payload_bytes >= 8192 && !s->tag_count && !s->has_vlan && !s->extension_count &&
	       want.len <= 65535 && (s->protocol == TCP ? !(s->tcp_flags & CWR) : pieces <= 128);
}

static void expect_whole(const struct segment_spec *spec, const char *what)
{
	const uint32_t l4 = want.l2_len + want.l3_len;
	const uint8_t tcp =
		spec->ip_version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	char why[FRAME_WHY_BYTES];

	frame_write16(want.bytes, want.l4_field, want.pseudo_sum);
	cr_assert(frame_equal(whole.bytes, whole.len, want.bytes, want.len, why), "%s: %s", what,
		  why);
	cr_assert_eq(whole.how.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	cr_assert_eq(whole.how.gso_type, spec->protocol == TCP ? tcp : 5, "%s", what);
	cr_assert_eq(whole.how.gso_size, spec->mss);
	cr_assert_eq(whole.how.hdr_len, l4 + want.l4_len);
	cr_assert_eq(whole.how.csum_start, l4);
	cr_assert_eq(whole.how.csum_start + whole.how.csum_offset, want.l4_field);
}

Test(tx_whole, random_packets_go_whole_or_are_cut)
{
	const uint64_t *c = r.k.queue.counter;
	uint64_t pieces = 0, bytes = 0;
	uint32_t went = 0, cut = 0;

	start();
	for (uint32_t id = 0; id < 600; id++) {
		struct segment_spec spec = segment_random(
			&dice, (struct segment_wish){.segmented = true, .payload_most = 65000});
		const uint32_t before = wire_count = 0;

		fit(&spec);
		segment_oracle_whole(&want, &spec);
		if (want.len - want.l2_len > 65535)
			continue;
		frontend_list_clear(&r.list);
		add(id, &spec, (enum segment_style)(id % SEGMENT_STYLES), 1 + id % 60);
		cr_assert_eq(tx_fake_offer(&r, 0), r.list.count);
		expect_id(id);
		for (struct segment_oracle o = segment_oracle_start(&spec);
		     segment_oracle_next(&o, &packet);)
			bytes += packet.len;
		if (is_common(&spec)) {
			cr_assert(wire_count == 1 && wire[before] == 0, "packet %u was cut", id);
			expect_whole(&spec, "packet");
			pieces += (spec.payload_bytes + spec.mss - 1u) / spec.mss;
			went++;
		} else {
			cr_assert(wire_count && wire[before] != 0, "packet %u went whole", id);
			cut++;
		}
	}
	cr_assert(went > 50 && cut > 100, "%u whole, %u cut", went, cut);
	cr_assert_eq(c[NET_XDP_TX_WHOLE], went);
	cr_assert_eq(c[NET_XDP_TX_SEGMENTED], cut);
	cr_assert_eq(c[NET_XDP_TX_PACKETS], pieces + c[NET_XDP_TX_SEGMENTS]);
	cr_assert_eq(c[NET_XDP_TX_BYTES], bytes);
	cr_assert_eq(c[NET_XDP_TX_ACCEPTED], went + cut);
	cr_assert_eq(c[NET_XDP_TX_WHOLE_REFUSED], 0);
	tx_fake_close(&r);
}

static struct segment_spec large(void)
{
	return segment_plain(4, TCP, 20000, 1000);
}

// 26: order on the wire is the order sent
Test(tx_whole, what_was_sent_before_is_on_the_wire_before)
{
	const struct segment_spec spec = large(), small = segment_plain(4, UDP, 2000, 1000);
	const uint32_t expected[] = {60, 61, 0, 62, 1042, 1042, 0, 0, 63};
	uint32_t ids[IDS_MAX];

	start();
	add_plain(1, 60);
	add_plain(2, 61);
	add(3, &spec, SEGMENT_ZERO, 2);
	add_plain(4, 62);
	add(5, &small, SEGMENT_ZERO, 2);
	add(6, &spec, SEGMENT_ZERO, 3);
	add(7, &spec, SEGMENT_ZERO, 1);
	add_plain(8, 63);
	cr_assert_eq(tx_fake_offer(&r, 0), r.list.count);
	cr_assert_eq(collect(ids), 8);
	cr_assert_eq(wire_count, sizeof(expected) / sizeof(expected[0]));
	for (uint32_t i = 0; i < wire_count; i++)
		cr_assert_eq(wire[i], expected[i], "place %u: %u, not %u", i, wire[i], expected[i]);
	tx_fake_close(&r);
}

Test(tx_whole, is_cut_while_the_ring_holds_what_was_sent_before)
{
	const struct segment_spec spec = large();
	uint32_t ids[IDS_MAX];

	start();
	ring_busy = true;
	add_plain(1, 60);
	add(2, &spec, SEGMENT_ZERO, 2);
	cr_assert_eq(tx_fake_offer(&r, 0), r.list.count);
	cr_assert_eq(attempts, 0);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_WHOLE_REFUSED), 0, "it was not offered");
	ring_busy = false;
	cr_assert_eq(collect(ids), 2);
	cr_assert_eq(wire_count, 21);
	cr_assert_eq(wire[0], 60);

	/* That was no refusal of the device's: the next one goes whole. */
	frontend_list_clear(&r.list);
	add(3, &spec, SEGMENT_ZERO, 2);
	cr_assert_eq(tx_fake_offer(&r, 0), r.list.count);
	cr_assert_eq(attempts, 1);
	expect_id(3);
	tx_fake_close(&r);
}

static void send_large(uint32_t id)
{
	const struct segment_spec spec = large();

	wire_count = 0;
	frontend_list_clear(&r.list);
	add(id, &spec, SEGMENT_ZERO, 2);
	cr_assert_eq(tx_fake_offer(&r, 0), r.list.count);
	expect_id(id);
}

/* Each refused packet is sent all the same, and the kernel is asked ever less often. */
Test(tx_whole, refused_packets_are_cut_and_refusals_get_rare)
{
	start();
	refusal = ENOBUFS;
	for (uint32_t id = 0; id < 5000; id++) {
		send_large(id);
		cr_assert_eq(wire_count, 20, "packet %u", id);
	}
	cr_assert(attempts >= 10 && attempts <= 20, "%u attempts", attempts);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_WHOLE_REFUSED), attempts);

	/* The device cuts again: that is found out, and from then on all go whole. */
	refusal = 0;
	for (uint32_t id = 0; id < 1025; id++)
		send_large(id);
	cr_assert_eq(wire_count, 1);
	refusal = ENOBUFS;
	send_large(0);
	refusal = 0;
	attempts = 0;
	send_large(1);
	cr_assert_eq(attempts, 0, "a packet is cut after a refusal");
	send_large(2);
	cr_assert_eq(attempts, 1, "and the next one tried");
	tx_fake_close(&r);
}

Test(tx_whole, much_on_its_way_is_no_refusal)
{
	start();
	refusal = EAGAIN;
	for (uint32_t id = 0; id < 50; id++) {
		send_large(id);
		cr_assert_eq(wire_count, 20);
	}
	cr_assert_eq(attempts, 50);
	tx_fake_close(&r);
}

/* virtio_net_hdr, headers and 62 pieces of payload are what one call takes. */
Test(tx_whole, packet_in_more_segments_than_one_call_takes_is_not_offered)
{
	const struct segment_spec spec = large();

	start();
	for (uint32_t segments = 60; segments < 70; segments++) {
		wire_count = 0;
		frontend_list_clear(&r.list);
		add(segments, &spec, SEGMENT_ZERO, segments);
		cr_assert_eq(tx_fake_offer(&r, 0), r.list.count);
		expect_id(segments);
		cr_assert(wire_count == 1 || wire_count == 20);
	}
	cr_assert(attempts > 0 && attempts < 10, "%u attempts", attempts);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_WHOLE), attempts);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_WHOLE_REFUSED), 0);
	tx_fake_close(&r);
}

/* The kernel has much on its way of both kinds: a packet is refused whole, and there is no room for its pieces. It is
 * offered again and again, and is one packet. */
Test(tx_whole, packet_that_is_refused_each_time_it_is_offered_counts_once)
{
	struct net_xdp_config c = net_xdp_config_default();
	const struct segment_spec spec = large();
	uint32_t ids[IDS_MAX];

	c.tx_ring_frames = c.completion_ring_frames = 64;
	start_with(c);
	holding = true;
	for (uint32_t id = 0; id < 60; id++)
		add_plain(id, 60);
	cr_assert_eq(tx_fake_offer(&r, 0), r.list.count);
	refusal = EAGAIN;
	frontend_list_clear(&r.list);
	add(60, &spec, SEGMENT_ZERO, 1);
	for (uint32_t i = 0; i < 5; i++)
		cr_assert_eq(tx_fake_offer(&r, 0), 0);
	cr_assert_geq(attempts, 5);
	holding = false;
	cr_assert_eq(collect(ids), 60);
	cr_assert_eq(tx_fake_offer(&r, 0), r.list.count);
	expect_id(60);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_WHOLE_REFUSED), 1);

	/* The last offer of one more is taken whole: nothing was cut for it. */
	holding = true;
	frontend_list_clear(&r.list);
	for (uint32_t id = 0; id < 60; id++)
		add_plain(id, 60);
	cr_assert_eq(tx_fake_offer(&r, 0), r.list.count);
	frontend_list_clear(&r.list);
	add(61, &spec, SEGMENT_ZERO, 1);
	cr_assert_eq(tx_fake_offer(&r, 0), 0);
	refusal = 0;
	cr_assert_eq(tx_fake_offer(&r, 0), r.list.count);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_WHOLE), 1);
	holding = false;
	cr_assert_eq(collect(ids), 61);
	send_large(62);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_WHOLE_REFUSED), 1);
	tx_fake_close(&r);
}

Test(tx_whole, payload_outside_of_the_memory_is_dropped)
{
	const struct segment_spec spec = large();

	start();
	add(1, &spec, SEGMENT_ZERO, 3);
	r.list.segments[2].addr = FRONTEND_BASE + TX_FAKE_BYTES - 100;
	cr_assert_eq(tx_fake_offer(&r, 0), r.list.count);
	expect_id(1);
	cr_assert(attempts == 0 && wire_count == 0);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_DROP_ADDRESS), 1);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_WHOLE_REFUSED), 0);
	tx_fake_close(&r);
}

/* Ids that nobody collects have their place: what has none is left to the frontend, and not lost. */
Test(tx_whole, ids_that_nobody_collects_are_not_overrun)
{
	const struct segment_spec spec = large();
	uint32_t sent = 0, got = 0, ids[IDS_MAX], n;

	start();
	for (uint32_t i = 0; i < 3 * (r.k.queue.done_mask + 1); i++) {
		frontend_list_clear(&r.list);
		add(i, &spec, SEGMENT_ZERO, 1);
		if (!tx_fake_offer(&r, 0))
			break;
		sent++;
	}
	cr_assert_gt(sent, r.k.queue.done_mask);
	while ((n = collect(ids)) != 0)
		for (uint32_t i = 0; i < n; i++)
			cr_assert_eq(ids[i], got++);
	cr_assert_eq(got, sent);
	tx_fake_close(&r);
}
