/* SPDX-License-Identifier: BSD-2-Clause */
#include "look.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>

#include "common/error.h"
#include "common/escape.h"
#include "common/host_guard.h"
#include "offload.h"
#include "say.h"

/* The interface as it is now, whatever it is called. Return: 0, -errno. */
static int query_again(const struct port *p, struct net_xdp_device *out)
{
	char name[IF_NAMESIZE];
	struct net_error ignored;

	return net_xdp_device_query(if_indextoname(p->device.ifindex, name) ? name : p->ifname, out,
				    &ignored);
}

/* Each queue of an endpoint can send; who only sends needs none that receives. */
static int check_queues(const struct port *p, const struct options *opt, struct net_error *err)
{
	uint32_t rx = p->device.rx_queues, tx = p->device.tx_queues;
	uint32_t has = options_receive(opt) && rx < tx ? rx : tx;
	const char *name = escape_word(port_name(p));
	char first[24] = "", count[24] = "";

	if (!has || opt->first_queue + opt->queue_count <= has)
		return 0;
	if (opt->first_queue)
		snprintf(first, sizeof(first), "-q %u", opt->first_queue);
	if (opt->queue_count > 1)
		snprintf(count, sizeof(count), "%s-n %u", *first ? " " : "", opt->queue_count);
	if (rx != tx)
		return error_fill(
			err, -EINVAL, "queues",
			"%s%s: %s has %u receive and %u transmit queues, of which %s can use "
			"0..%u; ethtool -L %s changes their numbers",
			first, count, p->ifname, rx, tx, options_mode_name(opt->mode), has - 1,
			name);
	return error_fill(err, -EINVAL, "queues",
			  "%s%s: %s has queues 0..%u; ethtool -L %s gives it more, where it can",
			  first, count, p->ifname, has - 1, name);
}

/* Else the kernel would take each frame, and send none. --segment cuts what is longer. */
static int check_mtu(const struct port *p, const struct options *opt, struct net_error *err)
{
	uint32_t len_bytes = offload_frame_bytes(opt);
	struct net_xdp_device small;

	if (!options_send(opt) || opt->segment_bytes || look_at_mtu(p, len_bytes, &small))
		return 0;
	return error_fill(
		err, -EINVAL, "mtu",
		"--frame-bytes %u: the MTU of %s is %u, and longer frames are not sent; ip "
		"link set dev %s mtu %u, or --frame-bytes %u",
		len_bytes, small.ifname, small.mtu_bytes, escape_word(small.ifname),
		len_bytes - FRAME_IP_AT, small.mtu_bytes + FRAME_IP_AT);
}

static int check_host(const struct port *p, const struct options *opt, const struct host_net *net,
		      struct net_error *err)
{
	uint8_t macs[NET_XDP_TAKE_MACS][6];
	struct host_claim claim = {
		.ifindex = p->device.ifindex,
		.taken = {macs, port_macs(opt, p->device.mac, macs)},
		.keep = &opt->keep,
		.offer_keep = true,
		.taker = options_mode_name(opt->mode),
		.other = "use another interface, --mac with a MAC that is not the host's",
		.leave = "--mac with another MAC leaves it its own, --keep what it needs",
		.force = opt->force,
	};

	return host_guard(net, &claim, err);
}

static void tell_state(const struct port *p)
{
	const struct net_xdp_device *d = &p->device;

	if (!d->up)
		say("%s is down; bring it up with: ip link set dev %s up", p->ifname,
		    escape_word(port_name(p)));
	else if (!d->carrier)
		say("%s: the link is down", p->ifname);
}

int look_at_port(struct port *p, const struct options *opt, struct net_error *err)
{
	int rc = net_xdp_device_query(p->ifname, &p->device, err);

	if (!rc)
		rc = check_queues(p, opt, err);
	return rc ? rc : check_mtu(p, opt, err);
}

int look_at_host(const struct port *p, const struct options *opt, const struct host_net *net,
		 struct net_error *err)
{
	int rc = options_receive(opt) ? check_host(p, opt, net, err) : 0;

	if (!rc)
		tell_state(p);
	return rc;
}

/* The rung that says why the program is not in the driver. Return: there is one, false: it is in the driver, or
 * nobody asked for that. */
static bool native_refusal(const struct walk *endpoint, struct walk_rung *out)
{
	if (walk_flag(endpoint, "program", "native"))
		return false;
	for (uint32_t i = 0; walk_rung(endpoint, i, out); i++)
		if (out->error && !strcmp(out->asked, "native attach"))
			return true;
	return false;
}

/* What was asked for and is not to be had, though that is no error. */
static void tell_refused(const struct port *p, const struct options *opt, const struct walk *queue)
{
	const char *state = walk_text(queue, "", "napi_state");
	const char *napi = strstr(state, "NAPI ");
	int set = 0;

	if (napi)
		sscanf(napi, "NAPI %*u: defer %n", &set);
	if (opt->napi_defer && !set)
		say("%s queue %u: --napi-defer has no effect: %s", p->ifname,
		    (unsigned int)walk_number(queue, "", "hardware_queue"), state);
}

