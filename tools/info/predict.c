// SPDX-License-Identifier: BSD-2-Clause
/* What an attach would get, and why not better: one rule per cause, each with its own sentence. */
#include <stdarg.h>
#include <string.h>

#include <linux/capability.h>

#include "predict.h"

#define CHUNK_HEADROOM 256 /* XDP_PACKET_HEADROOM */

static void add(struct info_prediction *p, enum info_kind kind, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static void add(struct info_prediction *p, enum info_kind kind, const char *format, va_list args)
{
	struct info_sentence *s = &p->sentences[p->count];

	if (p->count == INFO_SENTENCES)
		return;
	s->kind = kind;
	vsnprintf(s->text, sizeof(s->text), format, args);
	p->count++;
}

void blocks(struct info_prediction *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(p, INFO_BLOCKS, format, args);
	va_end(args);
}

void lowers(struct info_prediction *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(p, INFO_LOWERS, format, args);
	va_end(args);
}

void unsure(struct info_prediction *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(p, INFO_UNSURE, format, args);
	va_end(args);
	p->sure = false;
}

void note(struct info_prediction *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(p, INFO_NOTE, format, args);
	va_end(args);
}

void add_known(struct info_prediction *p, const struct info_known *row)
{
	if (p->count == INFO_SENTENCES)
		return;
	p->sentences[p->count] = (struct info_sentence){.kind = row->kind, .source = row->source};
	snprintf(p->sentences[p->count].text, sizeof(p->sentences[0].text), "%s", row->text);
	p->count++;
}

void cite(struct info_prediction *p, const char *source)
{
	p->sentences[p->count - 1].source = source;
}

struct info_limit info_limit(uint32_t chunk_bytes)
{
	uint32_t frame = chunk_bytes - CHUNK_HEADROOM;

	/* xsk_pool_get_rx_frame_size(): DMA lengths are multiples of 128, and a multi-buffer socket
	 * keeps skb_shared_info (320 bytes) at the end of the chunk. */
	return (struct info_limit){
		.chunk_bytes = chunk_bytes,
		.copy_bytes = frame,
		.zero_copy_bytes = frame / 128 * 128,
		.zero_copy_multi_bytes = (frame - 320) / 128 * 128,
	};
}

bool is_driver(const struct info_facts *f, const char *name)
{
	return strcmp(f->device.driver, name) == 0;
}

bool info_can(const struct info_facts *facts, int capability)
{
	bool split = capability == CAP_BPF || capability == CAP_PERFMON;
	uint64_t enough = 1ull << capability;

	/* The kernel asks for these in the initial user namespace. */
	if (facts->user_namespace && (split || capability == CAP_IPC_LOCK))
		return false;
	/* Split off CAP_SYS_ADMIN in 5.8, which still includes them. */
	if (split)
		enough |= 1ull << CAP_SYS_ADMIN;
	return facts->capabilities & enough;
}

static void summarize(const struct info_facts *f, struct info_prediction *p)
{
	const char *name = f->device.ifname;
	const char *hedge = p->sure ? "" : "; only an attach can tell";

	if (p->mode == INFO_MODE_FAILS)
		snprintf(p->summary, sizeof(p->summary), "An attach to %s queue %u would fail.",
			 name, f->queue);
	else if (p->mode == INFO_MODE_COPY)
		snprintf(p->summary, sizeof(p->summary),
			 "An attach to %s queue %u would %s copy mode with a %s program: the "
			 "kernel copies each frame once%s.",
			 name, f->queue, p->sure ? "get" : "probably get",
			 p->native ? "native" : "generic", hedge);
	else
		snprintf(p->summary, sizeof(p->summary),
			 "An attach to %s queue %u would %s zero copy with a native program%s%s.",
			 name, f->queue, p->sure ? "get" : "try",
			 p->sure ? "" : ", and fall back to copy mode if the driver refuses",
			 hedge);
}

void info_predict(const struct info_facts *facts, struct info_prediction *out)
{
	static predict_rule *const rules[] = {
		socket_rule, program_load_rule, memory_rule,	program_rule, link_type_rule,
		queue_rule,  attach_rule,	zero_copy_rule, known_rule,   mtu_rule,
		joined_rule, tag_rule,		veth_rule,	link_rule,    spread_rule,
		host_rule,   address_rule,
	};

	memset(out, 0, sizeof(*out));
	out->sure = true;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rules[i](facts, out);
	for (uint32_t i = 0; i < out->count; i++)
		if (out->sentences[i].kind == INFO_BLOCKS)
			out->mode = INFO_MODE_FAILS;
	if (out->mode == INFO_MODE_FAILS)
		out->sure = true;
	summarize(facts, out);
}
