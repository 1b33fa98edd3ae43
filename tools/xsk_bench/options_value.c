/* SPDX-License-Identifier: BSD-2-Clause */
#include "options_value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A whole number, with k, M or G behind it for thousands and so on. Return: false on anything else. */
static bool parse_number(const char *text, uint64_t *out)
{
	char *end;
	uint64_t scale = 1;

	if (*text < '0' || *text > '9') /* strtoull would take a sign and wrap */
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	if (errno)
		return false;
	if (*end == 'k')
		scale = 1000;
	else if (*end == 'M')
		scale = 1000000;
	else if (*end == 'G')
		scale = 1000000000;
	if (scale != 1)
		end++;
	return !*end && !__builtin_mul_overflow(*out, scale, out);
}

static int set_number(struct parse *p, const struct spec *s, const char *text)
{
	uint64_t value;
	char *field = (char *)p->out + s->offset;

	if (!parse_number(text, &value) || value < s->min || value > s->max)
		return FAIL(p, "--%s: '%s' is not a whole number from %llu to %llu", s->name, text,
			    (unsigned long long)s->min, (unsigned long long)s->max);
	if (s->kind == KIND_U64)
		memcpy(field, &value, sizeof(value));
	else
		memcpy(field, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
	return 0;
}

static int set_choice(struct parse *p, const struct spec *s, const char *text)
{
	for (uint32_t i = 0; s->choices[i]; i++)
		if (!strcmp(text, s->choices[i])) {
			memcpy((char *)p->out + s->offset, &i, sizeof(i));
			return 0;
		}
	return FAIL(p, "--%s: '%s' is not one of %s, %s%s%s", s->name, text, s->choices[0],
		    s->choices[1], s->choices[2] ? ", " : "", s->choices[2] ? s->choices[2] : "");
}

static int set_seconds(struct parse *p, const struct spec *s, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);
	uint64_t ns;

	if (end == text || !strchr("0123456789.", *text) || *end || !(seconds <= 1e7))
		return FAIL(p, "--%s: '%s' is not a number of seconds from 0 to 10000000", s->name,
			    text);
	ns = (uint64_t)(seconds * 1e9);
	if (!ns && seconds > 0) /* 0 would be without end */
		ns = 1;
	memcpy((char *)p->out + s->offset, &ns, sizeof(ns));
	return 0;
}

/* "0,2-3": the CPUs of the queue threads, in order. */
static int set_cpus(struct parse *p, const struct spec *s, const char *text)
{
	const char *at = text;

	p->out->cpu_count = 0;
	for (;;) {
		char *end;
		unsigned long first, last;

		if (*at < '0' || *at > '9')
			goto bad;
		first = last = strtoul(at, &end, 10);
		if (*end == '-' && end[1] >= '0' && end[1] <= '9')
			last = strtoul(end + 1, &end, 10);
		if (last < first || last >= 1024 ||
		    last - first >= BENCH_MAX_QUEUES - p->out->cpu_count)
			goto bad;
		for (; first <= last; first++)
			p->out->cpus[p->out->cpu_count++] = (uint32_t)first;
		if (!*end)
			return 0;
		if (*end != ',')
			goto bad;
		at = end + 1;
	}
bad:
	return FAIL(p, "--%s: '%s' is not a list like 0,2-3 of at most %d CPUs", s->name, text,
		    BENCH_MAX_QUEUES);
}

const char *option_mac(const char *text, uint8_t out[6])
{
	for (int i = 0; i < 6; i++) {
		unsigned int byte = 0;
		int digits = 0;

		if (i && *text++ != ':')
			return NULL;
		/* Not with sscanf or strtoul, which also take blanks, signs and 0x. */
		for (; digits < 2 && isxdigit((unsigned char)*text); digits++, text++)
			byte = byte * 16 + (unsigned int)(isdigit((unsigned char)*text)
								  ? *text - '0'
								  : (*text | 0x20) - 'a' + 10);
		if (!digits)
			return NULL;
		out[i] = (uint8_t)byte;
	}
	return text;
}

static int set_mac(struct parse *p, const struct spec *s, const char *text)
{
	const char *rest = option_mac(text, p->out->dst_mac);

	if (!rest || *rest)
		return FAIL(p, "--%s: '%s' is not a MAC address like 02:00:00:00:00:01", s->name,
			    text);
	return 0;
}

