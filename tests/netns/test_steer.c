// SPDX-License-Identifier: BSD-2-Clause
/* Steering on veth pairs, which have channels to set but no table and no rules: in an endpoint's life and around it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/fields.h"
#include "support/foreign.h"
#include "support/frontend_xdp.h"
#include "support/netns.h"

static struct net_xdp_steer_report report; /* large */
static struct net_error err;

static const uint8_t group[6] = {0x01, 0, 0x5e, 1, 2, 3}, host_group[6] = {0x01, 0, 0x5e, 9, 9, 9};

/* 4 queues there can be, 2 of which are there; the host has joined a group for good. */
static void make_v0(void)
{
	netns_veth("v0", "v1", 4, 1500);
	netns_run("ethtool -L v0 rx 2 tx 2 && ip maddr add 01:00:5e:09:09:09 dev v0");
}

static void begin(void)
{
	netns_enter();
	netns_run("mount -t tmpfs -o mode=755 none /run");
	make_v0();
}

TestSuite(steer, .init = begin, .timeout = 60);

static struct net_xdp_steer everything(void)
{
	struct net_xdp_steer plan = net_xdp_steer_default();

	plan.channels = 4;
	plan.promiscuous = plan.all_multicast = true;
	plan.group_count = 2;
	memcpy(plan.groups[0], group, 6);
	memcpy(plan.groups[1], host_group, 6);
	return plan;
}

static uint32_t flags(void)
{
	struct ifreq request = {.ifr_name = "v0"};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	cr_assert(fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0);
	close(fd);
	return (uint16_t)request.ifr_flags & (IFF_PROMISC | IFF_ALLMULTI);
}

/* Joined for good? */
static bool joined(const char *hex)
{
	char command[96];

	snprintf(command, sizeof(command),
		 "grep -q ' v0 .* 1 .* *%s$' /proc/thread-self/net/dev_mcast", hex);
	return system(command) == 0;
}

static void expect_steered(void)
{
	struct net_xdp_device d;

	cr_assert_eq(net_xdp_device_query("v0", &d, &err), 0, "%s", err.message);
	cr_expect(d.rx_queues == 4 && d.tx_queues == 4, "%u rx, %u tx", d.rx_queues, d.tx_queues);
	cr_expect_eq(flags(), IFF_PROMISC | IFF_ALLMULTI);
	cr_expect(joined("01005e010203"));
	cr_expect(joined("01005e090909"));
}

static void expect_as_before(void)
{
	struct net_xdp_device d;

	cr_assert_eq(net_xdp_device_query("v0", &d, &err), 0, "%s", err.message);
	cr_expect(d.rx_queues == 2 && d.tx_queues == 2, "%u rx, %u tx", d.rx_queues, d.tx_queues);
	cr_expect_eq(flags(), 0);
	cr_expect_not(joined("01005e010203"));
	cr_expect(joined("01005e090909"), "the host's own group is gone");
	cr_expect(rmdir("/run/net_xdp") == 0 || errno == ENOENT, "a record is left");
}

static int apply(const struct net_xdp_steer *plan)
{
	return net_xdp_steer_apply("v0", plan, &report, &err);
}

/* ---- From outside an endpoint ----------------------------------------------------------------- */

Test(steer, look_says_what_would_change_and_changes_nothing)
{
	const struct net_xdp_steer plan = everything();

	cr_assert_eq(net_xdp_steer_look("v0", &plan, &report, &err), 0, "%s", err.message);
	cr_expect_str_eq(report.driver, "veth");
	cr_expect_str_empty(report.state);
	cr_assert_eq(report.change_count, 5);
	cr_expect_str_eq(report.changes[0].from, "2 rx, 2 tx");
	cr_expect_str_eq(report.changes[0].to, "4 rx, 4 tx");
	for (int i = 0; i < 4; i++)
		cr_expect_eq(report.changes[i].outcome, NET_XDP_STEER_WOULD, "%s",
			     report.changes[i].what);
	cr_expect_eq(report.changes[4].outcome, NET_XDP_STEER_SAME, "the host's own group");
	expect_as_before();
}

