// SPDX-License-Identifier: BSD-2-Clause
#include "net_xdp.h"

static const struct {
	const char *name, *meaning;
} counters[NET_XDP_COUNTERS] = {
#define COUNTER(symbol, n, m) [NET_XDP_##symbol] = {n, m},
	NET_XDP_COUNTERS_LIST(COUNTER)
#undef COUNTER
};

const char *net_xdp_counter_name(enum net_xdp_counter counter)
{
	return (unsigned)counter < NET_XDP_COUNTERS ? counters[counter].name : NULL;
}

const char *net_xdp_counter_meaning(enum net_xdp_counter counter)
{
	return (unsigned)counter < NET_XDP_COUNTERS ? counters[counter].meaning : NULL;
}
