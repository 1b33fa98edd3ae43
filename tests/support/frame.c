// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/frame.h"

struct frame_random frame_random(uint64_t seed)
{
	/* The state must not be 0; the constants only spread neighbouring seeds. */
	return (struct frame_random){.state = (seed + 1) * 0x9e3779b97f4a7c15ull | 1};
}

uint32_t frame_random_next(struct frame_random *r)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return (uint32_t)((r->state * 0x2545f4914f6cdd1dull) >> 32);
}

uint32_t frame_random_below(struct frame_random *r, uint32_t limit)
{
	return (uint32_t)(((uint64_t)frame_random_next(r) * limit) >> 32);
}

void frame_random_bytes(struct frame_random *r, uint8_t *out, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		out[i] = (uint8_t)frame_random_next(r);
}

uint16_t frame_read16(const uint8_t *bytes, uint32_t at)
{
	return (uint16_t)(bytes[at] << 8 | bytes[at + 1]);
}

void frame_write16(uint8_t *bytes, uint32_t at, uint16_t value)
{
	bytes[at] = (uint8_t)(value >> 8);
	bytes[at + 1] = (uint8_t)value;
}

static void macs(uint8_t *out, const uint8_t *destination, const uint8_t *source)
{
	static const uint8_t none[6];
	static const uint8_t to[6] = {2, 0, 0, 0, 0, 2}, from[6] = {2, 0, 0, 0, 0, 1};

	memcpy(out, destination && memcmp(destination, none, 6) ? destination : to, 6);
	memcpy(out + 6, source && memcmp(source, none, 6) ? source : from, 6);
}

void frame_plain(uint8_t *out, uint32_t len, uint64_t seed)
{
	struct frame_random r = frame_random(seed);

	cr_assert(len >= 14, "a frame of %u bytes has no Ethernet header", len);
	macs(out, NULL, NULL);
	frame_write16(out, 12, FRAME_ETHERTYPE);
	frame_random_bytes(&r, out + 14, len - 14);
}

/* ---- The reference checksum: slow, obvious, independent ------------------------------------------- */

