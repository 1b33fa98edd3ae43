// SPDX-License-Identifier: BSD-2-Clause
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/fixture.h"
#include "support/frame.h"
#include "support/frontend.h"
#include "support/netns.h"
#include "support/peer.h"

enum { DEADLINE_MS = 30000, AGAIN_MS = 500, PROBE_BYTES = 64 };

bool fixture_is_veth(void)
{
	return !getenv("NET_XDP_FIXTURE");
}

enum net_xdp_mode fixture_mode(void)
{
	return fixture_is_veth() ? NET_XDP_MODE_AUTO : NET_XDP_MODE_ZERO_COPY;
}

uint32_t fixture_queues(uint32_t most)
{
	return fixture_is_veth() ? most : 1;
}

const char *fixture_link(void)
{
	return fixture_is_veth() ? "v1" : "v0";
}

/* The test before has ended, but its namespace goes, and the NICs come back, a little later. */
static void take(const char *ifname, int origin, int here)
{
	int64_t deadline = frontend_now_ms() + DEADLINE_MS;

	close(netns_switch(origin));
	while (!if_nametoindex(ifname)) {
		cr_assert(frontend_now_ms() < deadline, "no NIC %s came back", ifname);
		frontend_sleep_ms(5);
	}
	netns_move(ifname, here);
	close(netns_switch(here));
}

/* Wait for a frame to cross. The wire keeps the order, so nothing that an earlier test has sent is
 * still under way then. */
static void probe(struct peer *from, struct peer *to)
{
	int64_t deadline = frontend_now_ms() + DEADLINE_MS;
	uint8_t frame[PROBE_BYTES], got[FRAME_MAX_BYTES];

	for (uint64_t n = (uint64_t)getpid() << 16;; n++) {
		int64_t again = frontend_now_ms() + AGAIN_MS;

		cr_assert(again < deadline, "no frame crosses from %s to %s", from->ifname,
			  to->ifname);
		frame_plain(frame, sizeof(frame), n);
		peer_send(from, frame, sizeof(frame));
		while (frontend_now_ms() < again)
			if (peer_receive(to, got, sizeof(got), AGAIN_MS) == sizeof(frame) &&
			    memcmp(got, frame, sizeof(frame)) == 0)
				return;
	}
}

/* The kernel tells of a carrier up to a second later, or when somebody asks for it: no test is to be
 * woken by such news. Source: carrier_show() in net/core/net-sysfs.c. */
static void flush_news(const char *ifname)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%s/carrier", ifname);
	f = fopen(path, "re");
	cr_assert(f && fgetc(f) == '1', "%s has no carrier", ifname);
	fclose(f);
}

/* Frames carry addresses of nobody here, and must come as they were sent. */
static void prepare(unsigned int mtu)
{
	static const char *const ends[] = {"v0", "v1"};
	struct peer peers[2];

	for (int i = 0; i < 2; i++)
		netns_run("ip link set %s mtu %u promisc on up && ethtool -K %s gro off", ends[i],
			  mtu, ends[i]);
	for (int i = 0; i < 2; i++)
		peer_open(&peers[i], ends[i]);
	probe(&peers[0], &peers[1]);
	probe(&peers[1], &peers[0]);
	for (int i = 0; i < 2; i++) {
		peer_close(&peers[i]);
		flush_news(ends[i]);
	}
}

void fixture_enter(unsigned int queues, unsigned int mtu)
{
	const char *kind = getenv("NET_XDP_FIXTURE");
	int origin = netns_current(), here;

	cr_assert(!kind || strcmp(kind, "nics") == 0, "NET_XDP_FIXTURE: '%s' is not 'nics'", kind);
	netns_enter();
	if (fixture_is_veth()) {
		netns_veth("v0", "v1", queues, mtu);
	} else {
		cr_assert(queues == 1, "%u queues: this test needs veth and does not say so",
			  queues);
		here = netns_current();
		take("v0", origin, here);
		take("v1", origin, here);
		close(here);
		prepare(mtu);
	}
	close(origin);
}
