// SPDX-License-Identifier: BSD-2-Clause
#include "support/vhost_guest.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/fixture.h"

#define LEGACY_HEADER sizeof(struct virtio_net_hdr) /* without VERSION_1 and MRG_RXBUF */
#define HASH_REPORT   (1ull << 57)
#define PROTOCOL_BIT  (1ull << 30)
/* What QEMU and UML have between them: REPLY_ACK, BACKEND_REQ, CONFIG, INFLIGHT, RESET_DEVICE, STATUS. */
#define PROTOCOL_WANTED (1ull << 3 | 1ull << 5 | 1ull << 9 | 1ull << 12 | 1ull << 13 | 1ull << 16)

static uint64_t page_up(uint64_t bytes)
{
	return (bytes + 4095) / 4096 * 4096;
}

static void make(struct vhost_guest *g, uint32_t pair, uint32_t ring_size, uint64_t wanted)
{
	uint64_t ring_bytes = page_up(fake_driver_bytes(ring_size));

	*g = (struct vhost_guest){.socket = -1,
				  .pair = pair,
				  .gpa = GUEST_GPA + pair * GUEST_PAIR_APART,
				  .uva = GUEST_UVA + pair * GUEST_PAIR_APART,
				  .ring_size = ring_size,
				  .features = wanted,
				  .back = {-1, -1}};
	g->rx_at = 2 * ring_bytes;
	g->tx_at = g->rx_at + (uint64_t)ring_size * GUEST_SLOT;
	g->bytes = page_up(g->tx_at + (uint64_t)GUEST_TX_SLOTS * GUEST_TX_SLOT);
	if (!fixture_is_veth())
		g->bytes =
			(g->bytes + FIXTURE_HUGE_PAGE - 1) / FIXTURE_HUGE_PAGE * FIXTURE_HUGE_PAGE;
	g->memfd = memfd_create("guest", MFD_CLOEXEC | (fixture_is_veth() ? 0 : MFD_HUGETLB));
	cr_assert(g->memfd >= 0 && ftruncate(g->memfd, (off_t)g->bytes) == 0);
	g->memory = mmap(NULL, g->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, g->memfd, 0);
	cr_assert(g->memory != MAP_FAILED);
	g->slots = calloc(ring_size, sizeof(*g->slots));
	cr_assert_not_null(g->slots);
	for (uint32_t i = 0; i < 2; i++) {
		fake_driver_open(&g->driver[i], &(struct fake_driver_config){
							.memory = g->memory + i * ring_bytes,
							.gpa = g->gpa + i * ring_bytes,
							.size = ring_size,
							.start = (uint16_t)(65530 + i),
							.event_idx = wanted & 1ull << 29,
						});
		g->kick[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		g->call[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		g->error[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	}
}

void vhost_guest_open(struct vhost_guest *g, uint32_t ring_size, uint64_t wanted)
{
	make(g, 0, ring_size, wanted);
}

void vhost_guest_add_pair(struct vhost_guest *g, const struct vhost_guest *first, uint32_t pair)
{
	make(g, pair, first->ring_size, first->features);
	g->socket = first->socket;
	g->header_bytes = first->header_bytes;
	g->protocol_features = first->protocol_features;
}

void vhost_guest_close(struct vhost_guest *g)
{
	if (!g->pair)
		vhost_guest_disconnect(g);
	for (uint32_t i = 0; i < 2; i++) {
		fake_driver_close(&g->driver[i]);
		close(g->kick[i]);
		close(g->call[i]);
		close(g->error[i]);
	}
	free(g->slots);
	munmap(g->memory, g->bytes);
	close(g->memfd);
}

/* ---- Messages --------------------------------------------------------------------------------- */

bool vhost_guest_wait(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	eventfd_t unused;

	if (poll(&p, 1, timeout_ms) != 1)
		return false;
	eventfd_read(fd, &unused);
	return true;
}

uint64_t vhost_guest_ask(struct vhost_guest *g, uint32_t request, const void *payload,
			 uint32_t size_bytes, int fd)
{
	bool acks = g->protocol_features & FRONT_REPLY_ACK;
	struct front_message m = {.request = request,
				  .flags = FRONT_VERSION | (acks ? FRONT_NEED_REPLY : 0),
				  .size_bytes = size_bytes,
				  .fd_count = fd >= 0,
				  .fds = {fd}};
	struct pollfd p = {.fd = g->socket, .events = POLLIN};
	uint64_t value = 0;

	if (size_bytes)
		memcpy(m.payload, payload, size_bytes);
	front_send(g->socket, &m);
	if (!front_rules[request].has_reply && !acks)
		return 0;
	cr_assert_eq(poll(&p, 1, GUEST_WAIT_MS), 1, "no answer to %s", front_rules[request].name);
	cr_assert_eq(front_receive(g->socket, &m), 1, "%s: the connection was closed",
		     front_rules[request].name);
	cr_assert_eq(m.request, request);
	memcpy(&value, m.payload, m.size_bytes < sizeof(value) ? m.size_bytes : sizeof(value));
	return value;
}

uint64_t vhost_guest_ask_u64(struct vhost_guest *g, uint32_t request, uint64_t value, int fd)
{
	return vhost_guest_ask(g, request, &value, sizeof(value), fd);
}

uint64_t vhost_guest_ask_ring(struct vhost_guest *g, uint32_t request, uint32_t ring, uint32_t num)
{
	uint32_t state[2] = {ring, num};

	return vhost_guest_ask(g, request, state, sizeof(state), -1);
}

static void expect_done(uint64_t acknowledgement, const char *what)
{
	cr_assert_eq(acknowledgement, 0, "%s was refused", what);
}

void vhost_guest_connect(struct vhost_guest *g, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	g->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(g->socket, (struct sockaddr *)&address, sizeof(address)), 0, "%s: %s",
		     path, strerror(errno));
	vhost_guest_negotiate(g);
}

void vhost_guest_negotiate(struct vhost_guest *g)
{
	uint64_t offered, chosen;

	g->protocol_features = 0;
	offered = vhost_guest_ask(g, 1, NULL, 0, -1);
	cr_assert(offered & PROTOCOL_BIT);
	g->features = offered & (g->features | PROTOCOL_BIT);
	g->header_bytes = g->features & HASH_REPORT ? sizeof(struct virtio_net_hdr_v1_hash)
						    : sizeof(struct virtio_net_hdr_v1);
	chosen = vhost_guest_ask(g, 15, NULL, 0, -1) & PROTOCOL_WANTED;
	vhost_guest_ask_u64(g, 16, chosen, -1);
	g->protocol_features = chosen; /* acknowledgements begin with the next message */
	expect_done(vhost_guest_ask(g, 3, NULL, 0, -1), "SET_OWNER");
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, g->back), 0);
	expect_done(vhost_guest_ask(g, 21, NULL, 0, g->back[1]), "SET_BACKEND_REQ_FD");
	close(g->back[1]);
	expect_done(vhost_guest_ask_u64(g, 2, g->features, -1), "SET_FEATURES");
}

