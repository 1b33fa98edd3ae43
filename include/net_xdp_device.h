/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_xdp_device.h - looking at an interface without touching it: what the kernel says of it, what
 * was left set on its queues, and what an endpoint would get there. Part of net_xdp.h, which
 * includes it; a program that only looks needs no more.
 *
 * Growth: as in net_xdp.h, each struct crosses the boundary with the size that the caller was
 * compiled with.
 */
#ifndef NET_XDP_DEVICE_H
#define NET_XDP_DEVICE_H

#include "net_backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What the kernel says --------------------------------------------------------------------- */

struct net_xdp_device {
	char ifname[16];
	char driver[32]; /* "" unknown */
	uint32_t ifindex;
	uint32_t mtu_bytes;
	uint32_t rx_queues; /* real number in use */
	uint32_t tx_queues; /* an endpoint's queue has to send: they are below this */
	bool up;
	bool carrier;
	uint64_t link_speed_bps;  /* 0 unknown */
	bool has_features;	  /* the kernel answered (6.3); the next four are valid */
	uint64_t xdp_features;	  /* NETDEV_XDP_ACT_* bits of linux/netdev.h */
	uint32_t zc_max_segments; /* descriptors per packet in zero copy; 0 unknown (before 6.6) */
	uint64_t rx_metadata_features;
	uint64_t xsk_features;
	uint32_t program_id; /* attached XDP program, 0 none */
	char program_name[32];
	const char *program_mode; /* "native", "generic", "offloaded", "dispatcher" or "none" */
	bool is_bond;
	/* An IOMMU may map each page of 4096 bytes apart, or sysfs does not tell: what crosses one is
	 * bounced in zero copy, on huge pages too. */
	bool dma_per_page;
	uint32_t peer_ifindex; /* of a veth whose other end is in this network namespace, else 0 */
	char peer_ifname[16];  /* "" likewise */
	uint8_t mac[6];	       /* zeros when it has none of this length */
	uint32_t link_type;    /* ARPHRD_* of linux/if_arp.h */
	bool has_ethernet; /* frames begin with an Ethernet header; without one open refuses it */
	bool is_virtual;   /* no NIC: what a local sender joined can arrive as it is */
	bool has_offloads; /* the kernel answered; the next two are valid */
	uint64_t offloads; /* switched on: NET_XDP_OFFLOAD_* */
	uint64_t offloads_fixed;
	bool has_peer_offloads; /* of peer_ifindex */
	uint64_t peer_offloads;
	uint32_t kernel_release; /* NET_XDP_KERNEL() of the kernel that runs; 0 unknown */
	uint32_t peer_mtu_bytes; /* of peer_ifindex; 0 unknown */
	uint32_t channels;	 /* combined ones (ethtool -l): in use; 0 unknown */
	uint32_t most_channels;	 /* and possible */
	uint32_t
		processors; /* of the machine, where the driver counts by them (virtio_net); 0 unknown */
	bool has_virtio; /* virtio_net, and sysfs shows this interface; virtio_features is valid */
	uint64_t virtio_features; /* that device and driver agreed on: bits of linux/virtio_net.h */
	/* What it sends goes out by other interfaces (macvlan, vlan, bond, bridge, ...), or may: it is of a kind
	 * that is not known to be the last one. What those lose is not always told to who sent it. */
	bool is_stacked;
};

/* Releases that can be compared. */
#define NET_XDP_KERNEL(major, minor) ((uint32_t)(major) << 16 | (uint32_t)(minor))

/* Bits of xdp_features that matter here. */
enum {
	NET_XDP_FEATURE_BASIC = 1 << 0,
	NET_XDP_FEATURE_REDIRECT = 1 << 1,
	NET_XDP_FEATURE_ZERO_COPY = 1 << 3,
	NET_XDP_FEATURE_MULTI_BUFFER = 1 << 5,
};

