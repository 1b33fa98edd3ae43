/* SPDX-License-Identifier: BSD-2-Clause */
#include "backend.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/error.h"
#include "common/say.h"
#include "membership.h"

#define STEP		  "interface"
#define ETHERNET_BYTES	  14u
#define TAG_BYTES	  4u
#define USUAL_MTU	  1500u
#define RX_IDS		  32768u /* heads of the largest split ring (virtio 1.2, 2.7) */
#define RELEASE_MS	  5000u
#define PLACEHOLDER_BYTES 65536u
#define MAX_MTU		  (9216u - ETHERNET_BYTES - TAG_BYTES) /* max_frame_bytes (net_xdp.h) */

/* A line for a person who wonders why nothing happens. */
static bool on_wait(void *unused, const char *sentence)
{
	static char last[200];

	(void)unused;
	if (strncmp(last, sentence, sizeof(last) - 1)) {
		strncpy(last, sentence, sizeof(last) - 1);
		say("%s", sentence);
	}
	return true;
}

static struct net_xdp_config config_of(const struct backend *b, const struct net_xdp_region *page)
{
	struct net_xdp_config c = net_xdp_config_default();
	uint32_t mtu = b->device.mtu_bytes > USUAL_MTU ? b->device.mtu_bytes : USUAL_MTU;
	struct net_xdp_chunk_limits chunk;

	c.ifname = b->opt->ifname;
	c.first_queue = b->opt->first_queue;
	c.max_queues = b->opt->pairs;
	c.max_frame_bytes = mtu + ETHERNET_BYTES + TAG_BYTES;
	c.regions = b->regions ? b->regions : page;
	c.region_count = b->regions ? b->region_count : 1;
	c.rx_id_limit = RX_IDS;
	c.mode = (enum net_xdp_mode)b->opt->mode;
	c.attach = (enum net_xdp_attach)b->opt->attach;
	c.program = b->opt->dispatcher ? NET_XDP_PROGRAM_DISPATCHER : NET_XDP_PROGRAM_LINK;
	memcpy(c.keep, b->opt->keep.rules, sizeof(c.keep));
	c.keep_count = b->opt->keep.count;
	c.rx_checksum = b->rx_checksum;
	/* A guest gets its frames with their tags inside, and its buffers have no room in front for the hint. */
	c.rx_vlan = false;
	c.keep_umem = true;
	c.tx_segment_here = b->opt->segment_here;
	c.release_timeout_ms = RELEASE_MS;
	c.on_wait = on_wait;
	/* Frames over a chunk are gathered from private chunks: as many as the fill ring holds, twice. */
	if (net_xdp_get_chunk_limits(c.chunk_bytes, &chunk) == 0 &&
	    c.max_frame_bytes > chunk.copy_bytes)
		c.private_rx_chunks = 2 * c.fill_ring_frames;
	return c;
}

/* Nobody looks at the endpoint and its queues while they change. */
static void hide(struct backend *b)
{
	net_control_set(b->control, b->opt->ifname, NULL, NULL, 0);
}

static void show(struct backend *b)
{
	net_control_set(b->control, b->opt->ifname, b->ep, b->queues, b->opt->pairs);
}

void backend_show(struct backend *b, struct net_control *control)
{
	b->control = control;
	show(b);
}

static int endpoint_open(struct backend *b, struct net_error *err)
{
	struct net_xdp_region page = {.size_bytes = PLACEHOLDER_BYTES, .fd = b->page_fd};
	struct net_xdp_config config = config_of(b, &page);
	int rc = net_xdp_open(&config, &b->ep, err);

	if (rc) {
		b->ep = NULL;
		return rc;
	}
	net_endpoint_facts(b->ep, &b->facts);
	return 0;
}

