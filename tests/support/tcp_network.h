/* SPDX-License-Identifier: BSD-2-Clause */
/* The receiver's side of a veth pair v0, v1 in the current network namespace: addresses for v1, none for v0,
 * and what the namespace's stack counts. No assertions. */
#ifndef SUPPORT_TCP_NETWORK_H
#define SUPPORT_TCP_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "support/tcp_packet.h"

/* X(symbol, group, name, is_fault): as nstat has them. A fault is what rises by a wire packet that is wrong or
 * in the wrong place, or by a receive buffer that is too small. What a busy machine makes rise is none: an end
 * that is served late sends again. */
#define TCP_COUNTERS_LIST(X)                                                                       \
	X(TCP_IN_SEGMENTS, "Tcp", "InSegs", false)                                                 \
	X(TCP_IN_ERRORS, "Tcp", "InErrs", true)                                                    \
	X(TCP_IN_CHECKSUM_ERRORS, "Tcp", "InCsumErrors", true)                                     \
	X(TCP_RETRANSMITTED, "Tcp", "RetransSegs", false)                                          \
	X(TCP_OUT_OF_ORDER, "TcpExt", "TCPOFOQueue", true)                                         \
	X(TCP_BACKLOG_DROPPED, "TcpExt", "TCPBacklogDrop", true)                                   \
	X(TCP_QUEUE_DROPPED, "TcpExt", "TCPRcvQDrop", true)                                        \
	X(TCP_PRUNED, "TcpExt", "RcvPruned", true)                                                 \
	X(TCP_DUPLICATES, "TcpExt", "DelayedACKLost", false)                                       \
	X(TCP_COLLAPSED, "TcpExt", "TCPRcvCollapsed", false)                                       \
	X(TCP_ZERO_WINDOWS, "TcpExt", "TCPToZeroWindowAdv", false)                                 \
	X(IP_CHECKSUM_ERRORS, "IpExt", "InCsumErrors", true)                                       \
	X(IP_HEADER_ERRORS, "Ip", "InHdrErrors", true)                                             \
	X(IP_DISCARDED, "Ip", "InDiscards", true)                                                  \
	X(IP6_HEADER_ERRORS, "", "Ip6InHdrErrors", true)                                           \
	X(IP6_DISCARDED, "", "Ip6InDiscards", true)

enum tcp_counter {
#define TCP_COUNTER_SYMBOL(symbol, group, name, is_fault) symbol,
	TCP_COUNTERS_LIST(TCP_COUNTER_SYMBOL)
#undef TCP_COUNTER_SYMBOL
		TCP_COUNTERS
};

struct tcp_counters {
	uint64_t value[TCP_COUNTERS];
	uint64_t arrived; /* tcp_network_arrived() */
};

/* What they are called, group and name in one, as nstat does. */
const char *tcp_counter_name(enum tcp_counter counter);
bool tcp_counter_is_fault(enum tcp_counter counter);

/* Give v1 its addresses and tell it where the flow's source is. Return: false: a command failed. */
bool tcp_network_prepare(void);
/* A flow to v1. */
struct tcp_flow tcp_network_flow(uint8_t ip_version);

/* How many packets v1 has got, from v0. 0: nobody knows. */
uint64_t tcp_network_arrived(void);
/* Return: false: a counter is missing. */
bool tcp_network_read(struct tcp_counters *out);

#endif
