/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules between options; each alone is a row of options_table.c. */
#include "options.h"

#include <string.h>

#include "packet.h"

const char *options_mode_name(uint32_t mode)
{
	return mode <= BENCH_PAIR ? bench_options.operands[mode] : "?";
}

const char *options_direction_name(uint32_t direction)
{
	static const char *const names[] = {"", "forward", "reverse"};

	return direction <= BENCH_REVERSE ? names[direction] : "?";
}

uint32_t options_port_count(const struct options *opt)
{
	return opt->mode == BENCH_FWD && opt->to_ifname ? 2 : 1;
}

bool options_tx(const struct options *opt)
{
	return opt->mode == BENCH_TX || opt->mode == BENCH_PAIR;
}

bool options_receive(const struct options *opt)
{
	return opt->mode != BENCH_TX;
}

bool options_send(const struct options *opt)
{
	return options_tx(opt) || opt->mode == BENCH_LATENCY;
}

bool options_packet(const struct options *opt)
{
	return opt->checksum || opt->segment_bytes;
}

static int set_mode(struct option_parse *p)
{
	struct options *o = p->into;

	if (!p->operand_count)
		return OPTION_FAIL(p, "what to do is missing: rx, tx, fwd, latency or pair");
	if (p->operand_count > 1)
		return OPTION_FAIL(p, "'%s' is one argument too many", p->operands[1]);
	for (o->mode = BENCH_RX; o->mode <= BENCH_PAIR; o->mode++)
		if (!strcmp(p->operands[0], options_mode_name(o->mode)))
			return 0;
	return OPTION_FAIL(p, "'%s' is not one of rx, tx, fwd, latency, pair", p->operands[0]);
}

static int check_flows(struct option_parse *p)
{
	struct options *o = p->into;
	const char *name = o->ipv6 ? "--ipv6" : "--flows";

	if (o->flows == 1 && !o->ipv6)
		return 0;
	if (!options_send(o))
		return OPTION_FAIL(
			p,
			"%s: only tx, latency and pair make frames; rx takes all of them "
			"without an option",
			name);
	if (options_packet(o))
		return OPTION_FAIL(p,
				   "%s: not with --checksum or --segment, whose packets are one "
				   "IPv4 flow",
				   name);
	if (o->flows * o->queue_count > OPTIONS_MAX_FLOWS)
		return OPTION_FAIL(p,
				   "--flows %u: with %u queues at most %u, because a receiver "
				   "tells %u flows apart",
				   o->flows, o->queue_count, OPTIONS_MAX_FLOWS / o->queue_count,
				   OPTIONS_MAX_FLOWS);
	if (o->ipv6 && o->frame_bytes && o->frame_bytes < FRAME_MIN_BYTES6)
		return OPTION_FAIL(p, "--frame-bytes: with --ipv6 at least %u, not %u",
				   FRAME_MIN_BYTES6, o->frame_bytes);
	return 0;
}

/* What a sender leaves to the backend. */
static int check_offloads(struct option_parse *p)
{
	struct options *o = p->into;
	uint32_t least;

	if (o->checksum && !options_tx(o))
		return OPTION_FAIL(
			p, "--checksum: only tx and pair ask for checksums; rx checks all of them "
			   "without an option");
	if (o->segment_bytes && !options_tx(o))
		return OPTION_FAIL(
			p, "--segment: only tx and pair send packets that are cut; rx takes their "
			   "pieces without an option");
	if (o->segment_here && !o->segment_bytes)
		return OPTION_FAIL(p, "--segment-here: goes with --segment");
	if (o->vlan && !options_tx(o) && o->mode != BENCH_RX)
		return OPTION_FAIL(
			p, "--vlan: only tx and pair send a tag, and only rx and pair look for it");
	if (o->l4 && !options_packet(o))
		return OPTION_FAIL(p,
				   "--l4: goes with --checksum or --segment; other frames are UDP");
	if (o->sums && !options_packet(o))
		return OPTION_FAIL(p, "--sums: goes with --checksum or --segment");
	if (o->segment_bytes && o->frame_bytes)
		return OPTION_FAIL(p, "--frame-bytes: --segment says how long the packets are");
	if (!o->l4)
		o->l4 = o->segment_bytes ? BENCH_L4_TCP : BENCH_L4_UDP;
	least = packet_least_bytes(o->l4 == BENCH_L4_TCP);
	if (o->checksum && o->frame_bytes && o->frame_bytes < least)
		return OPTION_FAIL(p, "--frame-bytes: with --checksum at least %u, not %u", least,
				   o->frame_bytes);
	return 0;
}

static int check_output(struct option_parse *p)
{
	struct options *o = p->into;

	if (o->csv && (o->json || o->verbose))
		return OPTION_FAIL(p, "--csv: has stdout to itself; leave out %s",
				   o->json ? "--json" : "--verbose");
	if ((o->csv || o->plot_path) && !o->interval_ns)
		o->interval_ns = 1000000000u;
	o->rows |= o->csv;
	return 0;
}

/* On a server these are the client's; l4 is set by the rules. */
static bool says_packets(const struct options *o)
{
	struct options plain = *o;
	uint32_t l4 = o->l4;

	options_forget_packets(&plain);
	return o->duration_ns != plain.duration_ns || o->rate || o->count || o->frame_bytes ||
	       memcmp(o->dst_mac, plain.dst_mac, sizeof(o->dst_mac)) || o->ip_src != plain.ip_src ||
	       o->ip_dst != plain.ip_dst || o->flows != plain.flows || o->ipv6 ||
	       options_packet(o) || o->segment_here || l4 || o->sums || o->vlan;
}

