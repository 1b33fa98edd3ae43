// SPDX-License-Identifier: BSD-2-Clause
/* Front ends that mean no good, or are broken: the daemon answers all the same, and serves the next one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/vhost_rig.h"

TestSuite(vhost_hostile, .timeout = 60);

enum { RING = 64, MTU = 1500, SET_VRING_KICK = 12, SET_VRING_CALL, SET_VRING_ERR };

#define BIT(feature) (1ull << (feature))
#define FEATURES     (BIT(32) | BIT(29) | BIT(28) | BIT(16) | BIT(15))

static struct vhost_rig rig;
static struct vhost_guest guest;
static struct sockaddr_un address;
static uint8_t frame[300];

static void begin(void)
{
	signal(SIGPIPE, SIG_IGN); /* as the program does */
	vhost_rig_enter(&rig, 1, MTU);
	vhost_rig_start(&rig);
	vhost_rig_join(&rig, &guest, 0, RING, FEATURES);
	vhost_rig_expect_traffic(&guest, &rig.peer);
}

/* The device is well: it serves another guest. */
static void end(void)
{
	vhost_guest_close(&guest);
	vhost_rig_join(&rig, &guest, 0, RING, FEATURES);
	vhost_rig_expect_traffic(&guest, &rig.peer);
	vhost_guest_stop(&guest);
	vhost_guest_close(&guest);
	vhost_rig_stop(&rig);
}

/* A pipe into which not one more byte goes, and whose writers are made to wait. */
static void full_pipe(int fds[2])
{
	static const uint8_t zeros[4096];

	cr_assert_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(fds[1], zeros, sizeof(zeros)) > 0)
		;
	while (write(fds[1], zeros, 1) > 0)
		;
	cr_assert_eq(fcntl(fds[1], F_SETFL, 0), 0);
}

/* UML's call descriptors are pipes, and the reader may be busy or hung. */
Test(vhost_hostile, a_call_that_cannot_be_written_holds_nobody_up)
{
	int fds[2];

	begin();
	full_pipe(fds);
	cr_assert_eq(vhost_guest_ask_u64(&guest, SET_VRING_CALL, GUEST_RX, fds[1]), 0);
	frame_plain(frame, sizeof(frame), 1);
	fake_driver_arm_call(&guest.driver[GUEST_RX]);
	for (int i = 0; i < 20; i++)
		peer_send(&rig.peer, frame, sizeof(frame));
	usleep(100000);
	vhost_guest_enable(&guest, false);
	close(fds[0]);
	close(fds[1]);
	end();
}

Test(vhost_hostile, an_error_that_cannot_be_written_holds_nobody_up)
{
	int fds[2];

	begin();
	full_pipe(fds);
	cr_assert_eq(vhost_guest_ask_u64(&guest, SET_VRING_ERR, GUEST_TX, fds[1]), 0);
	fake_driver_lie(&guest.driver[GUEST_TX], FAKE_LIE_HEAD_TOO_LARGE);
	eventfd_write(guest.kick[GUEST_TX], 1);
	usleep(100000);
	vhost_guest_enable(&guest, false);
	close(fds[0]);
	close(fds[1]);
	end();
}

/* What cannot be waited for is refused, not tried again and again. */
Test(vhost_hostile, a_kick_that_is_no_event_is_refused)
{
	int file;

	begin();
	file = memfd_create("no event", MFD_CLOEXEC);
	for (uint32_t request = SET_VRING_KICK; request <= SET_VRING_ERR; request++)
		for (uint32_t ring = 0; ring < 2; ring++)
			cr_assert_neq(vhost_guest_ask_u64(&guest, request, ring, file), 0, "%s",
				      front_rules[request].name);
	vhost_rig_expect_traffic(&guest, &rig.peer);
	close(file);
	end();
	cr_assert_eq(rig.devices[0].pairs[0].starts, 2);
}

