// SPDX-License-Identifier: BSD-2-Clause
/* The frontend's memory: each kind that works, several regions, and their exchange. */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/refused.h"
#include "support/regions.h"

TestSuite(regions, .timeout = 60);

enum { BYTES = FRONTEND_XDP_BYTES, HUGE_BYTES = 2 << 20 };

static struct rig rig;
static struct net_xdp_config *const config = &rig.x.config;
static struct net_xdp_region *const region = &rig.x.regions[0];

/* ---- Taken ---------------------------------------------------------------------------------------- */

/* Open with the regions of the configuration, pass traffic, and look at where it went. */
static void expect_traffic(bool as_is)
{
	int rc;

	config->memory_as_is = as_is;
	frontend_xdp_layout(&rig.x, FRONTEND_XDP_HEADER_BYTES);
	rc = net_xdp_open(config, &rig.x.ep, &rig.x.err);
	cr_assert_eq(rc, 0, "%s", rig.x.err.message);
	for (int i = 0; i < 2; i++) {
		frontend_xdp_start(&rig.x, 2, 64);
		traffic_both_ways(&rig.x, &rig.peer);
		for (uint32_t q = 0; q < 2; q++) {
			cr_assert_eq(frontend_xdp_counter(&rig.x, q, NET_XDP_RX_BOUNCED), 0);
			cr_assert_eq(frontend_xdp_counter(&rig.x, q, NET_XDP_TX_BOUNCED), 0);
		}
		frontend_xdp_stop(&rig.x);
	}
	rig_close(&rig);
}

/* The frontend's only memory is this from now on. fd -1: no file. */
static void replace_memory(int fd, void *memory)
{
	struct frontend_region *r = &rig.x.f.regions[0];

	munmap(r->bytes, r->size_bytes);
	close(r->fd);
	r->fd = fd;
	r->bytes = memory;
	regions_take(region, memory && fd < 0 ? -1 : fd, memory);
}

Test(regions, memfd_works)
{
	regions_prepare(&rig);
	expect_traffic(false);
}

Test(regions, tmpfs_file_works)
{
	int fd;

	regions_prepare(&rig);
	cr_assert_eq(access("/dev/shm", W_OK), 0, "no tmpfs on /dev/shm");
	fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	cr_assert(fd >= 0 && ftruncate(fd, BYTES) == 0, "%s", strerror(errno));
	replace_memory(fd, regions_map(fd, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED));
	expect_traffic(false);
}

Test(regions, shared_anonymous_pointer_works)
{
	regions_prepare(&rig);
	replace_memory(-1, regions_map(-1, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED));
	expect_traffic(false);
}

Test(regions, private_anonymous_memory_as_it_is_works)
{
	regions_prepare(&rig);
	replace_memory(-1, regions_map(-1, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	expect_traffic(true);
}

/* ---- Changed ------------------------------------------------------------------------------------ */

static int set_regions(uint32_t count)
{
	return net_xdp_set_regions(rig.x.ep, config->regions, count, &rig.x.err);
}

/* Is this memory of the frontend's still mapped here by the library? Its file's inode is in the maps more
 * often than the frontend's own mapping. */
static uint32_t mappings_of(int fd)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long inode;
	char line[512];
	uint32_t count = 0;
	struct stat s;

	cr_assert(maps && fstat(fd, &s) == 0);
	while (fgets(line, sizeof(line), maps))
		count += sscanf(line, "%*s %*s %*s %*s %lu", &inode) == 1 && inode == s.st_ino;
	fclose(maps);
	return count;
}

Test(regions, exchanged_between_queues_carry_the_traffic)
{
	int before, after;

	regions_prepare(&rig);
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 2, 64);
	traffic_both_ways(&rig.x, &rig.peer);
	frontend_xdp_stop(&rig.x);
	before = dup(rig.x.f.regions[0].fd);
	after = regions_memfd(BYTES, 0);
	replace_memory(after, regions_map(after, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED));
	cr_assert_eq(mappings_of(before), 1, "the library's");
	cr_assert_eq(set_regions(1), 0, "%s", rig.x.err.message);
	cr_assert_eq(mappings_of(before), 0, "the old memory is let go");
	frontend_xdp_start(&rig.x, 2, 64);
	traffic_both_ways(&rig.x, &rig.peer);
	close(before);
	rig_close(&rig);
}

