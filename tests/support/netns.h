/* SPDX-License-Identifier: BSD-2-Clause */
/* A network of one's own. Each test that needs interfaces calls netns_enter() first; everything it
 * makes is gone with its process. All of these end the test when something fails. */
#ifndef SUPPORT_NETNS_H
#define SUPPORT_NETNS_H

#include <stdint.h>

/* Leave for a new network namespace: lo is up, IPv6 is off (no frame is sent that the test did not
 * send), /sys shows it, and a private bpffs is mounted on /sys/fs/bpf. Needs root. */
void netns_enter(void);

/* A veth pair with so many receive and transmit queues on both ends, up, with carrier. */
void netns_veth(const char *a, const char *b, unsigned int queues, unsigned int mtu);

/* The current namespace, and another one beside it. Return: a descriptor for the next two calls. */
int netns_current(void);
int netns_new(void);
void netns_move(const char *ifname, int netns); /* the interface arrives there down */
/* Make netns the current one of this thread. Return: a descriptor of the one before. /sys stays. */
int netns_switch(int netns);

/* Run a shell command; it must succeed. */
void netns_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Administrative state, and wait until the other side's carrier follows. */
void netns_up(const char *ifname);
void netns_down(const char *ifname);

/* Id of the XDP program attached to the interface in any mode, 0 none. */
uint32_t netns_program_id(const char *ifname);

/* Descriptors that this process has open now: equal before and after says that none leaked. */
unsigned int netns_open_fds(void);

/* The interface must be there. */
uint32_t netns_ifindex(const char *ifname);

#endif
