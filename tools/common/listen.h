/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a server listens: "9437" is that port of 127.0.0.1, "192.0.2.1:9437" or "[::1]:9437" an address. */
#ifndef COMMON_LISTEN_H
#define COMMON_LISTEN_H

#include <sys/socket.h>

#include "net_xdp.h"

struct listen_address {
	struct sockaddr_storage address;
	socklen_t bytes;
};

/* A host that is longer has no address. */
enum { LISTEN_HOST_BYTES = 256 };

/* The host, without its brackets, and the port, a number, which lies in text. Return: 0; -EINVAL. */
int listen_split(const char *text, char *host, size_t size, const char **port);
/* Names are not looked up. Return: 0; -EINVAL. */
int listen_parse(struct listen_address *out, const char *text);
/* Port 0: one that is free. Return: the socket, non-blocking; -errno and err. */
int listen_open(const struct listen_address *where, struct net_error *err);
/* "127.0.0.1:9437", as the socket has it now. Return: text. */
const char *listen_name(int fd, char *text, size_t size);

#endif
