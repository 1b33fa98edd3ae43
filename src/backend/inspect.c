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

void net_inspect_tell(struct net_endpoint *ep, struct net_queue *const *queues, uint32_t count,
		      struct net_inspector *to)
{
	inspect_enter(to, "endpoint", -1);
	net_endpoint_inspect(ep, to);
	inspect_leave(to);
	for (uint32_t i = 0; i < count; i++) {
		if (!queues[i])
			continue;
		inspect_enter(to, "queues", (int)i);
		inspect_number(to, "queue", i, "");
		net_queue_inspect(queues[i], to);
		inspect_leave(to);
	}
}

/* ---- Texts of any bytes ----------------------------------------------------------------------- */

/* The UTF-8 character at s, or the byte where it is none. Return: the character's length, 0 none. Source: RFC
 * 3629, section 4. */
int inspect_decode(const unsigned char *s, uint32_t *code)
{
	static const struct {
		unsigned char lead_min, lead_max, second_min, second_max;
		int length;
	} forms[] = {
		{0x01, 0x7f, 0, 0, 1},	     {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	size_t i = 0;

	*code = s[0];
	while (i < sizeof(forms) / sizeof(*forms) &&
	       (s[0] < forms[i].lead_min || s[0] > forms[i].lead_max))
		i++;
	if (i == sizeof(forms) / sizeof(*forms))
		return 0;
	if (forms[i].length > 1 && (s[1] < forms[i].second_min || s[1] > forms[i].second_max))
		return 0;
	for (int n = 2; n < forms[i].length; n++)
		if ((s[n] & 0xc0) != 0x80)
			return 0;
	if (forms[i].length > 1)
		*code = s[0] & 0x7fu >> forms[i].length;
	for (int n = 1; n < forms[i].length; n++)
		*code = *code << 6 | (s[n] & 0x3f);
	return forms[i].length;
}

/* Controls of C0 and C1 (U+009B begins an escape sequence), DEL, and what turns the direction of a line: whoever
 * shows the document on a terminal must not run what a name holds. */
bool inspect_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}
