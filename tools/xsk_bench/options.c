/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: one table row per option, one parser per kind of value. */
#include "options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
	KIND_FLAG,
	KIND_U32,
	KIND_U64,
	KIND_TEXT,
	KIND_CHOICE,
	KIND_SECONDS,
	KIND_CPUS,
	KIND_MAC,
	KIND_IP,
	KIND_HELP,
};

/* One option. offset is into struct options; min and max bound numbers; choices are in the order of
 * the enum that they set. */
struct spec {
	const char *name;
	enum kind kind;
	size_t offset;
	uint64_t min;
	uint64_t max;
	const char *choices[4];
	char letter;
};

static const char *const mode_names[] = {"rx", "tx", "fwd", "latency", NULL};

#define AT(member) offsetof(struct options, member)

static const struct spec specs[] = {
	{.name = "interface", .letter = 'i', .kind = KIND_TEXT, .offset = AT(ifname)},
	{.name = "to", .kind = KIND_TEXT, .offset = AT(to_ifname)},
	{.name = "queue", .letter = 'q', .kind = KIND_U32, .offset = AT(first_queue), .max = 65535},
	{.name = "queues",
	 .letter = 'n',
	 .kind = KIND_U32,
	 .offset = AT(queue_count),
	 .min = 1,
	 .max = BENCH_MAX_QUEUES},
	{.name = "mode",
	 .kind = KIND_CHOICE,
	 .offset = AT(bind_mode),
	 .choices = {"auto", "zero-copy", "copy"}},
	{.name = "attach",
	 .kind = KIND_CHOICE,
	 .offset = AT(attach),
	 .choices = {"auto", "native", "generic"}},
	{.name = "dispatcher", .kind = KIND_FLAG, .offset = AT(dispatcher)},
	{.name = "batch", .kind = KIND_U32, .offset = AT(batch), .min = 1, .max = 1024},
	{.name = "ring", .kind = KIND_U32, .offset = AT(ring), .min = 1, .max = 65536},
	{.name = "frame-bytes",
	 .kind = KIND_U32,
	 .offset = AT(frame_bytes),
	 .min = 60,
	 .max = 9216},
	{.name = "chunk", .kind = KIND_U32, .offset = AT(chunk_bytes), .min = 2048, .max = 4096},
	{.name = "aligned", .kind = KIND_FLAG, .offset = AT(aligned)},
	{.name = "sealed", .kind = KIND_FLAG, .offset = AT(sealed)},
	{.name = "pages",
	 .kind = KIND_CHOICE,
	 .offset = AT(pages),
	 .choices = {"auto", "huge", "small"}},
	{.name = "busy-poll", .kind = KIND_U32, .offset = AT(busy_poll_us), .max = 10000},
	{.name = "napi-defer", .kind = KIND_U32, .offset = AT(napi_defer), .max = 100},
	{.name = "napi-flush", .kind = KIND_U32, .offset = AT(napi_flush_us), .max = 10000},
	{.name = "wait", .kind = KIND_CHOICE, .offset = AT(wait), .choices = {"epoll", "spin"}},
	{.name = "moderate", .kind = KIND_U32, .offset = AT(moderate_us), .max = 100000},
	{.name = "duration", .kind = KIND_SECONDS, .offset = AT(duration_ns)},
	{.name = "rate", .kind = KIND_U64, .offset = AT(rate), .min = 1, .max = 1000000000},
	{.name = "count", .kind = KIND_U64, .offset = AT(count), .min = 1, .max = UINT64_MAX / 2},
	{.name = "cpu", .kind = KIND_CPUS},
	{.name = "dst", .kind = KIND_MAC, .offset = AT(dst_mac)},
	{.name = "ip-src", .kind = KIND_IP, .offset = AT(ip_src)},
	{.name = "ip-dst", .kind = KIND_IP, .offset = AT(ip_dst)},
	{.name = "json", .kind = KIND_FLAG, .offset = AT(json)},
	{.name = "help", .letter = 'h', .kind = KIND_HELP},
};

#define SPECS	  (sizeof(specs) / sizeof(specs[0]))
#define LONG_BASE 256 /* getopt values above every letter */

struct parse {
	struct options *out;
	char *why;
	size_t why_size;
};

#define FAIL(p, ...) (snprintf((p)->why, (p)->why_size, __VA_ARGS__), -EINVAL)

const char *options_mode_name(uint32_t mode)
{
	return mode <= BENCH_LATENCY ? mode_names[mode] : "?";
}

uint32_t options_port_count(const struct options *opt)
{
	return opt->to_ifname ? 2 : 1;
}

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

	if (end == text || *end || !(seconds >= 0 && seconds <= 1e7))
		return FAIL(p, "--%s: '%s' is not a number of seconds from 0 to 10000000", s->name,
			    text);
	ns = (uint64_t)(seconds * 1e9);
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

