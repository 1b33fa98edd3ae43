// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench --plot: well-formed XML with a point per row, inside of its drawing. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "xsk_bench/plot.h"

static struct interval_list list;

static void forget(void)
{
	interval_free(&list);
}

TestSuite(bench_plot, .fini = forget);

static void add_rows(uint32_t count)
{
	static struct histogram recent;

	for (uint32_t i = 1; i <= count; i++) {
		memset(&recent, 0, sizeof(recent));
		for (uint32_t k = 0; k < 100; k++)
			histogram_add(&recent, 1000ull * (k + 10) * i);
		interval_next(&list, i * 1000000000ull, list.sum.frames + 1234 * i, 0, 0, &recent);
	}
}

/* Well-formed, and so many points in each of so many lines, all between the axes: a parser says so. */
static void expect(const char *title, bool latency, uint32_t points, uint32_t lines)
{
	static const char check[] =
		"import sys, xml.etree.ElementTree as tree\n"
		"root = tree.parse(sys.argv[1]).getroot()\n"
		"ns = '{http://www.w3.org/2000/svg}'\n"
		"width, height = map(float, root.get('viewBox').split()[2:])\n"
		"lines = [l.get('points').split() for l in root.iter(ns + 'polyline')]\n"
		"assert len(lines) == int(sys.argv[3]), lines\n"
		"assert all(len(l) == int(sys.argv[2]) for l in lines), lines\n"
		"for x, y in (map(float, p.split(',')) for l in lines for p in l):\n"
		"    assert 96 <= x <= 580 and 0 < y < height, (x, y)\n"
		"assert root.find(ns + 'title').text == sys.argv[4], root.find(ns + 'title').text\n"
		"texts = list(root.iter(ns + 'text'))\n"
		"assert all(0 <= float(t.get('x')) <= width and 0 < float(t.get('y')) <= height\n"
		"           for t in texts)\n"
		"names = [float(t.get('y')) for t in texts if float(t.get('x')) == 590]\n"
		"assert len(names) == len(lines), names\n"
		"assert all(abs(a - b) >= 23 for a, b in zip(names, names[1:])), names\n";
	char path[] = "/tmp/xsk-bench-plot-XXXXXX", command[4096];
	FILE *f = fdopen(mkstemp(path), "w");

	plot_svg(f, title, &list, latency);
	fclose(f);
	setenv("CHECK", check, 1);
	setenv("TITLE", title, 1);
	snprintf(command, sizeof(command), "python3 -c \"$CHECK\" %s %u %u \"$TITLE\"", path,
		 points, lines);
	cr_expect_eq(system(command), 0, "%u points, %u lines: %s", points, lines, title);
	remove(path);
}

Test(bench_plot, each_row_is_a_point)
{
	expect("no row", false, 0, 1);
	add_rows(1);
	expect("one row", false, 1, 1);
	add_rows(9);
	expect("xsk-bench rx on v0: 1.2 kpps", false, list.count, 1);
	expect("latency", true, list.count, 4);
}

Test(bench_plot, title_of_any_bytes_is_no_markup)
{
	add_rows(2);
	expect("a<b>&amp;\"'", false, 2, 1);
}

Test(bench_plot, rows_without_frames_or_answers_lie_on_the_axis)
{
	for (uint64_t i = 1; i <= 3; i++)
		interval_next(&list, i * 1000000000, 0, 0, 0, NULL);
	expect("idle", true, 3, 4);
}

Test(bench_plot, values_that_are_all_one_power_of_ten_have_a_scale)
{
	static struct histogram recent;

	histogram_add(&recent, 1000000);
	recent.max_ns = recent.min_ns = 1000000;
	interval_next(&list, 1000000000, 1000, 0, 0, &recent);
	expect("flat", true, 1, 4);
}

/* The labels of both axes are even steps of 1, 2 or 5 times a power of ten from 0 on, and at least three. */
Test(bench_plot, ticks_are_round_numbers)
{
	static const char check[] =
		"import re, sys, xml.etree.ElementTree as tree\n"
		"scale = {'': 1, 'k': 1e3, 'M': 1e6}\n"
		"for anchor in ('middle', 'end'):\n"
		"    texts = [t.text for t in tree.parse(sys.argv[1]).getroot().iter()\n"
		"             if t.get('text-anchor') == anchor]\n"
		"    found = [re.fullmatch('([0-9.]+)([kM]?)( s)?', t) for t in texts]\n"
		"    ticks = [float(f[1]) * scale[f[2]] for f in found]\n"
		"    step = ticks[1]\n"
		"    assert ('%.3e' % step)[:5] in ('1.000', '2.000', '5.000'), texts\n"
		"    assert 3 <= len(ticks) <= 7, texts\n"
		"    assert all(abs(t - i * step) < step / 1e6 for i, t in enumerate(ticks)), texts\n";
	static const struct {
		uint64_t end_ns, frames;
	} rows[] = {{2370000000u, 4740},    {700000000, 9},	   {1000000, 1},
		    {1000000000, 14880952}, {12000000000u, 12345}, {86400000000000u, 864000}};
	char path[] = "/tmp/xsk-bench-plot-XXXXXX", command[2048];

	close(mkstemp(path));
	setenv("CHECK", check, 1);
	snprintf(command, sizeof(command), "python3 -c \"$CHECK\" %s", path);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		FILE *f = fopen(path, "w");

		interval_free(&list);
		interval_next(&list, rows[i].end_ns, rows[i].frames, 0, 0, NULL);
		plot_svg(f, "ticks", &list, false);
		fclose(f);
		cr_expect_eq(system(command), 0, "row %zu", i);
	}
	remove(path);
}
