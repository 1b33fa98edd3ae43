// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/wrapped.h"

static const char *kind(void)
{
	const char *value = getenv("NET_XDP_TEST_WRAP");

	return value ? value : "";
}

static struct net_endpoint *captured(struct net_endpoint *inner, bool on)
{
	struct net_capture_config config = net_capture_config_default();
	struct net_endpoint *out;
	struct net_error err;

	cr_assert(net_capture_open(inner, &out, &err) == 0, "%s", err.message);
	config.path = "/dev/null";
	config.buffer_bytes = 65536;
	if (on)
		cr_assert(net_capture_start(out, &config, &err) == 0, "%s", err.message);
	return out;
}

static struct net_endpoint *disconnectable(struct net_endpoint *inner)
{
	struct net_endpoint_facts facts;
	struct net_endpoint *out;
	struct net_error err;

	net_endpoint_facts(inner, &facts);
	cr_assert(net_disconnectable_open(&facts, &out, &err) == 0, "%s", err.message);
	cr_assert(net_disconnectable_connect(out, inner, &err) == 0, "%s", err.message);
	return out;
}

struct net_endpoint *wrapped(struct net_endpoint *inner)
{
	if (strcmp(kind(), "capture") == 0 || strcmp(kind(), "capture-off") == 0)
		return captured(inner, kind()[7] == '\0');
	if (strcmp(kind(), "disconnectable") == 0)
		return disconnectable(inner);
	if (strcmp(kind(), "both") == 0)
		return captured(disconnectable(inner), true);
	cr_assert(*kind() == '\0', "NET_XDP_TEST_WRAP: no wrapper '%s'", kind());
	return inner;
}

struct net_queue *wrapped_inner(struct net_queue *q)
{
	for (struct net_queue *in; (in = net_queue_inner(q));)
		q = in;
	return q;
}

struct net_endpoint *wrapped_inner_endpoint(struct net_endpoint *ep)
{
	for (struct net_endpoint *in; (in = net_endpoint_inner(ep));)
		ep = in;
	return ep;
}