Test(regions, more_and_fewer_of_them_are_reached_and_not_reached)
{
	struct net_xdp_region *const second = region + 1;
	int more;

	regions_prepare(&rig);
	frontend_xdp_open(&rig.x);
	more = regions_memfd(BYTES, 0);
	*second = *region;
	second->guest_addr += 2 * BYTES;
	second->fd = more;
	for (uint32_t count = 1; count <= 2; count++) {
		const struct net_tx_metadata packet = {
			.id = 1, .segment_count = 1, .len_bytes = 60};
		const struct net_tx_segment segment = {
			.addr = second->guest_addr + 4096, .len_bytes = 60, .head = &packet};
		uint64_t refused;
		bool sync;

		cr_assert_eq(set_regions(count), 0, "%s", rig.x.err.message);
		frontend_xdp_start(&rig.x, 1, 64);
		cr_assert_eq(net_queue_tx_avail(rig.x.queues[0], &rig.x.f.pool, &segment, 1, &sync),
			     1);
		refused = frontend_xdp_counter(&rig.x, 0, NET_XDP_TX_DROP_ADDRESS);
		cr_assert_eq(refused, count == 1, "%u regions: %lu", count, refused);
		frontend_xdp_stop(&rig.x);
	}
	close(more);
	rig_close(&rig);
}

Test(regions, that_are_wrong_leave_those_that_were)
{
	struct net_endpoint *null;

	regions_prepare(&rig);
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 2, 64);
	cr_assert_eq(set_regions(1), -EBUSY);
	cr_assert_not_null(strstr(rig.x.err.message, "2 of its queues are alive: destroy them"));
	frontend_xdp_stop(&rig.x);
	cr_assert_eq(set_regions(0), -EINVAL);
	cr_assert_not_null(strstr(rig.x.err.message, "region_count 0"));
	region->size_bytes = 2 * BYTES;
	cr_assert_eq(set_regions(1), -EINVAL);
	cr_assert_not_null(strstr(rig.x.err.message, "make the file as long as its region"));
	frontend_xdp_start(&rig.x, 2, 64);
	traffic_both_ways(&rig.x, &rig.peer);
	cr_assert_eq(net_null_open(&null, &rig.x.err), 0);
	cr_assert_eq(net_xdp_set_regions(null, region, 1, &rig.x.err), -EINVAL);
	net_endpoint_destroy(null, NULL);
	rig_close(&rig);
}

/* ---- Huge pages ----------------------------------------------------------------------------------- */

/* Add to the number of huge pages, one process at a time. Return: what it was raised by. */
static long add_huge_pages(long more)
{
	FILE *f = fopen("/proc/sys/vm/nr_hugepages", "r+e");
	long before, after;

	cr_assert(f && flock(fileno(f), LOCK_EX) == 0 && fscanf(f, "%ld", &before) == 1,
		  "nr_hugepages: %s", strerror(errno));
	rewind(f);
	fprintf(f, "%ld", before + more);
	fflush(f);
	rewind(f);
	cr_assert_eq(fscanf(f, "%ld", &after), 1);
	fclose(f);
	return after - before;
}

