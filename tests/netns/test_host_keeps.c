// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host that lives on the address whose frames are taken: config.keep leaves it ARP, neighbour discovery, echo, a
 * server and a client, while all else comes to us. v0 is the host's and ours, v1 lies in a namespace of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <criterion/criterion.h>

#include "support/frame.h"
#include "support/frontend_xdp.h"
#include "support/netns.h"

enum { OTHERS_PORT = 9, DEADLINE_MS = 10000 };

/* By index in the configuration. */
enum { ARP, ND, ECHO, ECHO_6, SERVER, DATAGRAMS, CLIENT, RULES };

static const struct net_xdp_keep_rule rules[RULES] = {
	[ARP] = {NET_XDP_KEEP_ETHERTYPE, 0x0806, 0x0806, 0},
	[ND] = {NET_XDP_KEEP_ICMPV6, 133, 137, 0},
	[ECHO] = {NET_XDP_KEEP_ICMP, 8, 8, 0},
	[ECHO_6] = {NET_XDP_KEEP_ICMPV6, 128, 128, 0},
	[SERVER] = {NET_XDP_KEEP_TCP_PORT, 22, 22, 0},
	[DATAGRAMS] = {NET_XDP_KEEP_UDP_PORT, 7, 7, 0},
	[CLIENT] = {NET_XDP_KEEP_TCP_SOURCE, 80, 80, 0},
};

struct host {
	struct frontend_xdp x;
	int there;		 /* the namespace of v1 */
	uint32_t others, stolen; /* frames that came to us: to OTHERS_PORT; that a rule is about */
};

static void addresses(const char *ifname, int last)
{
	netns_run("echo 0 > /proc/sys/net/ipv6/conf/%s/disable_ipv6", ifname);
	netns_run("ip link set %s up", ifname);
	netns_run("ip addr add 192.0.2.%d/24 dev %s", last, ifname);
	netns_run("ip addr add 2001:db8::%d/64 dev %s nodad", last, ifname);
}

static void host_open(struct host *h, enum net_xdp_attach attach)
{
	int here;

	memset(h, 0, sizeof(*h));
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	h->there = netns_new();
	netns_move("v1", h->there);
	addresses("v0", 1);
	here = netns_switch(h->there);
	addresses("v1", 2);
	netns_switch(here);
	frontend_xdp_prepare(&h->x, "v0");
	h->x.config.attach = attach;
	memcpy(h->x.config.keep, rules, sizeof(rules));
	h->x.config.keep_count = RULES;
	frontend_xdp_open(&h->x);
	frontend_xdp_start(&h->x, 1, 512);
}

static struct net_xdp_program_stats stats(struct host *h)
{
	struct net_xdp_program_stats s;

	cr_assert_eq(net_xdp_program_stats(h->x.ep, &s), 0);
	return s;
}

/* Take what has come, and look what it is. */
static void take(struct host *h)
{
	uint32_t ids[64], n;

	while ((n = frontend_rx(&h->x.f, h->x.queues[0], ids, 64))) {
		for (uint32_t i = 0; i < n; i++) {
			const uint8_t *f = frontend_frame(&h->x.f, ids[i]);
			const uint16_t type = frame_read16(f, 12);

			h->others += type == 0x0800 && f[23] == IPPROTO_UDP &&
				     frame_read16(f, 36) == OTHERS_PORT;
			h->stolen += type == 0x0806 ||
				     (type == 0x86dd && f[20] == IPPROTO_ICMPV6 && f[54] >= 133 &&
				      f[54] <= 137) ||
				     (type == 0x0800 && f[23] == IPPROTO_TCP &&
				      frame_read16(f, 36) == 22);
		}
		frontend_post_ids(&h->x.f, h->x.queues[0], ids, n);
	}
}

/* ---- Sockets, of the host and of the other side ----------------------------------------------- */

