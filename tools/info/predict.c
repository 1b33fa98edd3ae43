// SPDX-License-Identifier: BSD-2-Clause
/* What an attach would get, and why not better: one rule per cause, each with its own sentence. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include <linux/capability.h>

#include "predict.h"

#define LARGEST_FRAME_BYTES 9216 /* of max_frame_bytes */
#define CHUNK_HEADROOM	    256	 /* XDP_PACKET_HEADROOM */

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

/* ---- What makes it fail ----------------------------------------------------------------------- */

static void privilege_rule(const struct info_facts *f, struct info_prediction *p)
{
	struct net_xdp_config config = net_xdp_config_default();
	uint64_t needed = net_xdp_private_bytes(&config);

	if (f->socket_error == -EAFNOSUPPORT)
		blocks(p, "This kernel is built without AF_XDP (CONFIG_XDP_SOCKETS); use another.");
	if (!info_can(f, CAP_NET_RAW))
		blocks(p, "CAP_NET_RAW is missing, which socket(AF_XDP) takes; run as root or "
			  "grant it.");
	if (f->user_namespace)
		blocks(p, "This process is in a user namespace, whose capabilities do not "
			  "allow to load an XDP program; run in the initial user namespace.");
	else if (!info_can(f, CAP_NET_ADMIN) || !info_can(f, CAP_BPF))
		blocks(p,
		       "%s missing, which loading and attaching an XDP program takes; run as "
		       "root or grant it.",
		       info_can(f, CAP_NET_ADMIN) ? "CAP_BPF is"
		       : info_can(f, CAP_BPF)	  ? "CAP_NET_ADMIN is"
						  : "CAP_NET_ADMIN and CAP_BPF are");
	else if (!info_can(f, CAP_PERFMON))
		blocks(p, "CAP_PERFMON is missing, which the XDP program's pointer arithmetic "
			  "takes; run as root or grant it.");
	if (info_can(f, CAP_IPC_LOCK) || f->memlock_bytes == UINT64_MAX)
		return;
	if (f->memlock_bytes < needed)
		blocks(p,
		       "The locked-memory limit of %llu KiB is less than the %llu KiB that one "
		       "queue has of its own; raise it (ulimit -l) or grant CAP_IPC_LOCK.",
		       (unsigned long long)f->memlock_bytes / 1024,
		       (unsigned long long)needed / 1024);
	else
		note(p,
		     "The locked-memory limit allows %llu KiB of memory, %llu KiB of them our "
		     "own; for more raise it (ulimit -l) or grant CAP_IPC_LOCK.",
		     (unsigned long long)f->memlock_bytes / 1024,
		     (unsigned long long)needed / 1024);
}

static void program_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device;
	char name[48] = "";

	if (!d->program_id)
		return;
	if (d->program_name[0])
		snprintf(name, sizeof(name), " \"%s\"", d->program_name);
	if (strcmp(d->program_mode, "dispatcher") == 0)
		blocks(p,
		       "XDP program %u is libxdp's dispatcher, which other programs share: ask "
		       "for the dispatcher too (program = NET_XDP_PROGRAM_DISPATCHER), or remove "
		       "it with: xdp-loader unload %s --all",
		       d->program_id, d->ifname);
	else if (f->holder.link_id && f->holder.pid)
		blocks(p,
		       "XDP program %u%s is attached (%s) by link %u of process %u (%s); it goes "
		       "when that process ends.",
		       d->program_id, name, d->program_mode, f->holder.link_id, f->holder.pid,
		       f->holder.command);
	else if (f->holder.link_id)
		blocks(p,
		       "XDP program %u%s is attached (%s) by link %u, which no process was seen "
		       "to hold: it is pinned under /sys/fs/bpf, or its holder is hidden from "
		       "us; remove it with: bpftool link detach id %u",
		       d->program_id, name, d->program_mode, f->holder.link_id, f->holder.link_id);
	else
		blocks(p,
		       "XDP program %u%s is attached (%s) and no process holds it; if nobody "
		       "needs it, remove it with: ip link set dev %s %s off",
		       d->program_id, name, d->program_mode, d->ifname,
		       strcmp(d->program_mode, "generic") == 0	   ? "xdpgeneric"
		       : strcmp(d->program_mode, "offloaded") == 0 ? "xdpoffload"
								   : "xdp");
}

static void queue_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device;

	if (f->queue_state.has_state && f->queue_state.has_socket)
		blocks(p,
		       "An AF_XDP socket is bound to queue %u, and a queue takes one; choose "
		       "another queue or end its owner (ss --xdp -p lists them where the kernel "
		       "can).",
		       f->queue);
	if (d->rx_queues > 1)
		note(p,
		     "The interface spreads frames over %u queues, a socket sees those of its "
		     "own queue: take all of them, or steer (ethtool -N), or have one: ethtool "
		     "-L.",
		     d->rx_queues);
}

