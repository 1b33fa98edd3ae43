/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks at a control socket, for programs that Criterion does not run. Ends the program when an answer is not whole. */
#ifndef STRESS_ASKER_H
#define STRESS_ASKER_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static inline void asker_fail(const char *what)
{
	fprintf(stderr, "asker: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* json when openmetrics is false. */
static inline void asker_ask(const char *path, int openmetrics)
{
	static const char end[] = "# EOF\n";
	const char *line = openmetrics ? "openmetrics\n" : "json\n";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[262144];
	size_t len = 0;
	ssize_t n;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    write(fd, line, strlen(line)) != (ssize_t)strlen(line))
		asker_fail("asking");
	while ((n = read(fd, text + len, sizeof(text) - len)) > 0)
		len += (size_t)n;
	close(fd);
	if (len < sizeof(end) ||
	    (openmetrics ? memcmp(text + len - strlen(end), end, strlen(end)) != 0
			 : text[len - 2] != '}'))
		asker_fail("an answer is not whole");
}

#endif
