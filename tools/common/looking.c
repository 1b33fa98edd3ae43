/* SPDX-License-Identifier: BSD-2-Clause */
#include "looking.h"

#include <string.h>

#include "say.h"

int looking_open(const char *asked, struct net_control **out, struct net_error *why,
		 struct net_error *err)
{
	struct net_control_config config = net_control_config_default();
	int rc;

	*out = NULL;
	*why = (struct net_error){0};
	if (asked && !strcmp(asked, "off"))
		return 0;
	config.path = asked;
	rc = net_control_open(&config, out, asked ? err : why);
	if (!rc || asked)
		return rc;
	*out = NULL;
	return 0;
}

void looking_say(const struct net_error *why)
{
	if (why->code)
		say("nobody can look into this run: %s; --control off for no such line",
		    why->message);
}
