// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "xdp/affinity.h"
#include "xdp/netdev.h"

__attribute__((format(printf, 2, 3))) static void describe(struct affinity *a, const char *format,
							   ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(a->state, sizeof(a->state), format, args);
	va_end(args);
}

static int open_irq(uint32_t irq, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/irq/%u/smp_affinity_list", irq);
	return open(path, flags | O_CLOEXEC);
}

static int write_irq(uint32_t irq, const char *cpus)
{
	int fd = open_irq(irq, O_WRONLY), rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, cpus, strlen(cpus)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

/* Remember the interrupt's CPUs once, before the first move. */
static int save_irq(struct affinity *a, uint32_t irq)
{
	int fd;
	ssize_t n;

	if (a->irq == irq)
		return 0;
	affinity_restore(a); /* of what was moved before: old has room for one */
	fd = open_irq(irq, O_RDONLY);
	if (fd < 0)
		return -errno;
	n = read(fd, a->old, sizeof(a->old) - 1);
	close(fd);
	if (n <= 0)
		return -EIO;
	a->old[n] = '\0';
	a->irq = irq;
	return 0;
}

static int move_irq(struct affinity *a, uint32_t irq, uint32_t cpu)
{
	char cpus[16];
	int rc = save_irq(a, irq);

	snprintf(cpus, sizeof(cpus), "%u", cpu);
	return rc ? rc : write_irq(irq, cpus);
}

_Static_assert(sizeof(cpu_set_t) <= sizeof(((struct affinity *)0)->old), "old holds a CPU set");

static int move_thread(struct affinity *a, uint32_t thread, uint32_t cpu)
{
	cpu_set_t set;

	if (cpu >= CPU_SETSIZE)
		return -EINVAL;
	if (a->thread != thread) {
		affinity_restore(a);
		if (sched_getaffinity((pid_t)thread, sizeof(set), &set))
			return -errno;
		memcpy(a->old, &set, sizeof(set));
		a->thread = thread;
	}
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity((pid_t)thread, sizeof(set), &set) ? -errno : 0;
}

void affinity_set(struct affinity *a, struct host *h, uint32_t ifindex, uint32_t queue,
		  uint32_t cpu)
{
	struct netdev_napi napi = {0};
	int rc = netdev_queue_napi(h, ifindex, queue, &napi);

	a->cpu = (int)cpu;
	if (rc || (!napi.thread_pid && !napi.irq)) {
		describe(a, "not applicable: the driver shows neither interrupt nor NAPI thread");
	} else if (napi.thread_pid) {
		rc = move_thread(a, napi.thread_pid, cpu);
		describe(a, "NAPI thread %u: %s", napi.thread_pid, rc ? strerror(-rc) : "moved");
	} else {
		rc = move_irq(a, napi.irq, cpu);
		describe(a, "IRQ %u: %s", napi.irq, rc ? strerror(-rc) : "moved");
	}
}

void affinity_restore(struct affinity *a)
{
	cpu_set_t set;

	if (a->thread) {
		memcpy(&set, a->old, sizeof(set));
		sched_setaffinity((pid_t)a->thread, sizeof(set), &set);
	}
	if (a->irq)
		write_irq(a->irq, a->old);
	a->irq = a->thread = 0;
}
