// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

#include "host/offload.h"
#include "host/steer_flow.h"
#include "host/steer_kernel.h"

static int ethtool(const struct steer_device *d, void *command)
{
	return offload_ethtool(d->host->route.fd, d->ifname, command);
}

int steer_device_find(struct steer_device *d, struct host *h, uint32_t ifindex)
{
	struct ifreq request = {.ifr_ifindex = (int)ifindex};

	*d = (struct steer_device){.host = h, .ifindex = ifindex};
	if (ioctl(h->route.fd, SIOCGIFNAME, &request) < 0)
		return -errno;
	snprintf(d->ifname, sizeof(d->ifname), "%.15s", request.ifr_name);
	return 0;
}

/* ---- Channels --------------------------------------------------------------------------------- */

int steer_read_channels(const struct steer_device *d, struct steer_channels *now,
			struct steer_channels *most)
{
	struct ethtool_channels c = {.cmd = ETHTOOL_GCHANNELS};
	int rc = ethtool(d, &c);

	*now = (struct steer_channels){c.combined_count, c.rx_count, c.tx_count};
	*most = (struct steer_channels){c.max_combined, c.max_rx, c.max_tx};
	return rc;
}

int steer_set_channels(const struct steer_device *d, const struct steer_channels *c)
{
	struct ethtool_channels now = {.cmd = ETHTOOL_GCHANNELS};
	int rc = ethtool(d, &now);

	if (rc)
		return rc;
	now.cmd = ETHTOOL_SCHANNELS;
	now.combined_count = c->combined;
	now.rx_count = c->rx;
	now.tx_count = c->tx;
	return ethtool(d, &now); /* other_count as it is: drivers refuse another one */
}

/* ---- Table ------------------------------------------------------------------------------------ */

union indirection {
	struct ethtool_rxfh_indir head;
	uint8_t bytes[sizeof(struct ethtool_rxfh_indir) + STEER_TABLE_MOST * sizeof(uint32_t)];
};

int steer_read_table(const struct steer_device *d, struct steer_table *out)
{
	union indirection *all = calloc(1, sizeof(*all));
	int rc = all ? 0 : -ENOMEM;

	out->size = 0;
	if (!rc) {
		all->head.cmd = ETHTOOL_GRXFHINDIR; /* with size 0: how many? */
		rc = ethtool(d, all);
	}
	if (!rc && (!all->head.size || all->head.size > STEER_TABLE_MOST))
		rc = -EOPNOTSUPP;
	if (!rc)
		rc = ethtool(d, all);
	for (uint32_t i = 0; !rc && i < all->head.size; i++) {
		if (all->head.ring_index[i] > UINT16_MAX)
			rc = -EOPNOTSUPP;
		out->queue[i] = (uint16_t)all->head.ring_index[i];
	}
	if (!rc)
		out->size = all->head.size;
	free(all);
	return rc;
}

int steer_set_table(const struct steer_device *d, const struct steer_table *t)
{
	union indirection *all = calloc(1, sizeof(*all));
	int rc;

	if (!all)
		return -ENOMEM;
	all->head.cmd = ETHTOOL_SRXFHINDIR;
	all->head.size = t ? t->size : 0;
	for (uint32_t i = 0; t && i < t->size; i++)
		all->head.ring_index[i] = t->queue[i];
	rc = ethtool(d, all);
	free(all);
	return rc;
}

int steer_read_queues(const struct steer_device *d, uint32_t *out)
{
	struct ethtool_rxnfc nfc = {.cmd = ETHTOOL_GRXRINGS};
	int rc = ethtool(d, &nfc);

	*out = (uint32_t)nfc.data;
	return rc;
}

/* ---- Rules ------------------------------------------------------------------------------------ */

