// SPDX-License-Identifier: BSD-2-Clause
/* The XDP programs by BPF_PROG_TEST_RUN: one frame in, one action out, and what was counted. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "net_xdp.skel.h"
#include "support/frame.h"
#include "support/netns.h"
#include "support/tx_rig.h"
#include "program/vlan_hint.h"

enum { QUEUES = 4, LINEAR_BYTES = 3000 }; /* what surely lies in one buffer of a test run */

struct rig {
	struct net_xdp_bpf *object;
	int ifindex, fd;
	uint8_t frame[FRAME_MAX_BYTES];
	uint64_t expected[PROGRAM_COUNTERS];
};

/* Open, with room to change the constants before rig_load(). */
static void rig_open(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	netns_enter();
	netns_veth("v0", "v1", QUEUES, 1500);
	r->ifindex = (int)if_nametoindex("v0");
	r->object = net_xdp_bpf__open();
	cr_assert_not_null(r->object);
	frame_plain(r->frame, sizeof(r->frame), 1);
}

static void rig_load(struct rig *r, bool frags)
{
	cr_assert_eq(net_xdp_bpf__load(r->object), 0, "load: %s", strerror(errno));
	r->fd = bpf_program__fd(frags ? r->object->progs.net_xdp_frags : r->object->progs.net_xdp);
}

static void rig_close(struct rig *r)
{
	uint32_t cpus = (uint32_t)libbpf_num_possible_cpus();
	uint64_t *values = calloc(cpus, sizeof(*values));

	for (uint32_t i = 0; i < PROGRAM_COUNTERS; i++) {
		uint64_t sum = 0;

		cr_assert_eq(bpf_map__lookup_elem(r->object->maps.counters, &i, sizeof(i), values,
						  cpus * sizeof(*values), 0),
			     0);
		for (uint32_t cpu = 0; cpu < cpus; cpu++)
			sum += values[cpu];
		cr_assert_eq(sum, r->expected[i], "counter %u is %llu, not %llu", i,
			     (unsigned long long)sum, (unsigned long long)r->expected[i]);
	}
	free(values);
	net_xdp_bpf__destroy(r->object);
}

/* Return: the program's action on the first len bytes of the frame, or -errno. */
static int run(struct rig *r, uint32_t len, uint32_t queue)
{
	static uint8_t out[FRAME_MAX_BYTES];
	struct xdp_md context = {
		.data_end = len,
		.ingress_ifindex = (uint32_t)r->ifindex,
		.rx_queue_index = queue,
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = r->frame, .data_size_in = len,
		    .data_out = out, .data_size_out = sizeof(out), .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = 1);
	int rc = bpf_prog_test_run_opts(r->fd, &opts);

	if (rc)
		return rc;
	cr_assert_eq(opts.data_size_out, len, "the frame's length changed");
	cr_assert_eq(memcmp(out, r->frame, len), 0, "the frame changed");
	return (int)opts.retval;
}

static void expect(struct rig *r, uint32_t len, uint32_t queue, enum program_counter which)
{
	static const int actions[PROGRAM_COUNTERS] = {
		[PROGRAM_REDIRECTED] = XDP_REDIRECT,
		[PROGRAM_PASSED] = XDP_PASS,
		[PROGRAM_KEPT] = XDP_PASS,
		[PROGRAM_TOO_LONG] = XDP_DROP,
	};
	int action = run(r, len, queue);

	cr_assert_eq(action, actions[which], "%u bytes, queue %u: action %d, not %d", len, queue,
		     action, actions[which]);
	r->expected[which]++;
}

/* A socket in the map's entry; it need not be bound for the program's decision. */
static int enter_socket(struct rig *r, uint32_t queue)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0, "socket: %s", strerror(errno));
	cr_assert_eq(bpf_map__update_elem(r->object->maps.xsks, &queue, sizeof(queue), &fd,
					  sizeof(fd), BPF_ANY),
		     0, "enter: %s", strerror(errno));
	return fd;
}

static void set_mac(struct rig *r, uint32_t i, uint64_t mac)
{
	r->object->rodata->take_macs[i] = mac;
}

/* A destination in memory order, as the program's table has it. */
static uint64_t address(uint32_t i)
{
	const uint8_t bytes[8] = {0x02, 0x10, (uint8_t)i, (uint8_t)~i, 0x99, (uint8_t)(i * 7)};
	uint64_t mac;

	memcpy(&mac, bytes, sizeof(mac));
	return mac;
}

static void to(struct rig *r, uint64_t mac)
{
	memcpy(r->frame, &mac, 6);
}

/* ---- Length ----------------------------------------------------------------------------------- */

