/* SPDX-License-Identifier: BSD-2-Clause */
/* xsk-vhost: a vhost-user network device on net_xdp. Over the public headers only. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/error.h"
#include "common/host_guard.h"
#include "common/json.h"
#include "common/looking.h"
#include "common/options_say.h"
#include "common/say.h"
#include "xsk_vhost/loop.h"
#include "xsk_vhost/options.h"
#include "xsk_vhost/report.h"

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	FIRST_SOCKET = 3, /* of systemd's (sd_listen_fds(3)) */
};

struct daemon {
	const struct options *opt;
	struct device *devices;
	uint32_t count; /* open */
	struct report shown;
	struct net_control *control; /* NULL: nobody can look */
	struct net_error unseen;     /* why not */
	int signal_fd;
};

/* Signals that end the program come by a descriptor, in all threads. */
static int take_signals(struct daemon *d, struct net_error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	d->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return d->signal_fd < 0 ? error_errno(err, -errno, "signals", "a signal descriptor") : 0;
}

/* Sockets that systemd made are the devices', in their order. Return: their number, 0: there are none. */
static uint32_t handed_sockets(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	if (!pid || !fds || strtol(pid, NULL, 10) != getpid())
		return 0;
	return (uint32_t)strtoul(fds, NULL, 10);
}

/* The guest gets all frames of its queues, whatever its MAC is. */
static int check_host(const struct device *device, bool quiet, struct net_error *err)
{
	const struct host_claim claim = {
		.ifindex = device->backend.device.ifindex,
		.keep = &device->opt->keep,
		.taker = "the guest",
		.other = "use another interface",
		.leave = "--keep leaves these to the host, and not to the guest",
		.force = device->opt->force,
		.quiet = quiet,
	};
	struct host_net net;
	int rc = host_net_read(&net);

	if (rc)
		return error_errno(err, rc, "query", "asking for the interfaces of the host");
	rc = host_guard(&net, &claim, err);
	host_net_free(&net);
	return rc;
}

static int open_devices(struct daemon *d, struct net_error *err)
{
	uint32_t handed = handed_sockets();

	for (uint32_t i = 0; i < d->opt->device_count; i++) {
		const struct device_options *opt = &d->opt->devices[i];
		int fd = i < handed && !opt->client ? FIRST_SOCKET + (int)i : -1;
		int rc = device_open(&d->devices[i], opt, fd, d->opt->quiet, err);

		if (rc)
			return rc;
		d->count++;
		rc = check_host(&d->devices[i], d->opt->quiet, err);
		if (rc)
			return rc;
		backend_show(&d->devices[i].backend, d->control);
		device_say(&d->devices[i], "%s, on %s",
			   opt->client ? "connects to a front end" : "waits for a front end",
			   opt->ifname);
	}
	return 0;
}

static int serve(const struct options *opt)
{
	static struct device devices[OPTIONS_DEVICES];
	struct daemon d = {.opt = opt, .devices = devices, .signal_fd = -1};
	struct net_error err = {0};
	int rc = take_signals(&d, &err);
	int exit_code;

	if (!rc)
		rc = looking_open(opt->control, &d.control, &d.unseen, &err);
	if (!rc)
		rc = open_devices(&d, &err);
	if (!rc)
		looking_say(&d.unseen);
	d.shown = (struct report){devices, d.count};
	net_control_tell(d.control, report_tell, &d.shown);
	if (!rc)
		rc = loop_run(devices, d.count, d.signal_fd, !opt->quiet, &err);
	for (uint32_t i = 0; i < d.count; i++)
		device_close(&devices[i]);
	net_control_close(d.control);
	if (d.signal_fd >= 0)
		close(d.signal_fd);
	exit_code = rc ? EXIT_FAILED : 0;
	options_say(&vhost_options, err.message, sizeof(err.message));
	if (rc)
		say("%s: %s", err.step, err.message);
	if (opt->json)
		report_json(stdout, devices, d.count, exit_code, rc ? &err : NULL);
	else if (!rc && !opt->quiet)
		report_table(stdout, devices, d.count);
	if (fflush(stdout) || ferror(stdout))
		exit_code = EXIT_FAILED;
	return exit_code;
}

static int usage(const char *why, bool json)
{
	struct net_error err = {.code = -EINVAL, .step = "usage"};

	snprintf(err.message, sizeof(err.message), "%s", why);
	say("%s", why);
	fputs("try 'xsk-vhost --help'\n", stderr);
	if (json)
		report_json(stdout, NULL, 0, EXIT_USAGE, &err);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static struct options opt;
	char why[320];
	int rc = options_parse(argc, argv, &opt, why, sizeof(why));

	if (rc < 0)
		return usage(why, json_is_asked(argc, argv));
	if (!rc)
		return serve(&opt);
	option_show(&vhost_options, rc, stdout);
	return fflush(stdout) || ferror(stdout) ? EXIT_FAILED : 0;
}
