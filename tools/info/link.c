// SPDX-License-Identifier: BSD-2-Clause
/* What the host has on an interface: host_net, in words. */
#include <string.h>

#include "info.h"

/* Append a word. Those that do not fit become "...". */
static void append(char *list, size_t size, const char *word)
{
	size_t used = strlen(list);

	if (used >= 3 && strcmp(list + used - 3, "...") == 0)
		return;
	snprintf(list + used, size - used, "%s%s", used ? " " : "",
		 used + strlen(word) + sizeof("  ...") < size ? word : "...");
}

void info_link(const struct host_net *net, uint32_t ifindex, struct info_link *out)
{
	const struct host_link *link = host_net_link(net, ifindex), *master;

	*out = (struct info_link){.way = host_way_of(net, ifindex, &(struct host_taken){0})};
	if (!link)
		return;
	out->promiscuous = link->promiscuous;
	master = host_net_link(net, link->master);
	if (master) {
		snprintf(out->master, sizeof(out->master), "%s", master->name);
		snprintf(out->master_kind, sizeof(out->master_kind), "%s", link->port_kind);
	}
	for (uint32_t i = 0; i < net->link_count; i++)
		if (net->links[i].below == ifindex)
			append(out->uppers, sizeof(out->uppers), net->links[i].name);
	for (uint32_t i = 0; i < net->address_count; i++)
		if (net->addresses[i].ifindex == ifindex)
			append(out->addresses, sizeof(out->addresses), net->addresses[i].text);
	for (uint32_t i = 0; i < net->exit_count; i++)
		out->default_route |= host_net_lies_on(net, net->exits[i], ifindex);
}
