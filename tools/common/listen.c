// SPDX-License-Identifier: BSD-2-Clause
#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"

#define BACKLOG 16

/* Split at the last colon; brackets around the address fall off. Return: is it of that form? */
static bool split(const char *text, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0;
	bool brackets = length > 2 && text[0] == '[' && colon[-1] == ']';

	*port = colon ? colon + 1 : text;
	if (!colon) {
		snprintf(host, size, "127.0.0.1");
		return true;
	}
	/* An address of IPv6 without them would lose its last part to the port. */
	if (!length || (!brackets && memchr(text, ':', length)) || length >= size)
		return false;
	snprintf(host, size, "%.*s", (int)(brackets ? length - 2 : length), text + brackets);
	return true;
}

/* getaddrinfo() takes larger ones modulo 65536. */
static bool is_port(const char *text)
{
	size_t length = strspn(text, "0123456789");

	return length && length <= 5 && !text[length] &&
	       !(length == 5 && strcmp(text, "65535") > 0);
}

int listen_split(const char *text, char *host, size_t size, const char **port)
{
	return split(text, host, size, port) && is_port(*port) ? 0 : -EINVAL;
}

int listen_parse(struct listen_address *out, const char *text)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found;
	const char *port;
	char host[64];

	if (listen_split(text, host, sizeof(host), &port) ||
	    getaddrinfo(host, port, &hints, &found))
		return -EINVAL;
	*out = (struct listen_address){.bytes = found->ai_addrlen};
	memcpy(&out->address, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return 0;
}

int listen_open(const struct listen_address *where, struct net_error *err)
{
	int fd = socket(where->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	/* A port whose last connections are not forgotten yet can be taken at once. */
	if (fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) &&
	    !bind(fd, (const struct sockaddr *)&where->address, where->bytes) &&
	    !listen(fd, BACKLOG))
		return fd;
	rc = -errno;
	if (fd >= 0)
		close(fd);
	return error_errno(err, rc, "listen", "cannot listen there");
}

const char *listen_name(int fd, char *text, size_t size)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof(address);
	char host[64] = "?", port[8] = "?";

	if (!getsockname(fd, (struct sockaddr *)&address, &bytes))
		getnameinfo((struct sockaddr *)&address, bytes, host, sizeof(host), port,
			    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(text, size, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return text;
}
