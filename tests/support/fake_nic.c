// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

#include "support/fake_netlink.h"
#include "support/fake_nic.h"

struct fake_nic *nic;
static int nic_fd = -1;

/* A change is asked for. Return: 0; -errno it is refused. */
static int ask(void)
{
	nic->changes++;
	if (nic->changes == nic->kill_before)
		raise(SIGKILL);
	if (nic->refuse_at && nic->changes >= nic->refuse_at &&
	    nic->changes < nic->refuse_at + nic->refuse_count)
		return nic->refuse_error;
	return 0;
}

static int done(int rc)
{
	if (!rc && nic->changes == nic->kill_after)
		raise(SIGKILL);
	return rc;
}

/* ---- Channels and table ----------------------------------------------------------------------- */

static uint32_t queues(void)
{
	return steer_queues(&nic->state.channels);
}

void fake_nic_default_table(void)
{
	nic->state.table.size = FAKE_NIC_TABLE;
	for (uint32_t i = 0; i < FAKE_NIC_TABLE; i++)
		nic->state.table.queue[i] = (uint16_t)(i % queues());
	nic->state.table_is_wish = false;
}

static int get_channels(struct ethtool_channels *c)
{
	c->combined_count = nic->state.channels.combined;
	c->rx_count = nic->state.channels.rx;
	c->tx_count = nic->state.channels.tx;
	c->max_combined = nic->most.combined;
	c->max_rx = nic->most.rx;
	c->max_tx = nic->most.tx;
	c->other_count = 1;
	return nic->most.combined || nic->most.rx ? 0 : -EOPNOTSUPP;
}

static int set_channels(const struct ethtool_channels *c)
{
	const struct steer_channels wish = {c->combined_count, c->rx_count, c->tx_count};

	if (wish.combined > nic->most.combined || wish.rx > nic->most.rx ||
	    wish.tx > nic->most.tx || !steer_queues(&wish) || c->other_count != 1)
		return -EINVAL;
	if (nic->state.table_is_wish && steer_reaches(&nic->state.table, steer_queues(&wish)))
		return -EINVAL;
	nic->state.channels = wish;
	if (!nic->state.table_is_wish || nic->resets_table) {
		fake_nic_default_table();
		for (uint32_t i = 0; nic->in_rows && i < FAKE_NIC_TABLE; i++)
			nic->state.table.queue[i] = (uint16_t)(i * queues() / FAKE_NIC_TABLE);
	}
	return 0;
}

static int get_table(struct ethtool_rxfh_indir *all)
{
	if (nic->has_no_table)
		return -EOPNOTSUPP;
	for (uint32_t i = 0; all->size && i < FAKE_NIC_TABLE; i++)
		all->ring_index[i] = nic->state.table.queue[i];
	all->size = FAKE_NIC_TABLE;
	return 0;
}

static int set_table(const struct ethtool_rxfh_indir *all)
{
	if (nic->has_no_table || (all->size && all->size != FAKE_NIC_TABLE))
		return -EINVAL;
	for (uint32_t i = 0; i < all->size; i++)
		if (all->ring_index[i] >= queues())
			return -EINVAL;
	if (!all->size)
		fake_nic_default_table();
	for (uint32_t i = 0; i < all->size; i++)
		nic->state.table.queue[i] = (uint16_t)all->ring_index[i];
	nic->state.table_is_wish = all->size;
	return 0;
}

/* ---- Rules ------------------------------------------------------------------------------------ */

static int list_rules(struct ethtool_rxnfc *all, bool locations)
{
	uint32_t count = 0;

	if (nic->has_no_rules)
		return -EOPNOTSUPP;
	for (uint32_t i = 0; i < FAKE_NIC_RULES; i++) {
		if (!nic->state.has_rule[i])
			continue;
		if (locations)
			all->rule_locs[count] = i;
		count++;
	}
	all->rule_cnt = count;
	all->data = locations || nic->rules_anywhere ? FAKE_NIC_RULES : 0;
	all->data |= nic->rules_anywhere ? RX_CLS_LOC_SPECIAL : 0;
	return 0;
}

static int get_rule(struct ethtool_rxnfc *nfc)
{
	if (nfc->fs.location >= FAKE_NIC_RULES || !nic->state.has_rule[nfc->fs.location])
		return -ENOENT;
	nfc->fs = nic->state.rule[nfc->fs.location];
	return 0;
}

static int insert_rule(struct ethtool_rxnfc *nfc)
{
	uint32_t at = nfc->fs.location;

	if (nic->has_no_rules || !nic->state.ntuple)
		return -EOPNOTSUPP;
	if ((at == RX_CLS_LOC_ANY) != nic->rules_anywhere || nfc->fs.ring_cookie >= queues())
		return -EINVAL;
	for (uint32_t i = 0; at == RX_CLS_LOC_ANY && i < FAKE_NIC_RULES; i++)
		at = nic->state.has_rule[i] ? at : i;
	if (at >= FAKE_NIC_RULES)
		return -ENOSPC;
	nfc->fs.location = at;
	nic->state.has_rule[at] = true;
	nic->state.rule[at] = nfc->fs;
	return 0;
}

