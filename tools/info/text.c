// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include <linux/capability.h>

#include "common/escape.h"
#include "common/wrap.h"
#include "info.h"

#define TEXT_BYTES 1024 /* the longest line before it is wrapped */

/* ---- Lines ------------------------------------------------------------------------------------ */

/* The lines below the first one start where its text does, which follows front. */
void info_print_sentence(FILE *out, const char *front, const char *text)
{
	char plain[4 * TEXT_BYTES];

	fputs(front, out);
	wrap_text(out, strlen(front), strlen(front), escape_plain(plain, sizeof(plain), text));
}

/* A line "  label  value". */
static void line(FILE *out, const char *label, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void line(FILE *out, const char *label, const char *format, ...)
{
	char front[32], text[TEXT_BYTES];
	va_list args;

	snprintf(front, sizeof(front), "  %-17s ", label);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	info_print_sentence(out, front, text);
}

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

/* "7 name (native)" */
static char *program_text(const struct net_xdp_device *d, char *out, size_t size)
{
	if (d->program_id)
		snprintf(out, size, "%u%s%s (%s)", d->program_id, d->program_name[0] ? " " : "",
			 d->program_name, d->program_mode);
	else
		snprintf(out, size, "none");
	return out;
}

/* A column that is at least so wide. What is wider pushes the others to the next line. */
static void print_cell(FILE *out, const char *text, size_t width)
{
	char plain[256];
	size_t wide;

	escape_plain(plain, sizeof(plain), text);
	wide = wrap_width(plain, strlen(plain));
	if (wide > width)
		fprintf(out, "%s\n%*s  ", plain, (int)width, "");
	else
		fprintf(out, "%s%*s  ", plain, (int)(width - wide), "");
}

void info_print_row(FILE *out, const struct net_xdp_device *d)
{
	char queues[32], program[96];

	if (!d) {
		fprintf(out, "%-15s  %-13s  %7s  %-10s  %-6s  %s\n", "interface", "driver",
			"queues", "link", "native", "zero copy");
		return;
	}
	snprintf(queues, sizeof(queues), "%u/%u", d->rx_queues, d->tx_queues);
	print_cell(out, d->ifname, 15);
	print_cell(out, d->driver[0] ? d->driver : "-", 13);
	fprintf(out, "%7s  %-10s  %-6s  %s\n", queues, link_word(d),
		feature_word(d, NET_XDP_FEATURE_BASIC), feature_word(d, NET_XDP_FEATURE_ZERO_COPY));
	if (d->program_id)
		info_print_sentence(out, "  XDP program ",
				    program_text(d, program, sizeof(program)));
}

/* ---- One interface ---------------------------------------------------------------------------- */

static void print_kind(FILE *out, const struct info_prediction *p, enum net_xdp_finding_kind kind,
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
		info_print_sentence(out, "  - ", p->sentences[i].text);
		if (p->sentences[i].source)
			info_print_sentence(out, "    Source: ", p->sentences[i].source);
	}
}

static void print_bits(FILE *out, const char *label, const char *unknown, uint64_t value,
		       const struct info_bit *bits)
{
	char text[TEXT_BYTES] = "";
	size_t used = 0;

	for (; bits->bit; bits++)
		if (value & bits->bit)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 used ? ", " : "", bits->word);
	if (unknown)
		line(out, label, "%s", unknown);
	else if (value)
		line(out, label, "%s (0x%" PRIx64 ")", text, value);
	else
		line(out, label, "none");
}

static void print_queue(FILE *out, const struct info_facts *f)
{
	const struct net_xdp_device_queue *q = &f->queue_state;
	char napi[24] = "", irq[24] = "";

	if (q->napi_id)
		snprintf(napi, sizeof(napi), ", NAPI %u", q->napi_id);
	if (q->irq)
		snprintf(irq, sizeof(irq), ", IRQ %u", q->irq);
	line(out, "queue", "%u: %s%s%s", f->queue,
	     !q->has_state   ? "use unknown"
	     : q->has_socket ? "an AF_XDP socket is bound"
			     : "no AF_XDP socket",
	     napi, irq);
	if (q->has_deferral)
		line(out, "NAPI deferral", "%u, flush %g us", q->napi_defer_hard_irqs,
		     (double)q->gro_flush_timeout_ns / 1000);
	if (q->napi_state[0])
		line(out, q->napi_left ? "LEFT BEHIND" : "NAPI record", "%s%s", q->napi_state,
		     q->napi_left ? "; put back with --restore" : "");
}