/* pair on two machines. */
static int check_remote(struct option_parse *p)
{
	const struct options *o = p->into;
	const char *name = o->server ? "--server" : "--client";

	if (!o->server && !o->client)
		return o->reverse || o->one_off ? OPTION_FAIL(p, "--%s: goes with --%s",
							      o->reverse ? "reverse" : "one-off",
							      o->reverse ? "client" : "server")
						: 0;
	if (o->mode != BENCH_PAIR)
		return OPTION_FAIL(p, "%s: only pair is on two machines", name);
	if (o->server && o->client)
		return OPTION_FAIL(p, "--client: this machine is the --server");
	if (o->to_ifname)
		return OPTION_FAIL(p, "--to: with %s the other interface is the other machine's",
				   name);
	if (o->server && (o->reverse || o->bidirectional || says_packets(o)))
		return OPTION_FAIL(
			p, "--server: the client says who sends, what, how fast and how long; "
			   "leave that out here");
	if (o->client && o->one_off)
		return OPTION_FAIL(p, "--one-off: goes with --server");
	if (o->reverse && o->bidirectional)
		return OPTION_FAIL(p, "--reverse: with --bidirectional both send");
	if (o->client && !o->duration_ns)
		return OPTION_FAIL(p, "--duration 0: on two machines a run has an end");
	return 0;
}

/* Rules between options. Those of the backend's own settings are net_xdp_config_check()'s. */
static int check_together(struct option_parse *p)
{
	struct options *o = p->into;
	bool sends = options_send(o);

	if (!o->ifname)
		return OPTION_FAIL(p, "-i: the interface is missing");
	if (o->aligned && o->chunk_bytes && o->chunk_bytes != 2048 && o->chunk_bytes != 4096)
		return OPTION_FAIL(p, "--chunk: with --aligned it is 2048 or 4096, not %u",
				   o->chunk_bytes);
	if (o->to_ifname && o->mode != BENCH_FWD && o->mode != BENCH_PAIR)
		return OPTION_FAIL(p, "--to: only fwd and pair have a second interface");
	if (!o->to_ifname && o->mode == BENCH_PAIR && !o->server && !o->client)
		return OPTION_FAIL(
			p, "--to: the interface that receives is missing; on another machine it is "
			   "its --server's, see --client");
	if (o->bidirectional && o->mode != BENCH_PAIR)
		return OPTION_FAIL(p, "--bidirectional: only pair has two ends that both send");
	if (o->to_ifname && !strcmp(o->to_ifname, o->ifname))
		return OPTION_FAIL(p, "--to: '%s' is the interface of -i%s", o->to_ifname,
				   o->mode == BENCH_FWD ? "; leave --to out to send frames back"
							: "");
	if ((o->take_own_mac || o->take_mac_count) && !options_receive(o))
		return OPTION_FAIL(p, "--mac: tx takes no frames");
	if (o->keep.count && !options_receive(o))
		return OPTION_FAIL(p, "--keep: tx takes no frames");
	if (!o->napi_defer != !o->napi_flush_us)
		return OPTION_FAIL(
			p, "--napi-defer %u, --napi-flush %u: go together; 2 and 200 are usual",
			o->napi_defer, o->napi_flush_us);
	if (o->rate && !sends)
		return OPTION_FAIL(p, "--rate: only tx, latency and pair choose their rate");
	if (o->mode == BENCH_LATENCY && !o->rate)
		o->rate = 10000;
	if (o->rate && o->rate < o->queue_count)
		return OPTION_FAIL(p, "--rate: %llu is less than one frame per second and queue",
				   (unsigned long long)o->rate);
	if (o->count && sends && o->count < o->queue_count)
		return OPTION_FAIL(p, "--count: %llu is less than one frame per queue",
				   (unsigned long long)o->count);
	if (o->capture_ns && !o->capture_path)
		return OPTION_FAIL(p, "--capture-seconds: --capture FILE is missing");
	if (check_flows(p) || check_offloads(p))
		return -EINVAL;
	return check_output(p);
}

static struct options defaults(void)
{
	struct options o = {
		.queue_count = 1,
		.flows = 1,
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

void options_forget_packets(struct options *o)
{
	struct options plain = defaults();

	o->duration_ns = plain.duration_ns;
	o->rate = o->count = 0;
	o->frame_bytes = 0;
	memcpy(o->dst_mac, plain.dst_mac, sizeof(o->dst_mac));
	o->ip_src = plain.ip_src;
	o->ip_dst = plain.ip_dst;
	o->flows = plain.flows;
	o->ipv6 = o->checksum = o->segment_here = o->vlan = false;
	o->vlan_tci = 0;
	o->segment_bytes = o->piece_bytes = 0;
	o->l4 = o->sums = 0;
}

int options_check(struct options *o, char *why, size_t why_size)
{
	struct option_parse p = {
		.table = &bench_options, .into = o, .why = why, .why_size = why_size};

	return check_together(&p);
}

int options_parse(int argc, char **argv, struct options *out, char *why, size_t why_size)
{
	struct option_parse p = {
		.table = &bench_options, .into = out, .why = why, .why_size = why_size};
	int rc;

	*out = defaults();
	rc = option_parse(&p, argc, argv);
	if (!rc)
		rc = set_mode(&p);
	if (!rc)
		rc = check_remote(&p);
	return rc ? rc : check_together(&p);
}
