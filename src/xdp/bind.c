// SPDX-License-Identifier: BSD-2-Clause
/* Taking a hardware queue, down the ladder of modes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/deadline.h"
#include "base/error.h"
#include "host/netdev.h"
#include "host/rules.h"
#include "xdp/config.h"
#include "xdp/endpoint.h"
#include "xdp/socket.h"

/* ---- Bind ------------------------------------------------------------------------------------- */

int socket_bind_once(int fd, uint32_t ifindex, uint32_t queue, uint16_t flags, int umem_fd)
{
	struct sockaddr_xdp address = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = flags,
		.sxdp_ifindex = ifindex,
		.sxdp_queue_id = queue,
		.sxdp_shared_umem_fd = umem_fd >= 0 ? (uint32_t)umem_fd : 0,
	};

	return bind(fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
}

/* A queue stays busy for a while after its last socket was closed (the kernel releases later). */
static int bind_patiently(const struct net_xdp_queue *q, const struct net_xdp_config *c,
			  uint32_t ifindex, uint16_t flags, int umem_fd)
{
	struct deadline until = deadline_in(c->release_timeout_ms);
	int rc;

	while ((rc = socket_bind_once(q->fd, ifindex, q->hardware_queue, flags, umem_fd)) ==
		       -EBUSY &&
	       !deadline_passed(&until)) {
		if (deadline_tell(&until) &&
		    !wait_tell(c->on_wait, c->on_wait_context, c->release_timeout_ms,
			       "another AF_XDP socket holds queue %u of %s", q->hardware_queue,
			       c->ifname))
			deadline_give_up(&until);
		sleep_ms(2);
	}
	return rc;
}

/* Does the kernel know multi-buffer (6.6)? Unknown flags are refused before the interface, which
 * does not exist, is looked for. Source: xsk_bind() in net/xdp/xsk.c. */
static bool knows_multi_buffer(int fd)
{
	return socket_bind_once(fd, INT32_MAX, 0, XDP_COPY | XDP_USE_SG, -1) == -ENODEV;
}

/* Why a bind failed, for a person. goes_on: mode auto tries copy next, and is no advice then. */
static const char *bind_hint(int rc, bool zero_copy, bool goes_on,
			     const struct net_xdp_device *device)
{
	switch (rc) {
	case -EBUSY:
		return "another AF_XDP socket holds the queue; stop its program or use another "
		       "queue";
	case -EOPNOTSUPP:
		if (zero_copy && device->has_features &&
		    !(device->xdp_features & NET_XDP_FEATURE_ZERO_COPY))
			return goes_on ? "the driver has no zero copy"
				       : "the driver has no zero copy; use mode auto or copy";
		return zero_copy && !goes_on
			       ? "the driver refuses this combination; use mode auto, or frames of "
				 "one chunk"
			       : "the driver refuses this combination; use frames of one chunk";
	case -EINVAL:
		if (!zero_copy)
			return "does the queue exist on this interface? See xsk-info";
		return goes_on ? "does the queue exist, and (virtio) is the platform flag set? See "
				 "xsk-info"
			       : "does the queue exist, and (virtio) is the platform flag set? See "
				 "xsk-info, or use mode auto";
	case -ENOENT:
		return goes_on ? "virtio: the device lacks ring reset or mergeable buffers"
			       : "virtio: the device lacks ring reset or mergeable buffers; use "
				 "mode copy";
	case -ENODEV:
		return "the interface is gone; look with: ip link";
	case -ENOMEM:
		return "too little kernel memory for this many chunks; register less memory or use "
		       "4096-byte chunks";
	case -EPERM:
	case -EACCES:
		return "bind() asks for no capability: a seccomp filter, an LSM or the container's "
		       "policy refuses it";
	default:
		return "see dmesg";
	}
}

static void record(struct net_xdp_queue *q, const char *asked, int rc, const char *sentence)
{
	struct net_xdp_rung *rung;

	if (q->rung_count == NET_XDP_RUNGS)
		return;
	rung = &q->rung[q->rung_count++];
	rung->asked = asked;
	rung->error = rc;
	snprintf(rung->sentence, sizeof(rung->sentence), "%s", sentence);
}

/* Since 2026 (6.18 stable, 7.0) a zero-copy bind wants a chunk to hold the MTU (see
 * rules_zero_copy_bytes()); before, it takes any and frames that do not fit are lost. Return: 0, or
 * -EINVAL and why says what would do. */
