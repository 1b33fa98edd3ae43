// SPDX-License-Identifier: BSD-2-Clause
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include "support/bpf_call.h"
#include "support/fault.h"

static __thread unsigned int countdown; /* 0: not armed */
static __thread int with;
static __thread const char *only; /* NULL: any */
static __thread const char *fired;

void fault_arm_only(const char *call, unsigned int k, int error)
{
	fired = NULL;
	only = call;
	with = error;
	countdown = k;
}

void fault_arm(unsigned int k, int error)
{
	fault_arm_only(NULL, k, error);
}

const char *fault_disarm(void)
{
	countdown = 0;
	return fired;
}

static bool hit(const char *call)
{
	if (countdown == 0 || (only && strcmp(only, call) != 0) || --countdown)
		return false;
	fired = call;
	errno = with;
	return true;
}

static void *next(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function) {
		fprintf(stderr, "fault: no %s\n", name);
		abort();
	}
	return function;
}

/* FORWARD(result, name, (parameters), (arguments), what a failing call returns) */
#define FORWARD(type, name, parameters, arguments, failure)                                        \
	type name parameters;                                                                      \
	type name parameters                                                                       \
	{                                                                                          \
		static type(*real) parameters;                                                     \
		if (!real)                                                                         \
			*(void **)&real = next(#name);                                             \
		return hit(#name) ? failure : real arguments;                                      \
	}

FORWARD(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1)
FORWARD(int, bind, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), -1)
FORWARD(int, setsockopt, (int fd, int level, int name, const void *v, socklen_t n),
	(fd, level, name, v, n), -1)
FORWARD(int, getsockopt, (int fd, int level, int name, void *v, socklen_t *n),
	(fd, level, name, v, n), -1)
FORWARD(ssize_t, sendto,
	(int fd, const void *b, size_t n, int flags, const struct sockaddr *a, socklen_t an),
	(fd, b, n, flags, a, an), -1)
FORWARD(int, epoll_create1, (int flags), (flags), -1)
FORWARD(int, epoll_ctl, (int fd, int op, int member, struct epoll_event *e), (fd, op, member, e),
	-1)
FORWARD(int, timerfd_create, (int clock, int flags), (clock, flags), -1)
FORWARD(int, mprotect, (void *a, size_t n, int prot), (a, n, prot), -1)
FORWARD(int, fstatfs, (int fd, void *out), (fd, out), -1)

int bpf_call(long command)
{
	(void)command;
	return hit("bpf") ? with : 0;
}

int ioctl(int fd, unsigned long request, ...);
int ioctl(int fd, unsigned long request, ...)
{
	static int (*real)(int, unsigned long, ...);
	va_list args;
	void *argument;

	if (!real)
		*(void **)&real = next("ioctl");
	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	return hit("ioctl") ? -1 : real(fd, request, argument);
}

/* The sanitizers map memory before dlsym() works, so this one goes to the kernel itself. */
static void *kernel_mmap(void *a, size_t n, int prot, int flags, int fd, long offset)
{
	register long r10 __asm__("r10") = flags;
	register long r8 __asm__("r8") = fd;
	register long r9 __asm__("r9") = offset;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_mmap), "D"(a), "S"(n), "d"((long)prot), "r"(r10), "r"(r8),
			   "r"(r9)
			 : "rcx", "r11", "memory");
	if (result < 0 && result > -4096) {
		errno = (int)-result;
		return MAP_FAILED;
	}
	return (void *)result;
}

void *mmap(void *a, size_t n, int prot, int flags, int fd, off_t offset)
{
	/* What malloc and the sanitizers map is not what is being tested. */
	bool ours = fd >= 0 || (flags & (MAP_FIXED | MAP_NORESERVE));

	return ours && hit("mmap") ? MAP_FAILED : kernel_mmap(a, n, prot, flags, fd, offset);
}
