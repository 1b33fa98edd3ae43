// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench pair on two machines: what goes over the control connection, and what is refused of it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/option_rig.h"
#include "support/tool.h"
#include "xsk_bench/remote/request.h"
#include "xsk_bench/remote/result.h"

static char why[320];

static struct options parsed(const char *words)
{
	struct command_line *line = command_line("xsk-bench", words);
	struct options o;

	cr_assert_eq(options_parse(line->argc, line->argv, &o, why, sizeof(why)), 0, "%s", why);
	return o;
}

static int parse(const char *words)
{
	struct command_line *line = command_line("xsk-bench", words);
	struct options o;

	return options_parse(line->argc, line->argv, &o, why, sizeof(why));
}

static struct message message(const char *text)
{
	struct message m;

	cr_assert_eq(message_read(&m, text, strlen(text)), 0, "%s", text);
	return m;
}

/* ---- The command line -------------------------------------------------------------------------- */

Test(remote, server_and_client_need_their_interface_and_nothing_else)
{
	struct options o = parsed("pair -i a --server 5202");

	cr_expect(o.server && !o.client && !o.one_off);
	o = parsed("pair -i a --server [::1]:0 -1");
	cr_expect(o.server && o.one_off);
	o = parsed("pair -i a --client name.example:5202 --reverse");
	cr_expect(o.client && o.reverse);
	o = parsed("pair -i a --client [2001:db8::1]:5202 --bidirectional");
	cr_expect(o.client && o.bidirectional);
}

