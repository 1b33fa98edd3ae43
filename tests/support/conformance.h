/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A conformance case: CASE(09, rx_avail_empty_is_a_noop) is the Criterion test
 * conformance::case_09_rx_avail_empty_is_a_noop. tests/conformance/cases.txt lists all numbers;
 * tests/conformance/table joins the list with the results. A case may have several tests, with
 * different names: it passes when all of them do. Above each stands what the case demands:
 *
 *     // 09: empty rx_avail is a no-op
 *     CASE(09, rx_avail_empty_is_a_noop)
 *     {
 *             ...
 *     }
 */
#ifndef SUPPORT_CONFORMANCE_H
#define SUPPORT_CONFORMANCE_H

#include <criterion/criterion.h>

#include "support/fixture.h"

/* A case that hangs costs this long, not the whole run. */
#define CASE_TIMEOUT_SECONDS 60

/* The number has two digits, 09 too: it is pasted into the name and never read as a value. */
#define CASE(number, name)                                                                         \
	Test(conformance, case_##number##_##name, .timeout = CASE_TIMEOUT_SECONDS)

#endif
