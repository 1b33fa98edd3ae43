// SPDX-License-Identifier: BSD-2-Clause
/* xsk-info's prediction: what else is worth knowing, and the form of its sentences. */
#include <criterion/criterion.h>
#include <errno.h>

#include "support/predicted.h"

/* ---- Joined frames, tags, the host ------------------------------------------------------------ */

Test(info_notes, predict_generic_mode_names_both_remedies_for_joined_frames)
{
	struct info_facts f = interface("e1000e", 0);
	struct info_prediction p = predict(&f);

	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "arrive as one where it fits"));
	cr_expect(says(&p, NET_XDP_FINDING_NOTE,
		       "ethtool -K eth1 gro off rx-gro-list off "
		       "rx-udp-gro-forwarding off lro off"));
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "tso off tx-udp-segmentation off"));
	f.device.xdp_features = NATIVE;
	p = predict(&f);
	cr_expect_not(says(&p, NET_XDP_FINDING_NOTE, "that were joined"));
	/* May end in generic mode: said before it does. */
	f.device.has_features = false;
	p = predict(&f);
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "that were joined"));
	/* Nothing is on that joins. */
	f = interface("veth", 0);
	f.device.has_offloads = f.device.has_peer_offloads = true;
	p = predict(&f);
	cr_expect_not(says(&p, NET_XDP_FINDING_NOTE, "that were joined"));
	f.device.peer_offloads = NET_XDP_OFFLOAD_UDP_SEGMENT;
	p = predict(&f);
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "ethtool -K eth2 tso off"));
}

Test(info_notes, predict_generic_veth_with_queues_says_that_they_are_miscounted)
{
	struct info_facts f = interface("veth", NATIVE);
	struct info_prediction p;

	f.device.rx_queues = f.device.tx_queues = 4;
	p = predict(&f);
	cr_expect_not(says(&p, NET_XDP_FINDING_NOTE, "queue i - 1"));
	f.device.peer_mtu_bytes = 8901;
	p = predict(&f);
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "queue i - 1"));
	f.device.rx_queues = 1;
	p = predict(&f);
	cr_expect_not(says(&p, NET_XDP_FINDING_NOTE, "queue i - 1"));
}

Test(info_notes, predict_vlan_offload_names_the_tag_and_the_remedy)
{
	struct info_facts f = interface("ice", ZERO_COPY);
	struct info_prediction p;

	f.device.has_offloads = true;
	p = predict(&f);
	cr_expect_not(says(&p, NET_XDP_FINDING_NOTE, "VLAN tags"));
	f.device.offloads = NET_XDP_OFFLOAD_RX_VLAN;
	p = predict(&f);
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "(rx-vlan-offload: 802.1Q)"));
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "ethtool -K eth1 rxvlan off"));
	f.device.offloads = NET_XDP_OFFLOAD_RX_STAG;
	f.device.rx_metadata_features = 1 << 2;
	p = predict(&f);
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "802.1ad, rx-vlan-stag-hw-parse"));
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "rx_vlan"));
	f = interface("veth", NATIVE);
	f.device.has_peer_offloads = true;
	f.device.peer_offloads = NET_XDP_OFFLOAD_TX_STAG;
	p = predict(&f);
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "ethtool -K eth2 txvlan off"));
}

Test(info_notes, predict_names_what_the_host_has_there)
{
	struct info_facts f = interface("ice", ZERO_COPY);
	struct info_prediction p = predict(&f);

	cr_expect_not(says(&p, NET_XDP_FINDING_NOTE, "The host uses"));
	snprintf(f.link.addresses, sizeof(f.link.addresses), "10.0.0.1/24");
	f.link.default_route = true;
	snprintf(f.link.uppers, sizeof(f.link.uppers), "vlan5 mac0");
	snprintf(f.link.master, sizeof(f.link.master), "br0");
	snprintf(f.link.master_kind, sizeof(f.link.master_kind), "bridge");
	p = predict(&f);
	cr_expect(says(&p, NET_XDP_FINDING_NOTE,
		       "(address 10.0.0.1/24, default route, on top of it vlan5 mac0, port of "
		       "bridge br0)."));
	f.link.way = (struct host_way){.verdict = HOST_ONLY, .sentence = "eth1 is the only way"};
	p = predict(&f);
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "br0): eth1 is the only way. The frames"));
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "promisc on"));
	f.link.promiscuous = true;
	p = predict(&f);
	cr_expect_not(says(&p, NET_XDP_FINDING_NOTE, "promisc on"));
}

