// SPDX-License-Identifier: BSD-2-Clause
/* What the host keeps by rules, one decision at a time: each kind, and each shape that hides a number. */
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/program_rig.h"

enum {
	TCP = 6,
	UDP = 17,
	ICMPV6 = 58,
	HOP_BY_HOP = 0,
	ROUTING = 43,
	FRAGMENT = 44,
	AUTHENTICATION = 51,
	DESTINATION = 60,
	NONE = UINT32_MAX, /* no rule: the queue has no socket, so the frame passes */
};

static void rule(struct program_rig *r, uint32_t kind, uint32_t first, uint32_t last)
{
	struct net_xdp_bpf__rodata *c = r->object->rodata;

	c->host_keeps = 1;
	c->keep_first[c->keep_count] = KEEP_KEY(kind, first);
	c->keep_span[c->keep_count++] = last - first;
}

/* The rules of most cases, by index. */
enum { ARP, ND, SSH, DHCP, UDP_FRAGMENTS, IGMP, DNS, HTTPS, ECHO };

static void usual(struct program_rig *r, bool frags)
{
	program_rig_open(r);
	rule(r, KEEP_ETHERTYPE, 0x0806, 0x0806);
	rule(r, KEEP_ICMPV6, 133, 137);
	rule(r, KEEP_TCP_PORT, 22, 22);
	rule(r, KEEP_UDP_PORT, 67, 68);
	rule(r, KEEP_FRAGMENT, UDP, UDP);
	rule(r, KEEP_PROTOCOL, 2, 2);
	rule(r, KEEP_UDP_SOURCE, 53, 53);
	rule(r, KEEP_TCP_SOURCE, 443, 443);
	rule(r, KEEP_ICMP, 8, 8);
	program_rig_load(r, frags);
}

static void expect(struct program_rig *r, uint32_t len, uint32_t kept_by)
{
	program_rig_expect(r, len, 0,
			   kept_by == NONE ? PROGRAM_PASSED : PROGRAM_COUNTERS + kept_by);
}

/* ---- Frames ----------------------------------------------------------------------------------- */

static void ethernet(struct program_rig *r, uint16_t type)
{
	frame_write16(r->frame, 12, type);
}

/* Move what lies behind the addresses back, for a tag in front. */
static void tag(struct program_rig *r, uint16_t type)
{
	memmove(r->frame + 16, r->frame + 12, 400);
	frame_write16(r->frame, 12, type);
	frame_write16(r->frame, 14, 7);
}

static void ports(uint8_t *at, uint16_t source, uint16_t destination)
{
	frame_write16(at, 0, source);
	frame_write16(at, 2, destination);
}

/* Return: where the transport header begins. */
static uint8_t *ipv4(struct program_rig *r, uint8_t protocol, uint32_t options_bytes)
{
	uint8_t *ip = r->frame + 14;

	ethernet(r, 0x0800);
	memset(ip, 0, 20);
	ip[0] = (uint8_t)(0x40 + 5 + options_bytes / 4);
	ip[9] = protocol;
	return ip + 20 + options_bytes;
}

static uint8_t *ipv6(struct program_rig *r, uint8_t next)
{
	uint8_t *ip = r->frame + 14;

	ethernet(r, 0x86dd);
	memset(ip, 0, 40);
	ip[0] = 0x60;
	ip[6] = next;
	return ip + 40;
}

/* An extension header. Return: where the next one begins. */
static uint8_t *extension(uint8_t *at, uint8_t next, uint8_t length)
{
	memset(at, 0, 8);
	at[0] = next;
	at[1] = length;
	return at + (length + 1) * 8;
}

/* ---- Each kind -------------------------------------------------------------------------------- */