static int holds_mtu(const struct net_xdp_queue *q, const struct net_xdp_device *device, char *why,
		     size_t size)
{
	uint32_t mtu = device->mtu_bytes, frame = mtu + 18, has = q->direct_capacity / 128 * 128;
	uint32_t needs = rules_zero_copy_bytes(frame);
	char remedy[64];

	if (q->jumbo || needs <= has)
		return 0;
	if (needs <= q->chunk_bytes - XDP_FRAME_HEADROOM)
		snprintf(remedy, sizeof(remedy), "use max_frame_bytes %u", frame);
	else if (needs <= 4096 - XDP_FRAME_HEADROOM)
		snprintf(remedy, sizeof(remedy), "use chunk_bytes 4096 and max_frame_bytes %u",
			 frame);
	else
		snprintf(remedy, sizeof(remedy), "lower the MTU to %u with chunk_bytes 4096",
			 (4096 - XDP_FRAME_HEADROOM) / 128 * 128 - 26);
	snprintf(why, size, "the MTU of %u needs %u bytes of a chunk, it has %u; %s", mtu, needs,
		 has, remedy);
	return -EINVAL;
}

/* A driver with coarse buffer units cuts the frames that its NIC's idea of a chunk does not hold, and
 * where that idea is less than one unit the NIC is not told at all and writes 2048 bytes (SRRCTL of the
 * 82576 and I210). Return: 0 when frames of the MTU stay whole, -EMSGSIZE when they are cut, -EINVAL
 * when the NIC would write behind the chunk; then it is said, with what would help. */
static int whole_frames(const struct net_xdp_queue *q, const struct net_xdp_device *device,
			bool goes_on, char *why, size_t size)
{
	uint32_t unit = q->driver_unit_bytes, frame = device->mtu_bytes + 18;
	uint32_t piece, enough, most, wanted;
	char remedy[56];

	if (!unit)
		return 0;
	piece = queue_piece_bytes(q);
	if (piece > frame)
		return 0;
	enough = (frame / unit + 1) * unit; /* a whole frame of just the piece looks like one */
	most = (4096 - XDP_FRAME_HEADROOM) / unit * unit;
	wanted = enough - 8 > frame ? enough - 8 : frame; /* see rules_zero_copy_bytes() */
	if (enough <= q->chunk_bytes - XDP_FRAME_HEADROOM)
		snprintf(remedy, sizeof(remedy), "use max_frame_bytes %u", wanted);
	else if (enough <= most)
		snprintf(remedy, sizeof(remedy), "use chunk_bytes 4096 and max_frame_bytes %u",
			 wanted);
	else
		snprintf(remedy, sizeof(remedy), "%slower the MTU to %u",
			 goes_on ? "" : "use mode copy, or ", most - 1 - 18);
	if (piece)
		snprintf(why, size, "%s cuts frames of MTU %u into pieces of %u bytes; %s",
			 device->driver, device->mtu_bytes, piece, remedy);
	else
		snprintf(why, size,
			 "%s has no buffers under %u bytes: its NIC would write past %u; %s",
			 device->driver, unit, q->direct_capacity, remedy);
	return piece ? -EMSGSIZE : -EINVAL;
}

/* Whoever went to huge pages wants to know when they do not help. */
static void tell_pages(const struct memory *m, char *why, size_t size)
{
	for (uint32_t i = 0; i < m->region_count; i++)
		if (m->dma_per_page && m->region[i].page_bytes > 4096)
			snprintf(
				why, size,
				"an IOMMU may map page by page: what crosses 4096 bytes is bounced "
				"on huge pages too; use iommu.passthrough=1");
}

/* One rung: try, and write down what came of it. But: what is to be said even if it works, or "". */
static int try_bind(struct net_xdp_queue *q, const struct net_xdp_config *c,
		    const struct net_xdp_device *device, bool zero_copy, const char *but,
		    struct net_error *err)
{
	uint16_t flags = XDP_USE_NEED_WAKEUP | (zero_copy ? XDP_ZEROCOPY : XDP_COPY) |
			 (q->jumbo ? XDP_USE_SG : 0);
	const char *asked = zero_copy ? "zero-copy bind" : "copy bind";
	bool goes_on = zero_copy && c->mode == NET_XDP_MODE_AUTO;
	int rc = bind_patiently(q, c, device->ifindex, flags, -1);
	char sentence[200];

	if (!rc)
		snprintf(sentence, sizeof(sentence), "queue %u bound%s%s", q->hardware_queue,
			 *but ? ", but " : "", but);
	else
		snprintf(sentence, sizeof(sentence), "queue %u: %s: %s", q->hardware_queue,
			 strerror(-rc), bind_hint(rc, zero_copy, goes_on, device));
	record(q, asked, rc, sentence);
	if (rc)
		error_set(err, rc, "bind", "%s %s %s", device->ifname, asked, sentence);
	return rc;
}