/* veth_xmit() records the queue, and generic XDP takes it for one that counts from 1. */
static bool counts_wrong(const struct port *p, const struct options *opt,
			 const struct walk *endpoint)
{
	return options_receive(opt) && !walk_flag(endpoint, "program", "native") &&
	       !strcmp(p->device.driver, "veth") && p->device.rx_queues > opt->queue_count;
}

static void tell_counts_wrong(const struct port *p)
{
	uint32_t queues = p->device.rx_queues;

	say("%s: in generic mode a veth counts its queues wrong, what was sent on queue i may "
	    "arrive on queue i - 1; take all %u (-q 0 -n %u), or have one: ethtool -L %s rx "
	    "1",
	    p->ifname, queues, queues, escape_word(port_name(p)));
}

static void tell_mode(const struct port *p, const struct options *opt, const struct told *told)
{
	uint32_t takes = port_largest_frame(opt), mtu = p->device.mtu_bytes;
	bool drops = options_receive(opt) && mtu + 14 > takes;
	char advice[48] = "lower the MTU", dropped[80] = "";
	struct walk_rung refusal;
	bool refused = native_refusal(&told->endpoint, &refusal);

	if (drops)
		snprintf(dropped, sizeof(dropped), "frames over %u bytes are dropped", takes);
	if (!options_send(opt) &&
	    mtu + 18 <= OPTIONS_MAX_FRAME) /* of a sender it is what it sends */
		snprintf(advice, sizeof(advice), "use --frame-bytes %u", mtu + 18);
	if (refused && refusal.error == -ERANGE && mtu + 14 > takes) {
		say("%s: the MTU of %u does not fit native XDP: generic XDP, which is slower%s%s; "
		    "%s",
		    p->ifname, mtu, drops ? ", and " : "", dropped, advice);
		return;
	}
	if (refused)
		say("generic XDP, which is slower: %s", refusal.sentence);
	if (counts_wrong(p, opt, &told->endpoint))
		tell_counts_wrong(p);
	if (drops)
		say("%s: the MTU is %u, and %s; %s", p->ifname, mtu, dropped, advice);
}

/* The first queue speaks for all. */
void look_at_mode(const struct port *p, const struct options *opt)
{
	if (p->told.queue_count)
		tell_refused(p, opt, &p->told.queues[0]);
	tell_mode(p, opt, &p->told);
}

/* Who leaves packets whole for this interface, as ethtool has to be told. */
static const char *local_sender(const struct port *p)
{
	if (!strcmp(p->device.driver, "veth"))
		return p->device.peer_ifname[0] ? escape_word(p->device.peer_ifname)
						: "PEER (in its namespace)";
	return p->device.link_type == ARPHRD_LOOPBACK ? escape_word(port_name(p)) : "SENDER";
}

void look_at_losses(const struct port *p, const struct options *opt)
{
	const uint64_t too_long = p->program.dropped_too_long;

	if (!too_long || walk_flag(&p->told.endpoint, "program", "native"))
		return;
	say("%s: %llu frame%s over %u bytes %s dropped: in generic mode packets of senders on this "
	    "host arrive before they are cut; there use tx_segment_here (xsk-bench tx: "
	    "--segment-here), or if the host is the sender: ethtool -K %s tso off "
	    "tx-udp-segmentation off",
	    p->ifname, (unsigned long long)too_long, too_long == 1 ? "" : "s",
	    port_largest_frame(opt), too_long == 1 ? "was" : "were", local_sender(p));
}

int look_at_restart(const struct port *p, int code, struct net_error *err)
{
	static const char again[] = "start xsk-bench again";
	struct net_xdp_device now;
	int rc = query_again(p, &now);

	if (rc == -ENODEV)
		return error_fill(
			err, code, "restart",
			"%s: the interface is gone or in another network namespace; when it is back, %s",
			p->ifname, again);
	if (!rc && !now.program_id)
		return error_fill(
			err, code, "restart",
			"%s: somebody has detached the XDP program, so no frames come any "
			"more; %s",
			p->ifname, again);
	if (!rc && now.program_name[0] && strncmp(now.program_name, "net_xdp", 7) &&
	    strcmp(now.program_mode, "dispatcher"))
		return error_fill(
			err, code, "restart",
			"%s: somebody has put the XDP program \"%s\" in the place of ours, so "
			"no frames come any more; end it and %s",
			p->ifname, now.program_name, again);
	return error_fill(
		err, code, "restart",
		"%s: the queues have to be made again (the device was reset, its queues or its "
		"XDP program changed); %s",
		p->ifname, again);
}

bool look_at_link(const struct port *p)
{
	struct net_xdp_device now;

	return !query_again(p, &now) && now.up && now.carrier;
}

int look_at_mtu(const struct port *p, uint32_t frame_bytes, struct net_xdp_device *out)
{
	struct net_error ignored;
	int rc = query_again(p, out);
	char peer[IF_NAMESIZE];

	if (rc || frame_bytes > offload_most_bytes(out->mtu_bytes))
		return rc ? -ENOENT : 0;
	snprintf(peer, sizeof(peer), "%s", out->peer_ifname);
	if (!peer[0] || net_xdp_device_query(peer, out, &ignored))
		return -ENOENT;
	return frame_bytes > offload_most_bytes(out->mtu_bytes) ? 0 : -ENOENT;
}
