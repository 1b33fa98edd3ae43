// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/netdev.h"
#include "host/undo/affinity.h"

/* Others read it meanwhile, so it is one word; the sentence is made by who asks. */
static void remember(struct affinity *a, enum affinity_outcome outcome, uint32_t number, int rc)
{
	uint64_t said = (uint64_t)outcome | (uint64_t)(uint16_t)-rc << 8 | (uint64_t)number << 32;

	__atomic_store_n(&a->said, said, __ATOMIC_RELAXED);
}

int affinity_say(const struct affinity *a, char *text, size_t size)
{
	const uint64_t said = __atomic_load_n(&a->said, __ATOMIC_RELAXED);
	const int error = (int)(said >> 8 & 0xffff);
	const uint32_t number = (uint32_t)(said >> 32);

	text[0] = '\0';
	switch ((enum affinity_outcome)(said & 0xff)) {
	case AFFINITY_NONE:
		break;
	case AFFINITY_GONE:
		snprintf(text, size, "the interface is gone");
		break;
	case AFFINITY_HIDDEN:
		snprintf(text, size,
			 "not applicable: the driver shows neither interrupt nor NAPI thread");
		break;
	case AFFINITY_THREAD:
		snprintf(text, size, "NAPI thread %u: %s", number,
			 error ? strerror(error) : "moved");
		break;
	case AFFINITY_IRQ:
		snprintf(text, size, "IRQ %u: %s", number, error ? strerror(error) : "moved");
		break;
	}
	return __atomic_load_n(&a->cpu, __ATOMIC_RELAXED);
}

static void set_cpu(struct affinity *a, uint32_t cpu)
{
	__atomic_store_n(&a->cpu, (int)cpu, __ATOMIC_RELAXED);
}

void affinity_gone(struct affinity *a, uint32_t cpu)
{
	set_cpu(a, cpu);
	remember(a, AFFINITY_GONE, 0, 0);
}

/* ---- An interrupt's CPU list ------------------------------------------------------------------ */

static int open_irq(uint32_t irq, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/irq/%u/smp_affinity_list", irq);
	return open(path, flags | O_CLOEXEC);
}