/* The first rung. Cut frames are dropped, so auto would rather copy; who asks for zero copy gets it. */
static int bind_zero_copy(struct net_xdp_queue *q, const struct net_xdp_config *c,
			  const struct net_xdp_device *device, bool native, struct net_error *err)
{
	bool goes_on = c->mode == NET_XDP_MODE_AUTO;
	char why[168] = "", sentence[200];
	int rc = native ? whole_frames(q, device, goes_on, why, sizeof(why)) : -EOPNOTSUPP;

	if (!rc && q->zero_copy)
		rc = holds_mtu(q, device, why, sizeof(why));
	if (!rc)
		tell_pages(q->memory, why, sizeof(why));
	if (!native)
		snprintf(why, sizeof(why),
			 "the program is attached generic, zero copy needs native%s",
			 goes_on ? "" : "; use mode auto or attach native");
	else if (!rc || (rc == -EMSGSIZE && c->mode == NET_XDP_MODE_ZERO_COPY))
		return try_bind(q, c, device, true, why, err);
	snprintf(sentence, sizeof(sentence), "queue %u not tried: %s", q->hardware_queue, why);
	record(q, "zero-copy bind", rc, sentence);
	return error_set(err, rc, "bind", "%s zero-copy bind %s", device->ifname, sentence);
}

static int bind_ladder(struct net_xdp_queue *q, const struct net_xdp_config *c,
		       const struct net_xdp_device *device, bool native, struct net_error *err)
{
	int rc;

	if (c->mode == NET_XDP_MODE_COPY)
		return try_bind(q, c, device, false, "", err);
	rc = bind_zero_copy(q, c, device, native, err);
	if (rc && c->mode == NET_XDP_MODE_AUTO && rc != -EBUSY && rc != -ENODEV)
		rc = try_bind(q, c, device, false, "", err);
	return rc;
}

static int bind_shared(struct net_xdp_queue *q, const struct net_xdp_config *c,
		       const struct net_xdp_device *device, int umem_fd, struct net_error *err)
{
	/* The kernel takes mode and wake-up flags from the first socket and refuses others here. */
	int rc = bind_patiently(q, c, device->ifindex, XDP_SHARED_UMEM, umem_fd);
	char sentence[200];

	snprintf(sentence, sizeof(sentence), "queue %u, as the first queue: %s%s%s",
		 q->hardware_queue, rc ? strerror(-rc) : "bound", rc ? ": " : "",
		 rc ? bind_hint(rc, false, false, device) : "");
	record(q, "shared bind", rc, sentence);
	return rc ? error_set(err, rc, "bind", "%s %s", device->ifname, sentence) : 0;
}

int socket_bind(struct net_xdp_queue *q, const struct net_xdp_config *config,
		const struct net_xdp_device *device, bool native, int umem_fd,
		struct net_error *err)
{
	struct xdp_options options = {0};
	socklen_t len = sizeof(options);
	bool multi_buffer = knows_multi_buffer(q->fd);
	int rc;

	if (q->jumbo && !multi_buffer)
		return error_set(err, -EOPNOTSUPP, "bind",
				 "max_frame_bytes %u: frames over one chunk need Linux 6.6; use at "
				 "most %u",
				 config->max_frame_bytes, config->chunk_bytes - XDP_FRAME_HEADROOM);
	rc = umem_fd >= 0 ? bind_shared(q, config, device, umem_fd, err)
			  : bind_ladder(q, config, device, native, err);
	if (rc)
		return rc;
	q->bound = true;
	if (getsockopt(q->fd, SOL_XDP, XDP_OPTIONS, &options, &len))
		return error_set(err, -errno, "bind", "%s queue %u: reading XDP_OPTIONS back: %s",
				 device->ifname, q->hardware_queue, strerror(errno));
	queue_set_zero_copy(q, options.flags & XDP_OPTIONS_ZEROCOPY);
	q->tx_max_descriptors = 1;
	if (multi_buffer && !q->zero_copy)
		q->tx_max_descriptors = XDP_COPY_TX_DESCRIPTORS;
	else if (q->jumbo && device->zc_max_segments > 1)
		q->tx_max_descriptors = device->zc_max_segments < XDP_COPY_TX_DESCRIPTORS
						? device->zc_max_segments
						: XDP_COPY_TX_DESCRIPTORS;
	/* A packet that an empty ring cannot hold would wait for ever: it is joined instead. */
	if (q->tx_max_descriptors > config->tx_ring_frames)
		q->tx_max_descriptors = config->tx_ring_frames;
	q->kernel_tells_sockets = netdev_queue_has_socket(&q->endpoint->host, device->ifindex,
							  q->hardware_queue) == 1;
	return 0;
}
