// SPDX-License-Identifier: BSD-2-Clause
/* Native or generic, zero copy or copy: one rule per cause, each with its sentence. */
#include <errno.h>
#include <string.h>

#include "host/driver.h"
#include "host/known.h"
#include "host/predict.h"
#include "host/rules.h"
#include "host/virtio.h"

#define SAY PREDICT_SAY

static struct net_xdp_finding *unsure(struct predict *p, enum net_xdp_reason reason)
{
	return predict_finding(p, NET_XDP_FINDING_UNSURE, reason, 0);
}

/* ---- Native or generic ------------------------------------------------------------------------ */

/* Attach auto goes on to generic, where the refusal is one of these: EOPNOTSUPP, ERANGE, ENOSPC. */
static struct net_xdp_finding *no_native(struct predict *p, enum net_xdp_reason reason, int error)
{
	bool only = p->c->attach == NET_XDP_ATTACH_NATIVE || p->c->rx_vlan;

	p->out->native = false;
	return predict_finding(p, only ? NET_XDP_FINDING_BLOCKS : NET_XDP_FINDING_LOWERS, reason,
			       error);
}

/* Is ours a program that knows frames in several buffers? The dispatcher is none. */
static bool knows_fragments(const struct net_xdp_config *c)
{
	return rules_is_jumbo(c) && c->program != NET_XDP_PROGRAM_DISPATCHER;
}

/* veth_xdp_set(): what the peer may send has to fit. The driver withdraws its features while it has
 * too few queues. Both refusals lead on to generic. */
static void veth_attach(struct predict *p)
{
	const struct net_xdp_device *d = p->d;
	struct net_xdp_finding *f;

	if (d->has_features && !(d->xdp_features & NET_XDP_FEATURE_BASIC)) {
		f = no_native(p, NET_XDP_REASON_NATIVE, -ENOSPC);
		SAY(f->sentence,
		    "veth would refuse a native program (ENOSPC), because IF has fewer receive "
		    "queues (%u) than the other end has transmit queues",
		    d->rx_queues);
		SAY(f->remedy, "give it more: ethtool -L IF rx N");
	}
	if (knows_fragments(p->c))
		return;
	if (d->peer_mtu_bytes > RULES_SINGLE_BUFFER_MTU) {
		f = no_native(p, NET_XDP_REASON_PEER, -ERANGE);
		SAY(f->sentence,
		    "The peer PEER has an MTU of %u, and over %u veth takes only programs that know "
		    "frames in several buffers (ERANGE)",
		    d->peer_mtu_bytes, RULES_SINGLE_BUFFER_MTU);
		SAY(f->remedy,
		    "use max_frame_bytes %u, which makes ours such a program unless it uses program "
		    "dispatcher, or lower the MTU",
		    d->peer_mtu_bytes + RULES_ETHERNET_BYTES);
	} else if (!d->peer_mtu_bytes && p->out->native) {
		/* Both ends mostly have the same one. */
		p->out->native = d->mtu_bytes <= RULES_SINGLE_BUFFER_MTU;
		f = unsure(p, NET_XDP_REASON_PEER);
		SAY(f->sentence,
		    "The other end of this veth cannot be seen from here (it is in another network "
		    "namespace), and its MTU decides: over %u veth refuses our native program "
		    "(ERANGE)%s.%s",
		    RULES_SINGLE_BUFFER_MTU,
		    p->out->native ? "" : "; this end's MTU makes that likely",
		    d->has_features
			    ? ""
			    : " With more transmit queues than our receive queues it refuses it "
			      "as well (ENOSPC).");
		f->sentence[strlen(f->sentence) - 1] = 0;
		SAY(f->remedy, "use a max_frame_bytes of that MTU + %u", RULES_ETHERNET_BYTES);
	}
}

