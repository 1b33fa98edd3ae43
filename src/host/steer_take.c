// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "host/steer_plan.h"

#define REJECT(broken, ...)                                                                        \
	do {                                                                                       \
		if (broken)                                                                        \
			return error_set(err, -EINVAL, "steer", __VA_ARGS__);                      \
	} while (0)

static int check_rule(const struct net_xdp_steer_rule *r, uint32_t i, struct net_error *err)
{
	static const uint8_t none[6];

	REJECT(r->match > NET_XDP_STEER_TCP6, "rule %u: match %d is none of this version's", i,
	       (int)r->match);
	REJECT(r->match == NET_XDP_STEER_MAC && memcmp(r->mac, none, 6) == 0,
	       "rule %u: the MAC is all zeros", i);
	REJECT(r->match == NET_XDP_STEER_VLAN && r->number > 4094,
	       "rule %u: VLAN id %u: must be 0 to 4094", i, r->number);
	REJECT(r->match > NET_XDP_STEER_VLAN && !r->number, "rule %u: port 0 is nobody's", i);
	return 0;
}

static int check(const struct net_xdp_steer *s, struct net_error *err)
{
	uint64_t shares = 0;
	int rc = 0;

	REJECT(s->channels && (s->rx_channels || s->tx_channels),
	       "channels %u with rx_channels %u, tx_channels %u: set channels, or the other two",
	       s->channels, s->rx_channels, s->tx_channels);
	REJECT(s->weight_count > NET_XDP_STEER_QUEUES, "weight_count %u: must be at most %d",
	       s->weight_count, NET_XDP_STEER_QUEUES);
	for (uint32_t i = 0; i < s->weight_count; i++) {
		REJECT(s->weights[i] > 1000, "weight %u of queue %u: must be at most 1000",
		       s->weights[i], i);
		shares += s->weights[i];
	}
	REJECT(s->weight_count && !shares, "the weights are all 0: one queue must take frames");
	REJECT(s->rule_count > NET_XDP_STEER_RULES, "rule_count %u: must be at most %d",
	       s->rule_count, NET_XDP_STEER_RULES);
	REJECT(s->group_count > NET_XDP_STEER_GROUPS, "group_count %u: must be at most %d",
	       s->group_count, NET_XDP_STEER_GROUPS);
	for (uint32_t i = 0; i < s->group_count; i++)
		REJECT(!(s->groups[i][0] & 1),
		       "group %u: its first byte %02x is odd in a multicast MAC", i,
		       s->groups[i][0]);
	for (uint32_t i = 0; !rc && i < s->rule_count; i++)
		rc = check_rule(&s->rules[i], i, err);
	return rc;
}

int steer_take(struct net_xdp_steer *own, const struct net_xdp_steer *steer, struct net_error *err)
{
	const uint8_t *bytes = (const uint8_t *)steer;
	size_t size = steer ? steer->size_bytes : 0;

	REJECT(size < sizeof(steer->size_bytes),
	       "size_bytes %zu: start from net_xdp_steer_default()", size);
	for (size_t i = sizeof(*own); i < size; i++)
		REJECT(bytes[i],
		       "byte %zu of the plan is set, but this library knows %zu; load the "
		       "one that the program was built with",
		       i, sizeof(*own));
	memset(own, 0, sizeof(*own));
	memcpy(own, steer, size < sizeof(*own) ? size : sizeof(*own));
	own->size_bytes = sizeof(*own);
	return check(own, err);
}
