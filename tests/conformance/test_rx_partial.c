// SPDX-License-Identifier: BSD-2-Clause
/*
 * Frames of a local sender whose transport checksum was left to hardware that does not exist. All that a
 * frontend knows of it is the metadata: where the sum starts, and where it goes. Each frame is completed with
 * these two numbers alone, by arithmetic of this file, and must then be the frame that a reference has made.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/conformance.h"
#include "support/pieces.h"
#include "support/rx_rig.h"

enum { TCP = 6, UDP = 17, IDS = 64, PEER_PORT = 4000 };

/* RFC 1071, byte by byte: the sum from the start to the end of the frame, which takes in what the field holds. */
static void complete(uint8_t *frame, uint32_t len, const struct net_rx_metadata *m)
{
	uint32_t start = m->checksum_start_bytes, field = start + m->checksum_field_bytes, sum = 0;

	cr_assert(start + 8 <= len && field + 2 <= len, "start %u, field %u, length %u", start,
		  m->checksum_field_bytes, len);
	for (uint32_t i = start; i < len; i++)
		sum += (i - start) % 2 ? frame[i] : frame[i] * 256u;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	sum ^= 0xffff;
	if (!sum && m->l4_protocol == NET_L4_UDP)
		sum = 0xffff;
	frame_write16(frame, field, (uint16_t)sum);
}

static void partial_start(struct rx_rig *r, enum net_xdp_rx_checksum mode)
{
	r->x.config.rx_checksum = mode;
	rx_rig_start(r, 1, IDS);
}

/* All ids of the next frame. Return: how many. */
static uint32_t receive_ids(struct rx_rig *r, uint32_t ids[IDS])
{
	struct net_queue *q = r->x.queues[0];
	uint32_t n;

	while (!(n = frontend_rx(&r->x.f, q, ids, IDS)))
		cr_assert_eq(net_queue_wait(q, &r->x.f.pool, RX_RIG_DEADLINE_MS * 1000000ll), 1);
	cr_assert_eq(n, 1u + frontend_metadata(&r->x.f, ids[0])->more_ids);
	return n;
}

/* The next frame says partial and which protocol; or good, where we complete it. Return: its length; its bytes
 * are completed. */
static uint32_t receive_completed(struct rx_rig *r, uint8_t *bytes, enum net_l4 protocol)
{
	bool by_us = r->x.config.rx_checksum == NET_XDP_RX_CHECKSUM_COMPLETE;
	const struct net_rx_metadata *m;
	uint32_t ids[IDS], n = receive_ids(r, ids), len;

	m = frontend_metadata(&r->x.f, ids[0]);
	cr_assert_eq(m->l4_checksum, by_us ? NET_CHECKSUM_GOOD : NET_CHECKSUM_PARTIAL, "l4 %u",
		     m->l4_checksum);
	cr_assert_eq(m->l4_protocol, protocol);
	len = pieces_gather(&r->x.f, ids, bytes);
	if (!by_us)
		complete(bytes, len, m);
	frontend_post_ids(&r->x.f, r->x.queues[0], ids, n);
	return len;
}

/* ---- Frames ----------------------------------------------------------------------------------- */

/* The 24 bytes of one extension header become three: hop-by-hop, and destination options twice. */
static void split_extension(struct frame *f)
{
	uint8_t *extension = f->bytes + f->l2_len + 40, protocol = extension[0];
	static const uint8_t padding[6] = {1, 4}; /* one option that fills the header */

	for (uint32_t i = 0; i < 3; i++, extension += 8) {
		extension[0] = i < 2 ? 60 : protocol;
		extension[1] = 0;
		memcpy(extension + 2, padding, sizeof(padding));
	}
}

