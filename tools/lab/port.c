// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "port.h"

#define GUEST_ADDR 0x180000000ull /* nowhere near an offset or one of our pointers */

/* ---- Places ----------------------------------------------------------------------------------- */

/* Where id's chunk begins: every second one fits a small page, at an odd address if it can. */
static uint32_t window_at(const struct port *p, uint32_t id)
{
	uint32_t odd = 1 + id * 2, slot = id * PORT_STRIDE + (p->joined ? PORT_JOINED : 0);

	if (p->joined && slot == PORT_HALF)
		return slot + PORT_GAP - net_xdp_frame_offset(&p->config);
	if (p->joined && slot + PORT_STRIDE == PORT_HALF)
		return PORT_HALF - p->config.chunk_bytes;
	if (id % 2)
		return slot + SMALL_PAGE / 2 + odd;
	return slot + (p->config.chunk_bytes < SMALL_PAGE ? odd : 0);
}

uint32_t port_rx_at(const struct port *p, uint32_t id)
{
	return window_at(p, id) + net_xdp_frame_offset(&p->config);
}

uint32_t port_tx_at(const struct port *p, uint32_t slot)
{
	return PORT_RX_BYTES + (p->joined ? PORT_JOINED : 0) + slot * PORT_STRIDE +
	       (slot % 2 ? SMALL_PAGE - 299 : 1) + PORT_GAP;
}

uint32_t port_tx_len(uint32_t slot)
{
	return 60 + slot * 113 % 1455;
}

static bool crosses(const struct port *p, uint32_t at, uint32_t len)
{
	uint32_t page = p->page_bytes[at >= PORT_HALF];

	return at / page != (at + len - 1) / page;
}

bool port_tx_crosses(const struct port *p, uint32_t slot)
{
	return crosses(p, port_tx_at(p, slot), port_tx_len(slot));
}

/* ---- The pool --------------------------------------------------------------------------------- */

static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	struct port *p = (struct port *)pool;

	for (uint32_t i = 0; i < count; i++) {
		out[i] = (struct net_rx_buffer){
			.addr = GUEST_ADDR + port_rx_at(p, ids[i]) - PORT_GAP,
			.header_bytes = PORT_GAP,
			.capacity_bytes = net_xdp_direct_capacity(&p->config),
		};
		p->crossing += crosses(p, window_at(p, ids[i]), p->config.chunk_bytes);
	}
}

static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	struct port *p = (struct port *)pool;

	for (uint32_t i = 0; i < count; i++)
		p->received[ids[i]] = metadata[i];
}

static const struct net_buffer_access_ops pool_ops = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = rx_buffers,
	.rx_metadata = rx_metadata,
};

/* ---- Set-up ----------------------------------------------------------------------------------- */

static int error(struct port *p, const char *step)
{
	p->err.code = -errno;
	snprintf(p->err.step, sizeof(p->err.step), "%s", step);
	snprintf(p->err.message, sizeof(p->err.message), "%s: %s", p->config.ifname,
		 strerror(errno));
	return p->err.code;
}

