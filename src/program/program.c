// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "base/error.h"
#include "host/offload.h"
#include "host/rules.h"
#include "program/dispatcher.h"
#include "program/libbpf_visit.h"
#include "program/program.h"
#include "program/turn.h"
#include "host/xdp_uapi.h"
#include "program/vlan_hint.h"

#include "net_xdp.skel.h"
#include "net_xdp_vlan.skel.h"

/* ---- Load ------------------------------------------------------------------------------------- */

/* Both objects include redirect.bpf.h, so one function can set the constants of either. */
#define SAME_PLACE(member)                                                                         \
	_Static_assert(offsetof(struct net_xdp_bpf__rodata, member) ==                             \
			       offsetof(struct net_xdp_vlan_bpf__rodata, member),                  \
		       "a constant of redirect.bpf.h")
SAME_PLACE(max_frame_bytes);
SAME_PLACE(host_keeps);
SAME_PLACE(take_mac_count);
SAME_PLACE(take_macs);
SAME_PLACE(keep_count);
SAME_PLACE(keep_first);
SAME_PLACE(keep_span);
_Static_assert(TAKE_MACS == NET_XDP_TAKE_MACS && KEEP_RULES == NET_XDP_KEEP_RULES,
	       "the program holds as many as the configuration");
_Static_assert((int)KEEP_ETHERTYPE == NET_XDP_KEEP_ETHERTYPE &&
		       (int)KEEP_PROTOCOL == NET_XDP_KEEP_PROTOCOL &&
		       (int)KEEP_FRAGMENT == NET_XDP_KEEP_FRAGMENT &&
		       (int)KEEP_TCP_PORT == NET_XDP_KEEP_TCP_PORT &&
		       (int)KEEP_TCP_SOURCE == NET_XDP_KEEP_TCP_SOURCE &&
		       (int)KEEP_UDP_PORT == NET_XDP_KEEP_UDP_PORT &&
		       (int)KEEP_UDP_SOURCE == NET_XDP_KEEP_UDP_SOURCE &&
		       (int)KEEP_ICMP == NET_XDP_KEEP_ICMP &&
		       (int)KEEP_ICMPV6 == NET_XDP_KEEP_ICMPV6,
	       "a rule's kind is the same for both");

static void set_constants(struct net_xdp_bpf__rodata *constants, const struct net_xdp_config *c)
{
	constants->max_frame_bytes = c->max_frame_bytes;
	constants->host_keeps = c->take_mac_count || c->keep_count;
	constants->keep_count = c->keep_count;
	for (uint32_t i = 0; i < c->keep_count; i++) {
		const struct net_xdp_keep_rule *rule = &c->keep[i];

		constants->keep_first[i] = KEEP_KEY(rule->kind, rule->first);
		constants->keep_span[i] = rule->last - rule->first;
	}
	constants->take_mac_count = c->take_mac_count;
	for (uint32_t i = 0; i < c->take_mac_count; i++)
		memcpy(&constants->take_macs[i], c->take_macs[i], 6);
}

static int load_plain(struct program *p, const struct net_xdp_config *c)
{
	bool frags = rules_is_jumbo(c);

	p->plain = net_xdp_bpf__open();
	if (!p->plain)
		return -errno;
	set_constants(p->plain->rodata, c);
	bpf_map__set_max_entries(p->plain->maps.xsks, c->first_queue + c->max_queues);
	bpf_program__set_autoload(p->plain->progs.net_xdp, !frags);
	bpf_program__set_autoload(p->plain->progs.net_xdp_frags, frags);
	/* libxdp loads the object as an extension of the dispatcher. */
	return c->program == NET_XDP_PROGRAM_DISPATCHER ? 0 : net_xdp_bpf__load(p->plain);
}

