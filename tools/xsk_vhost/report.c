/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include "common/json.h"

static const struct {
	const char *name;
	size_t offset;
} pair_fields[] = {
#define PAIR_FIELD(name) {#name, offsetof(struct pair_counters, name)},
	PAIR_COUNTERS(PAIR_FIELD)
#undef PAIR_FIELD
};

static uint64_t pair_value(const struct pair_counters *counters, size_t offset)
{
	const char *at = (const char *)counters + offset;

	return atomic_load_explicit((const _Atomic uint64_t *)(const void *)at,
				    memory_order_relaxed);
}

static void pair_json(struct json *j, const struct device *d, uint32_t index)
{
	const struct device_pair *p = &d->pairs[index];
	struct net_xdp_stats stats;

	device_pair_stats(d, index, &stats);
	json_open(j, NULL, '{');
	json_number(j, "index", index);
	json_number(j, "hardware_queue", d->opt->first_queue + index);
	json_bool(j, "running", p->runs);
	json_number(j, "starts", p->starts);
	if (p->starts) { /* of the last queue; else nothing is known */
		json_bool(j, "zero_copy", p->zero_copy);
		json_bool(j, "native", p->native);
	}
	json_open(j, "guest", '{');
	for (size_t i = 0; i < sizeof(pair_fields) / sizeof(pair_fields[0]); i++)
		json_number(j, pair_fields[i].name,
			    pair_value(&p->pair.counters, pair_fields[i].offset));
	json_close(j, '}');
	json_open(j, "interface", '{');
	for (uint32_t i = 0; i < NET_XDP_COUNTERS; i++)
		json_number(j, net_xdp_counter_name(i), stats.value[i]);
	json_close(j, '}');
	json_close(j, '}');
}

static void device_json(struct json *j, const struct device *d)
{
	json_open(j, NULL, '{');
	json_text(j, "socket", d->opt->socket_path);
	json_text(j, "interface", d->opt->ifname);
	json_number(j, "front_ends", d->front_ends);
	json_number(j, "broken_rings", d->broken_rings);
	json_open(j, "pairs", '[');
	for (uint32_t i = 0; i < d->opt->pairs; i++)
		pair_json(j, d, i);
	json_close(j, ']');
	json_close(j, '}');
}

void report_json(FILE *out, const struct device *devices, uint32_t count, int exit_code,
		 const struct net_error *error)
{
	struct json j = {.out = out};

	json_open(&j, NULL, '{');
	json_text(&j, "version", NET_XDP_VERSION);
	json_open(&j, "devices", '[');
	for (uint32_t i = 0; i < count; i++)
		device_json(&j, &devices[i]);
	json_close(&j, ']');
	json_outcome(&j, exit_code, error);
	json_close(&j, '}');
}

void report_table(FILE *out, const struct device *devices, uint32_t count)
{
	fprintf(out, "%-15s %4s %4s %11s %11s %11s %11s %4s\n", "interface", "pair", "mode",
		"to guest", "copied", "from guest", "copied", "bad");
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < devices[i].opt->pairs; k++) {
			const struct device_pair *p = &devices[i].pairs[k];
			const struct pair_counters *c = &p->pair.counters;
			struct net_xdp_stats s;

			device_pair_stats(&devices[i], k, &s);
			fprintf(out, "%-15s %4u %4s %11llu %11llu %11llu %11llu %4llu\n",
				devices[i].opt->ifname, k,
				!p->starts     ? "-"
				: p->zero_copy ? "zero"
					       : "copy",
				(unsigned long long)c->rx_frames,
				(unsigned long long)s.value[NET_XDP_RX_BOUNCED],
				(unsigned long long)c->tx_packets,
				(unsigned long long)s.value[NET_XDP_TX_BOUNCED],
				(unsigned long long)(c->rx_bad_buffers + c->tx_bad_packets));
		}
}
