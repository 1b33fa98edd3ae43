// SPDX-License-Identifier: BSD-2-Clause
/* What xsk-info prints: limits, JSON, text. */
#include <criterion/criterion.h>
#include <errno.h>

#include "support/predicted.h"
#include "support/tool.h"

Test(info_output, source_and_reason_are_in_the_json_document)
{
	struct info_facts f = interface("igb", ZERO_COPY);
	struct info_prediction p;
	char *text;

	f.device.mtu_bytes = 1500;
	p = predict(&f);
	text = print(&f, &p);
	cr_assert_not_null(strstr(text, "\"source\": \"igb_setup_srrctl()"), "%s", text);
	cr_assert_not_null(strstr(text, "\"reason\": \"cut\""), "%s", text);
	free(text);
}

Test(info_output, json_string_with_quotes_is_escaped)
{
	struct info_facts f = interface("a\"b\\c\n", NATIVE);
	struct info_prediction p = predict(&f);
	char *text = print(&f, &p);

	cr_assert_not_null(strstr(text, "\"driver\": \"a\\\"b\\\\c\\u000a\""), "%s", text);
	cr_assert_not_null(strstr(text, "\"mode\": \"copy\""), "%s", text);
	free(text);
}

Test(info_output, json_string_of_any_bytes_is_utf8)
{
	static const struct {
		const char *driver, *json;
	} rows[] = {
		{"\377\376", "\\u00ff\\u00fe"},
		{"\302", "\\u00c2"},
		{"a\303\244", "a\303\244"},
		{"\300\257", "\\u00c0\\u00af"},			      /* a slash in two bytes */
		{"\355\241\200", "\\u00ed\\u00a1\\u0080"},	      /* half of a pair */
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

Test(info_output, program_without_a_readable_name_has_no_empty_one)
{
	struct info_facts f = interface("veth", NATIVE);
	struct info_prediction p;
	char *text;

	f.device.program_id = 7;
	p = predict(&f);
	text = print(&f, &p);
	cr_expect(tool_is_json(text) && strstr(text, "\"id\": 7"), "%s", text);
	cr_expect_null(strstr(text, "\"name\""), "%s", text);
	free(text);
	text = show(&f, &p);
	cr_expect_null(strstr(text, "\"\""), "%s", text);
	free(text);
}

Test(info_output, text_of_foreign_names_is_escaped_everywhere)
{
	static const char evil[] = "\033[31m\n\302\233\377x";
	struct info_facts f = interface(evil, NATIVE);
	struct info_prediction p;
	char *text;

	f.capabilities |= 1ull << CAP_SYS_ADMIN;
	f.device.program_id = f.holder.link_id = f.holder.pid = 5;
	snprintf(f.device.ifname, sizeof(f.device.ifname), "%s", evil);
	snprintf(f.device.peer_ifname, sizeof(f.device.peer_ifname), "%s", evil);
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

Test(info_output, who_does_what_packets_ask_for_is_in_text_and_document)
{
	struct info_facts f = interface("virtio_net", NATIVE);
	struct info_prediction p = predict(&f);
	char *text = show(&f, &p);

	cr_expect_not_null(strstr(text, "\nTransmit offloads\n  checksum "), "%s", text);
	cr_expect(tool_says(text,
			    "checksum software: the payload is added up, because virtio_net's copy "
			    "mode may not read the request"),
		  "%s", text);
	cr_expect(tool_says(text,
			    "segmentation kernel: whole from 8192 bytes of payload on; below, "
			    "payload copied up to 2048 bytes per wire packet"),
		  "%s", text);
	cr_expect(tool_says(text, "Receive offloads partial checksums nothing is told: only on a "
				  "veth with a native program"),
		  "%s", text);
	cr_expect(tool_says(text, "VLAN tag payload copied up to 2048 bytes"), "%s", text);
	cr_expect_leq(tool_width(text), 80, "%s", text);
	free(text);
	text = print(&f, &p);
	cr_expect(tool_is_json(text), "%s", text);
	cr_expect_not_null(strstr(text, "\"tx_checksum_state\": \"software: "), "%s", text);
	cr_expect_not_null(strstr(text, "\"tx_segmentation_state\": \"kernel: whole from 8192"),
			   "%s", text);
	cr_expect_not_null(strstr(text, "\"tx_vlan_state\": \"payload copied up to 2048"), "%s",
			   text);
	cr_expect_not_null(strstr(text, "\"rx_partial_state\": \"nothing is told: only on a "
					"veth"),
			   "%s", text);
	free(text);
	/* What the library says fails has no such lines; what only this process may not has. */
	f.device.has_ethernet = false;
	p = predict(&f);
	text = show(&f, &p);
	cr_expect_null(strstr(text, "Transmit offloads"), "%s", text);
	cr_expect_null(strstr(text, "Receive offloads"), "%s", text);
	free(text);
	text = print(&f, &p);
	cr_expect_null(strstr(text, "tx_checksum_state"), "%s", text);
	cr_expect_null(strstr(text, "rx_partial_state"), "%s", text);
	free(text);
	f.device.has_ethernet = true;
	f.socket_error = -EPERM;
	p = predict(&f);
	cr_expect_eq(p.mode, NET_XDP_OUTCOME_FAILS);
	text = show(&f, &p);
	cr_expect_not_null(strstr(text, "Transmit offloads"), "%s", text);
	free(text);
}

/* In generic mode no rx_checksum knows an unfinished checksum, so none is advised. */
Test(info_output, veth_is_told_of_partial_checksums_by_mode)
{
	struct info_facts f = interface("veth", NATIVE);
	struct info_prediction p = predict(&f);
	char *text = show(&f, &p);

	cr_expect(
		tool_says(text, "partial checksums which are partial is told, from their headers"),
		"%s", text);
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "told as partial (rx_checksum)"), "%s", text);
	free(text);
	f.device.xdp_features = 0;
	p = predict(&f);
	cr_assert_not(p.native);
	text = show(&f, &p);
	cr_expect(tool_says(text, "partial checksums nothing is told"), "%s", text);
	cr_expect_not(says(&p, NET_XDP_FINDING_NOTE, "(rx_checksum)"), "%s", text);
	cr_expect(says(&p, NET_XDP_FINDING_NOTE, "ethtool -K eth2 tx off"), "%s", text);
	free(text);
}
