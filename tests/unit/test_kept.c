// SPDX-License-Identifier: BSD-2-Clause
/* Rules of keep: which are sound, and the words for them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "host/kept.h"

static struct net_xdp_config with(struct net_xdp_keep_rule rule)
{
	static const struct net_xdp_region region = {.size_bytes = 1 << 20, .fd = 3};
	struct net_xdp_config c = net_xdp_config_default();

	c.ifname = "eth7";
	c.regions = &region;
	c.region_count = 1;
	c.keep[0] = net_xdp_keep(NET_XDP_KEEP_ETHERTYPE, 0x0806, 0x0806);
	c.keep[1] = rule;
	c.keep_count = 2;
	return c;
}

Test(kept, each_kind_takes_all_numbers_of_its_field_and_no_more)
{
	for (uint16_t kind = NET_XDP_KEEP_ETHERTYPE; kind <= NET_XDP_KEEP_ICMPV6; kind++) {
		const bool byte = kind == NET_XDP_KEEP_PROTOCOL || kind == NET_XDP_KEEP_FRAGMENT ||
				  kind >= NET_XDP_KEEP_ICMP;
		struct net_xdp_config c = with((struct net_xdp_keep_rule){
			.kind = kind, .first = 0, .last = byte ? 255 : 65535});
		struct net_error err = {0};

		cr_assert_eq(net_xdp_config_check(&c, &err), 0, "kind %u: %s", kind, err.message);
		c.keep[1].last = 256;
		cr_assert_eq(net_xdp_config_check(&c, &err), byte ? -EINVAL : 0, "kind %u", kind);
	}
}

Test(kept, bad_rule_is_named_by_its_index)
{
	static const struct net_xdp_keep_rule rules[] = {
		{0, 1, 1, 0},
		{NET_XDP_KEEP_ICMPV6 + 1, 1, 1, 0},
		{UINT16_MAX, 1, 1, 0},
		{NET_XDP_KEEP_TCP_PORT, 23, 22, 0},
		{NET_XDP_KEEP_PROTOCOL, 0, 256, 0},
		{NET_XDP_KEEP_TCP_PORT, 22, 22, 1},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct net_xdp_config c = with(rules[i]);
		struct net_error err = {0};

		cr_expect_eq(net_xdp_config_check(&c, &err), -EINVAL, "row %zu", i);
		cr_expect_str_eq(err.step, "config");
		cr_expect(!strncmp(err.message, "keep[1]: ", 9), "row %zu: %s", i, err.message);
		c.keep_count = 1; /* what is behind the count is nobody's */
		cr_expect_eq(net_xdp_config_check(&c, &err), 0, "row %zu: %s", i, err.message);
	}
}

Test(kept, words)
{
	static const struct {
		struct net_xdp_keep_rule rule;
		const char *word;
	} rows[] = {
		{{NET_XDP_KEEP_ETHERTYPE, 0x0806, 0x0806, 0}, "arp"},
		{{NET_XDP_KEEP_ICMPV6, 133, 137, 0}, "nd"},
		{{NET_XDP_KEEP_ICMPV6, 133, 136, 0}, "icmpv6:133-136"},
		{{NET_XDP_KEEP_ICMPV6, 0, 255, 0}, "icmpv6"},
		{{NET_XDP_KEEP_ICMP, 0, 255, 0}, "icmp"},
		{{NET_XDP_KEEP_FRAGMENT, 0, 255, 0}, "frag"},
		{{NET_XDP_KEEP_FRAGMENT, 17, 17, 0}, "frag:17"},
		{{NET_XDP_KEEP_ETHERTYPE, 0x88cc, 0x88cc, 0}, "type:0x88cc"},
		{{NET_XDP_KEEP_ETHERTYPE, 0, 65535, 0}, "type:0x0000-0xffff"},
		{{NET_XDP_KEEP_PROTOCOL, 50, 51, 0}, "proto:50-51"},
		{{NET_XDP_KEEP_TCP_PORT, 22, 22, 0}, "tcp:22"},
		{{NET_XDP_KEEP_UDP_PORT, 67, 68, 0}, "udp:67-68"},
		{{NET_XDP_KEEP_TCP_SOURCE, 10000, 65535, 0}, "tcp-from:10000-65535"},
		{{NET_XDP_KEEP_UDP_SOURCE, 53, 53, 0}, "udp-from:53"},
	};
	char word[KEPT_WORD_BYTES];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kept_word(&rows[i].rule, word);
		cr_expect_str_eq(word, rows[i].word);
	}
}

/* Into each size: whole words, and dots where some are missing. */
Test(kept, list_of_words_is_cut_between_two)
{
	struct net_xdp_config c = with(net_xdp_keep(NET_XDP_KEEP_TCP_PORT, 22, 22));
	char text[64];

	c.keep[c.keep_count++] = net_xdp_keep(NET_XDP_KEEP_UDP_PORT, 67, 68);
	kept_words(&c, text, sizeof(text));
	cr_expect_str_eq(text, "arp,tcp:22,udp:67-68");
	kept_words(&c, text, sizeof("arp,tcp:22,udp:67-68"));
	cr_expect_str_eq(text, "arp,tcp:22,udp:67-68");
	kept_words(&c, text, sizeof("arp,tcp:22,udp:67-68") - 1);
	cr_expect_str_eq(text, "arp,tcp:22,...");
	kept_words(&c, text, sizeof("arp,tcp:22,...") - 1);
	cr_expect_str_eq(text, "arp,...");
	c.keep_count = 0;
	kept_words(&c, text, sizeof(text));
	cr_expect_str_eq(text, "");
}
