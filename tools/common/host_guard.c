/* SPDX-License-Identifier: BSD-2-Clause */
#include "host_guard.h"

#include <errno.h>
#include <stdio.h>

#include "error.h"
#include "host_keep.h"
#include "say.h"

static int refuse(const struct host_way *way, const struct host_claim *claim, const char *missing,
		  struct net_error *err)
{
	char keep[HOST_KEEP_BYTES + 24] = "";

	if (claim->keep->count)
		snprintf(keep, sizeof(keep), ", --keep %s as well", missing);
	else if (claim->offer_keep)
		snprintf(keep, sizeof(keep), ", --keep %s", missing);
	return error_fill(err, -EPERM, "host", "%s, and %s would take its frames; %s%s, or --force",
			  way->sentence, claim->taker, claim->other, keep);
}

static void warn(const struct host_way *way, const struct host_claim *claim, const char *missing)
{
	char kept[KEEP_LIST_BYTES], lacks[HOST_KEEP_BYTES + 48] = "";

	if (!claim->keep->count) {
		say("%s; the host gets none of the frames that are taken (%s)", way->sentence,
		    claim->leave);
		return;
	}
	keep_list_text(claim->keep, kept, sizeof(kept));
	if (way->verdict == HOST_ONLY && missing[0])
		snprintf(lacks, sizeof(lacks), "; to be reached it lacks %s", missing);
	else if (!host_keep_is_found(claim->keep))
		snprintf(lacks, sizeof(lacks), "; without arp or nd nobody finds its addresses");
	say("%s; of the frames that are taken the host keeps %s, and none of the others%s",
	    way->sentence, kept, lacks);
}

int host_guard(const struct host_net *net, const struct host_claim *claim, struct net_error *err)
{
	struct host_way way = host_way_of(net, claim->ifindex, &claim->taken);
	char missing[HOST_KEEP_BYTES];

	host_keep_missing(net, way.by_ssh, claim->keep, missing);
	if (way.verdict == HOST_ONLY && missing[0] && !claim->force)
		return refuse(&way, claim, missing, err);
	if (way.verdict != HOST_FREE && !claim->quiet)
		warn(&way, claim, missing);
	return 0;
}
