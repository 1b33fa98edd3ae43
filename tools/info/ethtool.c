// SPDX-License-Identifier: BSD-2-Clause
/* What ethtool -k and -l show. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/sockios.h>

#include "info.h"

#define FEATURES_MAX 256 /* the kernel has some 60 */

static bool ethtool(const char *ifname, void *command)
{
	/* Takes the ioctl as well as one of a protocol that may be missing or refused. */
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct ifreq request = {0};
	bool ok;

	if (fd < 0)
		return false;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", ifname);
	request.ifr_data = command;
	ok = ioctl(fd, SIOCETHTOOL, &request) == 0;
	close(fd);
	return ok;
}

static uint64_t offload_bit(const char *name)
{
	for (const struct info_bit *offload = info_offload_bits; offload->bit; offload++)
		if (strncmp(name, offload->word, ETH_GSTRING_LEN) == 0)
			return offload->bit;
	return 0;
}

/* In 6.1's headers the lists at the ends have no length of their own. */
bool info_offloads(const char *ifname, uint64_t *out)
{
	union {
		struct ethtool_sset_info head;
		uint8_t bytes[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)];
	} set = {.head = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES}};
	union {
		struct ethtool_gstrings head;
		uint8_t bytes[sizeof(struct ethtool_gstrings) + FEATURES_MAX * ETH_GSTRING_LEN];
	} strings = {.head = {.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES}};
	union {
		struct ethtool_gfeatures head;
		uint8_t bytes[sizeof(struct ethtool_gfeatures) +
			      FEATURES_MAX / 32 * sizeof(struct ethtool_get_features_block)];
	} features = {.head = {.cmd = ETHTOOL_GFEATURES, .size = FEATURES_MAX / 32}};
	uint32_t count;

	*out = 0;
	/* The kernel fills in as many strings as it has, whatever len says. */
	if (!ethtool(ifname, &set) || !set.head.sset_mask || set.head.data[0] > FEATURES_MAX)
		return false;
	count = set.head.data[0];
	if (!ethtool(ifname, &strings) || !ethtool(ifname, &features))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (features.head.features[i / 32].active & 1u << i % 32)
			*out |= offload_bit((const char *)strings.head.data +
					    (size_t)i * ETH_GSTRING_LEN);
	return true;
}

void info_channels(const char *ifname, uint32_t *channels, uint32_t *most)
{
	struct ethtool_channels answer = {.cmd = ETHTOOL_GCHANNELS};
	bool ok = ethtool(ifname, &answer);

	*channels = ok ? answer.combined_count : 0;
	*most = ok ? answer.max_combined : 0;
}
