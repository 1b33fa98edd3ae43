// SPDX-License-Identifier: BSD-2-Clause
/* The system calls that net_xdp.h names for a seccomp filter are those that the calls make: no other one is refused to
 * a thread that may make these alone, and without any of them one is. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/guarded.h"
#include "support/netns.h"
#include "support/segment_rig.h"
#include "support/traffic.h"

TestSuite(seccomp, .timeout = 120);

enum { CALLS_MOST = 16, WORK_MS = 700, TCP = 6 };

static const struct named {
	const char *name;
	long number;
	bool not_here; /* on this machine nothing may make it: see the header */
} names[] = {
	{"sendto", SYS_sendto, false},
	{"sendmsg", SYS_sendmsg, false},
	{"recvfrom", SYS_recvfrom, true}, /* zero copy */
	{"recvmsg", SYS_recvmsg, false},
	{"epoll_ctl", SYS_epoll_ctl, false},
	{"epoll_wait", SYS_epoll_wait, false},
	{"timerfd_settime", SYS_timerfd_settime, false},
	{"read", SYS_read, false},
	{"write", SYS_write, false},
	{"getsockopt", SYS_getsockopt, false},
	{"clock_gettime", SYS_clock_gettime, true}, /* without a vDSO */
	{"poll", SYS_poll, true},		    /* an answer that is late */
	{"ppoll", SYS_ppoll, false},
	{"bpf", SYS_bpf, false},
};

/* The header's list behind a title, "title: name, name, ... name.", over lines of a comment. */
static const struct named *listed[CALLS_MOST];
static uint32_t listed_count;

static const struct named *find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0)
			return &names[i];
	return NULL;
}

static void read_list(const char *title)
{
	static char text[65536];
	int fd = open(NET_XDP_HEADER, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *at;

	cr_assert_gt(got, 0, "no %s", NET_XDP_HEADER);
	close(fd);
	text[got] = 0;
	at = strstr(text, title);
	cr_assert_not_null(at, "no \"%s\" in net_xdp.h", title);
	for (at += strlen(title); *at && *at != '.';) {
		size_t len = 0;

		while (isalnum((unsigned char)at[len]) || at[len] == '_')
			len++;
		if (len) {
			cr_assert_lt(listed_count, CALLS_MOST);
			listed[listed_count] = find(at, len);
			cr_assert_not_null(listed[listed_count], "%.*s?", (int)len, at);
			listed_count++;
		}
		at += len ? len : 1;
	}
	cr_assert_gt(listed_count, 0);
}

/* All that are listed but one, if it is not NULL. */
static uint32_t allow(const struct named *without, long *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < listed_count; i++)
		if (listed[i] != without)
			out[n++] = listed[i]->number;
	return n;
}

static void expect_refused(const struct guarded *g, const struct named *without)
{
	if (!without) {
		cr_expect_eq(g->refused_count, 0, "call %ld is made, and not listed",
			     g->refused[0]);
		return;
	}
	cr_expect(guarded_refused(g, without->number), "%s is listed, and not made", without->name);
}

/* ---- Data calls ----------------------------------------------------------------------------------- */

/* The rig's pool asserts. */
struct quiet {
	struct net_buffer_access pool;
	struct net_rx_buffer buffer; /* of each id */
};

static void quiet_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
			  struct net_rx_buffer *out)
{
	(void)ids;
	for (uint32_t i = 0; i < count; i++)
		out[i] = ((struct quiet *)pool)->buffer;
}

static void quiet_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			   const struct net_rx_metadata *metadata, uint32_t count)
{
	(void)pool, (void)ids, (void)metadata, (void)count;
}

static const struct net_buffer_access_ops quiet_ops = {
	.rx_buffers = quiet_buffers,
	.rx_metadata = quiet_metadata,
	.size_bytes = sizeof(quiet_ops),
};

struct work {
	struct tx_rig *r;
	struct quiet quiet;
	bool sleeps;
	uint32_t id, ids[64];
};

/* Post a buffer, send, and look for what came until everything that is done now and then was. */
static void call(void *context)
{
	struct work *w = context;
	struct net_buffer_access *pool = &w->quiet.pool;
	struct net_queue *q = w->r->q;
	const int64_t end = frontend_now_ms() + WORK_MS;
	bool sync;

	net_queue_rx_avail(q, pool, &w->id, 1);
	net_queue_tx_avail(q, pool, w->r->list.segments, w->r->list.count, &sync);
	while (frontend_now_ms() < end) {
		net_queue_tx_poll(q, pool, w->ids, 64);
		net_queue_rx_poll(q, pool, w->ids, 64);
		net_queue_poll_ready(q, pool);
		if (w->sleeps)
			net_queue_wait(q, pool, 1000000);
	}
}

