/* SPDX-License-Identifier: BSD-2-Clause */
#include "pair_end.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outcome.h"
#include "worker.h"

void pair_end_receives(struct options *o)
{
	o->mode = BENCH_RX;
	o->duration_ns = o->rate = o->count = 0;
	o->flows = 1;
	o->ipv6 = false;
	o->checksum = o->segment_here = false;
	o->segment_bytes = o->piece_bytes = 0;
	o->l4 = o->sums = 0;
	if (o->frame_bytes && o->frame_bytes < 1518)
		o->frame_bytes = 0;
}

void pair_end_sends(struct options *o)
{
	o->mode = BENCH_TX;
	o->take_own_mac = false;
	o->take_mac_count = 0;
	o->keep.count = 0;
}

bool pair_end_is_default_mac(const uint8_t mac[6])
{
	static const uint8_t default_mac[6] = {0x02, 0x6e, 0x78, 0x00, 0x00, 0x01};

	return !memcmp(mac, default_mac, sizeof(default_mac));
}

int pair_end_open(struct pair_end *e, const struct options *opt)
{
	*e = (struct pair_end){.opt = *opt, .ready_fd = -1, .out_fd = -1, .keep_out = {-1, -1}};
	e->clock = mmap(NULL, sizeof(*e->clock), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (e->clock != MAP_FAILED)
		return 0;
	e->clock = NULL;
	return -errno;
}

static void drop_clock(struct pair_end *e)
{
	if (e->clock && !e->clock_is_others)
		munmap(e->clock, sizeof(*e->clock));
	e->clock = NULL;
}

void pair_end_share_clock(struct pair_end *e, const struct pair_end *other)
{
	drop_clock(e);
	e->clock = other->clock;
	e->clock_is_others = true;
}

int pair_end_start(struct pair_end *e)
{
	pid_t parent = getpid();
	int fds[2], out;

	out = e->out_fd = memfd_create("xsk-bench", MFD_CLOEXEC);
	if (out < 0 || pipe2(fds, O_CLOEXEC))
		return -errno;
	fflush(stdout);
	e->pid = fork();
	if (e->pid < 0) {
		int rc = -errno;

		e->pid = 0;
		close(fds[0]);
		close(fds[1]);
		return rc;
	}
	if (!e->pid) {
		/* Ctrl-C is its parent's: who receives has to outlive who sends. */
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(EXIT_FAILED);
		close(fds[0]);
		for (int i = 0; i < 2; i++)
			if (e->keep_out[i] >= 0)
				close(e->keep_out[i]);
		_exit(pair_side_run(&e->opt, fds[1], e->clock, out));
	}
	close(fds[1]);
	e->ready_fd = fds[0];
	return 0;
}

void pair_end_hear(struct pair_end *e)
{
	uint8_t more[1];
	bool full = e->said_bytes == sizeof(e->said);
	ssize_t n = read(e->ready_fd, full ? more : e->said + e->said_bytes,
			 full ? sizeof(more) : sizeof(e->said) - e->said_bytes);

	if (n < 0 && errno == EINTR)
		return;
	if (n > 0 && !full)
		e->said_bytes += (uint32_t)n;
	if (n > 0)
		return;
	close(e->ready_fd);
	e->ready_fd = -1;
}

void pair_end_begin(struct pair_end *e, const uint8_t dst_mac[6], uint64_t begin_ns)
{
	memcpy(e->clock->dst_mac, dst_mac, sizeof(e->clock->dst_mac));
	e->clock->end_ns = e->opt.duration_ns ? begin_ns + e->opt.duration_ns : UINT64_MAX;
	e->clock->begin_ns = begin_ns;
}

void pair_end_finish(struct pair_end *e)
{
	uint64_t now = now_ns();

	if (now < e->clock->end_ns)
		e->clock->end_ns = now;
	if (e->opt.mode == BENCH_TX)
		pair_end_ask_to_stop(e);
}

void pair_end_ask_to_stop(const struct pair_end *e)
{
	if (e->pid)
		kill(e->pid, SIGTERM);
}

void pair_end_stop(struct pair_end *e)
{
	if (!e->pid)
		return;
	kill(e->pid, SIGTERM);
	while (waitpid(e->pid, NULL, 0) < 0 && errno == EINTR)
		;
	e->pid = 0;
}

void pair_end_collect(const struct pair_end *e, enum pair_view view, struct pair_side *out,
		      char **text)
{
	struct pair_left left;
	off_t at = sizeof(left);
	size_t bytes;
	ssize_t n;

	*text = NULL;
	*out = (struct pair_side){.exit_code = EXIT_FAILED};
	if (e->out_fd < 0 || pread(e->out_fd, &left, sizeof(left), 0) != sizeof(left))
		return;
	*out = left.sides[view];
	for (uint32_t i = 0; i < view; i++)
		at += (off_t)left.text_bytes[i];
	bytes = left.text_bytes[view];
	*text = malloc(bytes + 1);
	if (!*text)
		return;
	n = pread(e->out_fd, *text, bytes, at);
	(*text)[n > 0 ? n : 0] = 0;
}

void pair_end_close(struct pair_end *e)
{
	if (e->out_fd >= 0)
		close(e->out_fd);
	if (e->ready_fd >= 0)
		close(e->ready_fd);
	e->out_fd = e->ready_fd = -1;
	drop_clock(e);
}
