/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream from an endpoint on v0 through the kernel's TCP behind v1, both in the current network namespace:
 * everything is opened, the stream sent and compared, everything closed. No assertions.
 */
#ifndef SUPPORT_TCP_RUN_H
#define SUPPORT_TCP_RUN_H

#include "support/tcp_network.h"
#include "support/tcp_receiver.h"
#include "support/tcp_sender.h"

struct tcp_run_config {
	uint8_t ip_version;
	bool is_segmented; /* packets of packet_bytes that ask for segmentation, else single ones */
	uint32_t packet_bytes; /* with is_segmented; 0: the largest */
	uint32_t wire_bytes;   /* 0: as much as the MTU takes */
	enum tcp_fill fill;
	bool by_place;			   /* see struct tcp_sender_config */
	uint32_t mixed_bytes, spoil_every; /* likewise */
	struct tcp_layout layout;
	bool is_sealed, is_aligned;
	bool is_software;  /* the library fills in every checksum */
	bool segment_here; /* the library cuts, where the kernel would take packets whole */
	uint64_t total_bytes;
	uint32_t window_bytes;	      /* unacknowledged at most */
	uint32_t buffer_bytes;	      /* the receiver's; 0: as the system has it */
	int sender_cpu, receiver_cpu; /* -1: any; the sender stays where it starts */
};

/* IPv4, single packets, pieces in pages, 64 MiB. */
struct tcp_run_config tcp_run_config_default(void);

struct tcp_run_result {
	struct tcp_sender_stats sender;
	uint64_t receiver_user_ns, receiver_system_ns;
	struct tcp_counters counters; /* what they rose by */
	struct net_xdp_stats xdp;
	struct net_xdp_report report;
	uint64_t header_asks, other_asks; /* of the pool's memory operation */
	char why[TCP_WHY_BYTES];
};

/* Return: true: the stream has arrived, byte for byte, and the connection and the queue have ended as they
 * should. False: r->why. */
bool tcp_run(const struct tcp_run_config *config, struct tcp_run_result *r);

/* What went wrong on the way although the stream arrived: packets that the backend lost or dropped, or that are
 * not at v1 or not at its TCP; what the receiver's stack refused; retransmissions. A retransmission after a
 * timeout is no fault if every packet is at the receiver's TCP: somebody was late, not wrong.
 * Return: out, "" if nothing did. */
const char *tcp_run_faults(const struct tcp_run_result *r, char *out, size_t size);

#endif
