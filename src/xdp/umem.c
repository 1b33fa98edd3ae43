// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "host/xdp_uapi.h"
#include "xdp/socket.h"
#include "xdp/umem.h"

static int register_once(const struct xsk_umem_reg *without, int fd, bool wants_requests,
			 uint32_t *tx_request_bytes)
{
	struct xsk_umem_reg with = *without;

	with.flags |= XDP_UMEM_TX_METADATA_LEN;
	with.tx_metadata_len = XSK_TX_REQUEST_BYTES;
	*tx_request_bytes = 0;
	/* EINVAL: an unknown flag, or what is wrong without it too. */
	if (wants_requests && xsk_set_option(fd, XDP_UMEM_REG, &with, sizeof(with)) == 0) {
		*tx_request_bytes = XSK_TX_REQUEST_BYTES;
		return 0;
	}
	return xsk_set_option(fd, XDP_UMEM_REG, without, sizeof(*without));
}

static int register_arena(struct memory *m, int fd, const struct net_xdp_config *config,
			  uint32_t headroom_bytes, bool wants_requests, struct net_error *err)
{
	const struct xsk_umem_reg reg = {
		.addr = (uintptr_t)m->base,
		.len = m->bytes,
		.chunk_size = config->chunk_bytes,
		.headroom = headroom_bytes,
		.flags = config->unaligned ? XDP_UMEM_UNALIGNED_CHUNK_FLAG : 0,
	};
	int rc = register_once(&reg, fd, wants_requests, &m->tx_request_bytes);

	if (!rc)
		return 0;
	return error_set(
		err, rc, "umem", "registering %" PRIu64 " bytes in chunks of %u: %s%s", m->bytes,
		config->chunk_bytes, strerror(-rc),
		rc == -EFAULT ? "; memory must be writable and of memfd, tmpfs, hugetlb "
				"or anonymous pages"
		/* also for the above, when only the first page can be pinned */
		: rc == -ENOMEM ? "; part of the memory is unmapped, read-only or a file on disk "
				  "(use writable memfd, tmpfs, hugetlb or anonymous pages), or the "
				  "host is short of memory or huge pages"
		/* xdp_umem_reg() */
		: rc == -EINVAL && m->bytes / config->chunk_bytes > UINT32_MAX
			? "; the kernel takes less than 2^32 chunks: give it less memory"
			: error_hint(rc, CALL_OPTION).text);
}

int umem_register(struct memory *m, int fd, const struct net_xdp_config *config,
		  uint32_t headroom_bytes, bool wants_requests, struct net_error *err)
{
	int rc = m->sealed ? memory_seal(m, false) : 0;

	if (rc)
		return error_set(err, rc, "memory", "unsealing before registration: %s%s",
				 strerror(-rc), error_hint(rc, CALL_OTHER).text);
	rc = register_arena(m, fd, config, headroom_bytes, wants_requests, err);
	if (rc || !config->sealed)
		return rc;
	rc = memory_seal(m, true);
	return rc ? error_set(err, rc, "memory", "sealing the regions: %s%s", strerror(-rc),
			      error_hint(rc, CALL_OTHER).text)
		  : 0;
}

bool umem_takes_requests(void)
{
	void *page = mmap(NULL, MEMORY_PAGE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	const struct xsk_umem_reg reg = {
		.addr = (uintptr_t)page,
		.len = MEMORY_PAGE_BYTES,
		.chunk_size = MEMORY_PAGE_BYTES,
	};
	uint32_t bytes = 0;

	if (fd >= 0 && page != MAP_FAILED)
		register_once(&reg, fd, true, &bytes);
	if (fd >= 0)
		close(fd);
	if (page != MAP_FAILED)
		munmap(page, MEMORY_PAGE_BYTES);
	return bytes != 0;
}
