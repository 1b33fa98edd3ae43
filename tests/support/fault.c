// SPDX-License-Identifier: BSD-2-Clause
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "support/bpf_call.h"
#include "support/fault.h"

static const char memory[] = FAULT_MEMORY;

static __thread unsigned int countdown; /* 0: not armed */
static __thread int with;
static __thread const char *only; /* NULL: any system call */
static __thread const char *fired;
static __thread bool is_armer;
static __thread int to_close = -1;

/* Of fault_arm_others(): whose calls count is decided by is_armer. */
static struct {
	unsigned int countdown; /* atomic */
	int with;
	const char *only, *fired;
} others;

void fault_arm_only(const char *call, unsigned int k, int error)
{
	fired = NULL;
	only = call;
	with = error;
	countdown = k;
}

void fault_arm_others(const char *call, unsigned int k, int error)
{
	is_armer = true;
	others.fired = NULL;
	others.only = call;
	others.with = error;
	__atomic_store_n(&others.countdown, k, __ATOMIC_RELEASE);
}

const char *fault_disarm_others(void)
{
	__atomic_store_n(&others.countdown, 0, __ATOMIC_RELEASE);
	return __atomic_load_n(&others.fired, __ATOMIC_ACQUIRE);
}

void fault_arm(unsigned int k, int error)
{
	fault_arm_only(NULL, k, error);
}

void fault_arm_close(unsigned int k, int fd)
{
	to_close = fd;
	fault_arm_only(NULL, k, 0);
}

const char *fault_disarm(void)
{
	countdown = 0;
	to_close = -1;
	return fired;
}

/* Memory is no system call: it is counted for who asks for it by its name. */
static bool is_asked(const char *asked, const char *call)
{
	return asked ? strcmp(asked, call) == 0 : call != memory;
}

static bool hit_others(const char *call)
{
	unsigned int left = __atomic_load_n(&others.countdown, __ATOMIC_ACQUIRE);

	if (left == 0 || is_armer || !is_asked(others.only, call))
		return false;
	while (left && !__atomic_compare_exchange_n(&others.countdown, &left, left - 1, false,
						    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
	if (left != 1)
		return false;
	__atomic_store_n(&others.fired, call, __ATOMIC_RELEASE);
	errno = others.with;
	return true;
}

static bool hit(const char *call)
{
	if (countdown == 0 || !is_asked(only, call) || --countdown)
		return hit_others(call);
	fired = call;
	if (to_close >= 0) {
		syscall(SYS_close, to_close);
		to_close = -1;
		return false;
	}
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

/* pthread_create() returns its error. */
static int with_now(void)
{
	return errno;
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
FORWARD(int, timerfd_settime,
	(int fd, int flags, const struct itimerspec *when, struct itimerspec *old),
	(fd, flags, when, old), -1)
FORWARD(int, epoll_wait, (int fd, struct epoll_event *e, int n, int timeout), (fd, e, n, timeout),
	-1)
FORWARD(int, eventfd, (unsigned int value, int flags), (value, flags), -1)
FORWARD(int, poll, (struct pollfd * fds, nfds_t n, int timeout), (fds, n, timeout), -1)
FORWARD(int, ppoll,
	(struct pollfd * fds, nfds_t n, const struct timespec *timeout, const sigset_t *signals),
	(fds, n, timeout, signals), -1)
FORWARD(ssize_t, recvfrom,
	(int fd, void *b, size_t n, int flags, struct sockaddr *a, socklen_t *an),
	(fd, b, n, flags, a, an), -1)
FORWARD(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags), -1)
FORWARD(ssize_t, recv, (int fd, void *b, size_t n, int flags), (fd, b, n, flags), -1)
FORWARD(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags), -1)
FORWARD(ssize_t, send, (int fd, const void *b, size_t n, int flags), (fd, b, n, flags), -1)
FORWARD(int, accept4, (int fd, struct sockaddr *a, socklen_t *n, int flags), (fd, a, n, flags), -1)
FORWARD(int, listen, (int fd, int n), (fd, n), -1)
FORWARD(int, connect, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), -1)
FORWARD(int, flock, (int fd, int operation), (fd, operation), -1)
FORWARD(int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
FORWARD(int, setns, (int fd, int type), (fd, type), -1)
FORWARD(ssize_t, pread, (int fd, void *b, size_t n, off_t at), (fd, b, n, at), -1)
FORWARD(int, uname, (struct utsname * name), (name), -1)
FORWARD(int, memfd_create, (const char *name, unsigned int flags), (name, flags), -1)
FORWARD(int, ftruncate, (int fd, off_t n), (fd, n), -1)
FORWARD(int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
FORWARD(int, linkat, (int at, const char *from, int to_at, const char *to, int flags),
	(at, from, to_at, to, flags), -1)
FORWARD(int, rename, (const char *from, const char *to), (from, to), -1)
FORWARD(int, pthread_create,
	(pthread_t * thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg),
	(thread, attr, start, arg), with_now())

/* What the C library itself opens and reads for its own ends goes past these. */
FORWARD(ssize_t, read, (int fd, void *b, size_t n), (fd, b, n), -1)
FORWARD(ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n), -1)
FORWARD(DIR *, opendir, (const char *path), (path), NULL)
FORWARD(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL)

/* AddressSanitizer ends the process when what its own thread asks for fails: with it, only this program's requests
 * count. */
extern void __asan_init(void) __attribute__((weak));
extern const char __executable_start, etext;

static bool may_fail(const void *caller)
{
	return !__asan_init ||
	       (caller >= (const void *)&__executable_start && caller < (const void *)&etext);
}

#define hit(name) (may_fail(__builtin_return_address(0)) && hit(memory))
FORWARD(void *, malloc, (size_t n), (n), NULL)
FORWARD(void *, calloc, (size_t n, size_t size), (n, size), NULL)
FORWARD(void *, realloc, (void *a, size_t n), (a, n), NULL)
FORWARD(void *, aligned_alloc, (size_t alignment, size_t n), (alignment, n), NULL)
FORWARD(char *, strdup, (const char *text), (text), NULL)
#undef hit

int bpf_call(long command)
{
	(void)command;
	return hit("bpf") ? errno : 0;
}

int open(const char *path, int flags, ...);
int open(const char *path, int flags, ...)
{
	static int (*real)(const char *, int, ...);
	va_list args;
	unsigned int mode;

	if (!real)
		*(void **)&real = next("open");
	va_start(args, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, unsigned int) : 0;
	va_end(args);
	return hit("open") ? -1 : real(path, flags, mode);
}

int fcntl(int fd, int command, ...);
int fcntl(int fd, int command, ...)
{
	static int (*real)(int, int, ...);
	va_list args;
	void *argument;

	if (!real)
		*(void **)&real = next("fcntl");
	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	return hit("fcntl") ? -1 : real(fd, command, argument);
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
