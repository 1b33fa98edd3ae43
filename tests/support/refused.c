// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include <criterion/criterion.h>

#include "support/footprint.h"
#include "support/netns.h"
#include "support/refused.h"

enum { ATTEMPTS = 4 };

void refused_prepare(struct frontend_xdp *x)
{
	x->regions[0] = (struct net_xdp_region){
		.guest_addr = x->f.regions[0].guest_addr,
		.size_bytes = x->f.regions[0].size_bytes,
		.fd = x->f.regions[0].fd,
	};
	x->config.regions = x->regions;
	x->config.region_count = 1;
	frontend_xdp_layout(x, FRONTEND_XDP_HEADER_BYTES);
}

/* Return: the first failure, with everything given back. */
static int attempt(struct frontend_xdp *x)
{
	int rc;

	memset(&x->err, 0, sizeof(x->err));
	rc = net_xdp_open(&x->config, &x->ep, &x->err);
	if (rc) {
		x->ep = NULL;
		return rc;
	}
	rc = frontend_xdp_try_start(x, 1, 16);
	frontend_xdp_stop(x);
	cr_assert_eq(net_endpoint_destroy(x->ep, NULL), 0);
	x->ep = NULL;
	return rc;
}

void refused(struct frontend_xdp *x, int code, const char *step, const char *word,
	     const char *other_word)
{
	struct footprint before = footprint_take();
	uint32_t program = netns_program_id("v0");

	for (int i = 0; i < ATTEMPTS; i++) {
		int rc = attempt(x);
		const char *message = x->err.message;

		cr_assert_eq(rc, code, "%d instead of %d: %s: %s", rc, code, x->err.step, message);
		cr_assert_eq(x->err.code, rc);
		cr_assert_str_eq(x->err.step, step, "step %s: %s", x->err.step, message);
		cr_assert(strstr(message, word), "no '%s' in: %s", word, message);
		cr_assert(strstr(message, other_word), "no '%s' in: %s", other_word, message);
		cr_assert(!strchr(message, '\n') && strlen(message) < sizeof(x->err.message) - 1,
			  "not one sentence: %s", message);
		cr_assert_eq(netns_program_id("v0"), program, "another program than before");
		if (i == 0) /* what is mapped once, at first use */
			before.mappings = footprint_take().mappings;
		footprint_expect(&before, message);
	}
}