/* Bits of offloads, with the name in ethtool -k. */
enum {
	NET_XDP_OFFLOAD_RX_VLAN = 1 << 0, /* rx-vlan-offload: takes 802.1Q tags out of frames */
	NET_XDP_OFFLOAD_RX_STAG = 1 << 1, /* rx-vlan-stag-hw-parse: 802.1ad tags */
	NET_XDP_OFFLOAD_TX_VLAN = 1 << 2, /* tx-vlan-offload */
	NET_XDP_OFFLOAD_TX_STAG = 1 << 3, /* tx-vlan-stag-hw-insert */
	/* Frames are joined before a program in generic mode sees them. */
	NET_XDP_OFFLOAD_GRO = 1 << 4,	       /* generic-receive-offload */
	NET_XDP_OFFLOAD_GRO_LIST = 1 << 5,     /* rx-gro-list */
	NET_XDP_OFFLOAD_GRO_UDP = 1 << 6,      /* rx-udp-gro-forwarding */
	NET_XDP_OFFLOAD_GRO_HARDWARE = 1 << 7, /* rx-gro-hw */
	NET_XDP_OFFLOAD_LRO = 1 << 8,	       /* large-receive-offload */
	NET_XDP_OFFLOAD_TSO = 1 << 9,	       /* tcp-segmentation-offload, any part of it */
	NET_XDP_OFFLOAD_UDP_SEGMENT = 1 << 10, /* tx-udp-segmentation */
	NET_XDP_OFFLOAD_NTUPLE = 1 << 11, /* ntuple-filters: rules which frames go to which queue */
};

/* ifname may be an alternative name, of up to 127 characters; out->ifname is the one that ip link shows
 * first. Return: 0; -ENODEV, -errno with err filled. Changes nothing. Blocks: a few netlink requests. */
NET_PUBLIC int net_xdp_device_query_sized(const char *ifname, struct net_xdp_device *out,
					  size_t size_bytes, struct net_error *err);
static inline int net_xdp_device_query(const char *ifname, struct net_xdp_device *out,
				       struct net_error *err)
{
	return net_xdp_device_query_sized(ifname, out, sizeof(*out), err);
}

struct net_xdp_device_queue {
	bool has_state;	   /* the kernel answered (6.15, interface up); has_socket is valid */
	bool has_socket;   /* an AF_XDP socket is bound to the queue: no other can be */
	uint32_t napi_id;  /* 0 unknown */
	uint32_t irq;	   /* 0 unknown */
	bool has_deferral; /* the kernel answered (6.13); the next two are valid */
	uint32_t napi_defer_hard_irqs;
	uint64_t gro_flush_timeout_ns;
	bool napi_left; /* a process that has ended did not put them back, and they are still set */
	char napi_state[160]; /* who changed them, and from what; "" nobody is known to have */
};

/* Return: 0; -ENODEV no interface, -EINVAL no such queue, -errno with err filled. Changes nothing.
 * Blocks: a few netlink requests. */
NET_PUBLIC int net_xdp_device_queue_query_sized(const char *ifname, uint32_t queue,
						struct net_xdp_device_queue *out, size_t size_bytes,
						struct net_error *err);
static inline int net_xdp_device_queue_query(const char *ifname, uint32_t queue,
					     struct net_xdp_device_queue *out,
					     struct net_error *err)
{
	return net_xdp_device_queue_query_sized(ifname, queue, out, sizeof(*out), err);
}

/*
 * Put back what a process that was killed left on this queue's NAPI (see napi_defer_hard_irqs).
 * Making a queue there does the same. *out is the state afterwards; its napi_state says what was
 * done, or why not.
 * Return: 1 put back, 0 there was nothing to put back, or somebody else had changed it; -EBUSY the
 * process lives; errors as net_xdp_device_queue_query(), -errno with err filled. Blocks: a few
 * netlink requests.
 */
NET_PUBLIC int net_xdp_device_queue_restore_sized(const char *ifname, uint32_t queue,
						  struct net_xdp_device_queue *out,
						  size_t size_bytes, struct net_error *err);
