// SPDX-License-Identifier: BSD-2-Clause
/* An interrupt that is kept off, with busy polling and without: what was set before is there again afterwards,
 * whatever happens in between. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static struct net_xdp_device_queue napi_of(const char *ifname)
{
	struct net_xdp_device_queue q = {0};
	struct net_error err;

	expect(net_xdp_device_queue_query(ifname, 0, &q, &err) == 0, "%s", err.message);
	return q;
}

static void expect_values(const char *when, const char *ifname, uint32_t defer, uint64_t flush_ns)
{
	struct net_xdp_device_queue q = napi_of(ifname);

	printf("  %s %s: NAPI %u: %u, %" PRIu64 " ns%s%s\n", ifname, when, q.napi_id,
	       q.napi_defer_hard_irqs, q.gro_flush_timeout_ns, *q.napi_state ? "; " : "",
	       q.napi_state);
	expect(q.has_deferral && q.napi_defer_hard_irqs == defer &&
		       q.gro_flush_timeout_ns == flush_ns,
	       "%s %s: not %u, %" PRIu64 " ns", ifname, when, defer, flush_ns);
}

static void expect_text(const char *text, const char *has)
{
	printf("  \"%s\"\n", text);
	expect(*has ? strstr(text, has) != NULL : !*text, "not \"%s\"", has);
}

/* A shell command about $IF. NAPIs of this kernel can be set from outside for the whole device only. */
static void command(const char *line)
{
	fflush(stdout);
	expect(system(line) == 0, "%s", line);
}

/* Another process, with the values set. Return: its id, 0 for none. */
static pid_t start_victim(const char *ifname)
{
	struct port p;
	int pipes[2];
	char opened = 0;
	pid_t pid;

	if (!expect(pipe(pipes) == 0, "pipe"))
		return 0;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		opened = open_port(&p, &(struct port_options){.ifname = ifname,
							      .deferring = true,
							      .polling = true});
		if (write(pipes[1], &opened, 1) == 1)
			pause();
		_exit(1);
	}
	close(pipes[1]);
	expect(read(pipes[0], &opened, 1) == 1 && opened, "the victim did not open");
	close(pipes[0]);
	expect_values("in another process", ifname, 2, 200000);
	expect(!napi_of(ifname).napi_left, "left behind by a living process");
	return pid;
}

static void be_killed(const char *ifname)
{
	pid_t pid = start_victim(ifname);

	if (!expect(pid > 0, "fork"))
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	expect_values("after SIGKILL", ifname, 2, 200000);
	expect(napi_of(ifname).napi_left, "not known to be left behind");
}

/* While open, and put back by destroy. */
static void in_order(const char *const *ifnames, bool polling)
{
	struct traffic_result r;
	struct traffic t;
	struct port a, b;

	if (open_ports(&a, &b, ifnames,
		       (struct port_options){.mode = NET_XDP_MODE_ZERO_COPY,
					     .huge_pages = true,
					     .deferring = true,
					     .polling = polling})) {
		expect_text(a.report.napi_state, "defer 2, flush 200 us; was 3, 50 us");
		expect_values("while open", ifnames[0], 2, 200000);
		run(&t, &r, &a, &b, 1000);
		expect_direct(&t, &r);
		run(&t, &r, &b, &a, 1000);
		expect_direct(&t, &r);
	}
	close_ports(&a, &b);
	expect_values("after destroy", ifnames[0], 3, 50000);
	expect_text(napi_of(ifnames[0]).napi_state, "");
}

/* Open and destroy one port. state: what its report says. */
static void one_life(const char *ifname, bool deferring, const char *state, const char *meanwhile)
{
	struct port_options o = {.ifname = ifname, .deferring = deferring, .polling = deferring};
	struct port p;

	if (open_port(&p, &o)) {
		expect_text(p.report.napi_state, state);
		if (meanwhile)
			command(meanwhile);
	}
	succeeded(port_close(&p), &p);
}

