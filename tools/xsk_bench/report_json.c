/* SPDX-License-Identifier: BSD-2-Clause */
/* The document: what the run did, and what the library tells of the endpoints and their queues, as it does. */
#include <sys/utsname.h>
#include <unistd.h>

#include "common/json.h"
#include "framing.h"
#include "report.h"

static void mac(struct json *j, const uint8_t mac[6])
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	json_text(j, NULL, text);
}

static void vlan(struct json *j, const struct options *opt)
{
	struct net_vlan v = net_vlan_from_tci(opt->vlan_tci);

	if (!opt->vlan)
		return;
	json_open(j, "vlan", '{');
	json_number(j, "id", v.id);
	json_number(j, "priority", v.priority);
	json_close(j, '}');
}

/* What is sent, and what of it is left to the backend. */
static void sent(struct json *j, const struct run *run)
{
	const struct options *opt = run->opt;
	bool cut = opt->segment_bytes;

	json_number(j, "frame_bytes", run->packet.len_bytes);
	json_number(j, "flows", opt->flows);
	json_bool(j, "ipv6", opt->ipv6);
	json_text(j, "l4", opt->l4 == BENCH_L4_TCP ? "tcp" : "udp");
	json_bool(j, "checksum", options_packet(opt));
	json_text(j, "sums", opt->sums == NET_XDP_TX_CHECKSUM_AUTO ? "auto" : "software");
	json_bool(j, "segment", cut);
	json_bool(j, "segment_here", opt->segment_here);
	if (cut)
		json_number(j, "max_segment_bytes", run->packet.piece_bytes);
}

/* What the endpoint's configuration does not tell. */
static void asked(struct json *j, const struct run *run)
{
	static const char *const pages[] = {"auto", "huge", "small"};
	const struct options *opt = run->opt;

	json_open(j, "options", '{');
	json_text(j, "interface", opt->ifname);
	if (opt->to_ifname)
		json_text(j, "to", opt->to_ifname);
	json_open(j, "take_macs", '[');
	if (opt->take_own_mac)
		json_text(j, NULL, "own");
	for (uint32_t i = 0; i < opt->take_mac_count; i++)
		mac(j, opt->take_macs[i]);
	json_close(j, ']');
	json_number(j, "batch", opt->batch);
	if (options_send(opt))
		sent(j, run);
	vlan(j, opt);
	json_text(j, "pages", pages[opt->pages]);
	json_number(j, "moderate_us", opt->moderate_us);
	json_text(j, "wait", opt->wait == BENCH_WAIT_SPIN ? "spin" : "epoll");
	json_real(j, "duration_s", (double)opt->duration_ns / 1e9);
	json_number(j, "rate_pps", opt->rate);
	json_number(j, "count", opt->count);
	if (opt->capture_path)
		json_text(j, "capture_path", opt->capture_path);
	json_close(j, '}');
}

/* Figures of different machines must not be compared by mistake. */
static void machine(struct json *j)
{
	struct utsname name;

	if (uname(&name))
		return;
	json_open(j, "machine", '{');
	json_text(j, "kernel", name.release);
	json_text(j, "architecture", name.machine);
	json_signed(j, "processors", sysconf(_SC_NPROCESSORS_ONLN));
	json_close(j, '}');
}

