/* SPDX-License-Identifier: BSD-2-Clause */
/* What the cases share: expectations, two ports, one direction of traffic. */
#ifndef LAB_CHECK_H
#define LAB_CHECK_H

#include "traffic.h"

enum { LINK_SECONDS = 20 }; /* how long a link may take to come up after a bind */

extern unsigned failures;

/* Count and print a failure unless it holds. Return: does it? */
__attribute__((format(printf, 2, 3))) bool expect(bool holds, const char *format, ...);
/* The same for a call that fills p->err. */
bool succeeded(int rc, const struct port *p);
void sleep_ms(long ms);

/* Endpoint and queue. Return: success. */
bool open_port(struct port *p, const struct port_options *o);
/* Both alike, and wait for the wire. Return: success; close_ports() either way. */
bool open_ports(struct port *a, struct port *b, const char *const *ifnames, struct port_options o);
void close_ports(struct port *a, struct port *b);

void print_port(const struct port *p);
void print_rungs(const struct port *p);

/* One direction, from start to account: every frame is accounted for, whole and once. */
void run(struct traffic *t, struct traffic_result *r, struct port *from, struct port *to,
	 uint64_t frames);
/* All of it was zero copy, direct at both ends, and nothing was lost. */
void expect_direct(const struct traffic *t, const struct traffic_result *r);

/* The cases; their arguments are in main()'s table, the last one read where it is a number. */
void case_direct(char **arg, uint32_t frames);
void case_pages(char **arg, uint32_t frames);
void case_sealed_pages(char **arg, uint32_t frames);
void case_joins(char **arg, uint32_t frames);
void case_iommu(char **arg, uint32_t frames);
void case_split(char **arg, uint32_t frames);
void case_starved(char **arg);
void case_link(char **arg);
void case_cycles(char **arg, uint32_t count);
void case_napi(char **arg);
void case_steer(char **arg);
void case_refused(char **arg);
void case_mtu(char **arg);
void case_dispatcher(char **arg);
void case_occupied(char **arg);

#endif
