// SPDX-License-Identifier: BSD-2-Clause
/* The OpenMetrics renderer, against texts written by hand and a parser that is not ours. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "backend/inspect.h"
#include "backend/openmetrics.h"
#include "support/openmetrics.h"

static char text[1 << 20];
static size_t text_len;

static void append(void *context, const char *piece, size_t len)
{
	(void)context;
	cr_assert(text_len + len < sizeof(text));
	memcpy(text + text_len, piece, len);
	text_len += len;
	text[text_len] = '\0';
}

static const char *render(net_tell_fn *tell)
{
	text_len = 0;
	cr_assert_eq(net_tell_openmetrics(tell, NULL, append, NULL), 0);
	return text;
}

static void expect(net_tell_fn *tell, const char *want, unsigned int samples)
{
	cr_assert_str_eq(render(tell), want);
	cr_assert_eq(openmetrics_check(text), samples);
}

/* ---- Families --------------------------------------------------------------------------------- */

static void tell_queue(struct net_inspector *to, int index, uint64_t hardware_queue,
		       uint64_t frames)
{
	inspect_enter(to, "queues", index);
	inspect_number(to, "queue", (uint64_t)index, "");
	inspect_text(to, "interface", "eth0");
	inspect_number(to, "hardware_queue", hardware_queue, "");
	inspect_flag(to, "zero_copy", index);
	inspect_text(to, "frames_state", "taken");
	inspect_text(to, "napi_state", "");
	inspect_enter(to, "counters", -1);
	inspect_counter(to, "rx_frames", frames, NET_CLASS_TRAFFIC, "frames", "received");
	inspect_counter(to, "rx_drop_empty", 1, NET_CLASS_RX_LOST, "frames", "length 0");
	inspect_counter(to, "rx_drop_split", 2, NET_CLASS_RX_LOST, "frames", "in pieces");
	inspect_unknown(to, "rx_unknown");
	inspect_leave(to);
	inspect_leave(to);
}

static void tell_two(void *unused, struct net_inspector *to)
{
	(void)unused;
	inspect_text(to, "program", "xsk-bench");
	inspect_number(to, "pid", 12, "");
	inspect_text(to, "version", "0.2.0");
	for (int i = 0; i < 2; i++) {
		inspect_enter(to, "endpoints", i);
		inspect_text(to, "name", i ? "b" : "a");
		inspect_enter(to, "endpoint", -1);
		inspect_enter(to, "device", -1);
		inspect_text(to, "interface", i ? "eth1" : "eth0");
		inspect_text(to, "driver", "veth");
		inspect_number(to, "mtu_bytes", 1500, "bytes");
		inspect_leave(to);
		inspect_leave(to);
		if (!i) {
			tell_queue(to, 0, 4, 7);
			tell_queue(to, 1, 5, UINT64_MAX);
		}
		inspect_leave(to);
	}
}

Test(openmetrics, lines_of_a_family_stand_together_over_all_queues_and_endpoints)
{
#define A "program=\"xsk-bench\",pid=\"12\",interface=\"eth0\",endpoint=\"a\""
#define B "program=\"xsk-bench\",pid=\"12\",interface=\"eth1\",endpoint=\"b\""
	expect(tell_two,
	       "# TYPE net_xdp_device_mtu_bytes gauge\n"
	       "# UNIT net_xdp_device_mtu_bytes bytes\n"
	       "net_xdp_device_mtu_bytes{" A "} 1500\n"
	       "net_xdp_device_mtu_bytes{" B "} 1500\n"
	       "# TYPE net_xdp_device info\n"
	       "net_xdp_device_info{" A ",driver=\"veth\"} 1\n"
	       "net_xdp_device_info{" B ",driver=\"veth\"} 1\n"
	       "# TYPE net_xdp_zero_copy gauge\n"
	       "net_xdp_zero_copy{" A ",queue=\"4\"} 0\n"
	       "net_xdp_zero_copy{" A ",queue=\"5\"} 1\n"
	       "# TYPE net_xdp_rx_frames counter\n"
	       "# UNIT net_xdp_rx_frames frames\n"
	       "# HELP net_xdp_rx_frames received\n"
	       "net_xdp_rx_frames_total{" A ",queue=\"4\",class=\"traffic\"} 7\n"
	       "net_xdp_rx_frames_total{" A ",queue=\"5\",class=\"traffic\"} 18446744073709551615\n"
	       "# TYPE net_xdp_rx_drop_frames counter\n"
	       "# UNIT net_xdp_rx_drop_frames frames\n"
	       "# HELP net_xdp_rx_drop_frames received and dropped, by reason\n"
	       "net_xdp_rx_drop_frames_total{" A
	       ",queue=\"4\",class=\"rx_lost\",reason=\"empty\"} 1\n"
	       "net_xdp_rx_drop_frames_total{" A
	       ",queue=\"4\",class=\"rx_lost\",reason=\"split\"} 2\n"
	       "net_xdp_rx_drop_frames_total{" A
	       ",queue=\"5\",class=\"rx_lost\",reason=\"empty\"} 1\n"
	       "net_xdp_rx_drop_frames_total{" A
	       ",queue=\"5\",class=\"rx_lost\",reason=\"split\"} 2\n"
	       "# TYPE net_xdp_queue info\n"
	       "net_xdp_queue_info{" A ",queue=\"4\",frames_state=\"taken\"} 1\n"
	       "net_xdp_queue_info{" A ",queue=\"5\",frames_state=\"taken\"} 1\n"
	       "# TYPE net_xdp info\n"
	       "net_xdp_info{program=\"xsk-bench\",pid=\"12\",version=\"0.2.0\"} 1\n"
	       "# EOF\n",
	       15);
}