void vhost_guest_disconnect(struct vhost_guest *g)
{
	if (g->socket >= 0)
		close(g->socket);
	if (g->back[0] >= 0)
		close(g->back[0]);
	g->socket = g->back[0] = -1;
}

struct table {
	uint32_t count, padding;
	struct {
		uint64_t gpa, size, uva, offset;
	} regions[2];
};

void vhost_guest_set_memory(struct vhost_guest *g)
{
	struct table table = {.count = 1, .regions = {{g->gpa, g->bytes, g->uva, 0}}};

	expect_done(vhost_guest_ask(g, 5, &table, 8 + 32, g->memfd), "SET_MEM_TABLE");
}

void vhost_guest_set_both(struct vhost_guest *g, const struct vhost_guest *second)
{
	struct front_message m = {.request = 5,
				  .flags = FRONT_VERSION,
				  .size_bytes = sizeof(struct table),
				  .fd_count = 2,
				  .fds = {g->memfd, second->memfd}};
	struct table table = {.count = 2,
			      .regions = {{g->gpa, g->bytes, g->uva, 0},
					  {second->gpa, second->bytes, second->uva, 0}}};

	memcpy(m.payload, &table, sizeof(table));
	front_send(g->socket, &m);
}

static uint64_t uva_of(const struct vhost_guest *g, const void *at)
{
	return g->uva + (uint64_t)((const uint8_t *)at - g->memory);
}

void vhost_guest_set_ring(struct vhost_guest *g, uint32_t ring)
{
	const struct fake_driver *d = &g->driver[ring];
	uint32_t number = 2 * g->pair + ring;
	struct {
		uint32_t index, flags;
		uint64_t desc, used, avail, log;
	} addresses = {number, 0, uva_of(g, d->desc), uva_of(g, d->used), uva_of(g, d->avail), 0};

	expect_done(vhost_guest_ask_ring(g, 8, number, g->ring_size), "SET_VRING_NUM");
	expect_done(vhost_guest_ask_ring(g, 10, number, d->last_used), "SET_VRING_BASE");
	expect_done(vhost_guest_ask(g, 9, &addresses, sizeof(addresses), -1), "SET_VRING_ADDR");
	expect_done(vhost_guest_ask_u64(g, 14, number, g->error[ring]), "SET_VRING_ERR");
	expect_done(vhost_guest_ask_u64(g, 12, number, g->kick[ring]), "SET_VRING_KICK");
	expect_done(vhost_guest_ask_u64(g, 13, number, g->call[ring]), "SET_VRING_CALL");
}

