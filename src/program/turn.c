// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "program/turn.h"

static bool is_ours(const struct net_xdp_device *device)
{
	return device->program_id && strncmp(device->program_name, "net_xdp", 7) == 0;
}

/* The kernel tells a name only to who has CAP_SYS_ADMIN, and a program need not have one. */
struct program_words {
	char text[64];
};

static struct program_words words_of(const struct net_xdp_device *device)
{
	struct program_words words;

	if (device->program_name[0])
		snprintf(words.text, sizeof(words.text), "XDP program \"%s\"",
			 device->program_name);
	else
		snprintf(words.text, sizeof(words.text), "XDP program without a readable name");
	return words;
}

/* Wait while another program of this library is attached: mostly its process is just ending. A
 * program without a name was freed while it was looked at, and is waited for too. */
static int wait_for_ours(struct net_xdp_device *device, const struct net_xdp_config *c,
			 struct deadline *until, struct net_error *err)
{
	int rc = 0;

	while (!rc && (is_ours(device) || (device->program_id && !device->program_name[0])) &&
	       !deadline_passed(until)) {
		if (deadline_tell(until) &&
		    !wait_tell(c->on_wait, c->on_wait_context, c->release_timeout_ms,
			       "%s has %s (%s, id %u)",
			       is_ours(device) ? "another program of this library"
					       : "another program",
			       device->ifname, words_of(device).text, device->program_id))
			deadline_give_up(until);
		sleep_ms(5);
		rc = net_xdp_device_query(device->ifname, device, err);
	}
	return rc;
}

static int refuse_other(const struct net_xdp_config *c, const struct net_xdp_device *device,
			const struct deadline *until, struct net_error *err)
{
	bool link = c->program == NET_XDP_PROGRAM_LINK;

	if (is_ours(device))
		return error_set(err, -EBUSY, "attach",
				 "%s: another program of this library has it (%s, id %u) and did "
				 "not end within %u ms; an interface serves one endpoint: stop "
				 "that process (xsk-info %s names it), or use program dispatcher "
				 "in both",
				 device->ifname, words_of(device).text, device->program_id,
				 deadline_spent(until), device->ifname);
	return error_set(
		err, -EBUSY, "attach",
		"%s already runs %s %s (id %u, %s); stop its owner (xsk-info %s names it), or %s",
		device->ifname, device->program_name[0] ? "the" : "an", words_of(device).text,
		device->program_id, device->program_mode, device->ifname,
		!link ? "load it through libxdp's dispatcher as well"
		: strcmp(device->program_mode, "dispatcher") == 0
			? "use program dispatcher"
			: "load it through libxdp's dispatcher and use program dispatcher");
}

int turn_wait(const struct net_xdp_config *c, struct net_xdp_device *now, struct deadline *until,
	      struct net_error *err)
{
	int rc;

	if (!now->has_ethernet)
		return error_set(
			err, -EOPNOTSUPP, "attach",
			"%s has no Ethernet header in front of its packets (link type %u, "
			"see ip link); use an Ethernet interface: of tun devices a tap, of "
			"tunnels a gretap or vxlan, else the one underneath",
			now->ifname, now->link_type);
	rc = wait_for_ours(now, c, until, err);
	if (rc || !now->program_id ||
	    (c->program == NET_XDP_PROGRAM_DISPATCHER &&
	     strcmp(now->program_mode, "dispatcher") == 0))
		return rc;
	return refuse_other(c, now, until, err);
}
