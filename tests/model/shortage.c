// SPDX-License-Identifier: BSD-2-Clause
/* A set-up call with few descriptors or little locked memory, and what its failure may leave. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "model/model.h"
#include "support/netns.h"
#include "xdp/endpoint.h"

enum { PROGRAM_FDS = 6 };

static void use_lock_capability(bool use)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	cr_assert(syscall(SYS_capget, &header, data) == 0, "capget");
	data[0].effective &= ~(1u << CAP_IPC_LOCK);
	if (use)
		data[0].effective |= data[0].permitted & 1u << CAP_IPC_LOCK;
	cr_assert(syscall(SYS_capset, &header, data) == 0, "capset");
}

struct shortage shortage_begin(struct model *m)
{
	struct shortage s = {.objection = world_objection(m), .fds = netns_open_fds()};
	struct net_endpoint *inner = control_inner(m);

	if (inner && endpoint_of(inner)->attached.program.xsks_fd < 0)
		s.program_fds = PROGRAM_FDS;
	getrlimit(RLIMIT_NOFILE, &s.descriptors);
	getrlimit(RLIMIT_MEMLOCK, &s.locked);
	s.had_descriptors = m->few_descriptors >= 0;
	s.had_locked = m->few_locked >= 0;
	if (s.had_descriptors) {
		struct rlimit few = s.descriptors;

		few.rlim_cur = s.fds - 3 + (rlim_t)m->few_descriptors;
		setrlimit(RLIMIT_NOFILE, &few);
	}
	if (s.had_locked) {
		struct rlimit few = s.locked;

		few.rlim_cur = (rlim_t)m->few_locked << 16;
		use_lock_capability(false);
		setrlimit(RLIMIT_MEMLOCK, &few);
	}
	m->few_descriptors = m->few_locked = -1;
	return s;
}

/* A failure has a reason that we know, a sentence, and leaves nothing behind. */
void shortage_end(const struct shortage *s, int rc, const struct net_error *err, const char *what)
{
	unsigned int fds;

	if (s->had_descriptors)
		setrlimit(RLIMIT_NOFILE, &s->descriptors);
	if (s->had_locked) {
		setrlimit(RLIMIT_MEMLOCK, &s->locked);
		use_lock_capability(true);
	}
	if (!rc)
		return;
	cr_assert(s->objection, "%s: %d: %s: %s", what, rc, err->step, err->message);
	cr_assert(err->code == rc && err->message[0] && err->step[0], "%s: %d without a sentence",
		  what, rc);
	fds = netns_open_fds();
	/* Fewer: a program that was lost has been given up. */
	cr_assert(fds <= s->fds + s->program_fds, "%s (%s: %s): %u descriptors before, %u now",
		  what, s->objection, err->message, s->fds, fds);
}
