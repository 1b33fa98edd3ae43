/* SPDX-License-Identifier: BSD-2-Clause */
/* A device from its start to its end: front ends come and go, the interface has events. */
#include "device.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/error.h"
#include "common/say.h"

/* Of one call: a front end that talks without end does not keep us from the others. */
#define MESSAGES_PER_CALL 16
/* Between two attempts to meet a front end. */
#define MEETING_MS 500

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

void device_say(const struct device *d, const char *format, ...)
{
	char text[512];
	va_list args;

	if (d->quiet)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say("%s: %s", d->opt->socket_path, text);
}

int device_open(struct device *d, const struct device_options *opt, int listen_fd, bool quiet,
		struct net_error *err)
{
	int rc;

	*d = (struct device){.opt = opt,
			     .quiet = quiet,
			     .notify_fd = -1,
			     .listener.fd = -1,
			     .channel.fd = -1,
			     .inflight.fd = -1};
	back_channel_init(&d->back);
	for (uint32_t i = 0; i < OPTIONS_PAIRS; i++)
		pthread_mutex_init(&d->pairs[i].told, NULL);
	for (uint32_t i = 0; i < opt->pairs; i++)
		for (uint32_t k = 0; k < DEVICE_RINGS; k++)
			d->pairs[i].set_up[k] =
				(struct device_ring){.kick_fd = -1, .call_fd = -1, .error_fd = -1};
	rc = backend_open(&d->backend, opt, err);
	if (rc)
		return rc;
	d->link_up = d->carrier = d->backend.device.carrier;
	d->offered = device_features(d);
	d->notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->notify_fd < 0)
		rc = error_errno(err, -errno, "device", "an event descriptor");
	else if (listen_fd >= 0)
		rc = listener_take(&d->listener, opt->socket_path, listen_fd, err);
	else if (!opt->client)
		rc = listener_open(&d->listener, opt->socket_path, err);
	if (rc)
		device_close(d);
	return rc;
}

/* The front end has gone, and nothing touches its guest's memory any more. */
static void forget_front_end(struct device *d)
{
	device_reset_rings(d);
	backend_forget_memory(&d->backend);
	inflight_area_close(&d->inflight);
	guest_memory_close(&d->memory);
	d->has_memory = false;
	d->features = 0;
	d->status = 0;
	d->is_leaving = false;
	d->is_stuck = false;
}

static void leave_front_end(struct device *d)
{
	channel_close(&d->channel);
	d->is_connected = false;
	back_channel_close(&d->back);
	d->waiting = NULL;
	d->is_leaving = true;
	if (device_stop_pairs(d) == 0)
		forget_front_end(d);
}

void device_close(struct device *d)
{
	struct net_error err;

	leave_front_end(d);
	if (d->is_leaving && !backend_is_free(&d->backend, 5000, &err))
		say("%s: %s", d->opt->socket_path, err.message);
	if (d->is_leaving && device_stop_pairs(d) == 0)
		forget_front_end(d);
	backend_close(&d->backend);
	listener_close(&d->listener);
	if (d->notify_fd >= 0)
		close(d->notify_fd);
	d->notify_fd = -1;
}

static void meet_front_end(struct device *d, int fd)
{
	channel_open(&d->channel, fd, device_protocol_features(d));
	back_channel_init(&d->back);
	d->front_ends++;
	d->is_connected = true;
	device_say(d, "front end connected");
}

static void accept_front_end(struct device *d)
{
	int fd = listener_accept(&d->listener);

	if (fd >= 0) {
		d->is_deaf = false;
		meet_front_end(d, fd);
		return;
	}
	if (fd == -EAGAIN || fd == -ECONNABORTED)
		return;
	/* Whoever waits goes on to wait, and poll() would tell of it without end. */
	d->meets_at_ms = now_ms() + MEETING_MS;
	if (!d->is_deaf)
		device_say(d, "a front end waits: %s%s", strerror(-fd),
			   fd == -EMFILE ? "; raise RLIMIT_NOFILE" : "");
	d->is_deaf = true;
}

