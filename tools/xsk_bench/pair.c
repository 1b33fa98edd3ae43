/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting both sides, and ending them: the receiver a little after the sender, whose last frames are on their way. */
#include "pair.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outcome.h"
#include "say.h"

#define LAST_FRAMES_MS 300

struct side {
	struct options opt;
	pid_t pid;    /* 0: not started, or collected */
	int ready_fd; /* its MAC when it runs; then, or at once, the end of the process */
	int out_fd;
	struct run_clock *clock; /* of both */
};

static const uint8_t default_mac[6] = {0x02, 0x6e, 0x78, 0x00, 0x00, 0x01};

/* The receiver's options. It runs until it is told to end, and its rows are those that are shown. */
static struct options receiver_options(const struct options *opt)
{
	struct options o = *opt;

	o.mode = BENCH_RX;
	o.ifname = opt->to_ifname;
	o.from_ifname = opt->ifname;
	o.to_ifname = NULL;
	o.duration_ns = o.rate = o.count = 0;
	o.capture_path = NULL;
	/* A path that was given is the sender's: it cannot be both. */
	if (o.control)
		o.control = "off";
	o.flows = 1;
	o.ipv6 = false;
	o.checksum = o.segment_here = false;
	o.segment_bytes = o.piece_bytes = 0;
	if (o.frame_bytes && o.frame_bytes < 1518)
		o.frame_bytes = 0;
	/* The list goes on where the sender's threads end. */
	for (uint32_t i = 0; i < opt->cpu_count; i++)
		o.cpus[i] = opt->cpus[(i + opt->queue_count) % opt->cpu_count];
	return o;
}

static struct options sender_options(const struct options *opt)
{
	struct options o = *opt;

	o.mode = BENCH_TX;
	o.to_ifname = NULL;
	o.take_own_mac = false;
	o.take_mac_count = 0;
	o.keep.count = 0;
	o.silent = o.rows;
	o.rows = o.csv = false;
	o.plot_path = NULL;
	o.interval_ns = 0;
	return o;
}

static int start(struct side *s)
{
	pid_t parent = getpid();
	int fds[2], out;

	s->ready_fd = -1;
	out = s->out_fd = memfd_create("xsk-bench", MFD_CLOEXEC);
	if (s->out_fd < 0 || pipe2(fds, O_CLOEXEC))
		return -errno;
	fflush(stdout);
	s->pid = fork();
	if (s->pid < 0) {
		s->pid = 0;
		return -errno;
	}
	if (!s->pid) {
		/* Ctrl-C is ours: the receiver has to outlive the sender. */
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(EXIT_FAILED);
		close(fds[0]);
		_exit(pair_side_run(&s->opt, fds[1], s->clock, out));
	}
	close(fds[1]);
	s->ready_fd = fds[0];
	return 0;
}

static void end(struct side *s)
{
	if (!s->pid)
		return;
	kill(s->pid, SIGTERM);
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	s->pid = 0;
}

/* Until fd has something, or a signal has come. Return: 0; -EINTR. */
static int await(int fd, int other_fd, int signal_fd)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN},
			       {.fd = other_fd, .events = POLLIN},
			       {.fd = signal_fd, .events = POLLIN}};

	while (poll(fds, 3, -1) < 0 && errno == EINTR)
		;
	return fds[2].revents ? -EINTR : 0;
}

/* Return: 0 and its MAC; -1: it has ended. */
static int await_ready(struct side *s, int signal_fd, uint8_t mac[6])
{
	return await(s->ready_fd, -1, signal_fd) || read(s->ready_fd, mac, 6) != 6 ? -1 : 0;
}

/* The sender has two things to say: that it runs, and that it has ended. */
static void await_sender(struct side *sender, struct side *receiver, int signal_fd)
{
	uint8_t mac[6];

	if (!await_ready(sender, signal_fd, mac))
		await(sender->ready_fd, receiver->ready_fd, signal_fd);
}

static char *collect(struct side *s, struct pair_side *out)
{
	struct stat st = {0};
	char *text = NULL;
	ssize_t n = 0;

	if (s->out_fd >= 0 && pread(s->out_fd, out, sizeof(*out), 0) != sizeof(*out))
		*out = (struct pair_side){.finished = false};
	if (out->finished && !fstat(s->out_fd, &st))
		text = malloc((size_t)st.st_size - sizeof(*out) + 1);
	if (text)
		n = pread(s->out_fd, text, (size_t)st.st_size - sizeof(*out), sizeof(*out));
	if (text)
		text[n > 0 ? n : 0] = 0;
	if (!out->finished)
		out->exit_code = EXIT_FAILED;
	if (s->out_fd >= 0)
		close(s->out_fd);
	if (s->ready_fd >= 0)
		close(s->ready_fd);
	return text;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Return: 0; -errno: a process could not be started. */
static int run_both(struct side *sender, struct side *receiver, int signal_fd)
{
	uint8_t mac[6];
	int rc;

	sender->clock = receiver->clock = mmap(NULL, sizeof(*sender->clock), PROT_READ | PROT_WRITE,
					       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sender->clock == MAP_FAILED)
		return -errno;
	rc = start(receiver);

	if (rc || await_ready(receiver, signal_fd, mac))
		return rc;
	if (!memcmp(sender->opt.dst_mac, default_mac, sizeof(default_mac)))
		memcpy(sender->opt.dst_mac, mac, sizeof(mac));
	rc = start(sender);
	if (rc)
		return rc;
	await_sender(sender, receiver, signal_fd);
	end(sender);
	poll(NULL, 0, LAST_FRAMES_MS);
	return 0;
}

int pair_run(const struct options *opt)
{
	static struct pair_result r;
	struct side receiver = {.opt = receiver_options(opt), .ready_fd = -1, .out_fd = -1};
	struct side sender = {.opt = sender_options(opt), .ready_fd = -1, .out_fd = -1};
	int signal_fd = open_signals();
	int rc = signal_fd < 0 ? -errno : run_both(&sender, &receiver, signal_fd);

	end(&sender);
	end(&receiver);
	r.receiver_text = collect(&receiver, &r.receiver);
	r.sender_text = collect(&sender, &r.sender);
	if (signal_fd >= 0)
		close(signal_fd);
	if (rc)
		say("a process could not be started: %s", strerror(-rc));
	if (opt->json)
		pair_report_json(stdout, &r);
	else if (!opt->csv)
		pair_report(stdout, opt, &r);
	free(r.receiver_text);
	free(r.sender_text);
	return pair_exit_code(&r.sender, &r.receiver);
}
