// SPDX-License-Identifier: BSD-2-Clause
/* The frontend's memory: each kind that works, and each that must not. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/refused.h"
#include "support/traffic.h"

TestSuite(regions, .timeout = 60);

enum { BYTES = FRONTEND_XDP_BYTES, HUGE_BYTES = 2 << 20 };

static struct rig rig;
static struct net_xdp_config *const config = &rig.x.config;
static struct net_xdp_region *const region = &rig.x.regions[0];

static void prepare(void)
{
	rig_prepare(&rig, 2);
	refused_prepare(&rig.x);
}

/* The same configuration with the frontend's own memory works. */
static void expect_works(void)
{
	config->memory_as_is = false;
	refused_prepare(&rig.x);
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 2, 64);
	traffic_both_ways(&rig.x, &rig.peer);
	rig_close(&rig);
}

static int make_memfd(off_t bytes, unsigned int flags)
{
	int fd = memfd_create("region", MFD_CLOEXEC | flags);

	cr_assert(fd >= 0 && ftruncate(fd, bytes) == 0, "memfd: %s", strerror(errno));
	return fd;
}

/* A file on a file system with a disk (or at least a page cache that is written back). */
static int make_disk_file(off_t bytes)
{
	static const char *const folders[] = {".", "/var/tmp", "/var/lib", "/root"};

	for (int i = 0; i < 4; i++) {
		char path[64];
		struct statfs fs;
		int fd;

		snprintf(path, sizeof(path), "%s/region-XXXXXX", folders[i]);
		fd = mkostemp(path, O_CLOEXEC);
		if (fd < 0)
			continue;
		unlink(path);
		if (fstatfs(fd, &fs) == 0 && fs.f_type != TMPFS_MAGIC && !ftruncate(fd, bytes))
			return fd;
		close(fd);
	}
	cr_assert_fail("no folder on a disk to put a file into");
	return -1;
}

