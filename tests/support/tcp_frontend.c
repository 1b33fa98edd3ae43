// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/tcp_frontend.h"

enum {
	HEADERS_BYTES = TCP_SLOTS * TCP_SLOT_BYTES,
	RX_STRIDE_BYTES = 4096,
	RX_BYTES = TCP_RX_BUFFERS * RX_STRIDE_BYTES,
	PAYLOAD_AT = HEADERS_BYTES + RX_BYTES,
	REGION_BYTES = PAYLOAD_AT + TCP_STREAM_MEMORY_BYTES,
};

/* So that an address taken for an offset is outside. */
#define GUEST_ADDR 0x100000000ull

uint64_t tcp_frontend_slot_addr(uint32_t slot)
{
	return GUEST_ADDR + (uint64_t)slot * TCP_SLOT_BYTES;
}

uint8_t *tcp_frontend_slot(struct tcp_frontend *f, uint32_t slot)
{
	return f->headers + (size_t)slot * TCP_SLOT_BYTES;
}

uint64_t tcp_frontend_payload_addr(void)
{
	return GUEST_ADDR + PAYLOAD_AT;
}

const uint8_t *tcp_frontend_frame(const struct tcp_frontend *f, uint32_t id, uint32_t *len)
{
	*len = f->rx_len_bytes[id];
	return f->rx + (size_t)id * RX_STRIDE_BYTES + net_xdp_frame_offset(&f->config) +
	       f->rx_offset_bytes[id];
}

void tcp_frontend_tell(const struct tcp_frontend *f, char *out, size_t size)
{
	struct net_xdp_stats x = {0};
	size_t used = 0;

	net_xdp_queue_stats(f->queue, &x);
	out[0] = '\0';
	for (uint32_t c = NET_XDP_TX_PACKETS; c < NET_XDP_COUNTERS && used < size; c++)
		if (x.value[c])
			used += (size_t)snprintf(out + used, size - used, " %s %" PRIu64,
						 net_xdp_counter_name(c), x.value[c]);
}

/* ---- The pool ------------------------------------------------------------------------------------- */

static void pool_rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
			    struct net_rx_buffer *out)
{
	const struct tcp_frontend *f = (struct tcp_frontend *)pool;

	for (uint32_t i = 0; i < count; i++)
		out[i] = (struct net_rx_buffer){
			.addr = GUEST_ADDR + HEADERS_BYTES + (uint64_t)ids[i] * RX_STRIDE_BYTES +
				net_xdp_frame_offset(&f->config),
			.capacity_bytes =
				ids[i] < TCP_RX_BUFFERS ? net_xdp_direct_capacity(&f->config) : 0,
		};
}

static void pool_rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			     const struct net_rx_metadata *metadata, uint32_t count)
{
	struct tcp_frontend *f = (struct tcp_frontend *)pool;

	for (uint32_t i = 0; i < count; i++) {
		f->rx_len_bytes[ids[i]] = metadata[i].len_bytes;
		f->rx_offset_bytes[ids[i]] = metadata[i].offset_bytes;
	}
}

static void *pool_memory(struct net_buffer_access *pool, uint64_t addr, uint32_t len)
{
	struct tcp_frontend *f = (struct tcp_frontend *)pool;
	uint64_t at = addr - GUEST_ADDR;

	if (at >= HEADERS_BYTES || len > HEADERS_BYTES - at) {
		f->other_asks++;
		return NULL;
	}
	f->header_asks++;
	return f->headers + at;
}

static const struct net_buffer_access_ops pool_ops = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = pool_rx_buffers,
	.rx_metadata = pool_rx_metadata,
	.memory = pool_memory,
};

/* ---- Life ----------------------------------------------------------------------------------------- */

void tcp_frontend_prepare(struct tcp_frontend *f, const char *ifname)
{
	memset(f, 0, sizeof(*f));
	f->pool.ops = &pool_ops;
	f->fd = -1;
	f->config = net_xdp_config_default();
	f->config.ifname = ifname;
	f->config.max_queues = 1;
}

static bool failed(struct tcp_frontend *f, const char *what, const char *sentence)
{
	snprintf(f->why, sizeof(f->why), "%s: %s", what, sentence);
	return false;
}

static uint8_t *map(int fd, size_t bytes, size_t at)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)at);

	return memory == MAP_FAILED ? NULL : memory;
}

static bool open_memory(struct tcp_frontend *f, const struct tcp_stream *stream)
{
	f->fd = memfd_create("tcp", MFD_CLOEXEC);
	if (f->fd < 0 || ftruncate(f->fd, REGION_BYTES))
		return failed(f, "memory", strerror(errno));
	f->headers = map(f->fd, HEADERS_BYTES, 0);
	f->rx = map(f->fd, RX_BYTES, HEADERS_BYTES);
	f->payload = map(f->fd, TCP_STREAM_MEMORY_BYTES, PAYLOAD_AT);
	if (!f->headers || !f->rx || !f->payload)
		return failed(f, "mmap", strerror(errno));
	tcp_stream_place(stream, f->payload);
	if (f->config.sealed && mprotect(f->payload, TCP_STREAM_MEMORY_BYTES, PROT_NONE))
		return failed(f, "mprotect", strerror(errno));
	f->region = (struct net_xdp_region){
		.guest_addr = GUEST_ADDR,
		.size_bytes = REGION_BYTES,
		.fd = f->fd,
	};
	return true;
}

static void close_memory(struct tcp_frontend *f)
{
	if (f->headers)
		munmap(f->headers, HEADERS_BYTES);
	if (f->rx)
		munmap(f->rx, RX_BYTES);
	if (f->payload)
		munmap(f->payload, TCP_STREAM_MEMORY_BYTES);
	if (f->fd >= 0)
		close(f->fd);
	f->headers = f->rx = f->payload = NULL;
	f->fd = -1;
}

static bool open_queue(struct tcp_frontend *f)
{
	uint32_t ids[TCP_RX_BUFFERS];
	struct net_queue_config config = {
		.pool = &f->pool,
		.initial_rx = ids,
		.initial_rx_count = TCP_RX_BUFFERS,
	};
	struct net_error err;

	for (uint32_t i = 0; i < TCP_RX_BUFFERS; i++)
		ids[i] = i;
	if (net_xdp_open(&f->config, &f->ep, &err))
		return failed(f, err.step, err.message);
	if (net_endpoint_get_queues(f->ep, &config, 1, NULL, &f->queue, &err))
		return failed(f, err.step, err.message);
	return true;
}

bool tcp_frontend_open(struct tcp_frontend *f, const struct tcp_stream *stream)
{
	f->config.regions = &f->region;
	f->config.region_count = 1;
	if (open_memory(f, stream) && open_queue(f))
		return true;
	if (f->ep)
		net_endpoint_destroy(f->ep, NULL);
	f->ep = NULL;
	close_memory(f);
	return false;
}

bool tcp_frontend_close(struct tcp_frontend *f)
{
	struct net_error err;
	bool ok = true;

	if (net_queue_destroy(f->queue, &err))
		ok = failed(f, err.step, err.message);
	if (net_endpoint_destroy(f->ep, &err))
		ok = failed(f, err.step, err.message);
	f->queue = NULL;
	f->ep = NULL;
	close_memory(f);
	return ok;
}
