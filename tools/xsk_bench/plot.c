/* SPDX-License-Identifier: BSD-2-Clause */
#include "plot.h"

#include <math.h>
#include <stdint.h>

/* Of the drawing; text is 20 of 720 wide: 10 points on a phone held upright. */
#define WIDTH	     720
#define PANEL_HEIGHT 300
#define LEFT	     96 /* numbers stand there */
#define RIGHT	     580
#define TOP	     64
#define GAP	     90
#define TICKS	     6 /* at most, beside the one at 0 */

/* As in the pictures of the pages: bench/svg.py says why these. The page is drawn, so that it is readable on any. */
static const char style[] =
	"text{font-family:system-ui,sans-serif;font-size:20px;fill:#1f2328}.title{font-weight:600}"
	".page{fill:#ffffff}.grid{stroke:#d0d7de}.line{fill:none;stroke-width:3}"
	".s0{stroke:#0072b2}.s1{stroke:#008a64}.s2{stroke:#946200}.s3{stroke:#d55e00}"
	".f0{fill:#0072b2}.f1{fill:#008a64}.f2{fill:#946200}.f3{fill:#d55e00}"
	"@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.page{fill:#0d1117}.grid{stroke:#3d444d}"
	".s0{stroke:#56b4e9}.s1{stroke:#2fbf94}.s2{stroke:#e6a800}.s3{stroke:#ff8a3d}"
	".f0{fill:#56b4e9}.f1{fill:#2fbf94}.f2{fill:#e6a800}.f3{fill:#ff8a3d}}";

/* One line of a panel. */
struct series {
	const char *name;
	int look; /* of style: s and f with this number */
	double (*value)(const struct interval *row);
};

struct panel {
	const char *title;
	double top_y, low, high; /* values at the bottom and at the top */
	bool logarithmic;
	const struct series *series;
	uint32_t series_count;
	const struct interval_list *list;
};

static double p50(const struct interval *row)
{
	return (double)row->p50_ns / 1e3;
}

static double p99(const struct interval *row)
{
	return (double)row->p99_ns / 1e3;
}

static double largest(const struct interval *row)
{
	return (double)row->max_ns / 1e3;
}

static const struct series rates[] = {{"rate", 0, interval_pps}};
static const struct series round_trips[] = {
	{"p50", 1, p50},
	{"p99", 2, p99},
	{"max", 3, largest},
};

static double end_s(const struct interval_list *list)
{
	return list->count ? (double)list->rows[list->count - 1].end_ns / 1e9 : 1;
}

/* 1, 2 or 5 times a power of ten, at least value. */
static double round_up(double value)
{
	double power = pow(10, floor(log10(value)));
	double of = value / power;

	return power * (of <= 1 ? 1 : of <= 2 ? 2 : of <= 5 ? 5 : 10);
}

/* The distance of the ticks of a scale from 0 to end. */
static double step_of(double end)
{
	return end > 0 ? round_up(end / TICKS) : 1;
}

static double x_at(const struct panel *p, double seconds)
{
	double end = end_s(p->list);

	return LEFT + (RIGHT - LEFT) * (end > 0 ? seconds / end : 0);
}

static double y_at(const struct panel *p, double value)
{
	double share;

	if (p->logarithmic)
		share = value > p->low ? log(value / p->low) / log(p->high / p->low) : 0;
	else
		share = value / p->high;
	return p->top_y + PANEL_HEIGHT * (1 - share);
}

/* The scale, from the rows. */
static void fit(struct panel *p)
{
	double low = INFINITY, high = 0;

	for (uint32_t i = 0; i < p->list->count; i++)
		for (uint32_t k = 0; k < p->series_count; k++) {
			double v = p->series[k].value(&p->list->rows[i]);

			high = v > high ? v : high;
			low = v > 0 && v < low ? v : low;
		}
	p->high = high > 0 ? step_of(high) * ceil(high / step_of(high)) : 1;
	p->low = 0;
	if (!p->logarithmic)
		return;
	p->high = high > 0 ? pow(10, ceil(log10(high) + 1e-9)) : 10;
	p->low = low < INFINITY ? pow(10, floor(log10(low))) : 1;
	if (p->low >= p->high)
		p->low = p->high / 10;
}

