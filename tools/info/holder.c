// SPDX-License-Identifier: BSD-2-Clause
/* Who keeps an XDP program attached: the link, and the process that has the link's descriptor. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "info.h"

/* A host has some dozens; a loop over ids that others add while we look has to end. */
#define LINKS_MAX 100000

static uint32_t find_link(const struct info_facts *facts)
{
	struct bpf_link_info info;
	uint32_t id = 0, size, found = 0;
	int i, fd;

	for (i = 0; i < LINKS_MAX && !found && bpf_link_get_next_id(id, &id) == 0; i++) {
		fd = bpf_link_get_fd_by_id(id);
		if (fd < 0)
			continue;
		memset(&info, 0, sizeof(info));
		size = sizeof(info);
		if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
		    info.type == BPF_LINK_TYPE_XDP && info.xdp.ifindex == facts->device.ifindex &&
		    info.prog_id == facts->device.program_id)
			found = id;
		close(fd);
	}
	return found;
}

/* fdinfo of a link's descriptor has a line "link_id:\t<id>". */
static bool is_link(const char *path, uint32_t link_id)
{
	FILE *file = fopen(path, "re");
	char line[128];
	bool found = false;
	uint32_t id;

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "link_id: %u", &id) == 1 && id == link_id;
	fclose(file);
	return found;
}

static bool holds_link(const char *pid, uint32_t link_id)
{
	struct dirent *entry;
	char path[600];
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fdinfo", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, entry->d_name);
		found = isdigit((unsigned char)entry->d_name[0]) && is_link(path, link_id);
	}
	closedir(dir);
	return found;
}

static void find_process(struct info_holder *holder)
{
	struct dirent *entry;
	char path[300];
	FILE *file;
	DIR *dir = opendir("/proc");

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !holds_link(entry->d_name, holder->link_id))
			continue;
		holder->pid = (uint32_t)strtoul(entry->d_name, NULL, 10);
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (file) {
			if (fgets(holder->command, sizeof(holder->command), file))
				holder->command[strcspn(holder->command, "\n")] = 0;
			fclose(file);
		}
		break;
	}
	closedir(dir);
}

void info_find_holder(struct info_facts *out)
{
	out->holder.link_id = find_link(out);
	if (out->holder.link_id)
		find_process(&out->holder);
}
