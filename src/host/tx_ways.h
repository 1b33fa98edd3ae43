/* SPDX-License-Identifier: BSD-2-Clause */
/* How a queue does what packets ask for (checksum, VLAN tag, segmentation), and why not better. Pure:
 * nothing is asked of the kernel. */
#ifndef NET_XDP_TX_WAYS_H
#define NET_XDP_TX_WAYS_H

#include "net_xdp.h"

/* Who adds up the checksum of TCP or UDP. */
enum tx_sum {
	TX_SUM_SOFTWARE = 0, /* we do, reading the payload where it lies */
	TX_SUM_KERNEL,	     /* copy mode: the kernel, the NIC, or nobody up to a local receiver */
	TX_SUM_DRIVER,	     /* zero copy: the NIC */
	TX_SUM_NOBODY,	     /* memory is sealed: such a packet is dropped */
};

/* What is known of a queue, or foreseen. */
struct tx_facts {
	const struct net_xdp_config *config;
	const struct net_xdp_device *device;
	bool zero_copy;
	bool has_requests;    /* the UMEM leaves room for struct xsk_tx_request */
	uint32_t descriptors; /* per wire packet */
	int whole_error;      /* -errno of the packet socket; 0 */
};

/* Shall the UMEM leave room for struct xsk_tx_request in front of each frame that is sent? It takes
 * XSK_TX_REQUEST_BYTES of every chunk, so only where somebody would read it. native: the program runs in the
 * driver. */
bool tx_ways_want_requests(const struct net_xdp_config *c, const struct net_xdp_device *device,
			   bool native);

/* Is the kernel one that takes struct xsk_tx_request, by its release? Linux 6.8 to 6.10 has requests, but not the
 * flag without which a newer kernel ignores them (XDP_UMEM_TX_METADATA_LEN; stable 6.10 has it since 6.10.3), so
 * registration does not ask for them there. It tries, whatever this says: distributions have kernels of their
 * own. */
bool tx_ways_may_take_requests(const struct net_xdp_device *device);

enum tx_sum tx_ways_sum(const struct tx_facts *f);

/*
 * A payload of at most so many bytes is copied behind the headers: a descriptor of its own costs more. In copy
 * mode that costs the kernel a page, and the bytes are copied by it anyway: on a veth a piece of 1448 bytes that
 * is sent in two descriptors takes 1.4 times as long, from the sender to its receiver, as a copy in one
 * (docs/offloads.md). Return: 0 where nothing can be copied.
 */
uint32_t tx_ways_copy_bytes(const struct tx_facts *f);

/*
 * A packet to be cut with at least so many bytes of payload goes to the kernel whole, where that may be. Less is not
 * worth a system call of its own: over a veth, 65,160 bytes cost both ends 0.31 ns per byte whole and 1.9 copied,
 * 8688 bytes 1.2 and 2.0, 4344 bytes 1.7 and 2.2 (docs/offloads.md).
 */
#define TX_WHOLE_BYTES 8192u
/* Packets with which flags may go whole? 0 none, and *why (if not NULL) says what is in the way of it, NULL where
 * it would not be a better way. */
uint32_t tx_ways_whole(const struct tx_facts *f, const char **why);

/* enum net_tx_flags that are honoured. */
uint32_t tx_ways_flags(const struct tx_facts *f);

/*
 * Into how many wire packets may a packet be cut that is never dropped for it? 0: none is cut.
 *
 * The TX ring's own room decides, as a packet for which there is none while the ring is empty is dropped
 * (write_packet()); that of the completion ring is no less, nor are the slots for headers fewer.
 * - Not sealed: what does not fit with its payload where it lies, in as many descriptors as its segments make of it,
 *   is joined: a private frame for each wire packet, and rules_tx_pieces() descriptors. That holds whatever the
 *   segments are, and no more does: one with more pieces than frames may come in any number of segments.
 * - Sealed: nothing is joined. Headers are a descriptor, and a payload that lies together is another: such memory is
 *   used in copy mode, by frames of one chunk (check_jumbo(), rules_tx_descriptors()).
 */
uint32_t tx_ways_pieces(const struct tx_facts *f);

/* For a person: by whom and from where, and if there is a better way, what is in its way. */
struct tx_sentences {
	char checksum[200];
	char segmentation[200];
	char vlan[120];
};
void tx_ways_say(const struct tx_facts *f, struct tx_sentences *out);

#endif