/* Build the right frame, and send it as a local stack does. */
static void send_partial(struct rx_rig *r, struct frame *f, const struct frame_spec *spec)
{
	uint16_t start, pseudo, right;

	frame_build(f, spec);
	start = (uint16_t)(f->l2_len + f->l3_len);
	pseudo = frame_pseudo_sum(f);
	if (spec->ip_version == 6 && spec->ip_options_bytes == 3)
		split_extension(f);
	memset(f->bytes + start + f->l4_len, 0, spec->padding_bytes);
	right = frame_read16(f->bytes, f->l4_field);
	frame_write16(f->bytes, f->l4_field, pseudo);
	peer_send_partial(&r->peer, f->bytes, f->len, start, (uint16_t)(f->l4_field - start));
	frame_write16(f->bytes, f->l4_field, right);
}

static void check(struct rx_rig *r, const struct frame_spec *spec)
{
	uint8_t got[FRAME_MAX_BYTES];
	char why[FRAME_WHY_BYTES];
	struct frame want;
	uint32_t len;

	send_partial(r, &want, spec);
	len = receive_completed(r, got, spec->protocol == TCP ? NET_L4_TCP : NET_L4_UDP);
	cr_assert(frame_equal(got, len, want.bytes, want.len, why),
		  "IPv%u protocol %u options %u tags %u payload %u: %s", spec->ip_version,
		  spec->protocol, spec->ip_options_bytes, spec->vlan_count, spec->payload_bytes,
		  why);
}

/* TCP and UDP, over IPv4 with and without options and IPv6 with none, one or three extension headers, in no,
 * one or two inline tags. Return: how many frames. */
static uint32_t check_all(struct rx_rig *r)
{
	static const uint8_t options[2][4] = {{0, 4, 20, 40}, {0, 1, 2, 3}};
	static const uint32_t payloads[] = {1, 2, 47, 1000, 1391};
	uint32_t n = 0;

	for (; n < 2 * 2 * 4 * 3 * 5; n++) {
		const struct frame_spec spec = {
			.ip_version = n % 2 ? 4 : 6,
			.protocol = n / 2 % 2 ? TCP : UDP,
			.ip_options_bytes = options[n % 2 ? 0 : 1][n / 4 % 4],
			.vlan_count = (uint8_t)(n / 16 % 3),
			.vlans = {0x2005, 0x0007},
			.payload_bytes = payloads[n / 48],
			.padding_bytes = n % 3, /* zeros: they add nothing */
			.source_port = 1000,
			.destination_port = (uint16_t)n,
			.seed = n,
		};

		check(r, &spec);
	}
	return n;
}

/* Every length of a frame without options or tags, then all others. */
static uint32_t check_every_length(struct rx_rig *r)
{
	uint32_t n = 0;

	for (; n < 1500 - 40 - 20; n++) {
		const struct frame_spec spec = {
			.ip_version = n % 2 ? 4 : 6,
			.protocol = n / 2 % 2 ? TCP : UDP,
			.payload_bytes = n,
			.seed = n,
		};

		check(r, &spec);
	}
	return n + check_all(r);
}

// 64: partial checksum: start and field right for TCP and UDP, v4 with options, v6 with extension headers,
// one or two inline tags
static void check_in_place(enum net_xdp_rx_checksum mode)
{
	struct rx_rig r;

	NEEDS_VETH("a local sender");
	rx_rig_prepare(&r, 1, 1500);
	partial_start(&r, mode);
	rx_rig_balance(&r, check_every_length(&r));
	cr_assert_eq(rx_rig_counter(&r, NET_XDP_RX_BOUNCED), 0);
	rx_rig_close(&r);
}

CASE(64, partial_frame_in_place_is_completed_by_its_metadata)
{
	check_in_place(NET_XDP_RX_CHECKSUM_REPORT);
	check_in_place(NET_XDP_RX_CHECKSUM_PARTIAL);
}