/* Its connection ends, once our replies have filled its socket. */
Test(vhost_hostile, a_front_end_that_reads_no_replies_is_left)
{
	struct front_message m = {.request = 1, .flags = FRONT_VERSION};
	struct pollfd p = {.events = POLLOUT};
	ssize_t sent = 12;

	begin();
	p.fd = guest.socket;
	for (int i = 0; i < 10000 && sent == 12; i++) {
		cr_assert_eq(poll(&p, 1, GUEST_WAIT_MS), 1, "the connection is still there");
		sent = send(guest.socket, &m, 12, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	cr_assert_lt(sent, 0);
	cr_assert(errno == EPIPE || errno == ECONNRESET, "%s", strerror(errno));
	end();
}

/* Take every descriptor of the process. Return: how many. */
static int take_all(int *fds, int most)
{
	int n = 0;

	while (n < most && (fds[n] = dup(rig.stop_fd)) >= 0)
		n++;
	return n;
}

/* Without a descriptor for its connection a front end waits, and costs nothing meanwhile. */
Test(vhost_hostile, a_front_end_for_whom_no_descriptor_is_left_waits)
{
	enum { LIMIT = 256 };
	struct rlimit limit;
	int taken[LIMIT], count;

	begin();
	vhost_guest_close(&guest);
	vhost_guest_open(&guest, RING, FEATURES);
	usleep(300000);
	guest.socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = LIMIT;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	count = take_all(taken, LIMIT);
	cr_assert_lt(count, LIMIT);
	address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", rig.opt[0].socket_path);
	cr_assert_eq(connect(guest.socket, (struct sockaddr *)&address, sizeof(address)), 0);
	vhost_rig_expect_idle(1000, 100);
	while (count)
		close(taken[--count]);
	cr_assert_eq(vhost_guest_ask(&guest, 1, NULL, 0, -1) & BIT(30), BIT(30));
	end();
}

/* As a monitor that ends as soon as it has begun. */
Test(vhost_hostile, a_monitor_that_hangs_up_at_once_is_not_called_without_end)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct pollfd p = {.events = POLLIN};
	int calls = 0;

	vhost_rig_enter(&rig, 1, MTU);
	rig.opt[0].client = true;
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", rig.opt[0].socket_path);
	vhost_rig_start(&rig);
	p.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(p.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(listen(p.fd, 8), 0);
	/* The first call comes within half a second, and the next ones in such steps. */
	for (int i = 0; i < 200; i++) {
		if (poll(&p, 1, 10) != 1)
			continue;
		close(accept(p.fd, NULL, NULL));
		calls++;
	}
	cr_assert(calls >= 2 && calls <= 6, "%d calls in two seconds", calls);
	close(p.fd);
	unlink(at.sun_path);
	vhost_rig_stop(&rig);
}

/* A connection is there, and nothing is said; or half a message. */
Test(vhost_hostile, a_front_end_that_says_nothing_costs_nothing)
{
	begin();
	vhost_guest_close(&guest);
	vhost_guest_open(&guest, RING, FEATURES);
	vhost_guest_connect(&guest, rig.opt[0].socket_path);
	cr_assert_eq(send(guest.socket, "\1\0\0\0\1", 5, MSG_NOSIGNAL), 5);
	vhost_rig_expect_idle(1000, 50);
	end();
}

/* How often the process' threads, but for the test's own, have gone to sleep. */
static uint64_t sleeps(void)
{
	uint64_t all = 0;
	struct dirent *e;
	DIR *tasks = opendir("/proc/self/task");

	while ((e = readdir(tasks))) {
		char path[300], line[200];
		unsigned long long n;
		FILE *f;

		if (e->d_name[0] == '.' || atoi(e->d_name) == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%s/status", e->d_name);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line, "voluntary_ctxt_switches: %llu", &n) == 1)
				all += n;
		if (f)
			fclose(f);
	}
	closedir(tasks);
	return all;
}

/* The control thread looks twice a second, a worker when there is something. */
Test(vhost_hostile, an_idle_guest_costs_nothing)
{
	uint64_t before, more;

	begin();
	usleep(1000000); /* a loaded machine has started it by then */
	before = sleeps();
	vhost_rig_expect_idle(3000, 50);
	more = sleeps() - before;
	cr_assert_leq(more, 3 * 4, "%llu wake-ups in three seconds", (unsigned long long)more);
	end();
}

/* It is not told anything, and is served when the first one has gone. */
Test(vhost_hostile, a_second_front_end_waits)
{
	struct front_message ask = {.request = 1, .flags = FRONT_VERSION};
	struct pollfd second = {.events = POLLIN};

	begin();
	address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", rig.opt[0].socket_path);
	second.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(second.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	front_send(second.fd, &ask);
	cr_assert_eq(poll(&second, 1, 300), 0);
	vhost_rig_expect_idle(500, 20);
	vhost_rig_expect_traffic(&guest, &rig.peer);
	vhost_guest_disconnect(&guest);
	cr_assert_eq(poll(&second, 1, GUEST_WAIT_MS), 1);
	cr_assert_eq(front_expect_u64(second.fd, 1) & BIT(30), BIT(30));
	close(second.fd);
	end();
}

/* All of its memory, many times over, as one packet and as one buffer. */
Test(vhost_hostile, a_chain_of_hundreds_of_megabytes_is_survived)
{
	struct fake_piece pieces[GUEST_PIECES];

	begin();
	for (uint32_t i = 0; i < GUEST_PIECES; i++)
		pieces[i] = (struct fake_piece){guest.gpa, (uint32_t)guest.bytes, false};
	vhost_guest_expect_back(&guest, GUEST_TX, pieces, GUEST_PIECES, true, "a long packet");
	pieces[0].len = 12;
	vhost_guest_expect_back(&guest, GUEST_TX, pieces, GUEST_PIECES, true, "with a header");
	pieces[1].len = 70000;
	vhost_guest_expect_back(&guest, GUEST_TX, pieces, 2, false, "more than 64 KiB");
	vhost_rig_expect_traffic(&guest, &rig.peer);
	end();
}

Test(vhost_hostile, an_index_that_no_ring_has_is_refused)
{
	begin();
	cr_assert_neq(vhost_guest_ask_ring(&guest, 10, GUEST_RX, 0x10000), 0);
	vhost_rig_expect_traffic(&guest, &rig.peer);
	end();
}

/* Enabled by its start, as it has not negotiated that it enables rings; it may disable them all the same. */
Test(vhost_hostile, a_ring_may_be_disabled_without_the_feature)
{
	struct virtio_net_hdr_v1 header = {0};
	struct fake_used unused;
	uint64_t token;

	begin();
	vhost_guest_stop(&guest);
	cr_assert_eq(vhost_guest_ask_u64(&guest, 2, guest.features & ~BIT(30), -1), 0);
	vhost_guest_set_ring(&guest, GUEST_RX);
	vhost_guest_set_ring(&guest, GUEST_TX);
	vhost_rig_expect_traffic(&guest, &rig.peer);
	vhost_guest_enable(&guest, false);
	token = vhost_guest_send(&guest, &header, frame, sizeof(frame), 1);
	usleep(100000);
	cr_assert_eq(fake_driver_collect(&guest.driver[GUEST_TX], &unused), 0,
		     "a disabled ring was looked at");
	vhost_guest_enable(&guest, true);
	vhost_guest_sent(&guest, token);
	end();
}
