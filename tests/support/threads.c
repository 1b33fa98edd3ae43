// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/threads.h"
#include "host/netdev.h"

/* /sys shows the namespace that it was mounted in. */
static void set_threaded(const char *ifname, int on)
{
	netns_run("unshare -m sh -c 'umount -l /sys && mount -t sysfs none /sys && "
		  "echo %d >/sys/class/net/%s/threaded'",
		  on, ifname);
}

uint32_t threads_of(const char *ifname)
{
	struct netdev_napi napi;
	struct host host;

	set_threaded(ifname, 1);
	cr_assert_eq(host_open(&host), 0);
	cr_assert_eq(netdev_queue_napi(&host, if_nametoindex(ifname), 0, &napi), 0);
	host_close(&host);
	cr_assert_neq(napi.thread_pid, 0, "%s has no NAPI thread", ifname);
	return napi.thread_pid;
}

void threads_off(const char *ifname)
{
	set_threaded(ifname, 0);
}

uint64_t threads_cpus(uint32_t pid)
{
	cpu_set_t set;
	uint64_t cpus;

	cr_assert_eq(sched_getaffinity((pid_t)pid, sizeof(set), &set), 0, "process %u: %s", pid,
		     strerror(errno));
	memcpy(&cpus, &set, sizeof(cpus));
	return cpus;
}

void threads_set_cpus(uint32_t pid, uint64_t cpus)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	memcpy(&set, &cpus, sizeof(cpus));
	cr_assert_eq(sched_setaffinity((pid_t)pid, sizeof(set), &set), 0, "process %u: %s", pid,
		     strerror(errno));
}

/* fork() to a number that is asked for: others who fork meanwhile cannot take it (a number asked for
 * through ns_last_pid goes to whoever forks next). Return: as fork(). */
static pid_t fork_as(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

void threads_reuse(uint32_t pid)
{
	pid_t made = -1;

	/* EEXIST: the thread has not ended yet, or nobody has reaped it. */
	for (int i = 0; i < 10000 && made < 0; i++) {
		made = fork_as((pid_t)pid);
		if (made < 0 && errno != EEXIST)
			break;
		if (made < 0)
			nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	if (!made) {
		/* It must hold nothing of ours. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("sleep", "sleep", "60", NULL);
		_exit(1);
	}
	cr_assert_eq(made, (pid_t)pid, "the number %u was not given again: %s", pid,
		     strerror(errno));
}