static uint32_t add_words(uint32_t sum, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i += 2) {
		sum += (uint32_t)bytes[i] * 256 + (i + 1 < len ? bytes[i + 1] : 0);
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

uint16_t frame_ip_checksum(const struct frame *frame)
{
	uint8_t header[60];

	memcpy(header, frame->bytes + frame->l2_len, frame->l3_len);
	frame_write16(header, 10, 0);
	return (uint16_t)~add_words(0, header, frame->l3_len);
}

static uint8_t protocol_of(const struct frame *frame)
{
	const uint8_t *ip = frame->bytes + frame->l2_len;

	if (ip[0] >> 4 == 4)
		return ip[9];
	return frame->l3_len > 40 ? ip[40] : ip[6];
}

uint16_t frame_pseudo_sum(const struct frame *frame)
{
	const uint8_t *ip = frame->bytes + frame->l2_len;
	const uint8_t rest[4] = {(uint8_t)(frame->l4_len >> 8), (uint8_t)frame->l4_len, 0,
				 protocol_of(frame)};
	uint32_t sum = ip[0] >> 4 == 4 ? add_words(0, ip + 12, 8) : add_words(0, ip + 8, 32);

	return (uint16_t)add_words(sum, rest, 4);
}

uint16_t frame_l4_checksum(const struct frame *frame)
{
	uint8_t packet[FRAME_MAX_BYTES];
	uint16_t value;

	memcpy(packet, frame->bytes + frame->l2_len + frame->l3_len, frame->l4_len);
	frame_write16(packet, frame->l4_field - frame->l2_len - frame->l3_len, 0);
	value = (uint16_t)~add_words(frame_pseudo_sum(frame), packet, frame->l4_len);
	return value == 0 && protocol_of(frame) == 17 ? 0xffff : value;
}

/* ---- Building --------------------------------------------------------------------------------------- */

static void build_ipv4(struct frame *f, const struct frame_spec *spec, struct frame_random *r)
{
	uint8_t *ip = f->bytes + f->l2_len;

	f->l3_len = 20u + spec->ip_options_bytes;
	ip[0] = (uint8_t)(0x40 | f->l3_len / 4);
	frame_write16(ip, 2, (uint16_t)(f->l3_len + f->l4_len));
	frame_write16(ip, 4, (uint16_t)frame_random_next(r));
	ip[6] = 0x40; /* do not fragment */
	ip[8] = 64;
	ip[9] = spec->protocol;
	frame_random_bytes(r, ip + 12, 8);
	memset(ip + 20, 1, spec->ip_options_bytes); /* no operation */
	f->ip_field = f->l2_len + 10;
}

static void build_ipv6(struct frame *f, const struct frame_spec *spec, struct frame_random *r)
{
	uint32_t extension = spec->ip_options_bytes * 8u;
	uint8_t *ip = f->bytes + f->l2_len;

	f->l3_len = 40 + extension;
	ip[0] = 0x60;
	frame_write16(ip, 4, (uint16_t)(extension + f->l4_len));
	ip[6] = extension ? 0 : spec->protocol;
	ip[7] = 64;
	frame_random_bytes(r, ip + 8, 32);
	if (!extension)
		return;
	ip[40] = spec->protocol;
	ip[41] = (uint8_t)(spec->ip_options_bytes - 1);
	ip[42] = 1; /* one padding option */
	ip[43] = (uint8_t)(extension - 4);
}

static void build_transport(struct frame *f, const struct frame_spec *spec)
{
	uint32_t at = f->l2_len + f->l3_len;
	uint8_t *l4 = f->bytes + at;

	if (spec->protocol != 6 && spec->protocol != 17)
		return;
	frame_write16(l4, 0, spec->source_port);
	frame_write16(l4, 2, spec->destination_port);
	if (spec->protocol == 17) {
		frame_write16(l4, 4, (uint16_t)f->l4_len);
		f->l4_field = at + 6;
	} else {
		l4[12] = 0x50; /* 20 bytes of header */
		l4[13] = 0x10; /* ACK */
		f->l4_field = at + 16;
	}
}

void frame_build(struct frame *out, const struct frame_spec *spec)
{
	struct frame_random r = frame_random(spec->seed);
	uint32_t header = spec->protocol == 6 ? 20 : (spec->protocol == 17 ? 8 : 0);

	memset(out, 0, sizeof(*out));
	macs(out->bytes, spec->destination, spec->source);
	out->l2_len = 14;
	for (uint32_t i = 0; i < spec->vlan_count; i++, out->l2_len += 4) {
		frame_write16(out->bytes, out->l2_len - 2,
			      i + 1 < spec->vlan_count ? 0x88a8 : 0x8100);
		frame_write16(out->bytes, out->l2_len, spec->vlans[i]);
	}
	frame_write16(out->bytes, out->l2_len - 2, spec->ip_version == 4 ? 0x0800 : 0x86dd);
	out->l4_len = header + spec->payload_bytes;
	if (spec->ip_version == 4)
		build_ipv4(out, spec, &r);
	else
		build_ipv6(out, spec, &r);
	out->len = out->l2_len + out->l3_len + out->l4_len + spec->padding_bytes;
	cr_assert(out->len <= sizeof(out->bytes), "frame of %u bytes", out->len);
	frame_random_bytes(&r, out->bytes + out->l2_len + out->l3_len + header,
			   spec->payload_bytes + spec->padding_bytes);
	build_transport(out, spec);
	if (spec->no_checksums)
		return;
	if (out->ip_field)
		frame_write16(out->bytes, out->ip_field, frame_ip_checksum(out));
	if (out->l4_field)
		frame_write16(out->bytes, out->l4_field, frame_l4_checksum(out));
}

struct net_tx_metadata frame_metadata(const struct frame *frame, uint32_t id, uint16_t flags)
{
	bool v4 = frame->bytes[frame->l2_len] >> 4 == 4;

	return (struct net_tx_metadata){
		.id = id,
		.len_bytes = frame->len,
		.segment_count = 1,
		.flags = (uint16_t)(flags | (v4 ? NET_TX_IPV4 : NET_TX_IPV6)),
		.l2_len_bytes = (uint8_t)frame->l2_len,
		.l3_len_bytes = (uint16_t)frame->l3_len,
	};
}

bool frame_equal(const uint8_t *got, uint32_t got_len, const uint8_t *want, uint32_t want_len,
		 char *why)
{
	for (uint32_t i = 0; i < got_len && i < want_len; i++) {
		if (got[i] != want[i]) {
			snprintf(why, FRAME_WHY_BYTES,
				 "byte %u is 0x%02x, want 0x%02x (length %u, %u)", i, got[i],
				 want[i], got_len, want_len);
			return false;
		}
	}
	if (got_len == want_len)
		return true;
	snprintf(why, FRAME_WHY_BYTES, "length %u, want %u; the bytes before are equal", got_len,
		 want_len);
	return false;
}
