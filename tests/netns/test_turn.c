// SPDX-License-Identifier: BSD-2-Clause
/* The beginning of an endpoint, while another one of this library has the interface: what happens in
 * between system calls is made to happen in place of the C library's. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/bpf_call.h"
#include "support/foreign.h"
#include "support/netns.h"
#include "support/traffic.h"

/* ---- In place of the C library's -------------------------------------------------------------- */

static int answer_after_ms; /* of netlink requests */

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	frontend_sleep_ms(answer_after_ms);
	return syscall(SYS_recvmsg, fd, message, flags);
}

static void (*before_attach)(void);

int bpf_call(long command)
{
	void (*action)(void) = before_attach;

	if (command == BPF_LINK_CREATE && action) {
		before_attach = NULL;
		action();
	}
	return 0;
}

/* ---- One after the other ---------------------------------------------------------------------- */

Test(turn, open_with_slow_answers_of_the_kernel_keeps_its_deadline, .timeout = 60)
{
	struct frontend_xdp second;
	int64_t began;
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	frontend_xdp_prepare(&second, "v0");
	second.config.release_timeout_ms = 1000;
	answer_after_ms = 20;
	began = frontend_now_ms();
	cr_assert_eq(frontend_xdp_try_open(&second), -EBUSY);
	answer_after_ms = 0;
	cr_assert_lt(frontend_now_ms() - began, 2000);
	frontend_close(&second.f);
	rig_close(&r);
}

/* ---- Two at once ------------------------------------------------------------------------------ */

static int other_link;
static pthread_t other_thread;

static void *end_it_later(void *unused)
{
	frontend_sleep_ms(400);
	syscall(SYS_close, other_link);
	return unused;
}

/* A program of this library, as another process has it for a while. */
static void attach_ours(void)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_link_create_opts, native, .flags = XDP_FLAGS_DRV_MODE);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "net_xdp", "GPL", pass, 2, NULL);

	other_link = bpf_link_create(fd, (int)if_nametoindex("v0"), BPF_XDP, &native);
	cr_assert(fd >= 0 && other_link >= 0);
	close(fd);
	cr_assert_eq(pthread_create(&other_thread, NULL, end_it_later, NULL), 0);
}

static char told[256];
static int times_told, give_up_after = 1000;

/* The first sentence: at the last one the program may be gone, and with it its name. */
static bool remember(void *context, const char *sentence)
{
	if (!times_told++)
		snprintf(context, sizeof(told), "%s", sentence);
	return times_told < give_up_after;
}

/* It attaches between our look and our attach, and ends a little later. */
Test(turn, open_at_the_same_time_as_another_waits_and_says_so, .timeout = 60)
{
	struct net_xdp_report report;
	struct rig r;

	rig_prepare(&r, 1);
	r.x.config.on_wait = remember;
	r.x.config.on_wait_context = told;
	before_attach = attach_ours;
	frontend_xdp_open(&r.x);
	cr_assert_gt(times_told, 0);
	cr_assert(strstr(told, "v0") && strstr(told, "\"net_xdp\""), "%s", told);
	pthread_join(other_thread, NULL);
	frontend_xdp_start(&r.x, 1, 64);
	report = frontend_xdp_report(&r.x, 0);
	cr_assert_not_null(strstr(report.rungs[0].sentence, "another program had it for"), "%s",
			   report.rungs[0].sentence);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}

static void attach_foreign(void)
{
	foreign_program("v0", 1);
}

Test(turn, open_at_the_same_time_as_a_foreign_program_names_it, .timeout = 60)
{
	struct rig r;

	rig_prepare(&r, 1);
	before_attach = attach_foreign;
	cr_assert_eq(frontend_xdp_try_open(&r.x), -EBUSY);
	cr_assert_not_null(strstr(r.x.err.message, "foreign_prog"), "%s", r.x.err.message);
	foreign_program_detach("v0", 1);
	frontend_xdp_open(&r.x);
	frontend_xdp_start(&r.x, 1, 64);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}

Test(turn, program_without_a_name_is_told_without_an_empty_one, .timeout = 60)
{
	char id[64];
	struct rig r;

	rig_prepare(&r, 1);
	r.x.config.release_timeout_ms = 2000;
	r.x.config.on_wait = remember;
	r.x.config.on_wait_context = told;
	snprintf(id, sizeof(id), "XDP program without a readable name (id %u, ",
		 foreign_program_without_name("v0", 1));
	cr_assert_eq(frontend_xdp_try_open(&r.x), -EBUSY);
	cr_assert(strstr(told, "another program has v0 (XDP program without a readable name, id "),
		  "%s", told);
	cr_assert(strstr(r.x.err.message, id), "no \"%s\" in: %s", id, r.x.err.message);
	foreign_program_detach("v0", 1);
	rig_close(&r);
}

Test(turn, get_queues_that_waits_for_another_socket_says_so_and_can_be_told_to_stop, .timeout = 60)
{
	struct rig r;
	int other;

	rig_prepare(&r, 1);
	r.x.config.release_timeout_ms = 60000;
	r.x.config.on_wait = remember;
	r.x.config.on_wait_context = told;
	give_up_after = 2;
	other = foreign_socket("v0", 0);
	frontend_xdp_open(&r.x);
	cr_assert_eq(times_told, 0);
	cr_assert_eq(frontend_xdp_try_start(&r.x, 1, 64), -EBUSY);
	cr_assert_eq(times_told, 2);
	cr_assert(strstr(told, "queue 0 of v0"), "%s", told);
	close(other);
	rig_close(&r);
}

Test(turn, open_while_another_endpoint_lives_can_be_told_to_stop, .timeout = 60)
{
	struct frontend_xdp second;
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	frontend_xdp_prepare(&second, "v0");
	second.config.release_timeout_ms = 60000;
	second.config.on_wait = remember;
	second.config.on_wait_context = told;
	give_up_after = 1;
	cr_assert_eq(frontend_xdp_try_open(&second), -EBUSY);
	cr_assert_eq(times_told, 1);
	cr_assert_not_null(strstr(second.err.message, "another program of this library"), "%s",
			   second.err.message);
	frontend_close(&second.f);
	traffic_both_ways(&r.x, &r.peer);
	rig_close(&r);
}
