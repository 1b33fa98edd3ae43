// SPDX-License-Identifier: BSD-2-Clause
/* All that an endpoint and a queue of ours tell, name by name: each has a value of its own here. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "net_inspect.h"
#include "support/fake_kernel.h"
#include "xdp/endpoint.h"

/* ---- What was told, a line each; of a sentence its beginning ------------------------------------------------------------------- */

struct notes {
	struct net_inspector base;
	char path[256], text[16384];
	size_t at;
};

static void enter(struct net_inspector *to, const char *name, int index)
{
	struct notes *n = (struct notes *)to;
	size_t len = strlen(n->path);

	if (index >= 0)
		snprintf(n->path + len, sizeof(n->path) - len, "%s[%d].", name, index);
	else
		snprintf(n->path + len, sizeof(n->path) - len, "%s.", name);
}

static void leave(struct net_inspector *to)
{
	struct notes *n = (struct notes *)to;
	char *dot;

	n->path[strlen(n->path) - 1] = '\0';
	dot = strrchr(n->path, '.');
	*(dot ? dot + 1 : n->path) = '\0';
}

static void field(struct net_inspector *to, const struct net_field *f)
{
	struct notes *n = (struct notes *)to;
	char *out = n->text + n->at;
	const size_t room = sizeof(n->text) - n->at;

	switch (f->kind) {
	case NET_FIELD_TEXT:
		n->at += (size_t)snprintf(out, room, "%s%s %.24s\n", n->path, f->name, f->text);
		break;
	case NET_FIELD_FLAG:
		n->at += (size_t)snprintf(out, room, "%s%s %s\n", n->path, f->name,
					  f->number ? "yes" : "no");
		break;
	case NET_FIELD_UNKNOWN:
		n->at += (size_t)snprintf(out, room, "%s%s unknown\n", n->path, f->name);
		break;
	default:
		n->at += (size_t)snprintf(out, room, "%s%s %lld%s%s\n", n->path, f->name,
					  (long long)f->number, *f->unit ? " " : "", f->unit);
	}
	cr_assert_lt(n->at, sizeof(n->text));
}

static const struct net_inspector_ops ops = {sizeof(ops), enter, leave, field};

/* Each line of both: the first that differs is named. */
static void expect(const struct notes *got, const char *want)
{
	const char *at = got->text;

	while (*at || *want) {
		const size_t len = strcspn(at, "\n"), long_as = strcspn(want, "\n");

		cr_assert(len == long_as && strncmp(at, want, len) == 0,
			  "told \"%.*s\", not \"%.*s\"", (int)len, at, (int)long_as, want);
		at += len + (at[len] == '\n');
		want += len + (want[len] == '\n');
	}
}

/* ---- The endpoint --------------------------------------------------------------------------------- */

static struct net_xdp_endpoint ep;

static void tell_facts(struct net_endpoint *unused, struct net_endpoint_facts *out, size_t size)
{
	const struct net_endpoint_facts facts = {.type = "xdp",
						 .is_ordered = true,
						 .tx_flags = 401,
						 .tx_max_pieces = 402,
						 .max_queues = 403,
						 .rss_table_entries = 404,
						 .rss_key_bytes = 405,
						 .link_speed_bps = 406};

	(void)unused;
	memcpy(out, &facts, size < sizeof(facts) ? size : sizeof(facts));
}

static const struct net_endpoint_ops endpoint_ops = {
	.size_bytes = sizeof(endpoint_ops),
	.facts = tell_facts,
};

