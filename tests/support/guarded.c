// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/guarded.h"

enum { NONE = -9999 };

/* Compare the number with each that is allowed. Return: a descriptor that tells of the others, -errno. */
static int install(const struct guarded *g)
{
	struct sock_filter filter[2 * GUARDED_CALLS + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = {.len = 1, .filter = filter};

	for (uint32_t i = 0; i < g->allowed_count; i++) {
		filter[program.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
								     (uint32_t)g->allowed[i], 0, 1);
		filter[program.len++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	filter[program.len++] =
		(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &program);
}

static void *run(void *context)
{
	struct guarded *g = context;
	const int listener = install(g);

	__atomic_store_n(&g->listener, listener < 0 ? -errno : listener, __ATOMIC_RELEASE);
	if (listener >= 0)
		g->work(g->context);
	__atomic_store_n(&g->done, true, __ATOMIC_RELEASE);
	return NULL;
}

void guarded_start(struct guarded *g, void (*work)(void *), void *context, const long *allowed,
		   uint32_t count)
{
	int listener;

	cr_assert_leq(count, GUARDED_CALLS);
	*g = (struct guarded){
		.work = work, .context = context, .allowed_count = count, .listener = NONE};
	memcpy(g->allowed, allowed, count * sizeof(*allowed));
	cr_assert(pthread_create(&g->thread, NULL, run, g) == 0);
	while ((listener = __atomic_load_n(&g->listener, __ATOMIC_ACQUIRE)) == NONE)
		sched_yield();
	cr_assert(listener >= 0, "seccomp: %s", strerror(-listener));
}

bool guarded_refused(const struct guarded *g, long call)
{
	for (uint32_t i = 0; i < g->refused_count; i++)
		if (g->refused[i] == call)
			return true;
	return false;
}

static void answer(struct guarded *g)
{
	struct seccomp_notif asked = {0};
	struct seccomp_notif_resp answer = {0};

	if (ioctl(g->listener, SECCOMP_IOCTL_NOTIF_RECV, &asked))
		return;
	answer.id = asked.id;
	if (__atomic_load_n(&g->done, __ATOMIC_ACQUIRE)) {
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	} else {
		answer.error = -ENOSYS;
		if (!guarded_refused(g, asked.data.nr) && g->refused_count < GUARDED_REFUSED)
			g->refused[g->refused_count++] = asked.data.nr;
	}
	ioctl(g->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

bool guarded_serve(struct guarded *g, int for_ms)
{
	struct pollfd p = {.fd = g->listener, .events = POLLIN};

	while (poll(&p, 1, for_ms) > 0) {
		if (!(p.revents & POLLIN))
			return false; /* nobody has the filter any more */
		answer(g);
		for_ms = 0;
	}
	return true;
}

void guarded_end(struct guarded *g)
{
	while (guarded_serve(g, 100))
		;
	cr_assert(pthread_join(g->thread, NULL) == 0);
	close(g->listener);
}
