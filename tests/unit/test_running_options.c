// SPDX-License-Identifier: BSD-2-Clause
/* The options of xsk-info that are about what runs. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "info/options.h"
#include "support/option_rig.h"

static struct info_options o;
static char why[200];

static int parse(const char *words)
{
	struct command_line *line = command_line("xsk-info", words);

	why[0] = 0;
	return info_options_parse(line->argc, line->argv, &o, why, sizeof(why));
}

Test(running_options, watch_takes_seconds_or_nothing_and_no_interface)
{
	static const char *const wrong[] = {"0",  "0.09",  "86401", "x",   "1s",
					    "-1", "1.2.3", ".",	    "1e3", ""};
	char words[64];

	cr_assert_eq(parse("--running --watch"), 0, "%s", why);
	cr_expect_float_eq(o.watch_s, 1, 0);
	cr_assert_eq(parse("--running --watch eth0"), 0, "%s", why);
	cr_expect_float_eq(o.watch_s, 1, 0);
	cr_expect_str_eq(o.ifname, "eth0");
	cr_assert_eq(parse("--running eth0 --watch 0.5"), 0, "%s", why);
	cr_expect_float_eq(o.watch_s, 0.5, 0);
	cr_assert_eq(parse("--watch=86400 --running"), 0, "%s", why);
	cr_expect_float_eq(o.watch_s, 86400, 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(words, sizeof(words), "--running --watch=%s", wrong[i]);
		cr_expect_eq(parse(words), -EINVAL, "%s", words);
		cr_expect_not_null(strstr(why, "must be a number of seconds"), "%s: %s", words,
				   why);
	}
}

Test(running_options, word_of_digits_is_a_process_and_the_value_of_interface_is_not)
{
	cr_assert_eq(parse("--running 1234"), 0, "%s", why);
	cr_expect(o.pid == 1234 && !o.ifname);
	cr_assert_eq(parse("1234 --running --json"), 0, "%s", why);
	cr_expect(o.pid == 1234 && !o.ifname);
	cr_assert_eq(parse("--running -i 1234"), 0, "%s", why);
	cr_expect(!o.pid && !strcmp(o.ifname, "1234"));
	cr_assert_eq(parse("--running 12x"), 0, "%s", why);
	cr_expect(!o.pid && !strcmp(o.ifname, "12x"));
	cr_assert_eq(parse("1234"), 0, "%s", why);
	cr_expect(!o.pid && !strcmp(o.ifname, "1234"));
	cr_expect_eq(parse("--running 1234 eth0"), -EINVAL);
	cr_expect_not_null(strstr(why, "at a time, not also 'eth0'"), "%s", why);
	cr_expect_eq(parse("--running 1234 1235"), -EINVAL);
	cr_expect_eq(parse("--running eth0 1234"), -EINVAL);
}

Test(running_options, options_that_do_not_go_together_are_refused)
{
	static const char *const right[] = {
		"--running",
		"--running --json --watch --control /x eth0",
		"--metrics --listen 9437 --control /x",
		"--metrics --listen [::1]:9437",
	};
	static const char *const wrong[] = {
		"--running --metrics",	"--metrics --json",
		"--metrics eth0",	"--metrics -i eth0",
		"--watch eth0",		"--metrics --watch",
		"--running --listen 1", "--listen 1",
		"--control /x",		"--running --try",
		"--running -q 1",	"--metrics --restore",
		"--metrics --listen",	"--metrics --listen localhost:80",
		"--metrics --listen=",	"--running --control=",
	};

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		cr_expect_eq(parse(right[i]), 0, "%s: %s", right[i], why);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cr_expect_eq(parse(wrong[i]), -EINVAL, "%s", wrong[i]);
		cr_expect(why[0]);
	}
}