static void length_limit(bool frags, uint32_t limit, uint32_t longest)
{
	struct rig r;
	int fd;

	rig_open(&r);
	r.object->rodata->max_frame_bytes = limit;
	rig_load(&r, frags);
	fd = enter_socket(&r, 0);
	for (uint32_t len = 14; len <= limit; len += len < limit - 20 ? 97 : 1)
		expect(&r, len < limit ? len : limit, 0, PROGRAM_REDIRECTED);
	expect(&r, limit, 0, PROGRAM_REDIRECTED);
	expect(&r, limit + 1, 0, PROGRAM_TOO_LONG);
	expect(&r, limit + 2, 0, PROGRAM_TOO_LONG);
	expect(&r, longest, 0, PROGRAM_TOO_LONG);
	/* Dropped even when the host would have got it: the queue is taken, the frame is ours. */
	expect(&r, longest, 1, PROGRAM_TOO_LONG);
	close(fd);
	rig_close(&r);
}

Test(program, frame_at_the_limit_is_redirected_and_one_byte_more_is_dropped)
{
	length_limit(false, 1518, LINEAR_BYTES);
}

Test(program, smallest_limit_is_exact)
{
	length_limit(false, 64, LINEAR_BYTES);
}

Test(program, frags_in_one_buffer_has_the_same_limit)
{
	length_limit(true, 1518, LINEAR_BYTES);
}

/* The limit is on the whole frame, of which the first buffer holds only a part. */
Test(program, frags_over_several_buffers_limit_counts_all_of_them)
{
	length_limit(true, 9018, 15000);
}

Test(program, frags_limit_just_over_one_buffer_is_exact)
{
	struct rig r;

	rig_open(&r);
	r.object->rodata->max_frame_bytes = 4000;
	rig_load(&r, true);
	expect(&r, 4000, 0, PROGRAM_PASSED);
	expect(&r, 4001, 0, PROGRAM_TOO_LONG);
	expect(&r, 9000, 0, PROGRAM_TOO_LONG);
	rig_close(&r);
}

/* Nothing shorter than its header reaches a program, so reading six bytes is all that is to fear. */
Test(program, shortest_frame_is_judged_and_the_kernel_runs_none_shorter)
{
	struct rig r;

	rig_open(&r);
	r.object->rodata->take_mac_count = 1;
	set_mac(&r, 0, address(1));
	rig_load(&r, false);
	to(&r, address(1));
	expect(&r, 14, 0, PROGRAM_PASSED);
	to(&r, address(2));
	expect(&r, 14, 0, PROGRAM_KEPT);
	for (uint32_t len = 1; len < 14; len++)
		cr_assert_eq(run(&r, len, 0), -EINVAL, "%u bytes", len);
	rig_close(&r);
}

/* ---- Keep-list -------------------------------------------------------------------------------- */

static void sixteen_macs(struct rig *r, bool frags)
{
	rig_open(r);
	r->object->rodata->take_mac_count = TAKE_MACS;
	for (uint32_t i = 0; i < TAKE_MACS; i++)
		set_mac(r, i, address(i));
	r->object->rodata->max_frame_bytes = 9018;
	rig_load(r, frags);
}

static void keep_list(bool frags, uint32_t len)
{
	struct rig r;
	int fd;

	sixteen_macs(&r, frags);
	fd = enter_socket(&r, 0);
	for (uint32_t i = 0; i < TAKE_MACS; i++) {
		to(&r, address(i));
		expect(&r, len, 0, PROGRAM_REDIRECTED);
	}
	to(&r, address(TAKE_MACS));
	expect(&r, len, 0, PROGRAM_KEPT);
	to(&r, 0);
	expect(&r, len, 0, PROGRAM_KEPT);
	to(&r, 0xffffffffffff); /* broadcast is the host's unless it is listed */
	expect(&r, len, 0, PROGRAM_KEPT);
	to(&r, 0x0100005e0001); /* multicast likewise */
	expect(&r, len, 0, PROGRAM_KEPT);
	close(fd);
	rig_close(&r);
}

Test(program, each_of_sixteen_listed_macs_is_taken_and_no_other)
{
	keep_list(false, 60);
}

Test(program, frags_keep_list_looks_at_the_first_buffer)
{
	keep_list(true, 60);
	keep_list(true, 9000);
}

Test(program, mac_that_differs_in_any_one_bit_is_kept)
{
	struct rig r;

	sixteen_macs(&r, false);
	for (uint32_t bit = 0; bit < 48; bit++) {
		to(&r, address(TAKE_MACS - 1) ^ 1ull << bit);
		expect(&r, 60, 0, PROGRAM_KEPT);
	}
	/* What follows the address does not belong to it. */
	for (uint32_t byte = 0; byte < 256; byte += 5) {
		to(&r, address(TAKE_MACS - 1));
		r.frame[6] = r.frame[7] = (uint8_t)byte;
		expect(&r, 60, 0, PROGRAM_PASSED);
	}
	rig_close(&r);
}

