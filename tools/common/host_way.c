/* SPDX-License-Identifier: BSD-2-Clause */
#include "host_way.h"

#include <stdio.h>
#include <string.h>

static bool is_taken(const struct host_taken *taken, const struct host_link *link)
{
	if (!taken->count || !link->has_mac)
		return true;
	for (uint32_t i = 0; i < taken->count; i++)
		if (!memcmp(taken->macs[i], link->mac, sizeof(link->mac)))
			return true;
	return false;
}

/* The device, when it loses its frames. */
static const struct host_link *loser(const struct host_net *net, uint32_t device, uint32_t ifindex,
				     const struct host_taken *taken)
{
	const struct host_link *link = host_net_link(net, device);

	return link && host_net_lies_on(net, device, ifindex) && is_taken(taken, link) ? link
										       : NULL;
}

static struct host_way way(enum host_verdict verdict, const struct host_net *net, uint32_t ifindex,
			   const struct host_link *on, const char *what)
{
	const struct host_link *link = host_net_link(net, ifindex);
	struct host_way w = {.verdict = verdict};
	bool above = on->ifindex != ifindex;

	snprintf(w.sentence, sizeof(w.sentence), "%s %s%s%s%s", link ? link->name : on->name, what,
		 above ? " (" : "", above ? on->name : "", above ? " lies on it)" : "");
	return w;
}

struct host_way host_way_of(const struct host_net *net, uint32_t ifindex,
			    const struct host_taken *taken)
{
	const struct host_link *on = NULL, *some = NULL;
	uint32_t through = 0;
	struct host_way way_in;
	char what[100];

	on = loser(net, net->ssh_exit, ifindex, taken);
	if (on) {
		snprintf(what, sizeof(what), "is the way back to the SSH client %s",
			 net->ssh_client);
		way_in = way(HOST_ONLY, net, ifindex, on, what);
		way_in.by_ssh = true;
		return way_in;
	}
	for (uint32_t i = 0; i < net->exit_count; i++) {
		on = loser(net, net->exits[i], ifindex, taken);
		through += on != NULL;
		some = on ? on : some;
	}
	if (through && through == net->exit_count)
		return way(HOST_ONLY, net, ifindex, some,
			   "is the only way to this machine: each default route leaves by it");
	if (through)
		return way(HOST_CARRIED, net, ifindex, some, "carries a default route of the host");
	for (uint32_t i = 0; i < net->link_count; i++) {
		on = loser(net, net->links[i].ifindex, ifindex, taken);
		if (on && on->addressed)
			return way(HOST_CARRIED, net, ifindex, on, "carries addresses of the host");
	}
	return (struct host_way){.verdict = HOST_FREE};
}
