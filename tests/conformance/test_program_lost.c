// SPDX-License-Identifier: BSD-2-Clause
/* Case 76: somebody takes the XDP program away from a live endpoint. */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "support/conformance.h"
#include "support/foreign.h"
#include "support/netns.h"
#include "support/traffic.h"
#include "support/waiter.h"
#include "support/wrapped.h"
#include "xdp/endpoint.h"

enum { TOLD_MS = 1000 };

/* What an administrator with bpftool can do: he has the link's id. */
static int link_by_id(struct rig *r)
{
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);
	int fd;

	cr_assert_eq(bpf_obj_get_info_by_fd(
			     endpoint_of(wrapped_inner_endpoint(r->x.ep))->attached.program.link_fd,
			     &info, &size),
		     0);
	fd = bpf_link_get_fd_by_id(info.id);
	cr_assert_geq(fd, 0, "link %u: %s", info.id, strerror(errno));
	return fd;
}

static void detach(struct rig *r)
{
	int fd = link_by_id(r);

	cr_assert_eq(bpf_link_detach(fd), 0);
	close(fd);
	cr_assert_eq(netns_program_id("v0"), 0);
}

static void put_another_into_the_link(struct rig *r)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_XDP);
	int fd = link_by_id(r), rc;
	int program = bpf_prog_load(BPF_PROG_TYPE_XDP, "foreign_prog", "GPL", pass, 2, &options);

	cr_assert_geq(program, 0);
	rc = bpf_link_update(fd, program, NULL);
	cr_assert_eq(rc, 0, "%s", strerror(-rc));
	close(program);
	close(fd);
}

/* Events until there are none for a while. Return: how many asked for a restart. */
static int count_restarts(struct rig *r, int for_ms)
{
	struct pollfd pfd = {.fd = net_endpoint_action_fd(r->x.ep), .events = POLLIN};
	int64_t deadline = frontend_now_ms() + for_ms, left;
	struct net_action action;
	int restarts = 0, rc;

	while ((left = deadline - frontend_now_ms()) > 0) {
		poll(&pfd, 1, (int)left);
		while ((rc = net_endpoint_poll_action(r->x.ep, &action)) == 1) {
			restarts += action.kind == NET_ACTION_RESTART_REQUIRED;
			/* A NIC may be reset when its program goes. */
			cr_assert(action.kind != NET_ACTION_LINK || !fixture_is_veth(),
				  "the link is as it was");
		}
		cr_assert_eq(rc, 0, "poll_action: %s", strerror(-rc));
	}
	return restarts;
}

/* Each queue was told: it is ready, and says what to do. */
static void expect_queues_know(struct rig *r)
{
	uint32_t id;

	for (uint32_t i = 0; i < r->x.queue_count; i++) {
		struct net_queue *q = r->x.queues[i];
		int rc = 0;

		cr_assert_eq(net_queue_wait(q, NULL, TOLD_MS * 1000000ll), 1, "queue %u sleeps on",
			     i);
		for (int n = 0; n < 10 && rc == 0; n++) {
			net_queue_poll_ready(q, NULL);
			cr_assert_eq(frontend_rx(&r->x.f, q, &id, 1), 0);
			rc = net_queue_tx_poll(q, &r->x.f.pool, &id, 1);
		}
		cr_assert_eq(rc, NET_TRY_RESTART, "queue %u: tx_poll says %d", i, rc);
		cr_assert(strstr(net_queue_error(q), "the XDP program was detached"), "%s",
			  net_queue_error(q));
	}
}

static void restart(struct rig *r, uint32_t queues)
{
	frontend_xdp_stop(&r->x);
	frontend_xdp_start(&r->x, queues, 64);
	cr_assert_neq(netns_program_id("v0"), 0);
	rig_up();
	traffic_both_ways(&r->x, &r->peer);
	cr_assert_eq(count_restarts(r, 2 * TOLD_MS), 0);
}

static void open_with(struct rig *r, uint32_t queues)
{
	rig_open(r, queues);
	frontend_xdp_start(&r->x, queues, 64);
	traffic_both_ways(&r->x, &r->peer);
	for (uint32_t i = 0; i < queues; i++)
		waiter_expect_pending(r->x.queues[i]);
	cr_assert_eq(count_restarts(r, 2 * TOLD_MS), 0);
}

static void lose_and_recover(uint32_t queues, void (*lose)(struct rig *r))
{
	struct rig r;

	open_with(&r, queues);
	for (int i = 0; i < 2; i++) {
		lose(&r);
		cr_assert_eq(count_restarts(&r, TOLD_MS), 1);
		expect_queues_know(&r);
		cr_assert_eq(count_restarts(&r, TOLD_MS), 0, "told twice");
		restart(&r, queues);
	}
	rig_close(&r);
}

// 76: the program detached: restart-required once, and recovery through get_queues
CASE(76, detached_program_asks_for_one_restart_and_recovers)
{
	lose_and_recover(1, detach);
}

