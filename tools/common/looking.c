/* SPDX-License-Identifier: BSD-2-Clause */
#include "looking.h"

#include <string.h>

#include "say.h"

int looking_open(const char *asked, struct net_control **out, struct net_error *err)
{
	struct net_control_config config = net_control_config_default();
	struct net_error why;
	int rc;

	*out = NULL;
	if (asked && !strcmp(asked, "off"))
		return 0;
	config.path = asked;
	rc = net_control_open(&config, out, asked ? err : &why);
	if (!rc || asked)
		return rc;
	*out = NULL;
	say("nobody can look into this run: %s; --control off for no such line", why.message);
	return 0;
}
