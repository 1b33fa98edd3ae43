// SPDX-License-Identifier: BSD-2-Clause
/* An embedder's first program: which library is this, and an endpoint that needs no interface. */
#include <net_xdp.h>
#include <stdio.h>

int main(void)
{
	struct net_endpoint *endpoint;
	struct net_error error;

	if (net_null_open(&endpoint, &error))
		return 1;
	printf("net_xdp %s\n", net_xdp_version());
	return net_endpoint_destroy(endpoint, &error) != 0;
}
