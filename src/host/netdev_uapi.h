/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generic netlink family "netdev", as far as we use it. The kernel's linux/netdev.h came with 6.3
 * and has grown since; Debian 12's headers (6.1) have none. Names differ from the kernel's, so that
 * both can be included. Source: Documentation/netlink/specs/netdev.yaml.
 */
#ifndef NET_XDP_NETDEV_UAPI_H
#define NET_XDP_NETDEV_UAPI_H

#define NETDEV_GENL_NAME    "netdev" /* 6.3 */
#define NETDEV_GENL_VERSION 1

enum {
	NETDEV_GENL_DEV_GET = 1,    /* 6.3 */
	NETDEV_GENL_QUEUE_GET = 10, /* 6.8 */
	NETDEV_GENL_NAPI_GET = 11,  /* 6.8 */
	NETDEV_GENL_NAPI_SET = 14,  /* 6.13 */
};

/* Bits of NETDEV_DEV_XDP_RX_METADATA. */
enum {
	NETDEV_RX_METADATA_TIMESTAMP = 1 << 0,
	NETDEV_RX_METADATA_HASH = 1 << 1,
	NETDEV_RX_METADATA_VLAN = 1 << 2, /* 6.8 */
};

enum {
	NETDEV_DEV_IFINDEX = 1,		/* u32, 6.3 */
	NETDEV_DEV_XDP_FEATURES = 3,	/* u64, 6.3: net_xdp.h and netdev_xdp_feature */
	NETDEV_DEV_XDP_ZC_MAX_SEGS = 4, /* u32, 6.6 */
	NETDEV_DEV_XDP_RX_METADATA = 5, /* u64, 6.7 */
	NETDEV_DEV_XSK_FEATURES = 6,	/* u64, 6.8: TX timestamp 1, checksum 2,
					      * launch time 4 (6.15) */
};

enum {
	NETDEV_QUEUE_ID = 1,	  /* u32, 6.8 */
	NETDEV_QUEUE_IFINDEX = 2, /* u32, 6.8 */
	NETDEV_QUEUE_TYPE = 3,	  /* u32, 6.8: netdev_queue_type */
	NETDEV_QUEUE_NAPI_ID = 4, /* u32, 6.8; absent when the driver does not tell */
	NETDEV_QUEUE_XSK = 7,	  /* empty nest, 6.15: an AF_XDP pool is bound */
};

enum netdev_queue_type {
	NETDEV_QUEUE_RX = 0,
	NETDEV_QUEUE_TX = 1,
};

enum {
	NETDEV_NAPI_IFINDEX = 1,	   /* u32, 6.8 */
	NETDEV_NAPI_ID = 2,		   /* u32, 6.8 */
	NETDEV_NAPI_IRQ = 3,		   /* u32, 6.8; absent when the driver does not tell */
	NETDEV_NAPI_PID = 4,		   /* u32, 6.8; absent when NAPI is not threaded */
	NETDEV_NAPI_DEFER_HARD_IRQS = 5,   /* u32, 6.13 */
	NETDEV_NAPI_GRO_FLUSH_TIMEOUT = 6, /* u32 or u64, ns, 6.13 */
};

/* Socket option: the cookie of the socket's network namespace. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* 5.14 */
#endif

#endif