static int load_vlan(struct program *p, const struct net_xdp_config *c, uint32_t ifindex)
{
	struct bpf_program *program;

	p->vlan = net_xdp_vlan_bpf__open();
	if (!p->vlan)
		return -errno;
	program = p->vlan->progs.net_xdp_vlan;
	set_constants((struct net_xdp_bpf__rodata *)p->vlan->rodata, c);
	bpf_map__set_max_entries(p->vlan->maps.xsks, c->first_queue + c->max_queues);
	bpf_program__set_ifindex(program, ifindex);
	bpf_program__set_flags(program, BPF_F_XDP_DEV_BOUND_ONLY);
	return net_xdp_vlan_bpf__load(p->vlan);
}

static int program_fd(const struct program *p)
{
	if (p->vlan)
		return bpf_program__fd(p->vlan->progs.net_xdp_vlan);
	return bpf_program__autoload(p->plain->progs.net_xdp)
		       ? bpf_program__fd(p->plain->progs.net_xdp)
		       : bpf_program__fd(p->plain->progs.net_xdp_frags);
}

static uint32_t program_id(const struct program *p)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	if (p->dispatched)
		return xdp_program__id(p->dispatched);
	return bpf_obj_get_info_by_fd(program_fd(p), &info, &size) ? 0 : info.id;
}

static int load(struct program *p, const struct net_xdp_config *c, uint32_t ifindex,
		struct net_error *err)
{
	bool dispatch = c->program == NET_XDP_PROGRAM_DISPATCHER;
	int rc = libbpf_try(dispatch ? LIBBPF_DISPATCHER_DESCRIPTORS : LIBBPF_DESCRIPTORS);

	if (rc)
		return error_set(err, rc, "program", "loading the XDP program: %s%s", strerror(-rc),
				 error_hint(rc, CALL_PROGRAM).text);
	rc = c->rx_vlan ? load_vlan(p, c, ifindex) : load_plain(p, c);
	if (rc && c->rx_vlan)
		return error_set(
			err, rc, "program",
			"loading the XDP program with rx_vlan: %s; it needs Linux 6.8, its BTF in "
			"/sys/kernel/btf and a driver that reports tags (see xsk-info)",
			strerror(-rc));
	/* libbpf returns EINVAL if it once took a failure for a missing feature. */
	if (rc == -EINVAL && !rules_is_jumbo(c))
		return error_set(err, rc, "program",
				 "loading the XDP program: %s; libbpf was used earlier in this "
				 "process without enough descriptors, memory or capabilities, and "
				 "does not ask the kernel again: restart the process",
				 strerror(-rc));
	return rc ? error_set(err, rc, "program", "loading the XDP program: %s%s", strerror(-rc),
			      error_hint(rc, CALL_PROGRAM).text)
		  : 0;
}

/* ---- Attach ----------------------------------------------------------------------------------- */

/* What to do about a failed attach, for a person. With attach auto there is no advice: the next rung
 * is tried. */
static const char *attach_hint(int rc, bool native, const struct net_xdp_config *c)
{
	switch (rc) {
	case -EOPNOTSUPP:
		if (!native)
			return "this kernel has no generic XDP";
		if (c->rx_vlan)
			return "the driver has no native XDP, which rx_vlan needs";
		return c->attach == NET_XDP_ATTACH_AUTO
			       ? "the driver has no native XDP"
			       : "the driver has no native XDP; use attach auto or generic";
	case -EBUSY:
	case -EEXIST:
		return "another XDP program is attached; see xsk-info";
	case -ERANGE:
		return "the MTU (on veth: the peer's) is too large for one buffer; lower it or "
		       "raise max_frame_bytes over the chunk";
	case -ENOSPC:
		return "veth: it needs as many RX queues as its peer has TX queues; use ethtool -L";
	case -ENODEV:
		return "the interface is gone";
	default:
		return native && !c->rx_vlan ? "see dmesg, or use attach generic" : "see dmesg";
	}
}

