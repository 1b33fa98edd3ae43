// SPDX-License-Identifier: BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <criterion/criterion.h>

#include "support/footprint.h"
#include "support/frontend.h"
#include "support/netns.h"

static unsigned int count_entries(const char *path, unsigned char type)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	unsigned int n = 0;

	while (folder && (entry = readdir(folder)))
		n += entry->d_type == type;
	if (folder)
		closedir(folder);
	return n;
}

unsigned int footprint_leases(void)
{
	return count_entries("/run/net_xdp", DT_REG);
}

unsigned int footprint_control_sockets(void)
{
	return count_entries("/run/net_xdp/control", DT_SOCK);
}

void footprint_own_user(uint64_t memlock_bytes)
{
	struct rlimit limit = {.rlim_cur = memlock_bytes, .rlim_max = memlock_bytes};
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[2];
	uid_t user = 2000000000u + (uid_t)getpid();

	cr_assert(syscall(SYS_capget, &header, caps) == 0, "capget: %s", strerror(errno));
	cr_assert(prctl(PR_SET_KEEPCAPS, 1) == 0 && setresuid(user, user, user) == 0,
		  "become user %u: %s", user, strerror(errno));
	caps[CAP_IPC_LOCK / 32].permitted &= ~(1u << CAP_IPC_LOCK % 32);
	for (int i = 0; i < 2; i++)
		caps[i].effective = caps[i].permitted;
	cr_assert(syscall(SYS_capset, &header, caps) == 0, "capset: %s", strerror(errno));
	cr_assert(setrlimit(RLIMIT_MEMLOCK, &limit) == 0, "limit: %s", strerror(errno));
	/* /proc/self belongs to root after a change of user. */
	cr_assert(prctl(PR_SET_DUMPABLE, 1) == 0, "%s", strerror(errno));
}

/* A sanitizer's heap reserves addresses as it grows: such a mapping need not be ours. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool reserved_is_ours = false;
#else
static const bool reserved_is_ours = true;
#endif

unsigned int footprint_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], mode[5];
	unsigned int n = 0;
	unsigned long inode;

	cr_assert_not_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%*x-%*x %4s %*x %*s %lu", mode, &inode) == 2)
			n += inode != 0 || mode[3] == 's' ||
			     (reserved_is_ours && strncmp(mode, "---", 3) == 0);
	}
	fclose(maps);
	return n;
}

static unsigned int count_programs(void)
{
	unsigned int n = 0;
	uint32_t id = 0;

	while (bpf_prog_get_next_id(id, &id) == 0) {
		struct bpf_prog_info info = {0};
		uint32_t size = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			continue; /* gone since */
		if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
			n += info.created_by_uid == getuid();
		close(fd);
	}
	return n;
}

static int64_t pinned_pages(void)
{
	FILE *f = fopen("/proc/vmstat", "re");
	int64_t value, acquired = -1, released = -1;
	char name[64];

	cr_assert_not_null(f);
	while (fscanf(f, "%63s %" SCNd64, name, &value) == 2) {
		if (strcmp(name, "nr_foll_pin_acquired") == 0)
			acquired = value;
		else if (strcmp(name, "nr_foll_pin_released") == 0)
			released = value;
	}
	fclose(f);
	cr_assert(acquired >= 0 && released >= 0, "/proc/vmstat does not count pinned pages");
	return acquired - released;
}

struct footprint footprint_take(void)
{
	return (struct footprint){
		.fds = netns_open_fds(),
		.mappings = footprint_mappings(),
		.programs = getuid() ? count_programs() : 0,
		.pinned_pages = pinned_pages(),
	};
}

void footprint_expect(const struct footprint *before, const char *what)
{
	struct footprint now = footprint_take();

	/* A program's last reference may go a moment after its descriptor. */
	for (int i = 0; i < 1000 && now.programs > before->programs; i++) {
		frontend_sleep_ms(5);
		now = footprint_take();
	}
	cr_assert(now.fds == before->fds, "%s: %u descriptors before, %u now", what, before->fds,
		  now.fds);
	cr_assert(now.mappings == before->mappings, "%s: %u mappings before, %u now", what,
		  before->mappings, now.mappings);
	cr_assert(now.programs == before->programs, "%s: %u programs before, %u now", what,
		  before->programs, now.programs);
}

int64_t footprint_wait_unpinned(const struct footprint *before, int64_t slack, int timeout_ms)
{
	int64_t deadline = frontend_now_ms() + timeout_ms, more;

	do {
		more = pinned_pages() - before->pinned_pages - slack;
		if (more <= 0)
			break;
		frontend_sleep_ms(20);
	} while (frontend_now_ms() < deadline);
	return more;
}
