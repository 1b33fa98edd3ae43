// SPDX-License-Identifier: BSD-2-Clause
/* What an open finds in the process that it runs in, and what it leaves there: descriptors,
 * memory, capabilities, signals, libbpf's answers and printers. Each test is a process in which
 * libbpf has not been used yet. */
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <xdp/libxdp.h>

#include "support/netns.h"
#include "support/refused.h"
#include "support/traffic.h"

TestSuite(process, .timeout = 60);

static struct rig rig;

static void prepare(void)
{
	rig_prepare(&rig, 2);
	refused_prepare(&rig.x);
}

static int try_open(void)
{
	memset(&rig.x.err, 0, sizeof(rig.x.err));
	rig.x.ep = NULL;
	return net_xdp_open(&rig.x.config, &rig.x.ep, &rig.x.err);
}

static void end(void)
{
	frontend_xdp_stop(&rig.x);
	cr_assert_eq(net_endpoint_destroy(rig.x.ep, &rig.x.err), 0, "%s", rig.x.err.message);
	rig.x.ep = NULL;
}

static void expect_opens(const char *after)
{
	int rc = try_open();

	cr_assert_eq(rc, 0, "after %s: %d: %s", after, rc, rig.x.err.message);
	end();
}

static void set_limit(int resource, rlim_t now)
{
	struct rlimit limit;

	cr_assert(getrlimit(resource, &limit) == 0);
	limit.rlim_cur = now;
	cr_assert(setrlimit(resource, &limit) == 0, "%s", strerror(errno));
}

/* ---- Too little of something ---------------------------------------------------------------------- */

enum { MANY_DESCRIPTORS = 512 };

/* None that works comes before those that do not: it would have libbpf ask while all is well. */
Test(process, open_with_few_descriptors_says_so_and_the_next_one_works)
{
	int works = 0;

	prepare();
	for (unsigned limit = 0; works < 3; limit++) {
		int rc;

		cr_assert_lt(limit, 100, "100 descriptors are not enough: %s", rig.x.err.message);
		set_limit(RLIMIT_NOFILE, limit);
		rc = try_open();
		set_limit(RLIMIT_NOFILE, MANY_DESCRIPTORS);
		cr_assert(rc == 0 || rc == -EMFILE, "%u: %d: %s", limit, rc, rig.x.err.message);
		if (rc)
			cr_assert(strstr(rig.x.err.message, "ulimit -n"), "%s", rig.x.err.message);
		else
			end();
		works += rc == 0;
	}
	expect_opens("those with few descriptors");
}

Test(process, get_queues_with_few_descriptors_says_so_and_the_next_one_works)
{
	int works = 0;

	prepare();
	cr_assert_eq(try_open(), 0, "%s", rig.x.err.message);
	for (unsigned limit = 0; works < 3; limit++) {
		int rc;

		cr_assert_lt(limit, 100, "100 descriptors are not enough");
		set_limit(RLIMIT_NOFILE, limit);
		rc = frontend_xdp_try_start(&rig.x, 2, 16);
		set_limit(RLIMIT_NOFILE, MANY_DESCRIPTORS);
		cr_assert(rc == 0 || rc == -EMFILE, "%u: %d: %s: %s", limit, rc, rig.x.err.step,
			  rig.x.err.message);
		frontend_xdp_stop(&rig.x);
		works += rc == 0;
		frontend_xdp_start(&rig.x, 2, 16);
		frontend_xdp_stop(&rig.x);
	}
	end();
}