Test(steer, look_names_what_veth_cannot)
{
	struct net_xdp_steer plan = net_xdp_steer_default();

	plan.channels = 5;
	plan.weight_count = plan.weights[0] = 1;
	plan.rule_count = 1;
	plan.rules[0] =
		(struct net_xdp_steer_rule){.match = NET_XDP_STEER_UDP4, .number = 9, .queue = 1};
	cr_assert_eq(net_xdp_steer_look("v0", &plan, &report, &err), 0, "%s", err.message);
	cr_assert_eq(report.change_count, 3);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(report.changes[i].outcome, NET_XDP_STEER_REFUSED, "%s",
			     report.changes[i].what);
	cr_expect_not_null(strstr(report.changes[0].why, "veth has at most 4 rx, 4 tx"));
	cr_expect_not_null(strstr(report.changes[1].why, "veth has no RSS table"));
	cr_expect_not_null(strstr(report.changes[2].why, "veth has no rules"));
	cr_expect_eq(apply(&plan), -EINVAL);
	cr_expect_not_null(strstr(err.message, "v0: channels: veth has at most"), "%s",
			   err.message);
	expect_as_before();
}

Test(steer, apply_stays_until_restore)
{
	const struct net_xdp_steer plan = everything();

	cr_assert_eq(apply(&plan), 0, "%s", err.message);
	expect_steered();
	cr_expect_eq(apply(&plan), -EBUSY);
	cr_assert_eq(net_xdp_steer_look("v0", NULL, &report, &err), 0);
	cr_expect(report.left);
	cr_expect_not_null(strstr(report.state, "until: xsk-info --restore IF"), "%s",
			   report.state);
	cr_assert_eq(net_xdp_steer_restore("v0", &report, &err), 1, "%s", err.message);
	expect_as_before();
	cr_expect_eq(net_xdp_steer_restore("v0", &report, &err), 0);
	cr_expect_eq(net_xdp_steer_restore("nosuch0", &report, &err), -ENODEV);
	cr_expect_eq(net_xdp_steer_apply("v0", NULL, &report, &err), -EINVAL);
}

Test(steer, what_the_host_changes_meanwhile_is_left)
{
	const struct net_xdp_steer plan = everything();

	cr_assert_eq(apply(&plan), 0, "%s", err.message);
	netns_run("ethtool -L v0 rx 3 && ip link set v0 promisc off");
	cr_assert_eq(net_xdp_steer_restore("v0", &report, &err), 1, "%s", err.message);
	netns_run("ethtool -l v0 | tail -5 | grep -q 'RX:[[:space:]]*3'");
	netns_run("ethtool -L v0 rx 2 tx 2");
	expect_as_before();
}

Test(steer, restore_finds_an_interface_by_its_new_name)
{
	const struct net_xdp_steer plan = everything();

	cr_assert_eq(apply(&plan), 0, "%s", err.message);
	netns_run("ip link set v0 down && ip link set v0 name w0 && ip link set w0 up");
	cr_assert_eq(net_xdp_steer_restore("w0", &report, &err), 1, "under its new name: %s",
		     err.message);
	netns_run("ip link set w0 down && ip link set w0 name v0 && ip link set v0 up");
	expect_as_before();
}

/* As virtio_net does: under a program it tells other channels, which are nobody's wish. */
Test(steer, restore_under_a_program_that_hides_the_channels_waits_for_its_end)
{
	const struct net_xdp_steer plan = everything();

	cr_assert_eq(apply(&plan), 0, "%s", err.message);
	foreign_program("v0", 0);
	netns_run("ethtool -L v0 rx 2 tx 2");
	cr_expect_eq(net_xdp_steer_restore("v0", &report, &err), -EBUSY);
	cr_expect_not_null(strstr(err.message, "an XDP program is attached: detach it first"), "%s",
			   err.message);
	foreign_program_detach("v0", 0);
	netns_run("ethtool -L v0 rx 4 tx 4");
	cr_expect_eq(net_xdp_steer_restore("v0", &report, &err), 1, "%s", err.message);
	expect_as_before();
}

/* ---- In an endpoint's life -------------------------------------------------------------------- */

static void open_steered(struct frontend_xdp *x, const struct net_xdp_steer *plan)
{
	frontend_xdp_prepare(x, "v0");
	x->config.max_queues = 4;
	x->config.steer = plan;
	frontend_xdp_open(x);
}