Test(remote, what_cannot_go_together_is_refused_by_its_option)
{
	static const struct {
		const char *words, *says;
	} rows[] = {
		{"pair --server 5202", "-i: the interface is missing"},
		{"rx -i a --server 5202", "--server: only pair"},
		{"tx -i a --client h:1", "--client: only pair"},
		{"pair -i a --server 1 --client h:1", "--client: this machine is the --server"},
		{"pair -i a --server 1 --to b", "--to: with --server"},
		{"pair -i a --client h:1 --to b", "--to: with --client"},
		{"pair -i a --server 1 --rate 5", "--server: the client says"},
		{"pair -i a --server 1 -t 5", "--server: the client says"},
		{"pair -i a --server 1 --vlan 5", "--server: the client says"},
		{"pair -i a --server 1 --l4 tcp", "--server: the client says"},
		{"pair -i a --server 1 --dst 02:00:00:00:00:01", "--server: the client says"},
		{"pair -i a --server 1 --bidirectional", "--server: the client says"},
		{"pair -i a --server 1 --reverse", "--server: the client says"},
		{"pair -i a --client h:1 --one-off", "--one-off: goes with --server"},
		{"pair -i a --to b --one-off", "--one-off: goes with --server"},
		{"pair -i a --to b --reverse", "--reverse: goes with --client"},
		{"pair -i a --client h:1 --reverse --bidir", "--reverse: with --bidirectional"},
		{"pair -i a --client h:1 -t 0", "--duration 0: on two machines"},
		{"pair -i a --client h", "--client h: must be a host and its port"},
		{"pair -i a --client h:", "--client h:: must be"},
		{"pair -i a --client h:65536", "--client h:65536: must be"},
		{"pair -i a --client ::1:80", "--client ::1:80: must be"},
		{"pair -i a --server :5202", "--server :5202: must be a port of this machine"},
		{"pair -i a --server host:5202", "--server host:5202: must be"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(parse(rows[i].words), -EINVAL, "%s", rows[i].words);
		cr_expect(strstr(why, rows[i].says), "%s: %s", rows[i].words, why);
	}
}

/* ---- What is asked for ------------------------------------------------------------------------- */

static struct options asked(const char *text, enum request_senders *senders)
{
	struct message m = message(text);
	struct options o = parsed("pair -i server --server 5202 --ring 64");

	cr_assert_eq(request_get(&m, &o, senders, why, sizeof(why)), 0, "%s: %s", text, why);
	message_free(&m);
	return o;
}

Test(remote, what_a_client_says_arrives_at_the_server)
{
	static const char *const lines[] = {
		"-t 0.25 --rate 1M --count 77 --frame-bytes 1000 --flows 9 --ipv6",
		"--checksum --l4 tcp --sums software --vlan 100:5 --reverse",
		"--segment 64k,1448 --segment-here --l4 udp --bidirectional",
		"--segment 30000 --ip-src 10.1.2.3 --ip-dst 172.16.0.9 --vlan 0:0",
		"-t 7",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct json_object *m = message_new(MESSAGE_START);
		enum request_senders senders;
		struct options c, s;
		char words[300];

		snprintf(words, sizeof(words), "pair -i c --client h:1 %s", lines[i]);
		c = parsed(words);
		request_put(m, &c);
		s = asked(json_object_to_json_string_ext(m, JSON_C_TO_STRING_PLAIN), &senders);
		json_object_put(m);
		cr_assert_eq(options_check(&s, why, sizeof(why)), 0, "%s: %s", lines[i], why);
		cr_expect_eq(senders, request_senders(&c));
		cr_expect_eq(s.duration_ns, c.duration_ns, "%s", lines[i]);
		cr_expect(s.rate == c.rate && s.count == c.count && s.flows == c.flows);
		cr_expect(s.frame_bytes == c.frame_bytes && s.ipv6 == c.ipv6);
		cr_expect(s.ip_src == c.ip_src && s.ip_dst == c.ip_dst);
		cr_expect(s.checksum == c.checksum && s.sums == c.sums);
		cr_expect(s.segment_bytes == c.segment_bytes && s.piece_bytes == c.piece_bytes);
		cr_expect(s.segment_here == c.segment_here && s.l4 == c.l4, "%s", lines[i]);
		cr_expect(s.vlan == c.vlan && s.vlan_tci == c.vlan_tci);
		/* What is the server's own. */
		cr_expect_str_eq(s.ifname, "server");
		cr_expect(s.ring == 64 && s.queue_count == 1);
	}
}

#define START(sends, options)                                                                      \
	"{\"type\": \"start\", \"sends\": \"" sends "\", \"options\": {" options "}}"

Test(remote, what_is_not_known_is_ignored_and_what_names_files_or_interfaces_is_not_known)
{
	enum request_senders senders;
	struct options o = asked(START("both", "\"capture\": \"/etc/x\", \"plot\": \"/etc/y\", "
					       "\"control\": \"/etc/z\", \"interface\": \"eth0\", "
					       "\"force\": true, \"queues\": 64, \"ring\": 65536, "
					       "\"keep\": \"arp\", \"flavour\": [1, {}]"),
				 &senders);

	cr_expect_eq(senders, REQUEST_BOTH);
	cr_expect(!o.capture_path && !o.plot_path && !o.control && !o.force && !o.keep.count);
	cr_expect_str_eq(o.ifname, "server");
	cr_expect(o.queue_count == 1 && o.ring == 64);
}

Test(remote, values_beyond_their_limits_and_of_wrong_types_are_refused_with_a_sentence)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"{\"type\": \"start\"}", "sends must be"},
		{START("me", ""), "sends must be"},
		{START("", ""), "sends must be"},
		{"{\"type\": \"start\", \"sends\": 1}", "sends must be"},
		{"{\"type\": \"start\", \"sends\": \"both\"}", "options are missing"},
		{"{\"type\": \"start\", \"sends\": \"both\", \"options\": []}", "are missing"},
		{START("client", "\"rate\": -1"), "--rate -1: must be"},
		{START("client", "\"rate\": 0"), "--rate 0: must be"},
		{START("client", "\"rate\": 1000000001"), "--rate 1000000001: must be"},
		{START("client", "\"rate\": 99999999999999999999999"), "--rate"},
		{START("client", "\"rate\": \"5\""), "rate has the wrong type"},
		{START("client", "\"rate\": 5.5"), "rate has the wrong type"},
		{START("client", "\"rate\": null"), "rate has the wrong type"},
		{START("client", "\"rate\": {}"), "rate has the wrong type"},
		{START("client", "\"flows\": 257"), "--flows 257: must be"},
		{START("client", "\"flows\": -5"), "--flows -5: must be"},
		{START("client", "\"frame-bytes\": 59"), "--frame-bytes 59: must be"},
		{START("client", "\"frame-bytes\": 4294967356"), "--frame-bytes 4294967356: must"},
		{START("client", "\"count\": -1"), "--count -1: must be"},
		{START("client", "\"duration\": 0"), "--duration: on two machines"},
		{START("client", "\"duration\": 0.09"), "--duration: on two machines"},
		{START("client", "\"duration\": 86401"), "--duration: on two machines"},
		{START("client", "\"duration\": -1"), "--duration -1: must be"},
		{START("client", "\"duration\": 1e300"), "--duration 1"},
		{START("client", "\"duration\": \"1\""), "duration has the wrong type"},
		{START("client", "\"ipv6\": 1"), "ipv6 has the wrong type"},
		{START("client", "\"l4\": \"sctp\""), "--l4 sctp: must be"},
		{START("client", "\"vlan\": \"4095\""), "--vlan 4095: must be"},
		{START("client", "\"segment\": \"65550\""), "--segment 65550: must be"},
		{START("client", "\"ip-src\": \"1.2.3\""), "--ip-src 1.2.3: must be"},
		{START("client", "\"ip-dst\": \"8.8.8.8\""), "--ip-src, --ip-dst: on two machines"},
		{START("client", "\"ip-src\": \"224.0.0.1\""), "--ip-src, --ip-dst: on two"},
		{START("client", "\"ip-src\": \"198.19.255.1\", \"flows\": 2"), "all of --flows"},
		{START("client", "\"ip-src\": \"172.32.0.1\""), "--ip-src, --ip-dst: on two"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct options o = parsed("pair -i server --server 5202");
		struct message m = message(rows[i].text);
		enum request_senders senders;

		cr_expect_eq(request_get(&m, &o, &senders, why, sizeof(why)), -EINVAL, "%s",
			     rows[i].text);
		cr_expect(strstr(why, rows[i].says), "%s: %s", rows[i].text, why);
		message_free(&m);
	}
}

