// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>

#include "host/driver.h"
#include "host/rules.h"
#include "host/tx_ways.h"
#include "host/xdp_uapi.h"

enum {
	CHECKSUMS = NET_TX_TCP_CHECKSUM | NET_TX_UDP_CHECKSUM | NET_TX_PARTIAL_CHECKSUM,
	SEGMENTATION = NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION,
};

/* In copy mode virtio_net gets the UMEM's pages as they are (IFF_TX_SKB_NO_LINEAR), by a function of the
 * kernel that read no request until late in 2025 (xsk_build_skb_zerocopy()). Nothing tells whether this one
 * does, and a request that is not read sends a wrong checksum. */
static bool reads_requests_in_copy_mode(const struct net_xdp_device *device)
{
	return !driver_is(device, "virtio_net");
}

static bool reads_requests(const struct net_xdp_device *device, bool zero_copy)
{
	if (!zero_copy)
		return reads_requests_in_copy_mode(device);
	return device->has_features && device->xsk_features & XSK_FEATURE_TX_CHECKSUM;
}

/* Without requests because of the configuration: why? */
static const char *configured_away(const struct net_xdp_config *c)
{
	if (c->tx_checksum != NET_XDP_TX_CHECKSUM_AUTO)
		return "tx_checksum is software";
	/* The request would lie in the chunk in front of a frame that begins one. */
	if (!c->unaligned)
		return "aligned chunks leave no room for the request in front of a frame";
	if (c->memory_as_is)
		return "memory_as_is leaves no room for the request in front of the first frame";
	return NULL;
}

bool tx_ways_want_requests(const struct net_xdp_config *c, const struct net_xdp_device *device,
			   bool native)
{
	return c->private_tx_frames && !configured_away(c) &&
	       reads_requests(device, rules_may_zero_copy(c, device, native));
}

bool tx_ways_may_take_requests(const struct net_xdp_device *device)
{
	return !device->kernel_release || device->kernel_release >= NET_XDP_KERNEL(6, 11);
}

enum tx_sum tx_ways_sum(const struct tx_facts *f)
{
	if (f->has_requests && reads_requests(f->device, f->zero_copy))
		return f->zero_copy ? TX_SUM_DRIVER : TX_SUM_KERNEL;
	return f->config->sealed ? TX_SUM_NOBODY : TX_SUM_SOFTWARE;
}

uint32_t tx_ways_copy_bytes(const struct tx_facts *f)
{
	if (f->config->sealed)
		return 0;
	return f->zero_copy ? 128 : 2048;
}

/* What the interface says that it cuts, or does not say. */
static uint32_t cuts(const struct net_xdp_device *device)
{
	const uint64_t offloads = device->offloads;
	uint32_t flags = 0;

	if (!device->has_offloads || offloads & NET_XDP_OFFLOAD_TSO)
		flags |= NET_TX_TCP_SEGMENTATION;
	/* virtio_net_hdr_to_skb() knows UDP since 6.2. */
	if ((!device->has_offloads || offloads & NET_XDP_OFFLOAD_UDP_SEGMENT) &&
	    device->kernel_release >= NET_XDP_KERNEL(6, 2))
		flags |= NET_TX_UDP_SEGMENTATION;
	return flags;
}

static const char *why_not_whole(const struct tx_facts *f)
{
	if (f->config->tx_segment_here)
		return "tx_segment_here says so";
	if (f->config->tx_checksum != NET_XDP_TX_CHECKSUM_AUTO)
		return "tx_checksum says that sums are made here";
	if (f->config->sealed)
		return "sealed memory cannot be read";
	/* A packet socket's packets go to a queue that the kernel chooses. */
	if (f->device->tx_queues > 1)
		return "with several transmit queues they could overtake others";
	if (f->device->tx_queues == 0)
		return "the number of transmit queues is unknown";
	/* Of one that is cut below, what is lost is told of the last piece only. */
	if (f->device->is_stacked)
		return "what the interface below loses of one is not told";
	if (!cuts(f->device))
		return "tcp-segmentation-offload is off";
	return f->whole_error ? "a packet socket was refused" : NULL;
}

uint32_t tx_ways_whole(const struct tx_facts *f, const char **why)
{
	const bool better = !f->zero_copy && f->config->private_tx_frames;
	const char *reason = better ? why_not_whole(f) : NULL;

	if (why)
		*why = reason;
	return better && !reason ? cuts(f->device) : 0;
}

/* Why can no packet be changed? NULL: it can. */
static const char *why_nothing(const struct tx_facts *f)
{
	if (!f->config->private_tx_frames)
		return "private_tx_frames is 0";
	/* What cannot be split cannot be copied either. */
	if (f->config->sealed && f->descriptors < 2)
		return "sealed, and a packet has one descriptor here";
	return NULL;
}