static struct sockaddr_storage address(int family, int last, uint16_t port)
{
	struct sockaddr_storage out = {.ss_family = (sa_family_t)family};
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&out;
	struct sockaddr_in *four = (struct sockaddr_in *)&out;
	char text[32];

	snprintf(text, sizeof(text), family == AF_INET ? "192.0.2.%d" : "2001:db8::%d", last);
	if (family == AF_INET)
		four->sin_port = htons(port);
	else
		six->sin6_port = htons(port);
	cr_assert_eq(
		inet_pton(family, text,
			  family == AF_INET ? (void *)&four->sin_addr : (void *)&six->sin6_addr),
		1);
	return out;
}

/* In the host's namespace, or there. */
static int socket_at(struct host *h, bool there, int family, int type, int protocol)
{
	int here = there ? netns_switch(h->there) : -1;
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	if (there)
		netns_switch(here);
	cr_assert(fd >= 0, "socket: %s", strerror(errno));
	return fd;
}

static int bound(struct host *h, bool there, int family, int type, uint16_t port)
{
	struct sockaddr_storage a = address(family, there ? 2 : 1, port);
	int fd = socket_at(h, there, family, type, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0, "bind: %s", strerror(errno));
	if (type == SOCK_STREAM)
		cr_assert_eq(listen(fd, 1), 0);
	return fd;
}

/* Wait for a descriptor, and take what comes to us meanwhile. Return: is it ready? */
static bool ready(struct host *h, int fd, short events, int for_ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	int64_t deadline = frontend_now_ms() + for_ms;
	int rc;

	do {
		take(h);
		rc = poll(&p, 1, 10);
	} while (rc == 0 && frontend_now_ms() < deadline);
	return rc == 1;
}

static void copy(struct host *h, int from, int to, size_t bytes)
{
	static uint8_t sent[1 << 16], got[1 << 16];

	for (size_t done = 0; done < bytes; done += sizeof(sent)) {
		memset(sent, (int)(done >> 16) + 1, sizeof(sent));
		sent[done >> 16] = 0;
		cr_assert_eq(write(from, sent, sizeof(sent)), (ssize_t)sizeof(sent));
		for (size_t n = 0; n < sizeof(got);) {
			ssize_t rc;

			cr_assert(ready(h, to, POLLIN, DEADLINE_MS), "the stream stands still");
			rc = read(to, got + n, sizeof(got) - n);
			cr_assert(rc > 0, "read: %s", strerror(errno));
			n += (size_t)rc;
		}
		cr_assert_arr_eq(sent, got, sizeof(sent));
	}
}

