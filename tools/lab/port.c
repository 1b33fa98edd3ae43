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
	uint32_t odd = 1 + id * 2;

	if (id % 2)
		return id * PORT_STRIDE + SMALL_PAGE / 2 + odd;
	return id * PORT_STRIDE + (p->config.chunk_bytes < SMALL_PAGE ? odd : 0);
}

uint32_t port_rx_at(const struct port *p, uint32_t id)
{
	return window_at(p, id) + net_xdp_frame_offset(&p->config);
}

uint32_t port_tx_at(uint32_t slot)
{
	return PORT_RX_BYTES + slot * PORT_STRIDE + (slot % 2 ? SMALL_PAGE - 299 : 1) + PORT_GAP;
}

uint32_t port_tx_len(uint32_t slot)
{
	return 60 + slot * 113 % 1455;
}

static bool crosses(uint32_t at, uint32_t len)
{
	return at % SMALL_PAGE + len > SMALL_PAGE;
}

bool port_tx_crosses(uint32_t slot)
{
	return crosses(port_tx_at(slot), port_tx_len(slot));
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
		p->crossing += crosses(window_at(p, ids[i]), p->config.chunk_bytes);
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

static int make_memory(struct port *p, bool huge_pages)
{
	int fd = memfd_create("lab", MFD_CLOEXEC | (huge_pages ? MFD_HUGETLB | MFD_HUGE_2MB : 0));

	p->region = (struct net_xdp_region){
		.guest_addr = GUEST_ADDR,
		.size_bytes = PORT_BYTES,
		.fd = fd,
	};
	if (fd < 0 || ftruncate(fd, PORT_BYTES))
		return error(p, "memory");
	p->bytes = mmap(NULL, PORT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p->bytes == MAP_FAILED) {
		p->bytes = NULL;
		return error(p, "memory");
	}
	return 0;
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
	p->config.regions = &p->region;
	p->config.region_count = 1;
	p->config.sealed = o->sealed;
	p->config.mode = o->mode;
	p->config.program = o->program;
	p->config.rx_id_limit = PORT_RX;
	p->region.fd = -1;
	rc = net_xdp_device_query(o->ifname, &device, &p->err);
	if (rc)
		return rc;
	snprintf(p->driver, sizeof(p->driver), "%s", device.driver);
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
	if (p->bytes)
		munmap(p->bytes, PORT_BYTES);
	if (p->region.fd >= 0)
		close(p->region.fd);
	p->bytes = NULL;
	p->region.fd = -1;
	return rc ? rc : closed;
}
