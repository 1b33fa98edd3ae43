// SPDX-License-Identifier: BSD-2-Clause
/* xsk-vhost's command line. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "net_xdp.h"
#include "support/option_rig.h"
#include "xsk_vhost/options.h"

static struct options parsed;
static char why[320];

static int parse(const char *words)
{
	struct command_line *line = command_line("xsk-vhost", words);

	why[0] = 0;
	return options_parse(line->argc, line->argv, &parsed, why, sizeof(why));
}

Test(vhost_options, table_is_sound)
{
	option_table_check(&vhost_options);
}

Test(vhost_options, one_device_has_defaults_for_all_but_socket_and_interface)
{
	const struct device_options *d = &parsed.devices[0];

	cr_assert_eq(parse("-i eth0 --socket /run/a.sock"), 0, "%s", why);
	cr_expect_eq(parsed.device_count, 1);
	cr_expect_str_eq(d->ifname, "eth0");
	cr_expect_str_eq(d->socket_path, "/run/a.sock");
	cr_expect_eq(d->first_queue, 0);
	cr_expect_eq(d->pairs, 1);
	cr_expect_eq(d->mode, NET_XDP_MODE_AUTO);
	cr_expect_eq(d->attach, NET_XDP_ATTACH_AUTO);
	cr_expect_eq(d->hash_report, OPTIONS_HASH_AUTO);
	cr_expect_eq(d->cpu_count, 0);
	cr_expect_not(d->has_mac || d->client || d->promiscuous || d->force || d->dispatcher ||
		      d->segment_here || d->no_offloads || parsed.json || parsed.quiet);
}

Test(vhost_options, keep_in_front_of_the_first_socket_holds_for_all_devices)
{
	cr_assert_eq(parse("--keep type:0x88cc --socket a -i v0 --keep tcp:22 --socket b -i v1"), 0,
		     "%s", why);
	cr_expect_eq(parsed.devices[0].keep.count, 2);
	cr_expect_eq(parsed.devices[0].keep.rules[0].first, 0x88cc);
	cr_expect_eq(parsed.devices[0].keep.rules[1].kind, NET_XDP_KEEP_TCP_PORT);
	cr_expect_eq(parsed.devices[1].keep.count, 1);
	cr_expect_eq(parse("--socket a -i v0 --keep ssh"), -EINVAL);
	cr_expect(!strncmp(why, "--keep ssh: must be ", 20), "%s", why);
}

Test(vhost_options, each_option_sets_its_field)
{
	static const uint8_t mac[6] = {2, 0xab, 0, 0, 0, 0xff};
	const struct device_options *d = &parsed.devices[0];

	cr_assert_eq(
		parse("--socket s --interface eth0 --queue 3 --pairs 2 --mac "
		      "02:ab:00:00:00:FF --client --force --promiscuous --cpu 0,2-3 --mode zero-copy "
		      "--attach generic --dispatcher --no-offloads --segment-here "
		      "--hash-report off --json --quiet"),
		0, "%s", why);
	cr_expect_eq(d->first_queue, 3);
	cr_expect_eq(d->pairs, 2);
	cr_expect(d->has_mac);
	cr_expect_arr_eq(d->mac, mac, 6);
	cr_expect(d->client && d->promiscuous && d->force && d->dispatcher && d->no_offloads &&
		  d->segment_here && parsed.json && parsed.quiet);
	cr_expect_eq(d->cpu_count, 3);
	cr_expect_eq(d->cpus[0], 0);
	cr_expect_eq(d->cpus[1], 2);
	cr_expect_eq(d->cpus[2], 3);
	cr_expect_eq(d->mode, NET_XDP_MODE_ZERO_COPY);
	cr_expect_eq(d->attach, NET_XDP_ATTACH_GENERIC);
	cr_expect_eq(d->hash_report, OPTIONS_HASH_OFF);
}

/* What stands in front of the first --socket is everybody's, what stands behind one is that device's alone. */
Test(vhost_options, options_belong_to_the_socket_in_front_of_them)
{
	cr_assert_eq(parse("--mode copy --pairs 4 --socket a -i eth0 --pairs 2 --socket b -i eth1 "
			   "--client --socket c -i eth2 --mode auto"),
		     0, "%s", why);
	cr_assert_eq(parsed.device_count, 3);
	cr_expect_eq(parsed.devices[0].pairs, 2);
	cr_expect_eq(parsed.devices[1].pairs, 4);
	cr_expect_eq(parsed.devices[2].pairs, 4);
	cr_expect_eq(parsed.devices[0].mode, NET_XDP_MODE_COPY);
	cr_expect_eq(parsed.devices[1].mode, NET_XDP_MODE_COPY);
	cr_expect_eq(parsed.devices[2].mode, NET_XDP_MODE_AUTO);
	cr_expect_not(parsed.devices[0].client);
	cr_expect(parsed.devices[1].client);
	cr_expect_not(parsed.devices[2].client);
}