static void check_copied(enum net_xdp_rx_checksum mode)
{
	struct rx_rig r;

	NEEDS_VETH("a local sender");
	rx_rig_prepare(&r, 1, 1500);
	frontend_layout(&r.x.f, 0, IDS, FRONTEND_BASE + 1, 2001, FRONTEND_XDP_HEADER_BYTES, 1517);
	partial_start(&r, mode);
	rx_rig_balance(&r, check_every_length(&r));
	cr_assert_eq(rx_rig_counter(&r, NET_XDP_RX_DIRECT), 0);
	rx_rig_close(&r);
}

CASE(64, partial_frame_that_was_copied_is_completed_by_its_metadata)
{
	check_copied(NET_XDP_RX_CHECKSUM_REPORT);
	check_copied(NET_XDP_RX_CHECKSUM_PARTIAL);
}

/* The headers lie in several pieces. */
static void check_in_pieces(enum net_xdp_rx_checksum mode)
{
	const uint32_t lengths[] = {13, 3, 22, 40, 1444};
	struct pieces pieces[IDS];
	struct rx_rig r;

	NEEDS_VETH("a local sender");
	rx_rig_prepare(&r, 1, 1500);
	for (uint32_t id = 0; id < IDS; id++)
		pieces_lay_out(&r.x.f, &pieces[id], id, FRONTEND_BASE + 4096 * (id + 1), lengths, 5,
			       FRONTEND_XDP_HEADER_BYTES);
	partial_start(&r, mode);
	rx_rig_balance(&r, check_every_length(&r));
	cr_assert_eq(rx_rig_counter(&r, NET_XDP_RX_DIRECT), 0);
	rx_rig_close(&r);
}

CASE(64, partial_frame_in_pieces_is_completed_by_its_metadata)
{
	check_in_pieces(NET_XDP_RX_CHECKSUM_REPORT);
	check_in_pieces(NET_XDP_RX_CHECKSUM_PARTIAL);
}

/* Frames of several chunks into buffers of several pieces, or into several buffers: nowhere in one row. */
static void check_large(enum net_xdp_rx_checksum mode, const uint32_t *lengths, uint32_t count,
			bool merge)
{
	struct pieces pieces[IDS];
	struct rx_rig r;

	NEEDS_VETH("a local sender");
	rx_rig_prepare(&r, 1, 9000);
	r.x.config.max_frame_bytes = 9018;
	r.x.rx_merge = merge;
	for (uint32_t id = 0; id < IDS; id++)
		pieces_lay_out(&r.x.f, &pieces[id], id, FRONTEND_BASE + 16384 * (id + 1), lengths,
			       count, FRONTEND_XDP_HEADER_BYTES);
	partial_start(&r, mode);
	for (uint32_t i = 0; i < 40; i++) {
		const struct frame_spec spec = {
			.ip_version = i % 2 ? 4 : 6,
			.protocol = i / 2 % 2 ? TCP : UDP,
			.payload_bytes = 1700 + i * 180 + i % 3,
			.vlan_count = (uint8_t)(i / 4 % 3),
			.seed = i,
		};

		check(&r, &spec);
	}
	rx_rig_balance(&r, 40);
	rx_rig_close(&r);
}

static const uint32_t odd_pieces[] = {13, 3, 22, 4000, 4980}, small_buffer[] = {1001};

CASE(64, partial_frame_of_several_chunks_in_pieces_is_completed_by_its_metadata)
{
	check_large(NET_XDP_RX_CHECKSUM_REPORT, odd_pieces, 5, false);
	check_large(NET_XDP_RX_CHECKSUM_PARTIAL, odd_pieces, 5, false);
}

CASE(64, partial_frame_of_several_chunks_over_several_ids_is_completed_by_its_metadata)
{
	check_large(NET_XDP_RX_CHECKSUM_REPORT, small_buffer, 1, true);
	check_large(NET_XDP_RX_CHECKSUM_PARTIAL, small_buffer, 1, true);
}

