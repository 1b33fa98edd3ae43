// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "soak/soak.h"
#include "support/frontend.h"
#include "support/netns.h"

static const char *const names[2] = {"v0", "v1"};
static int host_fd[2] = {-1, -1};
static uint64_t host_seen[2];

/* What XDP passes to the host ends here, counted whether the socket has room for it or not. */
static int open_host(const char *ifname)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(SOAK_ETHERTYPE),
				      .sll_ifindex = (int)if_nametoindex(ifname)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), small = 4096;

	cr_assert(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) == 0 &&
			  bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0,
		  "packet socket on %s: %s", ifname, strerror(errno));
	return fd;
}

void world_open(void)
{
	netns_enter();
	/* A /run of its own: small, so that it can be full. */
	netns_run("mount -t tmpfs -o mode=755,size=256k none /run");
	netns_veth("v0", "v1", 1, 1500);
	/* With GRO the NAPI is there without a program too, so its deferral can be set, and leases are made. */
	for (int i = 0; i < 2; i++) {
		netns_run("ethtool -K %s gro on", names[i]);
		host_fd[i] = open_host(names[i]);
	}
}

void world_close(void)
{
	close(host_fd[0]);
	close(host_fd[1]);
}

uint64_t world_statistic(const char *ifname, const char *name)
{
	char path[128];
	uint64_t value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/%s", ifname, name);
	f = fopen(path, "re");
	cr_assert(f != NULL && fscanf(f, "%" SCNu64, &value) == 1, "%s: %s", path, strerror(errno));
	fclose(f);
	return value;
}

struct link_counts world_counts(int end)
{
	struct tpacket_stats seen = {0};
	socklen_t size = sizeof(seen);

	cr_assert(getsockopt(host_fd[end], SOL_PACKET, PACKET_STATISTICS, &seen, &size) == 0, "%s",
		  strerror(errno));
	host_seen[end] += seen.tp_packets;
	return (struct link_counts){.tx_dropped = world_statistic(names[end], "tx_dropped"),
				    .rx_packets = world_statistic(names[end], "rx_packets"),
				    .rx_dropped = world_statistic(names[end], "rx_dropped"),
				    .host = host_seen[end]};
}

void world_settle(void)
{
	struct link_counts before[2] = {{0}}, now[2];

	for (int i = 0; i < 200; i++) {
		now[0] = world_counts(0);
		now[1] = world_counts(1);
		if (memcmp(before, now, sizeof(now)) == 0)
			return;
		memcpy(before, now, sizeof(now));
		frontend_sleep_ms(10);
	}
	cr_assert_fail("frames move though both sides are paused");
}

bool world_has_program(int end, int patience_ms)
{
	while (netns_program_id(names[end])) {
		if (patience_ms-- <= 0)
			return true;
		frontend_sleep_ms(1);
	}
	return false;
}

/* A lease that is removed must not make room for the next one: it has a second name. */
void world_fill_run(void)
{
	static const char zeros[4096];
	int fd;

	netns_run(
		"for f in /run/net_xdp/*; do [ ! -f \"$f\" ] || ln \"$f\" /run/held-${f##*/}; done");
	fd = open("/run/full", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert(fd >= 0, "/run/full: %s", strerror(errno));
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	cr_assert(errno == ENOSPC, "/run/full: %s", strerror(errno));
	close(fd);
}

void world_empty_run(void)
{
	netns_run("rm -f /run/full /run/held-*");
}

void world_flap(int end, int down_ms)
{
	netns_run("ip link set %s down", names[end]);
	frontend_sleep_ms(down_ms);
	netns_up(names[end]);
}
