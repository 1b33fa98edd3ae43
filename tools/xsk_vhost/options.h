/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of xsk-vhost: devices, each with its socket and its interface. */
#ifndef XSK_VHOST_OPTIONS_H
#define XSK_VHOST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/keep_words.h"
#include "common/options.h"

enum {
	OPTIONS_DEVICES = 16,
	OPTIONS_PAIRS = 16,
	OPTIONS_CPUS = OPTIONS_PAIRS,
};

struct device_options {
	const char *socket_path;
	const char *ifname;
	uint32_t first_queue;
	uint32_t pairs;	      /* queue pairs that the guest may use */
	uint32_t mode;	      /* enum net_xdp_mode */
	uint32_t attach;      /* enum net_xdp_attach */
	uint32_t hash_report; /* enum options_hash */
	uint8_t mac[6];
	bool has_mac; /* else the interface's own */
	bool client;  /* connect to the front end's socket, again and again; else listen */
	bool promiscuous;
	bool force; /* also an interface that is the only way to this machine */
	bool dispatcher;
	bool segment_here;
	bool no_offloads;
	struct keep_list keep; /* what the host keeps */
	uint32_t cpu_count;
	uint32_t cpus[OPTIONS_CPUS];
};

/* Whether the guest is offered headers of 20 bytes, which make its buffers large enough for zero copy. */
enum options_hash {
	OPTIONS_HASH_AUTO = 0, /* where the interface would get zero copy */
	OPTIONS_HASH_ON,
	OPTIONS_HASH_OFF,
};

struct options {
	struct device_options common; /* said in front of the first --socket */
	uint32_t device_count;
	struct device_options devices[OPTIONS_DEVICES];
	const char *control; /* path of the control socket, "off", NULL: the usual one */
	bool json;
	bool quiet;
};

extern const struct option_table vhost_options;

/* Return: 0 and *out; what option_show() is to print; -EINVAL and a sentence in why. */
int options_parse(int argc, char **argv, struct options *out, char *why, size_t why_size);

#endif