/* ---- Messages ---------------------------------------------------------------------------------- */

Test(remote, only_one_document_of_a_known_type_is_a_message)
{
	static const char *const wrong[] = {
		"",
		"x",
		"{}",
		"[]",
		"null",
		"{\"type\": 1}",
		"{\"type\":\"halt\"}",
		"{\"type\":\"go\"} {\"type\":\"go\"}",
		"{\"type\":\"go\"",
		"{type: \"go\"}",
		"{\"type\":\"go\",\"a\":[[[[[[[[[[]]]]]]]]]]}",
		"{\"type\":\"go\",\"a\":\"\xff\"}",
	};
	struct message m;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cr_expect_eq(message_read(&m, wrong[i], strlen(wrong[i])), -EINVAL, "%s", wrong[i]);
		cr_expect_null(m.root);
	}
	cr_expect_eq(message_read(&m, "{\"type\":\"go\"}\0", 14), -EINVAL);
	m = message("{\"type\": \"go\", \"more\": {\"a\": [1]}}");
	cr_expect_eq(m.type, MESSAGE_GO);
	message_free(&m);
}

Test(remote, mac_is_that_of_one_station_and_protocol_is_a_number)
{
	static const char *const wrong[] = {
		"\"mac\": \"ff:ff:ff:ff:ff:ff\"",
		"\"mac\": \"01:00:5e:00:00:01\"",
		"\"mac\": \"00:00:00:00:00:00\"",
		"\"mac\": \"02:00:00:00:00\"",
		"\"mac\": \"02:00:00:00:00:01x\"",
		"\"mac\": 5",
		"\"a\": 1",
	};
	char text[80];
	struct message m;
	uint8_t mac[6];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "{\"type\": \"go\", %s}", wrong[i]);
		m = message(text);
		cr_expect_not(message_mac(&m, mac), "%s", text);
		message_free(&m);
	}
	m = message("{\"type\": \"hello\", \"mac\": \"02:00:00:00:00:0a\", \"protocol\": 1}");
	cr_expect(message_mac(&m, mac) && mac[5] == 10);
	cr_expect_eq(message_protocol(&m), 1);
	message_free(&m);
	for (int i = 0; i < 4; i++) {
		static const char *const odd[] = {"-1", "\"1\"", "1.0", "4294967297"};

		snprintf(text, sizeof(text), "{\"type\": \"hello\", \"protocol\": %s}", odd[i]);
		m = message(text);
		cr_expect_eq(message_protocol(&m), 0, "%s", text);
		message_free(&m);
	}
}

