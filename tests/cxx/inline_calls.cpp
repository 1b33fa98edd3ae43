// SPDX-License-Identifier: BSD-2-Clause
// Each inline function of the headers used from C++: an inline body is compiled only where it is called.
#include <net_backend.h>
#include <net_xdp.h>

static_assert(NET_XDP_COUNTERS > 0, "the enumeration of the counters");

uint16_t tag_and_back(uint16_t tci)
{
	return net_vlan_tci(net_vlan_from_tci(tci));
}

int drive(net_queue *q, net_buffer_access *pool, uint32_t *ids, net_tx_segment *segments)
{
	struct net_queue_stats stats; // as stat(2): the function has the same name
	bool sync;

	net_queue_rx_avail(q, pool, ids, 1);
	net_queue_rx_poll(q, pool, ids, 1);
	net_queue_tx_avail(q, pool, segments, 1, &sync);
	net_queue_tx_poll(q, pool, ids, 1);
	net_queue_update_target_vp(q, 0);
	net_queue_stats(q, &stats);
	return net_queue_poll_ready(q, pool) ? net_queue_ready_fd(q) : net_queue_wait(q, pool, 0);
}

int live(const net_xdp_config *config)
{
	net_xdp_config own = net_xdp_config_default();
	struct net_endpoint_facts facts;
	net_queue_config queue = {};
	net_endpoint *endpoint;
	net_action action;
	net_error error;
	net_queue *q;

	if (net_xdp_open(config ? config : &own, &endpoint, &error))
		return error.code;
	net_endpoint_facts(endpoint, &facts);
	if (net_endpoint_get_queues(endpoint, &queue, 1, nullptr, &q, &error) == 0)
		net_queue_destroy(q, &error);
	net_endpoint_poll_action(endpoint, &action);
	net_endpoint_action_fd(endpoint);
	net_endpoint_stop(endpoint);
	return net_endpoint_destroy(endpoint, &error);
}

net_xdp_outcome look(const char *ifname)
{
	net_xdp_config config = net_xdp_config_default();
	net_xdp_prediction prediction;
	net_xdp_chunk_limits limits;
	net_xdp_device_queue queue;
	net_xdp_device device;
	net_error error;

	if (net_xdp_device_query(ifname, &device, &error) ||
	    net_xdp_device_queue_query(ifname, 0, &queue, &error) ||
	    net_xdp_device_queue_restore(ifname, 0, &queue, &error) < 0 ||
	    net_xdp_get_chunk_limits(config.chunk_bytes, &limits) ||
	    net_xdp_predict(&device, &config, &prediction))
		return NET_XDP_OUTCOME_FAILS;
	return prediction.outcome;
}