Test(vhost_options, what_is_wrong_is_named)
{
	static const struct {
		const char *words, *named;
	} rows[] = {
		{"", "--socket"},
		{"-i eth0", "--socket"},
		{"--socket a", "-i"},
		{"--socket a -i eth0 more", "more"},
		{"--socket a -i eth0 --pairs", "--pairs"},
		{"--socket a -i eth0 --pairs 0", "1 to 16"},
		{"--socket a -i eth0 --pairs 17", "1 to 16"},
		{"--socket a -i eth0 --pairs 2x", "2x"},
		{"--socket a -i eth0 --pairs -1", "-1"},
		{"--socket a -i eth0 -q 65536", "0 to 65535"},
		{"--socket a -i eth0 --queue 99999999999999999999", "--queue"},
		{"--socket a -i eth0 --mode fast", "zero-copy"},
		{"--socket a -i eth0 --attach x", "native"},
		{"--socket a -i eth0 --hash-report maybe", "auto"},
		{"--socket a -i eth0 --mac 1:2:3:4:5:6", "--mac"},
		{"--socket a -i eth0 --mac 02:00:00:00:00", "--mac"},
		{"--socket a -i eth0 --mac 02:00:00:00:00:01:", "--mac"},
		{"--socket a -i eth0 --mac 03:00:00:00:00:01", "one station"},
		{"--socket a -i eth0 --mac 00:00:00:00:00:00", "one station"},
		{"--socket a -i eth0 --mac 02:00:00:00:00:0g", "--mac"},
		{"--socket a -i eth0 --cpu x", "--cpu"},
		{"--socket a -i eth0 --cpu 3-2", "--cpu"},
		{"--socket a -i eth0 --cpu 0-", "--cpu"},
		{"--socket a -i eth0 --cpu 0,", "--cpu"},
		{"--socket a -i eth0 --cpu 0-99", "at most 16"},
		{"--socket a -i eth0 --cpu 1024", "--cpu"},
		{"--socket a -i eth0 --json=1", "--json"},
		{"--socket a -i eth0 --wat", "--wat"},
		{"--socket a -i eth0 --socket a -i eth1", "twice"},
		{"--socket a -i eth0 --socket b -i eth0", "eth0 has a guest already"},
		{"-i eth0 --socket a --socket b", "eth0 has a guest already"},
		{"--socket a -i eth0 --socket b", "-i"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(parse(rows[i].words), -EINVAL, "%s", rows[i].words);
		cr_expect(strstr(why, rows[i].named), "%s: '%s'", rows[i].words, why);
	}
}

Test(vhost_options, a_path_is_as_long_as_an_address_holds)
{
	char words[400], path[200];

	memset(path, 'p', sizeof(path));
	path[107] = '\0';
	snprintf(words, sizeof(words), "-i eth0 --socket %s", path);
	cr_expect_eq(parse(words), 0, "%s", why);
	path[107] = 'p';
	path[108] = '\0';
	snprintf(words, sizeof(words), "-i eth0 --socket %s", path);
	cr_expect_eq(parse(words), -EINVAL);
	cr_expect(strstr(why, "107 bytes"), "%s", why);
}

Test(vhost_options, there_are_at_most_sixteen_devices)
{
	char words[2048] = "";
	size_t at = 0;

	for (int i = 0; i < 16; i++)
		at += (size_t)snprintf(words + at, sizeof(words) - at, "%s--socket s%d -i e%d",
				       i ? " " : "", i, i);
	cr_expect_eq(parse(words), 0, "%s", why);
	cr_expect_eq(parsed.device_count, 16);
	snprintf(words + at, sizeof(words) - at, " --socket more -i more");
	cr_expect_eq(parse(words), -EINVAL);
	cr_expect(strstr(why, "at most 16"), "%s", why);
}

Test(vhost_options, help_and_version_are_no_errors)
{
	cr_expect_eq(parse("--help"), OPTIONS_HELP);
	cr_expect_eq(parse("-h --wat"), OPTIONS_HELP);
	cr_expect_eq(parse("-V"), OPTIONS_VERSION);
}
