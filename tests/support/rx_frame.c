// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <string.h>

#include "support/checksums.h"
#include "support/rx_frame.h"

enum { PACKETS = 48, TCP = 6, LEAST_BYTES = 60, ETHERNET_BYTES = 14 };

static struct {
	struct frame frame;
	uint16_t right, pseudo; /* of its transport */
	uint8_t ip_version, protocol;
	bool zeros; /* padding is */
} packets[PACKETS];
static uint8_t noise[65536 + RX_FRAME_LARGEST];

/* The same ones in each process. */
static void make_all(void)
{
	static const uint32_t most[] = {60, 300, 1300, 8900};
	struct frame_random r = frame_random(41);

	frame_random_bytes(&r, noise, sizeof(noise));
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct frame_spec spec = checksum_random_spec(&r);
		struct frame *f = &packets[i].frame;

		spec.payload_bytes = frame_random_below(&r, most[i % 4]);
		frame_build(f, &spec);
		packets[i].zeros = spec.padding_bytes && i / 4 % 2;
		if (packets[i].zeros)
			memset(f->bytes + f->len - spec.padding_bytes, 0, spec.padding_bytes);
		packets[i].ip_version = spec.ip_version;
		packets[i].protocol = spec.protocol;
		packets[i].right = frame_l4_checksum(f);
		packets[i].pseudo = frame_pseudo_sum(f);
	}
}

struct rx_frame rx_frame_packet(uint32_t choice, uint32_t most)
{
	struct rx_frame f = {.len = 1 + choice % most};
	uint32_t packet = choice / 16 % PACKETS, left = PACKETS;

	if (!packets[0].frame.len)
		make_all();
	while (left && packets[packet].frame.len > most) {
		packet = (packet + 1) % PACKETS;
		left--;
	}
	if (!left)
		return f;
	f.packet = packet + 1;
	f.sum = choice % RX_FRAME_SUMS;
	f.ip_wrong = choice / 4 % 4 == 0 && packets[packet].frame.ip_field;
	f.len = packets[packet].frame.len;
	if (choice >> 16 && (choice >> 16) % 8 == 0)
		f.len = 1 + (choice >> 19) % f.len;
	return f;
}

/* What stands in the field. */
static uint16_t field_of(const struct rx_frame *f)
{
	const uint32_t i = f->packet - 1;

	switch (f->sum) {
	case RX_FRAME_PSEUDO:
		return packets[i].pseudo;
	case RX_FRAME_ZERO:
		return 0;
	case RX_FRAME_WRONG:
		return packets[i].right ^ 0x0100;
	default:
		return packets[i].right;
	}
}

void rx_frame_bytes(const struct rx_frame *f, uint8_t *out)
{
	const struct frame *from;

	if (!f->packet) {
		if (!packets[0].frame.len)
			make_all();
		memcpy(out, noise + (f->number * 2654435761u >> 16), f->len);
		memcpy(out, &f->number, f->len < 4 ? f->len : 4);
		if (f->len >= ETHERNET_BYTES) /* no headers by chance */
			frame_write16(out, 12, FRAME_ETHERTYPE);
		return;
	}
	from = &packets[f->packet - 1].frame;
	memcpy(out, from->bytes, f->len);
	if (f->len >= 10)
		memcpy(out + 6, &f->number, 4);
	if (f->len >= from->l4_field + 2)
		frame_write16(out, from->l4_field, field_of(f));
	if (f->ip_wrong && f->len >= from->ip_field + 2)
		out[from->ip_field] ^= 1;
}

void rx_frame_complete(const struct rx_frame *f, uint8_t *bytes)
{
	frame_write16(bytes, packets[f->packet - 1].frame.l4_field, packets[f->packet - 1].right);
}

/* ---- What is told ----------------------------------------------------------------------------- */

/* Does it end with its packet, but for zeros? */
static bool ends_with_packet(const struct rx_frame *f, uint32_t end)
{
	const uint8_t *bytes = packets[f->packet - 1].frame.bytes;

	for (uint32_t at = end; at < f->len; at++)
		if (bytes[at])
			return false;
	return true;
}

/* Of a packet that is there as a whole. */
static uint8_t l4_told(const struct rx_frame *f, enum net_xdp_rx_checksum how,
		       enum checksum_source source, struct rx_frame_told *told, uint32_t end)
{
	const uint32_t i = f->packet - 1;
	const uint16_t field = field_of(f);
	const bool ends = ends_with_packet(f, end);

	if (how == NET_XDP_RX_CHECKSUM_PARTIAL)
		return field == packets[i].pseudo && ends ? NET_CHECKSUM_PARTIAL
							  : NET_CHECKSUM_UNKNOWN;
	if (source == CHECKSUM_JOINED && told->longer)
		return NET_CHECKSUM_UNKNOWN;
	if (!field && packets[i].protocol != TCP)
		return NET_CHECKSUM_UNKNOWN;
	if (field % 0xffff == packets[i].right % 0xffff) /* 0 and 0xffff are one number */
		return NET_CHECKSUM_GOOD;
	if (source == CHECKSUM_JOINED)
		return NET_CHECKSUM_UNKNOWN;
	if (source == CHECKSUM_WIRE || field != packets[i].pseudo)
		return NET_CHECKSUM_BAD;
	told->completed = how == NET_XDP_RX_CHECKSUM_COMPLETE;
	if (told->completed)
		return NET_CHECKSUM_GOOD;
	return ends ? NET_CHECKSUM_PARTIAL : NET_CHECKSUM_UNKNOWN;
}

struct rx_frame_told rx_frame_tell(const struct rx_frame *f, enum net_xdp_rx_checksum how,
				   enum checksum_source source, uint32_t first_bytes)
{
	const uint32_t i = f->packet - 1;
	struct rx_frame_told told = {0};
	const struct frame *from;
	uint32_t l4, end;

	if (how == NET_XDP_RX_CHECKSUM_PARTIAL && source != CHECKSUM_LOCAL)
		how = NET_XDP_RX_CHECKSUM_NONE;
	if (!f->packet || how == NET_XDP_RX_CHECKSUM_NONE)
		return told;
	from = &packets[i].frame;
	l4 = from->l2_len + from->l3_len;
	end = l4 + from->l4_len;
	if (how != NET_XDP_RX_CHECKSUM_PARTIAL && packets[i].ip_version == 4 && f->len >= l4)
		told.ip = f->ip_wrong ? NET_CHECKSUM_BAD : NET_CHECKSUM_GOOD;
	if (f->len < end)
		return told;
	told.longer = f->len > end && f->len > LEAST_BYTES + from->l2_len - ETHERNET_BYTES;
	told.needs_all = how == NET_XDP_RX_CHECKSUM_PARTIAL && first_bytes < f->len &&
			 (f->len > end || first_bytes < l4 + (packets[i].protocol == TCP ? 20 : 8));
	told.l4 = l4_told(f, how, source, &told, end);
	if (told.l4 == NET_CHECKSUM_PARTIAL) {
		told.start_bytes = (uint16_t)l4;
		told.field_bytes = (uint8_t)(from->l4_field - l4);
	}
	if (how != NET_XDP_RX_CHECKSUM_PARTIAL || told.l4 == NET_CHECKSUM_PARTIAL)
		told.protocol = packets[i].protocol == TCP ? NET_L4_TCP : NET_L4_UDP;
	/* Nobody may have sent the header of packets that were joined. */
	if (source == CHECKSUM_JOINED && told.l4 != NET_CHECKSUM_GOOD &&
	    told.ip == NET_CHECKSUM_GOOD)
		told.ip = NET_CHECKSUM_UNKNOWN;
	return told;
}