/* ---- What else to know ------------------------------------------------------------------------ */

static void link_rule(const struct info_facts *f, struct info_prediction *p)
{
	if (!f->device.up)
		note(p,
		     "The interface is down: a socket can be bound, but no frame moves until: ip "
		     "link set dev %s up",
		     f->device.ifname);
	else if (!f->device.carrier)
		note(p, "The interface has no carrier (cable, or the other end is down): frames "
			"to send are lost until it has.");
}

static void mtu_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device;
	struct net_xdp_config config = net_xdp_config_default();
	uint32_t frame = d->mtu_bytes + ETHERNET_BYTES;

	if (p->native && d->mtu_bytes > SINGLE_BUFFER_MTU && !is_driver(f, "veth")) {
		p->sure = false;
		note(p, "Most drivers refuse a native program for frames in one buffer at "
			"this MTU: the larger max_frame_bytes gives one for several buffers.");
	}
	if (!zero_copy_room(f, p) || frame <= config.max_frame_bytes)
		return;
	if (frame <= info_limit(2048).copy_bytes)
		note(p,
		     "The MTU of %u makes frames of %u bytes, the default takes %u: set "
		     "max_frame_bytes to %u.",
		     d->mtu_bytes, frame, config.max_frame_bytes, frame);
	else if (frame <= info_limit(4096).copy_bytes)
		note(p,
		     "The MTU of %u makes frames of %u bytes, a chunk of 2048 holds %u: set "
		     "chunk_bytes to 4096 (it holds %u) and max_frame_bytes to %u.",
		     d->mtu_bytes, frame, info_limit(2048).copy_bytes, info_limit(4096).copy_bytes,
		     frame);
	else if (frame > LARGEST_FRAME_BYTES)
		note(p,
		     "The MTU of %u makes frames of %u bytes, an endpoint takes at most %u: "
		     "larger ones are dropped; lower the MTU to %u.",
		     d->mtu_bytes, frame, LARGEST_FRAME_BYTES,
		     LARGEST_FRAME_BYTES - ETHERNET_BYTES);
	else
		note(p,
		     "The MTU of %u makes frames of %u bytes, more than the %u that the largest "
		     "chunk holds: set max_frame_bytes to %u and every frame is gathered through "
		     "the private area, or lower the MTU to %u.",
		     d->mtu_bytes, frame, info_limit(4096).copy_bytes, frame,
		     info_limit(4096).copy_bytes - ETHERNET_BYTES);
}

static void veth_rule(const struct info_facts *f, struct info_prediction *p)
{
	if (!is_driver(f, "veth"))
		return;
	if (!f->peer.ifindex)
		note(p,
		     "The other end is in another network namespace: native is refused while it "
		     "has an MTU over %u, or more transmit queues than we have receive queues "
		     "(%u).",
		     SINGLE_BUFFER_MTU, f->device.rx_queues);
	note(p,
	     "The other end of a veth leaves TCP and UDP checksums unfinished: set rx_checksum "
	     "to complete or report, or switch it off there: ethtool -K %s tx off",
	     f->peer.ifindex ? f->peer.ifname : "PEER");
}

/* ---- All rules -------------------------------------------------------------------------------- */

static void summarize(const struct info_facts *f, struct info_prediction *p)
{
	const char *name = f->device.ifname;

	if (p->mode == INFO_MODE_FAILS)
		snprintf(p->summary, sizeof(p->summary), "An attach to %s queue %u would fail.",
			 name, f->queue);
	else if (p->mode == INFO_MODE_COPY)
		snprintf(p->summary, sizeof(p->summary),
			 "An attach to %s queue %u would get copy mode with a %s program%s: the "
			 "kernel copies each frame once.",
			 name, f->queue, p->native ? "native" : "generic",
			 p->sure || !p->native ? "" : " (or generic, only an attach tells)");
	else
		snprintf(p->summary, sizeof(p->summary),
			 "An attach to %s queue %u would %s zero copy with a native program%s.",
			 name, f->queue, p->sure ? "get" : "try",
			 p->sure ? "" : ", and fall back to copy mode if the driver refuses");
}

void info_predict(const struct info_facts *facts, struct info_prediction *out)
{
	static void (*const rules[])(const struct info_facts *, struct info_prediction *) = {
		privilege_rule, program_rule, queue_rule, attach_rule, zero_copy_rule,
		known_rule,	mtu_rule,     link_rule,  veth_rule,
	};
	uint32_t i;

	memset(out, 0, sizeof(*out));
	out->sure = true;
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rules[i](facts, out);
	for (i = 0; i < out->count; i++) {
		if (out->sentences[i].kind == INFO_BLOCKS)
			out->mode = INFO_MODE_FAILS;
	}
	if (out->mode == INFO_MODE_FAILS)
		out->sure = true;
	summarize(facts, out);
}
