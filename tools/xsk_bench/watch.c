/* SPDX-License-Identifier: BSD-2-Clause */
/* Watching a run: the clock, the signals, the endpoints' events. */
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>

#include "common/error.h"
#include "live.h"
#include "look.h"
#include "run.h"
#include "say.h"
#include "worker.h"

/* Signals, ended workers, the first good frame, an action_fd per port. */
#define WATCHED (3 + RUN_MAX_PORTS)

/* One event of an endpoint. Return: 0, or -ECONNRESET when the run cannot go on. */
static int take_action(struct port *port, struct net_error *err)
{
	struct net_action action;
	int rc;

	while ((rc = net_endpoint_poll_action(port->ep, &action)) == 1) {
		if (action.kind != NET_ACTION_LINK)
			return look_at_restart(port, -ECONNRESET, err);
		say("%s: the link is %s", port->ifname, action.link_up ? "up" : "down");
	}
	return rc < 0 ? error_errno(err, rc, "event", port->ifname) : 0;
}

/* Is it time to end the capture? Return: 0, -errno with err filled. */
static int capture_tick(struct run *run, uint64_t now, struct net_error *err)
{
	struct port *p = &run->ports[0];
	int rc;

	if (!p->capturing || !run->opt->capture_ns || now - run->start_ns < run->opt->capture_ns)
		return 0;
	rc = port_capture_end(p, run->opt, err);
	if (!rc)
		say("capture is off: %llu frames are in %s", (unsigned long long)p->captured.frames,
		    run->opt->capture_path);
	return rc;
}

/* Milliseconds from now to the nearest of them, rounded up. */
static int poll_ms(const struct run *run, uint64_t now, uint64_t tick, uint64_t end)
{
	uint64_t until = tick < end ? tick : end;
	uint64_t capture = run->start_ns + run->opt->capture_ns;

	if (run->ports[0].capturing && run->opt->capture_ns && capture < until)
		until = capture;
	return until <= now ? 0 : (int)((until - now + 999999) / 1000000);
}

/* The first good frame: what the XDP program dropped before it explains no loss after it. */
static void note_began(struct run *run)
{
	for (uint32_t k = 0; k < run->port_count; k++)
		port_program(&run->ports[k], &run->ports[k].program_early);
}

int run_watch(struct run *run, int signal_fd, struct net_error *err)
{
	uint64_t end = run_planned_end(run), ended = 0;
	struct live live = live_start(run);
	struct pollfd fds[WATCHED] = {
		{.fd = signal_fd, .events = POLLIN},
		{.fd = run->done_fd, .events = POLLIN},
		{.fd = run->began_fd, .events = POLLIN},
	};

	for (uint32_t k = 0; k < run->port_count; k++)
		fds[WATCHED - RUN_MAX_PORTS + k] = (struct pollfd){
			.fd = net_endpoint_action_fd(run->ports[k].ep),
			.events = POLLIN,
		};
	while (ended < run->worker_count) {
		uint64_t now = now_ns();
		eventfd_t n;
		int rc;

		if (now >= end)
			return 0;
		live_tick(&live, run, now);
		rc = capture_tick(run, now, err);
		if (rc)
			return rc;
		rc = poll(fds, WATCHED - RUN_MAX_PORTS + run->port_count,
			  poll_ms(run, now, live.next_ns, end));
		if (rc < 0 && errno != EINTR)
			return error_errno(err, -errno, "poll", "waiting");
		if (rc <= 0)
			continue;
		if (fds[0].revents)
			return 0;
		if (fds[1].revents && !eventfd_read(run->done_fd, &n))
			ended += n;
		if (fds[2].revents && !eventfd_read(run->began_fd, &n))
			note_began(run);
		for (uint32_t k = 0; k < run->port_count; k++) {
			rc = take_action(&run->ports[k], err);
			if (rc)
				return rc;
		}
	}
	return 0;
}