/* Ask for all locations in use. Return: 0 and *out, to be freed; -errno. */
static int list_rules(const struct steer_device *d, struct ethtool_rxnfc **out)
{
	struct ethtool_rxnfc count = {.cmd = ETHTOOL_GRXCLSRLCNT};
	struct ethtool_rxnfc *all = NULL;
	int rc = ethtool(d, &count);

	*out = NULL;
	if (!rc && count.rule_cnt > STEER_RULES_MOST)
		rc = -E2BIG;
	if (!rc) {
		all = calloc(1, sizeof(*all) + count.rule_cnt * sizeof(all->rule_locs[0]));
		rc = all ? 0 : -ENOMEM;
	}
	if (rc)
		return rc;
	all->cmd = ETHTOOL_GRXCLSRLALL;
	all->rule_cnt = count.rule_cnt;
	rc = ethtool(d, all);
	/* Its own number of locations, and whether it picks them, a driver tells in one answer or the other. */
	all->data |= count.data & RX_CLS_LOC_SPECIAL;
	if (!(uint32_t)(all->data & ~(uint64_t)RX_CLS_LOC_SPECIAL))
		all->data |= count.data;
	if (all->rule_cnt > count.rule_cnt)
		all->rule_cnt = count.rule_cnt;
	if (rc) {
		free(all);
		return rc;
	}
	*out = all;
	return 0;
}

/* Return: 1 the rule is there; 0 another one; -errno there is none, or the driver does not tell. */
static int rule_is_at(const struct steer_device *d, const struct net_xdp_steer_rule *r,
		      uint32_t location)
{
	struct ethtool_rxnfc nfc = {.cmd = ETHTOOL_GRXCLSRULE, .fs.location = location};
	int rc = ethtool(d, &nfc);

	return rc ? rc : steer_flow_is(&nfc.fs, r);
}

int steer_find_rule(const struct steer_device *d, const struct net_xdp_steer_rule *r,
		    uint32_t location, uint32_t *at)
{
	struct ethtool_rxnfc *all;
	int rc = list_rules(d, &all);

	*at = STEER_NOWHERE;
	if (rc)
		return rc;
	for (uint32_t i = 0; !rc && i < all->rule_cnt; i++) {
		if (location != STEER_NOWHERE && all->rule_locs[i] != location)
			continue;
		rc = rule_is_at(d, r, all->rule_locs[i]);
		if (rc == 1 || location != STEER_NOWHERE)
			*at = all->rule_locs[i];
		rc = rc == -ENODEV || rc == 1 ? rc : 0;
	}
	free(all);
	return rc;
}

int steer_insert_rule(const struct steer_device *d, const struct net_xdp_steer_rule *r,
		      uint32_t location)
{
	struct ethtool_rxnfc nfc = {.cmd = ETHTOOL_SRXCLSRLINS};

	steer_flow(r, &nfc.fs);
	nfc.fs.location = location == STEER_NOWHERE ? RX_CLS_LOC_ANY : location;
	return ethtool(d, &nfc);
}

int steer_delete_rule(const struct steer_device *d, uint32_t location)
{
	struct ethtool_rxnfc nfc = {.cmd = ETHTOOL_SRXCLSRLDEL, .fs.location = location};

	return ethtool(d, &nfc);
}

int steer_read_ntuple(const struct steer_device *d, bool *on, uint32_t *rules)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
	struct ethtool_rxnfc count = {.cmd = ETHTOOL_GRXCLSRLCNT};
	int rc = ethtool(d, &flags);

	*on = flags.data & ETH_FLAG_NTUPLE;
	*rules = 0;
	if (rc || !*on)
		return rc;
	rc = ethtool(d, &count);
	*rules = count.rule_cnt;
	return rc;
}

int steer_set_ntuple(const struct steer_device *d, bool on)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
	int rc = ethtool(d, &flags);

	if (rc)
		return rc;
	flags.cmd = ETHTOOL_SFLAGS;
	flags.data = on ? flags.data | ETH_FLAG_NTUPLE : flags.data & ~(uint32_t)ETH_FLAG_NTUPLE;
	return ethtool(d, &flags);
}

