// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "host/netdev.h"
#include "xdp/attach.h"

void attach_init(struct attachment *a)
{
	memset(a, 0, sizeof(*a));
	a->host.route.fd = a->host.generic.fd = -1;
	a->program.link_fd = a->program.xsks_fd = a->program.counters_fd = -1;
	a->witness = (struct witness){-1, -1};
	steer_init(&a->steer);
}

/* Steer as asked; and put back what a process that was killed has left, also where nothing is asked for. Who
 * may not do that, or meets somebody who lives, attaches all the same. */
static int steer(struct attachment *a, const struct net_xdp_config *config, struct net_error *err)
{
	struct net_xdp_steer_report *report;
	int rc = 0;

	if (a->steer.lease.fd >= 0) /* the device is the same, its program went */
		return 0;
	report = calloc(1, sizeof(*report));
	if (!report)
		return error_set(err, -ENOMEM, "steer", "out of memory");
	if (!config->steer)
		steer_restore(&a->host, LEASE_DIRECTORY, &a->device, false, report, NULL);
	else
		rc = steer_apply(&a->steer, &a->host, LEASE_DIRECTORY, &a->device, config->steer,
				 false, report, err);
	if (config->steer)
		steer_say(report, a->steer_state, sizeof(a->steer_state));
	if (!rc && config->steer && !a->steer_state[0])
		snprintf(a->steer_state, sizeof(a->steer_state), "all was so before");
	free(report);
	return rc;
}

static int attach(struct attachment *a, const struct net_xdp_config *config, const char *name,
		  struct net_error *err)
{
	int rc = netdev_query(&a->host, name, &a->device, err);

	if (!rc)
		rc = steer(a, config, err);
	if (!rc) /* there may be other queues now */
		rc = netdev_query(&a->host, name, &a->device, err);
	if (!rc)
		rc = program_open(&a->program, config, &a->device, err);
	if (!rc && a->witness.map_fd < 0)
		rc = witness_open(&a->witness, config->max_queues, err);
	return rc;
}

int attach_open(struct attachment *a, const struct net_xdp_config *config, struct net_error *err)
{
	int rc = host_open(&a->host);

	if (rc)
		error_set(err, rc, "events", "netlink socket: %s%s", strerror(-rc),
			  error_hint(rc, CALL_NETLINK).text);
	else
		rc = attach(a, config, config->ifname, err);
	if (rc)
		attach_close(a);
	return rc;
}

/* Is it the one that was attached to? Our program may have been taken from it meanwhile, and another interface
 * may have got its number: of those nothing but the address tells. */
static bool is_the_same(struct attachment *a, const struct net_xdp_device *now)
{
	return program_is_attached(&a->program, now) ||
	       (now->ifindex == a->device.ifindex &&
		memcmp(now->mac, a->device.mac, sizeof(now->mac)) == 0);
}

/* The interface has its name, or was renamed and nobody has taken the name. */
static int find_again(struct attachment *a, const struct net_xdp_config *config,
		      struct net_xdp_device *now, struct net_error *err)
{
	char name[IF_NAMESIZE];
	int rc = netdev_query(&a->host, config->ifname, now, err);

	if (rc != -ENODEV || !if_indextoname(a->program.ifindex, name) ||
	    netdev_query(&a->host, name, now, NULL) || !is_the_same(a, now))
		return rc;
	return 0;
}

int attach_again(struct attachment *a, const struct net_xdp_config *config, int removal_fd,
		 struct net_error *err)
{
	struct net_xdp_device now;
	struct netdev_left left;
	int rc = find_again(a, config, &now, err);

	if (rc)
		return rc;
	if (program_is_attached(&a->program, &now)) {
		memcpy(a->device.ifname, now.ifname, sizeof(now.ifname)); /* it may be renamed */
		a->device.mtu_bytes = now.mtu_bytes;			  /* bind judges by it */
		a->device.rx_queues = now.rx_queues;
		a->device.tx_queues = now.tx_queues;
		/* whether packets go whole, and which tags are lost, depends on them */
		a->device.has_offloads = now.has_offloads;
		a->device.offloads = now.offloads;
		a->device.has_peer_offloads = now.has_peer_offloads;
		a->device.peer_offloads = now.peer_offloads;
		return 0;
	}
	program_close(&a->program);
	if (!is_the_same(a, &now)) {
		netdev_events_left(removal_fd, a->device.ifindex, &left);
		steer_end(&a->steer, &left, NULL);
	}
	rc = attach(a, config, now.ifname, err);
	return rc ? rc : 1;
}

int attach_check_namespace(const struct attachment *a, const char *step, struct net_error *err)
{
	if (host_is_here(&a->host))
		return 0;
	return error_set(err, -EXDEV, step,
			 "%s: this thread is in another network namespace than net_xdp_open() was "
			 "called in; call from a thread that is in that one",
			 a->device.ifname);
}

bool attach_is_at_home(struct attachment *a)
{
	struct net_xdp_device now;
	struct steer_device d;

	return !steer_device_find(&d, &a->host, a->device.ifindex) &&
	       !netdev_query(&a->host, d.ifname, &now, NULL) && is_the_same(a, &now);
}

int attach_end(struct attachment *a, const struct netdev_left *left, struct net_error *err)
{
	if (left && a->steer.lease.fd >= 0 && attach_is_at_home(a))
		left = NULL;
	program_close(&a->program);
	return steer_end(&a->steer, left, err);
}

void attach_close(struct attachment *a)
{
	attach_end(a, NULL, NULL);
	witness_close(&a->witness);
	host_close(&a->host);
}
