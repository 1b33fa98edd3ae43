// SPDX-License-Identifier: BSD-2-Clause
/* Link events: what the kernel queues for a socket of one interface. */
#include <criterion/criterion.h>
#include <net/if.h>
#include <unistd.h>

#include "support/foreign.h"
#include "support/netns.h"
#include "host/netdev.h"

static void enter(void)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	netns_run("ip link add w0 type veth peer name w1");
}

TestSuite(events, .init = enter);

/* Two thousand events of an interface. */
static void flood(const char *ifname)
{
	netns_run("for i in $(seq 1000); do printf 'link set %s mtu 1400\\nlink set %s mtu "
		  "1500\\n'; done | ip -batch -",
		  ifname, ifname);
}

static int open_for(const char *ifname, bool removal)
{
	int fd = netdev_events_open();

	cr_assert_geq(fd, 0);
	cr_assert_eq(netdev_events_only(fd, if_nametoindex(ifname), removal), 0);
	return fd;
}

/* Return: events of the interface until there are none; *last is the last one. */
static int drain(int fd, uint32_t ifindex, struct netdev_event *last)
{
	struct netdev_event event;
	int count = 0, rc;

	while ((rc = netdev_events_next(fd, ifindex, &event)) == 1) {
		*last = event;
		count++;
	}
	cr_assert_eq(rc, 0);
	return count;
}

/* Fails on a socket without a filter: it loses events. */
Test(events, flood_of_another_interface_loses_none_of_ours)
{
	struct netdev_event last = {0};
	uint32_t ifindex = if_nametoindex("v0");
	int fd;

	fd = open_for("v0", false);
	flood("w0");
	cr_assert_eq(drain(fd, ifindex, &last), 0);
	netns_down("v0");
	cr_assert_geq(drain(fd, ifindex, &last), 1);
	cr_assert(last.kind == NETDEV_EVENT_LINK && !last.link_up);
	cr_assert_eq(netdev_events_ask(fd, ifindex), 0);
	cr_assert_eq(drain(fd, ifindex, &last), 1, "the answer to a question is not filtered");
	netns_run("ip link del v0");
	drain(fd, ifindex, &last);
	cr_assert_eq(last.kind, NETDEV_EVENT_GONE);
	close(fd);
}

Test(events, removal_is_all_that_a_removal_socket_hears)
{
	struct netdev_event last = {0};
	uint32_t ifindex = if_nametoindex("v0");
	int fd;

	fd = open_for("v0", true);
	flood("v0");
	netns_run("ip link del w0");
	cr_assert_eq(drain(fd, ifindex, &last), 0, "kind %d", last.kind);
	netns_run("ip link del v0");
	cr_assert_eq(drain(fd, ifindex, &last), 1);
	cr_assert_eq(last.kind, NETDEV_EVENT_GONE);
	close(fd);
}

/* What is attached without a bpf_link is told. */
Test(events, link_event_names_the_program_that_runs)
{
	struct netdev_event last = {0};
	uint32_t ifindex = if_nametoindex("v0"), id;

	for (int native = 0; native < 2; native++) {
		int fd = open_for("v0", false);

		id = foreign_program("v0", native);
		cr_assert_geq(drain(fd, ifindex, &last), 1);
		cr_assert_eq(last.program_id, id);
		foreign_program_detach("v0", native);
		cr_assert_geq(drain(fd, ifindex, &last), 1);
		cr_assert_eq(last.program_id, 0);
		close(fd);
	}
}
