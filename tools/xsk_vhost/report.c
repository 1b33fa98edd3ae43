/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include "common/json.h"

static const struct {
	struct net_xdp_counter_info info;
	size_t offset;
} pair_fields[] = {
#define PAIR_FIELD(name, value_class, unit, meaning)                                               \
	{{#name, meaning, unit, NET_CLASS_##value_class}, offsetof(struct pair_counters, name)},
	PAIR_COUNTERS(PAIR_FIELD)
#undef PAIR_FIELD
};

static uint64_t pair_value(const struct pair_counters *counters, size_t offset)
{
	const char *at = (const char *)counters + offset;

	return atomic_load_explicit((const _Atomic uint64_t *)(const void *)at,
				    memory_order_relaxed);
}

static void pair_json(struct json *j, struct device *d, uint32_t index)
{
	struct device_pair *p = &d->pairs[index];
	struct device_pair_told told;

	device_pair_tell(d, index, &told);
	json_open(j, NULL, '{');
	json_number(j, "index", index);
	json_number(j, "hardware_queue", d->opt->first_queue + index);
	json_bool(j, "running", told.runs);
	json_number(j, "starts", told.starts);
	if (told.starts) { /* of the last queue; else nothing is known */
		json_bool(j, "zero_copy", p->zero_copy);
		json_bool(j, "native", p->native);
	}
	json_open(j, "guest", '{');
	for (size_t i = 0; i < sizeof(pair_fields) / sizeof(pair_fields[0]); i++)
		json_number(j, pair_fields[i].info.name,
			    pair_value(&p->pair.counters, pair_fields[i].offset));
	json_close(j, '}');
	json_open(j, "interface", '{');
	for (uint32_t i = 0; i < NET_XDP_COUNTERS; i++)
		json_number(j, net_xdp_counter_name(i), told.stats.value[i]);
	json_close(j, '}');
	json_close(j, '}');
}

static void device_json(struct json *j, struct device *d)
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

void report_json(FILE *out, struct device *devices, uint32_t count, int exit_code,
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

void report_table(FILE *out, struct device *devices, uint32_t count)
{
	fprintf(out, "%-15s %4s %4s %11s %11s %11s %11s %4s\n", "interface", "pair", "mode",
		"to guest", "copied", "from guest", "copied", "bad");
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < devices[i].opt->pairs; k++) {
			const struct device_pair *p = &devices[i].pairs[k];
			const struct pair_counters *c = &p->pair.counters;
			struct device_pair_told told;
			const uint64_t *value = told.stats.value;

			device_pair_tell(&devices[i], k, &told);
			fprintf(out, "%-15s %4u %4s %11llu %11llu %11llu %11llu %4llu\n",
				devices[i].opt->ifname, k,
				!p->starts     ? "-"
				: p->zero_copy ? "zero"
					       : "copy",
				(unsigned long long)c->rx_frames,
				(unsigned long long)value[NET_XDP_RX_BOUNCED],
				(unsigned long long)c->tx_packets,
				(unsigned long long)value[NET_XDP_TX_BOUNCED],
				(unsigned long long)(c->rx_bad_buffers + c->tx_bad_packets));
		}
}

/* ---- While it runs ---------------------------------------------------------------------------- */

static void tell(struct net_inspector *to, const char *name, enum net_field_kind kind,
		 uint64_t number, const char *text)
{
	const struct net_field f = {.name = name,
				    .kind = kind,
				    .unit = "",
				    .meaning = "",
				    .number = number,
				    .text = text};

	to->ops->field(to, &f);
}

static void tell_number(struct net_inspector *to, const char *name, uint64_t value)
{
	tell(to, name, NET_FIELD_NUMBER, value, NULL);
}

static void tell_counter(struct net_inspector *to, const struct net_xdp_counter_info *info,
			 uint64_t value)
{
	const struct net_field f = {.name = info->name,
				    .kind = NET_FIELD_NUMBER,
				    .value_class = info->value_class,
				    .unit = info->unit,
				    .meaning = info->meaning,
				    .number = value};

	to->ops->field(to, &f);
}

static void tell_pair(struct net_inspector *to, struct device *d, uint32_t index)
{
	struct device_pair *p = &d->pairs[index];
	struct net_xdp_counter_info info;
	struct device_pair_told told;

	device_pair_tell(d, index, &told);
	tell_number(to, "index", index);
	tell_number(to, "hardware_queue", d->opt->first_queue + index);
	tell(to, "running", NET_FIELD_FLAG, told.runs, NULL);
	tell_counter(
		to,
		&(struct net_xdp_counter_info){"starts", "queues that it had", "", NET_CLASS_WORK},
		told.starts);
	tell(to, "zero_copy", told.starts ? NET_FIELD_FLAG : NET_FIELD_UNKNOWN, p->zero_copy, NULL);
	tell(to, "native", told.starts ? NET_FIELD_FLAG : NET_FIELD_UNKNOWN, p->native, NULL);
	to->ops->enter(to, "guest", -1);
	for (size_t i = 0; i < sizeof(pair_fields) / sizeof(pair_fields[0]); i++)
		tell_counter(to, &pair_fields[i].info,
			     pair_value(&p->pair.counters, pair_fields[i].offset));
	to->ops->leave(to);
	to->ops->enter(to, "interface", -1);
	for (uint32_t i = 0; net_xdp_counter_info(i, &info) == 0; i++)
		tell_counter(to, &info, told.stats.value[i]);
	to->ops->leave(to);
}

void report_tell(void *context, struct net_inspector *to)
{
	static const struct net_xdp_counter_info front_ends = {"front_ends", "that connected", "",
							       NET_CLASS_WORK};
	static const struct net_xdp_counter_info broken_rings = {
		"broken_rings", "that were taken out of use until set up anew", "", NET_CLASS_NOTE};
	const struct report *r = context;

	for (uint32_t i = 0; i < r->count; i++) {
		struct device *d = &r->devices[i];

		to->ops->enter(to, "devices", (int)i);
		tell(to, "socket", NET_FIELD_TEXT, 0, d->opt->socket_path);
		tell(to, "interface", NET_FIELD_TEXT, 0, d->opt->ifname);
		tell(to, "connected", NET_FIELD_FLAG, d->is_connected, NULL);
		tell_counter(to, &front_ends, d->front_ends);
		tell_counter(to, &broken_rings, d->broken_rings);
		for (uint32_t k = 0; k < d->opt->pairs; k++) {
			to->ops->enter(to, "pairs", (int)k);
			tell_pair(to, d, k);
			to->ops->leave(to);
		}
		to->ops->leave(to);
	}
}
