// SPDX-License-Identifier: BSD-2-Clause
/*
 * An endpoint's actions: what happens to its interface, and to the program on it. The action_fd is an
 * epoll instance with two members:
 *
 *     link events    a netlink socket: up, down, removed, moved; changes of a dispatcher
 *     the pulse      a timer, for what the kernel tells nobody: a bpf_link that was detached, or that
 *                    got another program
 *
 * The queues watch the link events too, and two more descriptors that nobody reads: removal_fd, which
 * becomes readable when the interface is removed, and lost_fd, which we write when report_gone() found
 * a loss.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/error.h"
#include "xdp/actions.h"

/* Time between two looks whether the program is still attached. */
#define PULSE_MS 500

/* ---- Set-up ----------------------------------------------------------------------------------- */

/* Set the pulse to every_ms; 0 stops it. */
static int set_pulse(struct net_xdp_endpoint *ep, long every_ms)
{
	const struct timespec t = {.tv_nsec = every_ms * 1000000};

	return timerfd_settime(ep->pulse_fd, 0, &(struct itimerspec){t, t}, NULL) ? -errno : 0;
}

static void set_gone(struct net_xdp_endpoint *ep, bool gone)
{
	eventfd_t n;

	__atomic_store_n(&ep->gone, gone, __ATOMIC_RELEASE);
	if (gone)
		eventfd_write(ep->lost_fd, 1);
	else
		eventfd_read(ep->lost_fd, &n);
}

static int add_event_fd(struct net_xdp_endpoint *ep, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(ep->action_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int actions_open(struct net_xdp_endpoint *ep)
{
	ep->action_fd = epoll_create1(EPOLL_CLOEXEC);
	ep->pulse_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	ep->lost_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ep->action_fd < 0 || ep->pulse_fd < 0 || ep->lost_fd < 0)
		return -errno;
	return add_event_fd(ep, ep->pulse_fd);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Open a netlink socket that gets this interface's link messages only. Return: 0 or -errno. */
static int subscribe(const struct net_xdp_endpoint *ep, bool removal, int *fd)
{
	close_fd(fd);
	*fd = netdev_events_open();
	return *fd < 0 ? *fd : netdev_events_only(*fd, ep->attached.device.ifindex, removal);
}

int actions_watch(struct net_xdp_endpoint *ep, struct net_error *err)
{
	int rc;

	/* Closing events_fd does not take it out of the epoll instance while a forked child has a
	 * copy. */
	epoll_ctl(ep->action_fd, EPOLL_CTL_DEL, ep->events_fd, NULL);
	rc = subscribe(ep, false, &ep->events_fd);
	if (!rc)
		rc = subscribe(ep, true, &ep->removal_fd);
	if (!rc)
		rc = add_event_fd(ep, ep->events_fd);
	ep->looked_ms = clock_coarse_ms();
	if (!rc)
		rc = set_pulse(ep, PULSE_MS);
	if (!rc)
		return 0;
	close_fd(&ep->events_fd); /* get_queues tries again */
	return error_set(err, rc, "events", "%s: watching its link: %s%s",
			 ep->attached.device.ifname, strerror(-rc),
			 error_hint(rc, CALL_NETLINK).text);
}

bool actions_was_away(const struct net_xdp_endpoint *ep)
{
	struct pollfd removal = {.fd = ep->removal_fd, .events = POLLIN};

	return poll(&removal, 1, 0) == 1;
}

bool actions_left(struct net_xdp_endpoint *ep, struct netdev_left *left)
{
	bool has_left = netdev_events_left(ep->removal_fd, ep->attached.device.ifindex, left);

	return has_left || (endpoint_is_lost(ep) && !ep->program_lost);
}

int actions_resume(struct net_xdp_endpoint *ep, struct net_error *err)
{
	int rc = actions_watch(ep, err);

	if (rc)
		return rc;
	set_gone(ep, false);
	/* The link state that was told last may be another link's. */
	rc = netdev_events_ask(ep->events_fd, ep->attached.device.ifindex);
	return rc ? error_set(err, rc, "events", "%s: asking for its link: %s",
			      ep->attached.device.ifname, strerror(-rc))
		  : 0;
}

void actions_close(struct net_xdp_endpoint *ep)
{
	close_fd(&ep->events_fd);
	close_fd(&ep->removal_fd);
	close_fd(&ep->lost_fd);
	close_fd(&ep->pulse_fd);
	close_fd(&ep->action_fd);
}

/* ---- Events ----------------------------------------------------------------------------------- */

static int report_link(struct net_xdp_endpoint *ep, bool up, struct net_action *out)
{
	if (ep->gone || up == ep->link_up)
		return 0;
	__atomic_store_n(&ep->link_up, up, __ATOMIC_RELAXED); /* inspect may look */
	*out = (struct net_action){.kind = NET_ACTION_LINK, .link_up = up};
	return 1;
}

static int report_gone(struct net_xdp_endpoint *ep, bool program, struct net_action *out)
{
	if (ep->gone)
		return 0;
	ep->program_lost = program;
	set_gone(ep, true);
	set_pulse(ep, 0);
	*out = (struct net_action){.kind = NET_ACTION_RESTART_REQUIRED};
	return 1;
}

/* Ask for the link's state, after events were lost. */
static int ask_again(struct net_xdp_endpoint *ep, struct net_action *out)
{
	int up = netdev_link(&ep->attached.host, ep->attached.device.ifindex);

	if (up == -ENODEV)
		return report_gone(ep, false, out);
	ep->link_lost = up < 0;
	return up < 0 ? 0 : report_link(ep, up, out);
}

/* Handle a link message: it says the link's state and which program runs. */
static int link_event(struct net_xdp_endpoint *ep, const struct netdev_event *event,
		      struct net_action *out)
{
	return program_may_run(&ep->attached.program, event->program_id)
		       ? report_link(ep, event->link_up, out)
		       : report_gone(ep, true, out);
}

static int next_event(struct net_xdp_endpoint *ep, struct net_action *out)
{
	struct netdev_event event;
	int rc;

	while ((rc = netdev_events_next(ep->events_fd, ep->attached.device.ifindex, &event)) == 1) {
		switch (event.kind) {
		case NETDEV_EVENT_LINK:
			rc = link_event(ep, &event, out);
			break;
		case NETDEV_EVENT_GONE:
			rc = report_gone(ep, false, out);
			break;
		case NETDEV_EVENT_LOST:
			rc = ask_again(ep, out);
			break;
		default:
			rc = 0;
			break;
		}
		if (rc)
			break;
	}
	return rc;
}

/* Look whether the program is still attached, if LOOK_MS have passed since the last look. Return:
 * true if it is not. */
static bool program_went(struct net_xdp_endpoint *ep)
{
	uint64_t now = clock_coarse_ms();

	if (ep->gone || now - ep->looked_ms < LOOK_MS)
		return false;
	ep->looked_ms = now;
	/* start the pulse anew, which also makes action_fd silent */
	set_pulse(ep, PULSE_MS);
	return !program_is_linked(&ep->attached.program);
}

int actions_poll(struct net_endpoint *endpoint, struct net_action *out)
{
	struct net_xdp_endpoint *ep = endpoint_of(endpoint);
	int rc = ep->link_lost ? ask_again(ep, out) : 0;

	if (!rc && ep->events_fd >= 0)
		rc = next_event(ep, out);
	if (!rc && program_went(ep))
		rc = report_gone(ep, true, out);
	return rc;
}

int actions_fd(struct net_endpoint *endpoint)
{
	return endpoint_of(endpoint)->action_fd;
}
