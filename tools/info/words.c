// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stddef.h>

#include <linux/capability.h>

#include "info.h"

/* NETDEV_XDP_ACT_* of linux/netdev.h */
const struct info_bit info_xdp_bits[] = {
	{1 << 0, "basic"},
	{1 << 1, "redirect"},
	{1 << 2, "transmit for others"},
	{1 << 3, "zero copy"},
	{1 << 4, "hardware offload"},
	{1 << 5, "multi-buffer receive"},
	{1 << 6, "multi-buffer transmit for others"},
	{0, NULL},
};

/* NETDEV_XDP_RX_METADATA_* */
const struct info_bit info_rx_metadata_bits[] = {
	{1 << 0, "timestamp"},
	{1 << 1, "hash"},
	{1 << 2, "VLAN tag"},
	{0, NULL},
};

/* NETDEV_XSK_FLAGS_* */
const struct info_bit info_xsk_bits[] = {
	{1 << 0, "transmit timestamp"},
	{1 << 1, "transmit checksum"},
	{1 << 2, "launch time"},
	{0, NULL},
};

/* net/ethtool/common.c, netdev_features_strings */
const struct info_bit info_offload_bits[] = {
	{NET_XDP_OFFLOAD_RX_VLAN, "rx-vlan-hw-parse"},
	{NET_XDP_OFFLOAD_RX_STAG, "rx-vlan-stag-hw-parse"},
	{NET_XDP_OFFLOAD_TX_VLAN, "tx-vlan-hw-insert"},
	{NET_XDP_OFFLOAD_TX_STAG, "tx-vlan-stag-hw-insert"},
	{NET_XDP_OFFLOAD_GRO, "rx-gro"},
	{NET_XDP_OFFLOAD_GRO_LIST, "rx-gro-list"},
	{NET_XDP_OFFLOAD_GRO_UDP, "rx-udp-gro-forwarding"},
	{NET_XDP_OFFLOAD_LRO, "rx-lro"},
	{NET_XDP_OFFLOAD_GRO_HARDWARE, "rx-gro-hw"},
	{NET_XDP_OFFLOAD_TSO, "tx-tcp-segmentation"},
	{NET_XDP_OFFLOAD_UDP_SEGMENT, "tx-udp-segmentation"},
	{NET_XDP_OFFLOAD_NTUPLE, "rx-ntuple-filter"},
	{0, NULL},
};

const struct info_privilege info_privileges[] = {
	{CAP_NET_RAW, "CAP_NET_RAW", "to make the socket", false},
	{CAP_NET_ADMIN, "CAP_NET_ADMIN", "to attach the program", true},
	{CAP_BPF, "CAP_BPF", "to load the program", true},
	{CAP_IPC_LOCK, "CAP_IPC_LOCK", "to lock memory without limit", false},
	{CAP_PERFMON, "CAP_PERFMON", "for the program's pointer arithmetic", true},
	{0, NULL, NULL, false},
};

const char *info_limit_hint(int error)
{
	switch (error) {
	case -EMFILE:
		return "; raise the open-files limit (ulimit -n)";
	case -ENOBUFS:
		return "; raise the locked-memory limit (ulimit -l)";
	case -ENFILE:
	case -ENOMEM:
		return "";
	default:
		return NULL;
	}
}

const char *info_mode_word(enum net_xdp_outcome mode)
{
	switch (mode) {
	case NET_XDP_OUTCOME_ZERO_COPY:
		return "zero-copy";
	case NET_XDP_OUTCOME_COPY:
		return "copy";
	case NET_XDP_OUTCOME_FAILS:
		return "fails";
	}
	return "unknown";
}

const char *info_kind_word(enum net_xdp_finding_kind kind)
{
	switch (kind) {
	case NET_XDP_FINDING_BLOCKS:
		return "blocks";
	case NET_XDP_FINDING_LOWERS:
		return "lowers";
	case NET_XDP_FINDING_UNSURE:
		return "unsure";
	case NET_XDP_FINDING_NOTE:
		return "note";
	}
	return "unknown";
}
