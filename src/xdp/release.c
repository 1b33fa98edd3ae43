// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "host/netdev.h"
#include "xdp/release.h"
#include "xdp/socket.h"

/* So long a queue is waited for until it is free, even after our socket has ended: whoever comes
 * next wants the queue, and the locked memory, which counts as used until then. Later another
 * program probably has the queue. */
#define OTHERS_AFTER_MS 1000

/* ---- Is the queue free? ----------------------------------------------------------------------- */

/* Bind a socket with a UMEM of one page. A queue that takes another socket has let go of the old
 * one. For kernels that do not say which queues have sockets. Return: as bind(). */
static int bind_probe(uint32_t ifindex, uint32_t queue)
{
	struct xdp_umem_reg reg;
	uint32_t one = 1;
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0), rc = fd < 0 ? -errno : -ENOMEM;

	memset(&reg, 0, sizeof(reg));
	reg.addr = (uintptr_t)page;
	reg.len = reg.chunk_size = 4096;
	if (fd < 0 || page == MAP_FAILED)
		goto out;
	rc = xsk_set_option(fd, XDP_UMEM_REG, &reg, sizeof(reg));
	if (!rc)
		rc = xsk_set_option(fd, XDP_UMEM_FILL_RING, &one, sizeof(one));
	if (!rc)
		rc = xsk_set_option(fd, XDP_UMEM_COMPLETION_RING, &one, sizeof(one));
	if (!rc)
		rc = xsk_set_option(fd, XDP_RX_RING, &one, sizeof(one));
	if (!rc)
		rc = xsk_bind_once(fd, ifindex, queue, XDP_COPY, -1);
out:
	if (fd >= 0)
		close(fd);
	if (page != MAP_FAILED)
		munmap(page, 4096);
	return rc;
}

/* Ask whether the queue is free. Return: 0 it is, or has gone with its device; -EBUSY a socket has
 * it; -errno it cannot be asked. */
static int ask_queue(const struct release *r)
{
	int rc = r->kernel_tells ? netdev_queue_has_socket(r->host, r->ifindex, r->hardware_queue)
				 : -EOPNOTSUPP;

	/* While the interface is down the kernel does not answer either. bind_probe() makes a socket
	 * in the caller's network namespace, so it must be the host's. */
	if ((rc == -EOPNOTSUPP || rc == -EINVAL) && host_is_here(r->host))
		rc = bind_probe(r->ifindex, r->hardware_queue);
	return rc == -ENODEV ? 0 : rc == 1 ? -EBUSY : rc;
}

/* ---- Is it our socket that holds it? ---------------------------------------------------------- */

int witness_open(struct witness *w, uint32_t queues, struct net_error *err)
{
	int rc = 0;

	w->probe_fd = xsk_socket(err);
	if (w->probe_fd < 0)
		return w->probe_fd;
	w->map_fd = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "net_xdp_ended", sizeof(uint32_t),
				   sizeof(uint32_t), queues, NULL);
	if (w->map_fd < 0) {
		rc = error_set(err, -errno, "program",
			       "creating the map that tells when a queue has ended: %s%s",
			       strerror(errno), error_hint(-errno, CALL_PROGRAM).text);
		witness_close(w);
	}
	return rc;
}

void witness_close(struct witness *w)
{
	if (w->map_fd >= 0)
		close(w->map_fd);
	if (w->probe_fd >= 0)
		close(w->probe_fd);
	*w = (struct witness){-1, -1};
}

bool witness_enter(const struct witness *w, uint32_t index, int socket_fd)
{
	return bpf_map_update_elem(w->map_fd, &index, &socket_fd, BPF_ANY) == 0;
}

/* Ask whether our socket still lives. An XSKMAP's entries cannot be read, but BPF_NOEXIST lets
 * another socket in only where there is none. Return: 1 it lives; 0 it has ended; -errno unknown. */
static int ask_witness(const struct release *r, const struct witness *w)
{
	if (!r->witnessed)
		return -ENOENT;
	if (bpf_map_update_elem(w->map_fd, &r->index, &w->probe_fd, BPF_NOEXIST))
		return errno == EEXIST ? 1 : -errno;
	bpf_map_delete_elem(w->map_fd, &r->index);
	return 0;
}

bool release_frames_done(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0;
}

static bool is_anothers(const struct release *r, const struct witness *w)
{
	return !r->lingers && ask_witness(r, w) == 0 && release_frames_done();
}

/* ---- Wait ------------------------------------------------------------------------------------- */

static void explain(const struct release *r, const struct witness *w, int rc, char *why,
		    size_t size)
{
	int lives = rc == -EBUSY ? ask_witness(r, w) : -1;

	if (rc != -EBUSY)
		snprintf(why, size, "the kernel cannot be asked whether it is free: %s",
			 strerror(-rc));
	else
		snprintf(why, size, "%s",
			 lives == 1
				 ? "a copy of its socket is open, in a forked child or where its "
				   "descriptor was passed: end that process"
			 : lives == 0
				 ? "its socket is closed, but its driver or frames that were sent "
				   "may still use the buffers, or another program has it now"
				 : "a socket has it, a copy of ours or another program's");
}

int release_wait(const struct release *r, const struct witness *w, const struct deadline *until,
		 char *why, size_t size)
{
	for (;;) {
		bool over = deadline_passed(until);
		bool late = clock_ms() >= r->ended_ms + OTHERS_AFTER_MS;
		int rc = ask_queue(r);

		if (!rc || ((late || over) && is_anothers(r, w)))
			return 0;
		if (over) {
			explain(r, w, rc, why, size);
			return -ETIMEDOUT;
		}
		sleep_ms(late ? 10 : 1);
	}
}
