/* SPDX-License-Identifier: BSD-2-Clause */
#include "loop.h"

#include <errno.h>

#include "common/error.h"
#include "live.h"

enum {
	TICK_MS = 500,	 /* the endpoint wants to be asked twice a second (net_xdp.h) */
	WAITING_MS = 10, /* while an answer waits for the kernel to let go of memory */
};

/* Return: 0 with what is readable in fds, nothing perhaps; -1 with errno. */
static int sleep_on(struct pollfd *fds, uint32_t count, int timeout_ms)
{
	int n = poll(fds, count, timeout_ms);

	/* The kernel asks for memory for a longer table; one entry lies on its stack. A shortage that passes is no
	 * reason to end the guests' network. */
	if (n < 0 && errno == ENOMEM)
		n = poll(fds, 1, WAITING_MS);
	return n < 0 ? -1 : 0;
}

int loop_run(struct device *devices, uint32_t count, int stop_fd, bool is_live,
	     struct net_error *err)
{
	struct live live = live_start(is_live);
	struct pollfd fds[1 + OPTIONS_DEVICES * DEVICE_POLLS];

	for (;;) {
		int timeout_ms = TICK_MS;

		fds[0] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
		for (uint32_t i = 0; i < count; i++) {
			device_poll(&devices[i], &fds[1 + i * DEVICE_POLLS]);
			if (device_is_waiting(&devices[i]))
				timeout_ms = WAITING_MS;
		}
		if (sleep_on(fds, 1 + count * DEVICE_POLLS, timeout_ms)) {
			if (errno == EINTR)
				continue;
			return error_errno(err, -errno, "poll", "waiting for front ends");
		}
		if (fds[0].revents)
			return 0;
		for (uint32_t i = 0; i < count; i++) {
			device_handle(&devices[i], &fds[1 + i * DEVICE_POLLS]);
			device_tick(&devices[i]);
		}
		live_tick(&live, devices, count);
	}
}
