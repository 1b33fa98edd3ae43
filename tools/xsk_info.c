// SPDX-License-Identifier: BSD-2-Clause
/* xsk-info: what AF_XDP would get on an interface, and why not better. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "info/info.h"
#include "info/options.h"
#include "info/steer.h"
#include "common/error.h"
#include "common/escape.h"
#include "common/json.h"
#include "running/metrics.h"
#include "running/show.h"

enum { EXIT_USAGE = 2 };

/* One line; on a terminal broken before column 80. */
static void complain(const char *front, const char *text)
{
	char plain[4 * sizeof(((struct net_error *)NULL)->message)];

	if (isatty(STDERR_FILENO))
		info_print_sentence(stderr, front, text);
	else
		fprintf(stderr, "%s%s\n", front, escape_plain(plain, sizeof(plain), text));
}

static int fail(const struct net_error *err)
{
	char front[sizeof(err->step) + 16];

	snprintf(front, sizeof(front), "xsk-info: %s: ", err->step);
	complain(front, err->message[0] ? err->message : strerror(-err->code));
	return EXIT_FAILURE;
}

/* Nothing but the error is known. */
static void document(int status, const struct net_error *err)
{
	struct json j = {.out = stdout};

	info_json_begin(&j);
	info_json_end(&j, status, err);
}

static int fail_whole(const struct info_options *options, const struct net_error *err)
{
	if (options->json)
		document(EXIT_FAILURE, err);
	return fail(err);
}

static void fail_usage(bool json, const struct net_error *err)
{
	complain("xsk-info: ", err->message);
	fputs("try 'xsk-info --help'\n", stderr);
	if (json)
		document(EXIT_USAGE, err);
}

static struct if_nameindex *list_interfaces(struct net_error *err)
{
	struct if_nameindex *interfaces;

	if (info_netlink_check(err) < 0)
		return NULL;
	interfaces = if_nameindex();
	if (!interfaces)
		error_errno(err, -errno, "query", "cannot list the interfaces");
	return interfaces;
}

static int show_all(const struct info_options *options)
{
	struct net_error err = {0}, why;
	struct if_nameindex *interfaces = list_interfaces(&err), *i;
	struct json j = {.out = stdout};
	struct net_xdp_device device;
	int status = EXIT_SUCCESS;
	int rc;

	if (!interfaces)
		return fail_whole(options, &err);
	if (options->json) {
		info_json_begin(&j);
		json_open(&j, "interfaces", '[');
	} else {
		info_print_row(stdout, NULL);
	}
	for (i = interfaces; i->if_index; i++) {
		rc = net_xdp_device_query(i->if_name, &device, &why);
		/* Deleted since it was listed. */
		if (rc == -ENODEV)
			continue;
		if (rc < 0) {
			status = fail(&why);
			err = why;
		} else if (options->json) {
			info_json_row(&j, &device);
		} else {
			info_print_row(stdout, &device);
		}
	}
	if (options->json) {
		json_close(&j, ']');
		info_json_end(&j, status, &err);
	}
	if_freenameindex(interfaces);
	return status;
}

/* Said before it is done. */
static void warn(const struct info_facts *facts, const struct info_prediction *prediction)
{
	char text[400], plain[4 * sizeof(text)];

	info_try_warning(facts, prediction, text, sizeof(text));
	if (text[0])
		fprintf(stderr, "xsk-info: %s\n", escape_plain(plain, sizeof(plain), text));
}

static int show_one(const struct info_options *options)
{
	struct info_prediction prediction;
	struct info_facts facts;
	struct net_error err;
	struct info_try tried = {0};
	int status;

	if (info_facts(options->ifname, options->queue, &facts, &err) < 0)
		return fail_whole(options, &err);
	info_predict(&facts, &prediction);
	if (options->try) {
		warn(&facts, &prediction);
		info_try(&facts, &tried);
	}
	if (options->json)
		info_print_json(stdout, &facts, &prediction, options->try ? &tried : NULL);
	else
		info_print_text(stdout, &facts, &prediction, options->try ? &tried : NULL);
	fflush(stdout);
	status = tried.rc < 0 ? fail(&tried.err) : EXIT_SUCCESS;
	info_try_free(&tried);
	return status;
}

/* One queue, or all of them and the steering. */
static int restore(const struct info_options *options)
{
	uint32_t queue = options->queue, end = queue + 1, restored = 0, steered = 0;
	struct net_xdp_device_queue state;
	struct net_xdp_device device;
	int status = EXIT_SUCCESS, rc;
	struct net_error err;
	char text[64];

	if (info_netlink_check(&err) || net_xdp_device_query(options->ifname, &device, &err))
		return fail(&err);
	if (!options->has_queue) {
		end = device.rx_queues;
		rc = info_steer_restore(options->ifname, &err);
		if (rc < 0)
			status = fail(&err);
		else
			steered = (uint32_t)rc;
		/* there may be other queues now */
		if (steered && net_xdp_device_query(options->ifname, &device, &err) == 0)
			end = device.rx_queues;
	}
	for (; queue < end; queue++) {
		rc = net_xdp_device_queue_restore(options->ifname, queue, &state, &err);
		if (rc < 0) {
			status = fail(&err);
			continue;
		}
		restored += (uint32_t)rc;
		snprintf(text, sizeof(text), "queue %u: ", queue);
		if (state.napi_state[0])
			info_print_sentence(stdout, text, state.napi_state);
	}
	snprintf(text, sizeof(text), "%s: %u put back", device.ifname, restored + steered);
	info_print_sentence(stdout, "", text);
	return status;
}

static int show_running(const struct info_options *options)
{
	const struct show_options show = {
		.folder = options->control,
		.filter = {.pid = options->pid, .interface = options->ifname},
		.json = options->json,
		.watch_s = options->watch_s,
	};
	struct net_error err = {0};

	return running_show(&show, &err) < 0 ? fail_whole(options, &err) : EXIT_SUCCESS;
}

static int show_metrics(const struct info_options *options)
{
	struct metrics metrics = {.folder = options->control};
	struct net_error err = {0};
	int rc = options->listen ? metrics_serve(&metrics, options->listen, &err)
				 : metrics_write(&metrics, stdout, true, &err);

	return rc < 0 ? fail(&err) : EXIT_SUCCESS;
}

static int look(int argc, char **argv)
{
	struct net_error usage = {.code = -EINVAL, .step = "usage"};
	struct info_options options;
	int rc = info_options_parse(argc, argv, &options, usage.message, sizeof(usage.message));
	int status = EXIT_SUCCESS;

	if (rc < 0) {
		fail_usage(json_is_asked(argc, argv), &usage);
		status = EXIT_USAGE;
	} else if (rc > 0) {
		option_show(&info_option_table, rc, stdout);
	} else if (options.restore) {
		status = restore(&options);
	} else if (options.running) {
		status = show_running(&options);
	} else if (options.metrics) {
		status = show_metrics(&options);
	} else {
		status = options.ifname ? show_one(&options) : show_all(&options);
	}
	return status;
}

int main(int argc, char **argv)
{
	bool steers = argc > 1 && !strcmp(argv[1], "steer");
	int status = steers ? info_steer(argc - 1, argv + 1) : look(argc, argv);

	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "xsk-info: output: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	return status;
}
