/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets and time. What fails says so on stderr and ends the program with 1. */
#ifndef GUEST_SOCKET_H
#define GUEST_SOCKET_H

#include <stdint.h>

_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A connection to the peer, which may begin to listen some seconds later. */
int tcp_connect(const char *address, uint16_t port);
/* The first connection that comes. Says "listening" on stderr before it waits. */
int tcp_accept(uint16_t port);
/* address NULL: bound to the port. Otherwise connected to the peer. */
int udp_open(const char *address, uint16_t port);

uint64_t now_ns(void);
/* Once in two seconds, a line on stderr that shows that it goes on. *last is the caller's, 0 at first. */
void progress(uint64_t *last, const char *what, uint64_t value);

#endif