static void read_rules(const struct steer_device *d, const struct net_xdp_steer *plan,
		       struct steer_state *out)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
	struct ethtool_rxnfc *all;

	for (uint32_t i = 0; i < NET_XDP_STEER_RULES; i++)
		out->rule_at[i] = STEER_NOWHERE;
	out->rules_error = list_rules(d, &all);
	if (out->rules_error)
		return;
	/* Where the flags are not told the feature cannot be what is missing. */
	out->ntuple = ethtool(d, &flags) || flags.data & ETH_FLAG_NTUPLE;
	out->rules_anywhere = all->data & RX_CLS_LOC_SPECIAL;
	out->rule_room = (uint32_t)all->data & ~RX_CLS_LOC_SPECIAL;
	out->used_count = all->rule_cnt;
	memcpy(out->used, all->rule_locs, all->rule_cnt * sizeof(*out->used));
	for (uint32_t i = 0; i < plan->rule_count; i++)
		for (uint32_t j = 0; j < all->rule_cnt; j++)
			if (rule_is_at(d, &plan->rules[i], all->rule_locs[j]) == 1)
				out->rule_at[i] = all->rule_locs[j];
	free(all);
}

/* ---- What the NIC accepts --------------------------------------------------------------------- */

int steer_read_flags(const struct steer_device *d, uint32_t *out)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", d->ifname);
	if (ioctl(d->host->route.fd, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	*out = (uint16_t)request.ifr_flags & (IFF_PROMISC | IFF_ALLMULTI);
	return 0;
}

int steer_set_flags(const struct steer_device *d, uint32_t mask, uint32_t flags)
{
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info;

	request->nlmsg_type = RTM_NEWLINK;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifi_index = (int)d->ifindex;
	info->ifi_change = mask;
	info->ifi_flags = flags;
	return netlink_request(&d->host->route, request, NULL, NULL);
}

int steer_set_group(const struct steer_device *d, const uint8_t mac[6], bool member)
{
	struct ifreq request = {.ifr_hwaddr.sa_family = AF_UNSPEC};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", d->ifname);
	memcpy(request.ifr_hwaddr.sa_data, mac, 6);
	return ioctl(d->host->route.fd, member ? SIOCADDMULTI : SIOCDELMULTI, &request) < 0 ? -errno
											    : 0;
}

/* Which groups has somebody joined for good? SIOCADDMULTI does not tell. The thread's own namespace is the
 * one that is asked here, as for all that opening does. */
static uint32_t read_groups(const struct steer_device *d, const struct net_xdp_steer *plan)
{
	FILE *file = fopen("/proc/thread-self/net/dev_mcast", "re");
	char line[160], name[32], hex[80], ours[13];
	uint32_t found = 0, ifindex, users, global;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%u %31s %u %u %79s", &ifindex, name, &users, &global, hex) != 5 ||
		    ifindex != d->ifindex || !global)
			continue;
		for (uint32_t i = 0; i < plan->group_count; i++) {
			const uint8_t *mac = plan->groups[i];

			snprintf(ours, sizeof(ours), "%02x%02x%02x%02x%02x%02x", mac[0], mac[1],
				 mac[2], mac[3], mac[4], mac[5]);
			found |= strcmp(hex, ours) ? 0 : 1u << i;
		}
	}
	if (file)
		fclose(file);
	return found;
}

/* ---- All of it -------------------------------------------------------------------------------- */

int steer_read(const struct steer_device *d, const struct net_xdp_steer *plan,
	       struct steer_state *out)
{
	out->channels_error = steer_read_channels(d, &out->channels, &out->most);
	out->table_error = steer_read_table(d, &out->table);
	/* Without an answer the channels tell: the table is of no use then. */
	if (steer_read_queues(d, &out->queues))
		out->queues = out->channels_error ? 1 : steer_queues(&out->channels);
	read_rules(d, plan, out);
	out->has_groups = read_groups(d, plan);
	return steer_read_flags(d, &out->flags);
}
