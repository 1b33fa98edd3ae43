/* SPDX-License-Identifier: BSD-2-Clause */
#include "outcome.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "look.h"
#include "offload.h"
#include "say.h"

static const struct port *port_without_link(const struct run *run)
{
	for (uint32_t k = 0; k < run->port_count; k++)
		if (!run->ports[k].link_up)
			return &run->ports[k];
	return NULL;
}

/* Whose MTU has become too small for what was sent, or was for what is forwarded. Return: 0 with ifname and MTU in *out;
 * -ENOENT: nobody's, or nothing was lost. */
static int find_small_mtu(const struct run *run, const struct account *a,
			  struct net_xdp_device *out)
{
	const struct options *opt = run->opt;
	uint32_t longest = options_send(opt)	    ? offload_wire_bytes(&run->packet)
			   : opt->mode == BENCH_FWD ? port_largest_frame(opt)
						    : 0;
	int rc = -ENOENT;

	for (uint32_t k = 0; k < run->port_count && rc && account_counter(a, NET_XDP_TX_LOST); k++)
		rc = look_at_mtu(&run->ports[k], longest, out);
	return rc;
}

/* Who sends and sent nothing has not done what was asked, and neither has a sender without a link. */
static int check_sent(const struct run *run, const struct account *a, struct net_error *err)
{
	const struct port *down = port_without_link(run);
	struct net_xdp_device small;
	unsigned long long sent = account_sent(a), all = a->generated;

	if (!all || (sent && !(down && options_send(run->opt))))
		return 0;
	err->code = down ? -ENETDOWN : -EIO;
	snprintf(err->step, sizeof(err->step), "link");
	if (down)
		snprintf(err->message, sizeof(err->message),
			 "%s: the link is down; %llu of %llu frames were sent", down->ifname, sent,
			 all);
	else if (!find_small_mtu(run, a, &small))
		snprintf(err->message, sizeof(err->message),
			 "%s: none of %llu frames was sent: the MTU of %s is %u now, and they are "
			 "longer",
			 run->ports[0].ifname, all, small.ifname, small.mtu_bytes);
	else
		snprintf(err->message, sizeof(err->message),
			 "%s: none of %llu frames was sent; see what was lost",
			 run->ports[0].ifname, all);
	return err->code;
}

/* One sentence for each thing that must not be. */
static int judge(const struct run *run, const struct account *a)
{
	struct net_xdp_device small;
	bool silent = run->opt->mode == BENCH_LATENCY && a->tally.generated && !a->latency.count;

	if (!find_small_mtu(run, a, &small))
		say("%s: the MTU is %u now: frames over %u bytes are not sent, and counted as "
		    "tx_lost",
		    small.ifname, small.mtu_bytes, small.mtu_bytes + FRAME_IP_AT);
	if (a->tally.corrupt)
		say("%llu corrupt frames", (unsigned long long)a->tally.corrupt);
	if (a->tally.bad_sums)
		say("%llu frames with a wrong checksum", (unsigned long long)a->tally.bad_sums);
	if (a->tally.bad_tags)
		say("%llu frames without the tag of --vlan", (unsigned long long)a->tally.bad_tags);
	if (a->flows.duplicates)
		say("%llu duplicate frames", (unsigned long long)a->flows.duplicates);
	if (!a->adds_up)
		say("the frames do not add up, see %s", a->balances[0].name);
	if (silent)
		say("nobody answered: is %02x:%02x:%02x:%02x:%02x:%02x (--dst) the peer, and does "
		    "it run xsk-bench fwd?",
		    run->opt->dst_mac[0], run->opt->dst_mac[1], run->opt->dst_mac[2],
		    run->opt->dst_mac[3], run->opt->dst_mac[4], run->opt->dst_mac[5]);
	return a->intact && a->adds_up && !silent ? 0 : EXIT_WRONG;
}

struct verdict outcome_of(const struct run *run, int rc, struct account *a, struct net_error *err)
{
	struct verdict v = {EXIT_FAILED, err};

	account_of(run, rc, a);
	if (!rc)
		rc = check_sent(run, a, err);
	a->judged = !rc;
	if (!rc)
		v = (struct verdict){judge(run, a), NULL};
	else if (!err->message[0])
		snprintf(err->message, sizeof(err->message), "%s", strerror(-rc));
	for (uint32_t k = 0; k < run->port_count; k++)
		if (run->ports[k].program_error)
			say("%s: what the XDP program dropped or passed is unknown: its counters "
			    "cannot be read (%s)",
			    run->ports[k].ifname, strerror(-run->ports[k].program_error));
	return v;
}