/* "own", MACs, or both, with commas between; nothing says "own". */
static int set_take(struct parse *p, const struct spec *s, const char *text)
{
	struct options *o = p->out;
	const char *at = text ? text : "own";

	for (;; at++) {
		if (!strncmp(at, "own", 3)) {
			o->take_own_mac = true;
			at += 3;
		} else if (o->take_mac_count + 1 == NET_XDP_TAKE_MACS) { /* one is kept for own */
			return FAIL(p, "--%s: at most %d MAC addresses and own", s->name,
				    NET_XDP_TAKE_MACS - 1);
		} else {
			at = option_mac(at, o->take_macs[o->take_mac_count]);
			o->take_mac_count++;
		}
		if (at && !*at)
			return 0;
		if (!at || *at != ',')
			return FAIL(p, "--%s: '%s' is not a list like own,02:00:00:00:00:01",
				    s->name, text);
	}
}

static int set_ip(struct parse *p, const struct spec *s, const char *text)
{
	struct in_addr addr;
	uint32_t host;

	if (inet_pton(AF_INET, text, &addr) != 1)
		return FAIL(p, "--%s: '%s' is not an IPv4 address", s->name, text);
	host = ntohl(addr.s_addr);
	memcpy((char *)p->out + s->offset, &host, sizeof(host));
	return 0;
}

/* One to four digits at *text, which goes on behind them. Return: false: none, or above max. */
static bool parse_digits(const char **text, uint32_t max, uint32_t *out)
{
	size_t digits = strspn(*text, "0123456789");

	if (!digits || digits > 4)
		return false;
	*out = (uint32_t)strtoul(*text, NULL, 10);
	*text += digits;
	return *out <= max;
}

/* "100" or "100:5": identifier and priority. 4095 is no VLAN's (802.1Q, 9.6). */
static int set_vlan(struct parse *p, const struct spec *s, const char *text)
{
	uint32_t id, priority = 0;
	const char *at = text;
	bool good = parse_digits(&at, 4094, &id);

	if (good && *at == ':') {
		at++;
		good = parse_digits(&at, 7, &priority);
	}
	if (!good || *at)
		return FAIL(
			p,
			"--%s: '%s' is not a VLAN like 100 or, with a priority, 100:5 (0..4094, "
			"0..7)",
			s->name, text);
	p->out->vlan = true;
	p->out->vlan_tci =
		net_vlan_tci((struct net_vlan){.id = (uint16_t)id, .priority = (uint8_t)priority});
	return 0;
}

/* "64k" or "64k,1448": the packet, and the payload of the pieces that it is cut into. */
static int set_segment(struct parse *p, const struct spec *s, const char *text)
{
	size_t length = strcspn(text, ",");
	uint64_t size, piece = 0;
	char first[24] = "";

	if (length < sizeof(first))
		memcpy(first, text, length);
	if (!parse_number(first, &size) ||
	    (text[length] && (!parse_number(text + length + 1, &piece) || !piece)))
		return FAIL(p,
			    "--%s: '%s' is not the bytes of a packet, or these and the payload of "
			    "a piece, like 64k,1448",
			    s->name, text);
	if (size > OPTIONS_MAX_PACKET)
		return FAIL(p,
			    "--%s: %llu is over %u, an Ethernet header and the 65535 bytes of the "
			    "longest IP packet",
			    s->name, (unsigned long long)size, OPTIONS_MAX_PACKET);
	if (piece > UINT16_MAX)
		return FAIL(p, "--%s: pieces of %llu bytes are over 65535", s->name,
			    (unsigned long long)piece);
	p->out->segment_bytes = (uint32_t)size;
	p->out->piece_bytes = (uint32_t)piece;
	return 0;
}

int option_set(struct parse *p, const struct spec *s, const char *text)
{
	char *field = (char *)p->out + s->offset;

	switch (s->kind) {
	case KIND_FLAG:
		memcpy(field, &(bool){true}, sizeof(bool));
		return 0;
	case KIND_TEXT:
		if (!*text)
			return FAIL(p, "--%s: the name is empty", s->name);
		memcpy(field, &text, sizeof(text));
		return 0;
	case KIND_U32:
	case KIND_U64:
		return set_number(p, s, text);
	case KIND_CHOICE:
		return set_choice(p, s, text);
	case KIND_SECONDS:
		return set_seconds(p, s, text);
	case KIND_CPUS:
		return set_cpus(p, s, text);
	case KIND_MAC:
		return set_mac(p, s, text);
	case KIND_TAKE:
		return set_take(p, s, text);
	case KIND_IP:
		return set_ip(p, s, text);
	case KIND_VLAN:
		return set_vlan(p, s, text);
	case KIND_SEGMENT:
		return set_segment(p, s, text);
	case KIND_VERSION:
		return OPTIONS_VERSION;
	case KIND_HELP:
		break;
	}
	return OPTIONS_HELP;
}