Test(steer, endpoint_has_the_queues_of_its_plan_and_puts_them_back)
{
	struct net_xdp_steer plan = everything();
	struct net_endpoint_facts facts;
	struct frontend_xdp x;

	open_steered(&x, &plan);
	memset(&plan, 0xff, sizeof(plan)); /* need not outlive the call */
	net_endpoint_facts(x.ep, &facts);
	cr_expect_eq(facts.max_queues, 4);
	cr_expect(fields_text_is(
		x.ep, NULL, "steer_state",
		"channels: 4 rx, 4 tx, was 2 rx, 2 tx; promiscuous: on, was off; all multicast: on, "
		"was off; multicast 01:00:5e:01:02:03: joined, was not joined"));
	frontend_xdp_start(&x, 4, 16);
	expect_steered();
	frontend_xdp_close(&x);
	expect_as_before();
}

Test(steer, endpoint_whose_plan_cannot_be_is_not_opened)
{
	struct net_xdp_steer plan = everything();
	struct frontend_xdp x;
	unsigned int before;

	frontend_xdp_prepare(&x, "v0");
	before = netns_open_fds();
	plan.weight_count = plan.weights[0] = 1;
	x.config.steer = &plan;
	cr_expect_eq(frontend_xdp_try_open(&x), -EOPNOTSUPP);
	cr_expect_str_eq(x.err.step, "steer");
	plan.weight_count = 65;
	cr_expect_eq(frontend_xdp_try_open(&x), -EINVAL);
	cr_expect_not_null(strstr(x.err.message, "weight_count 65"), "%s", x.err.message);
	expect_as_before();
	cr_expect_eq(netns_program_id("v0"), 0);
	cr_expect_eq(netns_open_fds(), before);
	frontend_close(&x.f);
}

/* Opening is refused behind the steering: by a program of somebody else. */
Test(steer, endpoint_that_fails_later_has_put_back_before)
{
	const struct net_xdp_steer plan = everything();
	struct frontend_xdp x;

	foreign_program("v0", 0);
	frontend_xdp_prepare(&x, "v0");
	x.config.steer = &plan;
	cr_expect_eq(frontend_xdp_try_open(&x), -EBUSY);
	cr_expect_not_null(strstr(x.err.message, "foreign_prog"), "%s", x.err.message);
	frontend_close(&x.f);
	expect_as_before();
}

