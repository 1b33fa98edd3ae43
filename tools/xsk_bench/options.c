/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: one table row per option, and the rules between them. */
#include "options.h"

#include <getopt.h>
#include <string.h>

#include "options_value.h"
#include "packet.h"

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
	{.name = "mac", .kind = KIND_TAKE},
	{.name = "force", .kind = KIND_FLAG, .offset = AT(force)},
	{.name = "batch", .kind = KIND_U32, .offset = AT(batch), .min = 1, .max = 1024},
	{.name = "ring", .kind = KIND_U32, .offset = AT(ring), .min = 1, .max = 65536},
	{.name = "frame-bytes",
	 .kind = KIND_U32,
	 .offset = AT(frame_bytes),
	 .min = 60,
	 .max = OPTIONS_MAX_FRAME},
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
	{.name = "duration", .letter = 't', .kind = KIND_SECONDS, .offset = AT(duration_ns)},
	{.name = "rate", .kind = KIND_U64, .offset = AT(rate), .min = 1, .max = 1000000000},
	{.name = "count", .kind = KIND_U64, .offset = AT(count), .min = 1, .max = UINT64_MAX / 2},
	{.name = "cpu", .kind = KIND_CPUS},
	{.name = "dst", .kind = KIND_MAC, .offset = AT(dst_mac)},
	{.name = "ip-src", .kind = KIND_IP, .offset = AT(ip_src)},
	{.name = "ip-dst", .kind = KIND_IP, .offset = AT(ip_dst)},
	{.name = "checksum", .kind = KIND_FLAG, .offset = AT(checksum)},
	{.name = "sums", .kind = KIND_CHOICE, .offset = AT(sums), .choices = {"auto", "software"}},
	{.name = "vlan", .kind = KIND_VLAN},
	{.name = "segment", .kind = KIND_SEGMENT},
	{.name = "segment-here", .kind = KIND_FLAG, .offset = AT(segment_here)},
	{.name = "l4", .kind = KIND_CHOICE, .offset = AT(l4), .choices = {"auto", "udp", "tcp"}},
	{.name = "capture", .kind = KIND_TEXT, .offset = AT(capture_path)},
	{.name = "capture-seconds", .kind = KIND_SECONDS, .offset = AT(capture_ns)},
	{.name = "json", .kind = KIND_FLAG, .offset = AT(json)},
	{.name = "verbose", .letter = 'v', .kind = KIND_FLAG, .offset = AT(verbose)},
	{.name = "help", .letter = 'h', .kind = KIND_HELP},
	{.name = "version", .letter = 'V', .kind = KIND_VERSION},
};

#define SPECS	  (sizeof(specs) / sizeof(specs[0]))
#define LONG_BASE 256 /* getopt values above every letter */

const char *options_mode_name(uint32_t mode)
{
	return mode <= BENCH_LATENCY ? mode_names[mode] : "?";
}

uint32_t options_port_count(const struct options *opt)
{
	return opt->to_ifname ? 2 : 1;
}

bool options_receive(const struct options *opt)
{
	return opt->mode != BENCH_TX;
}

bool options_send(const struct options *opt)
{
	return opt->mode == BENCH_TX || opt->mode == BENCH_LATENCY;
}

bool options_packet(const struct options *opt)
{
	return opt->checksum || opt->segment_bytes;
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

/* What a sender leaves to the backend. */
static int check_offloads(struct parse *p)
{
	struct options *o = p->out;
	uint32_t least;

	if (o->checksum && o->mode != BENCH_TX)
		return FAIL(p, "--checksum: only tx asks for checksums; rx checks all of them "
			       "without an option");
	if (o->segment_bytes && o->mode != BENCH_TX)
		return FAIL(p, "--segment: only tx sends packets that are cut; rx takes their "
			       "pieces without an option");
	if (o->segment_here && !o->segment_bytes)
		return FAIL(p, "--segment-here: goes with --segment");
	if (o->vlan && o->mode != BENCH_TX && o->mode != BENCH_RX)
		return FAIL(p, "--vlan: only tx sends a tag, and only rx looks for it");
	if (o->l4 && !options_packet(o))
		return FAIL(p, "--l4: goes with --checksum or --segment; other frames are UDP");
	if (o->sums && !options_packet(o))
		return FAIL(p, "--sums: goes with --checksum or --segment");
	if (o->segment_bytes && o->frame_bytes)
		return FAIL(p, "--frame-bytes: --segment says how long the packets are");
	if (!o->l4)
		o->l4 = o->segment_bytes ? BENCH_L4_TCP : BENCH_L4_UDP;
	least = packet_least_bytes(o->l4 == BENCH_L4_TCP);
	if (o->checksum && o->frame_bytes && o->frame_bytes < least)
		return FAIL(p, "--frame-bytes: with --checksum at least %u, not %u", least,
			    o->frame_bytes);
	return 0;
}

/* Rules between options. Those of the backend's own settings are net_xdp_config_check()'s. */
static int check_together(struct parse *p)
{
	struct options *o = p->out;
	bool sends = options_send(o);

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
	if ((o->take_own_mac || o->take_mac_count) && !options_receive(o))
		return FAIL(p, "--mac: tx takes no frames");
	if (!o->napi_defer != !o->napi_flush_us)
		return FAIL(p, "--napi-defer %u, --napi-flush %u: go together; 2 and 200 are usual",
			    o->napi_defer, o->napi_flush_us);
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
	if (o->capture_ns && !o->capture_path)
		return FAIL(p, "--capture-seconds: --capture FILE is missing");
	return check_offloads(p);
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

/* getopt's own complaints, in our words: those of a letter are known by it alone. */
static int bad_option(struct parse *p, char **argv, int c)
{
	const char *text = argv[optind - 1];
	char letter[3] = {'-', (char)optopt, 0};

	if (optopt > 0 && optopt < LONG_BASE)
		text = letter;
	if (c == ':')
		return FAIL(p, "%s: the value is missing", text);
	if (optopt >= LONG_BASE)
		return FAIL(p, "%s: this option takes no value", text);
	return FAIL(p, "%s: no such option", text);
}

static int has_value(const struct spec *s)
{
	switch (s->kind) {
	case KIND_FLAG:
	case KIND_HELP:
	case KIND_VERSION:
		return no_argument;
	case KIND_TAKE:
		return optional_argument;
	default:
		return required_argument;
	}
}

/* getopt sees an optional value only behind '='; a MAC in the next word is meant as one, too. */
static const char *next_mac(int argc, char **argv)
{
	uint8_t mac[6];

	if (optind >= argc || (!option_mac(argv[optind], mac) && strncmp(argv[optind], "own", 3)))
		return NULL;
	return argv[optind++];
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
		int value = has_value(&specs[i]);

		longs[i] = (struct option){specs[i].name, value, NULL, LONG_BASE + (int)i};
		if (!specs[i].letter)
			continue;
		letters[used++] = specs[i].letter;
		if (value == required_argument)
			letters[used++] = ':';
	}
	optind = 0;
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		size_t i = c >= LONG_BASE ? (size_t)(c - LONG_BASE) : 0;
		const char *value = optarg;

		if (c == '?' || c == ':')
			return bad_option(&p, argv, c);
		while (c < LONG_BASE && specs[i].letter != c)
			i++;
		if (!value && specs[i].kind == KIND_TAKE)
			value = next_mac(argc, argv);
		rc = option_set(&p, &specs[i], value);
		if (rc)
			return rc;
	}
	rc = set_mode(&p, argc, argv, optind);
	return rc ? rc : check_together(&p);
}