static void fill_config(struct net_xdp_config *c)
{
	*c = (struct net_xdp_config){
		.first_queue = 101,
		.max_queues = 102,
		.mode = NET_XDP_MODE_COPY,
		.attach = NET_XDP_ATTACH_GENERIC,
		.program = NET_XDP_PROGRAM_DISPATCHER,
		.max_frame_bytes = 103,
		.unaligned = true,
		.sealed = true,
		.chunk_bytes = 104,
		.private_rx_chunks = 105,
		.private_tx_frames = 106,
		.rx_ring_frames = 107,
		.tx_ring_frames = 108,
		.fill_ring_frames = 109,
		.completion_ring_frames = 110,
		.rx_id_limit = 111,
		.take_macs = {{0x02, 0x1a, 0x2b, 0x3c, 0x4d, 0x5e}, {0xfe, 0, 0, 0, 0, 1}},
		.take_mac_count = 2,
		.keep = {{.kind = NET_XDP_KEEP_ETHERTYPE, .first = 0x0806, .last = 0x0806},
			 {.kind = NET_XDP_KEEP_UDP_PORT, .first = 53, .last = 53}},
		.keep_count = 2,
		.rx_checksum = NET_XDP_RX_CHECKSUM_COMPLETE,
		.rx_vlan = true,
		.tx_checksum = NET_XDP_TX_CHECKSUM_SOFTWARE,
		.busy_poll_us = 112,
		.busy_poll_budget = 113,
		.napi_defer_hard_irqs = 114,
		.gro_flush_timeout_ns = 115,
		.tx_timer_us = 116,
		.release_timeout_ms = 117,
	};
}

static void fill_endpoint(void)
{
	static const struct net_xdp_rung rung = {
		.asked = "native", .error = -95, .sentence = "why not"};

	memset(&ep, 0, sizeof(ep));
	ep.base.ops = &endpoint_ops;
	fill_config(&ep.config);
	ep.attached.device = (struct net_xdp_device){
		.ifname = "eth7",
		.driver = "igb",
		.ifindex = 201,
		.mtu_bytes = 202,
		.rx_queues = 203,
		.tx_queues = 204,
		.has_features = true,
		.xdp_features = 205,
		.xsk_features = 206,
		.dma_per_page = true,
		.has_offloads = true,
		.offloads = 207,
	};
	ep.attached.program.rung[0] = rung;
	ep.attached.program.rung_count = 1;
	snprintf(ep.attached.steer_state, sizeof(ep.attached.steer_state), "steered");
	ep.memory.bytes = 301;
	ep.memory.region_count = 2;
	ep.memory.region[0] = (struct memory_region){302, 303, 304, 305};
	ep.memory.region[1] = (struct memory_region){306, 307, 308, 309};
	ep.queues_alive = 3;
	ep.link_up = true;
}

static struct notes ask_endpoint(void)
{
	struct notes n = {.base.ops = &ops};

	endpoint_inspect(&ep.base, &n.base);
	cr_assert_str_empty(n.path);
	return n;
}

static const char endpoint_told[] = "facts.type xdp\n"
				    "facts.is_ordered yes\n"
				    "facts.tx_fast_completions no\n"
				    "facts.tx_flags 401\n"
				    "facts.tx_max_pieces 402 packets\n"
				    "facts.max_queues 403 queues\n"
				    "facts.rss_table_entries 404 entries\n"
				    "facts.rss_key_bytes 405 bytes\n"
				    "facts.link_speed_bps 406 bit/s\n"
				    "device.interface eth7\n"
				    "device.ifindex 201\n"
				    "device.driver igb\n"
				    "device.mtu_bytes 202 bytes\n"
				    "device.rx_queues 203 queues\n"
				    "device.tx_queues 204 queues\n"
				    "device.xdp_features 205\n"
				    "device.xsk_features 206\n"
				    "device.dma_per_page yes\n"
				    "device.offloads 207\n"
				    "config.first_queue 101\n"
				    "config.max_queues 102 queues\n"
				    "config.mode copy\n"
				    "config.attach generic\n"
				    "config.program dispatcher\n"
				    "config.max_frame_bytes 103 bytes\n"
				    "config.unaligned yes\n"
				    "config.memory_as_is no\n"
				    "config.sealed yes\n"
				    "config.keep_umem no\n"
				    "config.chunk_bytes 104 bytes\n"
				    "config.private_rx_chunks 105 chunks\n"
				    "config.private_tx_frames 106 frames\n"
				    "config.rx_ring_frames 107 frames\n"
				    "config.tx_ring_frames 108 frames\n"
				    "config.fill_ring_frames 109 frames\n"
				    "config.completion_ring_frames 110 frames\n"
				    "config.rx_id_limit 111 ids\n"
				    "config.take_mac_count 2 addresses\n"
				    "config.keep_count 2 rules\n"
				    "config.rx_checksum complete\n"
				    "config.rx_vlan yes\n"
				    "config.tx_checksum software\n"
				    "config.tx_segment_here no\n"
				    "config.busy_poll_us 112 us\n"
				    "config.busy_poll_budget 113 frames\n"
				    "config.napi_defer_hard_irqs 114 polls\n"
				    "config.gro_flush_timeout_ns 115 ns\n"
				    "config.tx_timer_us 116 us\n"
				    "config.release_timeout_ms 117 ms\n"
				    "config.take_mac[0].address 02:1a:2b:3c:4d:5e\n"
				    "config.take_mac[1].address fe:00:00:00:00:01\n"
				    "memory.umem_bytes 301 bytes\n"
				    "memory.sealed no\n"
				    "memory.region[0].guest_addr 302\n"
				    "memory.region[0].bytes 303 bytes\n"
				    "memory.region[0].umem_offset 304 bytes\n"
				    "memory.region[0].page_bytes 305 bytes\n"
				    "memory.region[1].guest_addr 306\n"
				    "memory.region[1].bytes 307 bytes\n"
				    "memory.region[1].umem_offset 308 bytes\n"
				    "memory.region[1].page_bytes 309 bytes\n"
				    "program.native no\n"
				    "program.dispatcher no\n"
				    "program.vlan_state \n"
				    "program.rung[0].asked native\n"
				    "program.rung[0].error -95\n"
				    "program.rung[0].sentence why not\n"
				    "program.redirected unknown\n"
				    "program.passed unknown\n"
				    "program.kept unknown\n"
				    "program.dropped_too_long unknown\n"
				    "program.kept_by_rule unknown\n"
				    "program.keep_state arp,udp:53: these frames\n"
				    "program.keep[0].rule arp\n"
				    "program.keep[0].kept unknown\n"
				    "program.keep[1].rule udp:53\n"
				    "program.keep[1].kept unknown\n"
				    "steer_state steered\n"
				    "queues_alive 3 queues\n"
				    "link_up yes\n";