static inline int net_xdp_device_queue_restore(const char *ifname, uint32_t queue,
					       struct net_xdp_device_queue *out,
					       struct net_error *err)
{
	return net_xdp_device_queue_restore_sized(ifname, queue, out, sizeof(*out), err);
}

/* ---- What an endpoint would get --------------------------------------------------------------- */

struct net_xdp_config;

/* How the first queue would end. */
enum net_xdp_outcome {
	NET_XDP_OUTCOME_FAILS = 0, /* with an error, or no frame would ever arrive */
	NET_XDP_OUTCOME_COPY,	   /* the kernel copies each frame once */
	NET_XDP_OUTCOME_ZERO_COPY,
};

/* What a finding says. */
enum net_xdp_finding_kind {
	NET_XDP_FINDING_BLOCKS = 0, /* why it fails */
	NET_XDP_FINDING_LOWERS,	    /* why mode or attach auto end lower than they might */
	NET_XDP_FINDING_UNSURE,	    /* what cannot be seen from outside, and what that decides */
	NET_XDP_FINDING_NOTE,	    /* worth knowing before */
};

/* X(symbol, name, meaning): what a finding is about. New ones go to the end: the order is the ABI. */
#define NET_XDP_REASONS_LIST(X)                                                                    \
	X(NONE, "none", "nothing is against it")                                                   \
	X(CONFIG, "config", "the configuration is refused")                                        \
	X(LINK_TYPE, "link-type", "frames without an Ethernet header")                             \
	X(BOND, "bond", "a bond, whose members are to be used")                                    \
	X(PROGRAM, "program", "another XDP program is attached")                                   \
	X(QUEUE, "queue", "a queue that lacks a direction")                                        \
	X(KERNEL, "kernel", "what this kernel lacks, or does not tell")                            \
	X(NATIVE, "native", "the driver's native XDP")                                             \
	X(PEER, "peer", "what a veth's other end may send")                                        \
	X(ZERO_COPY, "zero-copy", "the driver's zero copy")                                        \
	X(ROOM, "room", "the room in a chunk for frames of the MTU")                               \
	X(CUT, "cut", "frames that the driver cuts in pieces")                                     \
	X(SEGMENTS, "segments", "descriptors per packet")                                          \
	X(VIRTIO, "virtio", "what the host gave to a virtio device")                               \
	X(DRIVER, "driver", "a driver's peculiarity")                                              \
	X(MTU, "mtu", "frames of the MTU against max_frame_bytes")                                 \
	X(PAGES, "pages", "pages that are apart for DMA")                                          \
	X(GAP, "gap", "the gap in front of a frame")                                               \
	X(JOINED, "joined", "packets that arrive as one frame")                                    \
	X(TAGS, "tags", "VLAN tags that come beside the frame")                                    \
	X(CHECKSUMS, "checksums", "checksums that the sender leaves open")                         \
	X(LINK, "link", "the link's state")                                                        \
	X(SPREAD, "spread", "frames that go to other queues")

enum net_xdp_reason {
#define NET_XDP_REASON_SYMBOL(symbol, name, meaning) NET_XDP_REASON_##symbol,
	NET_XDP_REASONS_LIST(NET_XDP_REASON_SYMBOL)
#undef NET_XDP_REASON_SYMBOL
		NET_XDP_REASONS
};

/* Return: the reason's name, static; NULL when the library knows no such reason. */
NET_PUBLIC const char *net_xdp_reason_name(uint32_t reason);

/* Stays as it is, because it stands in an array. Sentences name fields of struct net_xdp_config.
 * Commands in them have IF where the interface's name belongs, and PEER for that of a veth's other
 * end: a name may hold any byte, so who shows a command quotes it. A sentence may hold the name of
 * somebody's program, as the kernel has it: who prints escapes. */
