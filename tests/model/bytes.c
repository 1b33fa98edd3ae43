// SPDX-License-Identifier: BSD-2-Clause
/* What frames and packets hold: a number, from which all their bytes follow. */
#include <string.h>

#include "model/model.h"

enum { ETH = 14, IPV4 = 20, UDP = 8, TCP = 20, MARK = 12, SHORT = 0x22 };

static const uint8_t mark[4] = {'M', 'O', 'D', 'L'};

static uint8_t pattern(uint64_t number, uint32_t at)
{
	return (uint8_t)(((uint32_t)number * 0x9e3779b1u + at) * 0xc2b2ae35u >> 23);
}

static uint32_t flow_of(uint64_t number)
{
	return (uint32_t)(number * 0x9e3779b97f4a7c15ull >> 60) % FLOWS;
}

static uint16_t sum(const uint8_t *bytes, uint32_t len, uint32_t start)
{
	for (uint32_t i = 0; i < len; i++)
		start += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (start > 0xffff)
		start = (start & 0xffff) + (start >> 16);
	return (uint16_t)start;
}

static void put_eth(uint8_t *out, uint16_t type)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};

	memcpy(out, macs, sizeof(macs));
	frame_write16(out, 12, type);
}

static void put_number(uint8_t *out, uint64_t number)
{
	memcpy(out, mark, sizeof(mark));
	memcpy(out + sizeof(mark), &number, sizeof(number));
}

static bool get_number(const uint8_t *bytes, uint64_t *number)
{
	memcpy(number, bytes + sizeof(mark), sizeof(*number));
	return memcmp(bytes, mark, sizeof(mark)) == 0;
}

static void put_ip(uint8_t *out, uint32_t len, uint8_t protocol, uint32_t source)
{
	uint8_t *ip = out + ETH;

	put_eth(out, 0x0800);
	memset(ip, 0, IPV4);
	ip[0] = 0x45;
	frame_write16(ip, 2, (uint16_t)(len - ETH));
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, &source, 4);
	memcpy(ip + 16, "\xc0\x00\x02\x01", 4);
	frame_write16(ip, 10, (uint16_t)~sum(ip, IPV4, 0));
}

static uint16_t pseudo(const uint8_t *frame, uint32_t len)
{
	return sum(frame + ETH + 12, 8, frame[ETH + 9] + len - ETH - IPV4);
}

static void put_pattern(uint8_t *out, uint32_t from, uint32_t len, uint64_t number)
{
	for (uint32_t i = from; i < len; i++)
		out[i] = pattern(number, i);
}

static void check_pattern(const uint8_t *bytes, uint32_t from, uint32_t len, uint64_t number)
{
	for (uint32_t i = from; i < len; i++)
		cr_assert(bytes[i] == pattern(number, i), "number %llu: byte %u of %u is 0x%02x",
			  (unsigned long long)number, i, len, bytes[i]);
}

/* ---- From the peer -------------------------------------------------------------------------------- */

void bytes_frame(uint8_t *out, uint32_t len, uint64_t number)
{
	put_ip(out, len, 17, 0x0102000a);
	frame_write16(out, ETH + IPV4, (uint16_t)(1000 + flow_of(number)));
	frame_write16(out, ETH + IPV4 + 2, 9);
	frame_write16(out, ETH + IPV4 + 4, (uint16_t)(len - ETH - IPV4));
	frame_write16(out, ETH + IPV4 + 6, 0);
	put_number(out + ETH + IPV4 + UDP, number);
	put_pattern(out, ETH + IPV4 + UDP + MARK, len, number);
}

void bytes_check_frame(struct model *m, const uint8_t *frame, uint32_t len)
{
	uint64_t number;
	uint32_t flow;

	cr_assert(len >= BYTES_LEAST, "a frame of %u bytes, which nobody sent", len);
	cr_assert(get_number(frame + ETH + IPV4 + UDP, &number), "a frame that nobody sent");
	cr_assert(number < m->next_frame, "frame %llu of %llu", (unsigned long long)number,
		  (unsigned long long)m->next_frame);
	cr_assert(frame_read16(frame, ETH + 2) == len - ETH, "frame %llu has %u bytes, not %u",
		  (unsigned long long)number, len, frame_read16(frame, ETH + 2) + ETH);
	check_pattern(frame, ETH + IPV4 + UDP + MARK, len, number);
	flow = flow_of(number);
	cr_assert(number > m->last_frame[flow], "flow %u: frame %llu comes behind %llu", flow,
		  (unsigned long long)number, (unsigned long long)m->last_frame[flow]);
	m->last_frame[flow] = number;
}

/* ---- To the peer ---------------------------------------------------------------------------------- */

