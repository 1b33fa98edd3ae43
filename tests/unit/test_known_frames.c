// SPDX-License-Identifier: BSD-2-Clause
/* Answers from outside our own heads: frames that scapy builds (tests/known/frames.py), and the examples of
 * RFC 1071 and RFC 1624. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/checksum.h"
#include "support/segment_case.h"

enum { LINE = 64 * 1024, FRAME_ROOM = 16 * 1024, LONGEST_WIRE = 1600 };

struct bytes {
	uint32_t len;
	uint8_t at[FRAME_ROOM];
};

static char line[LINE];

static void parse_hex(const char *text, struct bytes *out)
{
	unsigned int byte;

	for (out->len = 0; sscanf(text, "%2x", &byte) == 1; text += 2) {
		cr_assert_lt(out->len, FRAME_ROOM);
		out->at[out->len++] = (uint8_t)byte;
	}
}

/* ---- Requests ---------------------------------------------------------------------------------- */

static const struct {
	const char *word;
	uint16_t flag;
} words[] = {
	{"tcp-segmentation", NET_TX_TCP_SEGMENTATION},
	{"udp-segmentation", NET_TX_UDP_SEGMENTATION},
	{"tcp-checksum", NET_TX_TCP_CHECKSUM},
	{"udp-checksum", NET_TX_UDP_CHECKSUM},
	{"ip-checksum", NET_TX_IP_CHECKSUM},
	{"ipv4", NET_TX_IPV4},
	{"ipv6", NET_TX_IPV6},
	{"vlan", NET_TX_VLAN},
};

static uint16_t flags_of(char *text)
{
	uint16_t flags = 0, before;

	for (char *word = strtok(text, "+"); word; word = strtok(NULL, "+")) {
		before = flags;
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (!strcmp(word, words[i].word))
				flags |= words[i].flag;
		cr_assert_neq(flags, before, "%s", word);
	}
	return flags;
}

struct request {
	struct bytes packet;
	struct net_tx_metadata meta;
	struct segmenter segmenter;
	uint8_t headers[SEGMENTER_HEADERS_MAX];
	uint32_t next; /* the wire packet that the next line has */
};

static void begin_request(struct request *r)
{
	unsigned int mss, l2, l3, l4, tci;
	enum segmenter_verdict verdict;
	char flags[80];
	uint32_t wanted;
	int at;

	cr_assert_eq(sscanf(line, "request %79s %u %u %u %u %u %n", flags, &mss, &l2, &l3, &l4,
			    &tci, &at),
		     6);
	parse_hex(line + at, &r->packet);
	r->meta = (struct net_tx_metadata){.len_bytes = r->packet.len,
					   .segment_count = 1,
					   .flags = flags_of(flags),
					   .l2_len_bytes = (uint8_t)l2,
					   .l3_len_bytes = (uint16_t)l3,
					   .l4_len_bytes = (uint8_t)l4,
					   .max_segment_bytes = (uint16_t)mss,
					   .vlan_tci = (uint16_t)tci};
	wanted = segmenter_header_bytes(&r->meta);
	cr_assert_leq(wanted, sizeof(r->headers));
	memcpy(r->headers, r->packet.at, wanted < r->packet.len ? wanted : r->packet.len);
	verdict = segmenter_judge(&r->segmenter, r->headers, wanted, &r->meta, LONGEST_WIRE);
	cr_assert(verdict == SEGMENTER_OK, "verdict %d: %.200s", verdict, line);
	r->next = 0;
}

static void expect_wire(struct request *r)
{
	static uint8_t got[SEGMENT_PACKET_MAX];
	static struct bytes want;
	char why[FRAME_WHY_BYTES];
	uint32_t len;

	parse_hex(line + strlen("wire "), &want);
	cr_assert_lt(r->next, r->segmenter.pieces);
	for (int by_others = 0; by_others < 2; by_others++) {
		len = segment_wire(&r->segmenter, r->packet.at, r->next, by_others, got);
		cr_assert(frame_equal(got, len, want.at, want.len, why), "piece %u: %s\n%.200s",
			  r->next, why, line);
	}
	r->next++;
}

/* ---- Received frames --------------------------------------------------------------------------- */

static const char *const states[] = {
	[NET_CHECKSUM_UNKNOWN] = "unknown",
	[NET_CHECKSUM_GOOD] = "good",
	[NET_CHECKSUM_BAD] = "bad",
};
static const char *const protocols[] = {
	[NET_L4_UNKNOWN] = "unknown", [NET_L4_TCP] = "tcp", [NET_L4_UDP] = "udp"};

