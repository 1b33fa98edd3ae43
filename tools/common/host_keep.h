/* SPDX-License-Identifier: BSD-2-Clause */
/* Is a machine still reached over an interface of which it gets only what --keep leaves it? */
#ifndef COMMON_HOST_KEEP_H
#define COMMON_HOST_KEEP_H

#include "host_net.h"
#include "keep_words.h"

enum { HOST_KEEP_BYTES = 32 };

/*
 * The words of --keep that are still missing, "" none. Over SSH that is the session: its port, and ARP or neighbour
 * discovery as its addresses are. Without a session nobody knows what reaches the machine: ARP or neighbour discovery,
 * and some TCP port.
 */
void host_keep_missing(const struct host_net *net, bool by_ssh, const struct keep_list *keep,
		       char out[HOST_KEEP_BYTES]);

/* Can anybody find the host's addresses: has it ARP or neighbour discovery? */
bool host_keep_is_found(const struct keep_list *keep);

#endif