static int attach_link(struct program *p, bool native)
{
	LIBBPF_OPTS(bpf_link_create_opts, options,
		    .flags = native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
	int fd = bpf_link_create(program_fd(p), (int)p->ifindex, BPF_XDP, &options);

	if (fd < 0)
		return fd;
	p->link_fd = fd;
	return 0;
}

/* Write why the program did not attach, for a person. */
static void explain_attach(int rc, const struct net_xdp_config *c,
			   const struct net_xdp_device *device, bool native, char *out, size_t size)
{
	bool dispatch = c->program == NET_XDP_PROGRAM_DISPATCHER;

	if (dispatch && rc != -EOPNOTSUPP)
		snprintf(out, size,
			 "%s: %s; the dispatcher needs a kernel that allows BPF extensions, bpffs "
			 "on /sys/fs/bpf and CAP_SYS_ADMIN; use program link if none else is "
			 "attached",
			 device->ifname, strerror(-rc));
	else if (rc == -EPERM || rc == -EACCES || rc == -ENOSYS || rc == -EMFILE || rc == -ENFILE)
		snprintf(out, size, "%s: %s%s", device->ifname, strerror(-rc),
			 error_hint(rc, CALL_ATTACH).text);
	else
		snprintf(out, size, "%s: %s; %s", device->ifname, strerror(-rc),
			 attach_hint(rc, native, c));
}

static int try_attach(struct program *p, const struct net_xdp_config *c,
		      const struct net_xdp_device *device, bool native, struct net_error *err)
{
	struct net_xdp_rung *rung = &p->rung[p->rung_count++];
	bool dispatch = c->program == NET_XDP_PROGRAM_DISPATCHER;
	int rc = dispatch ? dispatcher_attach(p->plain->obj,
					      rules_is_jumbo(c) ? "net_xdp_frags" : "net_xdp",
					      device->ifname, p->ifindex, native, &p->dispatched)
			  : attach_link(p, native);
	/* the rest of the sentence stands in front */
	char joined[sizeof(rung->sentence) - 56] = "";

	rung->asked = native ? "native attach" : "generic attach";
	rung->error = rc;
	p->native = native && !rc;
	if (rc) {
		explain_attach(rc, c, device, native, rung->sentence, sizeof(rung->sentence));
		return error_set(err, rc, "attach", "%s %s", rung->asked, rung->sentence);
	}
	if (!native)
		offload_say_generic(device, joined, sizeof(joined));
	snprintf(rung->sentence, sizeof(rung->sentence), "%s: attached%s%s", device->ifname,
		 p->dispatched ? " to libxdp's dispatcher" : "", joined);
	return 0;
}

static int attach(struct program *p, const struct net_xdp_config *c,
		  const struct net_xdp_device *device, struct net_error *err)
{
	int rc = -EOPNOTSUPP;

	if (c->attach != NET_XDP_ATTACH_GENERIC)
		rc = try_attach(p, c, device, true, err);
	/* Generic attach is tried only if the driver cannot do native attach: any other failure
	 * would fail again or hide its cause. A device-bound program (rx_vlan) cannot be attached in
	 * generic mode. */
	if (c->attach == NET_XDP_ATTACH_GENERIC ||
	    (c->attach == NET_XDP_ATTACH_AUTO && !c->rx_vlan &&
	     (rc == -EOPNOTSUPP || rc == -ERANGE || rc == -ENOSPC)))
		rc = try_attach(p, c, device, false, err);
	return rc;
}

static void record_wait(struct program *p, uint32_t ms)
{
	struct net_xdp_rung *rung = &p->rung[p->rung_count - 1];
	size_t used = strlen(rung->sentence);

	snprintf(rung->sentence + used, sizeof(rung->sentence) - used,
		 "; another program had it for %u ms", ms);
}

/* Attach, and wait again if another endpoint attached first between turn_wait() and the attach. */
static int attach_patiently(struct program *p, const struct net_xdp_config *c,
			    const struct net_xdp_device *device, struct deadline *until,
			    struct net_error *err)
{
	struct net_xdp_device now = *device;
	struct libbpf_visit visit;
	int rc;

	for (;;) {
		p->rung_count = 0;
		/* left before each wait, because a visit blocks signals */
		libbpf_enter(&visit);
		rc = attach(p, c, device, err);
		libbpf_leave(&visit);
		if ((rc != -EBUSY && rc != -EEXIST) || c->program != NET_XDP_PROGRAM_LINK ||
		    deadline_passed(until))
			return rc;
		rc = net_xdp_device_query(device->ifname, &now, err);
		if (!rc)
			rc = turn_wait(c, &now, until, err);
		if (rc)
			return rc;
		sleep_ms(1);
	}
}

int program_open(struct program *p, const struct net_xdp_config *config,
		 const struct net_xdp_device *device, struct net_error *err)
{
	struct deadline until = deadline_in(config->release_timeout_ms);
	struct net_xdp_device now = *device;
	struct libbpf_visit visit;
	struct net_error why;
	int rc;

	memset(p, 0, sizeof(*p));
	p->link_fd = p->xsks_fd = p->counters_fd = -1;
	p->ifindex = device->ifindex;
	p->maker = maker_self();
	rc = turn_wait(config, &now, &until, err);
	if (rc)
		return rc;
	libbpf_enter(&visit);
	rc = load(p, config, device->ifindex, err);
	libbpf_leave(&visit);
	if (!rc)
		rc = error_pass(err, attach_patiently(p, config, device, &until, &why), &why);
	if (!rc && deadline_told(&until))
		record_wait(p, deadline_spent(&until));
	if (!rc) {
		p->id = program_id(p);
		p->xsks_fd = bpf_map__fd(p->vlan ? p->vlan->maps.xsks : p->plain->maps.xsks);
		p->counters_fd =
			bpf_map__fd(p->vlan ? p->vlan->maps.counters : p->plain->maps.counters);
	} else {
		program_close(p);
	}
	return rc;
}

/* Detach the link. Closing it would not do while a forked child has a copy of its descriptor. */
static void detach(struct program *p)
{
	bool mine = maker_is_us(&p->maker);

	if (p->dispatched && mine)
		dispatcher_detach(p->dispatched, p->ifindex, p->native);
	else if (p->dispatched)
		dispatcher_close(p->dispatched);
	if (p->link_fd >= 0 && mine)
		bpf_link_detach(p->link_fd);
	if (p->link_fd >= 0)
		close(p->link_fd);
}

void program_close(struct program *p)
{
	struct libbpf_visit visit;

	libbpf_enter(&visit);
	detach(p);
	net_xdp_bpf__destroy(p->plain);
	net_xdp_vlan_bpf__destroy(p->vlan);
	libbpf_leave(&visit);
	p->dispatched = NULL;
	p->link_fd = p->xsks_fd = p->counters_fd = -1;
	p->plain = NULL;
	p->vlan = NULL;
}

bool program_is_linked(const struct program *p)
{
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);

	if (p->link_fd < 0 || bpf_obj_get_info_by_fd(p->link_fd, &info, &size))
		return true;
	/* A link that was detached, or whose device has gone, has no ifindex. A link that was
	 * updated has another program. */
	return info.xdp.ifindex && info.prog_id == p->id;
}

bool program_is_attached(struct program *p, const struct net_xdp_device *now)
{
	if (now->ifindex != p->ifindex || !now->program_id)
		return false;
	if (p->dispatched)
		return program_may_run(p, now->program_id);
	return p->link_fd >= 0 && program_is_linked(p);
}

bool program_may_run(struct program *p, uint32_t running_id)
{
	struct libbpf_visit visit;
	int rc;

	if (!p->dispatched || running_id == p->dispatcher_id)
		return true;
	if (!running_id)
		return false;
	libbpf_enter(&visit);
	rc = dispatcher_calls(p->ifindex, running_id, p->id);
	libbpf_leave(&visit);
	if (rc == 1)
		p->dispatcher_id = running_id;
	/* The kernel shows nothing to another network namespace or without capabilities. It is
	 * likelier that somebody else joined the dispatcher than that our program was taken out, so
	 * the answer is yes. */
	return rc != 0;
}
