/* SPDX-License-Identifier: BSD-2-Clause */
/* NAPI threads, and processes that come to have their numbers. All of these end the test when something fails. */
#ifndef SUPPORT_THREADS_H
#define SUPPORT_THREADS_H

#include <stdint.h>

/* Serve the interface's NAPIs by threads. Return: the process id of its queue 0's. */
uint32_t threads_of(const char *ifname);
void threads_off(const char *ifname);

/* The CPUs that a process may run on, as a mask; and let it run on these only. */
uint64_t threads_cpus(uint32_t pid);
void threads_set_cpus(uint32_t pid, uint64_t cpus);

/* Wait until the process is gone, and make another that has its number. */
void threads_reuse(uint32_t pid);

#endif
