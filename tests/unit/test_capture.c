// SPDX-License-Identifier: BSD-2-Clause
/* The capture wrapper around a loopback: what the file has to hold, and what may go wrong with it. */
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "support/capture_rig.h"
#include "support/conformance.h"
#include "support/fields.h"
#include "support/frame.h"

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- What the file holds ------------------------------------------------------------------- */

// 73: capture: every frame of both directions in the file
CASE(73, capture_both_directions_are_in_the_file_with_queue_time_and_bytes)
{
	uint64_t before = now_ns(), last = before;
	struct net_capture_stats s;
	struct capture_rig r;
	struct read_file f;

	capture_rig_open(&r, 2);
	frontend_post(&r.f, r.queues[0], 0, 64);
	frontend_post(&r.f, r.queues[1], 64, 64);
	capture_rig_start(&r);
	for (uint32_t i = 0; i < 40; i++)
		capture_rig_put(&r, i, 14 + 24 * i, i);
	capture_rig_pass(&r, 0);
	capture_rig_put(&r, 0, 99, 99);
	capture_rig_pass(&r, 1);
	s = capture_rig_stop(&r);
	read_file(&f, r.path);
	cr_assert(s.frames == 82 && s.missed == 0 && s.bytes == f.len_bytes);
	cr_assert(f.packet_count == 82 && f.is_ended && f.received == 82 && f.dropped == 0);
	cr_assert_str_eq(f.interface, "loopback");
	cr_assert(f.start_ns >= before && f.end_ns >= f.start_ns && f.end_ns <= now_ns());
	for (uint32_t q = 0, out[2] = {0}, in[2] = {0}, i = 0; i < 82; i++) {
		const struct read_packet *p = &f.packets[i];
		uint32_t n = p->inbound ? in[q = p->queue]++ : out[q = p->queue]++;

		cr_assert(q < 2 && p->dropped == 0);
		capture_rig_expect(p, q ? 99 : 14 + 24 * n, q ? 99 : n);
		cr_assert(p->captured_bytes == p->original_bytes);
		cr_assert(p->time_ns >= before && p->time_ns <= f.end_ns);
		if (q == 0) {
			cr_assert(p->time_ns >= last, "time runs backwards");
			last = p->time_ns;
		}
	}
	read_free(&f);
	capture_rig_close(&r);
}

Test(capture, snap_length_cuts_and_the_original_length_stays)
{
	struct capture_rig r;
	struct read_file f;

	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 8);
	r.config.snap_bytes = 61;
	r.config.interface = "eth7";
	capture_rig_start(&r);
	for (uint32_t i = 0; i < 4; i++)
		capture_rig_put(&r, i, 59 + i, i);
	capture_rig_pass(&r, 0);
	capture_rig_stop(&r);
	read_file(&f, r.path);
	cr_assert(f.snap_bytes == 61 && f.packet_count == 8);
	cr_assert_str_eq(f.interface, "eth7");
	for (uint32_t i = 0; i < 8; i++) {
		uint32_t len = 59 + i % 4;

		capture_rig_expect(&f.packets[i], len, i % 4);
		cr_assert(f.packets[i].captured_bytes == (len < 61 ? len : 61));
	}
	read_free(&f);
	capture_rig_close(&r);
}