CASE(76, detached_program_of_two_queues_asks_for_one_restart_and_recovers)
{
	lose_and_recover(fixture_queues(2), detach);
}

// 76: replaced, in our own bpf_link
CASE(76, replaced_program_asks_for_one_restart_and_recovers)
{
	lose_and_recover(1, put_another_into_the_link);
}

static void detach_under_a_flood(struct rig *r)
{
	struct flood flood;

	peer_close(&r->peer);
	flood_start(&flood, "v1");
	frontend_sleep_ms(300);
	detach(r);
	flood_stop(&flood);
	peer_open(&r->peer, "v1");
	for (uint32_t i = 0; i < r->x.queue_count; i++) {
		uint32_t ids[64], n;

		while ((n = frontend_rx(&r->x.f, r->x.queues[i], ids, 64)))
			frontend_post_ids(&r->x.f, r->x.queues[i], ids, n);
	}
}

// 76: an endpoint that was busy until then is told as soon
CASE(76, detached_program_under_a_flood_asks_for_one_restart)
{
	NEEDS_VETH("a flood that no queue keeps");
	lose_and_recover(1, detach_under_a_flood);
}

// 76: replaced by another's: get_queues names it, and leaves it alone
CASE(76, detached_program_with_a_foreign_one_in_its_place_is_refused_by_name)
{
	struct rig r;
	uint32_t id;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	detach(&r);
	id = foreign_program("v0", 1);
	cr_assert_eq(count_restarts(&r, TOLD_MS), 1);
	expect_queues_know(&r);
	frontend_xdp_stop(&r.x);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(frontend_xdp_try_start(&r.x, 1, 64), -EBUSY, "%s", r.x.err.message);
		cr_assert(strstr(r.x.err.message, "foreign_prog"), "%s", r.x.err.message);
		cr_assert_eq(netns_program_id("v0"), id);
		cr_assert_eq(count_restarts(&r, 100), 0, "told twice");
	}
	foreign_program_detach("v0", 1);
	restart(&r, 1);
	rig_close(&r);
}

// 76: whoever goes on without waiting for the word recovers too, and is told nothing afterwards
CASE(76, get_queues_before_the_word_attaches_again)
{
	struct rig r;

	open_with(&r, 1);
	detach(&r);
	restart(&r, 1);
	rig_close(&r);
}

// 76: before the first queue
CASE(76, program_detached_before_any_queue_is_attached_by_get_queues)
{
	struct rig r;

	rig_open(&r, 1);
	detach(&r);
	cr_assert_eq(count_restarts(&r, TOLD_MS), 1);
	restart(&r, 1);
	rig_close(&r);
}

// 51, 76: looking for it costs an idle endpoint's owner two wake-ups a second
CASE(76, idle_endpoint_is_looked_at_twice_a_second)
{
	int64_t end;
	struct pollfd pfd;
	struct rig r;
	int woken = 0;

	open_with(&r, 1);
	pfd = (struct pollfd){.fd = net_endpoint_action_fd(r.x.ep), .events = POLLIN};
	for (end = frontend_now_ms() + 2000; frontend_now_ms() < end;) {
		struct net_action action;

		woken += poll(&pfd, 1, 100);
		cr_assert_eq(net_endpoint_poll_action(r.x.ep, &action), 0);
		cr_assert_eq(poll(&pfd, 1, 0), 0, "readable for ever");
	}
	cr_assert_leq(woken, 6, "woken %d times", woken);
	rig_close(&r);
}

/* ---- Who asks ------------------------------------------------------------------------------------- */

/* Of this thread: use what it may use, or nothing. */
static void use_capabilities(bool use)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	cr_assert_eq(syscall(SYS_capget, &header, data), 0);
	for (int i = 0; i < 2; i++)
		data[i].effective = use ? data[i].permitted : 0;
	cr_assert_eq(syscall(SYS_capset, &header, data), 0);
}

// 76: an endpoint without any capability is told
CASE(76, detached_program_is_told_to_an_endpoint_without_capabilities)
{
	struct rig r;

	open_with(&r, 1);
	detach(&r);
	use_capabilities(false);
	cr_assert_eq(count_restarts(&r, TOLD_MS), 1);
	expect_queues_know(&r);
	use_capabilities(true);
	restart(&r, 1);
	rig_close(&r);
}

// 76: and one that asks from another network namespace, where the interface's index is another's
CASE(76, detached_program_is_told_in_another_network_namespace)
{
	int other, home;
	struct rig r;

	open_with(&r, 1);
	detach(&r);
	other = netns_new();
	home = netns_switch(other);
	cr_assert_eq(count_restarts(&r, TOLD_MS), 1);
	expect_queues_know(&r);
	close(netns_switch(home));
	close(other);
	restart(&r, 1);
	close(home);
	rig_close(&r);
}