Test(keep, arp_behind_up_to_two_tags_is_kept_and_other_types_are_not)
{
	struct program_rig r;

	usual(&r, false);
	ethernet(&r, 0x0806);
	expect(&r, 60, ARP);
	expect(&r, 14, ARP); /* the type is all that is looked at */
	tag(&r, 0x8100);
	expect(&r, 60, ARP);
	expect(&r, 17, NONE); /* not there whole */
	tag(&r, 0x88a8);
	expect(&r, 60, ARP);
	tag(&r, 0x88a8);
	expect(&r, 60, NONE);
	ethernet(&r, 0x0805);
	expect(&r, 60, NONE);
	ethernet(&r, 0x0608);
	expect(&r, 60, NONE);
	program_rig_close(&r);
}

Test(keep, type_of_the_first_tag_has_rules_too)
{
	struct program_rig r;

	program_rig_open(&r);
	rule(&r, KEEP_ETHERTYPE, 0x8100, 0x8100);
	rule(&r, KEEP_ETHERTYPE, 0, 0x5ff);
	program_rig_load(&r, false);
	ethernet(&r, 0x0800);
	expect(&r, 60, NONE);
	tag(&r, 0x8100);
	expect(&r, 60, 0);
	ethernet(&r, 0x0026); /* a length: spanning tree, say */
	expect(&r, 60, 1);
	ethernet(&r, 0x05ff);
	expect(&r, 60, 1);
	ethernet(&r, 0x0600);
	expect(&r, 60, NONE);
	program_rig_close(&r);
}

Test(keep, ports_are_destinations_of_their_protocol)
{
	struct program_rig r;

	usual(&r, false);
	ports(ipv4(&r, TCP, 0), 40000, 22);
	expect(&r, 60, SSH);
	expect(&r, 14 + 24, SSH);
	expect(&r, 14 + 23, NONE);
	ports(ipv4(&r, TCP, 0), 22, 40000);
	expect(&r, 60, NONE);
	ports(ipv4(&r, UDP, 0), 40000, 22);
	expect(&r, 60, NONE);
	ports(ipv4(&r, 132, 0), 40000, 22);
	expect(&r, 60, NONE);
	for (uint16_t port = 66; port < 70; port++) {
		ports(ipv4(&r, UDP, 0), 40000, port);
		expect(&r, 60, port == 67 || port == 68 ? DHCP : NONE);
		ports(ipv6(&r, UDP), 40000, port);
		expect(&r, 66, port == 67 || port == 68 ? DHCP : NONE);
	}
	ports(ipv4(&r, UDP, 0), 53, 40000);
	expect(&r, 60, DNS);
	ports(ipv4(&r, UDP, 0), 53, 67); /* the first rule that is met counts */
	expect(&r, 60, DHCP);
	ports(ipv6(&r, TCP), 443, 40000);
	expect(&r, 66, HTTPS);
	program_rig_close(&r);
}

Test(keep, protocol_and_types_of_icmp)
{
	struct program_rig r;

	usual(&r, false);
	ipv4(&r, 2, 4); /* with router alert */
	expect(&r, 60, IGMP);
	ipv6(&r, 2);
	expect(&r, 60, IGMP);
	ipv4(&r, 1, 0)[0] = 8;
	expect(&r, 60, ECHO);
	ipv4(&r, 1, 0)[0] = 0;
	expect(&r, 60, NONE);
	ipv6(&r, 1)[0] = 8; /* no ICMP there */
	expect(&r, 60, NONE);
	for (uint8_t type = 128; type < 140; type++) {
		ipv6(&r, ICMPV6)[0] = type;
		expect(&r, 70, type >= 133 && type <= 137 ? ND : NONE);
		expect(&r, 14 + 40, NONE);
		ipv4(&r, ICMPV6, 0)[0] = type;
		expect(&r, 70, NONE);
	}
	program_rig_close(&r);
}

/* ---- What lies in between --------------------------------------------------------------------- */