/* ---- Units, names, labels --------------------------------------------------------------------- */

static void tell_units(void *unused, struct net_inspector *to)
{
	(void)unused;
	inspect_number(to, "gro_flush_timeout_ns", 200000, "ns");
	inspect_number(to, "busy_poll_us", 20, "us");
	inspect_number(to, "release_timeout_ms", 1500, "ms");
	inspect_number(to, "link_speed_bps", 1234, "bit/s");
	inspect_number(to, "queues_alive", 2, "queues");
	inspect_signed(to, "target_cpu", -1, "");
	inspect_counter(to, "kicks", 9, NET_CLASS_WORK, "calls", "system calls");
	inspect_unknown(to, "unknown");
	inspect_text(to, "missing", NULL);
}

Test(openmetrics, values_have_base_units_and_names_say_them_once)
{
	expect(tell_units,
	       "# TYPE net_xdp_gro_flush_timeout_seconds gauge\n"
	       "# UNIT net_xdp_gro_flush_timeout_seconds seconds\n"
	       "net_xdp_gro_flush_timeout_seconds 0.0002\n"
	       "# TYPE net_xdp_busy_poll_seconds gauge\n"
	       "# UNIT net_xdp_busy_poll_seconds seconds\n"
	       "net_xdp_busy_poll_seconds 0.00002\n"
	       "# TYPE net_xdp_release_timeout_seconds gauge\n"
	       "# UNIT net_xdp_release_timeout_seconds seconds\n"
	       "net_xdp_release_timeout_seconds 1.5\n"
	       "# TYPE net_xdp_link_speed_bytes_per_second gauge\n"
	       "# UNIT net_xdp_link_speed_bytes_per_second bytes_per_second\n"
	       "net_xdp_link_speed_bytes_per_second 154.25\n"
	       "# TYPE net_xdp_queues_alive gauge\n"
	       "net_xdp_queues_alive 2\n"
	       "# TYPE net_xdp_target_cpu gauge\n"
	       "net_xdp_target_cpu -1\n"
	       "# TYPE net_xdp_kicks_calls counter\n"
	       "# UNIT net_xdp_kicks_calls calls\n"
	       "# HELP net_xdp_kicks_calls system calls\n"
	       "net_xdp_kicks_calls_total{class=\"work\"} 9\n"
	       "# EOF\n",
	       7);
}

static void tell_labels(void *unused, struct net_inspector *to)
{
	(void)unused;
	inspect_enter(to, "config", -1);
	inspect_text(to, "program", "link");
	inspect_text(to, "odd", "a\"b\\c\nd\x1b[m\xff\xc3\xa4");
	inspect_leave(to);
	inspect_enter(to, "memory", -1);
	for (int i = 0; i < 2; i++) {
		inspect_enter(to, "region", i);
		inspect_number(to, "bytes", 4096, "bytes");
		inspect_leave(to);
	}
	inspect_leave(to);
	inspect_number(to, "same", 1, "");
	inspect_counter(to, "same", 2, NET_CLASS_NOTE, "", "another type");
}

Test(openmetrics, labels_are_escaped_and_what_would_collide_has_another_name)
{
	expect(tell_labels,
	       "# TYPE net_xdp_config info\n"
	       "net_xdp_config_info{config_program=\"link\","
	       "odd=\"a\\\"b\\\\c\\nd\\\\u001b[m\\\\u00ff\xc3\xa4\"} 1\n"
	       "# TYPE net_xdp_memory_region_bytes gauge\n"
	       "# UNIT net_xdp_memory_region_bytes bytes\n"
	       "net_xdp_memory_region_bytes{region=\"0\"} 4096\n"
	       "net_xdp_memory_region_bytes{region=\"1\"} 4096\n"
	       "# TYPE net_xdp_same gauge\n"
	       "net_xdp_same 1\n"
	       "# TYPE net_xdp_same_counter counter\n"
	       "# HELP net_xdp_same_counter another type\n"
	       "net_xdp_same_counter_total{class=\"note\"} 2\n"
	       "# EOF\n",
	       5);
}