Test(program, entries_behind_the_count_are_not_looked_at)
{
	struct rig r;

	rig_open(&r);
	r.object->rodata->take_mac_count = 2;
	for (uint32_t i = 0; i < 4; i++)
		set_mac(&r, i, address(i));
	rig_load(&r, false);
	for (uint32_t i = 0; i < 4; i++) {
		to(&r, address(i));
		expect(&r, 60, 0, i < 2 ? PROGRAM_PASSED : PROGRAM_KEPT);
	}
	to(&r, 0); /* as the rest of the table reads */
	expect(&r, 60, 0, PROGRAM_KEPT);
	rig_close(&r);
}

Test(program, listed_broadcast_is_taken)
{
	struct rig r;

	rig_open(&r);
	r.object->rodata->take_mac_count = 1;
	set_mac(&r, 0, 0xffffffffffff);
	rig_load(&r, false);
	to(&r, 0xffffffffffff);
	expect(&r, 60, 0, PROGRAM_PASSED);
	to(&r, 0xfeffffffffff);
	expect(&r, 60, 0, PROGRAM_KEPT);
	rig_close(&r);
}

/* The limit is ours; the host may receive what it likes. */
Test(program, kept_frame_may_be_of_any_length)
{
	struct rig r;

	rig_open(&r);
	r.object->rodata->take_mac_count = 1;
	set_mac(&r, 0, address(0));
	rig_load(&r, false);
	to(&r, address(1));
	expect(&r, LINEAR_BYTES, 0, PROGRAM_KEPT);
	to(&r, address(0));
	expect(&r, LINEAR_BYTES, 0, PROGRAM_TOO_LONG);
	rig_close(&r);
}

/* ---- Queues ----------------------------------------------------------------------------------- */

static void by_queue(bool frags, uint32_t len)
{
	int fds[QUEUES] = {-1, -1, -1, -1};
	struct rig r;

	rig_open(&r);
	r.object->rodata->max_frame_bytes = 9018;
	rig_load(&r, frags);
	for (uint32_t mask = 0; mask < 1 << QUEUES; mask++) {
		for (uint32_t q = 0; q < QUEUES; q++) {
			/* A socket that is closed leaves the map by itself. */
			if (fds[q] >= 0 && !(mask >> q & 1)) {
				close(fds[q]);
				fds[q] = -1;
			} else if (fds[q] < 0 && mask >> q & 1) {
				fds[q] = enter_socket(&r, q);
			}
		}
		for (uint32_t q = 0; q < QUEUES; q++)
			expect(&r, len, q, mask >> q & 1 ? PROGRAM_REDIRECTED : PROGRAM_PASSED);
	}
	rig_close(&r);
}

Test(program, frame_goes_to_its_queues_socket_and_to_the_host_without_one)
{
	by_queue(false, 60);
}

Test(program, frags_goes_to_its_queues_socket_and_to_the_host_without_one)
{
	by_queue(true, 60);
	by_queue(true, 9000);
}

Test(program, queue_beyond_the_map_goes_to_the_host)
{
	struct rig r;

	rig_open(&r);
	cr_assert_eq(bpf_map__set_max_entries(r.object->maps.xsks, 2), 0);
	rig_load(&r, false);
	enter_socket(&r, 1);
	expect(&r, 60, 1, PROGRAM_REDIRECTED);
	expect(&r, 60, 2, PROGRAM_PASSED);
	expect(&r, 60, 3, PROGRAM_PASSED);
	rig_close(&r);
}

/* ---- Counters --------------------------------------------------------------------------------- */

Test(program, counters_are_exact_over_all_cpus)
{
	struct frame_random random = frame_random(3);
	struct rig r;

	sixteen_macs(&r, true);
	enter_socket(&r, 1);
	for (uint32_t i = 0; i < 2000; i++) {
		uint32_t pick = frame_random_below(&random, TAKE_MACS + 2);
		uint32_t len = 14 + frame_random_below(&random, 12000);
		uint32_t queue = frame_random_below(&random, QUEUES);

		if (i % 100 == 0)
			tx_rig_pin(i / 100);
		to(&r, address(pick));
		expect(&r, len, queue,
		       pick >= TAKE_MACS ? PROGRAM_KEPT
		       : len > 9018	 ? PROGRAM_TOO_LONG
		       : queue == 1	 ? PROGRAM_REDIRECTED
					 : PROGRAM_PASSED);
	}
	for (uint32_t i = 0; i < PROGRAM_COUNTERS; i++)
		cr_assert(r.expected[i] > 100, "action %u hardly occurred", i);
	rig_close(&r);
}