static rlim_t address_space(void)
{
	unsigned long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	cr_assert(statm && fscanf(statm, "%lu", &pages) == 1);
	fclose(statm);
	return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* From none left to enough, in steps of 128 KiB around what a load takes. */
Test(process, open_with_little_memory_says_so_and_the_next_one_works)
{
	rlim_t room = 0, step = 128 << 10;
	int works = 0;

	prepare();
	for (int i = 0; works < 2; i++) {
		int rc;

		cr_assert_lt(i, 400, "%llu more bytes are not enough: %s", (unsigned long long)room,
			     rig.x.err.message);
		set_limit(RLIMIT_AS, address_space() + room);
		rc = try_open();
		set_limit(RLIMIT_AS, RLIM_INFINITY);
		cr_assert(rc == 0 || rc == -ENOMEM, "%d: %s", rc, rig.x.err.message);
		if (rc == 0)
			end();
		works += rc == 0;
		room += step;
	}
	expect_opens("those with little memory");
}

/* A process that gives its capabilities back for a while, as daemons do with seteuid(). */
static void set_effective(unsigned int capability, bool on)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[2];
	uint32_t bit = 1u << capability % 32;

	cr_assert(syscall(SYS_capget, &header, caps) == 0, "%s", strerror(errno));
	if (on)
		caps[capability / 32].effective |= bit;
	else
		caps[capability / 32].effective &= ~bit;
	cr_assert(syscall(SYS_capset, &header, caps) == 0, "%s", strerror(errno));
}

static rlim_t locked_memory_limit(void)
{
	struct rlimit limit;

	cr_assert(getrlimit(RLIMIT_MEMLOCK, &limit) == 0);
	return limit.rlim_cur;
}

/* libbpf would take the failure for an old kernel that charges BPF to the limit, and lift it. */
static void without_for_a_while(unsigned int capability)
{
	const rlim_t limit = 8 << 20;

	prepare();
	set_limit(RLIMIT_MEMLOCK, limit);
	set_effective(CAP_SYS_ADMIN, false);
	set_effective(capability, false);
	cr_assert_lt(try_open(), 0);
	set_effective(CAP_SYS_ADMIN, true);
	set_effective(capability, true);
	expect_opens("one without a capability");
	cr_expect_eq(locked_memory_limit(), limit, "the limit of locked memory was changed");
}

Test(process, open_without_cap_bpf_for_a_while_works_afterwards)
{
	without_for_a_while(CAP_BPF);
}

Test(process, open_without_cap_net_admin_for_a_while_works_afterwards)
{
	without_for_a_while(CAP_NET_ADMIN);
}

static void on_alarm(int number)
{
	(void)number;
}

/* As a profiler does. A program load that a signal interrupts ends with EAGAIN. */
Test(process, open_under_a_storm_of_signals_works)
{
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct itimerval often = {.it_interval.tv_usec = 20, .it_value.tv_usec = 20}, off = {0};

	prepare();
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 50; i++)
		expect_opens("a signal");
	setitimer(ITIMER_REAL, &off, NULL);
}

/* ---- Printers ------------------------------------------------------------------------------------- */

static unsigned printed; /* atomic */

static int count_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	__atomic_add_fetch(&printed, 1, __ATOMIC_RELAXED);
	return 0;
}

static int other_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

