// SPDX-License-Identifier: BSD-2-Clause
/* Cases 61 and 72 to 74 on real packets: the wrappers around an AF_XDP endpoint. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/conformance.h"
#include "support/fields.h"
#include "support/frame.h"
#include "support/pcapng_reader.h"
#include "support/swapper.h"
#include "support/traffic.h"
#include "support/wrapped.h"

enum { BATCH = 64, BUFFERS = 256 };

/* The rig's endpoint in a wrapper, which is what x.ep is from now on. */
static void capture_rig(struct rig *r, uint32_t queues)
{
	rig_open(r, queues);
	cr_assert_eq(net_capture_open(r->x.ep, &r->x.ep, &r->x.err), 0);
}

static void disconnectable_rig(struct rig *r, uint32_t queues)
{
	struct net_endpoint *inner;
	struct net_endpoint_facts facts;

	rig_open(r, queues);
	inner = r->x.ep;
	net_endpoint_facts(inner, &facts);
	cr_assert_eq(net_disconnectable_open(&facts, &r->x.ep, &r->x.err), 0);
	cr_assert_eq(net_disconnectable_connect(r->x.ep, inner, &r->x.err), 0);
}

/* ---- 61 ------------------------------------------------------------------------------------ */

/* Queue i of the wrapper is hardware queue i, and its statistics are those of the queue inside. */
static void expect_wrapped(struct rig *r, uint32_t queues)
{
	struct net_queue_stats outer, inner;
	struct net_xdp_report report;
	struct net_endpoint_facts facts[2];
	uint8_t frame[100];
	uint32_t id;

	memset(facts, 0, sizeof(facts));
	net_endpoint_facts(r->x.ep, &facts[0]);
	net_endpoint_facts(wrapped_inner_endpoint(r->x.ep), &facts[1]);
	cr_assert_eq(memcmp(&facts[0], &facts[1], sizeof(facts[0])), 0);
	frontend_xdp_start(&r->x, queues, 64);
	for (uint32_t i = 0; i < queues; i++) {
		cr_assert_eq(net_xdp_queue_report(r->x.queues[i], &report), 0);
		cr_assert_eq(report.hardware_queue, i);
		peer_use_queue(&r->peer, i);
		for (uint32_t n = 0; n <= i; n++) {
			frame_plain(frame, sizeof(frame), n);
			peer_send(&r->peer, frame, sizeof(frame));
			cr_assert_eq(frontend_rx_wait(&r->x.f, r->x.queues[i], &id, 1, 5000), 1);
			frontend_expect_frame(&r->x.f, id, frame, sizeof(frame));
		}
		traffic_send(&r->x, &r->peer, i, 2 * i + 1);
	}
	for (uint32_t i = 0; i < queues; i++) {
		net_queue_stats(r->x.queues[i], &outer);
		net_queue_stats(wrapped_inner(r->x.queues[i]), &inner);
		cr_assert_eq(memcmp(&outer, &inner, sizeof(outer)), 0);
		cr_assert_eq(outer.rx_packets, i + 1);
		cr_assert_eq(outer.tx_packets, 2 * i + 1);
	}
}

// 61: wrapped queue i is inner queue i, stats forwarded
CASE(61, captured_queue_i_is_inner_queue_i)
{
	struct net_capture_config config = net_capture_config_default();
	struct net_capture_stats stats;
	struct rig r;

	config.path = "/dev/null";
	capture_rig(&r, fixture_queues(4));
	cr_assert_eq(net_capture_start(r.x.ep, &config, &r.x.err), 0);
	expect_wrapped(&r, fixture_queues(4));
	cr_assert_eq(net_capture_stop(r.x.ep), 0);
	net_capture_get_stats(r.x.ep, &stats);
	cr_assert(stats.frames > 0 && stats.missed == 0);
	rig_close(&r);
}

CASE(61, disconnectable_queue_i_is_inner_queue_i)
{
	struct rig r;

	disconnectable_rig(&r, fixture_queues(4));
	expect_wrapped(&r, fixture_queues(4));
	rig_close(&r);
}

/* ---- 72 ------------------------------------------------------------------------------------ */

/* Frames both ways while another thread inspects; then what it would read is what the counters say. */
static void expect_inspect(struct rig *r)
{
	struct net_queue_stats stats;
	struct fields_reader reader;
	uint64_t received;

	frontend_xdp_start(&r->x, 1, BUFFERS);
	fields_reader_start(&reader, r->x.ep, r->x.queues[0]);
	for (int i = 0; i < 40; i++)
		traffic_both_ways(&r->x, &r->peer);
	fields_reader_stop(&reader);
	net_queue_stats(r->x.queues[0], &stats);
	cr_assert_eq(stats.rx_packets, 40 * 20);
	cr_assert(fields_received(reader.q, &received) && received == stats.rx_packets);
	cr_assert_eq(fields_number(NULL, reader.q, "counters.tx_packets"), stats.tx_packets);
}

