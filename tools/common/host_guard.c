/* SPDX-License-Identifier: BSD-2-Clause */
#include "host_guard.h"

#include <errno.h>

#include "error.h"
#include "say.h"

int host_guard(const struct host_net *net, const struct host_claim *claim, struct net_error *err)
{
	struct host_way way = host_way_of(net, claim->ifindex, &claim->taken);

	if (way.verdict == HOST_ONLY && !claim->force)
		return error_fill(err, -EPERM, "host",
				  "%s, and %s would take its frames; %s, or --force", way.sentence,
				  claim->taker, claim->other);
	if (way.verdict != HOST_FREE && !claim->quiet)
		say("%s; the host gets none of the frames that are taken (%s)", way.sentence,
		    claim->leave);
	return 0;
}