/* ---- Results ----------------------------------------------------------------------------------- */

static struct pair_side side(void)
{
	struct pair_side s = {
		.finished = true,
		.exit_code = 3,
		.error = {.code = -5, .step = "s", .message = "one \x1b[31m sentence"},
		.ifname = "v\x1b",
		.queues = 2,
		.started = true,
		.judged = true,
		.program_known = true,
		.frames = 1000,
		.generated = 1001,
		.bytes = 60000,
		.seconds = 0.5,
		.cpu_ns_per_frame = 12.5,
		.cause_count = 2,
		.causes = {{"tx_lost", 1}, {"rx_kernel_dropped", UINT64_C(1) << 40}},
	};

	s.tally.good = 998;
	s.flows.duplicates = 7;
	return s;
}

Test(remote, result_arrives_as_it_was_and_controls_no_terminal)
{
	struct pair_side s = side(), r;
	struct json_object *o = result_put(&s);
	char *text;

	cr_assert_eq(result_get(o, &r), 0);
	json_object_put(o);
	cr_expect(r.finished && r.exit_code == 3 && r.queues == 2);
	cr_expect(r.started && r.judged && !r.adds_up && r.program_known && !r.both_ways);
	cr_expect(r.frames == 1000 && r.generated == 1001 && r.bytes == 60000);
	cr_expect(r.tally.good == 998 && r.flows.duplicates == 7);
	cr_expect(r.seconds > 0.49 && r.seconds < 0.51 && r.pps > 1999 && r.pps < 2001);
	cr_assert_eq(r.cause_count, 2);
	cr_expect(!strcmp(r.causes[1].name, "rx_kernel_dropped") &&
		  r.causes[1].frames == UINT64_C(1) << 40);
	cr_expect(tool_is_clean(r.error.message) && strstr(r.error.message, "sentence"), "%s",
		  r.error.message);
	cr_expect(tool_is_clean(r.ifname), "%s", r.ifname);
	text = result_document(&r, PAIR_RECEIVES);
	cr_expect(tool_is_json(text), "%s", text);
	cr_expect_eq(tool_number(text, "\"totals\"", "good"), 998, "%s", text);
	free(text);
}

/* Each number in turn is missing, of another type, below 0, or beyond all reason. */
Test(remote, result_that_cannot_be_is_refused)
{
	static const char *const names[] = {"frames",	  "generated",	      "good",
					    "duplicates", "exit_code",	      "queues",
					    "seconds",	  "cpu_ns_per_frame", "lost"};
	struct pair_side s = side(), r;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct json_object *values[] = {
			NULL,
			json_object_new_string("1"),
			json_object_new_int(-1),
			json_object_new_double(1e300 * 1e300),
			json_object_new_uint64(UINT64_MAX),
		};

		for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
			struct json_object *o = result_put(&s);

			json_object_object_add(o, names[i], values[k]);
			cr_expect_eq(result_get(o, &r), -EINVAL, "%s: %s", names[i],
				     json_object_to_json_string(o));
			json_object_put(o);
		}
	}
	cr_expect_eq(result_get(NULL, &r), -EINVAL);
}

/* A rate is made of it, and stands in a document that has to be JSON. */
Test(remote, result_of_no_clocks_time_is_refused)
{
	static const double odd[] = {1e-320, 1e-300, 1e-10, 1e19, 1e300};
	struct pair_side s = side(), r;
	struct json_object *o;

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		s.seconds = odd[i];
		o = result_put(&s);
		cr_expect_eq(result_get(o, &r), -EINVAL, "%g s: %g frames per second", odd[i],
			     r.pps);
		json_object_put(o);
	}
	s.seconds = 1e-9;
	o = result_put(&s);
	cr_expect_eq(result_get(o, &r), 0, "of one nanosecond");
	json_object_put(o);
	s.seconds = 0;
	o = result_put(&s);
	cr_expect(!result_get(o, &r) && r.pps >= 0 && r.pps <= 0, "of none");
	json_object_put(o);
}