static void text(FILE *out, double x, double y, const char *anchor, const char *words)
{
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor,
		words);
}

static void tick(FILE *out, const struct panel *p, double value)
{
	double y = y_at(p, value);
	const char *unit = value >= 1e6 ? "M" : value >= 1e3 ? "k" : "";
	char number[32];

	snprintf(number, sizeof(number), "%.3g%s",
		 value >= 1e6	? value / 1e6
		 : value >= 1e3 ? value / 1e3
				: value,
		 unit);
	fprintf(out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>\n", LEFT, y, RIGHT);
	text(out, LEFT - 8, y + 7, "end", number);
}

static void axes(FILE *out, const struct panel *p)
{
	double step = step_of(end_s(p->list));
	char number[32];

	text(out, LEFT, p->top_y - 14, "start", p->title);
	if (p->logarithmic)
		for (double v = p->low; v <= p->high * 1.001; v *= 10)
			tick(out, p, v);
	for (int i = 0; !p->logarithmic && i * step_of(p->high) <= p->high * 1.001; i++)
		tick(out, p, i * step_of(p->high));
	for (int i = 0; i * step <= end_s(p->list) * 1.001; i++) {
		bool last = (i + 1) * step > end_s(p->list) * 1.001;

		snprintf(number, sizeof(number), "%g%s", i * step, last ? " s" : "");
		text(out, x_at(p, i * step), p->top_y + PANEL_HEIGHT + 26, "middle", number);
	}
}

/* The names stand where the lines end, and apart from each other. */
static void names(FILE *out, const struct panel *p)
{
	const struct interval *last =
		p->list->count ? &p->list->rows[p->list->count - 1] : &(struct interval){0};
	double below = p->top_y + PANEL_HEIGHT + 24;

	/* From the lowest line up: the series of a panel rise in this order. */
	for (uint32_t k = 0; k < p->series_count; k++) {
		double y = y_at(p, p->series[k].value(last)) + 7;

		y = y < below - 24 ? y : below - 24;
		below = y;
		fprintf(out, "<text class=\"f%d\" x=\"%d.0\" y=\"%.1f\">%s</text>\n",
			p->series[k].look, RIGHT + 10, y, p->series[k].name);
	}
}

static void lines(FILE *out, const struct panel *p)
{
	for (uint32_t k = 0; k < p->series_count; k++) {
		const struct series *s = &p->series[k];

		fprintf(out, "<polyline class=\"line s%d\" points=\"", s->look);
		for (uint32_t i = 0; i < p->list->count; i++) {
			const struct interval *row = &p->list->rows[i];
			double middle = (double)(row->begin_ns + row->end_ns) / 2e9;

			fprintf(out, "%s%.1f,%.1f", i ? " " : "", x_at(p, middle),
				y_at(p, s->value(row)));
		}
		fprintf(out, "\"/>\n");
	}
}

static void escaped(FILE *out, const char *words)
{
	for (; *words; words++) {
		unsigned char c = (unsigned char)*words;

		if (c == '&' || c == '<' || c == '>')
			fprintf(out, "&#%u;", c);
		else
			putc(c < 0x20 || c >= 0x7f ? '?' : c, out);
	}
}

void plot_svg(FILE *out, const char *title, const struct interval_list *list, bool latency)
{
	struct panel panels[] = {
		{.title = latency ? "answers per second" : "frames per second",
		 .series = rates,
		 .series_count = 1},
		{.title = "round trip, us",
		 .logarithmic = true,
		 .series = round_trips,
		 .series_count = 3},
	};
	int count = latency ? 2 : 1;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\">\n"
		"<rect class=\"page\" width=\"100%%\" height=\"100%%\"/>\n<title>",
		WIDTH, TOP + count * (PANEL_HEIGHT + GAP));
	escaped(out, title);
	fprintf(out, "</title>\n<style>%s</style>\n<text class=\"title\" x=\"16\" y=\"26\">",
		style);
	escaped(out, title);
	fprintf(out, "</text>\n");
	for (int i = 0; i < count; i++) {
		struct panel *p = &panels[i];

		p->list = list;
		p->top_y = TOP + 16 + i * (PANEL_HEIGHT + GAP);
		fit(p);
		axes(out, p);
		lines(out, p);
		names(out, p);
	}
	fprintf(out, "</svg>\n");
}
