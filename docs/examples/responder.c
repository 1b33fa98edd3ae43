// SPDX-License-Identifier: BSD-2-Clause
/*
 * Answer ARP and ping for one address: responder INTERFACE ADDRESS
 *
 * An answer is made in the buffer that the question came in, and sent from there: no byte is copied. The
 * buffer is posted again when its packet has come back from tx_poll. Ends on SIGINT or SIGTERM.
 */
#include <arpa/inet.h>
#include <net_slots.h>
#include <net_xdp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { SLOTS = 256, BATCH = 64 };

static const uint8_t our_mac[6] = {0x02, 0, 0, 0, 0, 0x77};
static uint8_t our_ip[4];
static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* Turn an ARP request for us into its answer (RFC 826). */
static bool answer_arp(uint8_t *f, uint32_t len)
{
	if (len < 42 || memcmp(f + 12, "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01", 10) != 0 ||
	    memcmp(f + 38, our_ip, 4) != 0)
		return false;
	f[21] = 2;
	memcpy(f + 32, f + 22, 10); /* the sender becomes the target */
	memcpy(f + 22, our_mac, 6);
	memcpy(f + 28, our_ip, 4);
	memcpy(f, f + 6, 6);
	memcpy(f + 6, our_mac, 6);
	return true;
}

/* Turn an echo request for us into its answer (RFC 792): a type changes from 8 to 0, and its checksum by
 * as much (RFC 1624). */
static bool answer_ping(uint8_t *f, uint32_t len)
{
	uint8_t ip[4];
	uint32_t sum;

	if (len < 42 || memcmp(f + 12, "\x08\x00\x45", 3) != 0 || f[23] != 1 || f[34] != 8 ||
	    memcmp(f + 30, our_ip, 4) != 0)
		return false;
	memcpy(ip, f + 26, 4);
	memcpy(f + 26, f + 30, 4);
	memcpy(f + 30, ip, 4);
	memcpy(f, f + 6, 6);
	memcpy(f + 6, our_mac, 6);
	f[34] = 0;
	sum = (uint32_t)(f[36] << 8 | f[37]) + 0x0800;
	sum = (sum & 0xffff) + (sum >> 16);
	f[36] = (uint8_t)(sum >> 8);
	f[37] = (uint8_t)sum;
	return true;
}

/* One pass: answer what came, give back what was sent or is of no use. Return: 0 or what ended the queue. */
static int serve(struct net_queue *q, struct net_slots *slots)
{
	struct net_buffer_access *pool = net_slots_pool(slots);
	struct net_tx_segment list[BATCH];
	struct net_tx_metadata packet[BATCH];
	uint32_t ids[BATCH], back[BATCH], answers = 0, done = 0;
	bool sync;
	int n = net_queue_rx_poll(q, pool, ids, BATCH);

	for (int i = 0; i < n; i++) {
		const struct net_rx_metadata *m = net_slots_metadata(slots, ids[i]);
		uint8_t *frame = net_slots_frame(slots, ids[i]) + m->offset_bytes;

		if (!answer_arp(frame, m->len_bytes) && !answer_ping(frame, m->len_bytes)) {
			back[done++] = ids[i];
			continue;
		}
		packet[answers] = (struct net_tx_metadata){
			.id = ids[i], .len_bytes = m->len_bytes, .segment_count = 1};
		list[answers] = (struct net_tx_segment){.addr = net_slots_addr(slots, ids[i]) +
								m->offset_bytes,
							.len_bytes = m->len_bytes,
							.head = &packet[answers]};
		answers++;
	}
	n = net_queue_tx_avail(q, pool, list, answers, &sync);
	/* A full ring: these questions stay unanswered, as on any busy network. */
	for (uint32_t i = n > 0 ? (uint32_t)n : 0; i < answers; i++)
		back[done++] = packet[i].id;
	net_queue_rx_avail(q, pool, back, done);
	n = net_queue_tx_poll(q, pool, ids, BATCH);
	if (n > 0)
		net_queue_rx_avail(q, pool, ids, (uint32_t)n);
	return n < 0 ? n : 0;
}

int main(int argc, char **argv)
{
	struct net_xdp_config config = net_xdp_config_default();
	struct net_endpoint *endpoint;
	struct net_xdp_region region;
	struct net_queue_config queue;
	struct net_slots *slots;
	struct net_error error;
	struct net_queue *q;
	int rc = 0;

	if (argc != 3 || inet_pton(AF_INET, argv[2], our_ip) != 1)
		return fprintf(stderr, "usage: responder INTERFACE ADDRESS\n"), 2;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	if (net_slots_open(SLOTS, 2048, 0, &slots, &error))
		goto fail;
	region = (struct net_xdp_region){.size_bytes = net_slots_bytes(slots),
					 .fd = net_slots_fd(slots)};
	queue = (struct net_queue_config){.pool = net_slots_pool(slots),
					  .initial_rx = net_slots_ids(slots),
					  .initial_rx_count = SLOTS};
	config.ifname = argv[1];
	config.regions = &region;
	config.region_count = 1;
	if (net_xdp_open(&config, &endpoint, &error) ||
	    net_endpoint_get_queues(endpoint, &queue, 1, NULL, &q, &error))
		goto fail;
	while (!stop && !rc)
		if (net_queue_wait(q, net_slots_pool(slots), 100000000) == 1)
			rc = serve(q, slots);
	if (rc)
		fprintf(stderr, "responder: %s\n", net_queue_error(q));
	if (net_queue_destroy(q, &error) || net_endpoint_destroy(endpoint, &error))
		goto fail;
	net_slots_close(slots);
	return rc != 0;

fail:
	fprintf(stderr, "responder: %s: %s\n", error.step, error.message);
	return 1;
}