void vhost_guest_enable(struct vhost_guest *g, bool enabled)
{
	for (uint32_t i = 0; i < 2; i++)
		expect_done(vhost_guest_ask_ring(g, 18, 2 * g->pair + i, enabled),
			    "SET_VRING_ENABLE");
}

void vhost_guest_start(struct vhost_guest *g)
{
	vhost_guest_set_memory(g);
	vhost_guest_set_ring(g, GUEST_RX);
	vhost_guest_set_ring(g, GUEST_TX);
	vhost_guest_enable(g, true);
}

void vhost_guest_stop(struct vhost_guest *g)
{
	struct fake_used used;

	for (uint32_t i = 0; i < 2; i++) {
		struct fake_driver *d = &g->driver[i];
		uint16_t base = (uint16_t)(vhost_guest_ask_ring(g, 11, 2 * g->pair + i, 0) >> 32);
		int rc;

		while ((rc = fake_driver_collect(d, &used)) == 1)
			if (i == GUEST_RX)
				g->slots[used.token].is_posted = false;
		cr_assert_eq(rc, 0, "%s", d->fault);
		cr_assert_eq(base, d->last_used, "ring %u: the base is %u, not %u", i, base,
			     d->last_used);
		cr_assert_eq((uint16_t)(d->avail_idx - base), d->outstanding,
			     "ring %u: %u buffers did not come back", i,
			     d->outstanding - (uint16_t)(d->avail_idx - base));
	}
}

void vhost_guest_reset(struct vhost_guest *g)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct fake_driver_config config = g->driver[i].config;

		vhost_guest_ask_ring(g, 11, 2 * g->pair + i, 0);
		fake_driver_close(&g->driver[i]);
		fake_driver_open(&g->driver[i], &config);
	}
	for (uint32_t i = 0; i < g->ring_size; i++)
		g->slots[i].is_posted = false;
}

/* ---- Buffers and packets ---------------------------------------------------------------------- */

/* Pieces of a slot, one behind the other with a gap of a byte, so that none can be taken for the next. */
static void lay_out(struct vhost_guest *g, uint32_t slot)
{
	static const uint32_t lengths[GUEST_LAYOUTS][GUEST_PIECES] = {
		[GUEST_ONE] = {1536},
		[GUEST_LARGE] = {1600},
		[GUEST_HEADER_APART] = {12, 1524},
		[GUEST_HEADER_SPLIT] = {5, 1, 1530},
		[GUEST_PIECES_SMALL] = {3, 40, 1, 300, 500, 200, 700},
		[GUEST_SHORT] = {312},
	};
	uint64_t gpa = g->gpa + g->rx_at + (uint64_t)slot * GUEST_SLOT + GUEST_IN_FRONT + slot % 7;
	struct guest_slot *s = &g->slots[slot];

	s->count = 0;
	for (uint32_t i = 0; lengths[g->layout][i]; i++) {
		s->pieces[i] = (struct fake_piece){gpa, lengths[g->layout][i], true};
		gpa += s->pieces[i].len + 1;
		s->count++;
	}
}

static void *at(struct vhost_guest *g, uint64_t gpa)
{
	return g->memory + (gpa - g->gpa);
}

static void kick(struct vhost_guest *g, uint32_t ring)
{
	if (fake_driver_publish(&g->driver[ring]))
		eventfd_write(g->kick[ring], 1);
}

static void post_slot(struct vhost_guest *g, uint32_t slot)
{
	lay_out(g, slot);
	g->slots[slot].is_posted = true;
	cr_assert(fake_driver_post(&g->driver[GUEST_RX], g->slots[slot].pieces,
				   g->slots[slot].count, g->indirect, slot) >= 0);
}

void vhost_guest_post(struct vhost_guest *g, uint32_t count)
{
	for (uint32_t i = 0; i < g->ring_size; i++)
		count -= count && g->slots[i].is_posted;
	for (uint32_t i = 0; i < g->ring_size && count; i++)
		if (!g->slots[i].is_posted) {
			post_slot(g, i);
			count--;
		}
	kick(g, GUEST_RX);
}