Test(inspect_xdp, endpoint_tells_each_fact_under_its_name)
{
	struct notes n;

	fill_endpoint();
	n = ask_endpoint();
	expect(&n, endpoint_told);
}

/* Each flag as it was not, and what is not known. */
Test(inspect_xdp, endpoint_tells_flags_of_its_own_and_what_nobody_knows)
{
	static const char *const lines[] = {
		"device.xdp_features unknown\n",
		"device.xsk_features unknown\n",
		"device.dma_per_page no\n",
		"device.offloads unknown\n",
		"config.unaligned no\n",
		"config.memory_as_is yes\n",
		"config.sealed no\n",
		"config.keep_umem yes\n",
		"config.rx_vlan no\n",
		"config.tx_segment_here yes\n",
		"memory.sealed yes\n",
		"program.native yes\n",
		"program.dispatcher yes\n",
		"program.keep_state \n",
		"link_up no\n",
	};
	struct net_xdp_config *c = &ep.config;
	struct net_xdp_device *d = &ep.attached.device;
	struct notes n;

	fill_endpoint();
	d->has_features = d->has_offloads = d->dma_per_page = false;
	c->unaligned = c->sealed = c->rx_vlan = false;
	c->memory_as_is = c->keep_umem = c->tx_segment_here = true;
	c->keep_count = 0;
	ep.memory.sealed = ep.attached.program.native = true;
	ep.attached.program.dispatched = (void *)&ep;
	ep.link_up = false;
	n = ask_endpoint();
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		cr_assert(strstr(n.text, lines[i]), "not told: %s", lines[i]);
	cr_assert_not(strstr(n.text, "program.keep["));
}

/* ---- A queue -------------------------------------------------------------------------------------- */