/* A tag beside the frame goes back to where it was on the wire, also when the frame is cut in it. */
Test(capture, tag_out_of_band_is_in_the_bytes)
{
	const uint16_t tci = net_vlan_tci((struct net_vlan){.id = 0x123, .priority = 5});
	uint8_t plain[100], want[104];
	struct net_tx_metadata *meta;
	struct capture_rig r;
	struct read_file f;

	frame_plain(plain, sizeof(plain), 3);
	memcpy(want, plain, 12);
	memcpy(want + 12, (uint8_t[]){0x81, 0, (uint8_t)(tci >> 8), (uint8_t)tci}, 4);
	memcpy(want + 16, plain + 12, sizeof(plain) - 12);
	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 8);
	for (uint32_t snap = 14; snap <= 120; snap += snap < 18 ? 1 : 51) {
		r.config.snap_bytes = snap;
		capture_rig_start(&r);
		meta = capture_rig_put(&r, 0, sizeof(plain), 3);
		meta->flags = NET_TX_VLAN;
		meta->vlan_tci = tci;
		capture_rig_pass(&r, 0);
		capture_rig_stop(&r);
		read_file(&f, r.path);
		cr_assert(f.packet_count == 2);
		for (uint32_t i = 0; i < 2; i++) {
			uint32_t len = snap < sizeof(want) ? snap : sizeof(want);

			cr_assert(f.packets[i].original_bytes == sizeof(want));
			cr_assert(f.packets[i].captured_bytes == len);
			cr_assert(memcmp(f.packets[i].bytes, want, len) == 0, "snap %u", snap);
		}
		read_free(&f);
	}
	capture_rig_close(&r);
}

/* Segments of any cut, with a tag: the wire's bytes are their concatenation. */
Test(capture, packet_of_many_segments_is_joined)
{
	uint8_t frame[300];
	struct net_tx_metadata *meta;
	struct capture_rig r;
	struct read_file f;
	uint32_t at = 0, n;

	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 8);
	capture_rig_start(&r);
	frame_plain(frame, sizeof(frame), 9);
	meta = frontend_list_packet(&r.list, 0);
	meta->flags = NET_TX_VLAN;
	for (uint32_t i = 0; at < sizeof(frame); i++, at += n) {
		uint64_t addr = FRONTEND_BASE + 800 * 1024 + i * 64;

		n = i % 4 == 1 ? 0 : i % 11 + 1;
		n = n < sizeof(frame) - at ? n : (uint32_t)sizeof(frame) - at;
		memcpy(frontend_at(&r.f, addr, n), frame + at, n);
		frontend_list_segment(&r.list, n ? addr : 1, n);
	}
	capture_rig_pass(&r, 0);
	capture_rig_stop(&r);
	read_file(&f, r.path);
	cr_assert(f.packet_count == 2 && f.packets[0].captured_bytes == 304);
	for (uint32_t i = 0; i < 2; i++) {
		cr_assert(memcmp(f.packets[i].bytes, frame, 12) == 0);
		cr_assert(memcmp(f.packets[i].bytes + 16, frame + 12, 288) == 0);
	}
	read_free(&f);
	capture_rig_close(&r);
}

Test(capture, buffers_of_pieces_and_frames_over_several_ids_are_joined)
{
	const struct net_rx_piece pieces[2][3] = {
		{{.addr = FRONTEND_BASE + 600000, .len_bytes = 7},
		 {.addr = FRONTEND_BASE + 600100, .len_bytes = 0},
		 {.addr = FRONTEND_BASE + 600200, .len_bytes = 50}},
		{{.addr = FRONTEND_BASE + 600300, .len_bytes = 100},
		 {.addr = FRONTEND_BASE + 600500, .len_bytes = 1},
		 {.addr = FRONTEND_BASE + 600600, .len_bytes = 30}},
	};
	struct net_queue_config config = {.rx_merge = true};
	struct capture_rig r;
	struct read_file f;

	capture_rig_open(&r, 1);
	cr_assert(net_queue_destroy(r.queues[0], NULL) == 0);
	capture_rig_start(&r);
	cr_assert(net_endpoint_get_queues(r.ep, &config, 1, NULL, r.queues, NULL) == 0);
	for (uint32_t i = 0; i < 2; i++) {
		r.f.ids[i].buffer.capacity_bytes = 20;
		r.f.ids[i].pieces = pieces[i];
		r.f.ids[i].piece_count = 3;
	}
	r.f.ids[2].buffer.capacity_bytes = 40;
	frontend_post(&r.f, r.queues[0], 0, 3);
	capture_rig_put(&r, 0, 77 + 151 + 33, 1);
	cr_assert(frontend_tx_all(&r.f, r.queues[0], &r.list, NULL, 1000) == 1);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, 8) == 3);
	capture_rig_stop(&r);
	read_file(&f, r.path);
	cr_assert(f.packet_count == 2 && f.packets[1].inbound);
	cr_assert(f.packets[1].captured_bytes == 77 + 151 + 33);
	capture_rig_expect(&f.packets[0], 77 + 151 + 33, 1);
	capture_rig_expect(&f.packets[1], 77 + 151 + 33, 1);
	read_free(&f);
	capture_rig_close(&r);
}

