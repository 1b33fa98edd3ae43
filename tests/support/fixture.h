/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a test's two interfaces come from. They are always called v0 and v1, in a namespace of the
 * test's own:
 *
 *   by default              a veth pair, made anew: copy mode, any number of queues
 *   NET_XDP_FIXTURE=nics    the two NICs of these names, back to back, which the test finds in the
 *                           namespace that it was started in and which the kernel moves back there
 *                           when the test ends: zero copy is forced, memory is on huge pages, one queue
 *
 * What only one of them can show says so in its first line, and is then told apart from what passed:
 *
 *     CASE(26, two_queues_at_once_keep_each_its_order)
 *     {
 *             NEEDS_VETH("several queues");
 */
#ifndef SUPPORT_FIXTURE_H
#define SUPPORT_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <criterion/criterion.h>

#include "net_xdp.h"

enum { FIXTURE_HUGE_PAGE = 2 << 20 };

/* False: NICs. */
bool fixture_is_veth(void);

/* End this test here as not applicable; tests/conformance/table and tools/check know the prefixes. */
#define NEEDS_VETH(reason)                                                                         \
	do {                                                                                       \
		if (!fixture_is_veth())                                                            \
			cr_skip("needs veth: %s", reason);                                         \
	} while (0)
#define NEEDS_ZERO_COPY(reason)                                                                    \
	do {                                                                                       \
		if (fixture_is_veth())                                                             \
			cr_skip("needs zero copy: %s", reason);                                    \
	} while (0)

/* Leave for a namespace with v0 and v1, which are up and through which frames flow. */
void fixture_enter(unsigned int queues, unsigned int mtu);

/* What v0 is to be bound with, unless a test is about another mode. */
enum net_xdp_mode fixture_mode(void);

/* So many queues, or as many as there are. */
uint32_t fixture_queues(uint32_t most);

/* The interface that takes v0's link away when it is set down. */
const char *fixture_link(void);

#endif