uint32_t tx_ways_flags(const struct tx_facts *f)
{
	uint32_t flags = NET_TX_IPV4 | NET_TX_IPV6;

	if (why_nothing(f))
		return flags;
	flags |= NET_TX_VLAN | NET_TX_IP_CHECKSUM;
	if (tx_ways_sum(f) != TX_SUM_NOBODY)
		flags |= CHECKSUMS | SEGMENTATION;
	return flags;
}

uint32_t tx_ways_pieces(const struct tx_facts *f)
{
	const struct net_xdp_config *c = f->config;
	const uint32_t joined = c->tx_ring_frames / rules_tx_pieces(c);

	if (!(tx_ways_flags(f) & NET_TX_TCP_SEGMENTATION))
		return 0;
	if (c->sealed)
		return c->tx_ring_frames / 2;
	return joined < c->private_tx_frames ? joined : c->private_tx_frames;
}

/* ---- Sentences -------------------------------------------------------------------------------------- */

/* Why not by kernel or NIC? */
static const char *why_software(const struct tx_facts *f)
{
	const char *configured = configured_away(f->config);

	if (configured)
		return configured;
	if (f->zero_copy && !(f->device->xsk_features & XSK_FEATURE_TX_CHECKSUM))
		return "the driver does not offer tx-checksum in its xsk-features";
	if (!f->zero_copy && !reads_requests_in_copy_mode(f->device))
		return "virtio_net's copy mode may not read the request";
	if (tx_ways_may_take_requests(f->device) && !reads_requests(f->device, true) &&
	    rules_may_zero_copy(f->config, f->device, true))
		return "zero copy was expected when the memory was registered";
	return "the kernel takes no requests (Linux 6.11 does)";
}

static void say_checksum(const struct tx_facts *f, char *out, size_t size)
{
	switch (tx_ways_sum(f)) {
	case TX_SUM_KERNEL:
		snprintf(out, size, "kernel: nothing is added up here");
		break;
	case TX_SUM_DRIVER:
		snprintf(out, size, "driver: the NIC adds up");
		break;
	case TX_SUM_SOFTWARE:
		snprintf(out, size, "software: the payload is added up, because %s",
			 why_software(f));
		break;
	case TX_SUM_NOBODY:
		snprintf(out, size, "none: sealed, and %s", why_software(f));
		break;
	}
}

/* Headers that are ours, and the payload? */
static void say_payload(const struct tx_facts *f, char *out, size_t size)
{
	const uint32_t copied = tx_ways_copy_bytes(f);

	if (f->descriptors < 2)
		snprintf(out, size,
			 "copied: a packet has one descriptor here, for headers and payload");
	else if (copied)
		snprintf(
			out, size,
			"payload copied up to %u bytes per wire packet, which is cheaper; above, sent "
			"from where it lies",
			copied);
	else
		snprintf(out, size, "payload sent from where it lies");
}

static const char *only(uint32_t flags)
{
	if (flags == NET_TX_TCP_SEGMENTATION)
		return "TCP ";
	return flags == NET_TX_UDP_SEGMENTATION ? "UDP " : "";
}

static void say_segmentation(const struct tx_facts *f, const char *payload, char *out, size_t size)
{
	const char *why;
	const uint32_t whole = tx_ways_whole(f, &why);

	if (tx_ways_sum(f) == TX_SUM_NOBODY)
		snprintf(out, size, "none: its checksums cannot be made");
	else if (whole)
		snprintf(out, size, "kernel: %swhole from %u bytes of payload on; below, %s",
			 only(whole), TX_WHOLE_BYTES, payload);
	else if (why)
		snprintf(out, size, "%s; none whole by the kernel, because %s", payload, why);
	else
		snprintf(out, size, "%s", payload);
}

void tx_ways_say(const struct tx_facts *f, struct tx_sentences *out)
{
	const char *nothing = why_nothing(f);

	*out = (struct tx_sentences){0};
	if (nothing) {
		snprintf(out->checksum, sizeof(out->checksum), "none: %s", nothing);
		snprintf(out->segmentation, sizeof(out->segmentation), "none: %s", nothing);
		snprintf(out->vlan, sizeof(out->vlan), "none: %s", nothing);
		return;
	}
	say_checksum(f, out->checksum, sizeof(out->checksum));
	say_payload(f, out->vlan, sizeof(out->vlan));
	say_segmentation(f, out->vlan, out->segmentation, sizeof(out->segmentation));
}