/* What would fail when the first guest's rings start is told to who starts the program. */
static int check_device(const struct backend *b, struct net_error *err)
{
	const struct net_xdp_device *d = &b->device;
	const struct device_options *opt = b->opt;
	uint32_t queues = d->rx_queues < d->tx_queues ? d->rx_queues : d->tx_queues;

	if (opt->first_queue + opt->pairs > queues)
		return error_fill(err, -EINVAL, STEP,
				  "-q %u and --pairs %u: %s has %u queues; give it more (ethtool "
				  "-L), or take fewer pairs",
				  opt->first_queue, opt->pairs, opt->ifname, queues);
	if (d->mtu_bytes > MAX_MTU)
		return error_fill(err, -EINVAL, STEP,
				  "-i: the MTU of %s is %u, at most %u can be served: ip link set "
				  "%s mtu %u",
				  opt->ifname, d->mtu_bytes, MAX_MTU, opt->ifname, MAX_MTU);
	if (opt->mode == NET_XDP_MODE_ZERO_COPY && d->has_features &&
	    !(d->xdp_features & NET_XDP_FEATURE_ZERO_COPY))
		return error_fill(err, -EOPNOTSUPP, STEP,
				  "--mode zero-copy: the driver of %s (%s) has none; take --mode "
				  "auto",
				  opt->ifname, d->driver);
	return 0;
}

int backend_open(struct backend *b, const struct device_options *opt, struct net_error *err)
{
	const uint8_t *mac = opt->has_mac ? opt->mac : NULL;
	int rc;

	*b = (struct backend){.opt = opt,
			      .page_fd = -1,
			      .membership_fd = -1,
			      .rx_checksum = NET_XDP_RX_CHECKSUM_PARTIAL};
	rc = net_xdp_device_query(opt->ifname, &b->device, err);
	if (!rc)
		rc = check_device(b, err);
	if (rc)
		return rc;
	if (mac && !memcmp(mac, b->device.mac, sizeof(b->device.mac)))
		mac = NULL;
	b->page_fd = memfd_create("xsk-vhost", MFD_CLOEXEC);
	if (b->page_fd < 0 || ftruncate(b->page_fd, PLACEHOLDER_BYTES)) {
		rc = error_errno(err, -errno, "memory", "a page of shared memory");
		goto fail;
	}
	b->membership_fd = rc = membership_open(b->device.ifindex, mac, opt->promiscuous, err);
	if (rc < 0)
		goto fail;
	rc = endpoint_open(b, err);
	if (rc)
		goto fail;
	return 0;
fail:
	backend_close(b);
	return rc;
}

/* Nobody has a queue: those that are alive, idle all of them, end. */
static void end_queues(struct backend *b)
{
	hide(b);
	for (uint32_t i = 0; i < b->opt->pairs; i++) {
		if (b->queues[i])
			net_queue_destroy(b->queues[i], NULL);
		b->queues[i] = NULL;
	}
	b->made = false;
}

void backend_close(struct backend *b)
{
	struct net_error err;

	if (b->ep) {
		end_queues(b);
		if (net_endpoint_destroy(b->ep, &err))
			say("%s: %s", err.step, err.message);
	}
	b->ep = NULL;
	if (b->membership_fd >= 0)
		close(b->membership_fd);
	if (b->page_fd >= 0)
		close(b->page_fd);
	b->membership_fd = b->page_fd = -1;
}

bool backend_predicts_zero_copy(const struct backend *b)
{
	return b->opt->mode == NET_XDP_MODE_ZERO_COPY ||
	       (b->opt->mode == NET_XDP_MODE_AUTO && b->device.has_features &&
		b->device.xdp_features & NET_XDP_FEATURE_ZERO_COPY);
}

int backend_set_memory(struct backend *b, const struct net_xdp_region *regions, uint32_t count,
		       struct net_error *err)
{
	int rc;

	if (!b->ep) {
		b->regions = regions;
		b->region_count = count;
		return 0; /* opened with them by the next start */
	}
	end_queues(b);
	rc = net_xdp_set_regions(b->ep, regions, count, err);
	if (rc) {
		backend_forget_memory(b); /* the endpoint has the one before */
		return rc;
	}
	b->regions = regions;
	b->region_count = count;
	show(b);
	return 0;
}

