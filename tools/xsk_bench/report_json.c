/* SPDX-License-Identifier: BSD-2-Clause */
/* The document: the same facts as the table, every counter by name. */
#include <sys/utsname.h>
#include <unistd.h>

#include "common/json.h"
#include "report.h"

/* Sent, or at most received. */
static uint32_t frame_bytes(const struct options *opt)
{
	if (opt->frame_bytes)
		return opt->frame_bytes;
	if (opt->mode == BENCH_TX || opt->mode == BENCH_LATENCY)
		return FRAME_MIN_BYTES;
	return net_xdp_config_default().max_frame_bytes;
}

static void mac(struct json *j, const uint8_t mac[6])
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	json_text(j, NULL, text);
}

static void asked(struct json *j, const struct options *opt)
{
	static const char *const modes[] = {"auto", "zero-copy", "copy"};
	static const char *const attaches[] = {"auto", "native", "generic"};
	static const char *const pages[] = {"auto", "huge", "small"};

	json_open(j, "options", '{');
	json_text(j, "interface", opt->ifname);
	if (opt->to_ifname)
		json_text(j, "to", opt->to_ifname);
	json_number(j, "first_queue", opt->first_queue);
	json_number(j, "queues", opt->queue_count);
	json_text(j, "mode", modes[opt->bind_mode]);
	json_text(j, "attach", attaches[opt->attach]);
	json_bool(j, "dispatcher", opt->dispatcher);
	json_open(j, "take_macs", '[');
	if (opt->take_own_mac)
		json_text(j, NULL, "own");
	for (uint32_t i = 0; i < opt->take_mac_count; i++)
		mac(j, opt->take_macs[i]);
	json_close(j, ']');
	json_number(j, "batch", opt->batch);
	json_number(j, "ring", opt->ring);
	json_number(j, "frame_bytes", frame_bytes(opt));
	json_number(j, "chunk_bytes",
		    opt->chunk_bytes ? opt->chunk_bytes : net_xdp_config_default().chunk_bytes);
	json_bool(j, "aligned", opt->aligned);
	json_bool(j, "sealed", opt->sealed);
	json_text(j, "pages", pages[opt->pages]);
	json_number(j, "busy_poll_us", opt->busy_poll_us);
	json_number(j, "napi_defer_hard_irqs", opt->napi_defer);
	json_number(j, "gro_flush_timeout_ns", opt->napi_flush_us * 1000);
	json_number(j, "moderate_us", opt->moderate_us);
	json_text(j, "wait", opt->wait == BENCH_WAIT_SPIN ? "spin" : "epoll");
	json_real(j, "duration_s", (double)opt->duration_ns / 1e9);
	json_number(j, "rate_pps", opt->rate);
	json_number(j, "count", opt->count);
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
	const uint64_t *v = a->stats.value;

	json_open(j, "totals", '{');
	json_number(j, "frames", a->frames);
	json_number(j, "bytes", a->bytes);
	json_real(j, "seconds", a->seconds);
	json_real(j, "pps", a->pps);
	json_real(j, "mbit_per_s", a->mbps);
	json_number(j, "received", a->tally.received);
	json_number(j, "good", a->tally.good);
	json_number(j, "corrupt", a->tally.corrupt);
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
	json_number(j, "rx_direct", v[NET_XDP_RX_DIRECT]);
	json_number(j, "rx_bounced", v[NET_XDP_RX_BOUNCED]);
	json_number(j, "tx_direct", v[NET_XDP_TX_DIRECT]);
	json_number(j, "tx_bounced", v[NET_XDP_TX_BOUNCED]);
	json_number(j, "syscalls_data", v[NET_XDP_KICKS]);
	json_number(j, "syscalls_look", v[NET_XDP_LOOKS]);
	json_number(j, "syscalls_sleep", a->tally.sleeps);
	json_real(j, "syscalls_per_frame", a->syscalls_per_frame);
	json_real(j, "cpu_ns_per_frame", a->cpu_ns_per_frame);
	json_close(j, '}');
}

