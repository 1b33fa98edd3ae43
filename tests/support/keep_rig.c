// SPDX-License-Identifier: BSD-2-Clause
/* Linked by the tests that count registrations only: it stands in for the C library's setsockopt(). */
#include <linux/if_xdp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/xdp_uapi.h"
#include "support/keep_rig.h"

static uint32_t registered;

int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	registered += level == SOL_XDP && option == XDP_UMEM_REG;
	return (int)syscall(SYS_setsockopt, fd, level, option, value, len);
}

uint32_t keep_registrations(void)
{
	uint32_t n = registered;

	registered = 0;
	return n;
}

void keep_prepare(struct rig *r, uint32_t queues)
{
	rig_prepare(r, queues);
	r->x.config.keep_umem = true;
}

void keep_open(struct rig *r, uint32_t queues)
{
	keep_prepare(r, queues);
	frontend_xdp_open(&r->x);
}