static void connect_front_end(struct device *d)
{
	int fd;

	if (now_ms() < d->meets_at_ms)
		return;
	d->meets_at_ms = now_ms() + MEETING_MS;
	fd = listener_connect(d->opt->socket_path);
	if (fd >= 0)
		meet_front_end(d, fd);
}

/* Do what the message asks and answer it. Return: is the connection still there? */
static bool handle_message(struct device *d, struct vhost_message *m)
{
	struct net_error err = {0};
	int rc = device_request(d, m, &err);

	if (rc == DEVICE_NOT_YET) {
		d->waiting = m;
		return true;
	}
	d->waiting = NULL;
	if (rc < 0)
		device_say(d, "%s refused: %s", vhost_request_name(m->header.request), err.message);
	rc = channel_answer(&d->channel, m, rc, &err, &err);
	if (rc) {
		device_say(d, "the connection ends: %s", err.message);
		leave_front_end(d);
		return false;
	}
	device_start_pairs(d);
	return true;
}

static void read_messages(struct device *d)
{
	struct vhost_message *m;
	struct net_error err = {0};

	for (int i = 0; i < MESSAGES_PER_CALL && !d->waiting; i++) {
		int rc = channel_read(&d->channel, &m, &err);

		if (rc < 0) {
			device_say(d, "%s",
				   rc == -ECONNRESET ? "front end disconnected" : err.message);
			leave_front_end(d);
			return;
		}
		if (rc == 0 || !handle_message(d, m))
			return;
	}
}

/* Link and restart events of the endpoint. */
static void poll_actions(struct device *d)
{
	struct net_action action;

	while (d->backend.ep && net_endpoint_poll_action(d->backend.ep, &action) == 1) {
		if (action.kind == NET_ACTION_LINK) {
			d->carrier = action.link_up;
			device_update_link(d);
		} else if (action.kind == NET_ACTION_RESTART_REQUIRED) {
			device_restart_pairs(d);
		}
	}
}

void device_poll(const struct device *d, struct pollfd fds[DEVICE_POLLS])
{
	bool alone = d->channel.fd < 0 && !d->is_leaving;

	for (int i = 0; i < DEVICE_POLLS; i++)
		fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	if (alone && now_ms() >= d->meets_at_ms)
		fds[DEVICE_POLL_LISTENER].fd = d->listener.fd;
	if (!d->waiting)
		fds[DEVICE_POLL_CHANNEL].fd = d->channel.fd;
	fds[DEVICE_POLL_BACK].fd = d->back.fd;
	if (d->backend.ep)
		fds[DEVICE_POLL_ACTION].fd = net_endpoint_action_fd(d->backend.ep);
	fds[DEVICE_POLL_NOTIFY].fd = d->notify_fd;
}

void device_handle(struct device *d, const struct pollfd fds[DEVICE_POLLS])
{
	eventfd_t unused;

	if (fds[DEVICE_POLL_NOTIFY].revents) {
		eventfd_read(d->notify_fd, &unused);
		device_look_after_pairs(d);
	}
	if (fds[DEVICE_POLL_ACTION].revents)
		poll_actions(d);
	if (fds[DEVICE_POLL_BACK].revents && d->back.fd >= 0)
		back_channel_drain(&d->back);
	if (fds[DEVICE_POLL_CHANNEL].revents && d->channel.fd >= 0)
		read_messages(d);
	if (fds[DEVICE_POLL_LISTENER].revents)
		accept_front_end(d);
}

/* No message waits for it, as when the interface had the queue restarted. */
static bool has_ending_pair(const struct device *d)
{
	for (uint32_t i = 0; i < d->opt->pairs; i++)
		if (d->pairs[i].is_ending)
			return true;
	return false;
}

void device_tick(struct device *d)
{
	poll_actions(d);
	back_channel_flush(&d->back, d->channel.negotiated);
	if (d->is_leaving && device_stop_pairs(d) == 0)
		forget_front_end(d);
	if (d->waiting && device_is_free(d)) {
		handle_message(d, d->waiting);
		return;
	}
	if (d->is_stuck || has_ending_pair(d))
		device_start_pairs(d);
	if (d->opt->client && d->channel.fd < 0 && !d->is_leaving)
		connect_front_end(d);
}
