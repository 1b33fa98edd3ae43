// SPDX-License-Identifier: BSD-2-Clause
/* One text of all programs, of which some misbehave: a parser that is not ours takes it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "running/metrics.h"
#include "support/control_fake.h"
#include "support/openmetrics.h"

#define GOOD(number)                                                                                 \
	"# TYPE net_xdp_rx_frames counter\n# UNIT net_xdp_rx_frames frames\n"                        \
	"net_xdp_rx_frames_total{program=\"liar\",pid=\"1\",interface=\"eth0\",queue=\"0\"} " number \
	"\n# EOF\n"

static struct control_fake f;

static char *scrape(struct metrics *m)
{
	struct net_error err;
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);

	cr_assert_eq(metrics_write(m, file, false, &err), 0, "%s", err.message);
	fclose(file);
	return out;
}

static void has(const char *text, const char *line)
{
	cr_expect_not_null(strstr(text, line), "%s in %s", line, text);
}

Test(running_metrics, programs_that_misbehave_are_left_out_and_counted)
{
	struct metrics m = {.folder = f.folder};
	char *text;

	control_fake_open(&f);
	control_fake_add(&f, 11, "a", CONTROL_ANSWERS, "", GOOD("5"));
	control_fake_add(&f, 12, "b\"\n", CONTROL_ANSWERS, "", GOOD("6"));
	control_fake_add(&f, 13, "silent", CONTROL_SILENT, "", "");
	control_fake_add(&f, 14, "half", CONTROL_HALF, "", GOOD("7"));
	control_fake_add(&f, 15, "huge", CONTROL_HUGE, "", "");
	control_fake_add(&f, 16, "garbage", CONTROL_ANSWERS, "", "{\"a\": 1}\n");
	control_fake_add(&f, 17, "type", CONTROL_ANSWERS, "",
			 "# TYPE net_xdp_rx_frames gauge\nnet_xdp_rx_frames 1\n# EOF\n");
	control_fake_add(&f, 18, "ours", CONTROL_ANSWERS, "",
			 "# TYPE net_xdp_scrape_errors counter\n# EOF\n");
	control_fake_add(&f, 1, "refused", CONTROL_GONE, "", "");
	text = scrape(&m);
	openmetrics_check(text);
	has(text,
	    "net_xdp_rx_frames_total{program=\"a\",pid=\"11\",interface=\"eth0\",queue=\"0\"} 5\n");
	has(text, "{program=\"b\\\"\\\\x0a\",pid=\"12\",interface=\"eth0\",queue=\"0\"} 6\n");
	cr_expect_null(strstr(text, "liar"));
	has(text, "net_xdp_scrape_programs 2\n");
	has(text, "net_xdp_scrape_errors_total{reason=\"timeout\"} 2\n");
	has(text, "net_xdp_scrape_errors_total{reason=\"refused\"} 1\n");
	has(text, "net_xdp_scrape_errors_total{reason=\"invalid\"} 3\n");
	has(text, "net_xdp_scrape_errors_total{reason=\"too_long\"} 1\n");
	free(text);
	text = scrape(&m);
	has(text, "net_xdp_scrape_errors_total{reason=\"invalid\"} 6\n");
	free(text);
	control_fake_close(&f);
}

Test(running_metrics, nobody_running_is_a_valid_text)
{
	struct metrics m = {.folder = "/nowhere"};
	struct net_error err;
	char *text = scrape(&m);

	cr_expect_eq(openmetrics_check(text), 2 + SCRAPE_ERRORS);
	has(text, "net_xdp_scrape_programs 0\n");
	free(text);
	m.folder = "/dev/null";
	cr_expect_eq(metrics_write(&m, stdout, false, &err), -ENOTDIR);
}