void backend_forget_memory(struct backend *b)
{
	struct net_xdp_region page = {.size_bytes = PLACEHOLDER_BYTES, .fd = b->page_fd};
	struct net_error err;

	if (!b->regions)
		return;
	b->regions = NULL;
	if (!b->ep)
		return;
	end_queues(b);
	if (net_xdp_set_regions(b->ep, &page, 1, &err))
		say("%s: %s", err.step, err.message);
	show(b);
}

void backend_set_guest(struct backend *b, bool takes_partial_sums, bool takes_merged_frames)
{
	enum net_xdp_rx_checksum wanted =
		takes_partial_sums ? NET_XDP_RX_CHECKSUM_PARTIAL : NET_XDP_RX_CHECKSUM_COMPLETE;
	struct net_error err;

	b->rx_merge = takes_merged_frames;
	if (wanted == b->rx_checksum)
		return;
	b->rx_checksum = wanted;
	/* The endpoint is told when it is opened: the next start opens it anew. */
	if (!b->ep)
		return;
	end_queues(b);
	if (net_endpoint_destroy(b->ep, &err))
		say("%s: %s", err.step, err.message);
	b->ep = NULL;
}

/* The interface may be another one of the same name: its addresses are asked for anew. The guest's stays as the guest was
 * told. */
static void renew_membership(struct backend *b)
{
	const uint8_t *mac = b->opt->has_mac ? b->opt->mac : b->device.mac;
	struct net_xdp_device now;
	struct net_error err;
	int fd;

	if (net_xdp_device_query(b->opt->ifname, &now, &err) || now.ifindex == b->device.ifindex)
		return;
	if (!memcmp(mac, now.mac, sizeof(now.mac)))
		mac = NULL;
	fd = membership_open(now.ifindex, mac, b->opt->promiscuous, &err);
	if (fd < 0) {
		say("%s: %s", err.step, err.message);
		return; /* tried again with the next queues */
	}
	close(b->membership_fd);
	b->membership_fd = fd;
	b->device.ifindex = now.ifindex;
}

static int make_queues(struct backend *b, struct net_error *err)
{
	struct net_queue_config configs[OPTIONS_PAIRS];
	int rc;

	for (uint32_t i = 0; i < b->opt->pairs; i++)
		configs[i] = (struct net_queue_config){.rx_merge = b->rx_merge};
	rc = net_endpoint_get_queues(b->ep, configs, b->opt->pairs, NULL, b->queues, err);
	if (rc)
		memset(b->queues, 0, sizeof(b->queues));
	else
		renew_membership(b);
	b->made = !rc;
	return rc;
}

int backend_start(struct backend *b, uint32_t index, struct net_queue **queue,
		  struct net_error *err)
{
	struct net_queue_config config = {.rx_merge = b->rx_merge};
	int rc = 0;

	hide(b);
	if (!b->ep)
		rc = endpoint_open(b, err);
	if (!rc && !b->made)
		rc = make_queues(b, err);
	else if (!rc && !b->queues[index])
		rc = net_endpoint_get_queue(b->ep, index, &config, &b->queues[index], err);
	show(b);
	if (rc)
		return rc;
	b->busy[index] = true;
	*queue = b->queues[index];
	return 0;
}

int backend_stop(struct backend *b, uint32_t index, struct net_error *err)
{
	bool any = false;
	int rc;

	hide(b);
	rc = net_queue_destroy(b->queues[index], err);
	b->queues[index] = NULL;
	b->busy[index] = false;
	for (uint32_t i = 0; i < b->opt->pairs; i++)
		any = any || b->busy[i];
	/* With the last one go those that were made beside it and never used. */
	if (!any)
		end_queues(b);
	show(b);
	return rc;
}

bool backend_is_free(struct backend *b, uint32_t timeout_ms, struct net_error *err)
{
	return !b->ep || net_xdp_unreleased(b->ep, timeout_ms, err) <= 0;
}