/* Pages that are in use stay so when the number is put back; they are gone with the file. */
static void *map_huge(int *fd, uint64_t bytes)
{
	long pages = (long)(bytes / HUGE_BYTES), got = add_huge_pages(pages);
	void *memory;

	*fd = memfd_create("region", MFD_CLOEXEC | MFD_HUGETLB | MFD_HUGE_2MB);
	memory = *fd < 0 || ftruncate(*fd, (off_t)bytes) ? MAP_FAILED
							 : mmap(NULL, bytes, PROT_READ | PROT_WRITE,
								MAP_SHARED | MAP_POPULATE, *fd, 0);
	if (memory != MAP_FAILED && got == pages)
		memset(memory, 0, bytes);
	add_huge_pages(-got);
	cr_assert(memory != MAP_FAILED && got == pages,
		  "not run: %ld of %ld huge pages of 2 MiB to be had", got, pages);
	return memory;
}

Test(regions, hugetlb_memfd_works)
{
	void *memory;
	int fd;

	regions_prepare(&rig);
	memory = map_huge(&fd, BYTES);
	replace_memory(fd, memory);
	region->size_bytes = BYTES - 4096;
	refused(&rig.x, -EINVAL, "memory", "region 0: size", "multiples of the 2097152-byte");
	region->size_bytes = BYTES;
	expect_traffic(false);
}

/* ---- Several -------------------------------------------------------------------------------------- */

/* Guest memory as a machine has it: low, a hole for devices, high, further high; kinds mixed. Buffers
 * and frames to send lie in all of them. */
Test(regions, several_with_gaps_work)
{
	static const uint64_t places[] = {0x0, 0xc0000000, 0x100000000, 0x7f0000000000};
	enum { COUNT = 4, EACH = 4 << 20, PER = 128 };
	struct frontend *f = &rig.x.f;
	struct frontend_list list;
	uint8_t frame[1500];
	uint32_t id;

	regions_prepare(&rig);
	peer_use_queue(&rig.peer, 0);
	frontend_close(f);
	frontend_open(f, 0, FRONTEND_XDP_IDS);
	for (int i = COUNT - 1; i >= 0; i--) /* in no order */
		frontend_add_region(f, places[i], EACH, -1);
	for (uint32_t i = 0; i < COUNT; i++)
		frontend_layout(f, i * PER, PER, places[i] + 4096, 4096, 12, 1518);
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 1, COUNT * PER);
	frontend_list_open(&list, COUNT);
	frontend_list_packet(&list, 0);
	for (int i = 0; i < COUNT; i++) { /* one packet with a piece from each region */
		memset(frontend_at(f, places[i] + EACH - 300, 300), i + 1, 300);
		frontend_list_segment(&list, places[i] + EACH - 300, 300);
		memset(frame + i * 300, i + 1, 300);
	}
	cr_assert_eq(frontend_tx_all(f, rig.x.queues[0], &list, NULL, TRAFFIC_DEADLINE_MS), 1);
	peer_expect(&rig.peer, frame, COUNT * 300, TRAFFIC_DEADLINE_MS);
	for (uint32_t i = 0; i < COUNT * PER; i++) {
		memset(frame, (int)i, sizeof(frame));
		peer_send(&rig.peer, frame, sizeof(frame));
		cr_assert_eq(frontend_rx_wait(f, rig.x.queues[0], &id, 1, 5000), 1);
		frontend_expect_frame(f, id, frame, sizeof(frame));
	}
	cr_assert_eq(frontend_xdp_counter(&rig.x, 0, NET_XDP_RX_DIRECT), COUNT * PER);
	/* Between them is nothing, also where two of them lie side by side in our view. */
	for (int i = 0; i < COUNT; i++) {
		frontend_list_clear(&list);
		frontend_list_frame(&list, 1, places[i] + EACH - 30, 60);
		cr_assert_eq(frontend_tx_all(f, rig.x.queues[0], &list, NULL, 5000), 1);
		cr_assert_eq(frontend_xdp_counter(&rig.x, 0, NET_XDP_TX_DROP_ADDRESS),
			     (uint64_t)i + 1);
	}
	peer_expect_silence(&rig.peer, 20);
	frontend_list_close(&list);
	rig_close(&rig);
}
