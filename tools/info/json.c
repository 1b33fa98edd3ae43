// SPDX-License-Identifier: BSD-2-Clause
/* JSON by hand: a few objects, one place that escapes. */
#include <inttypes.h>

#include "info.h"

static void print_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* "name": value, with the comma of the member in front. */
static void name(FILE *out, bool first, const char *text)
{
	fprintf(out, "%s\"%s\": ", first ? "" : ", ", text);
}

static void string(FILE *out, const char *key, const char *value)
{
	name(out, false, key);
	print_string(out, value);
}

static void number(FILE *out, const char *key, uint64_t value)
{
	name(out, false, key);
	fprintf(out, "%" PRIu64, value);
}

static void boolean(FILE *out, const char *key, bool value)
{
	name(out, false, key);
	fputs(value ? "true" : "false", out);
}

/* An array of words, null when the kernel did not tell. */
static void words(FILE *out, const char *key, bool known, uint64_t value,
		  const struct info_bit *bits)
{
	const char *separator = "";

	name(out, false, key);
	if (!known) {
		fputs("null", out);
		return;
	}
	fputc('[', out);
	for (; bits->bit; bits++) {
		if (!(value & bits->bit))
			continue;
		fputs(separator, out);
		print_string(out, bits->word);
		separator = ", ";
	}
	fputc(']', out);
}

/* ---- Parts ------------------------------------------------------------------------------------ */

static void print_device(FILE *out, const struct net_xdp_device *d)
{
	name(out, true, "interface");
	print_string(out, d->ifname);
	string(out, "driver", d->driver);
	number(out, "ifindex", d->ifindex);
	number(out, "mtu_bytes", d->mtu_bytes);
	number(out, "rx_queues", d->rx_queues);
	number(out, "tx_queues", d->tx_queues);
	boolean(out, "up", d->up);
	boolean(out, "carrier", d->carrier);
	boolean(out, "is_bond", d->is_bond);
	number(out, "link_speed_bps", d->link_speed_bps);
	words(out, "xdp_features", d->has_features, d->xdp_features, info_xdp_bits);
	words(out, "rx_metadata_features", d->has_features, d->rx_metadata_features,
	      info_rx_metadata_bits);
	words(out, "xsk_features", d->has_features, d->xsk_features, info_xsk_bits);
	number(out, "zc_max_segments", d->zc_max_segments);
	name(out, false, "program");
	fprintf(out, "{\"id\": %u", d->program_id);
	string(out, "name", d->program_name);
	string(out, "mode", d->program_mode);
}

static void print_holder(FILE *out, const struct info_holder *holder)
{
	number(out, "link_id", holder->link_id);
	number(out, "pid", holder->pid);
	string(out, "command", holder->command);
	fputc('}', out);
}

static void print_queue(FILE *out, const struct info_facts *f)
{
	const struct net_xdp_device_queue *q = &f->queue_state;

	name(out, false, "queue");
	fprintf(out, "{\"index\": %u, \"has_socket\": %s", f->queue,
		!q->has_state	? "null"
		: q->has_socket ? "true"
				: "false");
	number(out, "napi_id", q->napi_id);
	number(out, "irq", q->irq);
	fputc('}', out);
}

static void print_limits(FILE *out)
{
	static const uint32_t chunks[] = {2048, 4096};
	struct info_limit limit;
	size_t i;

	name(out, false, "limits");
	fputc('[', out);
	for (i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		limit = info_limit(chunks[i]);
		fprintf(out, "%s{\"chunk_bytes\": %u", i ? ", " : "", limit.chunk_bytes);
		number(out, "copy_bytes", limit.copy_bytes);
		number(out, "zero_copy_bytes", limit.zero_copy_bytes);
		number(out, "zero_copy_multi_bytes", limit.zero_copy_multi_bytes);
		fputc('}', out);
	}
	fputc(']', out);
}

static void print_privileges(FILE *out, const struct info_facts *f)
{
	const struct info_privilege *p;

	name(out, false, "privileges");
	fputc('{', out);
	for (p = info_privileges; p->name; p++) {
		name(out, p == info_privileges, p->name);
		fputs(info_can(f, p->capability) ? "true" : "false", out);
	}
	boolean(out, "user_namespace", f->user_namespace);
	name(out, false, "memlock_bytes");
	if (f->memlock_bytes == UINT64_MAX)
		fputs("null}", out);
	else
		fprintf(out, "%" PRIu64 "}", f->memlock_bytes);
}

static void print_prediction(FILE *out, const struct info_prediction *p)
{
	uint32_t i;

	name(out, false, "prediction");
	fprintf(out, "{\"mode\": \"%s\"", info_mode_word(p->mode));
	string(out, "attach", p->native ? "native" : "generic");
	boolean(out, "sure", p->sure);
	string(out, "summary", p->summary);
	name(out, false, "sentences");
	fputc('[', out);
	for (i = 0; i < p->count; i++) {
		fprintf(out, "%s{\"kind\": \"%s\"", i ? ", " : "",
			info_kind_word(p->sentences[i].kind));
		string(out, "text", p->sentences[i].text);
		fputc('}', out);
	}
	fputs("]}", out);
}

static void print_try(FILE *out, const struct info_try *tried)
{
	const struct net_xdp_report *r = &tried->report;
	uint32_t i;

	name(out, false, "try");
	fprintf(out, "{\"error\": %d", tried->rc);
	if (tried->rc < 0) {
		string(out, "step", tried->err.step);
		string(out, "message", tried->err.message);
		fputc('}', out);
		return;
	}
	boolean(out, "zero_copy", r->zero_copy);
	boolean(out, "native", r->native);
	boolean(out, "multi_buffer", r->multi_buffer);
	boolean(out, "unaligned", r->unaligned);
	number(out, "chunk_bytes", r->chunk_bytes);
	number(out, "direct_capacity_bytes", r->direct_capacity_bytes);
	number(out, "max_tx_descriptors", r->max_tx_descriptors);
	number(out, "tx_budget_frames", r->tx_budget_frames);
	name(out, false, "rungs");
	fputc('[', out);
	for (i = 0; i < r->rung_count && i < NET_XDP_RUNGS; i++) {
		fprintf(out, "%s{\"error\": %d", i ? ", " : "", r->rungs[i].error);
		string(out, "asked", r->rungs[i].asked);
		string(out, "sentence", r->rungs[i].sentence);
		fputc('}', out);
	}
	fputs("]}", out);
}

/* ---- Documents -------------------------------------------------------------------------------- */

void info_print_json_row(FILE *out, const struct info_facts *facts, bool first)
{
	fputs(first ? "\n  {" : ",\n  {", out);
	print_device(out, &facts->device);
	fputs("}}", out);
}

void info_print_json(FILE *out, const struct info_facts *facts,
		     const struct info_prediction *prediction, const struct info_try *tried)
{
	fputc('{', out);
	print_device(out, &facts->device);
	print_holder(out, &facts->holder);
	string(out, "kernel", facts->release);
	print_queue(out, facts);
	print_limits(out);
	print_privileges(out, facts);
	print_prediction(out, prediction);
	if (tried)
		print_try(out, tried);
	fputs("}\n", out);
}