static const char queue_told[] = "interface eth7\n"
				 "hardware_queue 501\n"
				 "zero_copy no\n"
				 "multi_buffer no\n"
				 "unaligned yes\n"
				 "rx_merge yes\n"
				 "chunk_bytes 2048 bytes\n"
				 "direct_capacity_bytes 1518 bytes\n"
				 "tx_budget_frames 503 frames\n"
				 "max_tx_descriptors 18 descriptors\n"
				 "takes_frames yes\n"
				 "frames_state taken\n"
				 "rx_checksum_state \n"
				 "tx_checksum_state software: the payload is\n"
				 "tx_segmentation_state payload copied up to 204\n"
				 "tx_vlan_state payload copied up to 204\n"
				 "busy_poll yes\n"
				 "napi_id 502\n"
				 "napi_state deferred\n"
				 "target_cpu 0\n"
				 "target_state \n"
				 "rung[0].asked zero-copy\n"
				 "rung[0].error -95\n"
				 "rung[0].sentence why not\n"
				 "last_error \n"
				 "rings.fill.entries 2048 entries\n"
				 "rings.fill.level 7 entries\n"
				 "rings.fill.need_wakeup no\n"
				 "rings.rx.entries 2048 entries\n"
				 "rings.rx.level 3 entries\n"
				 "rings.tx.entries 2048 entries\n"
				 "rings.tx.level 2 entries\n"
				 "rings.tx.need_wakeup yes\n"
				 "rings.completion.entries 2048 entries\n"
				 "rings.completion.level 5 entries\n"
				 "ids.rx_kernel 505 ids\n"
				 "ids.rx_pending 506 ids\n"
				 "ids.rx_waiting 507 ids\n"
				 "ids.rx_private_chunks 508 chunks\n"
				 "ids.tx_descriptors 512 descriptors\n"
				 "ids.tx_done 513 ids\n";

static struct fake_kernel k;
static struct frontend f;
static struct net_xdp_queue q; /* k's, which stays as it is */

static void open_queue(void)
{
	char *name = k.endpoint.attached.device.ifname;

	frontend_open(&f, 16 << 20, 64);
	fake_open(&k, net_xdp_config_default(), &f, 0xfffffff0);
	snprintf(name, sizeof(k.endpoint.attached.device.ifname), "eth7");
	q = k.queue;
	q.base.ops = &queue_ops;
}

static struct notes ask_queue(void)
{
	struct notes n = {.base.ops = &ops};
	char *counters;

	queue_inspect(&q.base, &n.base);
	cr_assert_str_empty(n.path);
	counters = strstr(n.text, "counters.");
	cr_assert(counters && strstr(counters, "rx_frames unknown\n"), "there is no socket to ask");
	*counters = '\0';
	fake_close(&k);
	frontend_close(&f);
	return n;
}

Test(inspect_xdp, queue_tells_each_fact_under_its_name)
{
	struct notes n;

	open_queue();
	q.hardware_queue = 501;
	q.napi_id = 502;
	q.xsk.busy_poll = true;
	q.xsk.tx_budget_frames = 503;
	q.rx_merge = true;
	snprintf(q.napi.state, sizeof(q.napi.state), "deferred");
	q.xsk.rung[0] =
		(struct net_xdp_rung){.asked = "zero-copy", .error = -95, .sentence = "why not"};
	q.xsk.rung_count = 1;
	q.rx_ids.fifo.count = 504;
	q.rx_ids.strays = 1;
	q.pending.count = 506;
	q.waiting.count = 507;
	q.rx_private_out = 508;
	q.tx_inflight.head = 0xfffffffe;
	q.tx_inflight.tail = 508;
	q.tx_inflight.strays = 2;
	q.done_head = 0xffffffff;
	q.done_tail = 512;
	k.fill.producer += 7;
	k.completion.producer += 5;
	k.rx.producer += 3;
	k.tx.producer += 2;
	k.tx.flags = XDP_RING_NEED_WAKEUP;
	n = ask_queue();
	expect(&n, queue_told);
}

/* Each flag as it was not; and a ring of which one word is older than the other is told as empty. */
Test(inspect_xdp, queue_tells_flags_of_its_own)
{
	static const char *const lines[] = {
		"zero_copy yes\n",
		"multi_buffer yes\n",
		"unaligned no\n",
		"rx_merge no\n",
		"takes_frames no\n",
		"busy_poll no\n",
		"rings.rx.level 0 entries\n",
		"rings.fill.need_wakeup yes\n",
		"rings.tx.need_wakeup no\n",
	};
	struct notes n;

	open_queue();
	q.zero_copy = q.jumbo = q.outside = true;
	q.unaligned = false;
	k.rx.producer -= 1;
	k.fill.flags = XDP_RING_NEED_WAKEUP;
	n = ask_queue();
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		cr_assert(strstr(n.text, lines[i]), "not told: %s", lines[i]);
}
