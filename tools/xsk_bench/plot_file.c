/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "common/error.h"
#include "plot.h"
#include "say.h"

int plot_open(const struct options *opt, FILE **out, struct net_error *err)
{
	*out = NULL;
	if (!opt->plot_path)
		return 0;
	*out = fopen(opt->plot_path, "we");
	return *out ? 0 : error_errno(err, -errno, "plot", opt->plot_path);
}

int plot_end(FILE *out, const struct run *run, const struct account *a)
{
	const char *from = run->opt->from_ifname;
	char title[160];
	bool written;
	int rc;

	if (!out)
		return 0;
	snprintf(title, sizeof(title), "xsk-bench %s%s%.40s%s%.40s: %s",
		 options_mode_name(from ? BENCH_PAIR : run->opt->mode), from ? ", " : " on ",
		 from ? from : "", from ? " to " : "", port_name(&run->ports[0]),
		 say_rate(a->pps).text);
	errno = 0;
	if (run->started)
		plot_svg(out, title, &run->intervals, run->opt->mode == BENCH_LATENCY);
	written = !fflush(out) && !ferror(out);
	rc = errno ? -errno : -EIO;
	if (!fclose(out) && written)
		return 0;
	say("--plot %s: writing: %s", run->opt->plot_path, strerror(-rc));
	return rc;
}