static int count_libxdp(enum libxdp_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

struct opener {
	struct frontend_xdp x;
	pthread_t thread;
	bool *stop; /* atomic */
	int rc;
};

/* Makes no assertion: not the test's thread. */
static void *open_and_close(void *argument)
{
	struct opener *o = argument;
	struct net_endpoint *ep;

	for (int i = 0; !o->rc && (o->stop ? !__atomic_load_n(o->stop, __ATOMIC_RELAXED) : i < 150);
	     i++) {
		o->rc = net_xdp_open(&o->x.config, &ep, &o->x.err);
		if (!o->rc)
			o->rc = net_endpoint_destroy(ep, &o->x.err);
	}
	return NULL;
}

static void opener_start(struct opener *o, const char *ifname, bool *stop)
{
	frontend_xdp_prepare(&o->x, ifname);
	refused_prepare(&o->x);
	o->stop = stop;
	o->rc = 0;
	cr_assert_eq(pthread_create(&o->thread, NULL, open_and_close, o), 0);
}

static void opener_join(struct opener *o)
{
	pthread_join(o->thread, NULL);
	cr_assert_eq(o->rc, 0, "%s", o->x.err.message);
}

Test(process, two_threads_open_and_close_leaves_the_printers)
{
	static struct opener a, b;

	prepare();
	libbpf_set_print(count_libbpf);
	libxdp_set_print(count_libxdp);
	opener_start(&a, "v0", NULL);
	opener_start(&b, "v1", NULL);
	opener_join(&a);
	opener_join(&b);
	cr_expect(libbpf_set_print(NULL) == count_libbpf, "libbpf's printer is lost");
	cr_expect(libxdp_set_print(NULL) == count_libxdp, "libxdp's printer is lost");
}

Test(process, printer_set_while_another_thread_opens_stays)
{
	static struct opener a;
	bool stop = false;

	prepare();
	opener_start(&a, "v0", &stop);
	for (int i = 0; i < 100; i++) {
		libbpf_set_print(i % 2 ? count_libbpf : other_libbpf);
		usleep(1000);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	opener_join(&a);
	cr_expect(libbpf_set_print(NULL) == count_libbpf, "it is another one's");
}

/* libbpf says "failed to find" of an object that is no ELF file. */
Test(process, messages_of_other_threads_are_printed_while_one_opens)
{
	static struct opener a;
	const unsigned messages = 2000;
	bool stop = false;
	unsigned before, each;

	prepare();
	libbpf_set_print(count_libbpf);
	cr_assert(!bpf_object__open_mem("none", 4, NULL));
	each = printed;
	cr_assert_gt(each, 0, "it says nothing");
	opener_start(&a, "v0", &stop);
	before = printed;
	for (unsigned i = 0; i < messages; i++)
		bpf_object__open_mem("none", 4, NULL);
	cr_expect_geq(printed - before, messages * each - 5, "%u of %u were swallowed",
		      messages * each - (printed - before), messages * each);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	opener_join(&a);
}

Test(process, failed_open_prints_nothing)
{
	prepare();
	libbpf_set_print(count_libbpf);
	set_effective(CAP_SYS_ADMIN, false);
	set_effective(CAP_PERFMON, false);
	cr_assert_eq(try_open(), -EACCES);
	cr_expect_eq(printed, 0);
}

/* ---- Without /sys and /proc ----------------------------------------------------------------------- */

static void count_without(const char *mount_point)
{
	struct net_xdp_program_stats stats;

	rig_open(&rig, 1);
	frontend_xdp_start(&rig.x, 1, 64);
	libbpf_set_print(count_libbpf);
	cr_assert(mount("none", mount_point, "tmpfs", 0, NULL) == 0, "%s", strerror(errno));
	traffic_receive(&rig.x, &rig.peer, 50);
	cr_assert_eq(net_xdp_program_stats(rig.x.ep, &stats), 0);
	cr_expect_eq(stats.redirected, 50);
	cr_expect_eq(stats.passed + stats.kept + stats.dropped_too_long, 0);
	cr_expect_eq(printed, 0, "libbpf prints");
	cr_assert(umount(mount_point) == 0);
	rig_close(&rig);
}

Test(process, program_stats_without_sys_are_exact)
{
	count_without("/sys");
}

Test(process, program_stats_without_proc_are_exact)
{
	count_without("/proc");
}

Test(process, open_without_sys_and_proc_works)
{
	struct net_xdp_device device;

	prepare();
	cr_assert(mount("none", "/sys", "tmpfs", 0, NULL) == 0);
	cr_assert(mount("none", "/proc", "tmpfs", 0, NULL) == 0);
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 2, 64);
	traffic_both_ways(&rig.x, &rig.peer);
	cr_assert_eq(net_xdp_device_query("v0", &device, NULL), 0);
	cr_expect(device.dma_per_page, "unknown counts as yes");
	cr_assert(umount("/proc") == 0 && umount("/sys") == 0);
	rig_close(&rig);
}
