// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sealed: the library's own mapping of the frontend's memory is inaccessible, and frames come and go
 * all the same. Bytes are looked at through the frontend's mapping.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/conformance.h"
#include "support/rx_rig.h"

enum { HEADER = FRONTEND_XDP_HEADER_BYTES, FRAMES = 10000, BATCH = 50, SLOT = 6000 };

/* ---- Proof that the mapping is sealed ------------------------------------------------------------- */

struct mapping {
	uint64_t start, bytes;
	char mode[5];
};

/* Mappings of the region's file other than the frontend's. Return: how many. */
static uint32_t library_mappings(const struct frontend_region *region, struct mapping *out,
				 uint32_t capacity)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uint32_t count = 0;
	struct stat st;
	char line[512];

	cr_assert(maps && fstat(region->fd, &st) == 0);
	while (fgets(line, sizeof(line), maps)) {
		uint64_t from, to, inode;
		char mode[5];

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*s %" SCNu64, &from, &to, mode,
			   &inode) != 4 ||
		    inode != st.st_ino || from == (uintptr_t)region->bytes)
			continue;
		cr_assert(count < capacity, "more than %u mappings", capacity);
		out[count] = (struct mapping){.start = from, .bytes = to - from};
		memcpy(out[count++].mode, mode, sizeof(mode));
	}
	fclose(maps);
	return count;
}

/* How a child ends that reads one byte there: 0, or the signal. */
static int read_in_child(uint64_t addr)
{
	pid_t child = fork();
	int status;

	cr_assert(child >= 0);
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0});
		signal(SIGSEGV, SIG_DFL);
		_exit(*(volatile const uint8_t *)(uintptr_t)addr & 0);
	}
	cr_assert(waitpid(child, &status, 0) == child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void expect_sealed(struct rx_rig *r)
{
	const struct frontend_region *region = &r->x.f.regions[0];
	struct mapping m[4];
	uint32_t count = library_mappings(region, m, 4);
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < count; i++) {
		cr_assert(strcmp(m[i].mode, "---s") == 0, "mapped %s", m[i].mode);
		cr_assert(read_in_child(m[i].start) == SIGSEGV, "its first byte can be read");
		cr_assert(read_in_child(m[i].start + m[i].bytes - 1) == SIGSEGV,
			  "its last byte can be read");
		bytes += m[i].bytes;
	}
	cr_assert(bytes == region->size_bytes, "%" PRIu64 " of %" PRIu64 " bytes are mapped", bytes,
		  region->size_bytes);
	cr_assert(read_in_child((uintptr_t)region->bytes) == 0, "the frontend's own is sealed");
	cr_assert(frontend_xdp_report(&r->x, 0).sealed);
}

/* ---- Frames --------------------------------------------------------------------------------------- */

static void sealed_start(struct rx_rig *r, enum net_xdp_attach attach)
{
	struct frame_random random = frame_random(7);

	rx_rig_prepare(r, 1, 1500);
	rx_rig_memory(r, 64 << 20, FRAMES);
	r->x.config.sealed = true;
	r->x.config.attach = attach;
	for (uint32_t id = 0; id < FRAMES; id++) {
		uint64_t addr = FRONTEND_BASE + (uint64_t)id * SLOT, at;

		do
			at = addr + (frame_random_below(&random, 4400) | 1);
		while (!frontend_xdp_fits_page(&r->x, at, HEADER));
		frontend_set_buffer(&r->x.f, id, at, HEADER, net_xdp_direct_capacity(&r->x.config));
	}
	rx_rig_start(r, 1, 0);
}

/* Send the received frames back from where they lie, each cut in up to three where the kernel takes
 * packets of several descriptors: sealed, nothing can be joined. */
static void send_back(struct rx_rig *r, const uint32_t *ids, uint32_t first, uint32_t count)
{
	uint32_t most = frontend_xdp_report(&r->x, 0).max_tx_descriptors < 3 ? 1 : 3;
	struct frontend_list list;
	uint8_t frame[1514];

	frontend_list_open(&list, 3 * count);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t addr = frontend_frame_addr(&r->x.f, ids[i]);
		uint32_t len = frontend_metadata(&r->x.f, ids[i])->len_bytes;
		uint32_t pieces = (first + i) % most + 1, piece = len / pieces, at = 0;

		frontend_list_packet(&list, i);
		for (; pieces > 1; pieces--, at += piece)
			frontend_list_segment(&list, addr + at, piece);
		frontend_list_segment(&list, addr + at, len - at);
	}
	cr_assert(frontend_tx_all(&r->x.f, r->x.queues[0], &list, NULL, RX_RIG_DEADLINE_MS) ==
		  count);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t len = rx_rig_len(first + i, 14, 1514);

		rx_rig_frame(frame, len, first + i);
		peer_expect(&r->peer, frame, len, RX_RIG_DEADLINE_MS);
	}
	frontend_list_close(&list);
}

