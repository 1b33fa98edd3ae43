// SPDX-License-Identifier: BSD-2-Clause
/* Capture on and off, in turn and out of turn, and what its configuration may be. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/capture_rig.h"
#include "support/conformance.h"
#include "support/netns.h"

// 73: on and off under load
CASE(73, capture_queues_come_and_go_while_it_is_on)
{
	struct net_queue_config config = {0};
	struct net_capture_stats s;
	struct capture_rig r;
	struct read_file f;

	capture_rig_open(&r, 2);
	capture_rig_start(&r);
	frontend_post(&r.f, r.queues[0], 0, 64);
	frontend_post(&r.f, r.queues[1], 64, 64);
	for (uint32_t i = 0; i < 10; i++) {
		capture_rig_put(&r, 0, 60, i);
		capture_rig_pass(&r, 0);
		capture_rig_put(&r, 0, 60, i);
		capture_rig_pass(&r, 1);
		/* What is in its buffer outlives the queue. */
		cr_assert(net_queue_destroy(r.queues[1], NULL) == 0);
		cr_assert(net_endpoint_get_queue(r.ep, 1, &config, &r.queues[1], NULL) == 0);
		frontend_post(&r.f, r.queues[1], 64, 64);
	}
	s = capture_rig_stop(&r);
	read_file(&f, r.path);
	cr_assert(s.frames == 40 && f.packet_count == 40 && s.missed == 0);
	read_free(&f);
	capture_rig_close(&r);
}

Test(capture_start, on_and_off_a_thousand_times_leaks_nothing)
{
	struct capture_rig r;
	unsigned int fds;

	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 64);
	fds = netns_open_fds();
	for (int i = 0; i < 1000; i++) {
		capture_rig_start(&r);
		capture_rig_put(&r, 0, 60, 1);
		capture_rig_pass(&r, 0);
		cr_assert(capture_rig_stop(&r).frames == 2, "round %d", i);
		capture_rig_put(&r, 0, 60, 1);
		capture_rig_pass(&r, 0);
	}
	cr_assert(netns_open_fds() == fds);
	capture_rig_close(&r);
}

Test(capture_start, start_and_stop_out_of_turn_are_errors)
{
	struct net_error err = {0};
	struct net_endpoint *plain;
	struct net_capture_stats s;
	struct capture_rig r;

	capture_rig_open(&r, 1);
	cr_assert(net_capture_stop(r.ep) == -ENOENT);
	capture_rig_start(&r);
	cr_assert(net_capture_start(r.ep, &r.config, &err) == -EBUSY);
	cr_assert(strstr(err.message, "stop it first") != NULL);
	capture_rig_stop(&r);
	cr_assert(net_null_open(&plain, NULL) == 0);
	cr_assert(net_capture_start(plain, &r.config, &err) == -EINVAL);
	cr_assert(net_capture_stop(plain) == -EINVAL);
	cr_assert(net_capture_get_stats(plain, &s) == -EINVAL);
	net_endpoint_destroy(plain, NULL);
	capture_rig_close(&r);
}

Test(capture_start, each_wrong_setting_is_refused_with_its_name)
{
	struct capture_rig r;
	int readonly;

	capture_rig_open(&r, 1);
	readonly = open("/dev/null", O_RDONLY);
#define REFUSED(code, word, ...)                                                                   \
	do {                                                                                       \
		struct net_capture_config c = r.config;                                            \
		struct net_error err = {0};                                                        \
		__VA_ARGS__;                                                                       \
		cr_assert(net_capture_start(r.ep, &c, &err) == (code), "%s", #__VA_ARGS__);        \
		cr_assert(strstr(err.message, word) != NULL, "%s", err.message);                   \
	} while (0)
	REFUSED(-EINVAL, "neither", c.path = NULL);
	REFUSED(-EINVAL, "both", c.fd = 1);
	REFUSED(-EINVAL, "snap_bytes 13", c.snap_bytes = 13);
	REFUSED(-EINVAL, "snap_bytes 262145", c.snap_bytes = 262145);
	REFUSED(-EINVAL, "buffer_bytes", c.buffer_bytes = 65535);
	REFUSED(-EINVAL, "buffer_bytes", c.buffer_bytes = (1u << 30) + 1);
	REFUSED(-EINVAL, "rotate_bytes 4095", c.rotate_bytes = 4095);
	REFUSED(-EINVAL, "need a path", c.path = NULL, c.fd = 1, c.rotate_bytes = 1 << 20);
	REFUSED(-EINVAL, "rotate_files", c.rotate_files = 0);
	REFUSED(-EINVAL, "rotate_files", c.rotate_files = 1001);
	REFUSED(-EINVAL, "interface", c.interface = NULL);
	REFUSED(-ENOENT, "/nowhere", c.path = "/nowhere/x");
	REFUSED(-EBADF, "fd 9999", c.path = NULL, c.fd = 9999);
	REFUSED(-EBADF, "for writing", c.path = NULL, c.fd = readonly);
	close(readonly);
	capture_rig_start(&r);
	capture_rig_stop(&r);
	capture_rig_close(&r);
}

/* The struct of a program that knew less: the rest is as by default. */
Test(capture_start, shorter_configuration_of_an_older_program_is_understood)
{
	struct capture_rig r;

	capture_rig_open(&r, 1);
	net_capture_config_init(&r.config, offsetof(struct net_capture_config, snap_bytes));
	r.config.path = r.path;
	r.config.snap_bytes = 1; /* not a member for that program */
	capture_rig_start(&r);
	capture_rig_stop(&r);
	capture_rig_close(&r);
}

Test(capture_start, forked_child_ends_the_endpoint_and_leaves_the_file_to_its_parent)
{
	struct net_capture_stats s;
	struct capture_rig r;
	struct read_file f;
	int status;
	pid_t pid;

	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 8);
	capture_rig_start(&r);
	capture_rig_put(&r, 0, 60, 1);
	capture_rig_pass(&r, 0);
	frontend_sleep_ms(50); /* the child does not inherit a lock that is held */
	pid = fork();
	if (pid == 0) {
		alarm(10);
		_exit(net_capture_stop(r.ep) == -ECHILD ? 0 : 1);
	}
	cr_assert(waitpid(pid, &status, 0) == pid && status == 0, "status 0x%x", status);
	capture_rig_put(&r, 0, 60, 2);
	capture_rig_pass(&r, 0);
	s = capture_rig_stop(&r);
	read_file(&f, r.path);
	cr_assert(s.frames == 4 && f.packet_count == 4 && f.is_ended);
	read_free(&f);
	capture_rig_close(&r);
}

Test(capture_start, endpoint_that_ends_while_it_is_on_ends_the_file)
{
	struct capture_rig r;
	struct read_file f;
	char path[100];

	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 8);
	capture_rig_start(&r);
	capture_rig_put(&r, 0, 60, 1);
	capture_rig_pass(&r, 0);
	cr_assert(net_endpoint_destroy(r.ep, NULL) == -EBUSY);
	snprintf(path, sizeof(path), "%s.end", r.path);
	cr_assert(rename(r.path, path) == 0);
	capture_rig_close(&r);
	read_file(&f, path);
	cr_assert(f.packet_count == 2 && f.is_ended);
	read_free(&f);
	unlink(path);
}
