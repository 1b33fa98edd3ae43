// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/program_rig.h"

void program_rig_open(struct program_rig *r)
{
	memset(r, 0, sizeof(*r));
	netns_enter();
	netns_veth("v0", "v1", PROGRAM_RIG_QUEUES, 1500);
	r->ifindex = (int)if_nametoindex("v0");
	r->object = net_xdp_bpf__open();
	cr_assert_not_null(r->object);
	frame_plain(r->frame, sizeof(r->frame), 1);
}

void program_rig_load(struct program_rig *r, bool frags)
{
	cr_assert_eq(net_xdp_bpf__load(r->object), 0, "load: %s", strerror(errno));
	r->fd = bpf_program__fd(frags ? r->object->progs.net_xdp_frags : r->object->progs.net_xdp);
}

static void check_counters(struct program_rig *r)
{
	uint32_t cpus = (uint32_t)libbpf_num_possible_cpus();
	uint64_t *values = calloc(cpus, sizeof(*values));

	for (uint32_t i = 0; i < PROGRAM_COUNTERS + KEEP_RULES; i++) {
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
}

void program_rig_close(struct program_rig *r)
{
	check_counters(r);
	net_xdp_bpf__destroy(r->object);
}

void program_rig_again(struct program_rig *r)
{
	if (r->fd > 0)
		check_counters(r);
	net_xdp_bpf__destroy(r->object);
	memset(r->expected, 0, sizeof(r->expected));
	r->object = net_xdp_bpf__open();
	cr_assert_not_null(r->object);
}

int program_rig_run(struct program_rig *r, uint32_t len, uint32_t queue)
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

void program_rig_expect(struct program_rig *r, uint32_t len, uint32_t queue, uint32_t which)
{
	static const int actions[PROGRAM_COUNTERS] = {
		[PROGRAM_REDIRECTED] = XDP_REDIRECT,
		[PROGRAM_PASSED] = XDP_PASS,
		[PROGRAM_KEPT] = XDP_PASS,
		[PROGRAM_TOO_LONG] = XDP_DROP,
	};
	int wanted = which < PROGRAM_COUNTERS ? actions[which] : XDP_PASS;
	int action = program_rig_run(r, len, queue);

	cr_assert_eq(action, wanted, "%u bytes, queue %u: action %d, not %d", len, queue, action,
		     wanted);
	r->expected[which]++;
}

int program_rig_socket(struct program_rig *r, uint32_t queue)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0, "socket: %s", strerror(errno));
	cr_assert_eq(bpf_map__update_elem(r->object->maps.xsks, &queue, sizeof(queue), &fd,
					  sizeof(fd), BPF_ANY),
		     0, "enter: %s", strerror(errno));
	return fd;
}
