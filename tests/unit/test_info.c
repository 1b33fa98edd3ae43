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
	enum info_mode mode;
	bool native;
	bool sure;
	const char *why; /* a sentence that lowers, NULL none at all */
};

Test(info, predict_driver_and_features_give_mode_and_reason)
{
	static const uint32_t k = INFO_KERNEL(6, 18);
	static const struct mode_row rows[] = {
		{"ice", ZERO_COPY, k, false, 0, INFO_MODE_ZERO_COPY, true, true, NULL},
		{"veth", NATIVE, k, false, 0, INFO_MODE_COPY, true, true, "no zero copy in any"},
		{"", 0, k, false, 0, INFO_MODE_COPY, false, true, "has no native XDP"},
		{"e1000e", 0, k, false, 0, INFO_MODE_COPY, false, true, "generic mode"},
		{"odd", NET_XDP_FEATURE_BASIC, k, false, 0, INFO_MODE_COPY, false, true,
		 "cannot redirect"},
		{"igb", NATIVE, INFO_KERNEL(6, 12), false, 0, INFO_MODE_COPY, true, true,
		 "from kernel 6.14 on"},
		{"ice", NATIVE, k, false, 0, INFO_MODE_COPY, true, true, "feature bit not set"},
		/* The bit is there for every virtio device; the bits of the host decide. */
		{"virtio_net", ZERO_COPY, k, false, 0, INFO_MODE_ZERO_COPY, true, false, NULL},
		{"virtio_net", ZERO_COPY, k, true, VIRTIO_ACCESS_PLATFORM | VIRTIO_RING_RESET,
		 INFO_MODE_ZERO_COPY, true, true, NULL},
		{"virtio_net", ZERO_COPY, k, true, VIRTIO_RING_RESET, INFO_MODE_COPY, true, true,
		 "give VIRTIO_F_ACCESS_PLATFORM."},
		{"virtio_net", ZERO_COPY, k, true, VIRTIO_ACCESS_PLATFORM, INFO_MODE_COPY, true,
		 true, "give VIRTIO_F_RING_RESET."},
		{"virtio_net", ZERO_COPY, k, true, 0, INFO_MODE_COPY, true, true,
		 "give VIRTIO_F_RING_RESET."},
		{"virtio_net", ZERO_COPY, k, true,
		 VIRTIO_ACCESS_PLATFORM | VIRTIO_RING_RESET | VIRTIO_MERGEABLE | VIRTIO_GUEST_TSO4,
		 INFO_MODE_COPY, false, true, "ctrl_guest_offloads"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct mode_row *row = &rows[i];
		struct info_facts f = interface(row->driver, row->features);
		struct info_prediction p;
		uint32_t j;

		f.kernel = row->kernel;
		f.has_virtio = row->has_virtio;
		f.virtio_features = row->virtio;
		p = predict(&f);
		cr_expect_eq(p.mode, row->mode, "row %zu: %s", i, p.summary);
		cr_expect_eq(p.native, row->native, "row %zu: %s", i, p.summary);
		cr_expect_eq(p.sure, row->sure, "row %zu: %s", i, p.summary);
		if (row->why)
			cr_expect(says(&p, INFO_LOWERS, row->why), "row %zu: %s", i, row->why);
		for (j = 0; !row->why && j < p.count; j++)
			cr_expect_neq(p.sentences[j].kind, INFO_LOWERS, "row %zu: %s", i,
				      p.sentences[j].text);
	}
}

Test(info, predict_kernel_without_features_is_not_sure)
{
	struct info_facts f = interface("ixgbe", 0);
	struct info_prediction p;

	f.device.has_features = false;
	f.kernel = INFO_KERNEL(6, 1);
	p = predict(&f);
	cr_assert_eq(p.mode, INFO_MODE_ZERO_COPY);
	cr_assert_not(p.sure);
	cr_assert_not_null(strstr(p.summary, "would try zero copy"));
	snprintf(f.device.driver, sizeof(f.device.driver), "veth");
	p = predict(&f);
	cr_assert_eq(p.mode, INFO_MODE_COPY);
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
	cr_assert_eq(p.mode, INFO_MODE_FAILS);
	cr_assert(says(&p, INFO_BLOCKS, "CAP_NET_RAW is missing"));
	f.capabilities = CAPABILITIES & ~(1ull << CAP_BPF);
	f.socket_error = 0;
	f.program_error = -EPERM;
	p = predict(&f);
	cr_assert_eq(p.mode, INFO_MODE_FAILS);
	cr_assert(says(&p, INFO_BLOCKS, "CAP_BPF is missing"));
	f.capabilities = CAPABILITIES & ~(1ull << CAP_PERFMON);
	f.program_error = -EACCES;
	p = predict(&f);
	cr_assert(says(&p, INFO_BLOCKS, "CAP_PERFMON is missing"));
	f.capabilities = 0;
	p = predict(&f);
	cr_assert(says(&p, INFO_BLOCKS, "CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON are missing"));
}

/* What worked is not explained away by what capget() says, or cannot say. */
Test(info, predict_believes_what_was_tried)
{
	struct info_facts f = interface("veth", NATIVE);

	f.capabilities = 1ull << CAP_IPC_LOCK;
	cr_assert_eq(predict(&f).mode, INFO_MODE_COPY);
	f.capabilities = CAPABILITIES;
	f.socket_error = -EPERM;
	cr_assert_eq(predict(&f).mode, INFO_MODE_FAILS);
	f.socket_error = 0;
	f.program_error = -EPERM;
	cr_assert_eq(predict(&f).mode, INFO_MODE_FAILS);
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
		cr_expect_eq(p.mode, INFO_MODE_FAILS, "row %zu", i);
		cr_expect(says(&p, INFO_BLOCKS, rows[i].text), "row %zu: %s", i,
			  p.sentences[0].text);
		cr_expect_eq(says(&p, INFO_BLOCKS, "system call filter"), rows[i].filter,
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
	cr_assert_eq(p.mode, INFO_MODE_FAILS);
	cr_assert(says(&p, INFO_BLOCKS, "initial user namespace"));
	cr_assert_not(info_can(&f, CAP_IPC_LOCK));
	f.socket_error = -EPERM;
	p = predict(&f);
	cr_assert(says(&p, INFO_BLOCKS, "does not count in this network namespace"));
}

Test(info, predict_locked_memory_limit_blocks_or_is_noted)
{
	struct info_facts f = interface("veth", NATIVE);
	struct info_prediction p;

	f.capabilities &= ~(1ull << CAP_IPC_LOCK);
	p = predict(&f);
	cr_assert_eq(p.mode, INFO_MODE_COPY);
	cr_assert(says(&p, INFO_NOTE, "8192 KiB"));
	f.memlock_bytes = 64 << 10;
	p = predict(&f);
	cr_assert(says(&p, INFO_BLOCKS, "64 KiB is less"));
	f.memlock_bytes = UINT64_MAX;
	p = predict(&f);
	cr_assert_not(says(&p, INFO_NOTE, "locked-memory"));
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
		cr_expect_eq(p.mode, INFO_MODE_FAILS);
		cr_expect(says(&p, INFO_BLOCKS, rows[i].text), "row %zu: %s", i,
			  p.sentences[0].text);
		cr_expect(says(&p, INFO_BLOCKS, "--dispatcher"), "row %zu", i);
		cr_expect_eq(says(&p, INFO_BLOCKS, "Only if nobody needs"), !rows[i].pid,
			     "row %zu: %s", i, p.sentences[0].text);
		/* Its holder is not seen then, which is no reason to remove it. */
		f.capabilities = CAPABILITIES;
		p = predict(&f);
		if (!rows[i].pid && strcmp(rows[i].mode, "dispatcher") != 0)
			cr_expect_not(says(&p, INFO_BLOCKS, "Only if nobody"), "row %zu", i);
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
	cr_assert_eq(p.mode, INFO_MODE_FAILS);
	cr_assert(says(&p, INFO_BLOCKS, "bound to queue 3"));
	f.queue_state.has_state = false; /* then the other field means nothing */
	p = predict(&f);
	cr_assert_not(p.sure);
	cr_assert_not_null(strstr(p.summary, "only an attach can tell"), "%s", p.summary);
}

struct queues_row {
	uint32_t queue, rx, tx;
	enum info_mode mode;
	const char *text; /* NULL nothing of it */
};

Test(info, predict_queue_of_one_direction)
{
	static const struct queues_row rows[] = {
		{0, 4, 1, INFO_MODE_COPY, NULL},
		{1, 4, 1, INFO_MODE_FAILS, "only receives"},
		{3, 4, 1, INFO_MODE_FAILS, "choose one below 1"},
		{2, 1, 4, INFO_MODE_COPY, "only sends"},
		{3, 4, 4, INFO_MODE_COPY, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct info_facts f = interface("odd", NATIVE);
		struct info_prediction p;

		f.queue = rows[i].queue;
		f.device.rx_queues = rows[i].rx;
		f.device.tx_queues = rows[i].tx;
		p = predict(&f);
		cr_expect_eq(p.mode, rows[i].mode, "row %zu: %s", i, p.summary);
		cr_expect_eq(says(&p, INFO_BLOCKS, "only receives") ||
				     says(&p, INFO_NOTE, "only sends"),
			     rows[i].text != NULL, "row %zu", i);
		if (rows[i].text)
			cr_expect(says(&p, INFO_BLOCKS, rows[i].text) ||
					  says(&p, INFO_NOTE, rows[i].text),
				  "row %zu", i);
	}
}

Test(info, predict_link_type_without_ethernet_header_fails)
{
	static const uint16_t types[] = {ARPHRD_NONE,	 ARPHRD_PPP,	ARPHRD_TUNNEL,
					 ARPHRD_TUNNEL6, ARPHRD_SIT,	ARPHRD_IPGRE,
					 ARPHRD_RAWIP,	 ARPHRD_INFINIBAND};
	struct info_facts f = interface("tun", 0);
	struct info_prediction p;

	f.device.has_ethernet = false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		f.device.link_type = types[i];
		p = predict(&f);
		cr_expect_eq(p.mode, INFO_MODE_FAILS, "type %u", types[i]);
		cr_expect(says(&p, INFO_BLOCKS, "no Ethernet header"), "type %u", types[i]);
	}
	f.device.link_type = ARPHRD_LOOPBACK;
	f.device.has_ethernet = true;
	cr_expect_eq(predict(&f).mode, INFO_MODE_COPY);
}

Test(info, predict_bond_names_its_members)
{
	struct info_facts f = interface("bonding", NATIVE);
	struct info_prediction p;
	char *text;

	f.device.is_bond = true;
	snprintf(f.bond_members, sizeof(f.bond_members), "eth2 eth3");
	p = predict(&f);
	cr_assert_eq(p.mode, INFO_MODE_FAILS);
	cr_assert(says(&p, INFO_BLOCKS, "attach to each member instead."));
	text = print(&f, &p);
	cr_assert_not_null(strstr(text, "\"bond_members\": \"eth2 eth3\""), "%s", text);
	free(text);
}

/* ---- veth, MTU and link ----------------------------------------------------------------------- */

Test(info, predict_veth_with_fewer_queues_than_its_peer_is_generic)
{
	struct info_facts f = interface("veth", 0);
	struct info_prediction p = predict(&f);

	cr_assert_eq(p.mode, INFO_MODE_COPY);
	cr_assert_not(p.native);
	cr_assert(says(&p, INFO_LOWERS, "ENOSPC"));
}

Test(info, predict_veth_peer_mtu_decides_between_native_and_generic)
{
	struct info_facts f = interface("veth", NATIVE);
	struct info_prediction p;

	f.peer.ifindex = 8;
	f.peer.mtu_bytes = 3506;
	cr_assert(predict(&f).native);
	f.peer.mtu_bytes = 3507;
	p = predict(&f);
	cr_assert_not(p.native);
	cr_assert(says(&p, INFO_LOWERS, "ERANGE"));
}

Test(info, predict_veth_whose_peer_is_not_seen_is_never_sure)
{
	static const struct {
		uint32_t mtu;
		bool has_features, native;
	} rows[] = {{1500, true, true}, {3506, true, true}, {3507, true, false},
		    {8901, true, false}, {1500, false, true}, {9001, false, false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct info_facts f = interface("veth", NATIVE);
		struct info_prediction p;

		f.peer.ifindex = 0;
		f.device.mtu_bytes = rows[i].mtu;
		f.device.has_features = rows[i].has_features;
		p = predict(&f);
		cr_expect_not(p.sure, "row %zu", i);
		cr_expect_eq(p.native, rows[i].native, "row %zu: %s", i, p.summary);
		cr_expect(says(&p, INFO_UNSURE, "its MTU decides"), "row %zu", i);
		cr_expect_not_null(strstr(p.summary, "only an attach can tell"), "%s", p.summary);
	}
}

Test(info, predict_each_unsure_prediction_says_why)
{
	struct info_facts f = interface("virtio_net", ZERO_COPY);
	struct info_prediction p = predict(&f);

	cr_expect(!p.sure && says(&p, INFO_UNSURE, "which sysfs does not tell"));
	f = interface("odd", NATIVE);
	f.device.mtu_bytes = 9000;
	p = predict(&f);
	cr_expect(!p.sure && says(&p, INFO_UNSURE, "several buffers"));
	f = interface("odd", NATIVE);
	f.device.up = f.queue_state.has_state = false;
	p = predict(&f);
	cr_expect(!p.sure && says(&p, INFO_UNSURE, "while the interface is down"));
	f = interface("odd", NATIVE);
	f.queue_state.has_state = false;
	p = predict(&f);
	cr_expect(!p.sure && says(&p, INFO_UNSURE, "6.15"));
}

/* ---- Joined frames, tags, the host ------------------------------------------------------------ */

Test(info, predict_generic_mode_names_both_remedies_for_joined_frames)
{
	struct info_facts f = interface("e1000e", 0);
	struct info_prediction p = predict(&f);

	cr_expect(says(&p, INFO_NOTE, "arrive as one where it fits"));
	cr_expect(says(&p, INFO_NOTE, "ethtool -K eth1 gro off rx-gro-list off "
				      "rx-udp-gro-forwarding off lro off"));
	cr_expect(says(&p, INFO_NOTE, "tso off tx-udp-segmentation off"));
	f.device.xdp_features = NATIVE;
	p = predict(&f);
	cr_expect_not(says(&p, INFO_NOTE, "that were joined"));
	/* May end in generic mode: said before it does. */
	f.device.has_features = false;
	p = predict(&f);
	cr_expect(says(&p, INFO_NOTE, "that were joined"));
	/* Nothing is on that joins. */
	f = interface("veth", 0);
	f.device.has_offloads = f.device.has_peer_offloads = true;
	p = predict(&f);
	cr_expect_not(says(&p, INFO_NOTE, "that were joined"));
	f.device.peer_offloads = NET_XDP_OFFLOAD_UDP_SEGMENT;
	p = predict(&f);
	cr_expect(says(&p, INFO_NOTE, "ethtool -K eth2 tso off"));
}

Test(info, predict_generic_veth_with_queues_says_that_they_are_miscounted)
{
	struct info_facts f = interface("veth", NATIVE);
	struct info_prediction p;

	f.device.rx_queues = f.device.tx_queues = 4;
	p = predict(&f);
	cr_expect_not(says(&p, INFO_NOTE, "queue i - 1"));
	f.peer.mtu_bytes = 8901;
	p = predict(&f);
	cr_expect(says(&p, INFO_NOTE, "queue i - 1"));
	f.device.rx_queues = 1;
	p = predict(&f);
	cr_expect_not(says(&p, INFO_NOTE, "queue i - 1"));
}

Test(info, predict_vlan_offload_names_the_tag_and_the_remedy)
{
	struct info_facts f = interface("ice", ZERO_COPY);
	struct info_prediction p;

	f.device.has_offloads = true;
	p = predict(&f);
	cr_expect_not(says(&p, INFO_NOTE, "VLAN tags"));
	f.device.offloads = NET_XDP_OFFLOAD_RX_VLAN;
	p = predict(&f);
	cr_expect(says(&p, INFO_NOTE, "(rx-vlan-offload: 802.1Q)"));
	cr_expect(says(&p, INFO_NOTE, "ethtool -K eth1 rxvlan off"));
	f.device.offloads = NET_XDP_OFFLOAD_RX_STAG;
	f.device.rx_metadata_features = 1 << 2;
	p = predict(&f);
	cr_expect(says(&p, INFO_NOTE, "802.1ad, rx-vlan-stag-hw-parse"));
	cr_expect(says(&p, INFO_NOTE, "rx_vlan"));
	f = interface("veth", NATIVE);
	f.device.has_peer_offloads = true;
	f.device.peer_offloads = NET_XDP_OFFLOAD_TX_STAG;
	p = predict(&f);
	cr_expect(says(&p, INFO_NOTE, "ethtool -K eth2 txvlan off"));
}

Test(info, predict_names_what_the_host_has_there)
{
	struct info_facts f = interface("ice", ZERO_COPY);
	struct info_prediction p = predict(&f);

	cr_expect_not(says(&p, INFO_NOTE, "The host uses"));
	snprintf(f.link.addresses, sizeof(f.link.addresses), "10.0.0.1/24");
	f.link.default_route = true;
	snprintf(f.link.uppers, sizeof(f.link.uppers), "vlan5 mac0");
	snprintf(f.link.master, sizeof(f.link.master), "br0");
	snprintf(f.link.master_kind, sizeof(f.link.master_kind), "bridge");
	p = predict(&f);
	cr_expect(says(&p, INFO_NOTE,
		       "(address 10.0.0.1/24, default route, on top of it vlan5 mac0, port of "
		       "bridge br0)."));
	f.link.way = (struct host_way){HOST_ONLY, "eth1 is the only way"};
	p = predict(&f);
	cr_expect(says(&p, INFO_NOTE, "br0): eth1 is the only way. The frames"));
	cr_expect(says(&p, INFO_NOTE, "promisc on"));
	f.link.promiscuous = true;
	p = predict(&f);
	cr_expect_not(says(&p, INFO_NOTE, "promisc on"));
}

Test(info, try_warns_where_the_host_may_lose_frames_without_a_buffer)
{
	static const struct {
		const char *driver;
		uint64_t features;
		bool is_virtual;
		enum host_verdict verdict;
		const char *says; /* NULL: nothing */
	} rows[] = {
		{"ice", ZERO_COPY, false, HOST_FREE, NULL},
		{"ice", ZERO_COPY, false, HOST_CARRIED,
		 "what arrives on queue 0 meanwhile is lost"},
		{"ice", ZERO_COPY, false, HOST_ONLY, "eth1 is used; in zero copy"},
		{"ice", NATIVE, false, HOST_ONLY, "while the driver changes over"},
		{"r8169", 0, false, HOST_CARRIED, "while the driver changes over"},
		{"veth", NATIVE, true, HOST_ONLY, NULL},
		{"bridge", 0, true, HOST_ONLY, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct info_facts f = interface(rows[i].driver, rows[i].features);
		struct info_prediction p;
		char text[400];

		f.device.is_virtual = rows[i].is_virtual;
		f.link.way = (struct host_way){rows[i].verdict, "eth1 is used"};
		p = predict(&f);
		info_try_warning(&f, &p, text, sizeof(text));
		cr_expect(rows[i].says ? strstr(text, rows[i].says) != NULL : !text[0],
			  "row %zu: %s", i, text);
	}
}

struct mtu_row {
	uint32_t mtu;
	const char *text; /* NULL: nothing to say */
};

Test(info, predict_mtu_says_which_configuration_holds_it)
{
	static const struct mtu_row rows[] = {
		{1500, NULL},
		{1501, "--frame-bytes 1519"},
		{1774, "--frame-bytes 1792"},
		{1775, "--chunk 4096"},
		{3822, "--chunk 4096"},
		{3823, "gathered through the private area"},
		{9198, "gathered through the private area"},
		{9199, "lower the MTU to 9198"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct info_facts f = interface("veth", NATIVE);
		struct info_prediction p;

		f.device.mtu_bytes = rows[i].mtu;
		p = predict(&f);
		if (rows[i].text)
			cr_expect(says(&p, INFO_NOTE, rows[i].text), "MTU %u", rows[i].mtu);
		else
			cr_expect_not(says(&p, INFO_NOTE, "makes frames"), "MTU %u", rows[i].mtu);
	}
}

Test(info, predict_zero_copy_needs_room_for_the_mtu)
{
	struct net_xdp_config config = net_xdp_config_default();
	uint32_t room = (config.chunk_bytes - net_xdp_frame_offset(&config)) / 128 * 128;
	struct info_facts f = interface("ice", ZERO_COPY);
	struct info_prediction p;

	f.device.mtu_bytes = room - 26;
	cr_assert_eq(predict(&f).mode, INFO_MODE_ZERO_COPY);
	f.device.mtu_bytes = room - 25;
	p = predict(&f);
	cr_assert_eq(p.mode, INFO_MODE_COPY);
	cr_assert(says(&p, INFO_LOWERS, "--frame-bytes"));
	f.device.mtu_bytes = 9000;
	p = predict(&f);
	cr_assert(says(&p, INFO_LOWERS, "multi-buffer socket"));
	f.device.zc_max_segments = 1;
	p = predict(&f);
	cr_assert(says(&p, INFO_LOWERS, "lower the MTU to 3814"));
}

Test(info, predict_down_or_no_carrier_is_noted)
{
	struct info_facts f = interface("ice", ZERO_COPY);
	struct info_prediction p;

	f.device.carrier = false;
	p = predict(&f);
	cr_assert(says(&p, INFO_NOTE, "no carrier"));
	f.device.up = false;
	p = predict(&f);
	cr_assert(says(&p, INFO_NOTE, "ip link set dev eth1 up"));
	cr_assert_eq(p.mode, INFO_MODE_ZERO_COPY);
}

Test(info, predict_everything_wrong_keeps_to_the_array)
{
	struct info_facts f = interface("virtio_net", ZERO_COPY);
	struct info_prediction p;
	uint32_t i;

	f.capabilities = 0;
	f.user_namespace = f.device.is_bond = f.has_virtio = true;
	f.socket_error = -EAFNOSUPPORT;
	f.program_error = -EPERM;
	f.peer.ifindex = 0;
	f.device.has_ethernet = false;
	f.device.link_type = 65535;
	f.queue = 4294967295u;
	f.device.has_offloads = true;
	f.device.offloads = f.device.peer_offloads = UINT64_MAX;
	memset(f.link.addresses, 'a', sizeof(f.link.addresses) - 1);
	memset(f.link.uppers, 'u', sizeof(f.link.uppers) - 1);
	memset(f.link.master, 'm', sizeof(f.link.master) - 1);
	memset(f.link.master_kind, 'k', sizeof(f.link.master_kind) - 1);
	memset(f.link.way.sentence, 'w', sizeof(f.link.way.sentence) - 1);
	f.link.way.verdict = HOST_ONLY;
	f.link.default_route = true;
	f.device.program_id = f.device.rx_queues = 4294967295u;
	f.device.mtu_bytes = 65536;
	f.queue_state.has_socket = true;
	f.device.up = false;
	memset(f.bond_members, 'b', sizeof(f.bond_members) - 1);
	memset(f.device.ifname, 'i', sizeof(f.device.ifname) - 1);
	p = predict(&f);
	cr_assert_eq(p.mode, INFO_MODE_FAILS);
	cr_assert_lt(p.count, INFO_SENTENCES);
	for (i = 0; i < p.count; i++)
		cr_expect_lt(strlen(p.sentences[i].text), sizeof(p.sentences[i].text) - 1,
			     "cut: %s", p.sentences[i].text);
}

Test(info, predict_name_in_a_command_is_one_word_of_the_shell)
{
	struct info_facts f = interface("ice", ZERO_COPY);
	struct info_prediction p;

	f.device.up = false;
	snprintf(f.device.ifname, sizeof(f.device.ifname), "$(id)");
	p = predict(&f);
	cr_expect(says(&p, INFO_NOTE, "ip link set dev '$(id)' up"));
	snprintf(f.device.ifname, sizeof(f.device.ifname), "a'`id`");
	p = predict(&f);
	cr_expect(says(&p, INFO_NOTE, "ip link set dev 'a'\\''`id`' up"));
	memset(f.device.ifname, '\'', sizeof(f.device.ifname) - 1);
	p = predict(&f);
	cr_expect(says(&p, INFO_NOTE, "'\\''' up"));
}

Test(info, predict_zero_copy_drivers_are_named_from_the_table)
{
	struct info_facts f = interface("veth", NATIVE);
	struct info_prediction p = predict(&f);
	static const char *const names[] = {"tsnep",	 "fsl_dpaa2_eth", "rvu-nicpf",
					    "mlx5_core", "idpf",	  "igb"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect(says(&p, INFO_LOWERS, names[i]), "%s", names[i]);
}

/* ---- Output ----------------------------------------------------------------------------------- */

Test(info, limit_of_a_chunk_is_as_the_kernel_computes_it)
{
	struct info_limit small = info_limit(2048), large = info_limit(4096);

	cr_assert_eq(small.copy_bytes, 1792);
	cr_assert_eq(small.zero_copy_bytes, 1792);
	cr_assert_eq(small.zero_copy_multi_bytes, 1408);
	cr_assert_eq(large.copy_bytes, 3840);
	cr_assert_eq(large.zero_copy_multi_bytes, 3456);
}

Test(info, json_string_with_quotes_is_escaped)
{
	struct info_facts f = interface("a\"b\\c\n", NATIVE);
	struct info_prediction p = predict(&f);
	char *text = print(&f, &p);

	cr_assert_not_null(strstr(text, "\"driver\": \"a\\\"b\\\\c\\u000a\""), "%s", text);
	cr_assert_not_null(strstr(text, "\"mode\": \"copy\""), "%s", text);
	free(text);
}

Test(info, json_string_of_any_bytes_is_utf8)
{
	static const struct {
		const char *driver, *json;
	} rows[] = {
		{"\377\376", "\\u00ff\\u00fe"},
		{"\302", "\\u00c2"},
		{"a\303\244", "a\303\244"},
		{"\300\257", "\\u00c0\\u00af"},		   /* a slash in two bytes */
		{"\355\241\200", "\\u00ed\\u00a1\\u0080"},	   /* half of a pair */
		{"\364\220\200\200", "\\u00f4\\u0090\\u0080\\u0080"}, /* beyond U+10FFFF */
		{"\360\237\230\200", "\360\237\230\200"},
		{"\302\233m", "\\u009bm"}, /* CSI */
		{"\177", "\\u007f"},
		{"\342\200\256x", "\\u202ex"}, /* right to left */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct info_facts f = interface(rows[i].driver, NATIVE);
		struct info_prediction p = predict(&f);
		char *text = print(&f, &p), expected[80];

		snprintf(expected, sizeof(expected), "\"driver\": \"%s\"", rows[i].json);
		cr_expect_not_null(strstr(text, expected), "row %zu: %s", i, text);
		free(text);
	}
}

Test(info, text_of_foreign_names_is_escaped_everywhere)
{
	static const char evil[] = "\033[31m\n\302\233\377x";
	struct info_facts f = interface(evil, NATIVE);
	struct info_prediction p;
	char *text;

	f.capabilities |= 1ull << CAP_SYS_ADMIN;
	f.device.program_id = f.holder.link_id = f.holder.pid = 5;
	snprintf(f.device.ifname, sizeof(f.device.ifname), "%s", evil);
	snprintf(f.peer.ifname, sizeof(f.peer.ifname), "%s", evil);
	snprintf(f.device.program_name, sizeof(f.device.program_name), "%s", evil);
	snprintf(f.holder.command, sizeof(f.holder.command), "%s", evil);
	snprintf(f.link.uppers, sizeof(f.link.uppers), "%s", evil);
	snprintf(f.bond_members, sizeof(f.bond_members), "%s", evil);
	snprintf(f.queue_state.napi_state, sizeof(f.queue_state.napi_state), "%s", evil);
	p = predict(&f);
	text = show(&f, &p);
	cr_expect_null(strchr(text, '\033'), "%s", text);
	cr_expect_null(strchr(text, '\377'), "%s", text);
	cr_expect_null(strstr(text, "\302\233"), "%s", text);
	cr_expect_not_null(strstr(text, "\\x1b[31m\\x0a\\xc2\\x9b\\xffx"), "%s", text);
	free(text);
}
