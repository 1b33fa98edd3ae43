// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <string.h>

#include <linux/capability.h>

#include "info.h"

#define WIDTH 88

/* ---- The table of all interfaces -------------------------------------------------------------- */

static const char *feature_word(const struct net_xdp_device *device, uint64_t bit)
{
	if (!device->has_features)
		return "?";
	return device->xdp_features & bit ? "yes" : "no";
}

static const char *link_word(const struct net_xdp_device *device)
{
	if (!device->up)
		return "down";
	return device->carrier ? "up" : "no carrier";
}

static void print_program(FILE *out, const struct net_xdp_device *d)
{
	if (!d->program_id) {
		fprintf(out, "none\n");
		return;
	}
	fprintf(out, "%u%s%s (%s)\n", d->program_id, d->program_name[0] ? " " : "", d->program_name,
		d->program_mode);
}

void info_print_row(FILE *out, const struct info_facts *facts)
{
	const struct net_xdp_device *d;
	char queues[32];

	if (!facts) {
		fprintf(out, "%-15s  %-12s  %7s  %-10s  %-6s  %-9s  %s\n", "interface", "driver",
			"queues", "link", "native", "zero copy", "XDP program");
		return;
	}
	d = &facts->device;
	snprintf(queues, sizeof(queues), "%u/%u", d->rx_queues, d->tx_queues);
	fprintf(out, "%-15s  %-12s  %7s  %-10s  %-6s  %-9s  ", d->ifname,
		d->driver[0] ? d->driver : "-", queues, link_word(d),
		feature_word(d, NET_XDP_FEATURE_BASIC), feature_word(d, NET_XDP_FEATURE_ZERO_COPY));
	print_program(out, d);
}

/* ---- One interface ---------------------------------------------------------------------------- */

/* A line "  label  value"; follow with the rest of the value. */
static void label(FILE *out, const char *text)
{
	fprintf(out, "  %-17s ", text);
}

/* Break text into lines of WIDTH that start below the first one's, which follows front. */
static void print_sentence(FILE *out, const char *front, const char *text)
{
	size_t indent = strlen(front), column = indent, length;

	fputs(front, out);
	while (*text) {
		length = strcspn(text, " ");
		if (column > indent && column + length > WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		}
		fprintf(out, "%s%.*s", column > indent ? " " : "", (int)length, text);
		column += length + 1;
		text += length;
		text += strspn(text, " ");
	}
	fprintf(out, "\n");
}

static void print_kind(FILE *out, const struct info_prediction *p, enum info_kind kind,
		       const char *heading)
{
	bool any = false;
	uint32_t i;

	for (i = 0; i < p->count; i++) {
		if (p->sentences[i].kind != kind)
			continue;
		if (!any)
			fprintf(out, "\n%s\n", heading);
		any = true;
		print_sentence(out, "  - ", p->sentences[i].text);
		if (p->sentences[i].source)
			print_sentence(out, "    Source: ", p->sentences[i].source);
	}
}

static void print_bits(FILE *out, bool known, uint64_t value, const struct info_bit *bits)
{
	const char *separator = "";

	if (!known) {
		fprintf(out, "unknown: the kernel does not tell (6.3 does)\n");
		return;
	}
	for (; bits->bit; bits++) {
		if (!(value & bits->bit))
			continue;
		fprintf(out, "%s%s", separator, bits->word);
		separator = ", ";
	}
	if (value)
		fprintf(out, " (0x%" PRIx64 ")\n", value);
	else
		fprintf(out, "none\n");
}

static void print_device(FILE *out, const struct info_facts *f)
{
	const struct net_xdp_device *d = &f->device;

	fprintf(out, "%s\n", d->ifname);
	label(out, "driver");
	fprintf(out, "%s\n", d->driver[0] ? d->driver : "unknown");
	if (f->bond_members[0]) {
		label(out, "members");
		fprintf(out, "%s\n", f->bond_members);
	}
	label(out, "kernel");
	fprintf(out, "%s\n", f->release);
	label(out, "link");
	fprintf(out, "%s", link_word(d));
	if (d->link_speed_bps)
		fprintf(out, ", %" PRIu64 " Mbit/s", d->link_speed_bps / 1000000);
	fprintf(out, "\n");
	label(out, "MTU");
	fprintf(out, "%u\n", d->mtu_bytes);
	label(out, "queues");
	fprintf(out, "%u receive, %u transmit\n", d->rx_queues, d->tx_queues);
	label(out, "queue");
	fprintf(out, "%u: %s", f->queue,
		!f->queue_state.has_state   ? "use unknown"
		: f->queue_state.has_socket ? "an AF_XDP socket is bound"
					    : "no AF_XDP socket");
	if (f->queue_state.napi_id)
		fprintf(out, ", NAPI %u", f->queue_state.napi_id);
	if (f->queue_state.irq)
		fprintf(out, ", IRQ %u", f->queue_state.irq);
	fprintf(out, "\n");
	if (f->queue_state.has_deferral) {
		label(out, "NAPI deferral");
		fprintf(out, "%u, flush %g us\n", f->queue_state.napi_defer_hard_irqs,
			(double)f->queue_state.gro_flush_timeout_ns / 1000);
	}
	if (f->queue_state.napi_state[0]) {
		label(out, f->queue_state.napi_left ? "LEFT BEHIND" : "NAPI record");
		fprintf(out, "%s%s\n", f->queue_state.napi_state,
			f->queue_state.napi_left ? "; put back with --restore" : "");
	}
	label(out, "XDP program");
	print_program(out, d);
}