// 72: inspect agrees with counters and report, from another thread under load
CASE(72, captured_queue_tells_its_counters_and_the_captures)
{
	struct net_capture_config config = net_capture_config_default();
	struct net_capture_stats stats;
	struct rig r;

	config.path = "/dev/null";
	capture_rig(&r, 1);
	cr_assert_eq(fields_number(r.x.ep, NULL, "capture.on"), 0);
	cr_assert_eq(net_capture_start(r.x.ep, &config, &r.x.err), 0);
	expect_inspect(&r);
	cr_assert_eq(fields_number(r.x.ep, NULL, "capture.on"), 1);
	cr_assert_eq(fields_number(NULL, r.x.queues[0], "capture.on"), 1);
	cr_assert_eq(fields_number(NULL, r.x.queues[0], "capture.missed"), 0);
	cr_assert_eq(net_capture_stop(r.x.ep), 0);
	net_capture_get_stats(r.x.ep, &stats);
	cr_assert_eq(stats.frames, 40 * 25);
	cr_assert_eq(fields_number(r.x.ep, NULL, "capture.frames"), stats.frames);
	cr_assert_eq(fields_number(r.x.ep, NULL, "capture.written"), stats.bytes);
	cr_assert_eq(fields_number(NULL, r.x.queues[0], "capture.on"), 0);
	rig_close(&r);
}

CASE(72, disconnectable_queue_tells_its_counters_and_the_swaps)
{
	struct net_endpoint *inner;
	struct rig r;

	disconnectable_rig(&r, 1);
	expect_inspect(&r);
	cr_assert_eq(fields_number(r.x.ep, NULL, "disconnectable.connected"), 1);
	cr_assert_eq(net_disconnectable_disconnect(r.x.ep, 0, &inner, &r.x.err), -ETIMEDOUT);
	cr_assert_eq(fields_number(r.x.ep, NULL, "disconnectable.connected"), 0);
	cr_assert_eq(fields_number(r.x.ep, NULL, "disconnectable.disconnects"), 1);
	rig_close(&r);
}

/* ---- 73 ------------------------------------------------------------------------------------ */

static void capture_path(char path[64])
{
	snprintf(path, 64, "/tmp/net_xdp-wrap-%d.pcapng", getpid());
}

/* Where a reader of others is installed it must find as many packets. */
static void expect_count(const char *reader, const char *options, const char *path,
			 const char *count, uint32_t packets)
{
	char command[200];
	uint32_t n;
	FILE *out;

	snprintf(command, sizeof(command), "command -v %s >/dev/null && %s %s %s 2>/dev/null %s",
		 reader, reader, options, path, count);
	out = popen(command, "r");
	if (out && fscanf(out, "%u", &n) == 1)
		cr_assert_eq(n, packets, "%s: %u of %u packets", command, n, packets);
	pclose(out);
}

