// SPDX-License-Identifier: BSD-2-Clause
/* Random rules and frames, whole, broken and cut, against a parser that shares nothing with the program's. */
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/program_rig.h"

enum { SETS = 60, FRAMES = 800, MOST = 700 };

/* ---- The reference: what a frame shows, as a list --------------------------------------------- */

struct seen {
	uint32_t key[8];
	uint32_t count;
};

struct reader {
	const uint8_t *bytes;
	uint32_t at, len;
	bool short_of; /* something was read that is not there */
};

static uint32_t take(struct reader *r, uint32_t bytes)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < bytes; i++, r->at++) {
		if (r->at >= r->len)
			r->short_of = true;
		else
			value = value << 8 | r->bytes[r->at];
	}
	return value;
}

static void see(struct seen *s, uint32_t kind, uint32_t number)
{
	s->key[s->count++] = KEEP_KEY(kind, number);
}

static void see_transport(struct seen *s, struct reader r, uint32_t protocol, uint32_t version)
{
	uint32_t first, second;

	see(s, KEEP_PROTOCOL, protocol);
	if (protocol == (version == 4 ? 1 : 58)) {
		first = take(&r, 1);
		if (!r.short_of)
			see(s, version == 4 ? KEEP_ICMP : KEEP_ICMPV6, first);
	}
	if (protocol != 6 && protocol != 17)
		return;
	first = take(&r, 2);
	second = take(&r, 2);
	if (r.short_of)
		return;
	see(s, protocol == 6 ? KEEP_TCP_SOURCE : KEEP_UDP_SOURCE, first);
	see(s, protocol == 6 ? KEEP_TCP_PORT : KEEP_UDP_PORT, second);
}

static void see_ipv4(struct seen *s, struct reader r)
{
	uint32_t start = r.at, first = take(&r, 1), fragment, protocol;

	take(&r, 5);
	fragment = take(&r, 2);
	take(&r, 1);
	protocol = take(&r, 1);
	take(&r, 10);
	if (r.short_of || first < 0x45 || first > 0x4f)
		return;
	r.at = start + first % 16 * 4;
	if (fragment % 0x4000 == 0) {
		see_transport(s, r, protocol, 4);
		return;
	}
	see(s, KEEP_PROTOCOL, protocol);
	see(s, KEEP_FRAGMENT, protocol);
}

static void see_ipv6(struct seen *s, struct reader r)
{
	uint32_t version = take(&r, 1) / 16, next;

	take(&r, 5);
	next = take(&r, 1);
	take(&r, 33);
	if (r.short_of || version != 6)
		return;
	for (uint32_t passed = 0; passed < 8 && r.at + 8 <= r.len; passed++) {
		struct reader header = r;
		uint32_t after = take(&header, 1);

		if (next != 0 && next != 43 && next != 60)
			break;
		r.at += 8 + 8 * take(&header, 1);
		next = after;
	}
	if (next == 44 && r.at + 8 <= r.len) {
		next = take(&r, 1);
		see(s, KEEP_PROTOCOL, next);
		see(s, KEEP_FRAGMENT, next);
		return;
	}
	see_transport(s, r, next, 6);
}

static struct seen look(const uint8_t *frame, uint32_t len)
{
	struct reader r = {frame, 12, len, false};
	struct seen s = {0};
	uint32_t type = take(&r, 2);

	see(&s, KEEP_ETHERTYPE, type);
	for (int tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8); tags++) {
		if (r.at + 4 > len)
			break; /* the tag's own type is what there is */
		take(&r, 2);
		type = take(&r, 2);
	}
	see(&s, KEEP_ETHERTYPE, type);
	if (type == 0x0800)
		see_ipv4(&s, r);
	else if (type == 0x86dd)
		see_ipv6(&s, r);
	return s;
}

/* ---- Rules and frames ------------------------------------------------------------------------- */

struct rule {
	uint32_t kind, first, last;
};

/* Few enough that rules and frames meet. */
static uint32_t some(struct frame_random *r, uint32_t kind)
{
	static const uint16_t types[] = {0x0806, 0x0800, 0x86dd, 0x8100, 0x88a8, 0x88cc, 0x0026};
	static const uint16_t protocols[] = {1, 1, 2, 6, 17, 44, 51, 58, 58, 60};
	static const uint16_t port_numbers[] = {22, 53, 67, 68, 80, 443, 546, 65535, 0, 256};

	switch (kind) {
	case KEEP_ETHERTYPE:
		return types[frame_random_below(r, 7)];
	case KEEP_PROTOCOL:
	case KEEP_FRAGMENT:
		return protocols[frame_random_below(r, 10)];
	case KEEP_ICMP:
	case KEEP_ICMPV6:
		return frame_random_below(r, 2) ? 128 + frame_random_below(r, 16)
						: frame_random_below(r, 16);
	default:
		return port_numbers[frame_random_below(r, 10)];
	}
}

static uint32_t rules(struct frame_random *r, struct net_xdp_bpf__rodata *c, struct rule *out)
{
	uint32_t count = 1 + frame_random_below(r, frame_random_below(r, 4) ? 4 : KEEP_RULES);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t kind = 1 + frame_random_below(r, KEEP_ICMPV6);
		uint32_t a = some(r, kind), b = frame_random_below(r, 3) ? a : some(r, kind);

		out[i] = (struct rule){kind, a < b ? a : b, a < b ? b : a};
		c->keep_first[i] = KEEP_KEY(kind, out[i].first);
		c->keep_span[i] = out[i].last - out[i].first;
	}
	c->host_keeps = 1;
	c->keep_count = count;
	return count;
}