Test(keep, ipv4_options_are_passed_over)
{
	struct program_rig r;

	usual(&r, false);
	for (uint32_t bytes = 0; bytes <= 40; bytes += 4) {
		ports(ipv4(&r, TCP, bytes), 40000, 22);
		expect(&r, 14 + 20 + bytes + 4, SSH);
		expect(&r, 14 + 20 + bytes + 3, NONE);
	}
	ports(ipv4(&r, TCP, 0), 40000, 22);
	r.frame[14] = 0x44; /* a header of 16 bytes is none */
	expect(&r, 60, NONE);
	r.frame[14] = 0x55;
	expect(&r, 60, NONE);
	program_rig_close(&r);
}

Test(keep, ipv6_extension_headers_are_passed_over)
{
	static const uint8_t kinds[] = {HOP_BY_HOP, ROUTING, DESTINATION};
	struct program_rig r;

	usual(&r, false);
	for (uint32_t k = 0; k < sizeof(kinds); k++) {
		for (uint32_t length = 0; length < 5; length++) {
			uint8_t *at = extension(ipv6(&r, kinds[k]), ICMPV6, (uint8_t)length);

			at[0] = 135;
			expect(&r, (uint32_t)(at + 1 - r.frame), ND);
			expect(&r, (uint32_t)(at - r.frame), NONE);
		}
	}
	/* Eight of them, and one too many. */
	for (uint32_t count = 1; count <= 9; count++) {
		uint8_t *at = ipv6(&r, DESTINATION);

		for (uint32_t i = 0; i < count; i++)
			at = extension(at, i + 1 < count ? DESTINATION : TCP, 0);
		ports(at, 40000, 22);
		expect(&r, 400, count <= 8 ? SSH : NONE);
	}
	program_rig_close(&r);
}

/* ---- Fragments -------------------------------------------------------------------------------- */

/* A datagram goes whole to one side, so the first fragment's port is not looked at either. */
Test(keep, fragments_meet_rules_about_their_protocol_alone)
{
	static const struct {
		uint16_t word;
		bool whole;
	} rows[] = {{0, true},	     {0x4000, true},  {0x8000, true},
		    {0x2000, false}, {0x0001, false}, {0x3fff, false}};
	struct program_rig r;

	usual(&r, false);
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ports(ipv4(&r, TCP, 0), 40000, 22);
		frame_write16(r.frame, 14 + 6, rows[i].word);
		expect(&r, 60, rows[i].whole ? SSH : NONE);
		ports(ipv4(&r, UDP, 0), 40000, 67);
		frame_write16(r.frame, 14 + 6, rows[i].word);
		expect(&r, 60, rows[i].whole ? DHCP : UDP_FRAGMENTS);
		ipv4(&r, 2, 0);
		frame_write16(r.frame, 14 + 6, rows[i].word);
		expect(&r, 60, IGMP);
	}
	program_rig_close(&r);
}

/* Also one that is the whole datagram: hardly anybody sends such. */
Test(keep, ipv6_fragments_likewise)
{
	static const uint16_t words[] = {0, 0x0001, 0x0008, 0xfff8};
	struct program_rig r;

	usual(&r, false);
	for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		uint8_t *at = extension(ipv6(&r, HOP_BY_HOP), FRAGMENT, 0);

		ports(extension(at, TCP, 0), 40000, 22);
		frame_write16(at, 2, words[i]);
		expect(&r, 90, NONE);
		at = ipv6(&r, FRAGMENT);
		ports(extension(at, UDP, 0), 40000, 67);
		frame_write16(at, 2, words[i]);
		expect(&r, 90, UDP_FRAGMENTS);
		expect(&r, 14 + 40 + 8, UDP_FRAGMENTS);
		expect(&r, 14 + 40 + 7, NONE);
		at[1] = 0xff; /* reserved, and no length */
		expect(&r, 90, UDP_FRAGMENTS);
		ports(extension(ipv6(&r, FRAGMENT), ICMPV6, 0), 135 << 8, 0);
		expect(&r, 90, NONE); /* neighbour discovery has to be whole (RFC 6980) */
	}
	program_rig_close(&r);
}