static int set_mac(struct parse *p, const struct spec *s, const char *text)
{
	unsigned int b[6];
	int used = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &used) != 6 ||
	    text[used])
		return FAIL(p, "--%s: '%s' is not a MAC address like 02:00:00:00:00:01", s->name,
			    text);
	for (int i = 0; i < 6; i++)
		p->out->dst_mac[i] = (uint8_t)b[i];
	return 0;
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

static int set_option(struct parse *p, const struct spec *s, const char *text)
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
	case KIND_IP:
		return set_ip(p, s, text);
	case KIND_HELP:
		break;
	}
	return 1;
}

static int set_mode(struct parse *p, int argc, char **argv, int at)
{
	if (at >= argc)
		return FAIL(p, "what to do is missing: rx, tx, fwd or latency");
	if (at + 1 < argc)
		return FAIL(p, "'%s' is one argument too many", argv[at + 1]);
	for (uint32_t i = 0; mode_names[i]; i++)
		if (!strcmp(argv[at], mode_names[i])) {
			p->out->mode = i;
			return 0;
		}
	return FAIL(p, "'%s' is not one of rx, tx, fwd, latency", argv[at]);
}

/* Rules between options. Those of the backend's own settings are net_xdp_config_check()'s. */
static int check_together(struct parse *p)
{
	struct options *o = p->out;
	bool sends = o->mode == BENCH_TX || o->mode == BENCH_LATENCY;

	if (!o->ifname)
		return FAIL(p, "-i: the interface is missing");
	if (o->ring & (o->ring - 1))
		return FAIL(p, "--ring: %u is not a power of two", o->ring);
	if (o->aligned && o->chunk_bytes && o->chunk_bytes != 2048 && o->chunk_bytes != 4096)
		return FAIL(p, "--chunk: with --aligned it is 2048 or 4096, not %u",
			    o->chunk_bytes);
	if (o->to_ifname && o->mode != BENCH_FWD)
		return FAIL(p, "--to: only fwd has a second interface");
	if (o->to_ifname && !strcmp(o->to_ifname, o->ifname))
		return FAIL(p,
			    "--to: '%s' is the interface of -i; leave --to out to send frames back",
			    o->to_ifname);
	if (o->rate && !sends)
		return FAIL(p, "--rate: only tx and latency choose their rate");
	if (o->mode == BENCH_LATENCY && !o->rate)
		o->rate = 10000;
	if (o->rate && o->rate < o->queue_count)
		return FAIL(p, "--rate: %llu is less than one frame per second and queue",
			    (unsigned long long)o->rate);
	if (o->count && sends && o->count < o->queue_count)
		return FAIL(p, "--count: %llu is less than one frame per queue",
			    (unsigned long long)o->count);
	return 0;
}

static struct options defaults(void)
{
	struct options o = {
		.queue_count = 1,
		.batch = 64,
		.ring = 2048,
		.duration_ns = 10000000000u,
		/* Locally administered: reaches a veth peer, belongs to no one on a real network. */
		.dst_mac = {0x02, 0x6e, 0x78, 0x00, 0x00, 0x01},
		.ip_src = 0xc6120001, /* 198.18.0.1: RFC 2544's range for benchmarks */
		.ip_dst = 0xc6120002,
	};

	return o;
}

/* getopt's own two complaints, in our words. */
static int bad_option(struct parse *p, char **argv, int c)
{
	const char *text = argv[optind - 1];

	if (c == ':')
		return FAIL(p, "%s: the value is missing", text);
	return FAIL(p, "%s: no such option", text);
}

int options_parse(int argc, char **argv, struct options *out, char *why, size_t why_size)
{
	struct parse p = {out, why, why_size};
	struct option longs[SPECS + 1] = {0};
	char letters[2 * SPECS + 2] = ":"; /* leading colon: getopt prints nothing itself */
	size_t used = 1;
	int c, rc;

	*out = defaults();
	for (size_t i = 0; i < SPECS; i++) {
		bool has_value = specs[i].kind != KIND_FLAG && specs[i].kind != KIND_HELP;

		longs[i] = (struct option){specs[i].name, has_value, NULL, LONG_BASE + (int)i};
		if (!specs[i].letter)
			continue;
		letters[used++] = specs[i].letter;
		if (has_value)
			letters[used++] = ':';
	}
	optind = 0;
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		size_t i = c >= LONG_BASE ? (size_t)(c - LONG_BASE) : 0;

		if (c == '?' || c == ':')
			return bad_option(&p, argv, c);
		while (c < LONG_BASE && specs[i].letter != c)
			i++;
		rc = set_option(&p, &specs[i], optarg);
		if (rc)
			return rc;
	}
	rc = set_mode(&p, argc, argv, optind);
	return rc ? rc : check_together(&p);
}