static int read_irq(uint32_t irq, char *cpus, size_t size)
{
	int fd = open_irq(irq, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	memset(cpus, 0, size);
	n = read(fd, cpus, size - 1);
	close(fd);
	return n > 0 ? 0 : -EIO;
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

static int move_irq(struct affinity *a, uint32_t irq, uint32_t cpu)
{
	char now[sizeof(a->old)], cpus[16];
	int rc = read_irq(irq, now, sizeof(now));

	if (rc)
		return rc;
	a->irq = irq;
	if (strcmp(now, a->ours))
		memcpy(a->old, now, sizeof(now));
	snprintf(cpus, sizeof(cpus), "%u", cpu);
	rc = write_irq(irq, cpus);
	return rc ? rc : read_irq(irq, a->ours, sizeof(a->ours));
}

/* Put an interrupt's CPU list back, if the interrupt is still the queue's: its number may be another
 * device's by now, so the kernel is asked. */
static int restore_irq(const struct affinity *a, struct host *h, uint32_t ifindex, uint32_t queue)
{
	char now[sizeof(a->old)];
	struct netdev_napi napi;

	if (netdev_queue_napi(h, ifindex, queue, &napi) || napi.irq != a->irq ||
	    read_irq(a->irq, now, sizeof(now)) || strcmp(now, a->ours))
		return 0;
	return write_irq(a->irq, a->old);
}

/* ---- A NAPI thread's CPU set ------------------------------------------------------------------ */

_Static_assert(sizeof(cpu_set_t) <= sizeof(((struct affinity *)0)->old), "old holds a CPU set");

/* Return: true if the thread has ended. Signal 0 asks for no more than that. (poll() would fail in a
 * process that may have no descriptors.) */
static bool has_ended(int thread_fd)
{
	return syscall(SYS_pidfd_send_signal, thread_fd, 0, NULL, 0) && errno == ESRCH;
}

/* Return: true if thread numbers mean the same here as in the kernel's answers, which are of the
 * initial PID namespace. That namespace's inode is PROC_PID_INIT_INO. */
static bool numbers_are_the_kernels(void)
{
	struct stat s;

	return stat("/proc/self/ns/pid", &s) == 0 && s.st_ino == 0xEFFFFFFC;
}

/* Open a pidfd of the queue's NAPI thread. The kernel is asked again afterwards: if the thread is
 * still the queue's, the pidfd is of the right thread. */
static int hold_thread(struct affinity *a, struct host *h, uint32_t ifindex, uint32_t queue,
		       uint32_t thread)
{
	struct netdev_napi napi;
	int fd;

	if (a->thread && !has_ended(a->thread_fd))
		return 0;
	affinity_restore(a, h, ifindex, queue);
	if (!numbers_are_the_kernels())
		return -ESRCH;
	fd = (int)syscall(SYS_pidfd_open, thread, 0);
	if (fd < 0)
		return -errno;
	if (netdev_queue_napi(h, ifindex, queue, &napi) || napi.thread_pid != thread) {
		close(fd);
		return -ESRCH;
	}
	a->thread = thread;
	a->thread_fd = fd;
	return 0;
}

static int move_thread(struct affinity *a, uint32_t cpu)
{
	char now[sizeof(a->old)] = {0};
	cpu_set_t set;

	if (cpu >= CPU_SETSIZE)
		return -EINVAL;
	if (sched_getaffinity((pid_t)a->thread, sizeof(set), &set))
		return -errno;
	memcpy(now, &set, sizeof(set));
	if (memcmp(now, a->ours, sizeof(now)))
		memcpy(a->old, now, sizeof(now));
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity((pid_t)a->thread, sizeof(set), &set) ||
	    sched_getaffinity((pid_t)a->thread, sizeof(set), &set))
		return -errno;
	memcpy(a->ours, &set, sizeof(set));
	return 0;
}

static int restore_thread(const struct affinity *a)
{
	cpu_set_t set;

	if (has_ended(a->thread_fd) || sched_getaffinity((pid_t)a->thread, sizeof(set), &set) ||
	    memcmp(&set, a->ours, sizeof(set)))
		return 0;
	memcpy(&set, a->old, sizeof(set));
	return sched_setaffinity((pid_t)a->thread, sizeof(set), &set) ? -errno : 0;
}

/* ---- Thread or interrupt
 * -------------------------------------------------------------------------- */

void affinity_set(struct affinity *a, struct host *h, uint32_t ifindex, uint32_t queue,
		  uint32_t cpu)
{
	struct netdev_napi napi = {0};
	int rc = netdev_queue_napi(h, ifindex, queue, &napi);
	uint32_t thread = napi.thread_pid, irq = thread ? 0 : napi.irq;

	set_cpu(a, cpu);
	if (rc || (!thread && !irq)) {
		remember(a, AFFINITY_HIDDEN, 0, 0);
		return;
	}
	/* old has room for one setting only, so put the other back first */
	if ((a->thread && a->thread != thread) || (a->irq && a->irq != irq))
		affinity_restore(a, h, ifindex, queue);
	if (thread) {
		rc = hold_thread(a, h, ifindex, queue, thread);
		rc = rc ? rc : move_thread(a, cpu);
		remember(a, AFFINITY_THREAD, thread, rc);
	} else {
		rc = move_irq(a, irq, cpu);
		remember(a, AFFINITY_IRQ, irq, rc);
	}
}

int affinity_restore(struct affinity *a, struct host *h, uint32_t ifindex, uint32_t queue)
{
	int rc = 0;

	if (a->thread) {
		rc = restore_thread(a);
		close(a->thread_fd);
	}
	if (a->irq)
		rc = restore_irq(a, h, ifindex, queue);
	a->irq = a->thread = 0;
	memset(a->ours, 0, sizeof(a->ours));
	return rc;
}

void affinity_leave(struct affinity *a)
{
	if (a->thread)
		close(a->thread_fd);
	a->irq = a->thread = 0;
}
