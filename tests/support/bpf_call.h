/* SPDX-License-Identifier: BSD-2-Clause */
/* libbpf's way to bpf(), seen by the test: bpf_call.c puts syscall() in place of the C library's. Only
 * executables that name bpf_call.c among their sources have it (tests/CMakeLists.txt). */
#ifndef SUPPORT_BPF_CALL_H
#define SUPPORT_BPF_CALL_H

/* The test defines it. Comes before each bpf(); command: BPF_*. Return: 0, then the kernel is asked;
 * else the errno with which the call fails. */
int bpf_call(long command);

#endif
