/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenMetrics text, read by a parser that is not ours: python3-prometheus-client, of the system's Python. */
#ifndef SUPPORT_OPENMETRICS_H
#define SUPPORT_OPENMETRICS_H

/* The parser accepts the text, no sample is there twice, and no family has lines in two places; else the test ends.
 * Return: the number of samples. */
unsigned int openmetrics_check(const char *text);

#endif