static void driver_attach(struct predict *p)
{
	const struct net_xdp_device *d = p->d;
	struct net_xdp_finding *f;

	if (!(d->xdp_features & NET_XDP_FEATURE_BASIC) ||
	    !(d->xdp_features & NET_XDP_FEATURE_REDIRECT)) {
		f = no_native(p, NET_XDP_REASON_NATIVE, -EOPNOTSUPP);
		SAY(f->sentence,
		    "The driver%s%s %s native XDP; in generic mode a program runs after the kernel "
		    "has built its own buffer for each frame",
		    d->driver[0] ? " " : "", d->driver,
		    d->xdp_features & NET_XDP_FEATURE_BASIC ? "cannot redirect from" : "has no");
	} else if (driver_is(d, "virtio_net") && d->has_virtio &&
		   !(d->virtio_features & VIRTIO_CTRL_GUEST_OFFLOADS) &&
		   d->virtio_features & VIRTIO_GUEST_OFFLOADS) {
		f = no_native(p, NET_XDP_REASON_VIRTIO, -EOPNOTSUPP);
		SAY(f->sentence,
		    "virtio_net would refuse a native program (EOPNOTSUPP), because its "
		    "host merges or leaves checksums to us and cannot be told to stop");
		SAY(f->remedy, "QEMU: ctrl_guest_offloads=on, or guest_csum=off, guest_tso4=off, "
			       "guest_tso6=off, guest_ecn=off and guest_ufo=off");
	}
}

void predict_attach(struct predict *p)
{
	const struct net_xdp_device *d = p->d;
	struct net_xdp_finding *f;

	p->out->native = p->c->attach != NET_XDP_ATTACH_GENERIC;
	if (!p->out->native)
		return;
	if (!d->has_features) {
		f = unsure(p, NET_XDP_REASON_KERNEL);
		SAY(f->sentence,
		    "This kernel does not tell what the driver can (6.3 does): an attach "
		    "tries native, then generic");
	}
	if (driver_is(d, "veth"))
		veth_attach(p);
	else if (d->has_features)
		driver_attach(p);
	if (p->out->native && d->mtu_bytes > RULES_SINGLE_BUFFER_MTU && !driver_is(d, "veth") &&
	    !knows_fragments(p->c)) {
		f = unsure(p, NET_XDP_REASON_MTU);
		SAY(f->sentence, "Most drivers refuse a native program for frames in one buffer at "
				 "this MTU");
		SAY(f->remedy,
		    "use a larger max_frame_bytes, which gives a program for several buffers");
	}
}

/* ---- Zero copy or copy ------------------------------------------------------------------------ */

/* Mode auto goes on to copy. */
static struct net_xdp_finding *no_zero_copy(struct predict *p, enum net_xdp_reason reason,
					    int error)
{
	p->out->outcome = NET_XDP_OUTCOME_COPY;
	return predict_finding(p,
			       p->c->mode == NET_XDP_MODE_ZERO_COPY ? NET_XDP_FINDING_BLOCKS
								    : NET_XDP_FINDING_LOWERS,
			       reason, error);
}

static void driver_without(struct predict *p)
{
	const struct net_xdp_device *d = p->d;
	struct net_xdp_finding *f = no_zero_copy(p, NET_XDP_REASON_ZERO_COPY, -EOPNOTSUPP);
	uint32_t since = driver_of(d)->zero_copy_since, now = d->kernel_release;
	const char *driver = d->driver[0] ? d->driver : "IF";
	char names[160];

	if (now && since > now) {
		SAY(f->sentence,
		    "The driver (%s) has zero copy from kernel %u.%u on and this is %u.%u: AF_XDP "
		    "would run in copy mode",
		    driver, since >> 16, since & 0xffff, now >> 16, now & 0xffff);
	} else if (since) {
		SAY(f->sentence,
		    "The driver (%s) can have zero copy but does not offer it here (feature bit not "
		    "set): an older or restricted device, or a kernel without it; AF_XDP would run "
		    "in copy mode",
		    driver);
	} else {
		driver_zero_copy_names(names, sizeof(names));
		SAY(f->sentence,
		    "This kind of interface (%s) has no zero copy in any kernel that we know of: "
		    "AF_XDP would run in copy mode. Drivers that have it: %s",
		    driver, names);
	}
}

static void driver_offer(struct predict *p)
{
	const struct net_xdp_device *d = p->d;
	uint32_t since = driver_of(d)->zero_copy_since;
	struct net_xdp_finding *f;

	if (!d->has_features && since && since <= d->kernel_release) {
		f = predict_finding(p, NET_XDP_FINDING_NOTE, NET_XDP_REASON_ZERO_COPY, 0);
		SAY(f->sentence,
		    "The driver (%s) has zero copy from kernel %u.%u on: an attach tries it first",
		    d->driver, since >> 16, since & 0xffff);
	} else if (!d->has_features || !(d->xdp_features & NET_XDP_FEATURE_ZERO_COPY)) {
		driver_without(p);
	} else if (driver_is(d, "virtio_net") && !d->has_virtio) {
		f = unsure(p, NET_XDP_REASON_VIRTIO);
		SAY(f->sentence,
		    "virtio_net offers zero copy on every device, but bind succeeds only where the "
		    "host gave VIRTIO_F_ACCESS_PLATFORM and VIRTIO_F_RING_RESET, which sysfs does "
		    "not tell here; else it falls back to copy mode");
		SAY(f->remedy, "QEMU: -device virtio-net-pci,iommu_platform=on,disable-legacy=on");
	}
}