/* A connection from one side to a port of the other, and data both ways. */
static void session(struct host *h, bool from_host, int family, uint16_t port)
{
	struct sockaddr_storage a = address(family, from_host ? 2 : 1, port);
	int server = bound(h, from_host, family, SOCK_STREAM, port), accepted;
	int client = socket_at(h, !from_host, family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	connect(client, (struct sockaddr *)&a, sizeof(a));
	cr_assert(ready(h, server, POLLIN, DEADLINE_MS), "no connection to port %u", port);
	accepted = accept(server, NULL, NULL);
	cr_assert(accepted >= 0);
	cr_assert_eq(fcntl(client, F_SETFL, 0), 0);
	copy(h, client, accepted, 512 << 10);
	copy(h, accepted, client, 512 << 10);
	close(client);
	close(accepted);
	close(server);
}

static void ping(struct host *h, int family)
{
	const bool six = family == AF_INET6;
	uint8_t request[16] = {six ? 128 : 8}, answer[128];
	struct sockaddr_storage a = address(family, 1, 0);
	int fd = socket_at(h, true, family, SOCK_RAW, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	const uint32_t at = six ? 0 : 20; /* where a raw socket's ICMP begins */

	if (!six)
		frame_write16(request, 2, (uint16_t) ~(8 << 8));
	cr_assert_eq(sendto(fd, request, sizeof(request), 0, (struct sockaddr *)&a, sizeof(a)),
		     (ssize_t)sizeof(request), "%s", strerror(errno));
	do {
		cr_assert(ready(h, fd, POLLIN, DEADLINE_MS), "no answer to ping");
		cr_assert(recv(fd, answer, sizeof(answer), 0) > (ssize_t)at);
	} while (answer[at] != (six ? 129 : 0));
	close(fd);
}

static void echo(struct host *h, int family)
{
	struct sockaddr_storage a = address(family, 1, 7), from;
	int server = bound(h, false, family, SOCK_DGRAM, 7);
	int client = socket_at(h, true, family, SOCK_DGRAM, 0);
	socklen_t length = sizeof(from);
	char text[8] = "";

	cr_assert_eq(sendto(client, "hello", 6, 0, (struct sockaddr *)&a, sizeof(a)), 6);
	cr_assert(ready(h, server, POLLIN, DEADLINE_MS), "no datagram");
	cr_assert_eq(recvfrom(server, text, sizeof(text), 0, (struct sockaddr *)&from, &length), 6);
	cr_assert_eq(sendto(server, text, 6, 0, (struct sockaddr *)&from, length), 6);
	cr_assert(ready(h, client, POLLIN, DEADLINE_MS), "no answer");
	cr_assert_eq(recv(client, text, sizeof(text), 0), 6);
	cr_assert_str_eq(text, "hello");
	close(server);
	close(client);
}

/* What no rule is about comes to us, and the host knows nothing of it: no datagram, and no reset. */
static void others(struct host *h, uint32_t count)
{
	struct sockaddr_storage a = address(AF_INET, 1, OTHERS_PORT);
	struct sockaddr_storage closed = address(AF_INET, 1, 23);
	int server = bound(h, false, AF_INET, SOCK_DGRAM, OTHERS_PORT);
	int client = socket_at(h, true, AF_INET, SOCK_DGRAM, 0);
	int refused = socket_at(h, true, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	const uint32_t before = h->others;

	connect(refused, (struct sockaddr *)&closed, sizeof(closed));
	for (uint32_t i = 0; i < count; i++)
		cr_assert_eq(sendto(client, "x", 1, 0, (struct sockaddr *)&a, sizeof(a)), 1);
	for (int i = 0; i < 1000 && h->others < before + count; i++) {
		take(h);
		frontend_sleep_ms(1);
	}
	cr_assert_eq(h->others, before + count);
	cr_assert(!ready(h, server, POLLIN, 20), "the host got one");
	cr_assert(!ready(h, refused, POLLIN | POLLOUT, 20), "the host refused a connection");
	close(server);
	close(client);
	close(refused);
}

static void lives(enum net_xdp_attach attach)
{
	struct net_xdp_program_stats s;
	struct host h;
	uint64_t sum = 0;

	host_open(&h, attach);
	for (int round = 0; round < 2; round++) {
		others(&h, 50);
		ping(&h, AF_INET);
		ping(&h, AF_INET6);
		session(&h, false, AF_INET, 22);
		session(&h, false, AF_INET6, 22);
		echo(&h, AF_INET);
		echo(&h, AF_INET6);
		session(&h, true, AF_INET, 80);
	}
	others(&h, 50);
	s = stats(&h);
	for (uint32_t i = 0; i < RULES; i++) {
		cr_assert(s.kept_by[i] > 0, "rule %u kept nothing", i);
		sum += s.kept_by[i];
	}
	cr_assert_eq(s.kept_by_rule, sum);
	cr_assert_eq(h.stolen, 0);
	frontend_xdp_close(&h.x);
}

Test(host_keeps, host_lives_on_while_all_else_is_taken, .timeout = 60)
{
	lives(NET_XDP_ATTACH_NATIVE);
}

Test(host_keeps, host_lives_on_while_all_else_is_taken_generic, .timeout = 60)
{
	lives(NET_XDP_ATTACH_GENERIC);
}
