// SPDX-License-Identifier: BSD-2-Clause
/* xsk-info's prediction: facts in, mode and sentences out. */
#include <criterion/criterion.h>
#include <errno.h>

#include "support/predicted.h"

/* ---- Modes ------------------------------------------------------------------------------------ */

struct mode_row {
	const char *driver;
	uint64_t features;
	uint32_t kernel;
	bool has_virtio;
	uint64_t virtio;
	enum net_xdp_outcome mode;
	bool native;
	bool sure;
	const char *why; /* a sentence that lowers, NULL none at all */
};

Test(info, predict_driver_and_features_give_mode_and_reason)
{
	static const uint32_t k = NET_XDP_KERNEL(6, 18);
	static const struct mode_row rows[] = {
		{"ice", ZERO_COPY, k, false, 0, NET_XDP_OUTCOME_ZERO_COPY, true, true, NULL},
		{"veth", NATIVE, k, false, 0, NET_XDP_OUTCOME_COPY, true, true,
		 "no zero copy in any"},
		{"", 0, k, false, 0, NET_XDP_OUTCOME_COPY, false, true, "has no native XDP"},
		{"e1000e", 0, k, false, 0, NET_XDP_OUTCOME_COPY, false, true, "generic mode"},
		{"odd", NET_XDP_FEATURE_BASIC, k, false, 0, NET_XDP_OUTCOME_COPY, false, true,
		 "cannot redirect"},
		{"igb", NATIVE, NET_XDP_KERNEL(6, 12), false, 0, NET_XDP_OUTCOME_COPY, true, true,
		 "from kernel 6.14 on"},
		{"ice", NATIVE, k, false, 0, NET_XDP_OUTCOME_COPY, true, true,
		 "feature bit not set"},
		/* The bit is there for every virtio device; the bits of the host decide. */
		{"virtio_net", ZERO_COPY, k, false, 0, NET_XDP_OUTCOME_ZERO_COPY, true, false,
		 NULL},
		{"virtio_net", ZERO_COPY, k, true, VIRTIO_ACCESS_PLATFORM | VIRTIO_RING_RESET,
		 NET_XDP_OUTCOME_ZERO_COPY, true, true, NULL},
		{"virtio_net", ZERO_COPY, k, true, VIRTIO_RING_RESET, NET_XDP_OUTCOME_COPY, true,
		 true, "give VIRTIO_F_ACCESS_PLATFORM"},
		{"virtio_net", ZERO_COPY, k, true, VIRTIO_ACCESS_PLATFORM, NET_XDP_OUTCOME_COPY,
		 true, true, "give VIRTIO_F_RING_RESET"},
		{"virtio_net", ZERO_COPY, k, true, 0, NET_XDP_OUTCOME_COPY, true, true,
		 "give VIRTIO_F_RING_RESET"},
		{"virtio_net", ZERO_COPY, k, true,
		 VIRTIO_ACCESS_PLATFORM | VIRTIO_RING_RESET | VIRTIO_MERGEABLE | VIRTIO_GUEST_TSO4,
		 NET_XDP_OUTCOME_COPY, false, true, "ctrl_guest_offloads"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct mode_row *row = &rows[i];
		struct info_facts f = interface(row->driver, row->features);
		struct info_prediction p;
		uint32_t j;

		f.device.kernel_release = row->kernel;
		f.device.has_virtio = row->has_virtio;
		f.device.virtio_features = row->virtio;
		p = predict(&f);
		cr_expect_eq(p.mode, row->mode, "row %zu: %s", i, p.summary);
		cr_expect_eq(p.native, row->native, "row %zu: %s", i, p.summary);
		cr_expect_eq(p.sure, row->sure, "row %zu: %s", i, p.summary);
		if (row->why)
			cr_expect(says(&p, NET_XDP_FINDING_LOWERS, row->why), "row %zu: %s", i,
				  row->why);
		for (j = 0; !row->why && j < p.count; j++)
			cr_expect_neq(p.sentences[j].kind, NET_XDP_FINDING_LOWERS, "row %zu: %s", i,
				      p.sentences[j].text);
	}
}

Test(info, predict_kernel_without_features_is_not_sure)
{
	struct info_facts f = interface("ixgbe", 0);
	struct info_prediction p;

	f.device.has_features = false;
	f.device.kernel_release = NET_XDP_KERNEL(6, 1);
	p = predict(&f);
	cr_assert_eq(p.mode, NET_XDP_OUTCOME_ZERO_COPY);
	cr_assert_not(p.sure);
	cr_assert_not_null(strstr(p.summary, "would try zero copy"));
	snprintf(f.device.driver, sizeof(f.device.driver), "veth");
	p = predict(&f);
	cr_assert_eq(p.mode, NET_XDP_OUTCOME_COPY);
	cr_assert_not(p.sure);
}

/* ---- What blocks ------------------------------------------------------------------------------ */

Test(info, predict_missing_capability_names_it)
{
	struct info_facts f = interface("veth", NATIVE);
	struct info_prediction p;

	f.capabilities = CAPABILITIES & ~(1ull << CAP_NET_RAW);
	f.socket_error = -EPERM;
	p = predict(&f);
	cr_assert_eq(p.mode, NET_XDP_OUTCOME_FAILS);
	cr_assert(says(&p, NET_XDP_FINDING_BLOCKS, "CAP_NET_RAW is missing"));
	f.capabilities = CAPABILITIES & ~(1ull << CAP_BPF);
	f.socket_error = 0;
	f.program_error = -EPERM;
	p = predict(&f);
	cr_assert_eq(p.mode, NET_XDP_OUTCOME_FAILS);
	cr_assert(says(&p, NET_XDP_FINDING_BLOCKS, "CAP_BPF is missing"));
	f.capabilities = CAPABILITIES & ~(1ull << CAP_PERFMON);
	f.program_error = -EACCES;
	p = predict(&f);
	cr_assert(says(&p, NET_XDP_FINDING_BLOCKS, "CAP_PERFMON is missing"));
	f.capabilities = 0;
	p = predict(&f);
	cr_assert(says(&p, NET_XDP_FINDING_BLOCKS,
		       "CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON are missing"));
}

/* What worked is not explained away by what capget() says, or cannot say. */
Test(info, predict_believes_what_was_tried)
{
	struct info_facts f = interface("veth", NATIVE);

	f.capabilities = 1ull << CAP_IPC_LOCK;
	cr_assert_eq(predict(&f).mode, NET_XDP_OUTCOME_COPY);
	f.capabilities = CAPABILITIES;
	f.socket_error = -EPERM;
	cr_assert_eq(predict(&f).mode, NET_XDP_OUTCOME_FAILS);
	f.socket_error = 0;
	f.program_error = -EPERM;
	cr_assert_eq(predict(&f).mode, NET_XDP_OUTCOME_FAILS);
}

struct refused_row {
	int socket_error, program_error;
	const char *text;
	bool filter; /* is one named as a cause? */
};

Test(info, predict_refused_call_names_its_causes)
{
	static const struct refused_row rows[] = {
		{-EAFNOSUPPORT, 0, "CONFIG_XDP_SOCKETS", true},
		{-ENOSYS, 0, "CONFIG_XDP_SOCKETS", true},
		{-EPERM, 0, "though CAP_NET_RAW is there", true},
		{-EACCES, 0, "though CAP_NET_RAW is there", true},
		{-EMFILE, 0, "open-files limit", false},
		{-ENOMEM, 0, "socket(AF_XDP) fails", false},
		{0, -ENOSYS, "CONFIG_BPF_SYSCALL", true},
		{0, -EPERM, "no capability is missing", true},
		{0, -EINVAL, "no capability is missing", true},
		{0, -EMFILE, "open-files limit", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct info_facts f = interface("veth", NATIVE);
		struct info_prediction p;

		f.socket_error = rows[i].socket_error;
		f.program_error = rows[i].program_error;
		p = predict(&f);
		cr_expect_eq(p.mode, NET_XDP_OUTCOME_FAILS, "row %zu", i);
		cr_expect(says(&p, NET_XDP_FINDING_BLOCKS, rows[i].text), "row %zu: %s", i,
			  p.sentences[0].text);
		cr_expect_eq(says(&p, NET_XDP_FINDING_BLOCKS, "system call filter"), rows[i].filter,
			     "row %zu: %s", i, p.sentences[0].text);
	}
}

Test(info, predict_user_namespace_fails)
{
	struct info_facts f = interface("veth", NATIVE);
	struct info_prediction p;

	f.user_namespace = true;
	f.program_error = -EPERM;
	p = predict(&f);
	cr_assert_eq(p.mode, NET_XDP_OUTCOME_FAILS);
	cr_assert(says(&p, NET_XDP_FINDING_BLOCKS, "initial user namespace"));
	cr_assert_not(info_can(&f, CAP_IPC_LOCK));
	f.socket_error = -EPERM;
	p = predict(&f);
	cr_assert(says(&p, NET_XDP_FINDING_BLOCKS, "does not count in this network namespace"));
}

Test(info, predict_locked_memory_limit_blocks_or_is_noted)
{
	struct info_facts f = interface("veth", NATIVE);
	struct info_prediction p;

	f.capabilities &= ~(1ull << CAP_IPC_LOCK);
	p = predict(&f);
	cr_assert_eq(p.mode, NET_XDP_OUTCOME_COPY);
	cr_assert(says(&p, NET_XDP_FINDING_NOTE, "8192 KiB"));
	f.memlock_bytes = 64 << 10;
	p = predict(&f);
	cr_assert(says(&p, NET_XDP_FINDING_BLOCKS, "64 KiB is less"));
	f.memlock_bytes = UINT64_MAX;
	p = predict(&f);
	cr_assert_not(says(&p, NET_XDP_FINDING_NOTE, "locked-memory"));
}

struct program_row {
	const char *mode;
	uint32_t link_id;
	uint32_t pid;
	const char *text;
};

Test(info, predict_attached_program_names_the_holder_and_how_to_remove_it)
{
	static const struct program_row rows[] = {
		{"native", 0, 0, "ip link set dev eth1 xdp off"},
		{"generic", 0, 0, "ip link set dev eth1 xdpgeneric off"},
		{"offloaded", 0, 0, "ip link set dev eth1 xdpoffload off"},
		{"native", 9, 0, "bpftool link detach id 9"},
		{"native", 9, 77, "link 9 of process 77 (suricata)"},
		{"dispatcher", 0, 0, "xdp-loader unload eth1 --all"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct info_facts f = interface("veth", NATIVE);
		struct info_prediction p;

		f.capabilities |= 1ull << CAP_SYS_ADMIN;
		f.device.program_id = 5;
		f.device.program_mode = rows[i].mode;
		snprintf(f.device.program_name, sizeof(f.device.program_name), "theirs");
		f.holder.link_id = rows[i].link_id;
		f.holder.pid = rows[i].pid;
		snprintf(f.holder.command, sizeof(f.holder.command), "suricata");
		p = predict(&f);
		cr_expect_eq(p.mode, NET_XDP_OUTCOME_FAILS);
		cr_expect(says(&p, NET_XDP_FINDING_BLOCKS, rows[i].text), "row %zu: %s", i,
			  p.sentences[0].text);
		cr_expect(says(&p, NET_XDP_FINDING_BLOCKS, "--dispatcher"), "row %zu", i);
		cr_expect_eq(says(&p, NET_XDP_FINDING_BLOCKS, "Only if nobody needs"), !rows[i].pid,
			     "row %zu: %s", i, p.sentences[0].text);
		/* Its holder is not seen then, which is no reason to remove it. */
		f.capabilities = CAPABILITIES;
		p = predict(&f);
		if (!rows[i].pid && strcmp(rows[i].mode, "dispatcher") != 0)
			cr_expect_not(says(&p, NET_XDP_FINDING_BLOCKS, "Only if nobody"), "row %zu",
				      i);
	}
}

Test(info, predict_queue_with_a_socket_fails)
{
	struct info_facts f = interface("ice", ZERO_COPY);
	struct info_prediction p;

	f.queue = 3;
	f.device.rx_queues = f.device.tx_queues = 4;
	f.queue_state.has_socket = true;
	p = predict(&f);
	cr_assert_eq(p.mode, NET_XDP_OUTCOME_FAILS);
	cr_assert(says(&p, NET_XDP_FINDING_BLOCKS, "bound to queue 3"));
	f.queue_state.has_state = false; /* then the other field means nothing */
	p = predict(&f);
	cr_assert_not(p.sure);
	cr_assert_not_null(strstr(p.summary, "only an attach can tell"), "%s", p.summary);
}

struct queues_row {
	uint32_t queue, rx, tx;
	enum net_xdp_outcome mode;
	const char *text; /* NULL nothing of it */
};

Test(info, predict_queue_of_one_direction)
{
	static const struct queues_row rows[] = {
		{0, 4, 1, NET_XDP_OUTCOME_COPY, NULL},
		{1, 4, 1, NET_XDP_OUTCOME_FAILS, "only receives"},
		{3, 4, 1, NET_XDP_OUTCOME_FAILS, "choose one below 1"},
		{2, 1, 4, NET_XDP_OUTCOME_COPY, "only sends"},
		{3, 4, 4, NET_XDP_OUTCOME_COPY, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct info_facts f = interface("odd", NATIVE);
		struct info_prediction p;

		f.queue = rows[i].queue;
		f.device.rx_queues = rows[i].rx;
		f.device.tx_queues = rows[i].tx;
		p = predict(&f);
		cr_expect_eq(p.mode, rows[i].mode, "row %zu: %s", i, p.summary);
		cr_expect_eq(says(&p, NET_XDP_FINDING_BLOCKS, "only receives") ||
				     says(&p, NET_XDP_FINDING_NOTE, "only sends"),
			     rows[i].text != NULL, "row %zu", i);
		if (rows[i].text)
			cr_expect(says(&p, NET_XDP_FINDING_BLOCKS, rows[i].text) ||
					  says(&p, NET_XDP_FINDING_NOTE, rows[i].text),
				  "row %zu", i);
	}
}

Test(info, predict_link_type_without_ethernet_header_fails)
{
	static const uint16_t types[] = {ARPHRD_NONE,	 ARPHRD_PPP,	   ARPHRD_TUNNEL,
					 ARPHRD_TUNNEL6, ARPHRD_SIT,	   ARPHRD_IPGRE,
					 ARPHRD_RAWIP,	 ARPHRD_INFINIBAND};
	struct info_facts f = interface("tun", 0);
	struct info_prediction p;

	f.device.has_ethernet = false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		f.device.link_type = types[i];
		p = predict(&f);
		cr_expect_eq(p.mode, NET_XDP_OUTCOME_FAILS, "type %u", types[i]);
		cr_expect(says(&p, NET_XDP_FINDING_BLOCKS, "no Ethernet header"), "type %u",
			  types[i]);
	}
	f.device.link_type = ARPHRD_LOOPBACK;
	f.device.has_ethernet = true;
	cr_expect_eq(predict(&f).mode, NET_XDP_OUTCOME_COPY);
}

Test(info, predict_bond_names_its_members)
{
	struct info_facts f = interface("bonding", NATIVE);
	struct info_prediction p;
	char *text;

	f.device.is_bond = true;
	snprintf(f.bond_members, sizeof(f.bond_members), "eth2 eth3");
	p = predict(&f);
	cr_assert_eq(p.mode, NET_XDP_OUTCOME_FAILS);
	cr_assert(says(&p, NET_XDP_FINDING_BLOCKS, "attach to each member instead"));
	text = print(&f, &p);
	cr_assert_not_null(strstr(text, "\"bond_members\": \"eth2 eth3\""), "%s", text);
	free(text);
}
