// SPDX-License-Identifier: BSD-2-Clause
/* What the host has on the interface. */
#include <stdarg.h>
#include <string.h>

#include <linux/if_arp.h>

#include "predict.h"

/* Append to a list that has commas between. */
static void append(char *list, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void append(char *list, size_t size, const char *format, ...)
{
	size_t used = strlen(list);
	va_list args;

	if (used)
		used += (size_t)snprintf(list + used, size - used, ", ");
	va_start(args, format);
	vsnprintf(list + used, size - used, format, args);
	va_end(args);
}

void host_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct info_link *l = &f->link;
	bool only = l->way.verdict == HOST_ONLY;
	char use[340] = "";

	if (l->addresses[0])
		append(use, sizeof(use), "address %s", l->addresses);
	if (l->default_route)
		append(use, sizeof(use), "default route");
	if (l->uppers[0])
		append(use, sizeof(use), "on top of it %s", l->uppers);
	if (l->master[0])
		append(use, sizeof(use), "port of %s%s%s", l->master_kind,
		       l->master_kind[0] ? " " : "", l->master);
	if (use[0])
		note(p,
		     "The host uses this interface (%s)%s%s. The frames of a queue go to the first "
		     "process that posts buffers there, and the host gets none of them any more; "
		     "with --mac (take_macs) only those to the MACs that are named there, and with "
		     "--keep (keep) it has what it needs of them: ARP, its ssh.",
		     use, only ? ": " : "", only ? l->way.sentence : "");
}

/* The host keeps its frames as long as no buffer is posted, but for two cases. */
void info_try_warning(const struct info_facts *f, const struct info_prediction *p, char *out,
		      size_t size)
{
	out[0] = '\0';
	if (f->link.way.verdict == HOST_FREE)
		return;
	if (p->mode == NET_XDP_OUTCOME_ZERO_COPY)
		snprintf(out, size,
			 "%s; in zero copy the driver has no buffers but those of the socket, and "
			 "--try posts none: what arrives on queue %u meanwhile is lost",
			 f->link.way.sentence, f->queue);
	else if (!f->device.is_virtual)
		snprintf(out, size,
			 "%s; --try takes none of its frames, but those that arrive while the "
			 "driver changes over may be lost",
			 f->link.way.sentence);
}

void address_rule(const struct info_facts *f, struct info_prediction *p)
{
	/* A veth hands over whatever its other end sends. */
	if (strcmp(f->device.driver, "veth") == 0 || f->device.link_type != ARPHRD_ETHER ||
	    f->link.promiscuous)
		return;
	note(p,
	     "AF_XDP sees what the NIC accepts: its own MAC, broadcast, and multicast that "
	     "somebody joined. For more: ip link set dev %s promisc on (or allmulticast on), or "
	     "for one group: ip maddr add MAC dev %s",
	     word(f->device.ifname), word(f->device.ifname));
}