Test(remote, causes_are_names_and_not_too_many)
{
	struct pair_side s = side(), r;
	struct json_object *o = result_put(&s), *list = json_object_new_object();
	char name[64];

	json_object_object_add(o, "lost", list);
	for (int i = 0; i < ACCOUNT_PARTS; i++) {
		snprintf(name, sizeof(name), "cause_%d", i);
		json_object_object_add(list, name, json_object_new_int(1));
	}
	cr_expect_eq(result_get(o, &r), 0);
	cr_expect_eq(r.cause_count, ACCOUNT_PARTS);
	json_object_object_add(list, "more", json_object_new_int(1));
	cr_expect_eq(result_get(o, &r), -EINVAL);
	json_object_put(o);
	for (int i = 0; i < 4; i++) {
		static const char *const odd[] = {"", "A", "a b",
						  "a23456789012345678901234567890123456789012"};

		o = result_put(&s);
		list = json_object_new_object();
		json_object_object_add(list, odd[i], json_object_new_int(1));
		json_object_object_add(o, "lost", list);
		cr_expect_eq(result_get(o, &r), -EINVAL, "%s", odd[i]);
		json_object_put(o);
	}
}

/* ---- Lines ------------------------------------------------------------------------------------- */

static struct channel channel;
static int other;

static void connect_channel(void)
{
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	channel_open(&channel, fds[0]);
	other = fds[1];
}

Test(remote, lines_are_given_out_one_by_one_however_they_come, .init = connect_channel)
{
	static const char text[] = "one\n\ntwo\nthr";
	const char *line;
	size_t bytes;

	for (size_t i = 0; i + 1 < sizeof(text); i++) {
		cr_assert_eq(write(other, text + i, 1), 1);
		cr_assert_eq(channel_fill(&channel), 0);
	}
	cr_assert(channel_take(&channel, &line, &bytes));
	cr_expect(bytes == 3 && !strcmp(line, "one"));
	cr_assert(channel_take(&channel, &line, &bytes));
	cr_expect_eq(bytes, 0);
	cr_assert(channel_take(&channel, &line, &bytes));
	cr_expect_str_eq(line, "two");
	cr_expect_not(channel_take(&channel, &line, &bytes));
	cr_assert_eq(write(other, "ee\n", 3), 3);
	cr_assert_eq(channel_fill(&channel), 0);
	cr_assert(channel_take(&channel, &line, &bytes));
	cr_expect_str_eq(line, "three");
	close(other);
	cr_expect_eq(channel_fill(&channel), -ECONNRESET);
}

Test(remote, line_has_a_longest_length, .init = connect_channel)
{
	static char text[CHANNEL_LINE_BYTES];
	const char *line;
	size_t bytes;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	cr_assert_eq(write(other, text, sizeof(text)), (ssize_t)sizeof(text));
	while (!channel_take(&channel, &line, &bytes))
		cr_assert_eq(channel_fill(&channel), 0);
	cr_expect_eq(bytes, sizeof(text) - 1);
	cr_expect_not(channel_take(&channel, &line, &bytes));
	text[sizeof(text) - 1] = 'x';
	cr_assert_eq(write(other, text, sizeof(text)), (ssize_t)sizeof(text));
	for (int rc = 0; rc != -EMSGSIZE;) {
		cr_assert_not(channel_take(&channel, &line, &bytes));
		rc = channel_fill(&channel);
		cr_assert(!rc || rc == -EMSGSIZE, "%d", rc);
	}
}

Test(remote, who_does_not_read_is_not_waited_for_without_end, .init = connect_channel,
     .timeout = 20)
{
	static char text[1 << 20];

	cr_expect_eq(channel_send(&channel, text, sizeof(text)), -ETIMEDOUT);
	close(other);
	cr_expect_eq(channel_send(&channel, text, 1), -EPIPE);
	channel_close(&channel);
	cr_expect_eq(channel.fd, -1);
}
