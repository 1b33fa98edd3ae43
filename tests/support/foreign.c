// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>

#include "support/foreign.h"
#include "support/netns.h"

static uint32_t mode_flag(int native)
{
	return native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
}

static uint32_t attach_named(const char *name, const char *ifname, int native)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, name, "GPL", pass, 2, NULL), rc;

	cr_assert(fd >= 0, "load a program: %s", strerror(errno));
	rc = bpf_xdp_attach((int)if_nametoindex(ifname), fd,
			    mode_flag(native) | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	cr_assert(rc == 0, "attach to %s: %s", ifname, strerror(-rc));
	close(fd);
	return netns_program_id(ifname);
}

uint32_t foreign_program(const char *ifname, int native)
{
	return attach_named("foreign_prog", ifname, native);
}

uint32_t foreign_program_without_name(const char *ifname, int native)
{
	return attach_named(NULL, ifname, native);
}

void foreign_program_detach(const char *ifname, int native)
{
	int rc = bpf_xdp_detach((int)if_nametoindex(ifname), mode_flag(native), NULL);

	cr_assert(rc == 0, "detach from %s: %s", ifname, strerror(-rc));
}

int foreign_socket(const char *ifname, uint32_t queue)
{
	static const int rings[] = {XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING};
	struct sockaddr_xdp address = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = XDP_COPY,
		.sxdp_ifindex = if_nametoindex(ifname),
		.sxdp_queue_id = queue,
	};
	struct xdp_umem_reg umem;
	uint32_t entries = 64;
	int fd, rc = 0;

	memset(&umem, 0, sizeof(umem));
	umem.len = 64 * 4096;
	umem.chunk_size = 4096;
	umem.addr = (uintptr_t)mmap(NULL, umem.len, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	cr_assert(fd >= 0 && (void *)umem.addr != MAP_FAILED);
	rc |= setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem));
	for (int i = 0; i < 3; i++)
		rc |= setsockopt(fd, SOL_XDP, rings[i], &entries, sizeof(entries));
	/* A socket closed just before may hold the queue for a moment. */
	for (int i = 0; !rc && bind(fd, (struct sockaddr *)&address, sizeof(address)); i++) {
		cr_assert(errno == EBUSY && i < 1000, "bind to %s queue %u: %s", ifname, queue,
			  strerror(errno));
		usleep(5000);
	}
	cr_assert(rc == 0, "%s", strerror(errno));
	munmap((void *)(uintptr_t)umem.addr, umem.len); /* the kernel has the pages */
	return fd;
}