static uint32_t compose_ipv4(struct frame_random *r, uint8_t *ip, uint8_t protocol)
{
	uint32_t words =
		frame_random_below(r, 8) ? 5 + frame_random_below(r, 11) : frame_random_below(r, 6);

	ip[0] = (uint8_t)(0x40 + words);
	frame_write16(ip, 6, frame_random_below(r, 3) ? 0x4000 : (uint16_t)frame_random_next(r));
	ip[9] = protocol;
	return words * 4;
}

static uint32_t compose_ipv6(struct frame_random *r, uint8_t *ip, uint8_t protocol)
{
	static const uint8_t kinds[] = {0, 43, 60, 44, 51};
	uint32_t count =
		frame_random_below(r, 3) ? frame_random_below(r, 3) : frame_random_below(r, 12);
	uint8_t *next = ip + 6;
	uint32_t at = 40;

	ip[0] = 0x60;
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t length = (uint8_t)frame_random_below(r, 4);

		*next = kinds[frame_random_below(r, frame_random_below(r, 2) ? 3 : 5)];
		ip[at + 1] = length;
		next = ip + at;
		at += 8 + 8 * length;
	}
	*next = protocol;
	return at;
}

/* Return: how much of it is header. */
static uint32_t compose(struct frame_random *r, uint8_t *frame)
{
	uint32_t at = 12;
	uint16_t type = (uint16_t)some(r, KEEP_ETHERTYPE);
	uint8_t protocol = (uint8_t)some(r, KEEP_PROTOCOL);

	frame_random_bytes(r, frame, MOST);
	if (frame_random_below(r, 4))
		type = frame_random_below(r, 2) ? 0x0800 : 0x86dd;
	for (uint32_t tags = frame_random_below(r, 2) ? 0 : frame_random_below(r, 4); tags;
	     tags--) {
		frame_write16(frame, at, frame_random_below(r, 2) ? 0x8100 : 0x88a8);
		at += 4;
	}
	frame_write16(frame, at, type);
	at += 2;
	if (type == 0x0800)
		at += compose_ipv4(r, frame + at, protocol);
	else if (type == 0x86dd)
		at += compose_ipv6(r, frame + at, protocol);
	if (protocol != 1 && protocol != 58) {
		frame_write16(frame, at, (uint16_t)some(r, KEEP_TCP_PORT));
		frame_write16(frame, at + 2, (uint16_t)some(r, KEEP_TCP_PORT));
	} else {
		frame[at] = (uint8_t)some(r, KEEP_ICMP);
	}
	return at + 4;
}

/* Return: the counter that goes up. */
static uint32_t judge(const struct rule *rule, uint32_t count, const uint8_t *frame, uint32_t len)
{
	const struct seen s = look(frame, len);

	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < s.count; k++)
			if (s.key[k] >= KEEP_KEY(rule[i].kind, rule[i].first) &&
			    s.key[k] <= KEEP_KEY(rule[i].kind, rule[i].last))
				return PROGRAM_COUNTERS + i;
	return PROGRAM_REDIRECTED;
}

static void compare(bool frags, uint64_t seed)
{
	struct frame_random random = frame_random(seed);
	uint32_t kept[KEEP_ICMPV6 + 1] = {0}, taken = 0;
	struct rule rule[KEEP_RULES];
	struct program_rig r;

	program_rig_open(&r);
	for (uint32_t set = 0; set < SETS; set++) {
		uint32_t count;
		int fd;

		program_rig_again(&r);
		count = rules(&random, r.object->rodata, rule);
		program_rig_load(&r, frags);
		fd = program_rig_socket(&r, 0); /* so that an action tells kept from not */
		for (uint32_t n = 0; n < FRAMES; n++) {
			uint32_t header = compose(&random, r.frame), len = header, which;

			if (frame_random_below(&random, 3))
				len += frame_random_below(&random, MOST - header);
			else if (frame_random_below(&random, 2))
				len = frame_random_below(&random, header);
			for (uint32_t i = frame_random_below(&random, 3); i == 1; i--)
				r.frame[12 + frame_random_below(&random, header - 12)] =
					(uint8_t)frame_random_next(&random);
			if (len < 14)
				len = 14;
			which = judge(rule, count, r.frame, len);
			program_rig_expect(&r, len, 0, which);
			if (which >= PROGRAM_COUNTERS)
				kept[rule[which - PROGRAM_COUNTERS].kind]++;
			else
				taken++;
		}
		close(fd);
	}
	program_rig_close(&r);
	cr_assert(taken > SETS * FRAMES / 10, "only %u frames met no rule", taken);
	for (uint32_t kind = 1; kind <= KEEP_ICMPV6; kind++)
		cr_assert(kept[kind] > 50, "kind %u kept %u frames", kind, kept[kind]);
}

Test(keep_random, program_and_reference_agree)
{
	compare(false, 1);
}

Test(keep_random, frags_program_and_reference_agree)
{
	compare(true, 2);
}
