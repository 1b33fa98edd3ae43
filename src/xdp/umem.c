// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "host/xdp_uapi.h"
#include "xdp/socket.h"
#include "xdp/umem.h"

static int register_once(const struct memory *m, int fd, const struct net_xdp_config *config,
			 uint32_t headroom_bytes, struct net_error *err)
{
	/* All of it zero first: newer kernels read tx_metadata_len in what was padding (6.8). */
	struct xdp_umem_reg reg;
	int rc;

	memset(&reg, 0, sizeof(reg));
	reg.addr = (uintptr_t)m->base;
	reg.len = m->bytes;
	reg.chunk_size = config->chunk_bytes;
	reg.headroom = headroom_bytes;
	reg.flags = config->unaligned ? XDP_UMEM_UNALIGNED_CHUNK_FLAG : 0;
	rc = xsk_set_option(fd, XDP_UMEM_REG, &reg, sizeof(reg));
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
				: error_hint(rc, CALL_OPTION).text);
}

int umem_register(struct memory *m, int fd, const struct net_xdp_config *config,
		  uint32_t headroom_bytes, struct net_error *err)
{
	int rc = m->sealed ? memory_seal(m, false) : 0;

	if (rc)
		return error_set(err, rc, "memory", "unsealing before registration: %s%s",
				 strerror(-rc), error_hint(rc, CALL_OTHER).text);
	rc = register_once(m, fd, config, headroom_bytes, err);
	if (rc || !config->sealed)
		return rc;
	rc = memory_seal(m, true);
	return rc ? error_set(err, rc, "memory", "sealing the regions: %s%s", strerror(-rc),
			      error_hint(rc, CALL_OTHER).text)
		  : 0;
}