static void capture(struct json *j, const struct run *run)
{
	const struct net_capture_stats *s = &run->ports[0].captured;

	json_open(j, "capture", '{');
	json_text(j, "path", run->opt->capture_path);
	json_number(j, "frames", s->frames);
	json_number(j, "bytes", s->bytes);
	json_number(j, "missed", s->missed);
	json_close(j, '}');
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

static void counters(struct json *j, const struct net_xdp_stats *s)
{
	json_open(j, "counters", '{');
	for (uint32_t i = 0; i < NET_XDP_COUNTERS; i++)
		json_number(j, net_xdp_counter_name((enum net_xdp_counter)i), s->value[i]);
	json_close(j, '}');
}

static void rungs(struct json *j, const struct net_xdp_report *r)
{
	json_open(j, "rungs", '[');
	for (uint32_t i = 0; i < r->rung_count && i < NET_XDP_RUNGS; i++) {
		json_open(j, NULL, '{');
		json_text(j, "asked", r->rungs[i].asked);
		json_signed(j, "error", r->rungs[i].error);
		json_text(j, "sentence", r->rungs[i].sentence);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void queue(struct json *j, const struct port *port, const struct port_queue *pq)
{
	const struct net_xdp_report *r = &pq->report;

	json_open(j, NULL, '{');
	json_text(j, "interface", port->ifname);
	json_text(j, "driver", r->driver);
	json_number(j, "queue", r->hardware_queue);
	json_bool(j, "zero_copy", r->zero_copy);
	json_bool(j, "native", r->native);
	json_bool(j, "dispatcher", r->dispatcher);
	json_bool(j, "multi_buffer", r->multi_buffer);
	json_bool(j, "unaligned", r->unaligned);
	json_bool(j, "sealed", r->sealed);
	json_bool(j, "busy_poll", r->busy_poll);
	json_number(j, "napi_id", r->napi_id);
	json_bool(j, "takes_frames", r->takes_frames);
	json_text(j, "frames_state", r->frames_state);
	json_text(j, "vlan_state", r->vlan_state);
	json_text(j, "napi_state", r->napi_state);
	json_number(j, "chunk_bytes", r->chunk_bytes);
	json_number(j, "direct_capacity_bytes", r->direct_capacity_bytes);
	json_number(j, "tx_budget_frames", r->tx_budget_frames);
	json_number(j, "max_tx_descriptors", r->max_tx_descriptors);
	json_signed(j, "target_cpu", r->target_cpu);
	json_text(j, "target_state", r->target_state);
	rungs(j, r);
	counters(j, &pq->stats);
	json_close(j, '}');
}

/* What cannot be read is not 0. */
static void program_number(struct json *j, const struct port *port, const char *key, uint64_t value)
{
	if (port->program_error)
		json_null(j, key);
	else
		json_number(j, key, value);
}

static void ports(struct json *j, const struct run *run)
{
	json_open(j, "queues", '[');
	for (uint32_t k = 0; k < run->port_count; k++)
		for (uint32_t i = 0; i < run->ports[k].queue_count; i++)
			queue(j, &run->ports[k], &run->ports[k].queues[i]);
	json_close(j, ']');
	json_open(j, "programs", '[');
	for (uint32_t k = 0; k < run->port_count; k++) {
		const struct net_xdp_program_stats *p = &run->ports[k].program;

		json_open(j, NULL, '{');
		json_text(j, "interface", run->ports[k].ifname ? run->ports[k].ifname : "");
		program_number(j, &run->ports[k], "redirected", p->redirected);
		program_number(j, &run->ports[k], "passed", p->passed);
		program_number(j, &run->ports[k], "kept", p->kept);
		program_number(j, &run->ports[k], "dropped_too_long", p->dropped_too_long);
		json_close(j, '}');
	}
	json_close(j, ']');
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
	asked(&j, run->opt);
	json_bool(&j, "huge_pages", run->memory.huge);
	machine(&j);
	totals(&j, a);
	balances(&j, a);
	if (run->opt->mode == BENCH_LATENCY)
		percentiles(&j, &a->latency);
	if (run->opt->capture_path)
		capture(&j, run);
	ports(&j, run);
	json_close(&j, '}');
}
