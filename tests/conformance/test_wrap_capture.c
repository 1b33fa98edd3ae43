// SPDX-License-Identifier: BSD-2-Clause
/* Case 73 on real packets: a capture around an AF_XDP endpoint. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/conformance.h"
#include "support/frame.h"
#include "support/pcapng_reader.h"
#include "support/scratch.h"
#include "support/wrap_rig.h"

enum { BATCH = 64, BUFFERS = 256 };

/* A reader of others finds as many packets. The lab's guest has none. */
static void expect_readable(const char *path, uint32_t packets)
{
	char command[200];
	uint32_t n = 0;
	FILE *out;

	if (!fixture_is_veth())
		return;
	snprintf(command, sizeof(command), "tshark -n -r %s 2>/dev/null | wc -l", path);
	out = popen(command, "r");
	cr_assert(out && fscanf(out, "%u", &n) == 1 && n == packets, "%s: %u of %u packets",
		  command, n, packets);
	pclose(out);
}

// 73: capture: every frame of both directions in the file
CASE(73, capture_every_frame_of_both_directions_is_in_the_file)
{
	const uint32_t queues = fixture_queues(2);
	struct net_capture_config config = net_capture_config_default();
	uint32_t in = 0, out[4] = {0};
	char path[64], why[FRAME_WHY_BYTES];
	struct read_file f;
	struct rig r;

	scratch_path(path, sizeof(path), "wrap.pcapng");
	config.path = path;
	config.interface = "v0";
	wrap_rig_capture(&r, queues);
	frontend_xdp_start(&r.x, queues, BUFFERS);
	traffic_both_ways(&r.x, &r.peer); /* before it is on: not in the file */
	cr_assert_eq(net_capture_start(r.x.ep, &config, &r.x.err), 0, "%s", r.x.err.message);
	traffic_receive(&r.x, &r.peer, 200);
	for (uint32_t q = 0; q < queues; q++)
		traffic_send(&r.x, &r.peer, q, 50);
	cr_assert_eq(net_capture_stop(r.x.ep), 0);
	traffic_both_ways(&r.x, &r.peer);
	read_file(&f, path);
	cr_assert_str_eq(f.interface, "v0");
	for (uint32_t i = 0; i < f.packet_count; i++) {
		const struct read_packet *p = &f.packets[i];
		uint32_t number, len;
		uint8_t want[FRAME_MAX_BYTES];

		cr_assert(p->captured_bytes == p->original_bytes && p->queue < queues);
		number = p->inbound ? in++ : out[p->queue]++;
		if (p->inbound && queues > 1) /* queues deliver beside each other */
			memcpy(&number, p->bytes + 14, sizeof(number));
		len = traffic_numbered(want, number);
		cr_assert(frame_equal(p->bytes, p->captured_bytes, want, len, why), "%s", why);
	}
	cr_assert(in == 200 && f.packet_count == 200 + 50 * queues, "%u and %u in all", in,
		  f.packet_count);
	cr_assert(f.is_ended && f.dropped == 0 && f.received == f.packet_count);
	expect_readable(path, f.packet_count);
	read_free(&f);
	unlink(path);
	rig_close(&r);
}

/* One round of a frontend that sends back what it receives. Return: frames that passed, both ways. */
static uint64_t forward(struct rig *r, struct net_queue *q)
{
	struct net_tx_segment segments[BATCH];
	struct net_tx_metadata packets[BATCH];
	uint32_t ids[BATCH], done[BATCH];
	int n = net_queue_rx_poll(q, &r->x.f.pool, ids, BATCH), sent;
	bool sync = false;

	cr_assert(n >= 0);
	for (int i = 0; i < n; i++) {
		r->x.f.ids[ids[i]].delivered = false;
		packets[i] = (struct net_tx_metadata){
			.id = ids[i],
			.segment_count = 1,
			.len_bytes = frontend_metadata(&r->x.f, ids[i])->len_bytes,
		};
		segments[i] = (struct net_tx_segment){
			.addr = frontend_frame_addr(&r->x.f, ids[i]),
			.len_bytes = packets[i].len_bytes,
			.head = &packets[i],
		};
	}
	sent = net_queue_tx_avail(q, &r->x.f.pool, segments, (uint32_t)n, &sync);
	cr_assert(sent >= 0 && !sync);
	if (sent < n)
		frontend_post_ids(&r->x.f, q, ids + sent, (uint32_t)(n - sent));
	for (int m; (m = net_queue_tx_poll(q, &r->x.f.pool, done, BATCH)) > 0;)
		frontend_post_ids(&r->x.f, q, done, (uint32_t)m);
	return (uint64_t)n + (uint64_t)sent;
}

// 73: or counted as not captured; on and off under load
CASE(73, capture_on_and_off_under_a_flood_has_or_counts_each_frame)
{
	enum { LOAD = 1000 }; /* frames */
	const int64_t deadline = frontend_now_ms() + 20000;
	struct net_capture_config config = net_capture_config_default();
	struct net_capture_stats stats;
	uint64_t passed, all = 0, dropped;
	struct read_file f;
	struct flood flood;
	char path[64];
	struct rig r;

	scratch_path(path, sizeof(path), "wrap.pcapng");
	config.path = path;
	wrap_rig_capture(&r, 1);
	frontend_xdp_start(&r.x, 1, BUFFERS);
	flood_start(&flood, "v1");
	/* 30 rounds, and more where the flood is slow to start (an emulated machine). */
	for (int round = 0; round < 30 || (all <= LOAD && frontend_now_ms() < deadline); round++) {
		/* Every other one with a buffer that such a flood fills. */
		config.buffer_bytes = round % 2 ? 65536 : 4 << 20;
		cr_assert_eq(net_capture_start(r.x.ep, &config, &r.x.err), 0);
		passed = 0;
		for (int i = 0; i < 200; i++)
			passed += forward(&r, r.x.queues[0]);
		cr_assert_eq(net_capture_stop(r.x.ep), 0);
		for (int i = 0; i < 20; i++)
			forward(&r, r.x.queues[0]);
		net_capture_get_stats(r.x.ep, &stats);
		cr_assert_eq(stats.frames + stats.missed, passed, "round %d: %llu + %llu of %llu",
			     round, (unsigned long long)stats.frames,
			     (unsigned long long)stats.missed, (unsigned long long)passed);
		read_file(&f, path);
		dropped = 0;
		for (uint32_t i = 0; i < f.packet_count; i++)
			dropped += f.packets[i].dropped;
		cr_assert(f.packet_count == stats.frames && f.received == passed);
		cr_assert(f.dropped == stats.missed && dropped <= stats.missed);
		read_free(&f);
		all += passed;
	}
	flood_stop(&flood);
	cr_assert(all > LOAD, "%llu frames are no load", (unsigned long long)all);
	unlink(path);
	rig_close(&r);
}