/* ---- Histograms ------------------------------------------------------------------------------- */

static void tell_latency(void *unused, struct net_inspector *to)
{
	static const struct net_bucket buckets[] = {{1000, 1}, {25000, 3}, {1000000000, 4}};
	static const struct net_histogram h = {5, 2000050700, buckets, 3};
	const struct net_field f = {
		.name = "latency_ns",
		.kind = NET_FIELD_HISTOGRAM,
		.unit = "ns",
		.meaning = "round trips",
		.histogram = &h,
	};

	(void)unused;
	to->ops->field(to, &f);
}

Test(openmetrics, a_histogram_has_buckets_in_seconds_with_limits_spelled_as_others_do)
{
	expect(tell_latency,
	       "# TYPE net_xdp_latency_seconds histogram\n"
	       "# UNIT net_xdp_latency_seconds seconds\n"
	       "# HELP net_xdp_latency_seconds round trips\n"
	       "net_xdp_latency_seconds_bucket{le=\"1e-06\"} 1\n"
	       "net_xdp_latency_seconds_bucket{le=\"2.5e-05\"} 3\n"
	       "net_xdp_latency_seconds_bucket{le=\"1.0\"} 4\n"
	       "net_xdp_latency_seconds_bucket{le=\"+Inf\"} 5\n"
	       "net_xdp_latency_seconds_count 5\n"
	       "net_xdp_latency_seconds_sum 2.0000507\n"
	       "# EOF\n",
	       6);
}

Test(openmetrics, a_histogram_is_an_object_of_json)
{
	text_len = 0;
	net_tell_json(tell_latency, NULL, append, NULL);
	cr_assert_str_eq(text, "{\n  \"latency_ns\": {\"count\": 5, \"sum\": 2000050700, "
			       "\"buckets\": [[1000, 1], [25000, 3], [1000000000, 4]]}\n}\n");
}

Test(openmetrics, numbers_are_decimal_and_as_short_as_they_are)
{
	static const struct {
		uint64_t number;
		int digits;
		const char *text;
	} cases[] = {
		{0, 0, "0"},
		{100, 0, "100"},
		{UINT64_MAX, 0, "18446744073709551615"},
		{1, 9, "0.000000001"},
		{1000000000, 9, "1"},
		{UINT64_MAX, 9, "18446744073.709551615"},
		{1050, 3, "1.05"},
		{8, -1, "1"},
		{9, -1, "1.125"},
		{UINT64_MAX, -1, "2305843009213693951.875"},
	};
	char out[48];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		om_decimal(out, cases[i].number, cases[i].digits);
		cr_assert_str_eq(out, cases[i].text);
	}
}

/* ---- Whatever is told ------------------------------------------------------------------------- */

static void tell_deep(void *unused, struct net_inspector *to)
{
	char name[400];

	(void)unused;
	memset(name, 'n', sizeof(name));
	name[63] = '\0';
	for (int i = 0; i < 40; i++) {
		inspect_enter(to, name, i % 2 ? i : -1);
		inspect_number(to, "n", (uint64_t)i, "bytes");
	}
	for (int i = 0; i < 40; i++)
		inspect_leave(to);
	inspect_number(to, "behind", 7, "");
}

Test(openmetrics, groups_that_are_too_deep_are_left_out_and_the_rest_stays_right)
{
	render(tell_deep);
	cr_assert(strstr(text, "\nnet_xdp_behind 7\n# EOF\n") != NULL, "%s", text);
}

static void tell_nothing(void *unused, struct net_inspector *to)
{
	(void)unused;
	(void)to;
}

Test(openmetrics, a_document_without_a_field_is_its_end)
{
	expect(tell_nothing, "# EOF\n", 0);
}

Test(openmetrics, loopback_is_accepted_by_the_parser)
{
	struct net_queue_config configs[2] = {0};
	struct net_queue *queues[2];
	struct net_endpoint *ep;

	cr_assert(net_loopback_open(2, &ep, NULL) == 0);
	cr_assert(net_endpoint_get_queues(ep, configs, 2, NULL, queues, NULL) == 0);
	text_len = 0;
	cr_assert_eq(net_inspect_openmetrics(ep, queues, 2, append, NULL), 0);
	cr_assert(openmetrics_check(text) > 10);
	cr_assert(strstr(text, "net_xdp_rx_packets_total{queue=\"1\",class=\"traffic\"} 0\n"), "%s",
		  text);
	for (int i = 0; i < 2; i++)
		net_queue_destroy(queues[i], NULL);
	net_endpoint_destroy(ep, NULL);
}
