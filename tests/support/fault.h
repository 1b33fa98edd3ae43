/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Make the k-th system call fail, or the k-th request for memory. Linked into a test program, fault.c
 * stands in front of libc for the calls that can fail, in our library and in libbpf, libxdp and libmnl
 * alike; the library itself needs no hook for that.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>

/* From now on count the calls of this thread; the k-th (from 1) fails with error. */
void fault_arm(unsigned int k, int error);

/* malloc() and its relatives, as a name for fault_arm_only(). */
#define FAULT_MEMORY "memory"

/* Count only calls of this name ("bpf", "socket", ...). */
void fault_arm_only(const char *call, unsigned int k, int error);

/* None fails: in front of the k-th call of this thread fd is closed, and what that call opens may get its number. */
void fault_arm_close(unsigned int k, int fd);

/* Stop. Return: the name of the call that was made to fail, NULL when fewer than k were made. */
const char *fault_disarm(void);

/* The same for the calls of all threads but this one. call NULL: of any name. */
void fault_arm_others(const char *call, unsigned int k, int error);
const char *fault_disarm_others(void);

#endif
