// SPDX-License-Identifier: BSD-2-Clause
/* The system calls that an attach begins with, tried: what is refused is known by that, not by
 * reckoning. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/if_xdp.h>

#include "info.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif

int info_probe_socket(int family)
{
	/* Unbound it touches no interface. */
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int info_probe_options(void)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0), entries = 1, rc = 0;
	struct xdp_mmap_offsets offsets;
	socklen_t size = sizeof(offsets);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_XDP, XDP_RX_RING, &entries, sizeof(entries)) ||
	    getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &size))
		rc = -errno;
	close(fd);
	return rc;
}

int info_probe_descriptors(void)
{
	int fds[INFO_DESCRIPTORS], count = 0, rc = 0;

	for (; count < INFO_DESCRIPTORS && !rc; count += !rc) {
		fds[count] = open("/", O_PATH | O_CLOEXEC);
		rc = fds[count] < 0 ? -errno : 0;
	}
	while (count)
		close(fds[--count]);
	return rc;
}

int info_probe_memory(void)
{
	int fd = memfd_create("xsk-info", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int bpf(int command, union bpf_attr *attr)
{
	long fd = syscall(SYS_bpf, command, attr, sizeof(*attr));

	if (fd < 0)
		return -errno;
	close((int)fd);
	return 0;
}

/* A filter may let only some commands of bpf() through. Return: what refuses the others, 0 nothing.
 * No kernel makes a link of a program that is no descriptor. */
static int probe_map_and_link(void)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_XSKMAP, .key_size = 4, .value_size = 4, .max_entries = 1};
	union bpf_attr link = {.link_create = {.prog_fd = (uint32_t)-1, .attach_type = BPF_XDP}};
	int rc = bpf(BPF_MAP_CREATE, &map);

	if (!rc)
		rc = bpf(BPF_LINK_CREATE, &link);
	return rc == -EPERM || rc == -EACCES || rc == -ENOSYS ? rc : 0;
}

/*
 * Load what needs the capabilities of our XDP program: it passes every frame after it has measured
 * it, a difference of pointers. It is attached to nothing. Not through libbpf, which remembers for
 * the whole process what failed here.
 */
int info_probe_program(void)
{
	static const struct bpf_insn program[] = {
		{.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 1, .off = 4},
		{.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 3, .src_reg = 1, .off = 0},
		{.code = BPF_ALU64 | BPF_SUB | BPF_X, .dst_reg = 2, .src_reg = 3},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr;
	int rc;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)program;
	attr.insn_cnt = sizeof(program) / sizeof(program[0]);
	attr.license = (uintptr_t) "Dual BSD/GPL";
	rc = bpf(BPF_PROG_LOAD, &attr);
	return rc ? rc : probe_map_and_link();
}