static void print_features(FILE *out, const struct net_xdp_device *d)
{
	label(out, "XDP features");
	print_bits(out, d->has_features, d->xdp_features, info_xdp_bits);
	label(out, "receive metadata");
	print_bits(out, d->has_features, d->rx_metadata_features, info_rx_metadata_bits);
	label(out, "socket features");
	print_bits(out, d->has_features, d->xsk_features, info_xsk_bits);
}

static void print_limits(FILE *out, const struct info_facts *f)
{
	struct info_limit small = info_limit(2048), large = info_limit(4096);

	label(out, "largest frame");
	fprintf(out, "%u bytes in a chunk of 2048, %u in one of 4096 (chunk - 256)\n",
		small.copy_bytes, large.copy_bytes);
	if (f->device.xdp_features & NET_XDP_FEATURE_ZERO_COPY) {
		label(out, "in zero copy");
		fprintf(out, "%u and %u; multi-buffer %u and %u per descriptor\n",
			small.zero_copy_bytes, large.zero_copy_bytes, small.zero_copy_multi_bytes,
			large.zero_copy_multi_bytes);
	}
	label(out, "per sent packet");
	fprintf(out, "18 descriptors in copy mode");
	if (f->device.zc_max_segments)
		fprintf(out, ", %u in zero copy", f->device.zc_max_segments);
	fprintf(out, "; more are joined by one copy\n");
}

static void print_privileges(FILE *out, const struct info_facts *f)
{
	const struct info_privilege *p;

	fprintf(out, "\nPrivileges of this process\n");
	for (p = info_privileges; p->name; p++) {
		label(out, p->name);
		fprintf(out, "%-3s  %s\n", info_can(f, p->capability) ? "yes" : "no", p->purpose);
	}
	label(out, "locked memory");
	if (f->memlock_bytes == UINT64_MAX || info_can(f, CAP_IPC_LOCK))
		fprintf(out, "unlimited\n");
	else
		fprintf(out, "%" PRIu64 " KiB\n", f->memlock_bytes / 1024);
}

static void print_try(FILE *out, const struct info_try *tried)
{
	const struct net_xdp_report *r = &tried->report;
	char front[64];
	uint32_t i;

	fprintf(out, "\nWhat an attach got (--try)\n");
	if (tried->rc < 0) {
		snprintf(front, sizeof(front), "  failed at %s: ", tried->err.step);
		print_sentence(out, front, tried->err.message);
		return;
	}
	for (i = 0; i < r->rung_count && i < NET_XDP_RUNGS; i++) {
		label(out, r->rungs[i].asked);
		fprintf(out, "%s\n", r->rungs[i].error ? "no" : "yes");
		if (r->rungs[i].sentence[0])
			print_sentence(out, "      ", r->rungs[i].sentence);
	}
	label(out, "result");
	fprintf(out, "%s, %s program; %s chunks of %u, direct up to %u bytes\n",
		r->zero_copy ? "zero copy" : "copy mode", r->native ? "native" : "generic",
		r->unaligned ? "unaligned" : "aligned", r->chunk_bytes, r->direct_capacity_bytes);
}

void info_print_text(FILE *out, const struct info_facts *facts,
		     const struct info_prediction *prediction, const struct info_try *tried)
{
	print_device(out, facts);
	print_features(out, &facts->device);
	print_limits(out, facts);
	print_privileges(out, facts);
	fputc('\n', out);
	print_sentence(out, "", prediction->summary);
	print_kind(out, prediction, INFO_BLOCKS, "Why it would fail");
	print_kind(out, prediction, INFO_LOWERS, "Why not better");
	print_kind(out, prediction, INFO_NOTE, "Worth knowing");
	if (tried)
		print_try(out, tried);
}
