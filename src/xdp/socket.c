// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "host/xdp_uapi.h"
#include "xdp/socket.h"

enum { RING_FILL, RING_COMPLETION, RING_RX, RING_TX };

int xsk_set_option(int fd, int option, const void *value, socklen_t len)
{
	return setsockopt(fd, SOL_XDP, option, value, len) ? -errno : 0;
}

/* ---- Rings ------------------------------------------------------------------------------------ */

static int map_ring(struct xsk *x, unsigned which, struct ring *r, uint32_t entries,
		    size_t entry_bytes, const struct xdp_ring_offset *offset, off_t page)
{
	size_t bytes = offset->desc + entries * entry_bytes;
	uint8_t *map =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, x->fd, page);
	bool producer = which == RING_FILL || which == RING_TX;

	if (map == MAP_FAILED)
		return -errno;
	x->map[which].memory = map;
	x->map[which].bytes = bytes;
	*r = (struct ring){
		.mask = entries - 1,
		.entries = entries,
		.entry = map + offset->desc,
		.own = (uint32_t *)(map + (producer ? offset->producer : offset->consumer)),
		.other = (uint32_t *)(map + (producer ? offset->consumer : offset->producer)),
		.flags = (uint32_t *)(map + offset->flags),
	};
	return 0;
}

static int open_rings(struct xsk *x, const struct net_xdp_config *c)
{
	const struct {
		int option;
		uint32_t entries;
		struct ring *ring;
		size_t entry_bytes;
		off_t page;
	} rings[4] = {
		[RING_FILL] = {XDP_UMEM_FILL_RING, c->fill_ring_frames, &x->fill, sizeof(uint64_t),
			       (off_t)XDP_UMEM_PGOFF_FILL_RING},
		[RING_COMPLETION] = {XDP_UMEM_COMPLETION_RING, c->completion_ring_frames,
				     &x->completion, sizeof(uint64_t),
				     (off_t)XDP_UMEM_PGOFF_COMPLETION_RING},
		[RING_RX] = {XDP_RX_RING, c->rx_ring_frames, &x->rx, sizeof(struct xdp_desc),
			     XDP_PGOFF_RX_RING},
		[RING_TX] = {XDP_TX_RING, c->tx_ring_frames, &x->tx, sizeof(struct xdp_desc),
			     XDP_PGOFF_TX_RING},
	};
	struct xdp_mmap_offsets offsets;
	const struct xdp_ring_offset *offset[4] = {&offsets.fr, &offsets.cr, &offsets.rx,
						   &offsets.tx};
	socklen_t len = sizeof(offsets);
	int rc;

	for (unsigned i = 0; i < 4; i++) {
		rc = xsk_set_option(x->fd, rings[i].option, &rings[i].entries, sizeof(uint32_t));
		if (rc)
			return rc;
	}
	if (getsockopt(x->fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &len))
		return -errno;
	for (unsigned i = 0; i < 4; i++) {
		rc = map_ring(x, i, rings[i].ring, rings[i].entries, rings[i].entry_bytes,
			      offset[i], rings[i].page);
		if (rc)
			return rc;
	}
	return 0;
}

/* Copy mode sends at most this many frames per system call, and charges them to the socket. Both
 * default to far less than a ring. Neither is needed, so failing is no error. */
static void set_tx_budget(struct xsk *x, uint32_t tx_ring_frames)
{
	int budget = (int)tx_ring_frames, charge = (int)(tx_ring_frames * 4096);

	x->tx_budget_frames = 32;
	if (tx_ring_frames >= 32 &&
	    xsk_set_option(x->fd, XDP_MAX_TX_SKB_BUDGET, &budget, sizeof(budget)) == 0)
		x->tx_budget_frames = tx_ring_frames;
	if (setsockopt(x->fd, SOL_SOCKET, SO_SNDBUFFORCE, &charge, sizeof(charge)))
		setsockopt(x->fd, SOL_SOCKET, SO_SNDBUF, &charge, sizeof(charge));
}

static int set_busy_poll(struct xsk *x, const struct net_xdp_config *c, struct net_error *err)
{
	const int values[] = {1, (int)c->busy_poll_us, (int)c->busy_poll_budget};
	const int options[] = {SO_PREFER_BUSY_POLL, SO_BUSY_POLL, SO_BUSY_POLL_BUDGET};

	for (unsigned i = 0; i < 3; i++)
		if (setsockopt(x->fd, SOL_SOCKET, options[i], &values[i], sizeof(values[i])))
			return error_set(err, -errno, "busy poll",
					 "busy_poll_us %u, busy_poll_budget %u: %s%s; or use "
					 "busy_poll_us 0",
					 c->busy_poll_us, c->busy_poll_budget, strerror(errno),
					 error_hint(-errno, CALL_BUSY_POLL).text);
	x->busy_poll = true;
	return 0;
}

int xsk_prefer_wakeup(struct xsk *x)
{
	static const int off = 0;

	return setsockopt(x->fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, &off, sizeof(off)) ? -errno : 0;
}

int xsk_socket(struct net_error *err)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	return fd >= 0 ? fd
		       : error_set(err, -errno, "socket", "AF_XDP socket: %s%s", strerror(errno),
				   error_hint(-errno, CALL_SOCKET).text);
}

int xsk_open(struct xsk *x, const struct net_xdp_config *c, struct net_error *err)
{
	int rc = open_rings(x, c);

	if (rc)
		return error_set(err, rc, "rings", "fill %u, completion %u, RX %u, TX %u: %s%s",
				 c->fill_ring_frames, c->completion_ring_frames, c->rx_ring_frames,
				 c->tx_ring_frames, strerror(-rc),
				 error_hint(rc, CALL_OPTION).text);
	set_tx_budget(x, c->tx_ring_frames);
	return c->busy_poll_us ? set_busy_poll(x, c, err) : 0;
}

void xsk_close(struct xsk *x)
{
	/* A mapped ring keeps the socket alive behind a closed fd, and the queue bound. */
	for (unsigned i = 0; i < 4; i++) {
		if (x->map[i].memory)
			munmap(x->map[i].memory, x->map[i].bytes);
		x->map[i].memory = NULL;
	}
	if (x->fd >= 0)
		close(x->fd);
	x->fd = -1;
}

/* ---- Kicks ------------------------------------------------------------------------------------ */

/* Everything the kernel may answer to a wake-up (net/xdp/xsk.c, __xsk_sendmsg and what it calls). */
static enum kick_result kick_result(int error, bool copy_tx)
{
	switch (error) {
	case EBUSY: /* copy mode: dev_direct_xmit said NET_XMIT_DROP */
		return copy_tx ? KICK_LOST : KICK_AGAIN;
	case ENETDOWN:
		return KICK_DOWN;
	case ENXIO: /* not bound any more: device removed or moved */
		return KICK_GONE;
	default: /* EAGAIN, ENOBUFS, ENOMEM, EINTR, and what a driver in reset may say */
		return KICK_AGAIN;
	}
}

bool xsk_is_gone(const struct xsk *x)
{
	socklen_t len = sizeof(int);
	int error = 0;

	/* ENETDOWN, of xsk_notifier(): there is no other that the kernel keeps for later. */
	return getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error != 0;
}

enum kick_result xsk_kick_tx(const struct xsk *x)
{
	if (sendto(x->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0)
		return KICK_OK;
	return kick_result(errno, !x->zero_copy);
}

enum kick_result xsk_kick_rx(const struct xsk *x)
{
	if (recvfrom(x->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL) >= 0)
		return KICK_OK;
	return kick_result(errno, false);
}
