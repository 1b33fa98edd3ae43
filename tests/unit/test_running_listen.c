// SPDX-License-Identifier: BSD-2-Clause
/* Where the server of metrics listens. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/listen.h"

static struct net_error err;

Test(running_listen, address_to_listen_on_is_of_this_machine_unless_said)
{
	static const char *const wrong[] = {
		"",
		":",
		":80",
		"x",
		"127.0.0.1",
		"127.0.0.1:",
		"1.2.3.4:x",
		"65536",
		"99999",
		"123456",
		"localhost:80",
		"::1:80",
		"[::1]",
		"[::1]80",
		"[]:80",
		"1.2.3:4:80",
		"80 ",
		"-1",
		"[1:80",
		"fe80::1]:80",
		"256.0.0.1:80",
	};
	struct listen_address where;
	char name[80];
	int fd;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(listen_parse(&where, wrong[i]), -EINVAL, "%s", wrong[i]);
	cr_assert_eq(listen_parse(&where, "0"), 0);
	fd = listen_open(&where, &err);
	cr_assert(fd >= 0, "%s", err.message);
	cr_expect(!strncmp(listen_name(fd, name, sizeof(name)), "127.0.0.1:", 10), "%s", name);
	/* It is taken now. */
	cr_assert_eq(listen_parse(&where, name), 0);
	cr_expect_eq(listen_open(&where, &err), -EADDRINUSE);
	close(fd);
	cr_assert_eq(listen_parse(&where, "[::1]:0"), 0);
	cr_expect_eq(where.address.ss_family, AF_INET6);
	cr_assert_eq(listen_parse(&where, "0.0.0.0:65535"), 0);
}
