// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/wrapped.h"
#include "wrap/capture.h"
#include "wrap/disconnect.h"

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
	while (q) {
		if (q->ops == &capture_queue_ops)
			q = ((struct capture_queue *)q)->inner;
		else if (q->ops == &disconnect_queue_ops)
			q = ((struct disconnect_queue *)q)->inner;
		else
			break;
	}
	return q;
}

struct net_endpoint *wrapped_inner_endpoint(struct net_endpoint *ep)
{
	while (ep) {
		if (ep->ops == &capture_endpoint_ops)
			ep = ((struct capture *)ep)->inner;
		else if (ep->ops == &disconnect_endpoint_ops)
			ep = ((struct disconnect *)ep)->inner;
		else
			break;
	}
	return ep;
}
