// SPDX-License-Identifier: BSD-2-Clause
/* Queues on a veth pair that stand still, each for another reason, as the control socket tells it. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/deadline.h"
#include "net_control.h"
#include "support/frontend_xdp.h"
#include "support/netns.h"
#include "support/peer.h"
#include "support/scratch.h"
#include "support/tool.h"
#include "support/traffic.h"

enum { BUFFERS = 64, PACKETS = 8, LEN = 200, WAIT_MS = 20000 };

static struct frontend_xdp x;
static struct peer peer;
static struct net_control *control;
static char path[64], text[1 << 20];
static uint32_t ids[BUFFERS];

static void set_up(void)
{
	struct net_control_config config = net_control_config_default();

	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	peer_open(&peer, "v1");
	frontend_xdp_prepare(&x, "v0");
	frontend_xdp_open(&x);
	scratch_path(path, sizeof(path), "stall.sock");
	config.path = path;
	cr_assert_eq(net_control_open(&config, &control, NULL), 0);
}

static void tear_down(void)
{
	net_control_set(control, "v0", NULL, NULL, 0);
	net_control_close(control);
	peer_close(&peer);
	frontend_xdp_close(&x);
}

TestSuite(stall_told, .init = set_up, .fini = tear_down, .timeout = 60);

static void ask(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = 0;
	ssize_t n;

	strcpy(address.sun_path, path);
	cr_assert(fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address)));
	cr_assert_eq(write(fd, "json\n", 5), 5);
	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
}

/* Until the queue is told to stand still so, or not at all (""). */
static void await(const char *kind)
{
	struct deadline until = deadline_in(WAIT_MS);
	char member[64];

	snprintf(member, sizeof(member), "\"stall\": \"%s\"", kind);
	do {
		cr_assert(!deadline_passed(&until), "no %s: %s", member, text);
		sleep_ms(100);
		ask();
	} while (!strstr(text, member));
	cr_assert_eq(tool_number(text, member, "stalled_ms") >= 2000, *kind != '\0', "%s", text);
}

static void start(uint32_t buffers)
{
	frontend_xdp_start(&x, 1, buffers);
	cr_assert_eq(net_control_set(control, "v0", x.ep, x.queues, 1), 0);
}

static void receive(uint32_t count)
{
	uint8_t frame[LEN];

	frame_plain(frame, LEN, 1);
	for (uint32_t i = 0; i < count; i++)
		peer_send(&peer, frame, LEN);
}

static void send_packets(uint32_t len)
{
	struct frontend_list list;
	uint32_t completed = 0;

	frontend_list_open(&list, PACKETS);
	for (uint32_t i = 0; i < PACKETS; i++) {
		frame_plain(frontend_at(&x.f, frontend_xdp_tx_addr(&x, i), len), len, i);
		frontend_list_frame(&list, i, frontend_xdp_tx_addr(&x, i), len);
	}
	cr_assert_eq(frontend_tx(&x.f, x.queues[0], &list, 0, &completed), PACKETS);
	frontend_list_close(&list);
}

/* Completions are read for a while, as each has to be that comes. */
static void reap_for(int64_t ms)
{
	struct deadline until = deadline_in((uint32_t)ms);

	while (!deadline_passed(&until)) {
		cr_assert(net_queue_tx_poll(x.queues[0], &x.f.pool, ids, BUFFERS) >= 0);
		sleep_ms(10);
	}
}

Test(stall_told, frames_that_nobody_reads)
{
	start(BUFFERS);
	receive(4);
	await("rx_unread");
	cr_assert(strstr(text, "the queue's thread has to call rx_poll") != NULL);
	cr_assert(frontend_rx_wait(&x.f, x.queues[0], ids, 4, 1000) >= 4);
	await("");
}

Test(stall_told, a_kernel_without_a_buffer)
{
	uint32_t had = 0;

	start(4);
	while (had < 4) {
		receive(1);
		had += frontend_rx_wait(&x.f, x.queues[0], ids + had, 4 - had, 100);
	}
	await("rx_empty");
	cr_assert(strstr(text, "the queue's thread has to call rx_avail") != NULL);
	frontend_post_ids(&x.f, x.queues[0], ids, 4);
	await("");
}

Test(stall_told, completions_that_nobody_reads)
{
	uint32_t done = 0;
	int n;

	start(BUFFERS);
	send_packets(LEN);
	await("tx_unread");
	while (done < PACKETS) {
		n = net_queue_tx_poll(x.queues[0], &x.f.pool, ids, BUFFERS);
		cr_assert(n >= 0);
		done += (uint32_t)n;
	}
	await("");
}

/* The interface is down: the kernel says so to each kick, and takes nothing. */
Test(stall_told, packets_that_the_kernel_does_not_take)
{
	start(BUFFERS);
	netns_down("v0");
	send_packets(LEN);
	reap_for(4000);
	ask();
	cr_assert(strstr(text, "\"stall\": \"tx_kernel\"") != NULL, "%s", text);
	cr_assert(strstr(text, "is the interface up") != NULL);
}

/* The packets stand in a queueing discipline, and are completed when they leave it; the first ones pass. */
Test(stall_told, packets_that_are_held_on_their_way)
{
	start(BUFFERS);
	traffic_hold("v1");
	send_packets(1400);
	reap_for(300);
	await("tx_held");
	cr_assert(strstr(text, "its transmit queue stands still") != NULL);
	traffic_release();
	reap_for(300);
	await("");
}