static void both_directions(enum net_xdp_attach attach)
{
	uint32_t ids[BATCH];
	struct rx_rig r;

	sealed_start(&r, attach);
	expect_sealed(&r);
	frontend_poison(&r.x.f, 1);
	frontend_post(&r.x.f, r.x.queues[0], 0, FRAMES);
	for (uint32_t n = 0; n < FRAMES; n += BATCH) {
		for (uint32_t i = 0; i < BATCH; i++)
			rx_rig_send(&r, rx_rig_len(n + i, 14, 1514), n + i);
		rx_rig_receive(&r, 0, ids, BATCH);
		for (uint32_t i = 0; i < BATCH; i++) {
			uint32_t len = rx_rig_len(n + i, 14, 1514);

			rx_rig_expect(&r, ids[i], len, n + i);
			rx_rig_allow(&r, ids[i]);
		}
		send_back(&r, ids, n, BATCH);
	}
	cr_assert(frontend_first_change(&r.x.f) == 0, "a byte changed that belongs to no frame");
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_DIRECT) == FRAMES);
	cr_assert(rx_rig_counter(&r, NET_XDP_TX_DIRECT) == FRAMES);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_BOUNCED) == 0);
	cr_assert(rx_rig_counter(&r, NET_XDP_TX_BOUNCED) == 0);
	rx_rig_balance(&r, FRAMES);
	expect_sealed(&r);
	rx_rig_close(&r);
}

CASE(11, sealed_10000_frames_both_directions_native)
{
	both_directions(NET_XDP_ATTACH_NATIVE);
}

CASE(11, sealed_10000_frames_both_directions_generic)
{
	NEEDS_VETH("generic attach");
	both_directions(NET_XDP_ATTACH_GENERIC);
}

/* What would have to be copied is refused at once: nothing that was accepted is lost later. */
CASE(19, sealed_refuses_buffers_that_would_bounce_and_takes_their_neighbours)
{
	enum { COUNT = 200 };
	uint32_t ids[COUNT], refused;
	struct rx_rig r;

	sealed_start(&r, NET_XDP_ATTACH_NATIVE);
	for (uint32_t i = 0; i < COUNT; i++) {
		ids[i] = i;
		if (i % 2)
			r.x.f.ids[i].buffer.capacity_bytes = 1517;
	}
	refused = net_queue_rx_avail(r.x.queues[0], &r.x.f.pool, ids, COUNT);
	cr_assert(refused == COUNT / 2, "%u refused", refused);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_REFUSED_COPY) == COUNT / 2);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_BOUNCE_CAPACITY) == 0);
	for (uint32_t n = 0; n < COUNT / 2; n++)
		rx_rig_send(&r, 1514, n);
	rx_rig_receive(&r, 0, ids, COUNT / 2);
	for (uint32_t n = 0; n < COUNT / 2; n++) {
		cr_assert(ids[n] % 2 == 0, "id %u was refused", ids[n]);
		rx_rig_expect(&r, ids[n], 1514, n);
	}
	expect_sealed(&r);
	rx_rig_balance(&r, COUNT / 2);
	rx_rig_close(&r);
}

/* Made anew, the memory has to be registered again, and is sealed again. */
CASE(11, sealed_again_after_the_queues_were_made_anew)
{
	uint32_t id;
	struct rx_rig r;

	sealed_start(&r, NET_XDP_ATTACH_NATIVE);
	for (uint32_t n = 0; n < 5; n++) {
		expect_sealed(&r);
		frontend_post(&r.x.f, r.x.queues[0], 0, 10);
		rx_rig_send(&r, 1000 + n, n);
		rx_rig_receive(&r, 0, &id, 1);
		rx_rig_expect(&r, id, 1000 + n, n);
		frontend_xdp_stop(&r.x);
		frontend_xdp_start(&r.x, 1, 0);
	}
	expect_sealed(&r);
	rx_rig_close(&r);
}