/* One frame is kept by the receiver, so that its completion is waited for with the timer. */
static void data_calls(const struct named *without, bool sleeps)
{
	const struct segment_spec whole = segment_plain(4, TCP, 20000, 1000);
	static struct tx_rig r;
	struct work w = {.r = &r, .sleeps = sleeps};
	struct guarded g;
	long allowed[CALLS_MOST];

	tx_rig_prepare(&r, 1, 1500);
	tx_rig_start(&r, 1);
	w.quiet = (struct quiet){{&quiet_ops}, r.x.f.ids[0].buffer};
	traffic_hold("v1");
	tx_rig_add(&r, 1, 1000, 1); /* the trap holds what is not small */
	segment_rig_add(&r, 2, &whole, SEGMENT_ZERO, 2);
	guarded_start(&g, call, &w, allowed, allow(without, allowed));
	guarded_end(&g);
	expect_refused(&g, without);
	if (!without) {
		tx_rig_expect_counter(&r, NET_XDP_TX_ACCEPTED, 2);
		tx_rig_expect_counter(&r, NET_XDP_TX_WHOLE, 1);
		cr_expect(frontend_xdp_report(&r.x, 0).takes_frames);
	}
	traffic_release();
	frontend_xdp_stop(&r.x);
	peer_close(&r.peer);
	frontend_list_close(&r.list);
	frontend_xdp_close(&r.x);
}

/* The lists in net_xdp.h */
static const char data_title[] = " *     Data calls: ",
		  wait_title[] = " *     net_queue_wait, besides these: ",
		  action_title[] = " *     poll_action: ";

Test(seccomp, data_calls_make_the_listed_calls_alone)
{
	read_list(data_title);
	data_calls(NULL, false);
}

Test(seccomp, a_wait_makes_one_more)
{
	read_list(data_title);
	read_list(wait_title);
	data_calls(NULL, true);
}

/* With one call after the other left out, each time in a network of its own. */
static void need_each(void (*work)(const struct named *without))
{
	uint32_t needed = 0;

	for (uint32_t i = 0; i < listed_count; i++) {
		if (listed[i]->not_here)
			continue;
		work(listed[i]);
		needed++;
	}
	cr_assert_gt(needed, 2);
}

static void data_calls_without(const struct named *call)
{
	data_calls(call, false);
}

Test(seccomp, data_calls_need_each_of_them)
{
	read_list(data_title);
	need_each(data_calls_without);
}

/* ---- Events --------------------------------------------------------------------------------------- */

struct events {
	struct frontend_xdp x;
	uint32_t links, restarts; /* told */
	bool stop;		  /* atomic */
};

static void poll_actions(void *context)
{
	struct events *e = context;
	struct net_action action;

	while (!__atomic_load_n(&e->stop, __ATOMIC_ACQUIRE)) {
		while (net_endpoint_poll_action(e->x.ep, &action) == 1) {
			e->links += action.kind == NET_ACTION_LINK;
			e->restarts += action.kind == NET_ACTION_RESTART_REQUIRED;
		}
	}
}

static void serve(struct guarded *g, int64_t for_ms)
{
	const int64_t end = frontend_now_ms() + for_ms;

	while (frontend_now_ms() < end)
		guarded_serve(g, 1);
}

/* So many messages that some are lost, and the link is asked for; the link goes down; the program is looked for; the
 * interface goes. */
static void poll_action(const struct named *without)
{
	static const long of_malloc[] = {SYS_brk,      SYS_mmap,    SYS_munmap,
					 SYS_mprotect, SYS_madvise, SYS_futex};
	long allowed[CALLS_MOST + sizeof(of_malloc) / sizeof(*of_malloc)];
	struct events e = {0};
	struct guarded g;
	uint32_t n;

	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	frontend_xdp_prepare(&e.x, "v0");
	frontend_xdp_open(&e.x);
	netns_run("for i in $(seq 600); do echo link set v0 alias a$i; done | ip -batch -");
	n = allow(without, allowed);
	memcpy(allowed + n, of_malloc, sizeof(of_malloc));
	guarded_start(&g, poll_actions, &e, allowed, n + sizeof(of_malloc) / sizeof(*of_malloc));
	serve(&g, 50);
	netns_down("v1");
	serve(&g, 600);
	netns_run("ip link del v0");
	serve(&g, 100);
	__atomic_store_n(&e.stop, true, __ATOMIC_RELEASE);
	guarded_end(&g);
	expect_refused(&g, without);
	if (!without)
		cr_expect(e.links == 1 && e.restarts == 1, "%u and %u", e.links, e.restarts);
	frontend_xdp_close(&e.x);
}

Test(seccomp, poll_action_makes_the_listed_calls_alone)
{
	read_list(action_title);
	poll_action(NULL);
}

Test(seccomp, poll_action_needs_each_of_them)
{
	read_list(action_title);
	need_each(poll_action);
}