// 21: filled in by us, on request
CASE(21, checksum_of_several_chunks_is_completed_in_pieces_and_over_several_ids)
{
	check_large(NET_XDP_RX_CHECKSUM_COMPLETE, odd_pieces, 5, false);
	check_large(NET_XDP_RX_CHECKSUM_COMPLETE, small_buffer, 1, true);
}

/* In UDP a sum of 0 is sent as 0xffff; in TCP it is 0. */
static void check_sum_of_zero(enum net_xdp_rx_checksum mode)
{
	struct frame_spec spec = {.ip_version = 4, .payload_bytes = 100};
	struct rx_rig r;
	struct frame f;

	NEEDS_VETH("a local sender");
	rx_rig_prepare(&r, 1, 1500);
	partial_start(&r, mode);
	for (uint32_t i = 0; i < 2; i++) {
		spec.protocol = i ? TCP : UDP;
		spec.destination_port = 0;
		frame_build(&f, &spec);
		spec.destination_port = frame_read16(f.bytes, f.l4_field);
		frame_build(&f, &spec);
		cr_assert_eq(frame_read16(f.bytes, f.l4_field), i ? 0 : 0xffff);
		check(&r, &spec);
	}
	rx_rig_close(&r);
}

CASE(64, partial_frame_whose_sum_is_zero)
{
	check_sum_of_zero(NET_XDP_RX_CHECKSUM_REPORT);
	check_sum_of_zero(NET_XDP_RX_CHECKSUM_PARTIAL);
}

/* ---- The kernel's own stack as the sender ----------------------------------------------------- */

/* An address for v1, and one that is behind it. */
static int kernel_socket(int type)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PEER_PORT)};
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	netns_run("ip addr replace 10.1.0.1/24 dev v1; "
		  "ip neigh replace 10.1.0.2 lladdr 02:00:00:00:00:02 dev v1");
	cr_assert(fd >= 0 && inet_pton(AF_INET, "10.1.0.2", &to.sin_addr) == 1);
	cr_assert(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS,
		  "connect: %s", strerror(errno));
	return fd;
}

/* It is IPv4 without options or tags, and right now. */
static void expect_right(const uint8_t *bytes, uint32_t len, enum net_l4 protocol)
{
	struct frame f = {.len = len, .l2_len = 14, .l3_len = 20, .l4_len = len - 34};

	memcpy(f.bytes, bytes, len);
	f.l4_field = 34 + (protocol == NET_L4_TCP ? 16 : 6);
	cr_assert_eq(bytes[14], 0x45);
	cr_assert_eq(frame_read16(bytes, f.l4_field), frame_l4_checksum(&f));
}

static void check_kernels(enum net_xdp_rx_checksum mode)
{
	uint8_t bytes[FRAME_MAX_BYTES], payload[1472];
	struct frame_random random = frame_random(64);
	struct rx_rig r;
	uint32_t len;
	int fd;

	NEEDS_VETH("a local sender");
	rx_rig_prepare(&r, 1, 1500);
	partial_start(&r, mode);
	fd = kernel_socket(SOCK_DGRAM);
	frame_random_bytes(&random, payload, sizeof(payload));
	for (uint32_t n = 1; n <= sizeof(payload); n += 91) {
		cr_assert_eq(send(fd, payload, n, 0), n, "send: %s", strerror(errno));
		len = receive_completed(&r, bytes, NET_L4_UDP);
		cr_assert_eq(len, 42 + n);
		expect_right(bytes, len, NET_L4_UDP);
	}
	close(fd);
	fd = kernel_socket(SOCK_STREAM); /* its first packet, whose header has options */
	len = receive_completed(&r, bytes, NET_L4_TCP);
	expect_right(bytes, len, NET_L4_TCP);
	close(fd);
	rx_rig_close(&r);
}

CASE(64, partial_frames_of_the_kernels_own_stack_are_completed_by_their_metadata)
{
	check_kernels(NET_XDP_RX_CHECKSUM_REPORT);
	check_kernels(NET_XDP_RX_CHECKSUM_PARTIAL);
}
