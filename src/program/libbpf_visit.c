// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "program/libbpf_visit.h"

/* ---- Try first -------------------------------------------------------------------------------- */

static int sys_bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	int fd = (int)syscall(SYS_bpf, command, attr, sizeof(*attr));

	return fd < 0 ? -errno : fd;
}

static int try_map(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_XSKMAP;
	attr.key_size = attr.value_size = sizeof(uint32_t);
	attr.max_entries = 1;
	return sys_bpf(BPF_MAP_CREATE, &attr);
}

/* Load a program that subtracts packet pointers, as ours do: the verifier allows that with
 * CAP_PERFMON only. */
static int try_program(void)
{
	static const struct bpf_insn length[] = {
		{.code = BPF_LDX | BPF_MEM | BPF_W,
		 .dst_reg = BPF_REG_2,
		 .src_reg = BPF_REG_1,
		 .off = offsetof(struct xdp_md, data)},
		{.code = BPF_LDX | BPF_MEM | BPF_W,
		 .dst_reg = BPF_REG_0,
		 .src_reg = BPF_REG_1,
		 .off = offsetof(struct xdp_md, data_end)},
		{.code = BPF_ALU64 | BPF_SUB | BPF_X, .dst_reg = BPF_REG_0, .src_reg = BPF_REG_2},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)length;
	attr.insn_cnt = sizeof(length) / sizeof(*length);
	attr.license = (uintptr_t) "GPL";
	return sys_bpf(BPF_PROG_LOAD, &attr);
}

/* Load a BTF of one integer of 32 bits. */
static int try_btf(void)
{
	static const struct {
		struct btf_header header;
		struct btf_type type;
		uint32_t encoding;
		char strings[4];
	} raw = {
		.header = {.magic = BTF_MAGIC,
			   .version = BTF_VERSION,
			   .hdr_len = sizeof(raw.header),
			   .type_len = sizeof(raw.type) + sizeof(raw.encoding),
			   .str_off = sizeof(raw.type) + sizeof(raw.encoding),
			   .str_len = sizeof(raw.strings)},
		.type = {.name_off = 1, .info = BTF_KIND_INT << 24, .size = 4},
		.encoding = 32,
		.strings = "\0u",
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.btf = (uintptr_t)&raw;
	attr.btf_size = sizeof(raw);
	return sys_bpf(BPF_BTF_LOAD, &attr);
}

int libbpf_try(unsigned descriptors)
{
	const size_t memory = 1 << 20; /* many times what libbpf's own probes take */
	int fds[LIBBPF_DISPATCHER_DESCRIPTORS], rc = 0;
	void *room = mmap(NULL, memory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned n = 0;

	if (room == MAP_FAILED)
		return -ENOMEM;
	munmap(room, memory);
	while (n < descriptors && rc >= 0) {
		rc = n == 0 ? try_program() : n == 1 ? try_btf() : try_map();
		if (rc >= 0)
			fds[n++] = rc;
	}
	while (n)
		close(fds[--n]);
	return rc < 0 ? rc : 0;
}

/* ---- Silence ---------------------------------------------------------------------------------- */

/* While a thread is inside, our printers stand in for the embedder's, and pass on what other threads
 * print. Another thread may have saved our printer as the embedder's, and may set it again after we
 * have left: then it still has to pass on. So the two pointers are never cleared. */
static __thread bool inside;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned visitors;
static libbpf_print_fn_t libbpf_printer; /* atomic */
static libxdp_print_fn_t libxdp_printer; /* atomic */

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	libbpf_print_fn_t print = __atomic_load_n(&libbpf_printer, __ATOMIC_ACQUIRE);

	return inside || !print ? 0 : print(level, format, args);
}

static int print_libxdp(enum libxdp_print_level level, const char *format, va_list args)
{
	libxdp_print_fn_t print = __atomic_load_n(&libxdp_printer, __ATOMIC_ACQUIRE);

	return inside || !print ? 0 : print(level, format, args);
}

static void stand_in_front(void)
{
	libbpf_print_fn_t b = libbpf_set_print(print_libbpf);
	libxdp_print_fn_t x = libxdp_set_print(print_libxdp);

	if (b != print_libbpf)
		__atomic_store_n(&libbpf_printer, b, __ATOMIC_RELEASE);
	if (x != print_libxdp)
		__atomic_store_n(&libxdp_printer, x, __ATOMIC_RELEASE);
}

/* Set the embedder's printers again, unless the embedder has set others meanwhile. */
static void step_aside(void)
{
	libbpf_print_fn_t b = libbpf_set_print(libbpf_printer);
	libxdp_print_fn_t x = libxdp_set_print(libxdp_printer);

	if (b != print_libbpf)
		libbpf_set_print(b);
	if (x != print_libxdp)
		libxdp_set_print(x);
}

void libbpf_enter(struct libbpf_visit *v)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &v->signals);
	inside = true;
	pthread_mutex_lock(&lock);
	if (visitors++ == 0)
		stand_in_front();
	pthread_mutex_unlock(&lock);
}

void libbpf_leave(struct libbpf_visit *v)
{
	pthread_mutex_lock(&lock);
	if (--visitors == 0)
		step_aside();
	pthread_mutex_unlock(&lock);
	inside = false;
	pthread_sigmask(SIG_SETMASK, &v->signals, NULL);
}