Test(keep, authentication_and_encryption_are_protocols)
{
	struct program_rig r;

	program_rig_open(&r);
	rule(&r, KEEP_TCP_PORT, 22, 22);
	rule(&r, KEEP_PROTOCOL, AUTHENTICATION, AUTHENTICATION);
	program_rig_load(&r, false);
	ports(extension(ipv6(&r, AUTHENTICATION), TCP, 1), 40000, 22);
	expect(&r, 90, 1);
	ports(ipv4(&r, AUTHENTICATION, 0), 40000, 22);
	expect(&r, 90, 1);
	program_rig_close(&r);
}

/* ---- Beside the other rules of the program ---------------------------------------------------- */

Test(keep, all_rules_are_looked_at_and_none_behind_the_count)
{
	struct program_rig r;

	program_rig_open(&r);
	for (uint32_t i = 0; i < KEEP_RULES; i++)
		rule(&r, KEEP_TCP_PORT, 1000 + 10 * i, 1000 + 10 * i + i % 4);
	r.object->rodata->keep_count--;
	program_rig_load(&r, false);
	for (uint32_t i = 0; i < KEEP_RULES; i++) {
		for (uint32_t k = 0; k < 5; k++) {
			ports(ipv4(&r, TCP, 0), 1, (uint16_t)(1000 + 10 * i + k));
			expect(&r, 60, k <= i % 4 && i < KEEP_RULES - 1 ? i : NONE);
		}
	}
	program_rig_close(&r);
}

Test(keep, kept_frame_may_be_of_any_length_and_goes_to_no_socket)
{
	struct program_rig r;
	int fd;

	usual(&r, false);
	fd = program_rig_socket(&r, 0);
	ports(ipv4(&r, TCP, 0), 40000, 22);
	expect(&r, 60, SSH);
	expect(&r, 3000, SSH);
	ports(ipv4(&r, TCP, 0), 40000, 23);
	program_rig_expect(&r, 60, 0, PROGRAM_REDIRECTED);
	program_rig_expect(&r, 3000, 0, PROGRAM_TOO_LONG);
	close(fd);
	program_rig_close(&r);
}

Test(keep, mac_that_is_not_ours_is_counted_as_such)
{
	struct program_rig r;

	program_rig_open(&r);
	rule(&r, KEEP_ETHERTYPE, 0x0806, 0x0806);
	r.object->rodata->take_mac_count = 1;
	memcpy((void *)&r.object->rodata->take_macs[0], r.frame, 6);
	program_rig_load(&r, false);
	ethernet(&r, 0x0806);
	expect(&r, 60, 0);
	ethernet(&r, 0x0800);
	expect(&r, 60, NONE);
	r.frame[5] ^= 1;
	program_rig_expect(&r, 60, 0, PROGRAM_KEPT);
	ethernet(&r, 0x0806);
	program_rig_expect(&r, 60, 0, PROGRAM_KEPT);
	program_rig_close(&r);
}

/* Only the first buffer is read, of about 3500 bytes here. */
Test(keep, header_behind_the_first_buffer_is_not_found)
{
	struct program_rig r;
	uint8_t *at;

	program_rig_open(&r);
	rule(&r, KEEP_TCP_PORT, 22, 22);
	rule(&r, KEEP_ETHERTYPE, 0x0806, 0x0806);
	r.object->rodata->max_frame_bytes = 9018;
	program_rig_load(&r, true);
	at = extension(ipv6(&r, DESTINATION), TCP, 255);
	ports(at, 40000, 22);
	expect(&r, 9000, 0);
	at = extension(ipv6(&r, DESTINATION), DESTINATION, 255);
	at = extension(at, TCP, 255);
	ports(at, 40000, 22);
	expect(&r, 9000, NONE);
	ethernet(&r, 0x0806);
	expect(&r, 15000, 1);
	program_rig_close(&r);
}
