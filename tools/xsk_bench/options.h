/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user asked for: the table (options_table.c), values of this program's own (options_value.c), and the
 * rules between options (options.c).
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_xdp.h"
#include "common/keep_words.h"
#include "options_table.h"

#define BENCH_MAX_QUEUES  64
#define OPTIONS_MAX_FLOWS 256  /* of all queues: what a receiving thread tells apart (FLOW_MAX) */
#define OPTIONS_MAX_FRAME 9216 /* of --frame-bytes, as of max_frame_bytes */
/* The longest packet of --segment: an Ethernet header, and what an IP header can tell. */
#define OPTIONS_MAX_PACKET (14 + 65535)

enum bench_mode {
	BENCH_RX,
	BENCH_TX,
	BENCH_FWD,
	BENCH_LATENCY,
	BENCH_PAIR, /* tx through -i and rx on --to, a process each; with --bidirectional each does both */
};

/* Of the two of --bidirectional: what an end receives. */
enum bench_direction {
	BENCH_ONE_WAY,
	BENCH_FORWARD, /* from -i to --to */
	BENCH_REVERSE,
};

struct options {
	uint32_t mode; /* enum bench_mode */
	const char *ifname;
	const char *to_ifname;	 /* NULL: fwd sends back where it came from */
	const char *from_ifname; /* of pair's receiver: its sender's; else NULL */
	bool bidirectional;	 /* of pair */
	uint32_t direction;	 /* enum bench_direction, of rows and lines */
	/* pair on two machines; NULL: it is on one */
	const char *server; /* where it listens, see common/listen.h */
	const char *client; /* the server, "HOST:PORT" */
	bool one_off;	    /* the server ends after a client */
	bool reverse;	    /* the server sends */
	uint32_t first_queue;
	uint32_t queue_count;

	uint32_t bind_mode; /* enum net_xdp_mode */
	uint32_t attach;    /* enum net_xdp_attach */
	bool dispatcher;
	bool take_own_mac; /* frames to the interface's own MAC; with mac_count 0 and not this: all */
	uint8_t take_macs[NET_XDP_TAKE_MACS][6];
	uint32_t take_mac_count;
	struct keep_list keep; /* what the host keeps of these */
	bool force;	       /* take frames even where that cuts the machine off */

	uint32_t batch;
	uint32_t ring;
	uint32_t frame_bytes; /* 0: not given */
	uint32_t chunk_bytes; /* 0: not given */
	bool aligned;
	bool sealed;
	uint32_t pages; /* enum bench_pages */

	uint32_t busy_poll_us;
	uint32_t napi_defer, napi_flush_us;
	uint32_t wait;	      /* enum bench_wait */
	uint32_t moderate_us; /* while frames come, look again only after so long */
	uint64_t duration_ns; /* 0: until a signal */
	uint64_t rate;	      /* frames per second of all queues together, 0: as fast as it goes */
	uint64_t count;	      /* frames of all queues together, 0: no limit */

	uint32_t cpus[BENCH_MAX_QUEUES];
	uint32_t cpu_count;

	uint8_t dst_mac[6];
	uint32_t ip_src; /* host byte order */
	uint32_t ip_dst;

	uint32_t flows; /* of each queue, in turn */
	bool ipv6;

	/* Left to the backend. */
	bool checksum;		/* IPv4 and TCP or UDP */
	uint32_t sums;		/* enum net_xdp_tx_checksum: by whom */
	bool vlan;		/* tx: a tag is inserted; rx: each frame has to have it */
	uint16_t vlan_tci;	/* as in metadata, see net_vlan_tci() */
	uint32_t segment_bytes; /* packets so long are cut; 0: not given */
	uint32_t piece_bytes;	/* payload of a piece; 0: what fits the MTU */
	bool segment_here; /* cut by the library, also where the kernel would take them whole */
	uint32_t l4;	   /* enum bench_l4, UDP or TCP once options_parse() has returned */

	const char *capture_path; /* NULL: no capture */
	uint64_t capture_ns;	  /* 0: the whole run */
	const char *control;	  /* path of the control socket, "off", NULL: the usual one */
	const char *plot_path;	  /* NULL: no plot */
	uint64_t interval_ns;	  /* 0: no intervals */
	bool rows;		  /* they are printed, not only drawn */
	bool silent; /* of pair's sender: the receiver's rows stand in place of its lines */
	bool csv;
	bool json;
	bool verbose;
};

/* What the memory is made of. */
enum bench_pages {
	BENCH_PAGES_AUTO, /* huge pages when enough are free */
	BENCH_PAGES_HUGE,
	BENCH_PAGES_SMALL,
};

enum bench_l4 {
	BENCH_L4_AUTO, /* TCP with --segment, else UDP */
	BENCH_L4_UDP,
	BENCH_L4_TCP,
};

enum bench_wait {
	BENCH_WAIT_EPOLL,
	BENCH_WAIT_SPIN,
};

/*
 * Return: 0 and *out filled; what option_show() is to print; -EINVAL with one sentence in why. What was
 * parsed before the fault stands in *out.
 */
int options_parse(int argc, char **argv, struct options *out, char *why, size_t why_size);

/* The rules between options once more, for those that a peer has changed. Return: 0; -EINVAL with one sentence in why. */
int options_check(struct options *o, char *why, size_t why_size);

/* What frames are sent, how many and how long: as if no option said so. */
void options_forget_packets(struct options *o);

/* "rx", "tx", "fwd", "latency", "pair" */
const char *options_mode_name(uint32_t mode);

/* "forward", "reverse"; "" one way */
const char *options_direction_name(uint32_t direction);

/* The packets ask for a checksum or for segmentation: they are those of packet.h. */
bool options_packet(const struct options *opt);

/* Number of interfaces in use: 2 with --to. */
uint32_t options_port_count(const struct options *opt);

/* Does it make packets that leave something to the backend: tx, and pair whose sender does? */
bool options_tx(const struct options *opt);

/* Do frames of others come to us? Does the mode make frames of its own? */
bool options_receive(const struct options *opt);
bool options_send(const struct options *opt);

#endif
