// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/netlink.h>

#include "common/error.h"
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

/* The initial one has a fixed inode (PROC_USER_INIT_INO), and no other can have it. */
static bool in_user_namespace(void)
{
	struct stat s;

	return stat("/proc/self/ns/user", &s) == 0 && s.st_ino != 0xeffffffdu;
}

void info_host_facts(struct info_facts *out)
{
	struct utsname name;
	struct rlimit limit;

	if (uname(&name) == 0)
		snprintf(out->release, sizeof(out->release), "%s", name.release);
	out->capabilities = effective_capabilities();
	out->user_namespace = in_user_namespace();
	out->memlock_bytes = UINT64_MAX;
	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		out->memlock_bytes = limit.rlim_cur;
	out->socket_error = info_probe_socket(AF_XDP);
	out->option_error = out->socket_error ? 0 : info_probe_options();
	out->program_error = info_probe_program();
	out->memory_error = info_probe_memory();
	out->descriptors_error = info_probe_descriptors();
}

/* ---- What only sysfs tells -------------------------------------------------------------------- */

/*
 * Read /sys/class/net/IF/file. sysfs shows the network namespace that it was mounted in, which need
 * not be ours, so the interface's index has to agree.
 */
static bool read_sysfs(const struct info_facts *facts, const char *file, char *out, size_t size)
{
	const char *name = facts->device.ifname;
	char path[128], index[16];

	snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", name);
	if (!read_line(path, index, sizeof(index)) ||
	    strtoul(index, NULL, 10) != facts->device.ifindex)
		return false;
	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, file);
	return read_line(path, out, size);
}

/* ---- What rtnetlink tells --------------------------------------------------------------------- */

/* What the kernel does not tell stays empty. */
static void read_host(struct info_facts *out)
{
	struct host_net net;

	host_net_read(&net);
	info_link(&net, out->device.ifindex, &out->link);
	host_net_free(&net);
}

/* ---- All of it -------------------------------------------------------------------------------- */

/* Every other question needs it too, and its answer would not say what is the matter. */
int info_netlink_check(struct net_error *err)
{
	int rc = info_probe_socket(AF_NETLINK);

	if (!rc)
		return 0;
	if (info_limit_hint(rc))
		return error_fill(err, rc, "query", "cannot make a netlink socket: %s%s",
				  strerror(-rc), info_limit_hint(rc));
	return error_fill(err, rc, "query",
			  "netlink sockets are refused: %s; without them nothing is known of an "
			  "interface. Allow AF_NETLINK in the system call filter of the service or "
			  "container (systemd: RestrictAddressFamilies=)",
			  strerror(-rc));
}

static void read_steering(struct info_facts *out)
{
	struct net_xdp_steer_report *report = calloc(1, sizeof(*report));
	struct net_error err;

	if (report && net_xdp_steer_look(out->device.ifname, NULL, report, &err) == 0) {
		memcpy(out->steer_state, report->state, sizeof(out->steer_state));
		out->steer_left = report->left;
	}
	free(report);
}

int info_facts(const char *ifname, uint32_t queue, struct info_facts *out, struct net_error *err)
{
	int rc;

	memset(out, 0, sizeof(*out));
	out->queue = queue;
	rc = info_netlink_check(err);
	if (rc < 0)
		return rc;
	rc = net_xdp_device_query(ifname, &out->device, err);
	if (rc < 0)
		return rc;
	rc = net_xdp_device_queue_query(ifname, queue, &out->queue_state, err);
	if (rc < 0)
		return rc;
	read_host(out);
	if (out->device.is_bond)
		read_sysfs(out, "bonding/slaves", out->bond_members, sizeof(out->bond_members));
	if (out->device.program_id)
		info_find_holder(out);
	read_steering(out);
	info_host_facts(out);
	return 0;
}
