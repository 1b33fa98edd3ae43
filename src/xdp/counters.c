// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>

#include "base/grow.h"
#include "net_xdp.h"

static const struct net_xdp_counter_info counters[NET_XDP_COUNTERS] = {
#define COUNTER(symbol, class_of, unit_of, name_of, meaning_of)                                    \
	[NET_XDP_##symbol] = {name_of, meaning_of, unit_of, NET_CLASS_##class_of},
	NET_XDP_COUNTERS_LIST(COUNTER)
#undef COUNTER
};

int net_xdp_counter_info_sized(uint32_t counter, struct net_xdp_counter_info *out,
			       size_t size_bytes)
{
	if (counter >= NET_XDP_COUNTERS)
		return -ENOENT;
	grow_out(out, size_bytes, &counters[counter], sizeof(counters[counter]));
	return 0;
}

const char *net_xdp_counter_name(uint32_t counter)
{
	return counter < NET_XDP_COUNTERS ? counters[counter].name : NULL;
}

const char *net_xdp_counter_meaning(uint32_t counter)
{
	return counter < NET_XDP_COUNTERS ? counters[counter].meaning : NULL;
}
