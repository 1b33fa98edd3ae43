// SPDX-License-Identifier: BSD-2-Clause
/* Where a capture is written to, and what may go wrong there: no frame is lost that is not counted. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/capture_rig.h"
#include "support/frame.h"

/* Send frames through queue 0 until the clock says so, and 2000 of them have been. Return: how many
 * passed, both directions. */
static uint64_t load(struct capture_rig *r, int for_ms)
{
	int64_t until = frontend_now_ms() + for_ms;
	uint64_t n = 0;

	do {
		for (uint32_t i = 0; i < 32; i++)
			capture_rig_put(r, i, 1000, n + i);
		capture_rig_pass(r, 0);
		n += 64;
	} while (frontend_now_ms() < until || n < 2000);
	return n;
}

Test(capture_file, full_disk_is_an_error_and_every_frame_is_counted)
{
	struct net_capture_stats s;
	struct capture_rig r;
	uint64_t n;

	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 64);
	r.config.path = "/dev/full";
	capture_rig_start(&r);
	n = load(&r, 50);
	cr_assert(net_capture_stop(r.ep) == -ENOSPC);
	net_capture_get_stats(r.ep, &s);
	cr_assert(s.error == -ENOSPC && s.frames == 0 && s.missed == n, "%llu of %llu",
		  (unsigned long long)s.missed, (unsigned long long)n);
	capture_rig_close(&r);
}

/* A file that may not grow, as one on a full disk: it ends behind its last whole packet, and the
 * signal that comes with this limit reaches nobody. */
Test(capture_file, file_that_cannot_grow_is_left_with_whole_packets)
{
	struct net_capture_stats s;
	struct rlimit before, limit;
	struct capture_rig r;
	struct read_file f;
	uint64_t n;

	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 64);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = (struct rlimit){.rlim_cur = 65536, .rlim_max = before.rlim_max};
	cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	capture_rig_start(&r);
	n = load(&r, 50);
	cr_assert(net_capture_stop(r.ep) == -EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	net_capture_get_stats(r.ep, &s);
	read_file(&f, r.path);
	cr_assert(s.frames == f.packet_count && s.frames + s.missed == n);
	cr_assert(s.frames > 50 && s.bytes == f.len_bytes && !f.is_ended);
	read_free(&f);
	capture_rig_close(&r);
}

static void ends_without_signal(int fds[2])
{
	struct net_capture_stats s;
	struct capture_rig r;
	uint64_t n;

	signal(SIGPIPE, SIG_DFL);
	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 64);
	r.config.path = NULL;
	r.config.fd = fds[1];
	capture_rig_start(&r);
	close(fds[0]);
	n = load(&r, 50);
	cr_assert(net_capture_stop(r.ep) == -EPIPE);
	net_capture_get_stats(r.ep, &s);
	cr_assert(s.frames + s.missed == n && s.missed > 0);
	cr_assert(fcntl(fds[1], F_GETFD) >= 0, "the caller's descriptor was closed");
	close(fds[1]);
	capture_rig_close(&r);
}

Test(capture_file, reader_of_a_pipe_that_goes_ends_it_without_a_signal)
{
	int fds[2];

	cr_assert(pipe(fds) == 0);
	ends_without_signal(fds);
}

Test(capture_file, reader_of_a_socket_that_goes_ends_it_without_a_signal)
{
	int fds[2];

	cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	ends_without_signal(fds);
}

/* A program may have it for a file of its own; or has closed it, and our copy of another one gets it. */
Test(capture_file, descriptor_0_is_one_like_any_other)
{
	struct capture_rig r;
	struct read_file f;
	int fd;

	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 64);
	fd = open(r.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	r.config.path = NULL;
	for (int is_ours = 0; is_ours < 2; is_ours++) {
		if (is_ours)
			close(STDIN_FILENO);
		else
			cr_assert_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
		r.config.fd = is_ours ? fd : STDIN_FILENO;
		cr_assert(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
		capture_rig_start(&r);
		capture_rig_put(&r, 0, 60, 1);
		capture_rig_pass(&r, 0);
		cr_assert_eq(capture_rig_stop(&r).frames, 2);
		read_file(&f, r.path);
		cr_assert_eq(f.packet_count, 2);
		read_free(&f);
		cr_assert_eq(fcntl(STDIN_FILENO, F_GETFD) < 0, is_ours);
	}
	close(fd);
	capture_rig_close(&r);
}

Test(capture_file, named_pipe_without_a_reader_is_an_error_and_no_wait)
{
	struct net_error err = {0};
	struct capture_rig r;
	int64_t before;

	capture_rig_open(&r, 1);
	cr_assert(mkfifo(r.path, 0600) == 0);
	before = frontend_now_ms();
	cr_assert(net_capture_start(r.ep, &r.config, &err) == -ENXIO);
	cr_assert(frontend_now_ms() - before < 5000 && strstr(err.message, r.path) != NULL);
	capture_rig_close(&r);
}

/* Nobody reads the pipe: the data calls go on, and stop gives up after a second. */
Test(capture_file, reader_that_does_not_read_costs_frames_and_no_time)
{
	struct net_capture_stats s;
	struct capture_rig r;
	int64_t before;
	uint64_t n;
	int fds[2];

	cr_assert(pipe(fds) == 0);
	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 64);
	r.config.path = NULL;
	r.config.fd = fds[1];
	r.config.buffer_bytes = 65536;
	capture_rig_start(&r);
	n = load(&r, 200);
	net_capture_get_stats(r.ep, &s);
	cr_assert(n > 1000 && s.missed > n / 2, "%llu missed of %llu", (unsigned long long)s.missed,
		  (unsigned long long)n);
	before = frontend_now_ms();
	cr_assert(net_capture_stop(r.ep) == -ETIMEDOUT);
	cr_assert(frontend_now_ms() - before < 5000);
	net_capture_get_stats(r.ep, &s);
	cr_assert(s.frames + s.missed == n);
	close(fds[0]);
	close(fds[1]);
	capture_rig_close(&r);
}

