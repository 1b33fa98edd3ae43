/* SPDX-License-Identifier: BSD-2-Clause */
/* One function per mode. Each prints its figures as one line of name=value on stdout. */
#ifndef GUEST_MODES_H
#define GUEST_MODES_H

#include <stdint.h>

/* Return of each: 0, or 1 when something was not right. */
int tcp_send(const char *address, uint16_t port, uint64_t bytes);
int tcp_receive(uint16_t port);

/* 18 bytes behind Ethernet, IPv4 and UDP: frames of 60 bytes. */
int udp_send(const char *address, uint16_t port, uint64_t seconds);
int udp_receive(uint16_t port);

int round_trip(const char *address, uint16_t port, uint64_t count);
int echo(uint16_t port);

#endif