Test(capture, packets_that_are_dropped_are_not_in_the_file)
{
	struct net_capture_stats s;
	struct capture_rig r;
	struct read_file f;
	bool sync;

	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 16);
	capture_rig_start(&r);
	capture_rig_put(&r, 0, 60, 0)->segment_count = 0;
	capture_rig_put(&r, 1, 60, 1)->len_bytes = 59;
	capture_rig_put(&r, 2, 60, 2)->flags = 2 * NET_TX_PARTIAL_CHECKSUM; /* none such */
	frontend_list_frame(&r.list, 3, FRONTEND_BASE + 768 * 1024, 13);
	capture_rig_put(&r, 4, 60, 4);
	cr_assert(net_queue_tx_avail(r.queues[0], &r.f.pool, r.list.segments, 5, &sync) == 5);
	s = capture_rig_stop(&r);
	read_file(&f, r.path);
	cr_assert(f.packet_count == 1 && s.frames == 1 && s.missed == 0);
	capture_rig_expect(&f.packets[0], 60, 4);
	read_free(&f);
	capture_rig_close(&r);
}

// 72: inspect agrees with counters, from another thread under load
CASE(72, captured_loopback_tells_its_counters_and_the_captures)
{
	struct net_queue_stats stats;
	struct fields_reader reader;
	struct net_capture_stats s;
	struct capture_rig r;
	uint32_t n;

	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 64);
	capture_rig_start(&r);
	fields_reader_start(&reader, r.ep, r.queues[0]);
	for (n = 0; n < 20000 || fields_reader_needs_load(&reader); n += 32) {
		for (uint32_t i = 0; i < 32; i++)
			capture_rig_put(&r, i, 60, n + i);
		capture_rig_pass(&r, 0);
	}
	fields_reader_stop(&reader);
	net_queue_stats(r.queues[0], &stats);
	cr_assert(stats.rx_packets == n && stats.tx_packets == n);
	cr_assert(fields_number(NULL, r.queues[0], "counters.rx_packets") == stats.rx_packets);
	cr_assert(fields_number(NULL, r.queues[0], "counters.tx_packets") == stats.tx_packets);
	s = capture_rig_stop(&r);
	cr_assert(s.frames + s.missed == 2 * (uint64_t)n);
	cr_assert(fields_number(r.ep, NULL, "capture.frames") == s.frames);
	cr_assert(fields_number(r.ep, NULL, "capture.missed") == s.missed);
	cr_assert(fields_number(r.ep, NULL, "capture.written") == s.bytes);
	capture_rig_close(&r);
}

/* ---- Frames that cannot be captured are counted -------------------------------------------- */

// 73: or counted as not captured
CASE(73, capture_bytes_outside_the_memory_are_missed_and_told_by_the_next_packet)
{
	struct net_capture_stats s;
	struct capture_rig r;
	struct read_file f;
	bool sync;

	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 16);
	capture_rig_start(&r);
	frontend_list_frame(&r.list, 0, FRONTEND_BASE - 60, 60);
	frontend_list_frame(&r.list, 0, UINT64_MAX - 3, 60);
	capture_rig_put(&r, 1, 60, 1);
	cr_assert(net_queue_tx_avail(r.queues[0], &r.f.pool, r.list.segments, 3, &sync) == 3);
	s = capture_rig_stop(&r);
	read_file(&f, r.path);
	cr_assert(s.frames == 1 && s.missed == 2 && f.packet_count == 1);
	cr_assert(f.packets[0].dropped == 2 && f.received == 3 && f.dropped == 2);
	read_free(&f);
	capture_rig_close(&r);
}