/* A reader slower than the frames: what it gets is a whole file, and the losses are in it. */
Test(capture_file, slow_reader_gets_a_whole_file_that_tells_its_losses)
{
	uint64_t n, len = 0, dropped = 0;
	struct net_capture_stats s;
	struct capture_rig r;
	uint8_t *bytes = malloc(64 << 20);
	struct read_file f;
	int fds[2], status;
	pid_t pid;

	cr_assert(bytes && pipe(fds) == 0);
	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 64);
	pid = fork();
	if (pid == 0) { /* the reader: 4 KiB each millisecond, into the file */
		int out = open(r.path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		ssize_t got;

		close(fds[1]);
		while ((got = read(fds[0], bytes, 4096)) > 0) {
			if (write(out, bytes, (size_t)got) != got)
				_exit(1);
			frontend_sleep_ms(1);
		}
		_exit(got < 0);
	}
	close(fds[0]);
	r.config.path = NULL;
	r.config.fd = fds[1];
	r.config.buffer_bytes = 65536;
	capture_rig_start(&r);
	n = load(&r, 300);
	s = capture_rig_stop(&r);
	close(fds[1]);
	cr_assert(waitpid(pid, &status, 0) == pid && status == 0);
	read_file(&f, r.path);
	len = f.len_bytes;
	for (uint32_t i = 0; i < f.packet_count; i++)
		dropped += f.packets[i].dropped;
	cr_assert(s.bytes == len && s.frames == f.packet_count && s.frames + s.missed == n);
	cr_assert(s.missed > 0 && f.dropped == s.missed && f.received == n && f.is_ended);
	cr_assert(dropped <= s.missed && dropped > 0, "losses behind the last packet are not its");
	read_free(&f);
	free(bytes);
	capture_rig_close(&r);
}

Test(capture_file, files_in_turn_are_each_whole_and_no_frame_is_missing)
{
	struct net_capture_stats s;
	uint64_t next = UINT64_MAX, packets = 0;
	struct capture_rig r;
	struct read_file f;
	char path[100];

	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 64);
	r.config.rotate_bytes = 20000;
	r.config.rotate_files = 1000;
	capture_rig_start(&r);
	for (uint32_t n = 0; n < 320; n += 32) {
		for (uint32_t i = 0; i < 32; i++)
			capture_rig_put(&r, i, 60 + (n + i) % 900, n + i);
		capture_rig_pass(&r, 0);
	}
	s = capture_rig_stop(&r);
	cr_assert(s.frames == 640 && s.missed == 0);
	for (int i = 0;; i++) { /* newest first, so the last file has the first packets */
		snprintf(path, sizeof(path), i ? "%s.%d" : "%s", r.path, i);
		if (access(path, F_OK)) {
			cr_assert(i >= 9, "%d files", i);
			break;
		}
		read_file(&f, path);
		cr_assert(f.len_bytes <= 20000 && f.is_ended && f.packet_count > 0);
		cr_assert(next == UINT64_MAX || f.received <= next);
		next = f.received - f.packet_count;
		packets += f.packet_count;
		read_free(&f);
		unlink(path);
	}
	cr_assert(packets == 640);
	capture_rig_close(&r);
}

Test(capture_file, files_in_turn_are_as_many_as_asked_for)
{
	struct capture_rig r;
	char path[100];

	capture_rig_open(&r, 1);
	frontend_post(&r.f, r.queues[0], 0, 64);
	r.config.rotate_bytes = 4096;
	r.config.rotate_files = 3;
	capture_rig_start(&r);
	load(&r, 20);
	capture_rig_stop(&r);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), i ? "%s.%d" : "%s", r.path, i);
		cr_assert((access(path, F_OK) == 0) == (i < 3), "%s", path);
		unlink(path);
	}
	capture_rig_close(&r);
}
