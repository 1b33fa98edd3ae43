// SPDX-License-Identifier: BSD-2-Clause
/* Both sides live in a group of limited memory, in which a third process wants more than there is. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "soak/soak.h"
#include "support/frontend.h"

enum { LIMIT = 96 << 20, WANTED = 128 << 20 };

/* /sys is another one in the namespace, so the folders are kept open. */
static int root_fd = -1, group_fd = -1;
static char group[64];
static bool is_v2;

static bool put(int folder, const char *name, const char *text)
{
	int fd = openat(folder, name, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

const char *pressure_open(void)
{
	char text[32];

	is_v2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
	root_fd = open(is_v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory",
		       O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return "no cgroup with a memory controller is mounted";
	snprintf(group, sizeof(group), "net_xdp-soak-%d", (int)getpid());
	if (mkdirat(root_fd, group, 0755))
		return "the memory cgroup is not writable";
	group_fd = openat(root_fd, group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(text, sizeof(text), "%d", LIMIT);
	if (is_v2 ? put(group_fd, "memory.max", text)
		  : put(group_fd, "memory.limit_in_bytes", text))
		return NULL;
	pressure_close();
	return "the memory controller is not enabled for new cgroups";
}

void pressure_enter(pid_t pid)
{
	char text[32];

	if (group_fd < 0)
		return;
	snprintf(text, sizeof(text), "%d", (int)pid);
	cr_assert(put(group_fd, "cgroup.procs", text), "cgroup.procs: %s", strerror(errno));
}

/* It is the one that the kernel ends when there is no more. */
static void want_memory(int for_ms)
{
	int64_t end = frontend_now_ms() + for_ms;
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	uint8_t *at;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd < 0 || write(fd, "1000", 4) != 4)
		_exit(1);
	pressure_enter(getpid());
	at = mmap(NULL, WANTED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; at != MAP_FAILED && i < WANTED && frontend_now_ms() < end; i += 4096)
		at[i] = 1;
	_exit(0);
}

void pressure_make(int for_ms)
{
	int64_t end = frontend_now_ms() + for_ms;
	pid_t pid;

	do {
		pid = fork();
		cr_assert(pid >= 0, "fork: %s", strerror(errno));
		if (pid == 0)
			want_memory(for_ms);
		waitpid(pid, NULL, 0);
	} while (frontend_now_ms() < end);
}

void pressure_close(void)
{
	if (group_fd >= 0) {
		close(group_fd);
		for (int i = 0; i < 200 && unlinkat(root_fd, group, AT_REMOVEDIR); i++) {
			cr_assert(errno == EBUSY && i < 199, "%s: %s", group, strerror(errno));
			frontend_sleep_ms(5);
		}
	}
	if (root_fd >= 0)
		close(root_fd);
	group_fd = root_fd = -1;
}
