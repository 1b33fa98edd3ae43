// SPDX-License-Identifier: BSD-2-Clause
/* Where an interrupt is served, and where it was before: a fake kernel tells which one is the queue's, files of our own
 * stand for /proc/irq. Threads are real, see tests/netns/test_affinity.c. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "support/fake_netlink.h"
#include "host/netdev_uapi.h"
#include "host/undo/affinity.h"

enum { NAPI = 515, QUEUE = 3 };

static char root[] = "/tmp/test_affinity.XXXXXX";
static uint32_t irq; /* of the queue, as the kernel tells it; 0: the interface is down */
static struct affinity a;
static struct host h;

/* In place of the C library's. */
int open(const char *path, int flags, ...)
{
	char here[128];
	va_list args;
	int mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, int) : 0;
	va_end(args);
	if (strncmp(path, "/proc/irq/", 10) == 0) {
		snprintf(here, sizeof(here), "%s/%s", root, path + 10);
		path = here;
		if ((flags & O_ACCMODE) == O_WRONLY)
			flags |= O_TRUNC;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static void kernel(const struct nlmsghdr *request)
{
	const struct genlmsghdr *head = mnl_nlmsg_get_payload(request);

	if (irq && head->cmd == NETDEV_GENL_QUEUE_GET)
		fake_netlink_put_u32(request, NETDEV_QUEUE_ID, QUEUE, NETDEV_QUEUE_NAPI_ID, NAPI);
	if (irq && head->cmd == NETDEV_GENL_NAPI_GET)
		fake_netlink_put_u32(request, NETDEV_NAPI_ID, NAPI, NETDEV_NAPI_IRQ, irq);
	fake_netlink_ack(request, irq ? 0 : -ENOENT);
}

static void set_cpus(uint32_t number, const char *cpus)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u", root, number);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%u/smp_affinity_list", root, number);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fputs(cpus, file);
	fclose(file);
}

static void expect_cpus(uint32_t number, const char *cpus)
{
	char path[128], text[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u/smp_affinity_list", root, number);
	file = fopen(path, "r");
	cr_assert_not_null(file);
	cr_expect_not_null(fgets(text, sizeof(text), file));
	fclose(file);
	cr_expect_str_eq(text, cpus);
}

static void begin(void)
{
	cr_assert_not_null(mkdtemp(root));
	set_cpus(45, "0-7\n");
	set_cpus(46, "2\n");
	irq = 45;
	a = (struct affinity){.cpu = -1};
	fake_netlink_host(&h, kernel);
}

static void end(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", root);
	cr_assert_eq(system(command), 0);
	netlink_close(&h.generic);
}

TestSuite(affinity, .init = begin, .fini = end);

static void hint(uint32_t cpu)
{
	affinity_set(&a, &h, 1, QUEUE, cpu);
}

static void restore(void)
{
	cr_expect_eq(affinity_restore(&a, &h, 1, QUEUE), 0);
}

Test(affinity, irq_of_two_hints_is_put_back_to_what_it_was)
{
	char state[80];

	hint(1);
	hint(5);
	expect_cpus(45, "5");
	cr_expect_eq(affinity_say(&a, state, sizeof(state)), 5);
	cr_expect_str_eq(state, "IRQ 45: moved");
	restore();
	expect_cpus(45, "0-7\n");
	restore();
	expect_cpus(45, "0-7\n");
}

/* Its file may get descriptor 0. */
Test(affinity, descriptor_0_is_one_like_any_other)
{
	close(STDIN_FILENO);
	hint(1);
	expect_cpus(45, "1");
	restore();
	expect_cpus(45, "0-7\n");
	cr_assert_lt(fcntl(STDIN_FILENO, F_GETFD), 0);
}

Test(affinity, irq_that_is_another_devices_by_now_is_left)
{
	hint(1);
	irq = 46;
	restore();
	expect_cpus(45, "1");
	expect_cpus(46, "2\n");
}

Test(affinity, irq_of_a_queue_that_nobody_can_ask_for_is_left)
{
	char state[80];

	hint(1);
	irq = 0;
	hint(2);
	cr_expect_eq(affinity_say(&a, state, sizeof(state)), 2);
	cr_expect_not_null(strstr(state, "not applicable"), "%s", state);
	restore();
	expect_cpus(45, "1");
}

/* While it is down nothing is forgotten. */
Test(affinity, irq_hinted_while_down_is_still_put_back_later)
{
	hint(1);
	irq = 0;
	hint(2);
	irq = 45;
	restore();
	expect_cpus(45, "0-7\n");
}

Test(affinity, irq_that_others_moved_since_is_left)
{
	hint(1);
	set_cpus(45, "4\n");
	restore();
	expect_cpus(45, "4\n");
}

/* What others chose meanwhile is what goes back after the next hint. */
Test(affinity, irq_that_others_moved_between_hints_goes_back_to_theirs)
{
	hint(1);
	set_cpus(45, "4\n");
	hint(2);
	expect_cpus(45, "2");
	restore();
	expect_cpus(45, "4\n");
}

Test(affinity, irq_before_the_queue_got_another_is_left_and_the_new_one_put_back)
{
	hint(1);
	irq = 46;
	hint(1);
	expect_cpus(45, "1");
	expect_cpus(46, "1");
	restore();
	expect_cpus(46, "2\n");
}
