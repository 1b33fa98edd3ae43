// SPDX-License-Identifier: BSD-2-Clause
/*
 * What it costs to wake up: a process that does nothing but sleep so many microseconds at a time, until
 * SIGINT or SIGTERM. The floor of any receiver that looks for frames by the clock.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

int main(int argc, char **argv)
{
	long us = argc == 2 ? atol(argv[1]) : 0;
	const struct timespec pause = {us / 1000000, us % 1000000 * 1000};
	unsigned long long sleeps = 0;

	if (us < 1) {
		fputs("usage: peer-sleep MICROSECONDS\nOne line of JSON at the end.\n", stderr);
		return 2;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	fputs("peer-sleep: running\n", stderr);
	for (; !stop; sleeps++)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	printf("{\"sleeps\": %llu}\n", sleeps);
	return 0;
}