Test(info_notes, try_warns_where_the_host_may_lose_frames_without_a_buffer)
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
		f.link.way =
			(struct host_way){.verdict = rows[i].verdict, .sentence = "eth1 is used"};
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

Test(info_notes, predict_mtu_says_which_configuration_holds_it)
{
	static const struct mtu_row rows[] = {
		{1500, NULL},
		{1501, "use --frame-bytes 1519 (max_frame_bytes)"},
		{1774, "--frame-bytes 1792"},
		{1775, "use --chunk 4096 (chunk_bytes), which"},
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
			cr_expect(says(&p, NET_XDP_FINDING_NOTE, rows[i].text), "MTU %u",
				  rows[i].mtu);
		else
			cr_expect_not(says(&p, NET_XDP_FINDING_NOTE, "makes frames"), "MTU %u",
				      rows[i].mtu);
	}
}

Test(info_notes, predict_zero_copy_needs_room_for_the_mtu)
{
	struct net_xdp_config config = net_xdp_config_default();
	uint32_t room = (config.chunk_bytes - net_xdp_frame_offset(&config)) / 128 * 128;
	struct info_facts f = interface("ice", ZERO_COPY);
	struct info_prediction p;

	f.device.mtu_bytes = room - 26;
	cr_assert_eq(predict(&f).mode, NET_XDP_OUTCOME_ZERO_COPY);
	f.device.mtu_bytes = room - 25;
	p = predict(&f);
	cr_assert_eq(p.mode, NET_XDP_OUTCOME_COPY);
	cr_assert(says(&p, NET_XDP_FINDING_LOWERS, "--frame-bytes"));
	f.device.mtu_bytes = 9000;
	p = predict(&f);
	cr_assert(says(&p, NET_XDP_FINDING_LOWERS, "multi-buffer socket"));
	f.device.zc_max_segments = 1;
	p = predict(&f);
	cr_assert(says(&p, NET_XDP_FINDING_LOWERS, "lower the MTU to 3814"));
}

Test(info_notes, predict_down_or_no_carrier_is_noted)
{
	struct info_facts f = interface("ice", ZERO_COPY);
	struct info_prediction p;

	f.device.carrier = false;
	p = predict(&f);
	cr_assert(says(&p, NET_XDP_FINDING_NOTE, "no carrier"));
	f.device.up = false;
	p = predict(&f);
	cr_assert(says(&p, NET_XDP_FINDING_NOTE, "ip link set dev eth1 up"));
	cr_assert_eq(p.mode, NET_XDP_OUTCOME_ZERO_COPY);
}

Test(info_notes, predict_everything_wrong_keeps_to_the_array)
{
	struct info_facts f = interface("virtio_net", ZERO_COPY);
	struct info_prediction p;
	uint32_t i;

	f.capabilities = 0;
	f.user_namespace = f.device.is_bond = f.device.has_virtio = true;
	f.socket_error = -EAFNOSUPPORT;
	f.program_error = -EPERM;
	f.device.peer_ifindex = f.device.peer_mtu_bytes = 0;
	f.device.peer_ifname[0] = 0;
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
	cr_assert_eq(p.mode, NET_XDP_OUTCOME_FAILS);
	cr_assert_lt(p.count, INFO_SENTENCES);
	for (i = 0; i < p.count; i++)
		cr_expect_lt(strlen(p.sentences[i].text), sizeof(p.sentences[i].text) - 1,
			     "cut: %s", p.sentences[i].text);
}

Test(info_notes, predict_name_in_a_command_is_one_word_of_the_shell)
{
	struct info_facts f = interface("ice", ZERO_COPY);
	struct info_prediction p;

	f.device.up = false;
	snprintf(f.device.ifname, sizeof(f.device.ifname), "$(id)");
	p = predict(&f);
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "ip link set dev '$(id)' up"));
	snprintf(f.device.ifname, sizeof(f.device.ifname), "a'`id`");
	p = predict(&f);
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "ip link set dev 'a'\\''`id`' up"));
	memset(f.device.ifname, '\'', sizeof(f.device.ifname) - 1);
	p = predict(&f);
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "'\\''' up"));
}

Test(info_notes, predict_zero_copy_drivers_are_named_from_the_table)
{
	struct info_facts f = interface("veth", NATIVE);
	struct info_prediction p = predict(&f);
	static const char *const names[] = {"tsnep",	 "fsl_dpaa2_eth", "rvu-nicpf",
					    "mlx5_core", "idpf",	  "igb"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect(says(&p, NET_XDP_FINDING_LOWERS, names[i]), "%s", names[i]);
}
