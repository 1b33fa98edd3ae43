// SPDX-License-Identifier: BSD-2-Clause
/* --client: the monitor listens, the device connects, again and again. */
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/vhost_rig.h"

TestSuite(vhost_client, .timeout = 60);

enum { RING = 64, MTU = 1500 };

#define BIT(feature) (1ull << (feature))
#define FEATURES     (BIT(32) | BIT(29) | BIT(28) | BIT(16) | BIT(15))

static struct vhost_rig rig;
static struct vhost_guest guest;

static int listen_at(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	unlink(path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	return fd;
}

/* The device calls, and its guest gets frames. */
static void serve(int listener)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};

	cr_assert_eq(poll(&p, 1, GUEST_WAIT_MS), 1, "the device does not call");
	vhost_guest_open(&guest, RING, FEATURES);
	guest.socket = accept(listener, NULL, NULL);
	vhost_guest_negotiate(&guest);
	vhost_guest_start(&guest);
	vhost_rig_expect_traffic(&guest, &rig.peer);
}

Test(vhost_client, a_monitor_that_listens_is_called_again_and_again)
{
	int listener;

	vhost_rig_enter(&rig, 1, MTU);
	rig.opt[0].client = true;
	vhost_rig_start(&rig);
	vhost_rig_expect_idle(1200, 50); /* nobody listens */
	for (int life = 0; life < 3; life++) {
		listener = listen_at(rig.opt[0].socket_path);
		for (int i = 0; i < 2; i++) {
			serve(listener);
			vhost_guest_close(&guest); /* the connection breaks */
		}
		close(listener); /* the monitor ends, its path stays */
		vhost_rig_expect_idle(600, 30);
	}
	unlink(rig.opt[0].socket_path);
	vhost_rig_stop(&rig);
}
