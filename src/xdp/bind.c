// SPDX-License-Identifier: BSD-2-Clause
/* Taking a hardware queue, down the ladder of modes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/deadline.h"
#include "base/error.h"
#include "host/driver.h"
#include "host/rules.h"
#include "host/xdp_uapi.h"
#include "xdp/socket.h"

/* ---- Bind ------------------------------------------------------------------------------------- */

int xsk_bind_once(int fd, uint32_t ifindex, uint32_t queue, uint16_t flags, int umem_fd)
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
static int bind_patiently(const struct xsk *x, const struct xsk_setup *s, uint16_t flags)
{
	const struct net_xdp_config *c = s->config;
	struct deadline until = deadline_in(c->release_timeout_ms);
	int rc;

	while ((rc = xsk_bind_once(x->fd, s->device->ifindex, s->hardware_queue, flags,
				   s->umem_fd)) == -EBUSY &&
	       !deadline_passed(&until)) {
		if (deadline_tell(&until) &&
		    !wait_tell(c->on_wait, c->on_wait_context, c->release_timeout_ms,
			       "another AF_XDP socket holds queue %u of %s", s->hardware_queue,
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
	return xsk_bind_once(fd, INT32_MAX, 0, XDP_COPY | XDP_USE_SG, -1) == -ENODEV;
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

static void record(struct xsk *x, const char *asked, int rc, const char *sentence)
{
	struct net_xdp_rung *rung;

	if (x->rung_count == NET_XDP_RUNGS)
		return;
	rung = &x->rung[x->rung_count++];
	rung->asked = asked;
	rung->error = rc;
	snprintf(rung->sentence, sizeof(rung->sentence), "%s", sentence);
}

/* What a frame may take of a chunk. */
static uint32_t room(const struct xsk_setup *s)
{
	return s->config->chunk_bytes - XDP_FRAME_HEADROOM - s->headroom_bytes;
}

/* Since 2026 (6.18 stable, 7.0) a zero-copy bind wants a chunk to hold the MTU (see
 * rules_zero_copy_bytes()); before, it takes any and frames that do not fit are lost. Return: 0, or
 * -EINVAL and why says what would do. */
static int holds_mtu(const struct xsk_setup *s, char *why, size_t size)
{
	uint32_t mtu = s->device->mtu_bytes, frame = mtu + 18, has = room(s) / 128 * 128;
	uint32_t needs = rules_zero_copy_bytes(frame);
	char remedy[64];

	if (rules_is_jumbo(s->config) || needs <= has)
		return 0;
	if (needs <= s->config->chunk_bytes - XDP_FRAME_HEADROOM)
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
static int whole_frames(const struct xsk_setup *s, bool goes_on, char *why, size_t size)
{
	const struct net_xdp_device *device = s->device;
	uint32_t unit = driver_buffer_unit(device), frame = device->mtu_bytes + 18;
	uint32_t piece, enough, most, wanted;
	char remedy[56];

	if (!unit)
		return 0;
	piece = room(s) / unit * unit;
	if (piece > frame)
		return 0;
	enough = (frame / unit + 1) * unit; /* a whole frame of just the piece looks like one */
	most = (4096 - XDP_FRAME_HEADROOM) / unit * unit;
	wanted = enough - 8 > frame ? enough - 8 : frame; /* see rules_zero_copy_bytes() */
	if (enough <= s->config->chunk_bytes - XDP_FRAME_HEADROOM)
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
			 device->driver, unit, room(s), remedy);
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

/* Try one way to bind, and record what came of it. caveat: appended on success, may be empty. */
static int try_bind(struct xsk *x, const struct xsk_setup *s, bool zero_copy, const char *caveat,
		    struct net_error *err)
{
	uint16_t flags = XDP_USE_NEED_WAKEUP | (zero_copy ? XDP_ZEROCOPY : XDP_COPY) |
			 (rules_is_jumbo(s->config) ? XDP_USE_SG : 0);
	const char *asked = zero_copy ? "zero-copy bind" : "copy bind";
	bool goes_on = zero_copy && s->config->mode == NET_XDP_MODE_AUTO;
	int rc = bind_patiently(x, s, flags);
	char sentence[200];

	if (!rc)
		snprintf(sentence, sizeof(sentence), "queue %u bound%s%s", s->hardware_queue,
			 *caveat ? ", but " : "", caveat);
	else
		snprintf(sentence, sizeof(sentence), "queue %u: %s: %s", s->hardware_queue,
			 strerror(-rc), bind_hint(rc, zero_copy, goes_on, s->device));
	record(x, asked, rc, sentence);
	if (rc)
		error_set(err, rc, "bind", "%s %s %s", s->device->ifname, asked, sentence);
	return rc;
}

/* The first way. AUTO goes on to copy where zero copy would cut frames, which are dropped then;
 * ZERO_COPY is obeyed all the same. */
static int bind_zero_copy(struct xsk *x, const struct xsk_setup *s, struct net_error *err)
{
	bool goes_on = s->config->mode == NET_XDP_MODE_AUTO;
	char why[168] = "", sentence[200];
	int rc = s->native ? whole_frames(s, goes_on, why, sizeof(why)) : -EOPNOTSUPP;

	if (!rc && s->expect_zero_copy)
		rc = holds_mtu(s, why, sizeof(why));
	if (!rc)
		tell_pages(s->memory, why, sizeof(why));
	if (!s->native)
		snprintf(why, sizeof(why),
			 "the program is attached generic, zero copy needs native%s",
			 goes_on ? "" : "; use mode auto or attach native");
	else if (!rc || (rc == -EMSGSIZE && s->config->mode == NET_XDP_MODE_ZERO_COPY))
		return try_bind(x, s, true, why, err);
	snprintf(sentence, sizeof(sentence), "queue %u not tried: %s", s->hardware_queue, why);
	record(x, "zero-copy bind", rc, sentence);
	return error_set(err, rc, "bind", "%s zero-copy bind %s", s->device->ifname, sentence);
}

static int bind_ladder(struct xsk *x, const struct xsk_setup *s, struct net_error *err)
{
	int rc;

	if (s->config->mode == NET_XDP_MODE_COPY)
		return try_bind(x, s, false, "", err);
	rc = bind_zero_copy(x, s, err);
	if (rc && s->config->mode == NET_XDP_MODE_AUTO && rc != -EBUSY && rc != -ENODEV)
		rc = try_bind(x, s, false, "", err);
	return rc;
}

static int bind_shared(struct xsk *x, const struct xsk_setup *s, struct net_error *err)
{
	/* The kernel takes mode and wake-up flags from the first socket and refuses others here. */
	int rc = bind_patiently(x, s, XDP_SHARED_UMEM);
	char sentence[200];

	snprintf(sentence, sizeof(sentence), "queue %u, as the first queue: %s%s%s",
		 s->hardware_queue, rc ? strerror(-rc) : "bound", rc ? ": " : "",
		 rc ? bind_hint(rc, false, false, s->device) : "");
	record(x, "shared bind", rc, sentence);
	return rc ? error_set(err, rc, "bind", "%s %s", s->device->ifname, sentence) : 0;
}

int xsk_bind(struct xsk *x, const struct xsk_setup *setup, struct net_error *err)
{
	const struct net_xdp_config *c = setup->config;
	struct xdp_options options = {0};
	socklen_t len = sizeof(options);
	int rc;

	x->multi_buffer = knows_multi_buffer(x->fd);
	if (rules_is_jumbo(c) && !x->multi_buffer)
		return error_set(err, -EOPNOTSUPP, "bind",
				 "max_frame_bytes %u: frames over one chunk need Linux 6.6; use at "
				 "most %u",
				 c->max_frame_bytes, c->chunk_bytes - XDP_FRAME_HEADROOM);
	rc = setup->umem_fd >= 0 ? bind_shared(x, setup, err) : bind_ladder(x, setup, err);
	if (rc)
		return rc;
	x->bound = true;
	if (getsockopt(x->fd, SOL_XDP, XDP_OPTIONS, &options, &len))
		return error_set(err, -errno, "bind", "%s queue %u: reading XDP_OPTIONS back: %s",
				 setup->device->ifname, setup->hardware_queue, strerror(errno));
	x->zero_copy = options.flags & XDP_OPTIONS_ZEROCOPY;
	return 0;
}