/* What bind says itself, before it asks the kernel. A driver that cuts frames is used all the same
 * when zero copy was forced. */
static void objection(struct predict *p)
{
	struct net_xdp_finding *f;
	struct objection o;

	rules_zero_copy(p->c, p->d, p->out->native, 4096, &o);
	if (!o.error)
		return;
	if (o.tried)
		f = predict_finding(p, NET_XDP_FINDING_NOTE, o.reason, 0);
	else
		f = no_zero_copy(p, o.reason, o.error);
	p->told_mtu = o.reason == NET_XDP_REASON_ROOM || o.reason == NET_XDP_REASON_CUT;
	f->source = o.source;
	SAY(f->sentence, "%s%s", o.why, o.tried ? ", which are dropped (rx_drop_split)" : "");
	if (strncmp(f->sentence, "the ", 4) == 0)
		f->sentence[0] = 'T';
	SAY(f->remedy, "%s", o.remedy);
}

/* A multi-buffer socket: xp_assign_dev() wants a driver that takes several descriptors. */
static void several_chunks(struct predict *p)
{
	struct net_xdp_finding *f;

	if (!rules_is_jumbo(p->c) || !p->d->has_features || p->d->zc_max_segments > 1)
		return;
	if (!p->d->zc_max_segments) {
		f = unsure(p, NET_XDP_REASON_SEGMENTS);
		SAY(f->sentence,
		    "The kernel does not tell how many descriptors per frame this driver "
		    "takes in zero copy, and frames over one chunk need several");
		return;
	}
	f = no_zero_copy(p, NET_XDP_REASON_SEGMENTS, -EOPNOTSUPP);
	f->source = "xp_assign_dev(), 6.6 to 7.3, and tools/zc-lab on virtio_net and igb";
	SAY(f->sentence,
	    "In zero copy this driver takes one descriptor per frame (zc-max-segs 1), and frames of "
	    "max_frame_bytes %u need several",
	    p->c->max_frame_bytes);
	SAY(f->remedy, "use a max_frame_bytes that fits one chunk");
}

static void least_room(struct predict *p)
{
	const struct driver *driver = driver_of(p->d);
	uint32_t room = rules_direct_capacity(p->c, true) / 128 * 128;
	struct net_xdp_finding *f;

	if (room >= driver->least_room_bytes)
		return;
	f = no_zero_copy(p, NET_XDP_REASON_DRIVER, -EOPNOTSUPP);
	f->source = driver->room_source;
	SAY(f->sentence,
	    "This driver refuses zero copy (EOPNOTSUPP) in chunks with room for less than %u bytes, "
	    "these have %u",
	    driver->least_room_bytes, room);
	SAY(f->remedy, "use max_frame_bytes %u or more", driver->least_room_bytes / 128 * 128 - 7);
}

void predict_zero_copy(struct predict *p)
{
	static predict_rule *const rules[] = {driver_offer, objection, several_chunks, least_room};
	size_t i;

	p->out->outcome = NET_XDP_OUTCOME_ZERO_COPY;
	if (p->c->mode == NET_XDP_MODE_COPY)
		p->out->outcome = NET_XDP_OUTCOME_COPY;
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (p->out->outcome == NET_XDP_OUTCOME_ZERO_COPY)
			rules[i](p);
}

/* A row that lowers the mode hides no other. */
void predict_known(struct predict *p)
{
	const uint32_t when = known_when(p->d) | (p->out->native ? WHEN_NATIVE : 0) |
			      (p->out->outcome == NET_XDP_OUTCOME_ZERO_COPY ? WHEN_ZERO_COPY : 0);
	struct net_xdp_finding *f;

	for (const struct known *row = known; row->sentence; row++) {
		if (!known_holds(row, p->d, when))
			continue;
		f = row->kind == NET_XDP_FINDING_LOWERS
			    ? no_zero_copy(p, row->reason, row->error)
			    : predict_finding(p, row->kind, row->reason, row->error);
		f->source = row->source;
		SAY(f->sentence, "%s", row->sentence);
		SAY(f->remedy, "%s", row->remedy ? row->remedy : "");
	}
}
