/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

struct said say_rate(double pps)
{
	struct said s;

	if (pps >= 1e6)
		snprintf(s.text, sizeof(s.text), "%.3f Mpps", pps / 1e6);
	else if (pps >= 1e3)
		snprintf(s.text, sizeof(s.text), "%.2f kpps", pps / 1e3);
	else
		snprintf(s.text, sizeof(s.text), "%.1f pps", pps);
	return s;
}

struct said say_bytes(uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes / 1024;
	size_t i = 0;
	struct said s;

	for (; i < 3 && value >= 1024; i++)
		value /= 1024;
	if (bytes < 1024)
		snprintf(s.text, sizeof(s.text), "%u bytes", (unsigned int)bytes);
	else
		snprintf(s.text, sizeof(s.text), "%.1f %s", value, units[i]);
	return s;
}