/* One region, mapped at this place of our view of the memory. */
static int make_region(struct port *p, uint32_t index, uint32_t at, uint32_t bytes, bool huge)
{
	int fd = memfd_create("lab", MFD_CLOEXEC | (huge ? MFD_HUGETLB | MFD_HUGE_2MB : 0));

	p->region[index] = (struct net_xdp_region){
		.guest_addr = GUEST_ADDR + at,
		.size_bytes = bytes,
		.fd = fd,
	};
	p->config.region_count = index + 1;
	if (fd < 0 || ftruncate(fd, bytes) ||
	    mmap(p->bytes + at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
		    MAP_FAILED)
		return error(p, "memory");
	for (uint32_t half = at / PORT_HALF; half < (at + bytes) / PORT_HALF; half++)
		p->page_bytes[half] = huge && !p->dma_per_page ? HUGE_PAGE : SMALL_PAGE;
	return 0;
}

static int make_memory(struct port *p, bool huge)
{
	int rc;

	/* Room to begin at a huge page. */
	p->reserved =
		mmap(NULL, PORT_BYTES + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p->reserved == MAP_FAILED) {
		p->reserved = NULL;
		return error(p, "memory");
	}
	p->bytes = p->reserved + HUGE_PAGE - (uintptr_t)p->reserved % HUGE_PAGE;
	if (!p->joined)
		return make_region(p, 0, 0, PORT_BYTES, huge);
	rc = make_region(p, 0, 0, PORT_HALF, huge);
	return rc ? rc : make_region(p, 1, PORT_HALF, PORT_HALF, !huge);
}

static int read_mac(struct port *p)
{
	char path[64];
	FILE *file;
	int n;

	snprintf(path, sizeof(path), "/sys/class/net/%s/address", p->config.ifname);
	file = fopen(path, "re");
	if (!file)
		return error(p, "address");
	n = fscanf(file, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &p->mac[0], &p->mac[1], &p->mac[2],
		   &p->mac[3], &p->mac[4], &p->mac[5]);
	fclose(file);
	errno = EIO;
	return n == 6 ? 0 : error(p, "address");
}

int port_prepare(struct port *p, const struct port_options *o)
{
	struct net_xdp_device device;
	int rc;

	*p = (struct port){.access.ops = &pool_ops, .config = net_xdp_config_default()};
	p->config.ifname = o->ifname;
	p->config.regions = p->region;
	p->joined = o->joined;
	p->config.sealed = o->sealed;
	p->config.mode = o->mode;
	p->config.program = o->program;
	p->config.keep[0] = net_xdp_keep(NET_XDP_KEEP_ETHERTYPE, 0x0806, 0x0806);
	p->config.keep_count = o->keeping;
	p->config.rx_id_limit = PORT_RX;
	if (o->polling)
		p->config.busy_poll_us = 20;
	if (o->deferring) {
		p->config.napi_defer_hard_irqs = 2;
		p->config.gro_flush_timeout_ns = 200000;
	}
	rc = net_xdp_device_query(o->ifname, &device, &p->err);
	if (rc)
		return rc;
	snprintf(p->driver, sizeof(p->driver), "%s", device.driver);
	p->dma_per_page = device.dma_per_page;
	/* igb counts its buffers in KiB, rounded down, and cuts what does not fit without saying so. */
	if (strcmp(p->driver, "igb") == 0 && !o->small_chunks) {
		p->config.chunk_bytes = 4096;
		p->config.max_frame_bytes = 2040;
	}
	rc = read_mac(p);
	return rc ? rc : make_memory(p, o->huge_pages);
}

int port_open(struct port *p)
{
	return net_xdp_open(&p->config, &p->ep, &p->err);
}

int port_start(struct port *p)
{
	uint32_t ids[PORT_RX];
	struct net_queue_config config = {
		.pool = &p->access,
		.initial_rx = ids,
		.initial_rx_count = PORT_RX,
	};
	int rc;

	for (uint32_t id = 0; id < PORT_RX; id++)
		ids[id] = id;
	for (uint32_t slot = 0; slot < PORT_TX; slot++)
		p->free_tx[slot] = slot;
	p->free_head = 0;
	p->free_count = PORT_TX;
	p->crossing = 0;
	rc = net_endpoint_get_queues(p->ep, &config, 1, NULL, &p->q, &p->err);
	return rc ? rc : net_xdp_queue_report(p->q, &p->report);
}

int port_stop(struct port *p)
{
	struct net_queue *q = p->q;

	p->q = NULL;
	return q ? net_queue_destroy(q, &p->err) : 0;
}

int port_close(struct port *p)
{
	int rc = port_stop(p), closed = p->ep ? net_endpoint_destroy(p->ep, &p->err) : 0;

	p->ep = NULL;
	if (p->reserved)
		munmap(p->reserved, PORT_BYTES + HUGE_PAGE);
	for (uint32_t i = 0; i < p->config.region_count; i++)
		if (p->region[i].fd >= 0)
			close(p->region[i].fd);
	p->reserved = p->bytes = NULL;
	p->config.region_count = 0;
	return rc ? rc : closed;
}