void bytes_packet(uint8_t *out, uint32_t len, enum packet_kind kind, uint64_t number)
{
	switch (kind) {
	case PACKET_UDP:
		put_ip(out, len, 17, 0x0202000a);
		frame_write16(out, ETH + IPV4, 7);
		frame_write16(out, ETH + IPV4 + 2, 9);
		frame_write16(out, ETH + IPV4 + 4, (uint16_t)(len - ETH - IPV4));
		frame_write16(out, ETH + IPV4 + 6, pseudo(out, len));
		put_number(out + ETH + IPV4 + UDP, number);
		put_pattern(out, ETH + IPV4 + UDP + MARK, len, number);
		break;
	case PACKET_TCP:
		put_ip(out, len, 6, (uint32_t)number);
		memset(out + ETH + IPV4, 0, TCP);
		frame_write16(out, ETH + IPV4, 7);
		out[ETH + IPV4 + 12] = 0x50;
		out[ETH + IPV4 + 13] = 0x10;
		frame_write16(out, ETH + IPV4 + 16, pseudo(out, len));
		put_pattern(out, ETH + IPV4 + TCP, len, number);
		break;
	default:
		if (len < ETH + MARK) { /* no room for a number */
			memset(out, SHORT, len);
			break;
		}
		put_eth(out, FRAME_ETHERTYPE);
		put_number(out + ETH, number);
		put_pattern(out, ETH + MARK, len, number);
	}
}

static struct packet *logged(struct model *m, uint64_t number, enum packet_kind kind)
{
	struct packet *p = &m->log[number % LOG];
	uint64_t *last = &m->last_packet[p->queue];

	cr_assert(p->number == number && p->kind == kind, "packet %llu was not sent like this",
		  (unsigned long long)number);
	cr_assert(number >= *last, "queue %u: packet %llu arrives behind %llu", p->queue,
		  (unsigned long long)number, (unsigned long long)*last);
	*last = number;
	m->arrivals += number >= m->arrivals_from;
	return p;
}

static void arrive(struct packet *p, uint32_t len)
{
	cr_assert(!p->arrived, "packet %llu arrived twice", (unsigned long long)p->number);
	cr_assert(p->len_bytes == len, "packet %llu has %u bytes, not %u",
		  (unsigned long long)p->number, len, p->len_bytes);
	p->arrived = true;
}

/* A piece of a packet that was cut, or all of it: its sequence number is its place. */
static void check_tcp(struct model *m, const uint8_t *frame, uint32_t len)
{
	const uint8_t *tcp = frame + ETH + IPV4;
	uint32_t low, payload = len - ETH - IPV4 - TCP;
	uint64_t at = (uint64_t)frame_read16(tcp, 4) << 16 | frame_read16(tcp, 6), number;
	const struct packet *p;

	memcpy(&low, frame + ETH + 12, 4);
	number = (m->next_packet & ~0xffffffffull) | low;
	p = logged(m, number, PACKET_TCP);
	cr_assert(ETH + IPV4 + TCP + at + payload <= p->len_bytes,
		  "packet %llu: %u bytes at %llu of %u", (unsigned long long)number, payload,
		  (unsigned long long)at, p->len_bytes);
	for (uint32_t i = 0; i < payload; i++)
		cr_assert(tcp[TCP + i] == pattern(number, ETH + IPV4 + TCP + (uint32_t)at + i),
			  "packet %llu: byte %u of the piece at %llu", (unsigned long long)number,
			  i, (unsigned long long)at);
}

static void check_udp(struct model *m, const uint8_t *frame, uint32_t len, bool partial)
{
	uint64_t number;

	cr_assert(get_number(frame + ETH + IPV4 + UDP, &number), "a UDP packet that nobody sent");
	arrive(logged(m, number, PACKET_UDP), len);
	check_pattern(frame, ETH + IPV4 + UDP + MARK, len, number);
	if (!partial)
		cr_assert(sum(frame + ETH + IPV4, len - ETH - IPV4, pseudo(frame, len)) == 0xffff,
			  "packet %llu: its checksum is wrong", (unsigned long long)number);
}

void bytes_check_packet(struct model *m, const uint8_t *frame, uint32_t len, bool partial)
{
	uint64_t number;

	if (len < ETH + MARK) {
		m->arrivals++; /* it is too short for a number */
		cr_assert(len >= ETH && frame[0] == SHORT && !memcmp(frame, frame + 1, len - 1),
			  "%u bytes arrive, which nobody sent", len);
		return;
	}
	if (frame_read16(frame, 12) != FRAME_ETHERTYPE) {
		cr_assert(len >= ETH + IPV4 + TCP, "%u bytes of IP, which nobody sent", len);
		if (frame[ETH + 9] == 6)
			check_tcp(m, frame, len);
		else
			check_udp(m, frame, len, partial);
		return;
	}
	cr_assert(get_number(frame + ETH, &number), "a packet that nobody sent");
	arrive(logged(m, number, PACKET_PLAIN), len);
	check_pattern(frame, ETH + MARK, len, number);
}