static void expect_readable(const char *path, uint32_t packets)
{
	expect_count("tshark", "-n -r", path, "| wc -l", packets);
	expect_count("tcpdump", "--count -n -r", path, "", packets);
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

	capture_path(path);
	config.path = path;
	config.interface = "v0";
	capture_rig(&r, queues);
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
	struct net_capture_config config = net_capture_config_default();
	struct net_capture_stats stats;
	uint64_t passed, all = 0, dropped;
	struct read_file f;
	struct flood flood;
	char path[64];
	struct rig r;

	capture_path(path);
	config.path = path;
	capture_rig(&r, 1);
	frontend_xdp_start(&r.x, 1, BUFFERS);
	flood_start(&flood, "v1");
	for (int round = 0; round < 30; round++) {
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
	cr_assert(all > 1000, "%llu frames are no load", (unsigned long long)all);
	unlink(path);
	rig_close(&r);
}

/* ---- 74 ------------------------------------------------------------------------------------ */

struct account {
	uint64_t to_us;	    /* frames that the peer sent */
	uint64_t delivered; /* of them to the frontend */
	uint64_t rx_lost;   /* counted by queues that have ended */
	uint64_t accepted;  /* packets of ours */
	uint64_t tx_lost;   /* of them dropped, as counted by queues that have ended */
	uint64_t arrived;   /* of them at the peer */
	uint32_t waiting;   /* of the peer's, sent to this queue and not delivered yet */
};

/* Every frame of the peer's has been through the XDP program, and a moment later is in a ring,
 * or the host's. A NIC without buffers keeps frames in front of the program: drive() leaves it some. */
static void settle(struct net_endpoint *xdp, const struct account *a)
{
	int64_t deadline = frontend_now_ms() + TRAFFIC_DEADLINE_MS;
	struct net_xdp_program_stats p;

	do {
		cr_assert_eq(net_xdp_program_stats(xdp, &p), 0);
		cr_assert(frontend_now_ms() < deadline, "%llu and %llu of %llu frames came",
			  (unsigned long long)p.redirected, (unsigned long long)p.passed,
			  (unsigned long long)a->to_us);
	} while (p.redirected + p.passed < a->to_us);
	frontend_sleep_ms(
		2); /* the kernel puts them into the ring when it has seen all of a batch */
}

static void restart(struct rig *r, struct net_endpoint *xdp, struct account *a)
{
	struct net_queue *inner = wrapped_inner(r->x.queues[0]);
	struct net_queue_stats s;
	struct net_xdp_stats x;

	settle(xdp, a);
	net_queue_stats(r->x.queues[0], &s);
	a->rx_lost += s.rx_errors;
	a->tx_lost += s.tx_errors;
	if (inner && net_xdp_queue_stats(inner, &x) == 0)
		a->rx_lost +=
			x.value[NET_XDP_RX_KERNEL_DROPPED] + x.value[NET_XDP_RX_KERNEL_RING_FULL];
	frontend_xdp_stop(&r->x);
	frontend_xdp_start(&r->x, 1, BUFFERS);
	a->waiting = 0;
}

static void drain_peer(struct rig *r, struct account *a)
{
	a->arrived += peer_drain(&r->peer);
}

/* Some frames each way. Return: does the queue want to be made again? */
static bool drive(struct rig *r, struct account *a, struct frontend_list *list)
{
	struct net_queue *q = r->x.queues[0];
	uint32_t ids[BATCH];
	uint8_t frame[60];
	bool sync = false;
	int n;

	frame_plain(frame, sizeof(frame), a->to_us);
	for (int i = 0; i < 8 && a->waiting < BUFFERS / 2; i++, a->to_us++, a->waiting++)
		peer_send(&r->peer, frame, sizeof(frame));
	frontend_list_clear(list);
	for (uint32_t i = 0; i < 8; i++)
		traffic_put(&r->x, list, i, 60);
	n = net_queue_tx_avail(q, &r->x.f.pool, list->segments, list->count, &sync);
	if (n == NET_TRY_RESTART)
		return true;
	cr_assert(n >= 0, "%d", n);
	a->accepted += (uint32_t)n;
	n = net_queue_tx_poll(q, &r->x.f.pool, ids, BATCH);
	if (n == NET_TRY_RESTART)
		return true;
	n = net_queue_rx_poll(q, &r->x.f.pool, ids,
			      6); /* slower than they come: some always wait */
	if (n == NET_TRY_RESTART)
		return true;
	for (int i = 0; i < n; i++)
		r->x.f.ids[ids[i]].delivered = false;
	a->delivered += (uint32_t)n;
	a->waiting -= (uint32_t)n;
	frontend_post_ids(&r->x.f, q, ids, (uint32_t)n);
	drain_peer(r, a);
	return false;
}

// 74: 100 swaps under load, every frame delivered or in a named counter, link events once each
CASE(74, disconnectable_hundred_swaps_under_load_lose_nothing_uncounted)
{
	struct net_xdp_program_stats program;
	struct frontend_list list;
	struct net_endpoint *xdp;
	struct account a = {0};
	struct swapper s;
	uint64_t discarded, unfinished;
	struct rig r;

	disconnectable_rig(&r, 1);
	xdp = wrapped_inner_endpoint(r.x.ep);
	frontend_list_open(&list, 8);
	frontend_xdp_start(&r.x, 1, BUFFERS);
	swapper_start(&s, r.x.ep, NULL, 100);
	while (!swapper_is_done(&s)) {
		bool again = drive(&r, &a, &list);

		if (swapper_actions(&s) || again)
			restart(&r, xdp, &a);
	}
	swapper_end(&s);
	restart(&r, xdp, &a);
	while (poll(&(struct pollfd){.fd = r.peer.fd, .events = POLLIN}, 1, 200) == 1)
		drain_peer(&r, &a);
	discarded = fields_number(r.x.ep, NULL, "disconnectable.rx_discarded");
	cr_assert_eq(net_xdp_program_stats(xdp, &program), 0);
	cr_assert_eq(a.to_us, a.delivered + discarded + a.rx_lost + program.passed,
		     "%llu sent: %llu delivered, %llu discarded, %llu lost, %llu to the host",
		     (unsigned long long)a.to_us, (unsigned long long)a.delivered,
		     (unsigned long long)discarded, (unsigned long long)a.rx_lost,
		     (unsigned long long)program.passed);
	/* A driver in zero copy may have had some when their queue ended: sent or not, they are counted. */
	unfinished = fields_number(r.x.ep, NULL, "disconnectable.tx_unfinished");
	cr_assert(a.arrived + a.tx_lost <= a.accepted &&
			  a.accepted <= a.arrived + a.tx_lost + unfinished,
		  "%llu accepted: %llu arrived, %llu lost, %llu unfinished",
		  (unsigned long long)a.accepted, (unsigned long long)a.arrived,
		  (unsigned long long)a.tx_lost, (unsigned long long)unfinished);
	cr_assert(a.delivered > 100 && a.arrived > 100 && discarded > 0);
	traffic_both_ways(&r.x, &r.peer);
	frontend_list_close(&list);
	rig_close(&r);
}