static void *map(int fd, size_t bytes, int protection, int flags)
{
	void *memory = mmap(NULL, bytes, protection, flags | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	cr_assert(memory != MAP_FAILED, "mmap: %s", strerror(errno));
	return memory;
}

static void take(int fd, void *memory)
{
	region->fd = fd;
	region->memory = memory;
}

/* ---- Refused -------------------------------------------------------------------------------------- */

Test(regions, none_or_nothing_behind_is_refused)
{
	prepare();
	take(-1, NULL);
	refused(&rig.x, -EINVAL, "config", "region 0", "neither fd nor memory");
	config->region_count = 0;
	refused(&rig.x, -EINVAL, "config", "region_count 0", "1 to 64");
	config->region_count = 65;
	refused(&rig.x, -EINVAL, "config", "region_count 65", "1 to 64");
	config->region_count = 1;
	config->regions = NULL;
	refused(&rig.x, -EINVAL, "config", "region_count 1", "regions set");
	expect_works();
}

Test(regions, file_that_cannot_be_pinned_is_refused)
{
	int disk, pipes[2];

	prepare();
	disk = make_disk_file(BYTES);
	take(disk, NULL);
	refused(&rig.x, -EINVAL, "memory", "a file on disk", "memfd_create");
	cr_assert_eq(pipe(pipes), 0);
	take(pipes[0], NULL);
	refused(&rig.x, -EINVAL, "memory", "region 0", "memfd_create");
	take(9999, NULL);
	refused(&rig.x, -EBADF, "memory", "region 0", "fd 9999");
	/* A mapping of it is found out by the kernel. */
	take(-1, map(disk, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED));
	refused(&rig.x, -ENOMEM, "umem", "a file on disk", "memfd, tmpfs, hugetlb");
	config->memory_as_is = true;
	refused(&rig.x, -EFAULT, "umem", "registering", "memfd, tmpfs, hugetlb");
	expect_works();
}

Test(regions, hole_beyond_the_end_of_the_file_is_refused)
{
	int fd;

	prepare();
	fd = make_memfd(BYTES - 4096, 0);
	take(fd, NULL);
	refused(&rig.x, -EINVAL, "memory", "has 16773120 bytes", "ends at 16777216");
	region->fd_offset_bytes = 4096;
	region->size_bytes = BYTES - 4096;
	refused(&rig.x, -EINVAL, "memory", "has 16773120 bytes", "ends at 16777216");
	region->fd_offset_bytes = 0;
	region->size_bytes = BYTES;
	take(-1, map(fd, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED));
	refused(&rig.x, -ENOMEM, "umem", "registering", "unmapped");
	config->memory_as_is = true;
	refused(&rig.x, -ENOMEM, "umem", "registering", "unmapped");
	expect_works();
}

Test(regions, size_place_and_overlap_are_checked)
{
	static const uint64_t sizes[] = {0, 1, 4095, BYTES - 1, BYTES - 2048};

	prepare();
	for (int i = 0; i < 5; i++) {
		region->size_bytes = sizes[i];
		refused(&rig.x, -EINVAL, "memory", "region 0: size", "multiples of the 4096-byte");
	}
	region->size_bytes = BYTES - 4096;
	region->fd_offset_bytes = 2048;
	refused(&rig.x, -EINVAL, "memory", "offset 2048", "multiples of the 4096-byte");
	region->fd_offset_bytes = 0;
	region->guest_addr = UINT64_MAX - 4095;
	refused(&rig.x, -EINVAL, "memory", "region 0", "not wrap");
	region->guest_addr = FRONTEND_BASE;
	region[1] = region[0];
	config->region_count = 2;
	refused(&rig.x, -EINVAL, "memory", "0x100000000", "overlap");
	region[1].guest_addr += region->size_bytes - 4096;
	refused(&rig.x, -EINVAL, "memory", "0x100ffe000", "overlap");
	region[1].guest_addr = region->guest_addr - 4096;
	refused(&rig.x, -EINVAL, "memory", "0xfffff000", "overlap");
	expect_works();
}

Test(regions, memory_that_is_not_shared_is_refused)
{
	int fd;

	prepare();
	take(-1, map(-1, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	refused(&rig.x, -EINVAL, "memory", "MAP_SHARED mapping", "give its fd");
	fd = make_memfd(BYTES, 0);
	take(-1, map(fd, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	refused(&rig.x, -EINVAL, "memory", "MAP_SHARED mapping", "give its fd");
	config->memory_as_is = true;
	refused(&rig.x, -EINVAL, "memory", "MAP_PRIVATE file", "map it MAP_SHARED");
	expect_works();
}

Test(regions, memory_that_is_read_only_is_refused)
{
	char path[64];
	int fd, read_only;

	prepare();
	fd = make_memfd(BYTES, 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_only = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(read_only, 0);
	take(read_only, NULL);
	refused(&rig.x, -EACCES, "memory", "region 0", "open it read-write");
	take(-1, map(fd, BYTES, PROT_READ, MAP_SHARED));
	refused(&rig.x, -ENOMEM, "umem", "read-only", "writable");
	config->memory_as_is = true;
	refused(&rig.x, -EFAULT, "umem", "registering", "writable");
	expect_works();
}

Test(regions, memory_as_is_wrong_is_refused)
{
	uint8_t *memory;

	prepare();
	memory = map(-1, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	config->memory_as_is = true;
	refused(&rig.x, -EINVAL, "config", "memory_as_is", "fd -1");
	take(-1, memory + 100);
	region->size_bytes = BYTES - 4096;
	refused(&rig.x, -EINVAL, "memory", "16773120 bytes", "page-aligned");
	take(-1, memory);
	region->size_bytes = net_xdp_private_bytes(config);
	refused(&rig.x, -EINVAL, "memory", "private area of", "hold more");
	region->size_bytes = BYTES;
	config->sealed = true;
	refused(&rig.x, -EINVAL, "config", "sealed with memory_as_is", "give the region by fd");
	config->sealed = false;
	munmap(memory, BYTES);
	refused(&rig.x, -EFAULT, "umem", "registering", "memory");
	expect_works();
}

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
	take(memory && fd < 0 ? -1 : fd, memory);
}

Test(regions, memfd_works)
{
	prepare();
	expect_traffic(false);
}

Test(regions, tmpfs_file_works)
{
	int fd;

	prepare();
	cr_assert_eq(access("/dev/shm", W_OK), 0, "no tmpfs on /dev/shm");
	fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	cr_assert(fd >= 0 && ftruncate(fd, BYTES) == 0, "%s", strerror(errno));
	replace_memory(fd, map(fd, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED));
	expect_traffic(false);
}

Test(regions, shared_anonymous_pointer_works)
{
	prepare();
	replace_memory(-1, map(-1, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED));
	expect_traffic(false);
}

Test(regions, private_anonymous_memory_as_it_is_works)
{
	prepare();
	replace_memory(-1, map(-1, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE));
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

	prepare();
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 2, 64);
	traffic_both_ways(&rig.x, &rig.peer);
	frontend_xdp_stop(&rig.x);
	before = dup(rig.x.f.regions[0].fd);
	after = make_memfd(BYTES, 0);
	replace_memory(after, map(after, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED));
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

	prepare();
	frontend_xdp_open(&rig.x);
	more = make_memfd(BYTES, 0);
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

	prepare();
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 2, 64);
	cr_assert_eq(set_regions(1), -EBUSY);
	cr_assert_not_null(strstr(rig.x.err.message, "2 queues are alive: destroy them"));
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

	prepare();
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

	prepare();
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
