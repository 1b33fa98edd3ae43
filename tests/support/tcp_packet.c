// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "support/tcp_packet.h"

enum {
	PROTOCOL_TCP = 6,
	TTL = 64,
	DONT_FRAGMENT = 0x4000,
	OPTION_END = 0,
	OPTION_NONE = 1,
	OPTION_MSS = 2,
	OPTION_WINDOW_SHIFT = 3,
	OPTION_TIME = 8,
};

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) << 16 | get16(at + 2);
}

/* Sum of the big-endian words of an even number of bytes. */
static uint32_t words(const uint8_t *at, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < len; i += 2)
		sum += get16(at + i);
	return sum;
}

static uint32_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static uint32_t pseudo_sum(const struct tcp_flow *flow)
{
	uint32_t address = flow->ip_version == 4 ? 4 : 16;

	return words(flow->source, address) + words(flow->destination, address) + PROTOCOL_TCP;
}

static void write_ipv4(const struct tcp_flow *flow, const struct tcp_fields *f, uint32_t l4_bytes,
		       enum tcp_fill fill, uint8_t *ip)
{
	bool has_length = fill != TCP_FILL_NDIS && fill != TCP_FILL_ZERO;

	put16(ip, 0x4500);
	put16(ip + 2, has_length ? 20 + l4_bytes : 0);
	put16(ip + 4, f->ip_id);
	put16(ip + 6, DONT_FRAGMENT);
	ip[8] = TTL;
	ip[9] = PROTOCOL_TCP;
	put16(ip + 10, 0);
	memcpy(ip + 12, flow->source, 4);
	memcpy(ip + 16, flow->destination, 4);
	if (fill == TCP_FILL_COMPLETE || fill == TCP_FILL_PSEUDO)
		put16(ip + 10, ~fold(words(ip, 20)));
}

static void write_ipv6(const struct tcp_flow *flow, uint32_t l4_bytes, enum tcp_fill fill,
		       uint8_t *ip)
{
	bool has_length = fill != TCP_FILL_NDIS && fill != TCP_FILL_ZERO;

	put32(ip, 0x60000000);
	put16(ip + 4, has_length ? l4_bytes : 0);
	ip[6] = PROTOCOL_TCP;
	ip[7] = TTL;
	memcpy(ip + 8, flow->source, 16);
	memcpy(ip + 24, flow->destination, 16);
}

/* Return: bytes of options, a multiple of 4. */
static uint32_t write_options(const struct tcp_fields *f, uint8_t *at)
{
	uint8_t *option = at;

	if (f->flags & TCP_SYN) {
		put16(option, OPTION_MSS << 8 | 4);
		put16(option + 2, f->mss);
		put32(option + 4,
		      OPTION_NONE << 24 | OPTION_WINDOW_SHIFT << 16 | 3 << 8 | f->window_shift);
		option += 8;
	}
	put32(option, OPTION_NONE << 24 | OPTION_NONE << 16 | OPTION_TIME << 8 | 10);
	put32(option + 4, f->time);
	put32(option + 8, f->time_echo);
	return (uint32_t)(option + TCP_OPTIONS_BYTES - at);
}

uint32_t tcp_packet_write(const struct tcp_flow *flow, const struct tcp_fields *f,
			  enum tcp_fill fill, uint8_t *out)
{
	uint8_t *ip = out + TCP_L2_BYTES, *tcp = ip + tcp_l3_bytes(flow);
	uint32_t header = 20 + write_options(f, tcp + 20), l4_bytes = header + f->payload_bytes;

	memcpy(out, flow->destination_mac, 6);
	memcpy(out + 6, flow->source_mac, 6);
	put16(out + 12, flow->ip_version == 4 ? 0x0800 : 0x86dd);
	if (flow->ip_version == 4)
		write_ipv4(flow, f, l4_bytes, fill, ip);
	else
		write_ipv6(flow, l4_bytes, fill, ip);

	put16(tcp, flow->source_port);
	put16(tcp + 2, flow->destination_port);
	put32(tcp + 4, f->sequence);
	put32(tcp + 8, f->ack);
	put16(tcp + 12, (header / 4) << 12 | f->flags);
	put16(tcp + 14, f->window);
	put32(tcp + 16, 0);
	if (fill == TCP_FILL_COMPLETE)
		put16(tcp + 16, ~fold(pseudo_sum(flow) + l4_bytes + words(tcp, header)));
	else if (fill == TCP_FILL_PSEUDO)
		put16(tcp + 16, fold(pseudo_sum(flow) + l4_bytes));
	else if (fill == TCP_FILL_NDIS || fill == TCP_FILL_NDIS_LENGTH)
		put16(tcp + 16, fold(pseudo_sum(flow)));
	return TCP_L2_BYTES + tcp_l3_bytes(flow) + header;
}

static void read_options(const uint8_t *at, const uint8_t *end, struct tcp_fields *f)
{
	while (at < end && *at != OPTION_END) {
		uint32_t left = (uint32_t)(end - at), len = left > 1 ? at[1] : 0;

		if (*at == OPTION_NONE) {
			at++;
			continue;
		}
		if (len < 2 || len > left)
			return;
		if (*at == OPTION_MSS && len == 4)
			f->mss = (uint16_t)get16(at + 2);
		else if (*at == OPTION_WINDOW_SHIFT && len == 3)
			f->window_shift = at[2];
		else if (*at == OPTION_TIME && len == 10)
			f->time = get32(at + 2), f->time_echo = get32(at + 6);
		at += len;
	}
}

/* Return: offset of the TCP header, and *l4_bytes; 0: it is none of the flow's addresses. */
static uint32_t read_ip(const struct tcp_flow *flow, const uint8_t *frame, uint32_t len,
			uint32_t *l4_bytes)
{
	const uint8_t *ip = frame + TCP_L2_BYTES;
	uint32_t header = tcp_l3_bytes(flow), total;

	if (len < TCP_L2_BYTES + header ||
	    get16(frame + 12) != (flow->ip_version == 4 ? 0x0800 : 0x86dd))
		return 0;
	if (flow->ip_version == 4) {
		total = get16(ip + 2);
		if (ip[0] != 0x45 || ip[9] != PROTOCOL_TCP ||
		    memcmp(ip + 12, flow->destination, 4) || memcmp(ip + 16, flow->source, 4))
			return 0;
	} else {
		total = 40 + get16(ip + 4);
		if (ip[6] != PROTOCOL_TCP || memcmp(ip + 8, flow->destination, 16) ||
		    memcmp(ip + 24, flow->source, 16))
			return 0;
	}
	if (total < header + 20 || total > len - TCP_L2_BYTES)
		return 0;
	*l4_bytes = total - header;
	return TCP_L2_BYTES + header;
}

bool tcp_packet_read(const struct tcp_flow *flow, const uint8_t *frame, uint32_t len,
		     struct tcp_fields *f)
{
	uint32_t l4_bytes = 0, at = read_ip(flow, frame, len, &l4_bytes), header;
	const uint8_t *tcp = frame + at;

	if (!at || get16(tcp) != flow->destination_port || get16(tcp + 2) != flow->source_port)
		return false;
	header = (tcp[12] >> 4) * 4u;
	if (header < 20 || header > l4_bytes)
		return false;
	*f = (struct tcp_fields){
		.sequence = get32(tcp + 4),
		.ack = get32(tcp + 8),
		.flags = tcp[13],
		.window = (uint16_t)get16(tcp + 14),
		.payload_bytes = l4_bytes - header,
	};
	read_options(tcp + 20, tcp + header, f);
	return true;
}