static void print_device(FILE *out, const struct info_facts *f)
{
	const struct net_xdp_device *d = &f->device;
	char program[96], speed[40] = "";

	if (d->link_speed_bps)
		snprintf(speed, sizeof(speed), ", %" PRIu64 " Mbit/s", d->link_speed_bps / 1000000);
	info_print_sentence(out, "", d->ifname);
	line(out, "driver", "%s", d->driver[0] ? d->driver : "unknown");
	if (f->bond_members[0])
		line(out, "members", "%s", f->bond_members);
	line(out, "kernel", "%s", f->release);
	line(out, "link", "%s%s", link_word(d), speed);
	line(out, "MTU", "%u", d->mtu_bytes);
	line(out, "queues", "%u receive, %u transmit", d->rx_queues, d->tx_queues);
	print_queue(out, f);
	line(out, "XDP program", "%s", program_text(d, program, sizeof(program)));
	if (f->steer_state[0])
		line(out, f->steer_left ? "STEERED" : "steering", "%s", f->steer_state);
}

static void print_features(FILE *out, const struct info_facts *f)
{
	const struct net_xdp_device *d = &f->device;
	const char *unknown =
		d->has_features ? NULL : "unknown: the kernel does not tell (6.3 does)";

	print_bits(out, "XDP features", unknown, d->xdp_features, info_xdp_bits);
	print_bits(out, "receive metadata", unknown, d->rx_metadata_features,
		   info_rx_metadata_bits);
	print_bits(out, "socket features", unknown, d->xsk_features, info_xsk_bits);
	print_bits(out, "offloads", f->device.has_offloads ? NULL : "unknown", f->device.offloads,
		   info_offload_bits);
}

static void print_limits(FILE *out, const struct info_facts *f)
{
	struct net_xdp_chunk_limits small, large;
	char zero_copy[40] = "";

	net_xdp_get_chunk_limits(2048, &small);
	net_xdp_get_chunk_limits(4096, &large);
	line(out, "largest frame", "%u bytes in a chunk of 2048, %u in one of 4096",
	     small.copy_bytes, large.copy_bytes);
	if (f->device.xdp_features & NET_XDP_FEATURE_ZERO_COPY)
		line(out, "in zero copy", "%u and %u; multi-buffer %u and %u per descriptor",
		     small.zero_copy_bytes, large.zero_copy_bytes, small.zero_copy_multi_bytes,
		     large.zero_copy_multi_bytes);
	if (f->device.zc_max_segments)
		snprintf(zero_copy, sizeof(zero_copy), ", %u in zero copy",
			 f->device.zc_max_segments);
	line(out, "per sent packet", "18 descriptors in copy mode%s; more are joined by one copy",
	     zero_copy);
}

static void print_privileges(FILE *out, const struct info_facts *f)
{
	const struct info_privilege *p;

	fprintf(out, "\nPrivileges of this process\n");
	for (p = info_privileges; p->name; p++)
		line(out, p->name, "%s (%s)", info_can(f, p->capability) ? "yes" : "no",
		     p->purpose);
	if (info_may_lock_all(f))
		line(out, "locked memory", "unlimited");
	else
		line(out, "locked memory", "%" PRIu64 " KiB", f->memlock_bytes / 1024);
	line(out, "tried", "socket(AF_XDP): %s, loading a program: %s",
	     f->socket_error ? strerror(-f->socket_error) : "yes",
	     f->program_error ? strerror(-f->program_error) : "yes");
}

static void print_offloads(FILE *out, const struct info_prediction *p)
{
	if (!p->tx_checksum[0])
		return;
	fprintf(out, "\nTransmit offloads\n");
	line(out, "checksum", "%s", p->tx_checksum);
	line(out, "segmentation", "%s", p->tx_segmentation);
	line(out, "VLAN tag", "%s", p->tx_vlan);
	fprintf(out, "\nReceive offloads\n");
	line(out, "partial checksums", "%s", p->rx_partial);
}

static void print_try(FILE *out, const struct info_try *tried)
{
	char front[64];

	fprintf(out, "\nWhat an attach got (--try)\n");
	if (!tried->rc) {
		told_print(out, 2, &tried->told);
		return;
	}
	snprintf(front, sizeof(front), "  failed at %s: ", tried->err.step);
	info_print_sentence(out, front, tried->err.message);
}

void info_print_text(FILE *out, const struct info_facts *facts,
		     const struct info_prediction *prediction, const struct info_try *tried)
{
	print_device(out, facts);
	print_features(out, facts);
	print_limits(out, facts);
	print_privileges(out, facts);
	fputc('\n', out);
	info_print_sentence(out, "", prediction->summary);
	print_kind(out, prediction, NET_XDP_FINDING_BLOCKS, "Why it would fail");
	print_kind(out, prediction, NET_XDP_FINDING_UNSURE, "What cannot be seen from here");
	print_kind(out, prediction, NET_XDP_FINDING_LOWERS, "Why not better");
	print_kind(out, prediction, NET_XDP_FINDING_NOTE, "Worth knowing");
	print_offloads(out, prediction);
	if (tried)
		print_try(out, tried);
}
