// SPDX-License-Identifier: BSD-2-Clause
/* What an attach would get, and why not better: the library's findings in the words of the tools,
 * and this tool's own. */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include <linux/capability.h>

#include "common/options_say.h"
#include "xsk_bench/options_table.h"
#include "predict.h"

static void add(struct info_prediction *p, enum net_xdp_finding_kind kind, const char *format,
		va_list args) __attribute__((format(printf, 3, 0)));

static void add(struct info_prediction *p, enum net_xdp_finding_kind kind, const char *format,
		va_list args)
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
	add(p, NET_XDP_FINDING_BLOCKS, format, args);
	va_end(args);
}

void unsure(struct info_prediction *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(p, NET_XDP_FINDING_UNSURE, format, args);
	va_end(args);
	p->sure = false;
}

void note(struct info_prediction *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(p, NET_XDP_FINDING_NOTE, format, args);
	va_end(args);
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

bool info_may_lock_all(const struct info_facts *facts)
{
	return facts->memlock_bytes == UINT64_MAX || info_can(facts, CAP_IPC_LOCK);
}

static void summarize(const struct info_facts *f, struct info_prediction *p)
{
	const char *name = f->device.ifname;
	const char *hedge = p->sure ? "" : "; only an attach can tell";

	if (p->mode == NET_XDP_OUTCOME_FAILS)
		snprintf(p->summary, sizeof(p->summary), "An attach to %s queue %u would fail.",
			 name, f->queue);
	else if (p->mode == NET_XDP_OUTCOME_COPY)
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

/* ---- The library's findings ------------------------------------------------------------------- */

/* The words IF and PEER become the interfaces' names, as words of a shell command. */
static void put_names(const struct net_xdp_device *d, const char *from, char *out, size_t size)
{
	const char *at = from;
	size_t used = 0;

	out[0] = 0;
	while (*at && used + 1 < size) {
		bool begins = at == from || !isalnum((unsigned char)at[-1]);
		size_t length = begins ? strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") : 0;
		bool whole = length && !isalnum((unsigned char)at[length]) && at[length] != '_';
		const char *name = NULL;

		if (whole && length == 2 && strncmp(at, "IF", 2) == 0)
			name = d->ifname;
		else if (whole && length == 4 && strncmp(at, "PEER", 4) == 0)
			name = d->peer_ifname;
		if (name && *name) {
			used += (size_t)snprintf(out + used, size - used, "%s", word(name));
			at += length;
		} else {
			out[used++] = *at++;
			out[used] = 0;
		}
	}
}

/* The remedy behind a semicolon, or where there are some already as a sentence of its own. */
static void join(const struct net_xdp_finding *f, char *out, size_t size)
{
	bool apart =
		strchr(f->sentence, ';') || strchr(f->remedy, ';') || strstr(f->sentence, ". ");
	const char *remedy = f->remedy;

	if (!*remedy)
		snprintf(out, size, "%s", f->sentence);
	else if (apart)
		snprintf(out, size, "%s. %c%s", f->sentence, toupper((unsigned char)*remedy),
			 remedy + 1);
	else
		snprintf(out, size, "%s; %s", f->sentence, remedy);
}

static void add_finding(const struct info_facts *f, const struct net_xdp_finding *finding,
			struct info_prediction *p)
{
	char text[sizeof(p->sentences[0].text)];
	struct info_sentence *s = &p->sentences[p->count];

	/* Who holds the program is known here: program_rule(). */
	if (finding->reason == NET_XDP_REASON_PROGRAM || p->count == INFO_SENTENCES)
		return;
	join(finding, text, sizeof(text));
	options_say_fields(&bench_options, text, sizeof(text));
	*s = (struct info_sentence){
		.kind = finding->kind, .reason = finding->reason, .source = finding->source};
	put_names(&f->device, text, s->text, sizeof(s->text));
	p->count++;
}

struct net_xdp_config info_config(const struct info_facts *facts)
{
	struct net_xdp_config config = net_xdp_config_default();

	config.ifname = facts->device.ifname;
	config.first_queue = facts->queue;
	return config;
}

static void keep_requests(const struct net_xdp_prediction *found, struct info_prediction *p)
{
	snprintf(p->tx_checksum, sizeof(p->tx_checksum), "%s", found->tx_checksum_state);
	snprintf(p->tx_segmentation, sizeof(p->tx_segmentation), "%s",
		 found->tx_segmentation_state);
	snprintf(p->tx_vlan, sizeof(p->tx_vlan), "%s", found->tx_vlan_state);
}

static void ask_library(const struct info_facts *facts, struct info_prediction *p)
{
	struct net_xdp_config config = info_config(facts);
	struct net_xdp_prediction found;

	net_xdp_predict(&facts->device, &config, &found);
	p->mode = found.outcome;
	p->native = found.native;
	p->sure = found.sure;
	p->largest_mtu_bytes = found.largest_mtu_bytes;
	keep_requests(&found, p);
	for (uint32_t i = 0; i < found.finding_count; i++)
		add_finding(facts, &found.findings[i], p);
}

/* Of a mode that is off by default. */
static void ask_partial(const struct info_facts *facts, struct info_prediction *p)
{
	struct net_xdp_config config = info_config(facts);
	struct net_xdp_prediction found;

	config.rx_checksum = NET_XDP_RX_CHECKSUM_PARTIAL;
	net_xdp_predict(&facts->device, &config, &found);
	snprintf(p->rx_partial, sizeof(p->rx_partial), "%s", found.rx_checksum_state);
}

/* ---- All of it -------------------------------------------------------------------------------- */

void info_predict(const struct info_facts *facts, struct info_prediction *out)
{
	static predict_rule *const rules[] = {
		socket_rule, program_load_rule, memory_rule,  program_rule,
		queue_rule,  host_rule,		address_rule,
	};

	memset(out, 0, sizeof(*out));
	ask_library(facts, out);
	ask_partial(facts, out);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rules[i](facts, out);
	for (uint32_t i = 0; i < out->count; i++)
		if (out->sentences[i].kind == NET_XDP_FINDING_BLOCKS)
			out->mode = NET_XDP_OUTCOME_FAILS;
	if (out->mode == NET_XDP_OUTCOME_FAILS)
		out->sure = true;
	summarize(facts, out);
}
