// SPDX-License-Identifier: BSD-2-Clause
/* The lease of what was steered: who has it, and back by it. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "host/elsewhere.h"
#include "host/undo/steer.h"
#include "host/undo/steer_back.h"
#include "host/undo/steer_lease.h"
#include "host/undo/steer_record.h"

#define SUBJECT "steer"

void steer_init(struct steer *s)
{
	memset(s, 0, sizeof(*s));
	s->lease.fd = -1;
}

/* Look for the interface's lease, and with take have it. Return: as lease_find(), and *r. */
static int find(struct lease *l, struct host *h, const char *directory, uint32_t ifindex, bool take,
		struct steer_record *r)
{
	char *text;
	int rc;

	*r = (struct steer_record){0};
	lease_name(l, directory, &h->netns, ifindex, SUBJECT);
	rc = take ? lease_take(l, &text) : lease_find(l, false, &text);
	if (text && !steer_record_parse(r, text)) {
		lease_leave(l);
		rc = -EBADMSG;
	}
	free(text);
	return rc;
}

static void say_holder(int rc, const struct lease *l, const struct steer_record *r, char *out,
		       size_t size)
{
	*out = '\0';
	if (rc == -EBUSY)
		snprintf(out, size, "steered by process %u, or one forked from it, until its end",
			 l->pid);
	else if (rc == 0 && r->stays)
		snprintf(out, size, "steered by process %u until: xsk-info --restore IF", l->pid);
	else if (rc == 0)
		snprintf(out, size, "left steered by process %u, which has ended", l->pid);
	else if (rc != -ENOENT && rc != -EACCES)
		snprintf(out, size, "%s ignored: %s", l->path, strerror(-rc));
}

bool steer_look(struct host *h, const char *directory, uint32_t ifindex, char *state, size_t size)
{
	struct steer_record *r = malloc(sizeof(*r));
	struct lease l;
	int rc;

	*state = '\0';
	if (!r)
		return false;
	rc = find(&l, h, directory, ifindex, false, r);
	say_holder(rc, &l, r, state, size);
	free(r);
	return rc == 0;
}

int steer_lease_make(struct steer *s, const char *directory, struct net_error *err)
{
	char *text = steer_record_format(&s->record);
	int rc = -ENOMEM;

	lease_name(&s->lease, directory, &s->host->netns, s->ifindex, SUBJECT);
	if (text)
		rc = lease_make(&s->lease, text);
	free(text);
	/* Whoever may not steer needs no folder. */
	if (rc == -EACCES && error_lacks(CALL_SETTING))
		return error_set(err, -EPERM, "steer", "nothing is set%s",
				 error_hint(-EPERM, CALL_SETTING).text);
	if (rc == -EACCES)
		return error_set(
			err, rc, "steer",
			"nothing is set, as nobody could put it back: as root: install -d -m 700 -o "
			"%u %s",
			geteuid(), directory);
	if (rc)
		return error_set(
			err, rc, "steer", "nothing is set, as nobody could put it back: %s: %s",
			s->lease.path,
			rc == -EPERM ? "the folder must be one that only its owner writes to"
				     : strerror(-rc));
	return 0;
}

/* ---- And back --------------------------------------------------------------------------------- */

/* Put back, with the lease in hand, and let go of it. */
static int put_back(struct host *h, uint32_t ifindex, struct lease *l, const struct steer_record *r,
		    struct net_xdp_steer_report *report)
{
	int rc = steer_back_patiently(h, ifindex, r, report);

	if (rc >= 0)
		lease_remove(l);
	else
		lease_leave(l);
	return rc;
}

/* Find the interface in the namespace to which it was moved. Another one has its number if it was moved on.
 * Return: 0, and there is open; -errno. */
static int find_there(const struct steer *s, const struct netdev_left *left, struct host *there)
{
	struct net_xdp_device device;
	struct steer_device d;
	int rc = elsewhere_open(there, s->host, left->netnsid);

	if (rc)
		return rc;
	rc = steer_device_find(&d, there, left->ifindex);
	if (!rc)
		rc = netdev_query(there, d.ifname, &device, NULL);
	if (!rc && memcmp(device.mac, s->mac, sizeof(s->mac)))
		rc = -ENODEV;
	if (rc)
		host_close(there);
	return rc;
}

/* Put back where the interface was moved to. Return: as put_back(); -EXDEV with err filled: it cannot be followed. */
static int follow(struct steer *s, const struct netdev_left *left,
		  struct net_xdp_steer_report *report, struct net_error *err)
{
	struct host there;
	int rc = find_there(s, left, &there);

	if (rc)
		return error_set(
			err, -EXDEV, "steer",
			"%s is in another network namespace and still steered, and cannot be "
			"followed: %s; move it back, then: xsk-info --restore IF",
			s->ifname,
			rc == -ENOENT	? "no process or name of that namespace is to be seen"
			: rc == -ENODEV ? "it was moved on"
					: strerror(-rc));
	rc = put_back(&there, left->ifindex, &s->lease, &s->record, report);
	host_close(&there);
	return rc;
}

static int put_back_all(struct steer *s, const struct netdev_left *left,
			struct net_xdp_steer_report *report, struct net_error *err)
{
	int rc = left ? follow(s, left, report, err)
		      : put_back(s->host, s->ifindex, &s->lease, &s->record, report);

	if (rc >= 0 || rc == -EXDEV)
		return rc < 0 ? rc : 0;
	if (!if_indextoname(s->ifindex, report->ifname)) /* it may be renamed */
		memcpy(report->ifname, s->ifname, sizeof(report->ifname));
	return steer_refusal(report, rc, "; once it can be put back: xsk-info --restore IF", err);
}

int steer_end(struct steer *s, const struct netdev_left *left, struct net_error *err)
{
	struct net_xdp_steer_report *report;
	int rc;

	if (s->lease.fd < 0)
		return 0;
	if (!maker_is_us(&s->maker)) {
		lease_leave(&s->lease);
		return 0;
	}
	if (left && !left->moved) {
		lease_remove(&s->lease); /* all went with it */
		return 0;
	}
	report = calloc(1, sizeof(*report));
	rc = report ? put_back_all(s, left, report, err)
		    : error_set(err, -ENOMEM, "steer", "putting back: out of memory");
	lease_leave(&s->lease);
	free(report);
	return rc;
}

int steer_restore(struct host *h, const char *directory, const struct net_xdp_device *device,
		  bool asked, struct net_xdp_steer_report *report, struct net_error *err)
{
	struct steer_record *r = malloc(sizeof(*r));
	struct lease l;
	int rc;

	report->change_count = 0;
	memcpy(report->ifname, device->ifname, sizeof(report->ifname));
	memcpy(report->driver, device->driver, sizeof(report->driver));
	if (!r)
		return error_set(err, -ENOMEM, "steer", "out of memory");
	lease_sweep(directory, &h->netns);
	rc = find(&l, h, directory, device->ifindex, true, r);
	say_holder(rc, &l, r, report->state, sizeof(report->state));
	if (rc == -ENOENT || rc == -EACCES) {
		rc = 0; /* a process that may not look has nothing to put back */
	} else if (!rc && r->stays && !asked) {
		lease_leave(&l);
		rc = error_set(err, -EBUSY, "steer", "%s: %s", device->ifname, report->state);
	} else if (rc) {
		error_set(err, rc, "steer", "%s: %s", device->ifname, report->state);
	} else {
		rc = put_back(h, device->ifindex, &l, r, report);
		if (rc < 0)
			steer_refusal(report, rc, "", err);
	}
	free(r);
	return rc;
}
