// SPDX-License-Identifier: BSD-2-Clause
/* What the host keeps by rules, on each program and attachment: its frames are with it, all others with us. */
#include <string.h>

#include "net_inspect.h"
#include "support/conformance.h"
#include "support/rx_rig.h"

TestSuite(keep, .timeout = CASE_TIMEOUT_SECONDS);

enum { TCP = 6, UDP = 17, ICMPV6 = 58, PAYLOAD = 100, NOBODY = UINT32_MAX };

static const struct net_xdp_keep_rule rules[] = {
	{NET_XDP_KEEP_ETHERTYPE, 0x0806, 0x0806, 0},
	{NET_XDP_KEEP_ICMPV6, 133, 137, 0},
	{NET_XDP_KEEP_TCP_PORT, 22, 22, 0},
	{NET_XDP_KEEP_UDP_PORT, 67, 68, 0},
};
enum { RULES = sizeof(rules) / sizeof(rules[0]) };

/* A frame, and the rule that it meets. */
static const struct {
	struct frame_spec spec;
	uint16_t ethertype; /* 0: as the specification says */
	uint8_t icmp_type;
	uint32_t rule;
} shapes[] = {
	{{.ip_version = 4, .protocol = UDP}, 0x0806, 0, 0},
	{{.ip_version = 4, .protocol = UDP}, 0x88b5, 0, NOBODY},
	{{.ip_version = 6, .protocol = ICMPV6}, 0, 135, 1},
	{{.ip_version = 6, .protocol = ICMPV6, .ip_options_bytes = 1}, 0, 135, 1},
	{{.ip_version = 6, .protocol = ICMPV6}, 0, 128, NOBODY},
	{{.ip_version = 4, .protocol = TCP, .destination_port = 22}, 0, 0, 2},
	{{.ip_version = 6, .protocol = TCP, .destination_port = 22}, 0, 0, 2},
	{{.ip_version = 4, .protocol = TCP, .destination_port = 22, .ip_options_bytes = 40},
	 0,
	 0,
	 2},
	{{.ip_version = 4, .protocol = TCP, .destination_port = 22, .vlan_count = 1, .vlans = {9}},
	 0,
	 0,
	 2},
	{{.ip_version = 4, .protocol = TCP, .destination_port = 23, .source_port = 22},
	 0,
	 0,
	 NOBODY},
	{{.ip_version = 4, .protocol = UDP, .destination_port = 67}, 0, 0, 3},
	{{.ip_version = 4, .protocol = UDP, .destination_port = 22}, 0, 0, NOBODY},
};

static void build(struct frame *f, uint32_t n)
{
	const uint32_t i = n % (sizeof(shapes) / sizeof(shapes[0]));
	struct frame_spec spec = shapes[i].spec;

	spec.seed = n;
	spec.payload_bytes = PAYLOAD + n;
	frame_build(f, &spec);
	if (shapes[i].ethertype)
		frame_write16(f->bytes, 12, shapes[i].ethertype);
	if (shapes[i].icmp_type)
		f->bytes[f->l2_len + f->l3_len] = shapes[i].icmp_type;
}

/* What inspect tells of each rule. */
struct told {
	struct net_inspector base;
	int rule; /* whose group is open, -1 none */
	uint64_t kept[NET_XDP_KEEP_RULES];
};

static void told_enter(struct net_inspector *to, const char *name, int index)
{
	((struct told *)to)->rule = strcmp(name, "keep") ? -1 : index;
}

static void told_leave(struct net_inspector *to)
{
	((struct told *)to)->rule = -1;
}

static void told_field(struct net_inspector *to, const struct net_field *f)
{
	struct told *t = (struct told *)to;

	if (t->rule >= 0 && !strcmp(f->name, "kept"))
		t->kept[t->rule] = f->number;
}

static void expect_told(struct rx_rig *r, const uint64_t *by_rule)
{
	static const struct net_inspector_ops ops = {.size_bytes = sizeof(ops),
						     .enter = told_enter,
						     .leave = told_leave,
						     .field = told_field};
	struct told told = {.base.ops = &ops, .rule = -1};

	net_endpoint_inspect(r->x.ep, &told.base);
	for (uint32_t i = 0; i < RULES; i++)
		cr_assert_eq(told.kept[i], by_rule[i], "rule %u: %lu are told", i, told.kept[i]);
}

static void kept(struct rx_rig *r)
{
	const uint32_t count = 4 * sizeof(shapes) / sizeof(shapes[0]);
	struct net_xdp_program_stats stats;
	uint64_t by_rule[RULES] = {0};
	struct peer host;
	struct frame f;
	uint32_t id, rule, all = 0;

	peer_open(&host, "v0");
	memcpy(r->x.config.keep, rules, sizeof(rules));
	r->x.config.keep_count = RULES;
	rx_rig_start(r, 1, 128);
	for (uint32_t n = 0; n < count; n++) {
		build(&f, n);
		rule = shapes[n % (sizeof(shapes) / sizeof(shapes[0]))].rule;
		peer_send(&r->peer, f.bytes, f.len);
		if (rule != NOBODY) {
			by_rule[rule]++;
			all++;
			peer_expect(&host, f.bytes, f.len, RX_RIG_DEADLINE_MS);
			continue;
		}
		rx_rig_receive(r, 0, &id, 1);
		frontend_expect_frame(&r->x.f, id, f.bytes, f.len);
	}
	peer_expect_silence(&host, 20);
	rx_rig_balance(r, count);
	stats = rx_rig_program(r);
	cr_assert(stats.kept_by_rule == all && stats.kept == 0 && all > count / 2);
	for (uint32_t i = 0; i < NET_XDP_KEEP_RULES; i++)
		cr_assert(stats.kept_by[i] == (i < RULES ? by_rule[i] : 0), "rule %u kept %llu", i,
			  (unsigned long long)stats.kept_by[i]);
	expect_told(r, by_rule);
	peer_close(&host);
	rx_rig_close(r);
}

Test(keep, rules_keep_their_frames_and_no_others_native)
{
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	r.x.config.attach = NET_XDP_ATTACH_NATIVE;
	kept(&r);
}

Test(keep, rules_keep_their_frames_and_no_others_generic)
{
	struct rx_rig r;

	NEEDS_VETH("generic attach");
	rx_rig_prepare(&r, 1, 1500);
	r.x.config.attach = NET_XDP_ATTACH_GENERIC;
	kept(&r);
}

Test(keep, rules_keep_their_frames_and_no_others_jumbo)
{
	struct rx_rig r;

	NEEDS_VETH("several buffers per frame");
	rx_rig_prepare(&r, 1, 1500);
	r.x.config.attach = NET_XDP_ATTACH_NATIVE;
	r.x.config.max_frame_bytes = 9018;
	kept(&r);
}

/* That program has an object of its own. */
Test(keep, rules_keep_their_frames_and_no_others_with_tags_reported)
{
	struct rx_rig r;

	NEEDS_VETH("a driver that reports tags");
	rx_rig_prepare(&r, 1, 1500);
	r.x.config.attach = NET_XDP_ATTACH_NATIVE;
	r.x.config.rx_vlan = true;
	kept(&r);
}