static void balances(struct json *j, const struct account *a)
{
	json_open(j, "balances", '[');
	for (uint32_t i = 0; i < a->balance_count; i++) {
		const struct balance *b = &a->balances[i];

		json_open(j, NULL, '{');
		json_text(j, "name", b->name);
		json_number(j, "whole", b->whole);
		json_open(j, "parts", '{');
		for (uint32_t k = 0; k < b->part_count; k++)
			json_number(j, b->parts[k].name, b->parts[k].value);
		json_close(j, '}');
		json_number(j, "explained", b->explained);
		json_number(j, "unexplained", b->unexplained);
		json_number(j, "beyond", b->excess);
		json_bool(j, "exact", b->exact);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void totals(struct json *j, const struct account *a)
{
	json_open(j, "totals", '{');
	json_number(j, "frames", a->frames);
	json_number(j, "packets", a->frames / a->pieces);
	json_number(j, "bytes", a->bytes);
	json_real(j, "seconds", a->seconds);
	json_real(j, "pps", a->pps);
	json_real(j, "packets_pps", a->pps / a->pieces);
	json_real(j, "mbit_per_s", a->mbps);
	json_real(j, "mbit_per_s_l1", a->mbps_l1);
	json_number(j, "received", a->tally.received);
	json_number(j, "good", a->tally.good);
	json_number(j, "corrupt", a->tally.corrupt);
	json_number(j, "bad_sums", a->tally.bad_sums);
	json_number(j, "bad_tags", a->tally.bad_tags);
	json_number(j, "sums_right", a->tally.sums_right);
	json_number(j, "sums_partial", a->tally.sums_partial);
	json_number(j, "duplicates", a->flows.duplicates);
	json_number(j, "reordered", a->flows.reordered);
	json_number(j, "missing", a->flows.missing);
	json_number(j, "foreign", a->tally.foreign);
	json_number(j, "first_sequence", a->flows.first);
	json_number(j, "generated", a->tally.generated);
	json_number(j, "completed", a->tally.completed);
	json_number(j, "outstanding", a->tally.outstanding);
	json_number(j, "behind_schedule", a->tally.behind);
	json_number(j, "rx_ids_refused", a->tally.refused);
	json_number(j, "rx_direct", account_counter(a, NET_XDP_RX_DIRECT));
	json_number(j, "rx_bounced", account_counter(a, NET_XDP_RX_BOUNCED));
	json_number(j, "tx_direct", account_counter(a, NET_XDP_TX_DIRECT));
	json_number(j, "tx_bounced", account_counter(a, NET_XDP_TX_BOUNCED));
	json_number(j, "tx_split", account_counter(a, NET_XDP_TX_SPLIT));
	json_number(j, "tx_whole", account_counter(a, NET_XDP_TX_WHOLE));
	json_number(j, "syscalls_data", account_counter(a, NET_XDP_KICKS));
	json_number(j, "syscalls_look", account_counter(a, NET_XDP_LOOKS));
	json_number(j, "syscalls_sleep", a->tally.sleeps);
	json_real(j, "syscalls_per_frame", a->syscalls_per_frame);
	json_real(j, "cpu_ns_per_frame", a->cpu_ns_per_frame);
	json_close(j, '}');
}

static void interval(struct json *j, const struct interval *i)
{
	double seconds = interval_seconds(i);

	json_open(j, NULL, '{');
	json_real(j, "begin_s", (double)i->begin_ns / 1e9);
	json_real(j, "end_s", (double)i->end_ns / 1e9);
	json_number(j, "frames", i->frames);
	json_number(j, "bytes", i->bytes);
	json_real(j, "pps", interval_pps(i));
	json_real(j, "mbit_per_s", mbit_per_s(i->bytes, seconds));
	json_real(j, "mbit_per_s_l1", mbit_per_s(framed_bytes(i->bytes, i->frames), seconds));
	json_signed(j, "lost", i->lost);
	if (i->answers) {
		json_open(j, "latency_ns", '{');
		json_number(j, "count", i->answers);
		json_number(j, "p50", i->p50_ns);
		json_number(j, "p99", i->p99_ns);
		json_number(j, "max", i->max_ns);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void intervals(struct json *j, const struct interval_list *list)
{
	json_open(j, "intervals", '[');
	for (uint32_t i = 0; i < list->count; i++)
		interval(j, &list->rows[i]);
	json_close(j, ']');
	json_number(j, "intervals_left_out", list->left_out);
}

static void percentiles(struct json *j, const struct histogram *h)
{
	json_open(j, "latency_ns", '{');
	json_number(j, "count", h->count);
	json_number(j, "min", h->min_ns);
	json_number(j, "p50", histogram_percentile(h, 500));
	json_number(j, "p90", histogram_percentile(h, 900));
	json_number(j, "p99", histogram_percentile(h, 990));
	json_number(j, "p99_9", histogram_percentile(h, 999));
	json_number(j, "max", h->max_ns);
	json_number(j, "mean", h->count ? h->sum_ns / h->count : 0);
	json_close(j, '}');
}

void report_json_error(FILE *out, const char *command, const struct verdict *v)
{
	struct json j = {.out = out};

	json_open(&j, NULL, '{');
	json_text(&j, "tool", "xsk-bench");
	if (command)
		json_text(&j, "command", command);
	json_outcome(&j, v->exit_code, v->error);
	json_close(&j, '}');
}

void report_json(FILE *out, const struct run *run, const struct account *a, const struct verdict *v)
{
	struct json j = {.out = out};

	json_open(&j, NULL, '{');
	json_text(&j, "tool", "xsk-bench");
	json_text(&j, "command", options_mode_name(run->opt->mode));
	json_outcome(&j, v->exit_code, NULL);
	json_bool(&j, "adds_up", a->adds_up);
	json_bool(&j, "intact", a->intact);
	asked(&j, run);
	json_bool(&j, "huge_pages", run->memory.huge);
	machine(&j);
	totals(&j, a);
	balances(&j, a);
	if (run->opt->mode == BENCH_LATENCY)
		percentiles(&j, &a->latency);
	if (run->opt->interval_ns)
		intervals(&j, &run->intervals);
	json_open(&j, "interfaces", '[');
	for (uint32_t k = 0; k < run->port_count; k++)
		told_json(&j, NULL, &run->ports[k].told);
	json_close(&j, ']');
	json_close(&j, '}');
}
