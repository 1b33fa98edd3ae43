// SPDX-License-Identifier: BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <criterion/criterion.h>

#include "support/netns.h"

enum { CARRIER_MS = 20000 };

void netns_run(const char *format, ...)
{
	char command[512];
	va_list args;
	int rc;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	rc = system(command);
	cr_assert(rc == 0, "'%s' ended with %d", command, rc);
}

/* Sysctls of network namespaces follow the process that opens them, whatever /proc is mounted. */
static void disable_ipv6(void)
{
	static const char *const paths[] = {
		"/proc/sys/net/ipv6/conf/all/disable_ipv6",
		"/proc/sys/net/ipv6/conf/default/disable_ipv6",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		FILE *f = fopen(paths[i], "w");

		if (!f)
			return; /* a kernel without IPv6 */
		fputs("1\n", f);
		cr_assert(fclose(f) == 0, "%s: %s", paths[i], strerror(errno));
	}
}

static short interface_flags(const char *ifname)
{
	struct ifreq ifr = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	cr_assert(fd >= 0, "socket: %s", strerror(errno));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	rc = ioctl(fd, SIOCGIFFLAGS, &ifr);
	cr_assert(rc == 0, "flags of %s: %s", ifname, strerror(errno));
	close(fd);
	return ifr.ifr_flags;
}

/* The kernel tells of most changes once a second, and with the RTNL, which others may hold. */
static void wait_for_carrier(const char *ifname)
{
	for (int i = 0; i < CARRIER_MS; i++) {
		if (interface_flags(ifname) & IFF_RUNNING)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	cr_assert_fail("%s has no carrier after %d s", ifname, CARRIER_MS / 1000);
}

void netns_enter(void)
{
	/* /sys shows the namespace of the process that mounted it, so it takes a mount of our own. */
	cr_assert(unshare(CLONE_NEWNET | CLONE_NEWNS) == 0,
		  "unshare: %s; these tests need root (CAP_SYS_ADMIN)", strerror(errno));
	cr_assert(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "make / private: %s",
		  strerror(errno));
	cr_assert(mount("sysfs", "/sys", "sysfs", 0, NULL) == 0, "mount /sys: %s", strerror(errno));
	cr_assert(mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) == 0, "mount bpffs: %s",
		  strerror(errno));
	disable_ipv6();
	netns_run("ip link set lo up");
}

void netns_veth(const char *a, const char *b, unsigned int queues, unsigned int mtu)
{
	netns_run("ip link add %s mtu %u numrxqueues %u numtxqueues %u type veth "
		  "peer name %s mtu %u numrxqueues %u numtxqueues %u",
		  a, mtu, queues, queues, b, mtu, queues, queues);
	netns_run("ip link set %s up", a);
	netns_run("ip link set %s up", b);
	wait_for_carrier(a);
	wait_for_carrier(b);
}

int netns_current(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	cr_assert(fd >= 0, "open the network namespace: %s", strerror(errno));
	return fd;
}

int netns_switch(int netns)
{
	int before = netns_current();

	cr_assert(setns(netns, CLONE_NEWNET) == 0, "setns: %s", strerror(errno));
	return before;
}

int netns_new(void)
{
	int before = netns_current(), made;

	cr_assert(unshare(CLONE_NEWNET) == 0, "unshare: %s", strerror(errno));
	disable_ipv6();
	netns_run("ip link set lo up");
	made = netns_switch(before);
	close(before);
	return made;
}

void netns_move(const char *ifname, int netns)
{
	netns_run("ip link set %s netns /proc/%d/fd/%d", ifname, (int)getpid(), netns);
}

void netns_up(const char *ifname)
{
	netns_run("ip link set %s up", ifname);
	wait_for_carrier(ifname);
}

void netns_down(const char *ifname)
{
	netns_run("ip link set %s down", ifname);
}

uint32_t netns_program_id(const char *ifname)
{
	unsigned int ifindex = if_nametoindex(ifname);
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);

	cr_assert(ifindex != 0, "%s: %s", ifname, strerror(errno));
	cr_assert(bpf_xdp_query((int)ifindex, 0, &opts) == 0, "XDP query of %s", ifname);
	return opts.drv_prog_id ? opts.drv_prog_id
				: (opts.skb_prog_id ? opts.skb_prog_id : opts.hw_prog_id);
}

unsigned int netns_open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	cr_assert(dir != NULL, "/proc/self/fd: %s", strerror(errno));
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

uint32_t netns_ifindex(const char *ifname)
{
	uint32_t ifindex = if_nametoindex(ifname);

	cr_assert_neq(ifindex, 0, "%s: %s", ifname, strerror(errno));
	return ifindex;
}
