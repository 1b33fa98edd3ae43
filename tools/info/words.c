// SPDX-License-Identifier: BSD-2-Clause
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

const struct info_privilege info_privileges[] = {
	{CAP_NET_RAW, "CAP_NET_RAW", "to make the socket"},
	{CAP_NET_ADMIN, "CAP_NET_ADMIN", "to attach the program"},
	{CAP_BPF, "CAP_BPF", "to load the program"},
	{CAP_IPC_LOCK, "CAP_IPC_LOCK", "to lock memory without limit"},
	{CAP_PERFMON, "CAP_PERFMON", "for the program's pointer arithmetic"},
	{0, NULL, NULL},
};

const char *info_mode_word(enum info_mode mode)
{
	switch (mode) {
	case INFO_MODE_ZERO_COPY:
		return "zero-copy";
	case INFO_MODE_COPY:
		return "copy";
	case INFO_MODE_FAILS:
		return "fails";
	}
	return "unknown";
}

const char *info_kind_word(enum info_kind kind)
{
	switch (kind) {
	case INFO_BLOCKS:
		return "blocks";
	case INFO_LOWERS:
		return "lowers";
	case INFO_NOTE:
		return "note";
	}
	return "unknown";
}