/* An inner backend that delivers a frame without needing memory(). */
struct silent {
	struct net_endpoint ep;
	struct net_queue q;
};

static int silent_rx_poll(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids,
			  uint32_t count)
{
	const struct net_rx_metadata metadata = {.len_bytes = 60};

	(void)q, (void)count;
	*ids = 0;
	pool->ops->rx_metadata(pool, ids, &metadata, 1);
	return 1;
}

static int silent_destroy(struct net_queue *q, struct net_error *err)
{
	(void)q, (void)err;
	return 0;
}

static const struct net_queue_ops silent_queue_ops = {
	.size_bytes = sizeof(struct net_queue_ops),
	.rx_poll = silent_rx_poll,
	.destroy = silent_destroy,
};

static void silent_facts(struct net_endpoint *ep, struct net_endpoint_facts *out, size_t size_bytes)
{
	(void)ep, (void)size_bytes;
	*out = (struct net_endpoint_facts){.type = "silent", .max_queues = 1};
}

static int silent_get_queues(struct net_endpoint *ep, const struct net_queue_config *configs,
			     uint32_t count, const struct net_rss_config *rss,
			     struct net_queue **queues, struct net_error *err)
{
	struct silent *s = (struct silent *)ep;

	(void)configs, (void)count, (void)rss, (void)err;
	s->q.ops = &silent_queue_ops;
	*queues = &s->q;
	return 0;
}

static int silent_end(struct net_endpoint *ep, struct net_error *err)
{
	(void)ep, (void)err;
	return 0;
}

static const struct net_endpoint_ops silent_ops = {
	.size_bytes = sizeof(struct net_endpoint_ops),
	.facts = silent_facts,
	.get_queues = silent_get_queues,
	.destroy = silent_end,
};

static void plain_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			   const struct net_rx_metadata *metadata, uint32_t count)
{
	(void)ids, (void)metadata;
	*(uint32_t *)(pool + 1) += count;
}

static void plain_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
			  struct net_rx_buffer *out)
{
	(void)pool, (void)ids;
	for (uint32_t i = 0; i < count; i++)
		out[i] = (struct net_rx_buffer){.addr = 4096, .capacity_bytes = 2048};
}

/* A table by position, as programs of 0.1 wrote it. */
Test(capture, pool_without_memory_misses_each_frame_and_passes_it)
{
	const struct net_buffer_access_ops old = {plain_buffers, plain_metadata, NULL, 0, NULL,
						  NULL};
	struct {
		struct net_buffer_access pool;
		uint32_t delivered;
	} frontend = {.pool.ops = &old};
	struct net_capture_config config = net_capture_config_default();
	struct net_queue_config queue_config = {0};
	struct silent silent = {.ep.ops = &silent_ops};
	struct net_capture_stats s;
	struct net_endpoint *ep;
	struct net_queue *q;
	uint32_t id;

	config.path = "/dev/null";
	cr_assert(net_capture_open(&silent.ep, &ep, NULL) == 0);
	cr_assert(net_endpoint_get_queues(ep, &queue_config, 1, NULL, &q, NULL) == 0);
	cr_assert(net_capture_start(ep, &config, NULL) == 0);
	for (int i = 0; i < 3; i++)
		cr_assert(net_queue_rx_poll(q, &frontend.pool, &id, 1) == 1);
	cr_assert(net_capture_stop(ep) == 0 && net_capture_get_stats(ep, &s) == 0);
	cr_assert(s.frames == 0 && s.missed == 3 && frontend.delivered == 3);
	net_queue_destroy(q, NULL);
	cr_assert(net_endpoint_destroy(ep, NULL) == 0);
}