/* The next one already waits for the queue. */
static void be_killed_meanwhile(const char *ifname)
{
	pid_t pid = start_victim(ifname);
	char id[16];

	if (!expect(pid > 0, "fork"))
		return;
	snprintf(id, sizeof(id), "%d", pid);
	setenv("VICTIM", id, 1);
	command("(sleep 0.3; kill -9 $VICTIM) &");
	one_life(ifname, false, "put back what process", NULL);
	expect_values("after SIGKILL and the next open at the same time", ifname, 3, 50000);
	waitpid(pid, NULL, 0);
}

/* Drivers keep the values of their NAPIs over that, in the kernel's napi_config. */
static void moved(const char *ifname)
{
	static const char away[] = "ip netns add away && ip link set $IF netns away",
			  back[] = "ip -n away link set $IF netns 1 && ip netns del away && "
				   "ip link set $IF up && sleep 4";
	char there_and_back[sizeof(away) + sizeof(back) + 8];

	snprintf(there_and_back, sizeof(there_and_back), "%s && %s", away, back);
	one_life(ifname, true, "defer 2", there_and_back);
	expect_values("moved away and back, and after destroy", ifname, 3, 50000);
	one_life(ifname, true, "defer 2", away);
	command(back);
	expect_values("destroyed while away, and back", ifname, 2, 200000);
	expect(napi_of(ifname).napi_left, "destroyed while away: not known to be left behind");
	one_life(ifname, false, "put back what process", NULL);
	expect_values("destroyed while away, and after the next open", ifname, 3, 50000);
}

void case_napi(char **arg)
{
	const char *const ifnames[] = {arg[0], arg[1]};
	const char *set = "cd /sys/class/net/$IF && echo 3 >napi_defer_hard_irqs && "
			  "echo 50000 >gro_flush_timeout";

	setenv("IF", arg[0], 1);
	command(set);
	expect_values("before", arg[0], 3, 50000);
	in_order(ifnames, true);
	in_order(ifnames, false);

	be_killed(arg[0]);
	one_life(arg[0], false, "put back what process", NULL);
	expect_values("after the next open, which defers nothing", arg[0], 3, 50000);
	be_killed(arg[0]);
	one_life(arg[0], true, "flush 200 us; was 3, 50 us", NULL);
	expect_values("after the next open, which defers too", arg[0], 3, 50000);
	be_killed_meanwhile(arg[0]);
	be_killed(arg[0]);
	command("xsk-info --restore $IF");
	expect_values("after xsk-info --restore", arg[0], 3, 50000);
	expect_text(napi_of(arg[0]).napi_state, "");

	one_life(arg[0], true, "defer 2", "echo 7 >/sys/class/net/$IF/napi_defer_hard_irqs");
	expect_values("changed by others", arg[0], 7, 200000);
	command(set);
	be_killed(arg[0]);
	command("echo 7 >/sys/class/net/$IF/napi_defer_hard_irqs");
	one_life(arg[0], false, "changed by others since", NULL);
	expect_values("changed by others after a crash", arg[0], 7, 200000);
	command(set);

	one_life(arg[0], true, "defer 2", "ip link set dev $IF down");
	command("ip link set dev $IF up");
	expect(napi_of(arg[0]).napi_left, "destroyed while down: not known to be left behind");
	one_life(arg[0], false, "put back what process", NULL);
	expect_values("destroyed while down, and after the next open", arg[0], 3, 50000);

	moved(arg[0]);

	command("rmdir /run/net_xdp && ln -s /tmp /run/net_xdp");
	one_life(arg[0], true, "not set, as nobody could put it back", NULL);
	expect_values("with no place for a record", arg[0], 3, 50000);
	command("rm /run/net_xdp; cd /sys/class/net/$IF && echo 0 >napi_defer_hard_irqs && "
		"echo 0 >gro_flush_timeout");
}
