// SPDX-License-Identifier: BSD-2-Clause
/* Steering of a NIC with several queues and an RSS table: what was set before is there again afterwards, whatever
 * happens in between. */
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* Large. What look() has seen last. */
static struct net_xdp_steer_report report;

/* Two of the queues, and the host on the second. */
static struct net_xdp_steer plan_of(uint32_t channels)
{
	struct net_xdp_steer plan = net_xdp_steer_default();

	plan.channels = channels;
	plan.weight_count = 2;
	plan.weights[1] = 1;
	plan.promiscuous = true;
	return plan;
}

/* The values as they are now stand in the rows of a plan that is not carried out. */
static void expect_values(const char *when, const char *ifname, const char *channels,
			  const char *table, const char *promiscuous)
{
	const struct net_xdp_steer plan = plan_of(2);
	const struct net_xdp_steer_change *c = report.changes;
	struct net_error err;

	if (!expect(net_xdp_steer_look(ifname, &plan, &report, &err) == 0 &&
			    report.change_count == 3,
		    "%s", err.message))
		return;
	printf("  %s %s: %s; %s; promiscuous %s%s%s\n", ifname, when, c[0].from, c[1].from,
	       c[2].from, *report.state ? "; " : "", report.state);
	expect(!strcmp(c[0].from, channels) && !strcmp(c[1].from, table) &&
		       !strcmp(c[2].from, promiscuous),
	       "%s %s: not %s; %s; %s", ifname, when, channels, table, promiscuous);
}

static void expect_before(const char *when, const char *ifname)
{
	expect_values(when, ifname, "4 combined", "queues 0-3 evenly", "off");
	expect(!report.state[0], "%s is said of it", report.state);
}

static void expect_steered(const char *when, const char *ifname)
{
	expect_values(when, ifname, "2 combined", "queue 1 alone", "on");
}

static void command(const char *line)
{
	fflush(stdout);
	expect(system(line) == 0, "%s", line);
}

static int open_endpoint(struct port *p, const char *ifname, const struct net_xdp_steer *plan)
{
	int rc = port_prepare(p, &(struct port_options){.ifname = ifname});

	p->config.steer = plan;
	return rc ? rc : port_open(p);
}

static void live(const char *ifname, const struct net_xdp_steer *plan)
{
	struct port p;

	/* virtio_net adds a channel per processor for a program that is attached, and counts them in. */
	if (succeeded(open_endpoint(&p, ifname, plan), &p) && plan)
		expect_values("while open", ifname,
			      strcmp(report.driver, "virtio_net") ? "2 combined" : "4 combined",
			      "queue 1 alone", "on");
	else if (!plan)
		expect_before("while another one is open, which steers nothing", ifname);
	succeeded(port_close(&p), &p);
}

static void be_killed(const char *ifname, const struct net_xdp_steer *plan)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct port p;

		if (succeeded(open_endpoint(&p, ifname, plan), &p))
			raise(SIGKILL);
		fflush(stdout);
		_exit(1);
	}
	expect(pid > 0 && waitpid(pid, NULL, 0) == pid, "fork");
	expect_steered("after SIGKILL", ifname);
	expect(report.left, "not known to be left behind");
}

void case_steer(char **arg)
{
	const struct net_xdp_steer plan = plan_of(2);
	const char *ifname = arg[0];

	setenv("IF", ifname, 1);
	command("ethtool -L $IF combined 4");
	expect_before("before", ifname);
	command("xsk-info steer $IF --dry-run --channels 2 --weights 0,1 --promiscuous --rule udp-port=4789:1");
	expect_before("after a dry run", ifname);
	command("xsk-info steer $IF --channels 2 --weights 0,1 --promiscuous");
	expect_steered("steered", ifname);
	command("xsk-info --restore $IF");
	expect_before("after --restore", ifname);
	command("! xsk-info steer $IF --channels 2 --weights 0,1 --promiscuous --rule udp-port=4789:1");
	expect_before("after a rule that the driver refuses", ifname);

	live(ifname, &plan);
	expect_before("after destroy", ifname);
	be_killed(ifname, &plan);
	command("xsk-info --restore $IF");
	expect_before("after SIGKILL and --restore", ifname);
	be_killed(ifname, &plan);
	live(ifname, NULL);
	be_killed(ifname, &plan);
	live(ifname, &plan);
	expect_before("after SIGKILL, the next one and its destroy", ifname);

	/* A table that somebody set over all queues keeps the channels from being fewer. */
	command("ethtool -X $IF weight 1 1 1 5");
	command("xsk-info steer $IF --channels 2 --weights 0,1 --promiscuous && xsk-info --restore $IF && "
		"ethtool -x $IF | grep -q ' 3 .* 3 ' && ! ethtool -L $IF combined 2");
	command("ethtool -X $IF default");
	command("xsk-info steer $IF --weights 0,1 && ethtool -X $IF weight 3 1 && xsk-info --restore $IF");
	expect_values("after --restore of what others have changed", ifname, "4 combined",
		      "queue 0: 96/128, queue 1: 32/128", "off");
	command("ethtool -X $IF default && ethtool -L $IF combined 1");
}