static int delete_rule(const struct ethtool_rxnfc *nfc)
{
	if (nfc->fs.location >= FAKE_NIC_RULES || !nic->state.has_rule[nfc->fs.location])
		return -ENOENT;
	nic->state.has_rule[nfc->fs.location] = false;
	memset(&nic->state.rule[nfc->fs.location], 0, sizeof(nic->state.rule[0]));
	return 0;
}

static int set_features(uint32_t flags)
{
	nic->state.ntuple = flags & ETH_FLAG_NTUPLE;
	if (!nic->state.ntuple) { /* as ixgbe does */
		memset(nic->state.has_rule, 0, sizeof(nic->state.has_rule));
		memset(nic->state.rule, 0, sizeof(nic->state.rule));
	}
	return 0;
}

/* ---- Calls ------------------------------------------------------------------------------------ */

static int change(void *command)
{
	int rc = ask();

	if (rc)
		return rc;
	switch (*(uint32_t *)command) {
	case ETHTOOL_SCHANNELS:
		return done(set_channels(command));
	case ETHTOOL_SRXFHINDIR:
		return done(set_table(command));
	case ETHTOOL_SRXCLSRLINS:
		return done(insert_rule(command));
	case ETHTOOL_SRXCLSRLDEL:
		return done(delete_rule(command));
	case ETHTOOL_SFLAGS:
		return done(set_features(((struct ethtool_value *)command)->data));
	default:
		return -EOPNOTSUPP;
	}
}

static int ethtool(void *command)
{
	switch (*(uint32_t *)command) {
	case ETHTOOL_GCHANNELS:
		return get_channels(command);
	case ETHTOOL_GRXFHINDIR:
		return get_table(command);
	case ETHTOOL_GRXRINGS:
		((struct ethtool_rxnfc *)command)->data = queues();
		return 0;
	case ETHTOOL_GRXCLSRLCNT:
		return list_rules(command, false);
	case ETHTOOL_GRXCLSRLALL:
		return list_rules(command, true);
	case ETHTOOL_GRXCLSRULE:
		return get_rule(command);
	case ETHTOOL_GFLAGS:
		((struct ethtool_value *)command)->data =
			ETH_FLAG_RXVLAN | (nic->state.ntuple ? ETH_FLAG_NTUPLE : 0);
		return 0;
	default:
		return change(command);
	}
}

static int set_group(const uint8_t *mac, bool member)
{
	static const uint8_t none[6];
	int rc = ask();

	for (int i = 0; !rc && i < FAKE_NIC_GROUPS; i++) {
		uint8_t *here = nic->state.group[i];

		if (memcmp(here, member ? none : mac, 6) == 0) {
			memcpy(here, member ? mac : none, 6);
			return done(0);
		}
	}
	return rc ? rc : -ENOENT;
}

/* In place of the C library's. */
int ioctl(int fd, unsigned long number, ...)
{
	struct ifreq *request;
	va_list args;
	int rc = 0;

	va_start(args, number);
	request = va_arg(args, void *);
	va_end(args);
	if (fd != nic_fd || !nic)
		return (int)syscall(SYS_ioctl, fd, number, request);
	switch (number) {
	case SIOCETHTOOL:
		rc = ethtool(request->ifr_data);
		break;
	case SIOCGIFNAME:
		snprintf(request->ifr_name, IFNAMSIZ, "fake0");
		break;
	case SIOCGIFFLAGS:
		request->ifr_flags = (short)(IFF_UP | nic->state.flags);
		if (nic->meanwhile)
			nic->meanwhile();
		break;
	case SIOCADDMULTI:
	case SIOCDELMULTI:
		rc = set_group((const uint8_t *)request->ifr_hwaddr.sa_data,
			       number == SIOCADDMULTI);
		break;
	default:
		rc = -EOPNOTSUPP;
	}
	errno = -rc;
	return rc ? -1 : 0;
}

/* RTM_NEWLINK: flags, under their mask. */
static void kernel(const struct nlmsghdr *request)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(request);
	int rc = request->nlmsg_type == RTM_NEWLINK ? ask() : -EOPNOTSUPP;

	if (!rc) {
		nic->state.flags &= ~info->ifi_change;
		nic->state.flags |= info->ifi_flags & info->ifi_change;
	}
	fake_netlink_ack(request, done(rc));
}

void fake_nic_make(struct host *h, struct net_xdp_device *device)
{
	nic = mmap(NULL, sizeof(*nic), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(nic != MAP_FAILED);
	nic->most.combined = 8;
	nic->state.channels.combined = 4;
	nic->refuse_error = -EBUSY;
	fake_nic_default_table();
	*h = (struct host){.generic.fd = -1, .netns = {UINT32_MAX, UINT64_MAX}};
	fake_netlink_open(&h->route, kernel);
	nic_fd = h->route.fd;
	*device = (struct net_xdp_device){
		.ifindex = FAKE_NIC_INDEX, .ifname = "fake0", .driver = "fake"};
}
