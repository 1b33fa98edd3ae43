// SPDX-License-Identifier: BSD-2-Clause
/* The socket for looking in: each system call of its life fails once, and each request for memory, first in the program's
 * thread, then in the one that answers. A refusal has its sentence and leaves nothing; whatever fails while it answers,
 * who asks next is answered. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net_backend.h"
#include "net_control.h"
#include "support/fault.h"
#include "support/footprint.h"
#include "support/scratch.h"

static char path[64];

/* Ask for a word. Return: was the answer a whole one? No call of the library is among this. */
static bool ask(const char *line, const char *part)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[65536] = "";
	size_t len = 0;
	ssize_t n = -1;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0, "%s",
		     strerror(errno));
	if (send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line))
		while ((n = recv(fd, text + len, sizeof(text) - 1 - len, 0)) > 0)
			len += (size_t)n;
	close(fd);
	return n == 0 && strstr(text, part);
}

/* Open with what is armed now. */
static int open_here(struct net_control **out, struct net_error *err)
{
	struct net_control_config config = net_control_config_default();

	config.path = path;
	return net_control_open(&config, out, err);
}

static void fail_each_of_opening(const char *which, int error, unsigned int least)
{
	struct footprint before;
	unsigned int refused = 0;
	const char *call = "";

	scratch_path(path, sizeof(path), "control");
	for (unsigned int k = 0; call; k++) {
		struct net_control *c = NULL;
		struct net_error err = {0};
		int rc;

		if (k == 1) /* what the C library keeps of a first life is there */
			before = footprint_take();
		if (k)
			fault_arm_only(which, k, error);
		rc = open_here(&c, &err);
		call = k ? fault_disarm() : "none";
		if (rc) {
			refused++;
			cr_assert(k && call, "nothing failed: %d: %s", rc, err.message);
			cr_expect_eq(err.code, rc);
			cr_expect(err.step[0] && strlen(err.message) > 10, "%s: no sentence", call);
		} else {
			cr_expect(ask("help\n", "openmetrics"), "call %u (%s)", k, call);
			net_control_close(c);
		}
		cr_expect_neq(access(path, F_OK), 0, "call %u (%s): the socket stays", k, call);
		if (k)
			footprint_expect(&before, call ? call : "none");
	}
	cr_assert(refused >= least, "only %u were refused", refused);
}

Test(control, each_call_of_opening_that_fails_is_a_refusal_that_leaves_nothing, .timeout = 60)
{
	fail_each_of_opening(NULL, ENOMEM, 4);
	fail_each_of_opening(NULL, EMFILE, 4);
}

Test(control, each_request_for_memory_of_opening_is_a_refusal_that_leaves_nothing, .timeout = 60)
{
	fail_each_of_opening(FAULT_MEMORY, ENOMEM, 1);
}

static void fail_each_of_answering(const char *which, int error, unsigned int least)
{
	struct net_error err = {0};
	struct net_endpoint *ep;
	struct net_control *c;
	unsigned int failed = 0;
	const char *call = "";

	scratch_path(path, sizeof(path), "control");
	cr_assert_eq(net_null_open(&ep, &err), 0);
	cr_assert_eq(open_here(&c, &err), 0, "%s", err.message);
	cr_assert_eq(net_control_set(c, "one", ep, NULL, 0), 0);
	for (unsigned int k = 1; call; k++) {
		fault_arm_others(which, k, error);
		ask("json\n", "}");
		call = fault_disarm_others();
		failed += call != NULL;
		cr_assert(ask("json\n", "\"one\""), "after call %u (%s)", k, call);
		cr_assert(ask("openmetrics\n", "# EOF"), "after call %u (%s)", k, call);
	}
	cr_assert(failed >= least, "only %u failed", failed);
	net_control_close(c);
	cr_assert_eq(net_endpoint_destroy(ep, NULL), 0);
}

Test(control, whatever_fails_while_it_answers_the_next_one_is_answered, .timeout = 60)
{
	fail_each_of_answering(NULL, ENOMEM, 3);
	fail_each_of_answering(NULL, EMFILE, 3);
	fail_each_of_answering(FAULT_MEMORY, ENOMEM, 1);
}
