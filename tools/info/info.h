/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xsk-info: facts about an interface, what an attach would make of them, and the two put into words.
 *
 *     facts.c    asks the kernel; changes nothing. Parts: holder.c, probe.c, common/host_net.c, of which
 *                link.c keeps what concerns the interface
 *     predict.c  facts -> mode and sentences; pure, so a table tests it. What the interface and the
 *                configuration decide is the library's: net_xdp_predict(). Its own are privileges,
 *                holders and limits (predict_access.c) and what the host has there (predict_host.c)
 *     try.c      --try: really attaches, and tells what came of it
 *     words.c    bits and privileges by name
 *     text.c, json.c   print
 *
 * Facts hold names as they are; what prints them escapes them (common/escape.h).
 */
#ifndef XSK_INFO_H
#define XSK_INFO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/host_way.h"
#include "common/told.h"
#include "net_xdp.h"

/* ---- facts.c ---------------------------------------------------------------------------------- */

/* Who keeps the attached XDP program attached. */
struct info_holder {
	uint32_t link_id; /* 0: attached by netlink, nobody holds it */
	uint32_t pid;	  /* 0: no process found; the link is pinned, or we may not look */
	char command[32];
};

/* What rtnetlink tells beyond net_xdp_device: what the host has there. Lists have spaces between, and end with "..." when
 * cut. */
struct info_link {
	bool promiscuous;
	char master[16];      /* what it is a port of; "" none */
	char master_kind[16]; /* bridge, bond, ... */
	char uppers[96];      /* on top of it: VLANs, macvlans, tunnels */
	char addresses[128];  /* but IPv6 link-local ones */
	bool default_route;   /* one leaves by it, or by what is on top of it */
	struct host_way way;  /* what taking all frames would cut off */
};

struct info_facts {
	struct net_xdp_device device;
	struct net_xdp_device_queue queue_state;
	uint32_t queue;
	char steer_state[160]; /* who has steered it; "" nobody */
	bool steer_left;
	struct info_holder holder;
	char bond_members[128]; /* names with spaces between */
	struct info_link link;

	char release[65];
	int socket_error;	/* 0, or -errno of socket(AF_XDP) */
	int option_error;	/* likewise of setsockopt() and getsockopt() on such a socket */
	int memory_error;	/* likewise of memfd_create() */
	int descriptors_error;	/* likewise of INFO_DESCRIPTORS of them */
	int program_error;	/* 0, or -errno of loading an XDP program */
	uint64_t capabilities;	/* effective, 1 << CAP_* */
	bool user_namespace;	/* not the initial one: its capabilities do not reach bpf() */
	uint64_t memlock_bytes; /* RLIMIT_MEMLOCK, UINT64_MAX unlimited */
};

/* What does not depend on an interface: release to memlock_bytes. */
void info_host_facts(struct info_facts *out);

/* All of it. Return: 0; -errno with err filled when the interface or its queue is not there. */
int info_facts(const char *ifname, uint32_t queue, struct info_facts *out, struct net_error *err);

/* Can a netlink socket be made? Return: 0; -errno with err filled. */
int info_netlink_check(struct net_error *err);

/* Fill out->holder. Needs CAP_SYS_ADMIN; without it nothing is found. (holder.c) */
void info_find_holder(struct info_facts *out);

/* link.c */
void info_link(const struct host_net *net, uint32_t ifindex, struct info_link *out);

/* probe.c. Return: 0, or -errno: what the kernel, or a filter before it, answers. */
int info_probe_socket(int family);
int info_probe_program(void);
int info_probe_options(void);
/* So many are open at once while libbpf loads and attaches the program for one queue. */
#define INFO_DESCRIPTORS 19
int info_probe_descriptors(void);
int info_probe_memory(void);

/* ---- The prediction --------------------------------------------------------------------------- */

#define INFO_SENTENCES 32

struct info_sentence {
	enum net_xdp_finding_kind kind;
	enum net_xdp_reason reason; /* NONE: the tool's own */
	const char *source;	    /* who says so; NULL: it follows from what is printed above */
	char text[800];
};

struct info_prediction {
	enum net_xdp_outcome mode;
	bool native; /* the program would run in the driver, else generic */
	bool sure;   /* false: only an attach can tell, see the sentences that are unsure */
	uint32_t largest_mtu_bytes; /* see struct net_xdp_prediction */
	char summary[240];
	/* How packets' requests would be done; "" when the library says that it fails */
	char tx_checksum[200], tx_segmentation[200], tx_vlan[120];
	char rx_partial[160]; /* what rx_checksum partial would tell; also "" */
	uint32_t count;
	struct info_sentence sentences[INFO_SENTENCES];
};

/* ---- predict.c -------------------------------------------------------------------------------- */

/* What is asked about, and tried: the defaults, on this queue. */
struct net_xdp_config info_config(const struct info_facts *facts);

/* What an attach with info_config() would get. */
void info_predict(const struct info_facts *facts, struct info_prediction *out);

/* What an attach without a buffer, as --try makes it, may cut off: one sentence; "" nothing. */
void info_try_warning(const struct info_facts *facts, const struct info_prediction *prediction,
		      char *out, size_t size);

/* Has the caller this capability where the kernel asks for it? */
bool info_can(const struct info_facts *facts, int capability);
/* Is there no limit on the memory that it may lock? */
bool info_may_lock_all(const struct info_facts *facts);

/* ---- try.c ------------------------------------------------------------------------------------ */

struct info_try {
	int rc;
	struct net_error err;
	struct told told; /* of the endpoint and its queue, when rc is 0 */
};

/* Attach, take one queue, keep what both tell, give everything back. Return: out->rc. Owner: the caller ends *out
 * with info_try_free() either way. */
int info_try(const struct info_facts *facts, struct info_try *out);
void info_try_free(struct info_try *tried);

/* ---- words.c ---------------------------------------------------------------------------------- */

struct info_bit {
	uint64_t bit; /* 0 ends the list */
	const char *word;
};

extern const struct info_bit info_xdp_bits[];
extern const struct info_bit info_rx_metadata_bits[];
extern const struct info_bit info_xsk_bits[];
extern const struct info_bit info_offload_bits[]; /* NET_XDP_OFFLOAD_* */

/* The privileges that an attach asks for. */
struct info_privilege {
	int capability;
	const char *name; /* NULL ends the list */
	const char *purpose;
	bool for_program; /* asked for to load and attach it */
};

extern const struct info_privilege info_privileges[];

/* Return: "; raise ...", or "", when a limit is what failed; NULL when something else is. */
const char *info_limit_hint(int error);
const char *info_mode_word(enum net_xdp_outcome mode);
const char *info_kind_word(enum net_xdp_finding_kind kind);

/* ---- text.c, json.c --------------------------------------------------------------------------- */

/* For people: lines of at most 80 columns, foreign names escaped. */
void info_print_row(FILE *out, const struct net_xdp_device *device); /* NULL: the heading */
void info_print_text(FILE *out, const struct info_facts *facts,
		     const struct info_prediction *prediction, const struct info_try *tried);
/* One sentence, behind front. */
void info_print_sentence(FILE *out, const char *front, const char *text);

struct json;

/* A document of this tool, and its end: with status not 0 err says what failed. */
void info_json_begin(struct json *j);
void info_json_end(struct json *j, int status, const struct net_error *err);
void info_json_row(struct json *j, const struct net_xdp_device *device); /* of an array */
void info_print_json(FILE *out, const struct info_facts *facts,
		     const struct info_prediction *prediction, const struct info_try *tried);

#endif