static void be_killed(const struct net_xdp_steer *plan)
{
	int status;
	pid_t child = fork();

	if (!child) {
		struct frontend_xdp x;

		open_steered(&x, plan);
		frontend_xdp_start(&x, 4, 16);
		raise(SIGKILL);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

Test(steer, endpoint_that_was_killed_is_put_back_on_request)
{
	const struct net_xdp_steer plan = everything();

	be_killed(&plan);
	expect_steered();
	cr_assert_eq(net_xdp_steer_look("v0", NULL, &report, &err), 0);
	cr_expect(report.left);
	cr_expect_not_null(strstr(report.state, "which has ended"), "%s", report.state);
	cr_assert_eq(net_xdp_steer_restore("v0", &report, &err), 1, "%s", err.message);
	expect_as_before();
}

/* Whether it steers or not. */
Test(steer, endpoint_that_was_killed_is_put_back_by_the_next_one)
{
	const struct net_xdp_steer plan = everything();
	struct frontend_xdp x;

	be_killed(&plan);
	open_steered(&x, NULL);
	expect_as_before();
	frontend_xdp_close(&x);
	be_killed(&plan);
	open_steered(&x, &plan);
	expect_steered();
	frontend_xdp_close(&x);
	expect_as_before();
}

Test(steer, restore_beside_an_endpoint_that_lives_is_ebusy)
{
	const struct net_xdp_steer plan = everything();
	struct frontend_xdp x;

	open_steered(&x, &plan);
	frontend_xdp_start(&x, 1, 16);
	cr_expect_eq(net_xdp_steer_restore("v0", &report, &err), -EBUSY);
	cr_expect_not_null(strstr(err.message, "until its end"), "%s", err.message);
	expect_steered();
	frontend_xdp_close(&x);
	expect_as_before();
}

/* The device is made again: what was recorded went with the old one, and the new one is steered. */
Test(steer, endpoint_on_a_device_that_was_made_again_steers_that)
{
	const struct net_xdp_steer plan = everything();
	struct frontend_xdp x;

	open_steered(&x, &plan);
	frontend_xdp_start(&x, 1, 16);
	frontend_xdp_stop(&x);
	netns_run("ip link del v0");
	make_v0();
	frontend_xdp_start(&x, 4, 16);
	expect_steered();
	frontend_xdp_close(&x);
	expect_as_before();
}

/* ---- An interface that is moved meanwhile ----------------------------------------------------- */

/* The kernel keeps channels and flags on such a move, and the program; it forgets the groups, also the host's. */
static void open_and_move(struct frontend_xdp *x, const struct net_xdp_steer *plan, int netns)
{
	open_steered(x, plan);
	frontend_xdp_start(x, 4, 16);
	netns_move("v0", netns);
	frontend_xdp_stop(x);
}

static void bring_back(int home, int netns)
{
	int before = netns_switch(netns);

	netns_move("v0", home);
	close(netns_switch(before));
	close(before);
	netns_run("ip link set v0 up && ip maddr add 01:00:5e:09:09:09 dev v0");
}

Test(steer, endpoint_on_a_device_that_was_moved_puts_back_where_it_is)
{
	const struct net_xdp_steer plan = everything();
	int home = netns_current(), other;
	struct frontend_xdp x;
	unsigned int before;

	netns_run("ip netns add other");
	other = open("/run/netns/other", O_RDONLY | O_CLOEXEC);
	cr_assert_geq(other, 0);
	open_steered(&x, &plan);
	frontend_xdp_start(&x, 4, 16);
	before = netns_open_fds();
	netns_move("v0", other);
	frontend_xdp_close(&x);
	cr_expect_lt(netns_open_fds(), before);
	cr_expect_eq(access("/run/net_xdp", F_OK) == 0 && rmdir("/run/net_xdp"), 0,
		     "a record is left");
	bring_back(home, other);
	expect_as_before();
}

/* Its namespace has no process and no name: only who holds a descriptor of it could go there. */
Test(steer, endpoint_on_a_device_that_cannot_be_followed_says_so_and_leaves_the_record)
{
	const struct net_xdp_steer plan = everything();
	int home = netns_current(), other = netns_new();
	struct frontend_xdp x;

	open_and_move(&x, &plan, other);
	cr_expect_eq(net_endpoint_destroy(x.ep, &x.err), -EXDEV);
	cr_expect_not_null(strstr(x.err.message, "v0 is in another network namespace and still "
						 "steered, and cannot be followed: no process"),
			   "%s", x.err.message);
	frontend_close(&x.f);
	bring_back(home, other);
	cr_assert_eq(net_xdp_steer_restore("v0", &report, &err), 1, "%s", err.message);
	expect_as_before();
}

/* Told or not: nobody has asked for actions. */
Test(steer, endpoint_on_a_device_that_was_moved_and_is_back_puts_back)
{
	const struct net_xdp_steer plan = everything();
	int home = netns_current(), other = netns_new();
	struct net_action action;

	for (int told = 0; told < 2; told++) {
		struct frontend_xdp x;

		open_and_move(&x, &plan, other);
		bring_back(home, other);
		while (told && net_endpoint_poll_action(x.ep, &action) == 1)
			;
		frontend_xdp_close(&x);
		expect_as_before();
	}
}

/* Another device has its name now: that one is steered, and the old one, elsewhere, as it was. */
Test(steer, endpoint_that_goes_on_with_another_device_puts_back_the_one_that_was_moved)
{
	const struct net_xdp_steer plan = everything();
	struct frontend_xdp x;
	int other;

	netns_run("ip netns add other");
	other = open("/run/netns/other", O_RDONLY | O_CLOEXEC);
	cr_assert_geq(other, 0);
	open_and_move(&x, &plan, other);
	netns_run("ip link set v1 netns other");
	make_v0();
	frontend_xdp_start(&x, 4, 16);
	expect_steered();
	frontend_xdp_close(&x);
	expect_as_before();
	netns_run("nsenter --net=/run/netns/other ethtool -l v0 | tail -5 | grep -q "
		  "'RX:[[:space:]]*2'");
}