/* Copy len bytes out of a slot, skip of them left out. */
static void read_slot(struct vhost_guest *g, uint32_t slot, uint32_t skip, uint8_t *out,
		      uint32_t len)
{
	const struct guest_slot *s = &g->slots[slot];

	for (uint32_t i = 0; i < s->count && len; i++) {
		uint32_t n = s->pieces[i].len;

		if (skip >= n) {
			skip -= n;
			continue;
		}
		n = n - skip < len ? n - skip : len;
		memcpy(out, (uint8_t *)at(g, s->pieces[i].gpa) + skip, n);
		out += n;
		len -= n;
		skip = 0;
	}
	cr_assert_eq(len, 0, "more bytes than the buffer has");
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/* The next used entry of a ring. Return: did one come in time? */
static bool collect(struct vhost_guest *g, uint32_t ring, struct fake_used *used, int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	struct fake_driver *d = &g->driver[ring];

	for (;;) {
		int rc = fake_driver_collect(d, used);

		cr_assert(rc >= 0, "ring %u: %s", ring, d->fault);
		if (rc)
			return true;
		if (fake_driver_arm_call(d))
			continue;
		if (now_ms() >= end)
			return false;
		vhost_guest_wait(g->call[ring], (int)(end - now_ms()));
	}
}

/* A used buffer: post it again, or hold it. */
static void done_with(struct vhost_guest *g, uint64_t slot)
{
	g->slots[slot].is_posted = false;
	if (!g->holds)
		post_slot(g, (uint32_t)slot);
}

uint32_t vhost_guest_receive(struct vhost_guest *g, struct virtio_net_hdr_v1 *header, uint8_t *out,
			     uint32_t room, int timeout_ms)
{
	struct fake_used used;
	uint32_t len, count;

	/* Buffers that come back empty, as after a restart of the queue, are posted again. */
	for (;;) {
		if (!collect(g, GUEST_RX, &used, timeout_ms))
			return 0;
		if (used.len)
			break;
		done_with(g, used.token);
		kick(g, GUEST_RX);
	}
	cr_assert(used.len > g->header_bytes, "a used buffer of %u bytes", used.len);
	read_slot(g, (uint32_t)used.token, 0, (uint8_t *)header, sizeof(*header));
	if (g->header_bytes == LEGACY_HEADER)
		header->num_buffers = htole16(1);
	len = used.len - g->header_bytes;
	cr_assert(len <= room);
	read_slot(g, (uint32_t)used.token, g->header_bytes, out, len);
	done_with(g, used.token);
	count = le16toh(header->num_buffers);
	cr_assert(count >= 1);
	for (uint32_t i = 1; i < count; i++) {
		cr_assert(collect(g, GUEST_RX, &used, 0), "buffer %u of %u is not there", i, count);
		cr_assert(len + used.len <= room);
		read_slot(g, (uint32_t)used.token, 0, out + len, used.len);
		len += used.len;
		done_with(g, used.token);
	}
	kick(g, GUEST_RX);
	return len;
}

uint64_t vhost_guest_send(struct vhost_guest *g, const struct virtio_net_hdr_v1 *header,
			  const uint8_t *bytes, uint32_t len, uint32_t pieces)
{
	uint32_t slot = g->next_tx++ % GUEST_TX_SLOTS, total = g->header_bytes + len;
	uint64_t gpa = g->gpa + g->tx_at + (uint64_t)slot * GUEST_TX_SLOT + slot % 5;
	struct fake_piece list[GUEST_PIECES];

	cr_assert(pieces <= GUEST_PIECES && total + pieces < GUEST_TX_SLOT);
	memset(at(g, gpa), 0, g->header_bytes);
	memcpy(at(g, gpa), header, sizeof(*header));
	memcpy((uint8_t *)at(g, gpa) + g->header_bytes, bytes, len);
	for (uint32_t i = 0; i < pieces; i++) {
		uint32_t from = (uint32_t)((uint64_t)total * i / pieces);
		uint32_t to = (uint32_t)((uint64_t)total * (i + 1) / pieces);

		list[i] = (struct fake_piece){gpa + from, to - from, false};
	}
	cr_assert(fake_driver_post(&g->driver[GUEST_TX], list, pieces, g->indirect,
				   g->next_tx - 1) >= 0);
	kick(g, GUEST_TX);
	return g->next_tx - 1;
}

void vhost_guest_sent(struct vhost_guest *g, uint64_t token)
{
	struct fake_used used;

	do {
		cr_assert(collect(g, GUEST_TX, &used, GUEST_WAIT_MS),
			  "packet %llu did not come back", (unsigned long long)token);
		cr_assert_eq(used.len, 0);
	} while (used.token != token);
}

void vhost_guest_expect_back(struct vhost_guest *g, uint32_t ring, const struct fake_piece *pieces,
			     uint32_t count, bool indirect, const char *what)
{
	const uint64_t token = UINT32_MAX;
	struct fake_used used;

	cr_assert(fake_driver_post(&g->driver[ring], pieces, count, indirect, token) >= 0, "%s",
		  what);
	kick(g, ring);
	cr_assert(collect(g, ring, &used, GUEST_WAIT_MS), "%s: it does not come back", what);
	cr_assert_eq(used.token, token, "%s", what);
	cr_assert_eq(used.len, 0, "%s", what);
}