struct net_xdp_finding {
	enum net_xdp_finding_kind kind;
	enum net_xdp_reason reason;
	int error; /* the -errno that the kernel or the library answers; 0 none, or not known */
	/* Who says so: a function of the kernel, and the release where it was read; static. NULL: it
	 * follows from the other facts. */
	const char *source;
	char sentence[368]; /* what happens and why; no full stop at the end */
	char remedy[368];   /* what would help, to stand behind "; "; "" nothing is known to */
};

#define NET_XDP_FINDINGS 24

/* 18 KiB: mind a small stack. */
struct net_xdp_prediction {
	enum net_xdp_outcome outcome;
	bool native;		    /* the program would run in the driver, else generic */
	bool sure;		    /* false: a finding UNSURE says what only an attach can tell */
	enum net_xdp_reason reason; /* of the first finding that blocks or lowers; NONE */
	/* In that mode: */
	uint32_t direct_capacity_bytes; /* a buffer of this size is direct */
	uint32_t header_gap_bytes;	/* a direct buffer has this gap in front of its frame */
	uint32_t largest_frame_bytes;	/* received whole; as max_frame_bytes counts */
	uint32_t largest_mtu_bytes;	/* up to which no frame is lost, nor this mode */
	uint32_t max_tx_descriptors;	/* of one packet; with more it is bounced */
	bool gathers;			/* every received frame is copied together from chunks */
	bool bounces_at_pages;		/* what crosses a page of 4096 bytes is bounced */
	uint32_t finding_count;
	struct net_xdp_finding findings[NET_XDP_FINDINGS]; /* by kind: what decides comes first */
	/* How a packet's requests would be done in that mode, and why not better: as in struct
	 * net_xdp_report. "" when it fails. */
	char tx_checksum_state[200];
	char tx_segmentation_state[200];
	char tx_vlan_state[120];
	char rx_checksum_state[160]; /* as in struct net_xdp_report; "" when it fails */
};

/*
 * What net_xdp_open() and get_queues would get on this interface with this configuration, by the
 * same rules that they use, and why not better. device: from net_xdp_device_query(), or made up. Of
 * the configuration ifname, regions and what concerns waiting are not looked at, so it may be asked
 * before there is memory. Not judged are privileges, memory limits, other AF_XDP sockets on the
 * queue, and whether the kernel lets libxdp's dispatcher load: net_xdp_open() tries them.
 * Return: 0 and *out, also when it fails; -EINVAL device, config or out is NULL, or size_bytes of
 * config is not that of net_xdp_config_default(). Units: bytes. Threads: any. Blocks: no.
 * Syscalls: none.
 */
NET_PUBLIC int net_xdp_predict_sized(const struct net_xdp_device *device, size_t device_bytes,
				     const struct net_xdp_config *config,
				     struct net_xdp_prediction *out, size_t size_bytes);
static inline int net_xdp_predict(const struct net_xdp_device *device,
				  const struct net_xdp_config *config,
				  struct net_xdp_prediction *out)
{
	return net_xdp_predict_sized(device, sizeof(*device), config, out, sizeof(*out));
}

/* The largest frame that one chunk holds: what is over copy_bytes makes an endpoint jumbo. */
struct net_xdp_chunk_limits {
	uint32_t copy_bytes;
	uint32_t zero_copy_bytes;
	uint32_t zero_copy_multi_bytes; /* per chunk of a jumbo endpoint */
};

/* Return: 0; -EINVAL when chunk_bytes is not 2048 to 4096. Syscalls: none. */
NET_PUBLIC int net_xdp_get_chunk_limits_sized(uint32_t chunk_bytes,
					      struct net_xdp_chunk_limits *out, size_t size_bytes);
static inline int net_xdp_get_chunk_limits(uint32_t chunk_bytes, struct net_xdp_chunk_limits *out)
{
	return net_xdp_get_chunk_limits_sized(chunk_bytes, out, sizeof(*out));
}

#ifdef __cplusplus
}
#endif

#endif
