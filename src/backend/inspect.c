// SPDX-License-Identifier: BSD-2-Clause
#include "backend/inspect.h"

void inspect_enter(struct net_inspector *to, const char *name, int index)
{
	to->ops->enter(to, name, index);
}

void inspect_leave(struct net_inspector *to)
{
	to->ops->leave(to);
}

static void tell(struct net_inspector *to, const char *name, enum net_field_kind kind,
		 uint64_t number, const char *unit, const char *text)
{
	const struct net_field field = {
		.name = name,
		.kind = kind,
		.unit = unit,
		.meaning = "",
		.number = number,
		.text = text,
	};

	to->ops->field(to, &field);
}

void inspect_number(struct net_inspector *to, const char *name, uint64_t value, const char *unit)
{
	tell(to, name, NET_FIELD_NUMBER, value, unit, NULL);
}

void inspect_signed(struct net_inspector *to, const char *name, int64_t value, const char *unit)
{
	tell(to, name, NET_FIELD_SIGNED, (uint64_t)value, unit, NULL);
}

void inspect_flag(struct net_inspector *to, const char *name, bool value)
{
	tell(to, name, NET_FIELD_FLAG, value, "", NULL);
}

void inspect_text(struct net_inspector *to, const char *name, const char *value)
{
	tell(to, name, NET_FIELD_TEXT, 0, "", value);
}

void inspect_unknown(struct net_inspector *to, const char *name)
{
	tell(to, name, NET_FIELD_UNKNOWN, 0, "", NULL);
}

void inspect_counter(struct net_inspector *to, const char *name, uint64_t value,
		     enum net_field_class value_class, const char *unit, const char *meaning)
{
	const struct net_field field = {
		.name = name,
		.kind = NET_FIELD_NUMBER,
		.value_class = value_class,
		.unit = unit,
		.meaning = meaning,
		.number = value,
	};

	to->ops->field(to, &field);
}

void inspect_queue_stats(struct net_queue *q, struct net_inspector *to)
{
	struct net_queue_stats s;

	net_queue_stats(q, &s);
	inspect_enter(to, "counters", -1);
	inspect_counter(to, "rx_packets", s.rx_packets, NET_CLASS_TRAFFIC, "packets",
			"received and returned");
	inspect_counter(to, "rx_errors", s.rx_errors, NET_CLASS_RX_LOST, "packets",
			"dropped, and ids refused");
	inspect_counter(to, "rx_vlan_packets", s.rx_vlan_packets, NET_CLASS_NOTE, "packets",
			"with a tag out of band");
	inspect_counter(to, "tx_packets", s.tx_packets, NET_CLASS_TRAFFIC, "packets", "sent");
	inspect_counter(to, "tx_errors", s.tx_errors, NET_CLASS_TX_LOST, "packets", "dropped");
	inspect_counter(to, "tx_vlan_packets", s.tx_vlan_packets, NET_CLASS_NOTE, "packets",
			"with a tag out of band");
	inspect_leave(to);
}

void inspect_facts(struct net_endpoint *ep, struct net_inspector *to)
{
	struct net_endpoint_facts f;

	net_endpoint_facts(ep, &f);
	inspect_enter(to, "facts", -1);
	inspect_text(to, "type", f.type);
	inspect_flag(to, "is_ordered", f.is_ordered);
	inspect_flag(to, "tx_fast_completions", f.tx_fast_completions);
	inspect_number(to, "tx_flags", f.tx_flags, "");
	inspect_number(to, "tx_max_pieces", f.tx_max_pieces, "packets");
	inspect_number(to, "max_queues", f.max_queues, "queues");
	inspect_number(to, "rss_table_entries", f.rss_table_entries, "entries");
	inspect_number(to, "rss_key_bytes", f.rss_key_bytes, "bytes");
	if (f.link_speed_bps)
		inspect_number(to, "link_speed_bps", f.link_speed_bps, "bit/s");
	else
		inspect_unknown(to, "link_speed_bps");
	inspect_leave(to);
}
