// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/capability.h>

#include "info.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif

/* The first line of a file in sysfs or proc. Return: success. */
static bool read_line(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "re");
	bool ok;

	if (!file)
		return false;
	ok = fgets(out, (int)size, file);
	fclose(file);
	if (ok)
		out[strcspn(out, "\n")] = 0;
	return ok;
}

/* ---- The host --------------------------------------------------------------------------------- */

static uint64_t effective_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capget, &header, data) < 0)
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

/* The initial user namespace maps every id to itself. */
static bool in_user_namespace(void)
{
	unsigned int inside, outside, count;
	char line[64];

	if (!read_line("/proc/self/uid_map", line, sizeof(line)) ||
	    sscanf(line, "%u %u %u", &inside, &outside, &count) != 3)
		return false;
	return inside != 0 || outside != 0 || count != UINT32_MAX;
}

void info_host_facts(struct info_facts *out)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;
	struct rlimit limit;
	int fd;

	if (uname(&name) == 0) {
		snprintf(out->release, sizeof(out->release), "%s", name.release);
		sscanf(name.release, "%u.%u", &major, &minor);
	}
	out->kernel = INFO_KERNEL(major, minor);
	out->capabilities = effective_capabilities();
	out->user_namespace = in_user_namespace();
	out->memlock_bytes = UINT64_MAX;
	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		out->memlock_bytes = limit.rlim_cur;
	/* An unbound socket touches no interface. */
	fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	out->socket_error = fd < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
}

/* ---- What only sysfs tells -------------------------------------------------------------------- */

/*
 * Read /sys/class/net/IF/file. sysfs shows the network namespace that it was mounted in, which need
 * not be ours, so the interface's index has to agree.
 */
static bool read_sysfs(const struct net_xdp_device *device, const char *file, char *out,
		       size_t size)
{
	char path[128], index[16];

	snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", device->ifname);
	if (!read_line(path, index, sizeof(index)) || strtoul(index, NULL, 10) != device->ifindex)
		return false;
	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", device->ifname, file);
	return read_line(path, out, size);
}

/* The negotiated features of a virtio device: one character per bit, the lowest first. */
static void read_virtio(struct info_facts *out)
{
	char bits[160];
	size_t i;

	if (strcmp(out->device.driver, "virtio_net") != 0 ||
	    !read_sysfs(&out->device, "device/features", bits, sizeof(bits)) || strlen(bits) < 64)
		return;
	out->has_virtio = true;
	for (i = 0; i < 64; i++)
		out->virtio_features |= (uint64_t)(bits[i] == '1') << i;
}

static void read_peer(struct info_facts *out)
{
	char name[IF_NAMESIZE];

	if (!out->device.peer_ifindex || !if_indextoname(out->device.peer_ifindex, name) ||
	    net_xdp_device_query(name, &out->peer, NULL) < 0)
		out->peer.ifindex = 0;
}

int info_facts(const char *ifname, uint32_t queue, struct info_facts *out, struct net_error *err)
{
	int rc;

	memset(out, 0, sizeof(*out));
	out->queue = queue;
	rc = net_xdp_device_query(ifname, &out->device, err);
	if (rc < 0)
		return rc;
	rc = net_xdp_device_queue_query(ifname, queue, &out->queue_state, err);
	if (rc < 0)
		return rc;
	if (out->device.is_bond)
		read_sysfs(&out->device, "bonding/slaves", out->bond_members,
			   sizeof(out->bond_members));
	read_virtio(out);
	read_peer(out);
	if (out->device.program_id)
		info_find_holder(out);
	info_host_facts(out);
	return 0;
}
