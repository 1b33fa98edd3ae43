// SPDX-License-Identifier: BSD-2-Clause
/* Memory of guests that cannot be had: it is refused, and guests that are served are served on. What goes is let go. */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/vhost_rig.h"

TestSuite(vhost_memory_bad, .timeout = 60);

enum { RING = 64, MTU = 1500, SET_MEM_TABLE = 5, REM_MEM_REG = 38 };

#define BIT(feature) (1ull << (feature))
#define FEATURES     (BIT(32) | BIT(29) | BIT(28) | BIT(16) | BIT(15))
#define TOO_MUCH     (1ull << 45) /* more chunks than a UMEM can have */

static struct vhost_rig rig;
static struct vhost_guest guest, other;
static struct peer other_peer;

static void begin(void)
{
	vhost_rig_enter(&rig, 1, MTU);
	vhost_rig_add(&rig);
	peer_open(&other_peer, "w1");
	vhost_rig_start(&rig);
	vhost_rig_join(&rig, &other, 1, RING, FEATURES);
	vhost_rig_expect_traffic(&other, &other_peer);
	vhost_rig_join(&rig, &guest, 0, RING, FEATURES);
	vhost_rig_expect_traffic(&guest, &rig.peer);
}

static void end(void)
{
	vhost_rig_expect_traffic(&other, &other_peer);
	vhost_guest_close(&other);
	vhost_guest_close(&guest);
	vhost_rig_stop(&rig);
	peer_close(&other_peer);
}

static uint64_t set_memory(int fd, uint64_t bytes)
{
	struct {
		uint32_t count, padding;
		uint64_t gpa, size, uva, offset;
	} table = {1, 0, GUEST_GPA, bytes, GUEST_UVA, 0};

	return vhost_guest_ask(&guest, SET_MEM_TABLE, &table, sizeof(table), fd);
}

/* How often guests' memory is mapped in this process: the test's own mappings, and the device's. */
static uint32_t mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	uint32_t n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, "/memfd:guest") != NULL;
	fclose(f);
	return n;
}

static void await_mappings(uint32_t want)
{
	for (int i = 0; i < 1000 && mappings() != want; i++)
		usleep(1000);
	cr_assert_eq(mappings(), want);
}

static int sealed(void)
{
	int fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	cr_assert_eq(ftruncate(fd, 1 << 20), 0);
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	return fd;
}

static int read_only(void)
{
	char path[64];
	int fd = memfd_create("read only", MFD_CLOEXEC), again;

	cr_assert_eq(ftruncate(fd, 1 << 20), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	close(fd);
	return again;
}

static int huge(void)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);

	cr_assert_eq(ftruncate(fd, (off_t)TOO_MUCH), 0);
	return fd;
}

Test(vhost_memory_bad, what_cannot_be_shared_is_refused_and_nobody_minds)
{
	int fds[2], fd;

	begin();
	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	cr_assert_neq(set_memory(fds[0], 1 << 20), 0);
	close(fds[0]);
	close(fds[1]);
	fd = sealed();
	cr_assert_neq(set_memory(fd, 1 << 20), 0);
	close(fd);
	fd = read_only();
	cr_assert_neq(set_memory(fd, 1 << 20), 0);
	close(fd);
	fd = huge();
	/* It cannot be mapped, or the kernel says so when its rings start. */
	if (set_memory(fd, TOO_MUCH) == 0) {
		usleep(700000);
		cr_assert(rig.devices[0].is_stuck);
	}
	close(fd);
	vhost_rig_expect_traffic(&other, &other_peer);
	vhost_guest_set_memory(&guest);
	vhost_rig_expect_traffic(&guest, &rig.peer);
	end();
}

/* Nothing holds a guest's memory any more, however it went. */
Test(vhost_memory_bad, memory_that_went_is_let_go)
{
	struct {
		uint64_t padding, gpa, size, uva, offset;
	} slot = {0, GUEST_GPA, 0, GUEST_UVA, 0};
	int fd;

	begin();
	vhost_guest_close(&other);
	await_mappings(1 + 2);
	slot.size = guest.bytes;
	cr_assert_eq(vhost_guest_ask(&guest, REM_MEM_REG, &slot, sizeof(slot), -1), 0);
	await_mappings(1);
	vhost_guest_set_memory(&guest);
	vhost_rig_expect_traffic(&guest, &rig.peer);
	fd = huge();
	set_memory(fd, TOO_MUCH);
	close(fd);
	vhost_guest_disconnect(&guest);
	await_mappings(1);
	vhost_guest_close(&guest);
	vhost_rig_join(&rig, &guest, 0, RING, FEATURES);
	vhost_rig_expect_traffic(&guest, &rig.peer);
	vhost_rig_join(&rig, &other, 1, RING, FEATURES);
	end();
}

static void drop_capability(unsigned int which)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	cr_assert_eq(syscall(SYS_capget, &header, data), 0);
	data[which / 32].effective &= ~(1u << which % 32);
	cr_assert_eq(syscall(SYS_capset, &header, data), 0);
}

/* The limit of locked memory is of a user, not of a process: root's is not counted for who may lock. */
Test(vhost_memory_bad, memory_that_may_not_be_locked_costs_that_guest_only)
{
	struct rlimit limit = {1 << 16, 1 << 16};

	vhost_rig_enter(&rig, 1, MTU);
	cr_assert_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	drop_capability(CAP_IPC_LOCK);
	vhost_rig_start(&rig);
	vhost_rig_join(&rig, &guest, 0, RING, FEATURES);
	vhost_rig_expect_idle(1500, 100);
	cr_assert(rig.devices[0].is_stuck);
	cr_assert(strstr(rig.devices[0].said, "RLIMIT_MEMLOCK") ||
			  strstr(rig.devices[0].said, "CAP_IPC_LOCK"),
		  "%s", rig.devices[0].said);
	vhost_guest_close(&guest);
	vhost_rig_stop(&rig);
}
