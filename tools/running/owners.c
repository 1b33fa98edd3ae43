// SPDX-License-Identifier: BSD-2-Clause
#include "owners.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void read_program(int process, char *out, size_t size)
{
	int fd = openat(process, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, size - 1);

	if (fd >= 0)
		close(fd);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

static void note(struct xdp_socket *sockets, uint32_t count, uint32_t inode, int pid, int process)
{
	for (uint32_t i = 0; i < count; i++) {
		if (sockets[i].inode != inode || sockets[i].pid)
			continue;
		sockets[i].pid = pid;
		read_program(process, sockets[i].program, sizeof(sockets[i].program));
	}
}

static void look_through(int process, int pid, struct xdp_socket *sockets, uint32_t count)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *descriptors = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	unsigned int inode;
	char target[64];
	ssize_t n;

	if (!descriptors) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(descriptors))) {
		n = readlinkat(fd, entry->d_name, target, sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = '\0';
		if (sscanf(target, "socket:[%u]", &inode) == 1)
			note(sockets, count, inode, pid, process);
	}
	closedir(descriptors);
}

void owners_find(struct xdp_socket *sockets, uint32_t count)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	int process;

	if (!processes)
		return;
	while ((entry = readdir(processes))) {
		if (entry->d_name[strspn(entry->d_name, "0123456789")])
			continue;
		process =
			openat(dirfd(processes), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (process < 0)
			continue;
		look_through(process, atoi(entry->d_name), sockets, count);
		close(process);
	}
	closedir(processes);
}
