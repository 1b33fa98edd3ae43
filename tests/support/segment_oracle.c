// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "support/segment_oracle.h"

enum { FIN = 1, PSH = 8, CWR = 128 };

/* ---- Appending ------------------------------------------------------------------------------------------ */

static void put8(struct segment_packet *p, uint32_t value)
{
	p->bytes[p->len++] = (uint8_t)value;
}

static void put16(struct segment_packet *p, uint32_t value)
{
	put8(p, value >> 8);
	put8(p, value);
}

static void put32(struct segment_packet *p, uint32_t value)
{
	put16(p, value >> 16);
	put16(p, value);
}

static void put(struct segment_packet *p, const uint8_t *bytes, uint32_t len)
{
	if (len)
		memcpy(p->bytes + p->len, bytes, len);
	p->len += len;
}

static void set16(struct segment_packet *p, uint32_t at, uint32_t value)
{
	p->bytes[at] = (uint8_t)(value >> 8);
	p->bytes[at + 1] = (uint8_t)value;
}

static uint32_t add(uint32_t sum, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		sum += i % 2 ? bytes[i] : bytes[i] * 256u;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

uint16_t segment_oracle_sum(const uint8_t *bytes, uint32_t len)
{
	return (uint16_t)add(0, bytes, len);
}

/* ---- Headers --------------------------------------------------------------------------------------------- */

static void put_l2(struct segment_packet *p, const struct segment_spec *s, bool inserted)
{
	put(p, s->macs, 12);
	if (inserted) {
		put16(p, 0x8100);
		put16(p, s->vlan_tci);
	}
	for (uint32_t i = 0; i < s->tag_count; i++) {
		put16(p, i + 1 < s->tag_count ? 0x88a8 : 0x8100);
		put16(p, s->tags[i]);
	}
	put16(p, s->ip_version == 4 ? 0x0800 : 0x86dd);
	p->l2_len = p->len;
}

static uint32_t l4_header_bytes(const struct segment_spec *s)
{
	return s->protocol == 17 ? 8 : 20u + s->tcp_options_bytes;
}

static void put_ipv4(struct segment_packet *p, const struct segment_spec *s)
{
	const uint32_t header = 20u + s->ip_options_bytes;

	put8(p, 0x40 + header / 4);
	put8(p, s->traffic_class);
	put16(p, header + l4_header_bytes(s) + s->payload_bytes);
	put16(p, s->id);
	put16(p, s->ipv4_flags);
	put8(p, s->hops);
	put8(p, s->protocol);
	put16(p, 0);
	put(p, s->addresses, 8);
	put(p, s->ip_options, s->ip_options_bytes);
	set16(p, p->l2_len + 10, 0xffffu - segment_oracle_sum(p->bytes + p->l2_len, header));
}

static void put_ipv6(struct segment_packet *p, const struct segment_spec *s)
{
	uint32_t extensions = 0;

	for (uint32_t i = 0; i < s->extension_count; i++)
		extensions += s->extensions[i].units * 8u;
	put32(p, 0x60000000u + ((uint32_t)s->traffic_class << 20) + s->flow_label);
	put16(p, extensions + l4_header_bytes(s) + s->payload_bytes);
	put8(p, s->extension_count ? s->extensions[0].type : s->protocol);
	put8(p, s->hops);
	put(p, s->addresses, 32);
	for (uint32_t i = 0; i < s->extension_count; i++) {
		put8(p, i + 1 < s->extension_count ? s->extensions[i + 1].type : s->protocol);
		put8(p, s->extensions[i].units - 1u);
		put(p, s->extensions[i].body, s->extensions[i].units * 8u - 2);
	}
}

static void put_l4(struct segment_packet *p, const struct segment_spec *s)
{
	put16(p, s->ports[0]);
	put16(p, s->ports[1]);
	if (s->protocol == 17) {
		put16(p, 8 + s->payload_bytes);
		p->l4_field = p->len;
		put16(p, 0);
		return;
	}
	put32(p, s->sequence);
	put32(p, s->acknowledged);
	put8(p, (5u + s->tcp_options_bytes / 4) * 16 + s->tcp_reserved);
	put8(p, s->tcp_flags);
	put16(p, s->window);
	p->l4_field = p->len;
	put16(p, 0);
	put16(p, s->urgent);
	put(p, s->tcp_options, s->tcp_options_bytes);
}

static void put_packet(struct segment_packet *p, const struct segment_spec *s, bool inserted)
{
	uint32_t l4, l4_bytes, sum;

	p->len = 0;
	put_l2(p, s, inserted);
	if (s->ip_version == 4)
		put_ipv4(p, s);
	else
		put_ipv6(p, s);
	l4 = p->len;
	p->l3_len = l4 - p->l2_len;
	put_l4(p, s);
	p->l4_len = p->len - l4;
	put(p, s->payload, s->payload_bytes);
	l4_bytes = p->len - l4;
	sum = add(0, s->addresses, s->ip_version == 4 ? 8 : 32) + l4_bytes + s->protocol;
	p->pseudo_sum = (uint16_t)(sum % 0xffff ? sum % 0xffff : 0xffff);
	sum = 0xffff - add(p->pseudo_sum, p->bytes + l4, l4_bytes);
	set16(p, p->l4_field, !sum && s->protocol == 17 ? 0xffff : sum);
	put(p, s->payload + s->payload_bytes, s->padding_bytes);
}

void segment_oracle_whole(struct segment_packet *out, const struct segment_spec *spec)
{
	put_packet(out, spec, false);
}

/* ---- Cutting --------------------------------------------------------------------------------------------- */

struct segment_oracle segment_oracle_start(const struct segment_spec *spec)
{
	return (struct segment_oracle){.rest = *spec, .is_first = true};
}

bool segment_oracle_next(struct segment_oracle *o, struct segment_packet *out)
{
	struct segment_spec now = o->rest;

	if (o->is_done)
		return false;
	o->is_done = !now.mss || now.payload_bytes <= now.mss;
	if (!o->is_done) {
		now.payload_bytes = now.mss;
		now.tcp_flags &= (uint8_t) ~(FIN | PSH);
	}
	if (!o->is_first)
		now.tcp_flags &= (uint8_t)~CWR;
	put_packet(out, &now, now.has_vlan);
	o->is_first = false;
	o->rest.id++;
	o->rest.sequence += now.payload_bytes;
	o->rest.payload += now.payload_bytes;
	o->rest.payload_bytes -= now.payload_bytes;
	return true;
}
