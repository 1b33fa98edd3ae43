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
	p = predict(&f);
	cr_assert_eq(p.mode, INFO_MODE_FAILS);
	cr_assert(says(&p, INFO_BLOCKS, "CAP_NET_RAW is missing"));
	f.capabilities = CAPABILITIES & ~(1ull << CAP_BPF);
	p = predict(&f);
	cr_assert(says(&p, INFO_BLOCKS, "CAP_BPF is missing"));
	f.capabilities |= 1ull << CAP_SYS_ADMIN;
	cr_assert_eq(predict(&f).mode, INFO_MODE_COPY);
	f.capabilities = 0;
	p = predict(&f);
	cr_assert(says(&p, INFO_BLOCKS, "CAP_NET_ADMIN and CAP_BPF are missing"));
}

Test(info, predict_user_namespace_fails)
{
	struct info_facts f = interface("veth", NATIVE);
	struct info_prediction p;

	f.user_namespace = true;
	p = predict(&f);
	cr_assert_eq(p.mode, INFO_MODE_FAILS);
	cr_assert(says(&p, INFO_BLOCKS, "initial user namespace"));
	cr_assert_not(info_can(&f, CAP_IPC_LOCK));
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

Test(info, predict_kernel_without_af_xdp_fails)
{
	struct info_facts f = interface("veth", NATIVE);
	struct info_prediction p;

	f.socket_error = -EAFNOSUPPORT;
	p = predict(&f);
	cr_assert(says(&p, INFO_BLOCKS, "CONFIG_XDP_SOCKETS"));
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
	}
}

Test(info, predict_queue_with_a_socket_fails)
{
	struct info_facts f = interface("ice", ZERO_COPY);
	struct info_prediction p;

	f.queue = 3;
	f.queue_state.has_socket = true;
	p = predict(&f);
	cr_assert_eq(p.mode, INFO_MODE_FAILS);
	cr_assert(says(&p, INFO_BLOCKS, "bound to queue 3"));
	f.queue_state.has_state = false; /* then the other field means nothing */
	cr_assert_eq(predict(&f).mode, INFO_MODE_ZERO_COPY);
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

struct mtu_row {
	uint32_t mtu;
	const char *text; /* NULL: nothing to say */
};

Test(info, predict_mtu_says_which_configuration_holds_it)
{
	static const struct mtu_row rows[] = {
		{1500, NULL},
		{1501, "max_frame_bytes to 1519"},
		{1774, "max_frame_bytes to 1792"},
		{1775, "chunk_bytes to 4096"},
		{3822, "chunk_bytes to 4096"},
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
	cr_assert(says(&p, INFO_LOWERS, "max_frame_bytes"));
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