static void expect_received(void)
{
	char protocol[16], ip[16], l4[16];
	struct net_rx_metadata got = {0};
	static struct bytes frame;
	int at;

	cr_assert_eq(sscanf(line, "receive %15s %15s %15s %n", protocol, ip, l4, &at), 3);
	parse_hex(line + at, &frame);
	checksum_inspect(frame.at, frame.len, CHECKSUM_WIRE, false, &got);
	cr_expect(
		!strcmp(states[got.ip_checksum], ip) && !strcmp(states[got.l4_checksum], l4) &&
			(!strcmp(protocol, "any") || !strcmp(protocols[got.l4_protocol], protocol)),
		"%s, IP %s, transport %s: %.300s", protocols[got.l4_protocol],
		states[got.ip_checksum], states[got.l4_checksum], line);
}

Test(known_frames, scapys_frames_are_cut_summed_and_judged_as_scapy_does)
{
	FILE *in = popen("/usr/bin/python3 " KNOWN_DIR "/frames.py", "r");
	static struct request request;
	uint32_t received = 0, requests = 0, wires = 0;

	cr_assert(in);
	while (fgets(line, sizeof(line), in)) {
		bool is_wire = !strncmp(line, "wire ", 5);

		if (!is_wire && requests)
			cr_assert_eq(request.next, request.segmenter.pieces);
		if (is_wire) {
			expect_wire(&request);
			wires++;
		} else if (!strncmp(line, "request ", 8)) {
			begin_request(&request);
			requests++;
		} else {
			expect_received();
			received++;
		}
	}
	cr_assert_eq(pclose(in), 0, "python3-scapy of Debian is needed");
	cr_assert(received > 400 && requests > 900 && wires > 3000, "%u, %u, %u", received,
		  requests, wires);
}

/* ---- RFC 1071, section 3; RFC 1624, section 4 -------------------------------------------------- */

Test(known_frames, sum_is_the_example_of_rfc_1071)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	uint16_t sum = checksum_fold(checksum_add(0, bytes, sizeof(bytes), 0));
	uint64_t parts = 0;

	/* "Normal" order: ddf2. */
	cr_assert(memcmp(&sum, "\xdd\xf2", 2) == 0, "%04x", be16toh(sum));
	/* In parts that begin at odd places, which the section's last example sums by swapping. */
	for (uint32_t cut = 0; cut <= sizeof(bytes); cut++) {
		parts = checksum_add(0, bytes, cut, 0);
		parts = checksum_add(parts, bytes + cut, sizeof(bytes) - cut, cut);
		cr_expect_eq(checksum_fold(parts), sum, "cut behind %u", cut);
	}
}

/* A header with checksum dd2f, of which one word goes from 5555 to 3285, has the checksum 0000 then: equation 2
 * of RFC 1141 says ffff. The word is the identification here, which is what a segmenter changes. */
Test(known_frames, changed_word_gives_the_checksum_of_rfc_1624)
{
	uint8_t packet[14 + 20 + 8 + 1] = {
		[12] = 0x08, [13] = 0x00, [14] = 0x45, [17] = 29, [22] = 64, [23] = 17};
	struct net_tx_metadata meta = {.len_bytes = sizeof(packet),
				       .segment_count = 1,
				       .flags = NET_TX_UDP_CHECKSUM | NET_TX_IP_CHECKSUM |
						NET_TX_IPV4,
				       .l2_len_bytes = 14,
				       .l3_len_bytes = 20};
	const struct {
		uint16_t id, checksum;
	} cases[] = {{0x5555, 0xdd2f}, {0x3285, 0x0000}};

	/* Without identification and checksum the header's words have the sum cd7a. */
	packet[30] = (0xcd7a - 0x4500 - 29 - 0x4011) >> 8;
	packet[31] = (0xcd7a - 0x4500 - 29 - 0x4011) & 0xff;
	packet[39] = 9; /* length of UDP */
	for (int i = 0; i < 2; i++) {
		uint8_t out[SEGMENTER_HEADERS_MAX];
		struct segmenter s;

		packet[18] = (uint8_t)(cases[i].id >> 8);
		packet[19] = (uint8_t)cases[i].id;
		cr_assert_eq(segmenter_judge(&s, packet, segmenter_header_bytes(&meta), &meta,
					     LONGEST_WIRE),
			     SEGMENTER_OK);
		segmenter_write(&s, 0, out);
		cr_expect(out[24] == cases[i].checksum >> 8 &&
				  out[25] == (cases[i].checksum & 0xff),
			  "%04x: %02x%02x", cases[i].id, out[24], out[25]);
	}
}
